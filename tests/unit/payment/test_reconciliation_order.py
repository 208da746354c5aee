"""Statements and the ledger in whatever order: what one side learns late is no break if it learns it in time. Source: R3.9."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.decide import reconciliation
from services.payment.model.statement import Booked
from shared.contracts.payment import RefundInstructed, StatementDue
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import bank, codes, payment
from tests.unit.payment.statements import LATER, found, looks, open_breaks, refund_stated, refunding, shop

LEARNT = {
    "its payment": (b.order_paid(), b.stated()),
    "a payment that was unwanted": (b.payment_unwanted("pay2"), b.stated(reference="pay2")),
    "a refund": (b.granted(amount_minor=40_00), b.stated(reference="r1", amount_minor=40_00, kind="refund")),
}


@pytest.mark.parametrize("what", LEARNT)
def test_what_was_stated_before_we_knew_is_explained_when_we_learn_it_r3_9(what: str) -> None:
    event, line = LEARNT[what]
    first = [b.order_paid()] if what == "a refund" else []
    memory = bank(*first, line, policies=b.POLICIES)
    memory.advance(b.at("06-03 02:00"))
    assert [one.partition(" ")[0] for one in open_breaks(memory)] == ["missing_here"]
    explained = memory.when(event)[-1]
    assert (explained.type, getattr(explained, "by", ""), open_breaks(memory)) == ("break.explained", "ledger", [])


@pytest.mark.parametrize("what", LEARNT)
def test_what_is_learnt_within_a_day_of_its_statement_was_never_a_break_r3_9(what: str) -> None:
    event, line = LEARNT[what]
    first = [b.order_paid()] if what == "a refund" else []
    memory = bank(*first, line, event, policies=b.POLICIES)
    memory.advance(b.at("06-03 02:00"))
    assert found(memory) == []


def test_an_amount_that_differs_is_found_when_we_learn_ours_r3_9() -> None:
    memory = bank(b.stated(amount_minor=90_00), b.order_paid(), policies=b.POLICIES)
    assert found(memory) == [("amount", "pay1", "l1", 100_00, 90_00)]


def test_of_an_unknown_movement_only_the_first_line_is_missing_here_r3_9() -> None:
    """Taken back after its time, the next one is at once."""
    memory = bank(b.stated("l1"), b.stated("l2", when="06-02 02:00"), policies=b.POLICIES)
    memory.advance(LATER)
    assert open_breaks(memory) == ["duplicate pay1", "missing_here pay1"]
    memory.when(b.stated("l1", amount_minor=0, when="07-01 01:00"))
    assert (open_breaks(memory), looks(memory)) == (["missing_here pay1"], [])


def test_a_correction_of_what_nobody_heard_of_gets_no_more_time_r3_9() -> None:
    memory = bank(b.stated(), policies=b.POLICIES)
    memory.advance(LATER)
    memory.when(b.stated(amount_minor=90_00, when="07-01 01:00"))
    assert [(kind, theirs) for kind, *_, theirs in found(memory)] == [("missing_here", 100_00), ("missing_here", 90_00)]
    assert (open_breaks(memory), looks(memory)) == (["missing_here pay1"], [])


def test_of_two_words_on_a_line_the_one_said_later_stands_whichever_is_told_first_r3_9() -> None:
    """Also after thirty days, when a copy of the older is no more known by its id."""
    wrong, right = b.stated(amount_minor=90_00), b.stated(when="06-03 01:00")
    memory = shop(wrong, right)
    assert (open_breaks(memory), codes(memory)) == ([], [])
    assert memory.when(wrong) == ()
    assert (open_breaks(memory), codes(memory)) == ([], ["statement.stated_since"])
    other = shop(right, wrong)
    assert (open_breaks(other), codes(other)) == ([], ["statement.stated_since"])


def test_a_refund_under_way_may_be_stated_before_its_answer_r3_9() -> None:
    memory = refunding(refund_stated(), b.refund_paid(when="06-09 02:00"))
    memory.advance(LATER)
    assert found(memory) == []


def test_a_refund_under_way_is_not_missed_before_it_is_paid_r3_9() -> None:
    memory = refunding()
    memory.advance(LATER)
    assert found(memory) == []
    memory.when(b.refund_paid(when="06-30 00:00"))
    assert looks(memory) == [("r1", b.at("07-07 00:00"))]


def test_a_refund_that_was_stated_and_then_failed_is_missing_here_r3_9() -> None:
    memory = refunding(refund_stated(), b.refund_failed(when="06-09 02:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [("r1", b.at("06-10 01:00"))])
    memory.advance(b.at("06-10 01:01"))
    assert open_breaks(memory) == ["missing_here r1"]
    memory.when(refund_stated(0, when="06-11 01:00"))
    assert open_breaks(memory) == []


def test_a_refund_that_failed_long_after_it_was_stated_is_missing_here_at_once_r3_9() -> None:
    memory = refunding(refund_stated(), b.refund_failed(when="06-20 02:00"))
    assert (open_breaks(memory), looks(memory)) == (["missing_here r1"], [])


def test_unwanted_money_and_its_way_back_are_expected_on_the_statement_r3_9() -> None:
    memory = bank(b.payment_unwanted("pay2"), policies=b.POLICIES)
    refund = next(fact for fact in memory.facts if isinstance(fact, RefundInstructed)).refund_id
    memory.when(b.stated(reference="pay2"), b.refund_paid(refund, when="06-03 10:00"))
    assert looks(memory) == [(refund, b.at("06-10 10:00"))]
    memory.when(b.stated("l2", refund, 100_00, "refund", when="06-04 01:00"))
    assert (memory.advance(LATER), found(memory)) == ((), [])


def test_an_order_that_cost_nothing_is_on_no_statement_r3_9() -> None:
    memory = bank(b.order_paid(b.line(paid_minor=0, subsidies={"platform": 5_00})), policies=b.POLICIES)
    assert looks(memory) == []


def test_without_statements_none_is_missed_and_a_line_is_compared_all_the_same_r3_9() -> None:
    memory = bank(b.order_paid(), b.stated(amount_minor=1))
    assert (looks(memory), open_breaks(memory)) == ([], ["amount pay1"])


def test_more_lines_than_any_order_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "LINES_MAX", 50)
    memory = shop(*(b.stated(f"l{number}") for number in range(51)))
    assert codes(memory) == ["statement.too_many_lines"]
    assert len(open_breaks(memory)) == 49


LINES = st.builds(
    b.stated,
    line_id=st.sampled_from(["l1", "l2", "l3"]),
    reference=st.sampled_from([b.PAYMENT_ID, "pay2", "r1", "r2"]),
    amount_minor=st.sampled_from([0, 40_00, 100_00]),
    kind=st.sampled_from(["capture", "refund"]),
    currency=st.sampled_from(["CNY", "CNY", "JPY"]),
)
LIFE = (
    b.order_paid(b.line(quantity=2)),
    b.payment_unwanted("pay2"),
    b.granted("r1", 40_00),
    b.refund_paid("r1"),
    b.granted("r2", 40_00),
    b.refund_failed("r2"),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(LINES, st.sampled_from(LIFE), st.just(None)), max_size=14))
def test_whatever_is_stated_when_the_open_breaks_are_those_of_the_last_word_of_both_sides_r3_9(steps: list[Message | None]) -> None:
    """None: six days pass. What stands at the end does not depend on the way there, but for what was looked at in vain."""
    memory, now = Memory(bank().service, b.POLICIES), b.at("06-01 10:00")
    for step in steps:
        if step is None:
            now += timedelta(days=6)
            memory.advance(now)
        else:
            memory.when(step.model_copy(update={"occurred_at": now}))
        open_breaks(memory)
    memory.advance(now + timedelta(days=30))
    state = payment(memory).statement if payment(memory) is not None else None
    standing: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for line in state.lines.values() if state else ():
        if line.amount_minor:
            standing.setdefault((line.movement, line.reference), []).append((line.amount_minor, line.currency))
    booked: dict[tuple[str, str], Booked] = {(one.movement, one.reference): one for one in state.booked.values()} if state else {}
    expected = []
    for place in booked.keys() | standing.keys():
        theirs = standing.get(place, [])
        ours = (booked[place].amount_minor, booked[place].currency) if place in booked else None
        expected += [f"duplicate {place[1]}"] * (len(theirs) - 1)
        if not theirs and booked[place].look_at is not None:
            expected.append(f"missing_there {place[1]}")
        elif theirs and ours is None:
            expected.append(f"missing_here {place[1]}")
        elif theirs and ours is not None and ours not in theirs:
            expected.append(f"{'currency' if theirs[0][1] != ours[1] else 'amount'} {place[1]}")
    assert open_breaks(memory) == sorted(expected)
    assert [timer for timer in memory.armed.values() if isinstance(timer, StatementDue)] == []
