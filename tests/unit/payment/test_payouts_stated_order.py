"""A party's payouts and statements without end, in whatever order: bounded, and the last word of both sides counts. Source: R3.9."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.decide import stated
from services.payment.model.account import AWAITED_MAX
from services.payment.model.payout import ANSWERED_KEPT, BROKEN_KEPT, TAKEN_KEPT, numbered
from shared.contracts.payment import PayoutInstructed
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import account, bank, codes
from tests.unit.payment.test_payouts_stated import LATER, looks, open_breaks


def test_more_lines_than_any_party_has_at_a_time_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stated, "LINES_MAX", 50)
    memory = bank(*(b.payout_stated(f"l{number}", "po9") for number in range(51)), policies=b.POLICIES)
    assert codes(memory) == ["statement.too_many_lines"]


def test_of_two_words_on_a_line_the_one_said_later_stands_whichever_is_told_first_r3_9() -> None:
    first, corrected = b.payout_stated("l1", "po9"), b.payout_stated("l1", "po8", when="06-16 01:00")
    for lines in ((first, corrected), (corrected, first)):
        memory = bank(*lines, policies=b.POLICIES)
        assert memory.when(first) == ()
        assert (account(memory).stated.lines["l1"].reference, [payout for payout, _ in looks(memory)]) == ("po8", ["po8"])


@pytest.mark.parametrize("payout", [numbered(b.SELLER, "CNY", 1), "po9"])
def test_a_line_that_was_taken_back_leaves_the_same_breaks_whichever_was_told_first_and_when_the_payout_was_made_r3_9(payout: str) -> None:
    """Of a payout that is not known yet, or never."""
    line, taken = b.payout_stated("l1", payout), b.payout_stated("l1", payout, 0, when="06-16 02:00")
    for told in itertools.product((0, 1), (0, 1)):
        for lines in ((line, taken), (taken, line)):
            memory = bank(b.credited(75_00), policies=b.POLICIES)
            memory.when(*(one for one, late in zip(lines, sorted(told), strict=True) if not late))
            memory.advance(b.at("06-13 00:01"))
            memory.when(*([b.payout_paid(payout, when="06-14 01:00")] if payout in account(memory).payouts else []))
            memory.when(*(one for one, late in zip(lines, sorted(told), strict=True) if late))
            memory.advance(LATER)
            expected = [f"missing_there {payout}"] if payout in account(memory).payouts else []
            assert (open_breaks(memory), looks(memory)) == (expected, []), f"{told} {lines}"


def test_of_lines_that_were_taken_back_of_no_known_payout_so_many_are_kept_and_older_days_are_over_r3_9() -> None:
    memory = rich()
    for number in range(TAKEN_KEPT + 1):
        line = b.payout_stated(f"l{number}", f"po{number}", 0, day="2026-06-13" if number else "2026-06-12")
        memory.when(line.model_copy(update={"occurred_at": b.at("06-14 10:00") + timedelta(minutes=number)}))
    assert (len(account(memory).stated.lines), account(memory).forgotten_day) == (TAKEN_KEPT, "2026-06-12")
    memory.when(b.payout_stated("l0", "po0", day="2026-06-12"), b.payout_stated("l1", "po1", day="2026-06-13", when="06-13 10:00"))
    assert codes(memory) == ["statement.too_old", "statement.stated_since"]


def withdrawals(memory: Memory, count: int, *, stated: bool, since: int = 0) -> list[str]:
    """So many withdrawals of a fen, each paid a minute later, and stated like that if it is."""
    payouts = []
    for number in range(since, since + count):
        now = b.at("06-12 10:00") + timedelta(minutes=number)
        memory.when(asks.withdrawal(1, f"w{number}", when=now))
        (payout,) = [fact.payout_id for fact in memory.facts[-1:] if isinstance(fact, PayoutInstructed)]
        memory.when(b.payout_paid(payout).model_copy(update={"occurred_at": now}))
        if stated:
            line = b.payout_stated(f"l{number}", payout, 1, day=f"2026-06-{12 + number // 100:02}")
            memory.when(line.model_copy(update={"occurred_at": now}))
        payouts.append(payout)
    return payouts


def rich() -> Memory:
    return bank(b.credited(75_00, when="06-12 09:00"), policies=b.POLICIES)


def test_an_account_does_not_grow_with_its_statements_and_what_is_stated_of_forgotten_payouts_is_refused_r3_9() -> None:
    memory = rich()
    first, *_ = withdrawals(memory, ANSWERED_KEPT + 1, stated=True)
    state = account(memory)
    assert (len(state.payouts), len(state.stated.lines), state.forgotten_day) == (ANSWERED_KEPT, ANSWERED_KEPT, "2026-06-12")
    assert memory.when(b.payout_stated("again", first, 1, day="2026-06-12")) == ()
    assert codes(memory) == ["statement.too_old"]
    memory.when(b.payout_stated("later", "po9", day="2026-06-13"))
    assert looks(memory) == [("po9", b.at("06-16 01:00"))]


def test_what_is_stated_of_a_forgotten_payout_is_refused_whatever_its_day_r3_9() -> None:
    """Months later, or by the line of another payout: nobody can say that it is missing here."""
    memory = rich()
    first, second, *_, last = withdrawals(memory, ANSWERED_KEPT + 2, stated=True)
    memory.when(b.payout_stated("new", first, 1, day="2026-09-01"), b.payout_stated(f"l{ANSWERED_KEPT + 1}", second, 1, day="2026-09-01"))
    assert codes(memory) == ["statement.too_old"] * 2
    memory.advance(LATER)
    assert (open_breaks(memory), last in account(memory).payouts) == ([], True)


def test_one_that_is_not_answered_yet_is_never_forgotten_r3_1() -> None:
    memory = rich()
    (first,) = memory.when(asks.withdrawal(1, "w0", when=b.at("06-12 10:00")))
    withdrawals(memory, ANSWERED_KEPT + 1, stated=True, since=1)
    assert isinstance(first, PayoutInstructed)
    assert b.types(memory.when(b.payout_failed(first.payout_id))) == ["payout.returned"]


def test_payouts_that_came_back_are_forgotten_whatever_was_stated_of_them_r3_1_r3_9() -> None:
    """Of the first two it is told meanwhile that they are missing here."""
    memory = bank(b.credited(75_00, when="06-12 09:00"), policies=b.with_policy("payment", sweep=False))
    for number in range(ANSWERED_KEPT + 2):
        now = b.at("06-12 10:00" if number < 2 else "06-30 10:00") + timedelta(minutes=number)
        memory.advance(now)
        (payout,) = [one for one in memory.when(asks.withdrawal(1, f"w{number}", when=now)) if isinstance(one, PayoutInstructed)]
        memory.when(b.payout_stated(f"l{number}", payout.payout_id, 1).model_copy(update={"occurred_at": now}))
        memory.when(b.payout_failed(payout.payout_id).model_copy(update={"occurred_at": now}))
    assert (len(open_breaks(memory)), len(account(memory).payouts)) == (2, ANSWERED_KEPT)


def test_what_is_still_to_be_stated_is_never_forgotten_and_holds_back_withdrawals_beyond_any_need_r3_9() -> None:
    memory = rich()
    payouts = withdrawals(memory, AWAITED_MAX, stated=False)
    assert len(account(memory).payouts) == AWAITED_MAX
    refused = b.only(memory.when(asks.withdrawal(1, "more", when=b.at("06-13 10:00"))))
    assert (refused.type, refused.code) == ("withdrawal.refused", "withdrawal.too_many")
    memory.when(b.payout_stated("l1", payouts[0], 1))
    assert memory.when(asks.withdrawal(1, "more", when=b.at("06-13 10:01")))[0].type == "payout.instructed"


def test_breaks_that_nobody_explains_are_told_each_and_forgotten_only_beyond_what_a_person_looks_at_r3_9() -> None:
    """None is stated: all are missing there, and what is stated of the oldest is refused."""
    memory = rich()
    payouts = withdrawals(memory, BROKEN_KEPT + 2, stated=False)
    told = [fact.payout_id for fact in memory.advance(LATER) if isinstance(fact, PayoutBreakFound)]
    assert sorted(told) == sorted(payouts)
    assert [payout for payout in payouts if payout not in account(memory).payouts] == payouts[:2]
    memory.when(b.payout_stated("l1", payouts[0], 1, day="2026-06-12"), b.payout_stated("l2", payouts[2], 1, day="2026-06-12"))
    assert codes(memory) == ["statement.too_old"]
    assert [fact.by for fact in memory.facts if isinstance(fact, PayoutBreakExplained)] == ["statement"]


PARTS = (("06-12 09:00", 75_00), ("06-13 09:00", 40_00), ("06-14 09:00", 7_00))


def _ids() -> list[str]:
    memory = bank(*(b.credited(minor, when=when, order_id=f"o{minor}") for when, minor in PARTS), policies=b.POLICIES)
    return [fact.payout_id for fact in memory.advance(b.at("06-20 00:00")) if isinstance(fact, PayoutInstructed)]


IDS = _ids()
LINES = st.builds(
    b.payout_stated,
    line_id=st.sampled_from(["l1", "l2", "l3"]),
    payout_id=st.sampled_from([*IDS, "po9"]),
    amount_minor=st.sampled_from([0, 75_00, 40_00]),
    currency=st.sampled_from(["CNY", "CNY", "JPY"]),
)
ANSWERS = tuple(answer(payout) for payout in IDS for answer in (b.payout_paid, b.payout_failed))
BOTH = tuple((b.payout_failed(payout), b.payout_paid(payout)) for payout in IDS)
FOUND = tuple((asks.payout_handled(payout, how, f"{how}-{payout}"),) for payout in IDS for how in ("paid", "not_paid"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(LINES, st.sampled_from(ANSWERS), st.sampled_from(BOTH), st.sampled_from(FOUND), st.integers(1, 6)), max_size=14))
def test_whatever_is_stated_when_the_open_breaks_are_those_of_the_last_word_of_both_sides_r3_9(
    steps: list[Message | tuple[Message, ...] | int],
) -> None:
    """Numbers: so many days pass. What stands at the end does not depend on the way there, but for what was looked at in vain."""
    memory, now = (
        bank(*(b.credited(minor, when=when, order_id=f"o{minor}") for when, minor in PARTS), policies=b.POLICIES),
        b.at("06-12 10:00"),
    )
    for step in steps:
        if isinstance(step, int):
            now += timedelta(days=step)
            memory.advance(now)
        else:
            told = step if isinstance(step, tuple) else (step,)
            memory.when(*(event.model_copy(update={"occurred_at": now}) for event in told))
        open_breaks(memory)
    memory.advance(now + timedelta(days=60))
    state = account(memory)
    standing: dict[str, list[tuple[int, str]]] = {}
    for line in state.stated.lines.values():
        if line.amount_minor:
            standing.setdefault(line.reference, []).append((line.amount_minor, line.currency))
    booked = {known: one for known, one in state.payouts.items() if one.state != "returned"}
    expected = []
    for payout in booked.keys() | standing.keys():
        theirs = standing.get(payout, [])
        ours = (booked[payout].amount_minor, booked[payout].currency) if payout in booked else None
        expected += [f"duplicate {payout}"] * (len(theirs) - 1)
        if not theirs and booked[payout].state in ("done", "bounced"):
            expected.append(f"missing_there {payout}")
        elif theirs and ours is None:
            expected.append(f"missing_here {payout}")
        elif theirs and ours is not None and ours not in theirs:
            expected.append(f"{'currency' if theirs[0][1] != ours[1] else 'amount'} {payout}")
    assert open_breaks(memory) == sorted(expected)
    assert looks(memory) == []
