"""The provider's statement against the ledger: each kind of break, and what explains it. Source: R3.9."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.payment import BreakFound, UnwantedReceived
from tests.unit import builders as b
from tests.unit.payment.asks import compensation_failed, compensation_paid, shipping_late
from tests.unit.payment.bank import bank, codes
from tests.unit.payment.statements import DEADLINE, LATER, found, looks, open_breaks, refund_stated, refunding, shop


def test_what_both_sides_say_alike_is_no_break_r3_9() -> None:
    memory = refunding(b.refund_paid(when="06-08 10:00"), refund_stated())
    memory.advance(LATER)
    assert (found(memory), looks(memory), memory.refused) == ([], [], [])
    assert b.types(memory.facts).count("statement.noted") == 2


def test_money_that_they_state_and_we_do_not_know_of_in_time_is_missing_here_r3_9() -> None:
    """News of it may be on its way: a day later, once."""
    memory = bank(b.stated(reference="pay9", day="2026-06-01"), policies=b.POLICIES)
    assert (b.types(memory.facts), looks(memory)) == (["statement.noted"], [("pay9", b.at("06-03 01:00"))])
    fact = b.only(memory.advance(LATER))
    assert (looks(memory), fact) == (
        [],
        BreakFound(
            order_id=b.ORDER, break_id=fact.break_id, break_kind="missing_here", day="2026-06-01", movement="capture", reference="pay9",
            line_id="l1", ours_minor=None, ours_currency=None, theirs_minor=100_00, theirs_currency="CNY", occurred_at=b.at("06-03 01:00"),
        ),
    )  # fmt: skip
    assert open_breaks(memory) == ["missing_here pay9"]


def test_money_that_we_know_and_they_never_stated_is_missing_there_r3_9() -> None:
    """Exactly at the deadline, under the day on which it moved, once."""
    memory = shop()
    assert looks(memory) == [(b.PAYMENT_ID, b.at(DEADLINE))]
    fact = b.only(memory.advance(LATER))
    assert (fact.break_kind, fact.day, fact.line_id, fact.ours_minor, fact.theirs_minor) == (
        "missing_there",
        "2026-06-01",
        None,
        100_00,
        None,
    )
    assert (fact.occurred_at, looks(memory)) == (b.at(DEADLINE), [])
    assert (memory.advance(LATER + timedelta(days=99)), open_breaks(memory)) == ((), ["missing_there pay1"])


def test_the_day_is_the_local_one_r3_9() -> None:
    """16:30 UTC is the next day in Shanghai; for unwanted money, too, which has no order's terms."""
    for event in (b.order_paid(when="06-02 00:30"), b.payment_unwanted("pay2", when="06-02 00:30")):
        memory = bank(event, policies=b.POLICIES)
        assert b.only(fact for fact in memory.advance(LATER) if isinstance(fact, BreakFound)).day == "2026-06-02"


def test_unwanted_money_of_a_funded_order_has_the_days_and_the_zone_that_the_order_has_r3_9_r9_1() -> None:
    memory = bank(b.order_paid(terms=b.TERMS.model_copy(update={"zone": "UTC"})), policies=b.with_policy("payment", statement_days=3))
    memory.policies = b.POLICIES
    (received,) = (fact for fact in memory.when(b.payment_unwanted()) if isinstance(fact, UnwantedReceived))
    assert (received.statement_days, received.zone) == (3, "UTC")


def test_a_compensation_is_reconciled_like_a_refund_r3_9_r3_5() -> None:
    """Stated before its answer, it is known; not paid after all, it is missing here; never stated, it is missing there."""
    for answer, expected in [(compensation_failed(), ["missing_here"]), (compensation_paid(), [])]:
        memory = bank(b.order_paid(), shipping_late(), policies=b.POLICIES)
        memory.when(b.stated(), b.stated("l2", "late1", 10_00, "compensation"), answer)
        memory.advance(LATER)
        assert [kind for kind, *_ in found(memory)] == expected
    memory = bank(b.order_paid(), b.stated(), shipping_late(), compensation_paid(), policies=b.POLICIES)
    memory.advance(LATER)
    assert [(kind, reference) for kind, reference, *_ in found(memory)] == [("missing_there", "late1")]


def test_two_movements_that_bear_one_id_are_missed_each_r3_9() -> None:
    memory = bank(b.order_paid(), shipping_late(compensation_id=b.PAYMENT_ID), compensation_paid(b.PAYMENT_ID), policies=b.POLICIES)
    memory.advance(LATER)
    assert open_breaks(memory) == ["missing_there pay1"] * 2


def test_another_amount_is_a_break_r3_9() -> None:
    memory = shop(b.stated(amount_minor=99_99))
    assert found(memory) == [("amount", "pay1", "l1", 100_00, 99_99)]


def test_another_currency_is_a_break_whatever_the_amount_r3_9() -> None:
    memory = shop(b.stated(currency="JPY", amount_minor=100_00))
    assert found(memory) == [("currency", "pay1", "l1", 100_00, 100_00)]
    fact = memory.facts[-1]
    assert isinstance(fact, BreakFound)
    assert (fact.ours_currency, fact.theirs_currency) == ("CNY", "JPY")


def test_the_same_movement_under_another_line_is_a_duplicate_r3_9() -> None:
    memory = shop(b.stated("l1"), b.stated("l2", when="06-03 01:00", day="2026-06-02"))
    assert found(memory) == [("duplicate", "pay1", "l2", 100_00, 100_00)]


def test_a_line_that_agrees_is_the_movement_and_an_earlier_wrong_one_the_duplicate_r3_9() -> None:
    memory = shop(b.stated("l1", amount_minor=90_00), b.stated("l2"))
    assert [kind for kind, *_ in found(memory)] == ["amount", "duplicate"]
    assert open_breaks(memory) == ["duplicate pay1"]


def test_the_same_line_again_changes_nothing() -> None:
    memory = shop(b.stated(), b.stated())
    assert (codes(memory), found(memory)) == (["statement.known"], [])


@pytest.mark.parametrize(
    "wrong",
    [{"amount_minor": 90_00}, {"currency": "USD"}, {"reference": "pay9"}, {"kind": "refund"}, {"kind": "compensation"}],
)
def test_a_corrected_line_explains_its_break_r3_9(wrong: dict[str, Any]) -> None:
    memory = shop(b.stated(**wrong))
    memory.advance(b.at("06-03 02:00"))
    assert len(open_breaks(memory)) == 1
    _, explained = memory.when(b.stated(when="06-04 01:00"))
    assert (explained.type, getattr(explained, "by", ""), open_breaks(memory)) == ("break.explained", "statement", [])
    assert memory.advance(LATER) == ()


def test_a_line_that_is_corrected_to_another_wrong_amount_is_another_break_r3_9() -> None:
    memory = shop(b.stated(amount_minor=90_00), b.stated(amount_minor=95_00))
    assert [theirs for *_, theirs in found(memory)] == [90_00, 95_00]
    assert open_breaks(memory) == ["amount pay1"]


def test_a_duplicate_that_is_taken_back_is_none_r3_9() -> None:
    memory = shop(b.stated("l1"), b.stated("l2"), b.stated("l2", amount_minor=0, when="06-04 01:00"))
    assert (len(found(memory)), open_breaks(memory)) == (1, [])


def test_a_statement_that_comes_late_explains_what_was_missing_there_r3_9() -> None:
    memory = shop()
    memory.advance(LATER)
    noted, explained = memory.when(b.stated(when="07-01 01:00"))
    assert (noted.type, explained.type, open_breaks(memory)) == ("statement.noted", "break.explained", [])


def test_a_line_taken_back_before_its_deadline_is_looked_at_then_and_after_it_at_once_r3_9() -> None:
    memory = shop(b.stated(), b.stated(amount_minor=0, when="06-05 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [(b.PAYMENT_ID, b.at(DEADLINE))])
    memory = shop(b.stated())
    memory.advance(LATER)
    memory.when(b.stated(amount_minor=0, when="07-01 01:00"))
    assert (open_breaks(memory), looks(memory)) == (["missing_there pay1"], [])
    memory.when(b.stated(when="07-02 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [])


def test_a_payout_on_an_orders_statement_is_refused_with_its_code_for_it_is_of_a_party_r3_9() -> None:
    memory = shop()
    assert memory.when(b.stated("l9", "po-1", 75_00, "payout")) == ()
    assert (codes(memory), found(memory)) == (["statement.of_party"], [])
