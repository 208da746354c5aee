"""What comes in: debt first, then the deposit, the rest to the balance; and what waits meanwhile. Source: R3.1, R3.7."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.payment.model.account import ASKED_KEPT, UNDER_WAY_MAX
from services.payment.model.purse import CLAWBACKS_KEPT
from shared.contracts.payment import BalanceDebited, DebtRepaid, PayoutInstructed, WithdrawalRefused
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import (
    ADVANCE,
    CASH,
    DEBT,
    DEPOSIT,
    SELLER,
    account,
    balances,
    bank,
    check,
    codes,
    hand_over,
    postings,
)

OUT = f"payout:{b.SELLER}"


def indebted(debt: int = 30_00, *events: Message) -> Memory:
    return bank(*events, asks.charged(debt, when="06-10 10:00"))


def earned(memory: Memory) -> tuple[Message, ...]:
    """75.00 of the seller's, settled, posted and told on 06-12 00:00."""
    memory.when(b.order_paid(), b.order_completed())
    return hand_over(memory, memory.advance(b.at("06-12 00:01")))


def refusals(memory: Memory) -> list[str]:
    return [fact.code for fact in memory.facts if isinstance(fact, WithdrawalRefused)]


# income


def test_a_settlement_repays_debt_first_then_fills_the_deposit_and_the_rest_is_the_balance_r3_7() -> None:
    memory = indebted(30_00, asks.registered(20_00))
    facts = [fact for fact in earned(memory) if getattr(fact, "party", "") == b.SELLER]
    assert b.types(facts) == ["balance.credited", "debt.repaid", "deposit.filled"]
    repaid, filled = facts[1:]
    assert postings(repaid.moves) == {SELLER: -30_00, DEBT: 30_00}  # type: ignore[attr-defined]
    assert postings(filled.moves) == {SELLER: -20_00, DEPOSIT: 20_00}  # type: ignore[attr-defined]
    assert (balances(memory)[SELLER], balances(memory)[DEPOSIT], balances(memory).get(DEBT, 0)) == (25_00, 20_00, 0)
    assert account(memory).purses["CNY"].available_minor == 25_00
    check(memory.rows["posting"])


def test_no_settlement_waits_for_debt_r3_7() -> None:
    """The debt is larger than all that comes in: the line settles when due, and nothing is left to draw."""
    memory = indebted(200_00)
    facts = earned(memory)
    assert "debt.repaid" in b.types(facts)
    assert (balances(memory).get(SELLER, 0), balances(memory)[DEBT]) == (0, -125_00)
    memory.advance(b.at("08-01 00:00"))
    assert account(memory).purses["CNY"].swept == 0


def test_an_older_balance_does_not_fill_a_deposit_that_is_raised_only_income_does_r3_7() -> None:
    memory = bank(policies=b.with_policy("payment", sweep=False))
    earned(memory)
    memory.when(asks.registered(80_00, when="06-12 10:00"))
    assert balances(memory)[SELLER] == 75_00
    memory.when(b.credited(10_00, order_id="o2", when="06-12 11:00"))
    purse = account(memory).purses["CNY"]
    assert (purse.available_minor, purse.deposit_minor) == (75_00, 10_00)


def test_a_payout_that_came_back_is_income_like_any_other_r3_7() -> None:
    memory = bank()
    earned(memory)
    (payout,) = [fact for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    memory.when(asks.charged(38_00, when="06-13 09:00"))
    facts = memory.when(b.payout_failed(payout.payout_id, when="06-13 10:00"))
    assert b.types(facts) == ["payout.returned", "debt.repaid"]
    assert (balances(memory)[SELLER], balances(memory).get(DEBT, 0)) == (37_00, 0)


# debits


def test_what_is_charged_comes_from_the_balance_then_the_deposit_then_as_debt_r3_5() -> None:
    memory = bank(asks.registered(), asks.topped_up())
    earned(memory)
    memory.when(*(asks.charged(50_00, charge_id=f"ch{number}", when=f"06-12 1{number}:00") for number in range(3)))
    parts = [
        (f.from_balance_minor, f.from_deposit_minor, f.as_debt_minor, f.debt_minor) for f in memory.facts if isinstance(f, BalanceDebited)
    ]
    assert parts == [(50_00, 0, 0, 0), (25_00, 25_00, 0, 0), (0, 25_00, 25_00, 25_00)]
    assert balances(memory)[ADVANCE] == 150_00
    check(memory.rows["posting"])


def test_money_put_into_the_deposit_repays_an_open_debt_r3_7() -> None:
    memory = indebted(30_00, asks.registered(50_00))
    facts = memory.when(asks.topped_up(40_00, when="06-11 10:00"))
    assert b.types(facts) == ["deposit.received", "debt.repaid"]
    assert (balances(memory)[DEPOSIT], balances(memory).get(DEBT, 0), balances(memory)[CASH]) == (10_00, 0, -40_00)
    check(memory.rows["posting"])


def test_of_a_debt_a_deposit_repays_what_it_holds_and_the_rest_is_owed_on_r3_6_r3_7() -> None:
    memory = indebted(100_00, asks.registered(50_00))
    _, repaid = memory.when(asks.topped_up(60_00, when="06-11 10:00"))
    assert isinstance(repaid, DebtRepaid)
    assert (repaid.amount_minor, repaid.debt_minor, repaid.source) == (60_00, 40_00, "deposit")
    assert balances(memory) == {DEBT: -40_00, ADVANCE: 100_00, CASH: -60_00}
    check(memory.rows["posting"])


# what waits


def test_while_debt_is_open_nothing_is_swept_and_the_next_midnight_after_it_is_repaid_all_is_r3_7() -> None:
    memory = bank()
    earned(memory)
    memory.when(asks.charged(80_00, when="06-12 09:00"))
    assert account(memory).purses["CNY"].hindrance == "withdrawal.debt_open"
    assert [place for place in memory.armed if place == ("sweep.due", "s1/CNY")] == []
    memory.when(b.credited(15_00, order_id="o2", when="06-20 10:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-22 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    assert (swept.occurred_at, swept.amount_minor) == (b.at("06-21 00:00"), 10_00)


def test_while_the_deposit_is_short_nothing_is_swept_r3_7() -> None:
    memory = bank(asks.registered(100_00))
    earned(memory)
    assert account(memory).purses["CNY"].deposit_minor == 75_00
    memory.when(b.credited(30_00, order_id="o2", when="06-14 10:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-15 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    assert swept.amount_minor == 5_00


def test_a_sweep_that_was_armed_does_not_fire_once_the_deposit_is_raised_r3_7() -> None:
    memory = bank()
    earned(memory)
    memory.when(asks.registered(10_00, when="06-12 10:00"))
    assert [fact for fact in memory.advance(b.at("06-14 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER] == []
    memory.when(asks.topped_up(10_00, when="06-14 10:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-15 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    assert (swept.occurred_at, swept.amount_minor) == (b.at("06-15 00:00"), 75_00)


HINDERED = {
    "more than the balance": ((), "withdrawal.exceeds_balance"),
    "debt open": ((asks.charged(80_00, when="06-12 09:00"),), "withdrawal.debt_open"),
    "deposit short": ((asks.registered(10_00, when="06-12 09:00"),), "withdrawal.deposit_short"),
    "clawback open": ((asks.charged(76_00, "clawback", when="06-12 09:00"),), "withdrawal.clawback_open"),
}


@pytest.mark.parametrize(("events", "code"), HINDERED.values(), ids=HINDERED)
def test_a_withdrawal_that_must_wait_is_refused_with_its_code_and_welcome_later_r3_7(events: tuple[Message, ...], code: str) -> None:
    memory = bank(policies=b.with_policy("payment", sweep=False))
    earned(memory)
    memory.when(*events)
    before = account(memory)
    assert b.types(memory.when(asks.withdrawal(75_01 if not events else 1))) == ["withdrawal.refused"]
    assert (refusals(memory), account(memory)) == ([code], before)
    memory.when(b.credited(100_00, order_id="o2", when="06-13 10:00"))
    assert b.types(memory.when(asks.withdrawal(1, when="06-13 11:00"))) == ["payout.instructed"]


# withdrawals


def test_a_withdrawal_is_paid_out_like_a_sweep_and_leaves_the_rest_r3_1() -> None:
    memory = bank()
    earned(memory)
    (payout,) = memory.when(asks.withdrawal(10_00))
    assert isinstance(payout, PayoutInstructed)
    assert (payout.withdrawal_id, postings(payout.moves)) == ("w1", {SELLER: -10_00, OUT: 10_00})
    memory.when(b.payout_paid(payout.payout_id, when="06-12 12:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    assert (swept.amount_minor, swept.withdrawal_id) == (65_00, None)
    assert swept.payout_id != payout.payout_id
    check(memory.rows["posting"])


def test_a_withdrawal_id_pays_once_r3_1() -> None:
    memory = bank()
    earned(memory)
    memory.when(asks.withdrawal(), asks.withdrawal(when="06-12 11:00"))
    assert codes(memory) == ["withdrawal.known"]
    assert balances(memory)[SELLER] == 65_00


def test_a_stranger_has_nothing_to_withdraw() -> None:
    memory = bank(asks.withdrawal())
    assert refusals(memory) == ["withdrawal.exceeds_balance"]


@pytest.mark.parametrize(("sweep", "swept"), [(True, 1), (False, 0)])
def test_a_withdrawal_that_failed_is_swept_only_where_there_is_a_sweep(sweep: bool, swept: int) -> None:
    memory = bank(policies=b.with_policy("payment", sweep=sweep))
    earned(memory)
    (payout,) = memory.when(asks.withdrawal(75_00))
    assert isinstance(payout, PayoutInstructed)
    memory.when(b.payout_failed(payout.payout_id, when="06-12 12:00"))
    assert balances(memory)[SELLER] == 75_00
    later = [fact for fact in memory.advance(b.at("06-14 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    assert len(later) == swept


def test_an_account_is_bounded_in_payouts_without_an_answer() -> None:
    memory = bank(policies=b.with_policy("payment", sweep=False))
    earned(memory)
    memory.when(
        *(asks.withdrawal(1, f"w{number}", when=b.at("06-12 10:00") + timedelta(minutes=number)) for number in range(UNDER_WAY_MAX + 1))
    )
    assert (refusals(memory), len(account(memory).payouts)) == (["withdrawal.too_many"], UNDER_WAY_MAX)


def test_an_old_request_is_refused_by_its_time_once_its_id_is_forgotten_r3_1() -> None:
    """Nobody is paid twice, in bounded memory: whatever is not later than what was forgotten may have been done."""
    memory = bank(asks.registered())
    for number in range(ASKED_KEPT + 1):
        memory.when(asks.topped_up(1, f"d{number}").model_copy(update={"occurred_at": b.at("05-02 10:00") + timedelta(minutes=number)}))
    assert len(account(memory).asked) == ASKED_KEPT
    memory.when(asks.topped_up(1, "d0"), asks.topped_up(1, "d1", when="05-02 10:01"), asks.topped_up(1, "new", when="05-02 09:59"))
    assert codes(memory) == ["seller.request_too_old", "deposit.known", "seller.request_too_old"]
    assert balances(memory)[DEPOSIT] == ASKED_KEPT + 1


def test_clawbacks_beyond_the_bound_join_the_youngest_and_no_fen_is_lost() -> None:
    memory = bank(*(asks.charged(100 + number, "clawback", f"ch{number}", "06-15 10:00") for number in range(CLAWBACKS_KEPT + 10)))
    total = sum(100 + number for number in range(CLAWBACKS_KEPT + 10))
    purse = account(memory).purses["CNY"]
    assert (len(purse.clawbacks), sum(one.amount_minor for one in purse.clawbacks.values())) == (CLAWBACKS_KEPT, total)
    memory.when(b.credited(total, when="06-15 11:00"))
    assert sum(fact.amount_minor for fact in memory.facts if isinstance(fact, BalanceDebited)) == total
    assert account(memory).purses["CNY"].hindrance is None


# deposits


def test_money_for_a_deposit_counts_once_r3_7() -> None:
    memory = bank(asks.registered(), asks.topped_up(), asks.topped_up(when="05-02 11:00"))
    assert codes(memory) == ["deposit.known"]
    assert balances(memory) == {CASH: -50_00, DEPOSIT: 50_00}


def test_money_for_a_deposit_waits_for_the_registration_r2_1() -> None:
    memory = bank(asks.topped_up())
    assert [held.reason for held in memory.held(b.SELLER)] == ["deposit.before_registration"]
    assert b.types(memory.when(asks.registered())) == ["deposit.required", "deposit.received"]


def test_a_deposit_in_another_currency_than_required_is_refused() -> None:
    memory = bank(asks.registered(), asks.topped_up(currency="USD"))
    assert (codes(memory), balances(memory)) == (["deposit.currency_differs"], {})


def test_a_registration_is_taken_again_only_with_another_amount() -> None:
    memory = bank(asks.registered(), asks.registered(when="05-01 11:00"), asks.registered(60_00, when="05-01 12:00"))
    assert codes(memory) == ["seller.known"]
    assert account(memory).purses["CNY"].required_minor == 60_00


def test_an_older_registration_told_again_does_not_take_the_place_of_a_newer_one_r3_7() -> None:
    """A copy that comes after the inbox has forgotten it, or under another id."""
    memory = bank(asks.registered(), asks.registered(60_00, when="05-01 12:00"), asks.registered())
    assert codes(memory) == ["seller.registered_since"]
    assert account(memory).purses["CNY"].required_minor == 60_00
    assert b.types(memory.when(asks.registered(when="05-01 13:00"))) == ["deposit.required"]


def test_each_currency_has_its_own_debt_r3_1() -> None:
    memory = bank(asks.charged(5_00, currency="USD", when="06-12 09:00"))
    earned(memory)
    assert b.types(memory.when(asks.withdrawal(1))) == ["payout.instructed"]
