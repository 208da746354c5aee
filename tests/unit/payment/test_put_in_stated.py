"""What sellers and promoters put in on the provider's statement: each kind of break, and what explains it. Source: R3.9."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.payment.model import put_in
from shared.contracts.payment import DepositReceived
from shared.contracts.stated import PutInBreakExplained, PutInBreakFound, PutInStatementDue
from shared.contracts.subsidy import PrefundReceived
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy.document import PaymentPolicy
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import UNSTATED, account, balances, bank, codes

LATER = b.at("07-30 00:00")
STATED_BY = "05-09 10:00"


def seller(*events: Message) -> Memory:
    """50.00 come into the seller's deposit on 05-02 10:00; seven days for the statement."""
    return bank(asks.registered(), asks.topped_up(), *events, policies=b.POLICIES)


def found(memory: Memory) -> list[tuple[str, str, str | None, int | None, int | None]]:
    """Every break that was ever announced: kind, reference, line, ours, theirs."""
    breaks = [fact for fact in memory.facts if isinstance(fact, PutInBreakFound)]
    return [(one.break_kind, one.reference, one.line_id, one.ours_minor, one.theirs_minor) for one in breaks]


def open_breaks(memory: Memory, party: str = b.SELLER) -> list[str]:
    """What the facts leave open, which the state and the table must agree with: by kind, what it is, and reference."""
    told = [fact for fact in memory.facts if isinstance(fact, PutInBreakFound)]
    announced = {fact.break_id: fact for fact in told}
    explained = [fact.break_id for fact in memory.facts if isinstance(fact, PutInBreakExplained)]
    assert (len(announced), len(set(explained))) == (len(told), len(explained)), "an id was told twice"
    left = {break_id: fact for break_id, fact in announced.items() if break_id not in explained}
    assert set(left) == set(account(memory, party).put_in.stated.breaks)
    rows = memory.rows.get("statement_break", [])
    assert all((row[2], row[-1]) == (None, party) for row in rows)
    assert {row[0] for row in rows if row[1] == "found"} - {row[0] for row in rows if row[1] == "explained"} == set(left)
    return sorted(f"{fact.break_kind} {fact.movement} {fact.reference}" for fact in left.values())


def looks(memory: Memory) -> list[tuple[str, datetime]]:
    return [(timer.reference, timer.occurred_at) for timer in memory.armed.values() if isinstance(timer, PutInStatementDue)]


def test_what_both_sides_say_alike_is_no_break_r3_9() -> None:
    memory = seller()
    assert looks(memory) == [("d1", b.at(STATED_BY))]
    noted = b.only(memory.when(b.put_in_stated()))
    assert (noted.type, noted.known_by, looks(memory)) == ("put_in.stated", b.at("05-04 01:00"), [])
    assert (memory.advance(LATER), found(memory), memory.refused) == ((), [], [])


def test_what_is_put_in_is_of_its_local_day_and_stated_within_the_policys_days_r3_9_r1_3() -> None:
    """16:30 UTC is the next day in Shanghai."""
    memory = bank(asks.registered(), asks.topped_up(when="05-02 00:30"), asks.prefunded(when="05-02 23:59"), policies=b.POLICIES)
    received = [fact for fact in memory.facts if isinstance(fact, DepositReceived | PrefundReceived)]
    assert [(fact.day, fact.stated_by) for fact in received] == [
        ("2026-05-02", b.at("05-09 00:30")), ("2026-05-02", b.at("05-09 23:59")),
    ]  # fmt: skip


def test_a_deposit_that_never_came_to_the_provider_is_missing_there_exactly_at_its_time_once_r3_9() -> None:
    memory = seller()
    fact = b.only(memory.advance(LATER))
    assert fact == PutInBreakFound(
        party=b.SELLER, break_id=fact.break_id, break_kind="missing_there", day="2026-05-02", movement="deposit", reference="d1",
        line_id=None, ours_minor=50_00, ours_currency="CNY", theirs_minor=None, theirs_currency=None, occurred_at=b.at(STATED_BY),
    )  # fmt: skip
    assert (memory.advance(LATER + timedelta(days=99)), open_breaks(memory)) == ((), ["missing_there deposit d1"])
    noted, explained = memory.when(b.put_in_stated(when="08-01 01:00"))
    assert (noted.type, explained.type, getattr(explained, "by", ""), open_breaks(memory)) == (
        "put_in.stated", "put_in.break_explained", "statement", [],
    )  # fmt: skip


def test_money_that_came_and_was_not_booked_in_time_is_missing_here_until_it_is_r3_9() -> None:
    """Of a party that is not known either; moving it is nobody's but the back office's."""
    memory = bank(b.put_in_stated(reference="p1", kind="prefund", party=b.PROMOTER), policies=b.POLICIES)
    assert looks(memory) == [("p1", b.at("05-04 01:00"))]
    fact = b.only(memory.advance(b.at("05-05 00:00")))
    assert (fact.break_kind, fact.movement, fact.day, fact.ours_minor, fact.theirs_minor, fact.line_id) == (
        "missing_here", "prefund", "2026-05-02", None, 50_00, "l1",
    )  # fmt: skip
    assert balances(memory) == {}
    received, explained = memory.when(asks.prefunded(when="05-05 10:00"))
    assert (received.type, explained.type, getattr(explained, "by", "")) == ("prefund.received", "put_in.break_explained", "ledger")
    assert (open_breaks(memory, b.PROMOTER), looks(memory)) == ([], [])


def test_a_deposit_that_waits_for_its_registration_is_missing_here_until_then_r3_9() -> None:
    memory = bank(asks.topped_up(), b.put_in_stated(), policies=b.POLICIES)
    memory.advance(b.at("05-05 00:00"))
    assert open_breaks(memory) == ["missing_here deposit d1"]
    memory.when(asks.registered(when="05-05 10:00"))
    assert (open_breaks(memory), balances(memory)["deposit:s1"]) == ([], 50_00)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount_minor": 49_99}, "amount"),
    ({"currency": "USD"}, "currency"),
    ({"currency": "JPY", "amount_minor": 1}, "currency"),
]


@pytest.mark.parametrize(("wrong", "kind"), WRONG)
def test_another_amount_or_currency_is_a_break_until_the_line_is_corrected_r3_9(wrong: dict[str, Any], kind: str) -> None:
    """Whichever of deposit and line is told first."""
    for events in ([asks.topped_up(), b.put_in_stated(**wrong)], [b.put_in_stated(**wrong), asks.topped_up()]):
        memory = bank(asks.registered(), *events, policies=b.POLICIES)
        assert open_breaks(memory) == [f"{kind} deposit d1"]
        memory.when(b.put_in_stated(when="05-04 01:00"))
        assert (open_breaks(memory), memory.advance(LATER)) == ([], ())


def test_the_same_money_under_another_line_is_a_duplicate_until_it_is_taken_back_r3_9() -> None:
    memory = seller(b.put_in_stated("l1"), b.put_in_stated("l2"))
    assert found(memory) == [("duplicate", "d1", "l2", 50_00, 50_00)]
    memory.when(b.put_in_stated("l2", amount_minor=0, when="05-04 01:00"))
    assert (open_breaks(memory), memory.advance(LATER)) == ([], ())


def test_a_line_taken_back_before_its_deadline_is_looked_at_then_and_after_it_at_once_r3_9() -> None:
    memory = seller(b.put_in_stated(), b.put_in_stated(amount_minor=0, when="05-05 01:00"))
    assert (open_breaks(memory), looks(memory)) == ([], [("d1", b.at(STATED_BY))])
    memory = seller(b.put_in_stated())
    memory.advance(LATER)
    memory.when(b.put_in_stated(amount_minor=0, when="08-01 01:00"))
    assert (open_breaks(memory), looks(memory)) == (["missing_there deposit d1"], [])


def test_the_same_line_again_and_an_older_word_change_nothing_r3_9_r1_2() -> None:
    memory = seller(b.put_in_stated(), b.put_in_stated(), b.put_in_stated(amount_minor=1, when="05-02 23:00"))
    assert (codes(memory), found(memory)) == (["statement.known", "statement.stated_since"], [])


def test_deposit_and_prefunded_money_of_one_id_and_lines_of_payouts_are_told_apart_r3_9() -> None:
    memory = seller(asks.prefunded(30_00, "d1", party=b.SELLER))
    memory.when(b.put_in_stated("l1"), b.payout_stated("l1", "po9"), b.put_in_stated("l2", "d1", 30_00, "prefund"))
    assert (found(memory), memory.refused, looks(memory)) == ([], [], [])


def test_where_the_provider_states_nothing_of_it_nothing_is_missed_and_what_comes_is_compared_r3_9() -> None:
    """So too under documents from before such lines."""
    memory = bank(asks.registered(), asks.topped_up(), policies=UNSTATED)
    assert (memory.advance(LATER), looks(memory)) == ((), [])
    memory.when(b.put_in_stated(amount_minor=49_99, when="08-01 01:00"))
    assert open_breaks(memory) == ["amount deposit d1"]
    before = b.POLICY.payment.model_dump(mode="json", exclude={"put_in_statement_days"})
    assert PaymentPolicy.model_validate_json(json.dumps(before)).put_in_statement_days == 0


def test_what_was_booked_before_such_lines_were_compared_is_never_missed_and_not_compared_r3_9() -> None:
    """Whatever the policy says since: nobody can say whether they agree."""
    old = [fact.model_copy(update={"day": None, "stated_by": None}) for fact in seller().facts if fact.type == "deposit.received"]
    memory = Memory(seller().service, b.POLICIES).given(*old)
    assert looks(memory) == []
    assert memory.when(b.put_in_stated(amount_minor=49_99)) == ()
    assert (codes(memory), found(memory), memory.advance(LATER)) == (["statement.too_old"], [], ())


def test_what_agrees_is_forgotten_with_time_and_what_stands_alone_is_not_r3_9() -> None:
    """The first is never stated; of one that is forgotten another line comes."""
    memory = seller()
    number = put_in.KEPT + 20
    for one in range(number):
        when = f"05-03 {10 + one // 60}:{one % 60:02}"
        memory.when(asks.topped_up(1_00, f"e{one}", when), b.put_in_stated(f"e{one}", f"e{one}", 1_00, when="05-04 01:00"))
    known = account(memory).put_in
    assert (len(known.stated.booked), len(known.stated.lines), known.forgotten_day) == (put_in.KEPT + 1, put_in.KEPT, "2026-05-03")
    memory.when(b.put_in_stated("again", "e1", 1_00, when="05-05 01:00"))
    assert codes(memory) == ["statement.too_old"]
    memory.advance(LATER)
    assert found(memory) == [("missing_there", "d1", None, 50_00, None)]


def test_breaks_and_lines_of_one_party_are_bounded_r3_9(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_in, "KEPT", 2)
    monkeypatch.setattr(put_in, "BROKEN_KEPT", 3)
    monkeypatch.setattr("services.payment.decide.put_in.LINES_MAX", 5)
    memory = seller()
    memory.when(*(asks.topped_up(1_00, f"e{one}", "05-03 10:00") for one in range(6)))
    memory.advance(LATER)
    assert len(account(memory).put_in.stated.booked) == 3
    assert len(found(memory)) == 7
    memory.when(*(b.put_in_stated(f"u{one}", f"u{one}", 1_00, when="08-01 01:00", day="2026-07-31") for one in range(6)))
    assert codes(memory) == ["statement.too_many_lines"]
    assert [fact for fact in memory.facts if isinstance(fact, PutInBreakExplained)] == []  # what is forgotten is not explained
    memory.when(b.put_in_stated("u0", "u0", 0, when="08-02 01:00", day="2026-07-31"))
    assert codes(memory) == ["statement.too_many_lines"]


@pytest.mark.parametrize("line", [{"amount_minor": 49_99}, {"currency": "USD"}, {"line_id": "l2"}])
def test_a_break_that_stands_is_told_once_whatever_comes_beside_it_r3_9(line: dict[str, Any]) -> None:
    memory = seller(b.put_in_stated("l1"), b.put_in_stated(**{"when": "05-03 02:00", **line}))
    told = open_breaks(memory)
    assert len(told) == len(found(memory)) == 1
    memory.when(asks.topped_up(1_00, "d2", "05-03 10:00"), b.put_in_stated("l3", "d2", 1_00, when="05-04 01:00"))
    assert (open_breaks(memory), len(found(memory))) == (told, 1)


def test_of_two_lines_that_nobody_booked_each_has_its_own_time_r3_9() -> None:
    memory = seller(b.put_in_stated(), b.put_in_stated("l8", "d8", when="05-04 01:00"), b.put_in_stated("l9", "d9", when="05-04 13:00"))
    memory.advance(b.at("05-05 12:00"))
    assert (open_breaks(memory), [reference for reference, _ in looks(memory)]) == (["missing_here deposit d8"], ["d9"])


def test_a_line_that_is_corrected_in_time_or_to_other_money_has_the_time_of_any_other_r3_9() -> None:
    memory = seller(b.put_in_stated(), b.put_in_stated("l8", "d8"), b.put_in_stated("l8", "d8", 49_99, when="05-03 02:00"))
    assert open_breaks(memory) == []
    memory.advance(b.at("05-05 12:00"))
    assert open_breaks(memory) == ["missing_here deposit d8"]
    memory.when(b.put_in_stated("l8", "d9", 49_99, when="05-06 01:00"))
    assert (open_breaks(memory), [reference for reference, _ in looks(memory)]) == ([], ["d9"])


def test_a_line_of_old_money_that_differs_is_told_also_where_much_came_in_since_r3_9(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_in, "KEPT", 2)
    memory = seller()
    for one in range(2):
        memory.when(asks.topped_up(1_00, f"e{one}", f"05-03 1{one}:00"), b.put_in_stated(f"e{one}", f"e{one}", 1_00, when="05-04 01:00"))
    memory.when(b.put_in_stated(amount_minor=49_99, when="05-04 02:00"))
    assert open_breaks(memory) == ["amount deposit d1"]


def test_of_a_day_of_which_money_is_forgotten_only_lines_that_were_compared_are_corrected_r3_9(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say whether another agrees."""
    monkeypatch.setattr(put_in, "KEPT", 2)
    memory = bank(asks.registered(), b.put_in_stated("l8", "d8"), policies=b.POLICIES)
    for one in range(3):
        memory.when(asks.topped_up(1_00, f"e{one}", f"05-02 1{one}:00"), b.put_in_stated(f"e{one}", f"e{one}", 1_00, when="05-04 01:00"))
    assert account(memory).put_in.forgotten_day == "2026-05-02"
    memory.when(b.put_in_stated("l9", "d9", when="05-05 01:00"), b.put_in_stated("e2", "d9", when="05-05 01:00"))
    assert codes(memory) == ["statement.too_old"] * 2
    memory.when(b.put_in_stated("l8", "d8", 0, when="05-05 02:00"))
    assert (codes(memory), open_breaks(memory)) == (["statement.too_old"] * 2, [])
