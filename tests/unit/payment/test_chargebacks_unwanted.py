"""Chargebacks of money that was unwanted: it has no lines, and all of it goes back unless the provider fails. Source: R3.8, R2.2."""

from __future__ import annotations

from shared.contracts.payment import LineSettled
from tests.unit import builders as b
from tests.unit.payment.bank import CASH, ESCROW, balances, check, confirmed, funded, payment
from tests.unit.payment.disputes import CONTESTED, closed, opened


def test_money_that_was_unwanted_and_could_not_go_back_is_what_its_chargeback_takes_r3_8() -> None:
    memory = funded()
    (_, instructed) = memory.when(b.payment_unwanted("pay2", 30_00))
    contested = memory.when(opened(30_00, payment_id="pay2"))[-1]
    assert (contested.type, payment(memory).frozen) == ("chargeback.contested", False)
    memory.when(b.refund_failed(instructed.refund_id), closed("lost"))  # type: ignore[attr-defined]
    assert balances(memory) == {CASH: -100_00, ESCROW: 100_00}
    check(memory.rows["posting"])


def test_a_second_one_of_money_that_was_unwanted_is_contested_while_the_first_lies_on_it_r3_8() -> None:
    memory = funded()
    (_, instructed) = memory.when(b.payment_unwanted("pay2", 30_00))
    assert b.types(memory.when(b.refund_failed(instructed.refund_id), opened(20_00, payment_id="pay2")))[-1] == "chargeback.received"  # type: ignore[attr-defined]
    contested = memory.when(opened(30_00, "cb2", payment_id="pay2"))[-1]
    assert (contested.type, contested.amount_minor, contested.returned_minor) == ("chargeback.contested", 20_00, 20_00)  # type: ignore[attr-defined]
    memory.when(closed("lost"), closed("lost", "cb2", when="07-21 10:00"))
    assert balances(memory)[CONTESTED] == -20_00
    check(memory.rows["posting"])


def test_what_banks_took_of_one_payment_is_not_what_they_took_of_another_r3_8() -> None:
    memory = funded()
    (_, instructed) = memory.when(b.payment_unwanted("pay2", 30_00))
    memory.when(b.refund_failed(instructed.refund_id), opened(20_00), closed("lost"))  # type: ignore[attr-defined]
    memory.when(opened(30_00, "cb2", payment_id="pay2"), closed("lost", "cb2"))
    assert balances(memory) == {CASH: -80_00, ESCROW: 80_00}


def test_the_end_of_one_of_unwanted_money_puts_no_settlement_off_r2_6_r3_8() -> None:
    memory = confirmed()
    memory.when(b.payment_unwanted("pay2", 30_00), opened(30_00, payment_id="pay2"), closed("won"))
    (settled,) = (fact for fact in memory.advance(b.at("06-13 00:00")) if isinstance(fact, LineSettled))
    assert settled.occurred_at == b.at("06-12 00:00")


def test_money_of_another_payment_that_could_not_go_back_covers_nothing_of_what_a_bank_took_beyond_r3_8() -> None:
    """The 40.00 that the buyer has twice are asked back from the provider all the same."""
    memory = funded()
    (_, instructed) = memory.when(b.payment_unwanted("pay2", 30_00))
    memory.when(b.granted(), b.refund_paid(), opened(), closed("lost"))
    before = balances(memory)
    assert b.types(memory.when(b.refund_failed(instructed.refund_id, when="07-21 10:00"))) == ["refund.not_paid"]  # type: ignore[attr-defined]
    assert (balances(memory), before[CONTESTED]) == (before, -40_00)


def test_what_a_first_one_contests_lies_on_nothing_that_a_second_one_asks_for_r3_8() -> None:
    """The first came while all of it was on its way back; then the provider failed that."""
    memory = funded()
    (_, instructed) = memory.when(b.payment_unwanted("pay2", 30_00))
    first = memory.when(opened(20_00, payment_id="pay2"))[-1]
    memory.when(b.refund_failed(instructed.refund_id))  # type: ignore[attr-defined]
    assert (first.type, b.types(memory.when(opened(20_00, "cb2", payment_id="pay2")))) == ("chargeback.contested", ["chargeback.received"])
