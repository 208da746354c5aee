"""The provider's statement against the ledger: each kind of break, what explains it, and what is none. Source: R3.9."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.decide.reconciliation import LINES_MAX
from shared.contracts.payment import BreakExplained, BreakFound, RefundInstructed, StatementDue
from shared.contracts.psp import StatementLine
from shared.contracts.types import Movement
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import bank, codes, payment

DAY_AFTER, DEADLINE = "06-02 01:00", "06-08 10:10"
LATER = b.at("06-30 00:00")


def shop(*events: Message) -> Memory:
    """Paid 100.00 on 06-01 10:10; seven days for the statement."""
    return bank(b.order_paid(), *events, policies=b.POLICIES)


def refunding(*events: Message) -> Memory:
    """The same, and a refund of 40.00 is instructed on 06-08."""
    return shop(b.stated(), b.granted(amount_minor=40_00), *events)


def refund_stated(amount_minor: int = 40_00, when: str = "06-09 01:00", **fields: Any) -> StatementLine:
    return b.stated("l2", "r1", amount_minor, "refund", when=when, day="2026-06-08", **fields)


def found(memory: Memory) -> list[tuple[str, str, str | None, int | None, int | None]]:
    """Every break that was ever announced: kind, reference, line, ours, theirs."""
    breaks = [fact for fact in memory.facts if isinstance(fact, BreakFound)]
    return [(one.break_kind, one.reference, one.line_id, one.ours_minor, one.theirs_minor) for one in breaks]


def open_breaks(memory: Memory) -> list[str]:
    """What the facts leave open, which the state and the table must agree with: by kind and reference."""
    explained = [fact.break_id for fact in memory.facts if isinstance(fact, BreakExplained)]
    announced = {fact.break_id: fact for fact in memory.facts if isinstance(fact, BreakFound)}
    left = {break_id: fact for break_id, fact in announced.items() if break_id not in explained}
    assert len(announced) == len([fact for fact in memory.facts if isinstance(fact, BreakFound)]), "an id was announced twice"
    assert len(set(explained)) == len(explained)
    assert set(explained) <= set(announced)
    state = payment(memory)
    assert set(left) == (set(state.statement.breaks) if state is not None else set())
    rows = memory.rows.get("statement_break", [])
    tabled = {row[0] for row in rows if row[1] == "found"} - {row[0] for row in rows if row[1] == "explained"}
    assert set(left) == tabled
    return sorted(f"{fact.break_kind} {fact.reference}" for fact in left.values())


def looks(memory: Memory) -> list[tuple[str, datetime]]:
    return [(timer.reference, timer.occurred_at) for timer in memory.armed.values() if isinstance(timer, StatementDue)]


def test_what_both_sides_say_alike_is_no_break_r3_9() -> None:
    memory = refunding(b.refund_paid(when="06-08 10:00"), refund_stated())
    memory.advance(LATER)
    assert (found(memory), looks(memory), memory.refused) == ([], [], [])
    assert b.types(memory.facts).count("statement.noted") == 2


def test_money_that_they_state_and_we_do_not_know_is_missing_here_r3_9() -> None:
    memory = bank(b.stated(reference="pay9", day="2026-06-01"), policies=b.POLICIES)
    noted, fact = memory.facts
    assert isinstance(fact, BreakFound)
    assert (noted.type, fact) == (
        "statement.noted",
        BreakFound(
            order_id=b.ORDER, break_id=fact.break_id, break_kind="missing_here", day="2026-06-01", movement="capture", reference="pay9",
            line_id="l1", ours_minor=None, ours_currency=None, theirs_minor=100_00, theirs_currency="CNY", occurred_at=b.at(DAY_AFTER),
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
    """16:30 UTC is the next day in Shanghai."""
    memory = bank(b.order_paid(when="06-02 00:30"), policies=b.POLICIES)
    assert b.only(memory.advance(LATER)).day == "2026-06-02"


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
    assert len(open_breaks(memory)) == 1
    _, explained = memory.when(b.stated(when="06-03 01:00"))
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


def test_what_was_stated_before_we_knew_is_explained_when_we_learn_it_r3_9() -> None:
    """Its payment, a payment that was unwanted, a refund that was granted later."""
    for event, line in (
        (b.order_paid(), b.stated()),
        (b.payment_unwanted("pay2"), b.stated(reference="pay2")),
    ):
        memory = bank(line, policies=b.POLICIES)
        assert len(open_breaks(memory)) == 1
        explained = memory.when(event)[-1]
        assert (explained.type, getattr(explained, "by", ""), open_breaks(memory)) == ("break.explained", "ledger", [])
    memory = shop(b.stated(), refund_stated())
    assert open_breaks(memory) == ["missing_here r1"]
    memory.when(b.granted(amount_minor=40_00))
    assert open_breaks(memory) == []


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
    assert open_breaks(memory) == ["missing_here r1"]
    memory.when(refund_stated(0, when="06-10 01:00"))
    assert open_breaks(memory) == []


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


def test_more_lines_than_any_order_has_are_refused() -> None:
    memory = shop(*(b.stated(f"l{number}") for number in range(LINES_MAX + 1)))
    assert codes(memory) == ["statement.too_many_lines"]
    assert len(open_breaks(memory)) == LINES_MAX - 1


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
    standing: dict[tuple[Movement, str], list[tuple[int, str]]] = {}
    for line in state.lines.values() if state else ():
        if line.amount_minor:
            standing.setdefault((line.movement, line.reference), []).append((line.amount_minor, line.currency))
    booked = {(one.movement, one.reference): one for one in state.booked.values()} if state else {}
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
