"""A party's balance: credited, swept at the next midnight, paid out or returned. Source: R3.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.model.payout import ANSWERED_KEPT
from shared.contracts.payment import BalanceCredited, PayoutInstructed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import CASH, SELLER, account, balances, bank, check, codes, confirmed, hand_over, postings

LATE = b.at("08-01 00:00")
OUT = f"payout:{b.SELLER}"


def credited() -> Memory:
    """75.00 of the seller's, posted and told on 06-12 00:00."""
    memory = confirmed()
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    return memory


def swept() -> tuple[Memory, str]:
    memory = credited()
    (payout,) = [fact for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    return memory, payout.payout_id


def payouts(facts: Iterable[Message]) -> list[tuple[datetime, int]]:
    return [(fact.occurred_at, fact.amount_minor) for fact in instructed(facts)]


def instructed(facts: Iterable[Message]) -> list[PayoutInstructed]:
    """Without what is said where the provider stays silent."""
    return [fact for fact in facts if isinstance(fact, PayoutInstructed)]


def test_a_share_is_added_to_the_partys_balance_r3_1() -> None:
    memory = bank(b.credited(75_00), b.credited(5_00, order_id="o2"), b.credited(1, currency="USD"))
    facts = [fact for fact in memory.facts if isinstance(fact, BalanceCredited)]
    assert [(fact.currency, fact.balance_minor) for fact in facts] == [("CNY", 75_00), ("CNY", 80_00), ("USD", 1)]


def test_it_was_posted_when_the_line_was_settled_and_is_not_posted_again() -> None:
    memory = credited()
    assert balances(memory)[SELLER] == 75_00 == account(memory).purses["CNY"].available_minor


@pytest.mark.parametrize(
    ("when", "sweep"), [("06-12 00:00", "06-13 00:00"), ("06-12 23:59:59", "06-13 00:00"), ("06-13 00:00", "06-14 00:00")]
)
def test_a_balance_is_swept_at_the_next_local_midnight_r3_1(when: str, sweep: str) -> None:
    memory = bank(b.credited(when=when))
    assert memory.advance(b.at(f"{sweep}:04")) == ()
    assert b.only(memory.advance(b.at(f"{sweep}:05"))).occurred_at == b.at(sweep)


def test_the_sweep_takes_all_of_a_currency_into_one_payout() -> None:
    memory = bank(b.credited(75_00), b.credited(5_00, when="06-12 12:00", order_id="o2"), b.credited(1, currency="USD"))
    facts = [fact for fact in memory.advance(LATE) if isinstance(fact, PayoutInstructed)]
    assert {(fact.currency, fact.amount_minor) for fact in facts} == {("CNY", 80_00), ("USD", 1)}
    assert len({fact.payout_id for fact in facts}) == 2
    assert {postings(fact.moves)[OUT] for fact in facts} == {80_00, 1}
    assert {place[0] for place in memory.armed} <= {"payout_answer.due"}


def test_a_payout_that_the_provider_paid_leaves_the_books_r3_1() -> None:
    memory, payout_id = swept()
    assert balances(memory)[OUT] == 75_00
    fact = b.only(memory.when(b.payout_paid(payout_id)))
    assert (fact.type, postings(fact.moves)) == ("payout.done", {OUT: -75_00, CASH: 75_00})
    check(memory.rows["posting"])
    assert OUT not in balances(memory)
    assert SELLER not in balances(memory)


def test_a_payout_that_failed_is_back_and_swept_again_the_next_day_under_another_id_r3_1() -> None:
    memory, payout_id = swept()
    fact = b.only(memory.when(b.payout_failed(payout_id, when="06-13 09:00")))
    assert (fact.type, fact.reason, postings(fact.moves)) == ("payout.returned", "account closed", {OUT: -75_00, SELLER: 75_00})
    again = b.only(instructed(memory.advance(LATE)))
    assert (again.occurred_at, again.amount_minor) == (b.at("06-14 00:00"), 75_00)
    assert again.payout_id != payout_id


def test_what_came_in_on_the_same_day_is_swept_with_what_came_back() -> None:
    memory, payout_id = swept()
    memory.when(b.credited(5_00, when="06-13 08:00", order_id="o2"), b.payout_failed(payout_id, when="06-13 09:00"))
    again = b.only(instructed(memory.advance(LATE)))
    assert (again.occurred_at, again.amount_minor) == (b.at("06-14 00:00"), 80_00)
    assert account(memory).purses["CNY"].available_minor == 0


def test_a_sweep_leaves_what_came_in_at_its_midnight_and_later_r3_1() -> None:
    """What a midnight's own settlements bring may be told before its sweep is done, or after it: the same is paid out."""
    memory = bank(
        b.credited(75_00), b.credited(5_00, when="06-13 00:00", order_id="o2"), b.credited(3_00, when="06-14 09:00", order_id="o3")
    )
    assert payouts(memory.advance(LATE)) == [(b.at("06-13 00:00"), 75_00), (b.at("06-14 00:00"), 5_00), (b.at("06-15 00:00"), 3_00)]
    assert (account(memory).purses["CNY"].available_minor, memory.armed) == (0, {})


TOLD = {"06-12 00:00": 1, "06-12 23:59": 2, "06-13 00:00": 4, "06-13 07:30": 8, "06-14 00:00": 16, "06-15 12:00": 32}


@given(st.permutations([b.credited(amount, when=when, order_id=f"o{amount}") for when, amount in TOLD.items()]))
def test_in_whatever_order_credits_are_told_the_same_payouts_leave_r3_1(told: list[Message]) -> None:
    left = payouts(bank(*told).advance(LATE))
    assert left == [(b.at("06-13 00:00"), 1 + 2), (b.at("06-14 00:00"), 4 + 8), (b.at("06-15 00:00"), 16), (b.at("06-16 00:00"), 32)]


def test_what_a_deposit_held_back_goes_with_the_sweeps_that_stand_none_sooner_r3_1_r3_7() -> None:
    """The deposit was filled on 06-12, which is told last: what came in on 06-14 stays for its own midnight."""
    memory = bank(b.credited(30_00, when="06-12 09:00"), b.credited(20_00, when="06-14 09:00", order_id="o2"))
    memory.when(asks.registered(50_00, when="06-12 08:00"), asks.topped_up(50_00, when="06-12 10:00"))
    assert account(memory).purses["CNY"].sweeps == {b.at("06-13 00:00"): 30_00, b.at("06-15 00:00"): 20_00}


def test_a_credit_told_after_the_sweep_of_its_midnight_waits_for_the_next() -> None:
    """One deadline is one payout: the same midnight is never swept twice."""
    memory = bank(b.credited())
    first = b.only(memory.advance(b.at("06-13 00:01")))
    memory.when(b.credited(1, when="06-12 23:59"))
    second = b.only(instructed(memory.advance(LATE)))
    assert (first.occurred_at, second.occurred_at) == (b.at("06-13 00:00"), b.at("06-14 00:00"))
    assert first.payout_id != second.payout_id


def test_without_sweep_money_stays_until_it_is_on_again_r3_1() -> None:
    memory = bank(b.credited(), policies=b.with_policy("payment", sweep=False))
    assert (memory.armed, memory.advance(LATE)) == ({}, ())
    memory.policies = b.POLICIES
    memory.when(b.credited(1, when="08-02 10:00"))
    assert b.only(instructed(memory.advance(b.at("09-01 00:00")))).amount_minor == 75_01


def test_a_sweep_that_was_promised_stands_though_sweeps_are_switched_off_r9_1() -> None:
    memory = bank(b.credited())
    memory.policies = b.with_policy("payment", sweep=False)
    memory.when(b.credited(1, when="06-12 12:00", order_id="o2"))
    assert b.only(instructed(memory.advance(LATE))).occurred_at == b.at("06-13 00:00")


def test_what_a_sweep_paid_in_vain_is_swept_again_though_sweeps_are_switched_off_r3_1_r9_1() -> None:
    memory = bank(b.credited())
    payout = b.only(instructed(memory.advance(b.at("06-13 00:01"))))
    memory.policies = b.with_policy("payment", sweep=False)
    memory.when(b.payout_failed(payout.payout_id, when="06-13 09:00"))
    assert account(memory).purses["CNY"].sweep_at == b.at("06-14 00:00")


ANSWERS = {
    "paid twice": ((b.payout_paid, b.payout_paid), "payout.closed"),
    "refused twice": ((b.payout_failed, b.payout_failed), "payout.closed"),
    "refused after paid, twice": ((b.payout_paid, b.payout_failed, b.payout_failed), "payout.contradicted"),
}


@pytest.mark.parametrize(("answers", "code"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_not_expected_moves_nothing_and_says_so(answers: tuple[Callable[..., Message], ...], code: str) -> None:
    memory, payout_id = swept()
    *expected, last = answers
    memory.when(*(answer(payout_id, when="06-13 09:00") for answer in expected))
    before = balances(memory), account(memory)
    assert memory.when(last(payout_id, when="06-13 10:00")) == ()
    assert (codes(memory), (balances(memory), account(memory))) == ([code], before)


@pytest.mark.parametrize("event", [b.payout_paid("x"), b.payout_failed("x"), b.payout_paid("x", "nobody"), b.payout_failed("x", "nobody")])
def test_an_answer_about_a_payout_that_was_not_instructed_is_unknown(event: Message) -> None:
    memory, _ = swept()
    assert memory.when(event) == ()
    assert codes(memory) == ["payout.unknown"]


def test_an_account_does_not_grow_with_its_payouts() -> None:
    memory = bank()
    for number in range(ANSWERED_KEPT + 10):
        day = b.at("06-12 00:00").replace(month=1 + number // 28, day=1 + number % 28)
        memory.when(b.credited().model_copy(update={"occurred_at": day}))
        (timer,) = [timer for timer in memory.armed.values() if timer.type == "sweep.due"]
        payout = b.only(memory.advance(timer.occurred_at.replace(second=5)))
        memory.when(b.payout_paid(payout.payout_id))
    assert len(account(memory).payouts) == ANSWERED_KEPT
    assert memory.refused == []
