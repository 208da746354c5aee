"""Exactly what is due, in time, once; all else goes back. Source: R2.2, R2.3."""

from __future__ import annotations

import pytest

from shared.contracts.order import OrderPaid
from shared.contracts.psp import PaymentSucceeded
from tests.unit import builders as b
from tests.unit.order.shop import accepted, codes, expired, order, paid, rejected, shop, state, waiting


def test_a_payment_of_what_is_due_makes_the_order_paid_and_carries_lines_and_terms_r2_3() -> None:
    memory = accepted()
    fact: OrderPaid = b.only(memory.when(b.succeeded()))
    assert (fact.payment_id, fact.amount_minor, fact.occurred_at, fact.terms) == (b.PAYMENT_ID, 100_00, b.at(b.PAID), b.TERMS)
    assert [line.paid_minor for line in fact.lines] == [100_00]
    assert (state(memory), [kind for kind, _ in memory.armed]) == ("paid", ["shipping.due"])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (b.succeeded(99_99), "payment.amount_differs"),
        (b.succeeded(100_01), "payment.amount_differs"),
        (b.succeeded(currency="USD"), "payment.currency_differs"),
        (b.succeeded(when="06-01 10:30"), "payment.late"),
        (b.succeeded(when="06-01 10:30:01"), "payment.late"),
    ],
)
def test_another_amount_currency_or_time_goes_back_and_the_order_waits_on_r2_2_r2_3(event: PaymentSucceeded, reason: str) -> None:
    memory = accepted()
    fact = b.only(memory.when(event))
    assert (fact.type, fact.reason, fact.amount_minor, fact.currency) == ("payment.unwanted", reason, event.amount_minor, event.currency)
    assert state(memory) == "accepted"
    assert b.only(memory.when(b.succeeded(payment_id="pay9"))).type == "order.paid"


def test_the_last_second_is_in_time_r2_2() -> None:
    assert state(shop(b.placed(), b.succeeded(when="06-01 10:29:59"))) == "paid"


def test_unpaid_orders_expire_at_their_deadline_r2_2() -> None:
    memory = accepted()
    assert memory.advance(b.at("06-01 10:30:04")) == ()
    fact = b.only(memory.advance(b.at("06-01 10:30:05")))
    assert (fact.type, fact.occurred_at, state(memory), memory.armed) == ("order.expired", b.at("06-01 10:30"), "expired", {})


def test_a_payment_made_in_time_but_told_after_the_order_expired_goes_back_r2_2() -> None:
    memory = expired()
    assert b.only(memory.when(b.succeeded())).reason == "order.closed"
    assert state(memory) == "expired"


def test_a_payment_told_within_the_grace_of_the_timer_wins_r1_2() -> None:
    memory = accepted()
    memory.advance(b.at("06-01 10:30:04"))
    memory.when(b.succeeded(when="06-01 10:29:59"))
    assert (memory.advance(b.at("06-02 00:00")), state(memory)) == ((), "paid")


def test_a_payment_of_a_rejected_order_goes_back() -> None:
    assert b.only(rejected().when(b.succeeded())).reason == "order.closed"


def test_a_second_payment_goes_back_r2_2() -> None:
    assert b.only(paid().when(b.succeeded(payment_id="pay2"))).reason == "payment.second"


@pytest.mark.parametrize("first", [b.succeeded(), b.succeeded(1)], ids=["wanted", "unwanted"])
def test_the_same_payment_told_twice_is_counted_once(first: PaymentSucceeded) -> None:
    memory = shop(b.placed(), first)
    assert memory.when(first.model_copy(update={"occurred_at": b.at("06-01 10:20")})) == ()
    assert codes(memory) == ["payment.known"]


def test_a_payment_of_0_is_refused() -> None:
    memory = accepted()
    assert memory.when(b.succeeded(0)) == ()
    assert codes(memory) == ["payment.of_nothing"]


def test_a_payment_before_its_order_waits_and_counts_when_the_order_comes_r2_1() -> None:
    memory = shop()
    assert memory.when(b.succeeded()) == ()
    assert waiting(memory) == ["payment.before_order"]
    assert b.types(memory.when(b.placed())) == ["order.accepted", "order.paid"]
    assert (waiting(memory), state(memory), [kind for kind, _ in memory.armed]) == ([], "paid", ["shipping.due"])


def test_of_two_payments_before_the_order_the_second_goes_back() -> None:
    memory = shop(b.succeeded(), b.succeeded(payment_id="pay2"))
    assert b.types(memory.when(b.placed())) == ["order.accepted", "order.paid", "payment.unwanted"]
    assert order(memory).payments == ("pay1", "pay2")
