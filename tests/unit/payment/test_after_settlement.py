"""Refunds of settled lines: the buyer first, then everyone returns the part they had. Source: R3.5, R3.6."""

from __future__ import annotations

import pytest

from services.payment.model import ACCOUNT
from shared.contracts.payment import AccountCharged, BalanceDebited, ClawbackDelayed, LineSettled, PayoutInstructed, RefundReserved
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import (
    ADVANCE,
    CASH,
    COMMISSION,
    DEBT,
    DEPOSIT,
    PROMOTER,
    SELLER,
    SUBSIDY,
    account,
    balances,
    bank,
    check,
    codes,
    confirmed,
    example,
    hand_over,
    payment,
    postings,
)

DAY_10 = "06-15 10:00"  # of the confirmation of 06-05


def settled(*lines: Line, policy_sweep: bool = False) -> Memory:
    """Settled on 06-12 00:00 and told to its parties; without a sweep, so that what is there stays."""
    memory = bank(policies=b.with_policy("payment", sweep=policy_sweep))
    memory.when(b.order_paid(*(lines or (example(),))), b.order_completed(*(line.line_no for line in lines or (example(),))))
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    return memory


def told(memory: Memory, *events: Message) -> tuple[Message, ...]:
    """The facts of these events, and of what the accounts were told by them."""
    facts = memory.when(*events)
    return (*facts, *hand_over(memory, facts))


def refund(memory: Memory, amount: int = 40_00, refund_id: str = "r1", when: str = DAY_10, **fields: object) -> tuple[Message, ...]:
    """Granted, paid, and told to the accounts."""
    granted = b.granted(refund_id, amount, when=when, **fields)  # type: ignore[arg-type]
    return told(memory, granted, *([b.refund_paid(refund_id, when=when)] if amount else []))


def shares(facts: tuple[Message, ...]) -> dict[str, int]:
    return {f"{fact.reason} {fact.party}": fact.amount_minor for fact in facts if isinstance(fact, AccountCharged)}


def test_refund_40_on_day_10_seller_38_promoter_8_platform_2_give_40_to_the_buyer_and_8_back_r3_6() -> None:
    memory = settled()
    assert balances(memory) == {CASH: -100_00, SUBSIDY: -20_00, SELLER: 95_00, COMMISSION: 5_00, PROMOTER: 20_00}
    facts = refund(memory)
    assert shares(facts) == {"refund s1": 38_00, "clawback k1": 8_00}
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -12_00, SELLER: 57_00, COMMISSION: 3_00, PROMOTER: 12_00}
    check(memory.rows["posting"])


def test_after_the_window_the_seller_pays_all_48_r3_6() -> None:
    memory = settled()
    facts = refund(memory, when="06-25 10:00")
    assert shares(facts) == {"refund s1": 48_00}
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -12_00, SELLER: 47_00, COMMISSION: 5_00, PROMOTER: 20_00}


def test_the_buyer_is_paid_first_whatever_the_parties_have_r3_6() -> None:
    """The platform fronts it: at the provider's answer, before any account was asked."""
    memory = settled()
    assert b.types(memory.when(b.granted(when=DAY_10))) == ["refund.reserved", "refund.instructed"]
    before = balances(memory)
    assert before[CASH] == -100_00
    done = memory.when(b.refund_paid(when=DAY_10))[0]
    assert (done.type, postings(done.moves)) == ("refund.done", {ADVANCE: -46_00, COMMISSION: -2_00, CASH: 40_00, SUBSIDY: 8_00})  # type: ignore[attr-defined]
    assert balances(memory)[SELLER] == before[SELLER]


WINDOWS = {
    "usual, the last second of 15 d": ("standard", "06-20 23:59:59", True),
    "usual, over": ("standard", "06-21 00:00", False),
    "fresh, the last second of 7 d": ("fresh", "06-12 23:59:59", True),
    "fresh, over": ("fresh", "06-13 00:00", False),
}


@pytest.mark.parametrize(("category", "applied", "within"), WINDOWS.values(), ids=WINDOWS)
def test_the_window_runs_from_the_day_after_confirmation_by_the_case_s_application_r3_6(category: str, applied: str, within: bool) -> None:
    """Confirmed on 06-05 09:00; granted weeks later in either case."""
    memory = settled(b.line(category=category))
    reserved = memory.when(b.granted(when="07-20 10:00", applied=applied))[0]
    assert isinstance(reserved, RefundReserved)
    assert (reserved.fronted, reserved.clawback) == (True, within)


def test_virtual_lines_have_the_short_window_r3_6() -> None:
    memory = settled(b.line(kind="virtual"))
    reserved = memory.when(b.granted(when="06-13 00:00"))[0]
    assert isinstance(reserved, RefundReserved)
    assert not reserved.clawback


def test_the_window_is_the_one_promised_when_the_order_was_placed_r9_1() -> None:
    memory = settled()
    memory.policies = b.with_policy("payment", clawback_days=1, clawback_days_short=1)
    reserved = memory.when(b.granted(when=DAY_10))[0]
    assert isinstance(reserved, RefundReserved)
    assert reserved.clawback


def test_a_refund_without_an_application_time_is_judged_by_its_grant() -> None:
    memory = settled()
    reserved = memory.when(b.granted(when="06-21 00:00"))[0]
    assert isinstance(reserved, RefundReserved)
    assert not reserved.clawback


def test_granted_and_done_stay_within_what_was_paid_also_after_settlement_r3_5() -> None:
    memory = bank(b.order_paid(b.line(quantity=5)), b.granted("r0", 60_00, 3), b.refund_paid("r0"), b.order_completed())
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    memory.when(b.granted("r1", 40_01, when=DAY_10), b.granted("r2", 30_00, when=DAY_10), b.granted("r3", 30_00, when=DAY_10))
    assert [fact.code for fact in memory.facts if fact.type == "refund.refused"] == ["refund.exceeds_paid"] * 2  # type: ignore[attr-defined]


def test_a_refund_before_and_one_after_settlement_share_what_each_had_r3_4_r3_6() -> None:
    """40 out of escrow leave 57, 12 and 3; all of the rest after settlement takes exactly that back."""
    memory = bank(b.order_paid(b.line(quantity=5, subsidies={"platform": 20_00})), b.granted("r0", 40_00, 2), b.refund_paid("r0"))
    memory.policies = b.with_policy("payment", sweep=False)
    memory.when(b.order_completed())
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    facts = refund(memory, 60_00, quantity=3)
    assert shares(facts) == {"refund s1": 57_00, "clawback k1": 12_00}
    assert balances(memory) == {}


def test_what_the_seller_lacks_comes_from_its_deposit_and_then_is_a_debt_r3_6() -> None:
    memory = settled()
    memory.when(asks.registered(20_00), asks.topped_up(20_00), asks.withdrawal(90_00))
    facts = refund(memory)
    (debited,) = [fact for fact in facts if isinstance(fact, BalanceDebited) and fact.party == b.SELLER]
    assert (debited.from_balance_minor, debited.from_deposit_minor, debited.as_debt_minor, debited.debt_minor) == (
        5_00,
        20_00,
        13_00,
        13_00,
    )
    assert postings(debited.moves) == {SELLER: -5_00, DEPOSIT: -20_00, DEBT: -13_00, ADVANCE: 38_00}
    check(memory.rows["posting"])


def test_who_sells_what_they_promote_is_asked_for_both_parts_r3_6() -> None:
    memory = settled(b.line(promoter_id=b.SELLER))
    facts = refund(memory)
    assert shares(facts) == {"refund s1": 30_00, "clawback s1": 8_00}
    assert len({fact.charge_id for fact in facts if isinstance(fact, AccountCharged)}) == 2
    assert balances(memory) == {CASH: -60_00, COMMISSION: 3_00, SELLER: 57_00}


def test_a_line_that_others_paid_for_is_returned_by_units_without_a_provider_r3_6() -> None:
    memory = settled(b.line(quantity=2, paid_minor=0, subsidies={"platform": 7}))
    facts = refund(memory, 0)
    assert b.types(facts)[:3] == ["refund.reserved", "refund.done", "account.charged"]
    assert shares(facts) == {"refund s1": 3}
    assert balances(memory) == {SUBSIDY: -4, SELLER: 4}


def test_a_failed_refund_moves_nothing_and_asks_nobody_r3_5() -> None:
    memory = settled()
    before = balances(memory)
    assert b.types(memory.when(b.granted(when=DAY_10), b.refund_failed(when=DAY_10))) == [
        "refund.reserved",
        "refund.instructed",
        "refund.not_paid",
    ]
    assert balances(memory) == before
    assert shares(refund(memory, 100_00, "r2")) == {"refund s1": 95_00, "clawback k1": 20_00}


def test_a_provider_that_says_both_pays_and_charges_once_r3_5() -> None:
    memory = settled()
    refund(memory)
    before = balances(memory)
    memory.when(b.refund_failed(when="06-16 09:00"), b.refund_failed(when="06-16 10:00"), b.refund_paid(when="06-16 11:00"))
    assert (codes(memory), balances(memory)) == (["refund.contradicted", "refund.ended"], before)


def test_a_case_after_settlement_settles_nothing_again() -> None:
    memory = settled()
    memory.when(b.case_opened(when=DAY_10))
    refund(memory, 100_00)
    memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-16 10:00"))
    memory.advance(b.at("08-01 00:00"))
    assert len([fact for fact in memory.facts if isinstance(fact, LineSettled)]) == 1
    assert balances(memory) == {}


# the promoter's part: as a whole or not at all


def poor(balance: int = 5_00) -> Memory:
    """The promoter of a settled line has drawn all but this; a refund asks for 8.00."""
    memory = settled()
    memory.policies = b.POLICIES
    memory.when(asks.withdrawal(20_00 - balance).model_copy(update={"seller_id": b.PROMOTER}))
    refund(memory)
    return memory


def test_until_the_balance_suffices_nothing_is_taken_and_the_platform_fronts_it_r3_6() -> None:
    memory = poor()
    (delayed,) = [fact for fact in memory.facts if isinstance(fact, ClawbackDelayed)]
    assert (delayed.amount_minor, delayed.try_at) == (8_00, b.at("06-16 00:00"))
    assert balances(memory)[PROMOTER] == 5_00
    assert balances(memory)[ADVANCE] == -8_00


def test_it_is_tried_again_daily_r3_6() -> None:
    memory = poor()
    tried = [fact.occurred_at for fact in memory.advance(b.at("06-18 12:00")) if isinstance(fact, ClawbackDelayed)]
    assert tried == [b.at("06-16 00:00"), b.at("06-17 00:00"), b.at("06-18 00:00")]
    account_then = memory.entities[(ACCOUNT.name, b.PROMOTER)][1]
    assert next(iter(account_then.purses["CNY"].clawbacks.values())).amount_minor == 8_00


def test_it_is_tried_at_each_credit_and_taken_as_a_whole_r3_6() -> None:
    memory = poor()
    assert b.types(memory.when(b.credited(2_99, b.PROMOTER, "06-15 11:00", order_id="o2"))) == ["balance.credited"]
    facts = memory.when(b.credited(1, b.PROMOTER, "06-15 12:00", order_id="o3"))
    assert b.types(facts) == ["balance.credited", "balance.debited"]
    assert balances(memory).get(ADVANCE, 0) == 0
    assert not any(place[0] == "clawback.due" for place in memory.armed)


def test_no_younger_clawback_overtakes_the_oldest_r3_6() -> None:
    memory = poor()
    memory.when(asks.charged(1_00, "clawback", "small", "06-15 11:00", party=b.PROMOTER))
    assert balances(memory)[PROMOTER] == 5_00
    facts = memory.when(b.credited(4_00, b.PROMOTER, "06-15 12:00", order_id="o2"))
    assert [fact.amount_minor for fact in facts if isinstance(fact, BalanceDebited)] == [8_00, 1_00]
    assert account(memory, b.PROMOTER).purses["CNY"].available_minor == 0


def test_while_a_clawback_waits_no_sweep_pays_out_r3_6() -> None:
    """It is paid out at the midnight after the clawback was taken."""
    memory = poor()
    memory.when(b.credited(2_00, b.PROMOTER, "06-15 11:00", order_id="o2"))
    assert [fact for fact in memory.advance(b.at("06-20 12:00")) if isinstance(fact, PayoutInstructed) and fact.party == b.PROMOTER] == []
    memory.when(b.credited(3_00, b.PROMOTER, "06-20 13:00", order_id="o3"))
    (swept,) = [fact for fact in memory.advance(b.at("06-22 00:01")) if isinstance(fact, PayoutInstructed) and fact.party == b.PROMOTER]
    assert (swept.amount_minor, swept.occurred_at) == (2_00, b.at("06-21 00:00"))


def test_a_clawback_told_twice_in_a_day_is_tried_under_two_deadlines() -> None:
    """A deadline names its effects: one midnight is never used twice."""
    memory = poor()
    memory.advance(b.at("06-16 00:01"))
    memory.when(b.credited(3_00, b.PROMOTER, "06-16 09:00", order_id="o2"))
    memory.when(asks.charged(9_00, "clawback", "late-told", "06-15 23:00", party=b.PROMOTER))
    (timer,) = [timer for place, timer in memory.armed.items() if place[0] == "clawback.due"]
    assert timer.occurred_at == b.at("06-17 00:00")


def test_one_told_late_is_tried_after_the_last_that_was_taken_r3_6() -> None:
    memory = poor()
    memory.when(b.credited(3_00, b.PROMOTER, "06-17 11:00", order_id="o2"))
    memory.when(asks.charged(8_00, "clawback", "late-told", "06-15 23:00", party=b.PROMOTER))
    assert account(memory, b.PROMOTER).purses["CNY"].try_at == b.at("06-18 00:00")


def test_what_else_was_charged_is_no_try_r3_6() -> None:
    memory = bank(asks.charged(1_00, "refund", "later", "06-20 10:00", party=b.PROMOTER))
    memory.when(asks.charged(8_00, "clawback", "c1", "06-15 10:00", party=b.PROMOTER))
    assert account(memory, b.PROMOTER).purses["CNY"].try_at == b.at("06-16 00:00")


def test_confirmed_lines_only_are_settled_so_every_clawback_has_its_window() -> None:
    memory = confirmed()
    memory.advance(b.at("06-12 00:01"))
    assert all(line.confirmed_at is not None for line in payment(memory).lines.values() if line.settled)
