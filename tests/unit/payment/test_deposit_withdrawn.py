"""What a deposit holds above what is required is its seller's: it leaves like a balance, and comes back to where it was. Source: R3.7."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.handlers import SENDS, SERVICE
from services.payment.ledger import GUARANTEE_FUND
from shared.contracts.payment import PayoutInstructed, PayoutReturned, WithdrawalRefused
from shared.contracts.seller import WithdrawalRequested
from shared.contracts.subsidy import SubsidyCharged
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import CASH, DEBT, DEPOSIT, SELLER, UNSTATED, account, balances, bank, check, codes, postings

OUT = f"payout:{b.SELLER}"
MANUAL = b.with_policy("payment", sweep=False, put_in_statement_days=0)


def wants(amount: int = 30_00, withdrawal_id: str = "w1", when: str = "06-12 10:00", **more: Any) -> WithdrawalRequested:
    return asks.withdrawal(amount, withdrawal_id, when, of="deposit", **more)


def lowered(to: int = 20_00, *events: Message, **more: Any) -> Memory:
    """50.00 are in the deposit, so much is required since 06-01."""
    return bank(asks.registered(50_00), asks.topped_up(50_00), asks.registered(to, when="06-01 10:00"), *events, **more)


def refusals(memory: Memory) -> list[str]:
    return [fact.code for fact in memory.facts if isinstance(fact, WithdrawalRefused)]


def paid_out(memory: Memory, *wishes: Message) -> list[PayoutInstructed]:
    return [fact for fact in memory.when(*(wishes or (wants(),))) if isinstance(fact, PayoutInstructed)]


def test_what_is_above_the_required_is_paid_out_and_leaves_the_books_r3_7() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    assert (payout.withdrawal_id, payout.of, postings(payout.moves)) == ("w1", "deposit", {DEPOSIT: -30_00, OUT: 30_00})
    memory.when(b.payout_paid(payout.payout_id, when="06-12 12:00"))
    purse = account(memory).purses["CNY"]
    assert (balances(memory), purse.deposit_minor, purse.swept) == ({CASH: -20_00, DEPOSIT: 20_00}, 20_00, 1)
    assert memory.armed == {}
    check(memory.rows["posting"])


def test_a_seller_who_goes_has_all_of_it_r3_7() -> None:
    memory = lowered(0)
    assert [payout.amount_minor for payout in paid_out(memory, wants(50_00))] == [50_00]
    assert DEPOSIT not in balances(memory)


def test_a_balance_is_withdrawn_as_before_and_says_nothing_of_a_deposit() -> None:
    (payout,) = paid_out(lowered(0, b.credited(5_00)), asks.withdrawal(5_00))
    assert "of" not in payout.model_dump(mode="json")


MORE: dict[str, tuple[Callable[[], Memory], Message]] = {
    "a fen more": (lowered, wants(30_01)),
    "nothing is above": (lambda: bank(asks.registered(50_00), asks.topped_up(50_00)), wants(1)),
    "not registered yet": (bank, wants(1)),
    "of another currency": (lowered, wants(1, currency="USD")),
    "of the balance there is more": (lambda: lowered(20_00, b.credited(90_00)), wants(30_01)),
}


@pytest.mark.parametrize(("made", "wish"), MORE.values(), ids=MORE)
def test_beyond_what_is_above_nothing_is_paid_and_it_may_come_again_r3_7(made: Callable[[], Memory], wish: Message) -> None:
    memory = made()
    before = balances(memory)
    assert b.types(memory.when(wish)) == ["withdrawal.refused"]
    assert (refusals(memory), balances(memory)) == (["withdrawal.exceeds_deposit"], before)
    memory.when(asks.registered(when="06-13 09:00"), asks.topped_up(60_00, "d2", "06-13 09:00"), asks.registered(0, when="06-13 10:00"))
    assert len(paid_out(memory, wants(30_01, when="06-13 11:00"))) == 1


OWED = SubsidyCharged(
    party=b.SELLER, charge_id="c1", currency="CNY", order_id="o-9", zone=b.ZONE, amount_minor=10_00, occurred_at=b.at("06-11 10:00")
)
HINDERED = {
    "a subsidy is owed": (OWED, "withdrawal.debt_open"),
    "a clawback waits": (asks.charged(76_00, "clawback", when="06-12 09:00"), "withdrawal.clawback_open"),
    "the deposit is short": (asks.registered(60_00, when="06-12 09:00"), "withdrawal.deposit_short"),
}


@pytest.mark.parametrize(("event", "code"), HINDERED.values(), ids=HINDERED)
def test_what_holds_a_balance_back_holds_a_deposit_back_r3_7(event: Message, code: str) -> None:
    memory = lowered(20_00, event)
    assert paid_out(memory, wants(1)) == []
    assert refusals(memory) == [code]


def test_a_charge_leaves_less_of_it_r3_6() -> None:
    memory = lowered(20_00, asks.charged(10_00, when="06-11 10:00"))
    assert paid_out(memory, wants(20_01)) == []
    assert len(paid_out(memory, wants(20_00))) == 1


@pytest.mark.parametrize("second", [wants(1, when="06-12 11:00"), asks.withdrawal(1, when="06-12 11:00"), wants()])
def test_a_withdrawal_id_pays_once_whatever_it_is_of_r3_1(second: Message) -> None:
    memory = lowered(0, b.credited(5_00, when="06-11 10:00"), policies=MANUAL)
    memory.when(wants(), second)
    assert (codes(memory), balances(memory)[OUT]) == (["withdrawal.known"], 30_00)


def test_one_of_each_at_once_are_two_payouts_and_each_comes_back_to_its_own_r3_7() -> None:
    memory = lowered(20_00, b.credited(5_00, when="06-11 10:00"), policies=MANUAL)
    first, second = paid_out(memory, wants(30_00, "w1"), asks.withdrawal(5_00, "w2"))
    assert first.payout_id != second.payout_id
    memory.when(b.payout_failed(second.payout_id, when="06-12 12:00"), b.payout_failed(first.payout_id, when="06-12 12:00"))
    purse = account(memory).purses["CNY"]
    assert (purse.deposit_minor, purse.available_minor, balances(memory)[DEPOSIT]) == (50_00, 5_00, 50_00)


@pytest.mark.parametrize("policies", [UNSTATED, MANUAL])
def test_one_that_failed_is_in_the_deposit_again_and_never_swept_r3_7(policies: Any) -> None:
    """Of a seller that never earned anything, too."""
    memory = lowered(policies=policies)
    (payout,) = paid_out(memory)
    back = b.only(memory.when(b.payout_failed(payout.payout_id, when="06-12 12:00")))
    assert isinstance(back, PayoutReturned)
    assert (back.of, back.swept_again, postings(back.moves)) == ("deposit", False, {OUT: -30_00, DEPOSIT: 30_00})
    assert (memory.advance(b.at("07-12 00:00")), balances(memory)[DEPOSIT]) == ((), 50_00)
    assert len(paid_out(memory, wants(30_00, "w2", "07-13 10:00"))) == 1


def test_raised_meanwhile_the_deposit_is_short_and_income_fills_it_until_it_is_back_r3_7() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    memory.when(asks.registered(40_00, when="06-12 11:00"), b.credited(5_00, when="06-12 11:30"), asks.withdrawal(1, "w2", "06-12 11:40"))
    assert (balances(memory)[DEPOSIT], refusals(memory)) == (25_00, ["withdrawal.deposit_short"])
    memory.when(b.payout_failed(payout.payout_id, when="06-12 12:00"))
    assert account(memory).purses["CNY"].hindrance is None
    assert [payout.amount_minor for payout in paid_out(memory, wants(15_00, "w3", "06-12 13:00"))] == [15_00]


def test_what_waited_for_the_deposit_is_swept_at_the_midnight_after_it_is_back_r3_7() -> None:
    memory = lowered(20_00, b.credited(5_00, when="06-12 09:00"))
    (payout,) = paid_out(memory)
    memory.when(asks.registered(40_00, when="06-12 11:00"))
    assert [fact for fact in memory.advance(b.at("06-14 00:01")) if isinstance(fact, PayoutInstructed)] == []
    memory.when(b.payout_failed(payout.payout_id, when="06-14 12:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-16 00:01")) if isinstance(fact, PayoutInstructed)]
    assert (swept.occurred_at, swept.amount_minor, swept.of) == (b.at("06-15 00:00"), 5_00, None)


def test_owed_meanwhile_it_repays_the_debt_once_it_is_back_as_it_would_have_been_drawn_r3_6() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    memory.when(asks.charged(35_00, when="06-12 11:00"))
    assert balances(memory)[DEBT] == -15_00
    facts = memory.when(b.payout_failed(payout.payout_id, when="06-12 12:00"))
    assert b.types(facts) == ["payout.returned", "debt.repaid"]
    assert (balances(memory)[DEPOSIT], balances(memory).get(DEBT, 0)) == (15_00, 0)
    check(memory.rows["posting"])


def test_silence_is_announced_once_and_a_late_answer_counts_r3_1() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    assert b.types(memory.advance(b.at("06-20 10:00"))) == ["payout.overdue"]
    assert b.types(memory.when(b.payout_failed(payout.payout_id, when="06-20 12:00"))) == ["payout.returned"]
    assert b.types(memory.when(b.payout_failed(payout.payout_id, when="06-20 13:00"))) == []
    assert (codes(memory), balances(memory)[DEPOSIT]) == (["payout.closed"], 50_00)


WORDS = ("require", "put", "want", "draw", "earn", "charge", "claw", "paid", "failed", "both", "found")
ACTS = st.tuples(st.sampled_from(WORDS), st.integers(1, 60_00))


@given(st.lists(ACTS, max_size=25))
def test_whatever_comes_meanwhile_no_payout_takes_what_a_deposit_is_to_hold_r3_7(acts: list[tuple[str, int]]) -> None:
    memory = lowered()
    income: list[tuple[object, ...]] = []  # posted by the order that told of it
    for number, (act, amount) in enumerate(acts):
        known = [fact.payout_id for fact in memory.facts if isinstance(fact, PayoutInstructed)]
        answered, before = known[amount % len(known)] if known else "none", account(memory).purses["CNY"]
        event: Message = {
            "require": asks.registered(amount),
            "put": asks.topped_up(amount, f"d-{number}"),
            "want": wants(amount, f"w-{number}"),
            "draw": asks.withdrawal(amount, f"w-{number}"),
            "earn": b.credited(amount, order_id=f"o-{number}"),
            "charge": asks.charged(amount, charge_id=f"ch-{number}"),
            "claw": asks.charged(amount, "clawback", f"ch-{number}"),
            "paid": b.payout_paid(answered),
            "failed": b.payout_failed(answered),
            "both": b.payout_paid(answered),
            "found": asks.payout_handled(
                next(iter([*before.held, *before.held_deposit]), answered), ("paid", "not_paid")[amount % 2], f"h-{number}"
            ),
        }[act].model_copy(update={"occurred_at": b.at(f"06-{12 + number // 10} 1{number % 10}:00")})
        if act == "both":
            memory.when(b.payout_failed(answered).model_copy(update={"occurred_at": event.occurred_at}))
        for fact in memory.when(event):
            if isinstance(fact, PayoutInstructed) and fact.of == "deposit":
                assert (before.hindrance, fact.amount_minor <= before.free_surplus_minor) == (None, True)
            elif isinstance(fact, PayoutInstructed):
                assert (before.hindrance, fact.amount_minor <= before.free_minor) == (None, True)
        if act == "earn":
            accounts = ((GUARANTEE_FUND, -amount), (SELLER, amount))
            income += [(number, at, name, "CNY", minor, "o", None, None, "seller.reimbursed") for at, (name, minor) in enumerate(accounts)]
        check([*income, *memory.rows["posting"]])
        purse = account(memory).purses["CNY"]
        assert purse.deposit_minor == balances(memory).get(DEPOSIT, 0)
        assert min(purse.free_minor, purse.deposit_minor - sum(purse.held_deposit.values())) >= 0
        waiting = {known for known, one in account(memory).payouts.items() if one.waits and one.state != "bounced"}
        assert waiting == purse.held.keys() | purse.held_deposit.keys()
    replayed = Memory(SERVICE, UNSTATED).given(*(fact for fact in memory.facts if not isinstance(fact, SENDS)))
    assert replayed.entities == memory.entities
