"""A party's payouts on the provider's statement: each kind of break, and what explains it. Source: R3.9."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.payment import PayoutDone, PayoutInstructed
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound, PayoutStatementDue
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.bank import account, balances, bank, codes

LATER = b.at("07-30 00:00")
PAID, STATED_BY = "06-14 01:00", "06-21 01:00"


def swept(*, paid: bool = True) -> tuple[Memory, str]:
    """75.00 leave for the seller on 06-13 00:00 and are paid on 06-14 01:00; seven days for the statement."""
    memory = bank(b.credited(75_00), policies=b.POLICIES)
    (payout,) = [fact for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed)]
    if paid:
        memory.when(b.payout_paid(payout.payout_id, when=PAID))
    return memory, payout.payout_id


def found(memory: Memory) -> list[tuple[str, str, str | None, int | None, int | None]]:
    """Every break that was ever announced: kind, payout, line, ours, theirs."""
    breaks = [fact for fact in memory.facts if isinstance(fact, PayoutBreakFound)]
    return [(one.break_kind, one.payout_id, one.line_id, one.ours_minor, one.theirs_minor) for one in breaks]


def open_breaks(memory: Memory) -> list[str]:
    """What the facts leave open, which the state and the table must agree with: by kind and payout."""
    told = [fact for fact in memory.facts if isinstance(fact, PayoutBreakFound)]
    announced = {fact.break_id: fact for fact in told}
    explained = [fact.break_id for fact in memory.facts if isinstance(fact, PayoutBreakExplained)]
    assert (len(announced), len(set(explained))) == (len(told), len(explained)), "an id was told twice"
    left = {break_id: fact for break_id, fact in announced.items() if break_id not in explained}
    assert set(left) == set(account(memory).stated.breaks)
    rows = memory.rows.get("statement_break", [])
    assert all((row[2], row[-1]) == (None, b.SELLER) for row in rows)
    assert {row[0] for row in rows if row[1] == "found"} - {row[0] for row in rows if row[1] == "explained"} == set(left)
    return sorted(f"{fact.break_kind} {fact.payout_id}" for fact in left.values())


def looks(memory: Memory) -> list[tuple[str, datetime]]:
    return [(timer.payout_id, timer.occurred_at) for timer in memory.armed.values() if isinstance(timer, PayoutStatementDue)]


def test_what_both_sides_say_alike_is_no_break_r3_9() -> None:
    memory, payout = swept()
    assert looks(memory) == [(payout, b.at(STATED_BY))]
    noted = b.only(memory.when(b.payout_stated("l1", payout)))
    assert (noted.type, noted.known_by, looks(memory)) == ("payout.stated", b.at("06-16 01:00"), [])
    assert (memory.advance(LATER), found(memory), memory.refused) == ((), [], [])


def test_a_payout_is_of_its_local_day_and_stated_within_the_policys_days_r3_9_r1_3() -> None:
    memory, payout = swept(paid=False)
    done = b.only(memory.when(b.payout_paid(payout, when="06-14 00:30")))
    assert isinstance(done, PayoutDone)
    assert (done.day, done.stated_by) == ("2026-06-14", b.at("06-21 00:30"))


def test_a_payout_that_they_never_stated_is_missing_there_exactly_at_its_time_once_r3_9() -> None:
    memory, payout = swept()
    fact = b.only(memory.advance(LATER))
    assert fact == PayoutBreakFound(
        party=b.SELLER, break_id=fact.break_id, break_kind="missing_there", day="2026-06-14", payout_id=payout, line_id=None,
        ours_minor=75_00, ours_currency="CNY", theirs_minor=None, theirs_currency=None, occurred_at=b.at(STATED_BY),
    )  # fmt: skip
    assert (memory.advance(LATER + timedelta(days=99)), open_breaks(memory)) == ((), [f"missing_there {payout}"])
    noted, explained = memory.when(b.payout_stated("l1", payout, when="08-01 01:00"))
    assert (noted.type, explained.type, getattr(explained, "by", ""), open_breaks(memory)) == (
        "payout.stated", "payout.break_explained", "statement", [],
    )  # fmt: skip


def test_a_payout_that_we_do_not_know_of_in_time_is_missing_here_r3_9() -> None:
    """Of a party that we do not know either."""
    memory = bank(b.payout_stated("l1", "po9"), policies=b.POLICIES)
    assert looks(memory) == [("po9", b.at("06-16 01:00"))]
    fact = b.only(memory.advance(LATER))
    assert (fact.break_kind, fact.day, fact.ours_minor, fact.theirs_minor, fact.line_id) == (
        "missing_here", "2026-06-14", None, 75_00, "l1",
    )  # fmt: skip
    memory.when(b.payout_stated("l1", "po9", 0, when="08-01 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount_minor": 74_99}, "amount"),
    ({"currency": "USD"}, "currency"),
    ({"currency": "JPY", "amount_minor": 1}, "currency"),
]


@pytest.mark.parametrize(("wrong", "kind"), WRONG)
def test_another_amount_or_currency_is_a_break_until_the_line_is_corrected_r3_9(wrong: dict[str, Any], kind: str) -> None:
    memory, payout = swept()
    memory.when(b.payout_stated("l1", payout, **wrong))
    assert open_breaks(memory) == [f"{kind} {payout}"]
    memory.when(b.payout_stated("l1", payout, when="06-16 01:00"))
    assert (open_breaks(memory), memory.advance(LATER)) == ([], ())


def test_the_same_payout_under_another_line_is_a_duplicate_until_it_is_taken_back_r3_9() -> None:
    memory, payout = swept()
    memory.when(b.payout_stated("l1", payout), b.payout_stated("l2", payout))
    assert open_breaks(memory) == [f"duplicate {payout}"]
    memory.when(b.payout_stated("l2", payout, 0, when="06-16 01:00"))
    assert open_breaks(memory) == []


def test_a_line_that_named_another_payout_is_corrected_r3_9() -> None:
    memory, payout = swept()
    memory.when(b.payout_stated("l1", "po9"))
    memory.advance(b.at("06-16 02:00"))
    assert open_breaks(memory) == ["missing_here po9"]
    memory.when(b.payout_stated("l1", payout, when="06-17 01:00"))
    assert (open_breaks(memory), looks(memory), memory.advance(LATER)) == ([], [], ())


def test_the_same_line_again_changes_nothing_r3_9() -> None:
    memory, payout = swept()
    memory.when(b.payout_stated("l1", payout), b.payout_stated("l1", payout, when="06-16 01:00"))
    assert (codes(memory), found(memory)) == (["statement.known"], [])


@pytest.mark.parametrize("when", ["06-12 23:00", "06-13 00:30", "06-13 10:00"])
def test_a_line_may_come_before_the_payout_is_instructed_or_answered_r3_9(when: str) -> None:
    """Told within a day of it, it was never a break; our deadline is none while theirs is known."""
    _, payout = swept(paid=False)
    memory = bank(b.credited(75_00), b.payout_stated("l1", payout, when=when), policies=b.POLICIES)
    memory.advance(b.at("06-13 00:01"))
    memory.when(b.payout_paid(payout, when=PAID))
    memory.advance(LATER)
    assert (found(memory), looks(memory)) == ([], [])


def test_a_payout_that_was_stated_long_before_it_was_instructed_is_explained_then_r3_9() -> None:
    _, payout = swept(paid=False)
    memory = bank(b.payout_stated("l1", payout, 70_00, when="06-01 01:00"), b.credited(75_00), policies=b.POLICIES)
    memory.advance(b.at("06-03 00:00"))
    assert open_breaks(memory) == [f"missing_here {payout}"]
    memory.advance(b.at("06-13 00:01"))
    assert open_breaks(memory) == [f"amount {payout}"]
    assert [fact.by for fact in memory.facts if isinstance(fact, PayoutBreakExplained)] == ["ledger"]


def test_a_payout_that_came_back_is_to_be_on_no_statement_r3_9() -> None:
    """Stated before it: looked at a day after the line; long after that: at once. A line of nothing takes it back."""
    for failed, at_once in [("06-15 09:00", False), ("06-18 09:00", True)]:
        memory, payout = swept(paid=False)
        memory.when(b.payout_stated("l1", payout), b.payout_failed(payout, when=failed))
        assert (open_breaks(memory) == [f"missing_here {payout}"]) is at_once
        memory.advance(b.at("06-18 12:00"))
        assert open_breaks(memory) == [f"missing_here {payout}"]
        memory.when(b.payout_stated("l1", payout, 0, when="06-20 01:00"))
        assert open_breaks(memory) == []
    memory, payout = swept(paid=False)
    memory.when(b.payout_failed(payout, when=PAID), b.payout_stated("l1", payout))
    memory.advance(b.at("06-16 02:00"))
    assert open_breaks(memory) == [f"missing_here {payout}"]


def test_a_payout_that_nobody_answered_is_not_missed_on_the_statement_r3_9_r3_1() -> None:
    memory, _ = swept(paid=False)
    assert b.types(memory.advance(LATER)) == ["payout.overdue"]


def test_a_line_taken_back_before_its_time_is_looked_at_then_and_after_it_at_once_r3_9() -> None:
    memory, payout = swept()
    memory.when(b.payout_stated("l1", payout), b.payout_stated("l1", payout, 0, when="06-16 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [(payout, b.at(STATED_BY))])
    memory.when(b.payout_stated("l1", payout, when="06-17 01:00"))
    memory.advance(LATER)
    memory.when(b.payout_stated("l1", payout, 0, when="07-31 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([f"missing_there {payout}"], [])


def test_without_statements_none_is_missed_and_a_line_is_compared_all_the_same_r3_9() -> None:
    memory = bank(b.credited(75_00))
    (payout,) = [fact.payout_id for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed)]
    done = b.only(memory.when(b.payout_paid(payout)))
    assert (done.stated_by, looks(memory)) == (None, [])
    memory.when(b.payout_stated("l1", payout, 1))
    assert open_breaks(memory) == [f"amount {payout}"]


def test_statements_move_no_money_r3_9() -> None:
    memory, payout = swept()
    before = balances(memory)
    memory.when(b.payout_stated("l1", payout, 1), b.payout_stated("l2", payout, 99_00), b.payout_stated("l3", "po9"))
    memory.advance(LATER)
    assert balances(memory) == before
