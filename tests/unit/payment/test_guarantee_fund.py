"""Refunds that the platform's own guarantee pays: out of its fund, the line as if nothing had been refunded. Source: R4.6, R3.5, R3.8."""

from __future__ import annotations

from typing import Any

from shared.contracts.chargeback import RefundHeld
from shared.contracts.payment import LineSettled, RefundReserved
from shared.contracts.refund import RefundGranted
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.bank import (
    CASH,
    COMMISSION,
    ESCROW,
    SUBSIDY,
    balances,
    bank,
    check,
    codes,
    confirmed,
    example,
    funded,
    payment,
    postings,
)
from tests.unit.payment.disputes import CONTESTED, closed, opened

FUND = "platform:guarantee_fund"


def by_fund(*args: Any, **fields: Any) -> RefundGranted:
    return b.granted(*args, **fields).model_copy(update={"funder": "platform"})


def refused(memory: Memory) -> list[str]:
    return [fact.code for fact in memory.facts if fact.type == "refund.refused"]  # type: ignore[attr-defined]


def settled(memory: Memory) -> list[LineSettled]:
    return [fact for fact in memory.facts if isinstance(fact, LineSettled)]


def test_the_fund_pays_the_buyer_and_escrow_keeps_all_r4_6() -> None:
    memory = funded(example())
    reserved, instructed = memory.when(by_fund())
    assert isinstance(reserved, RefundReserved)
    assert (reserved.funder, reserved.buyer_minor, reserved.platform_minor, reserved.promoter_minor) == ("platform", 40_00, 0, 0)
    assert instructed.type == "refund.instructed"
    done = b.only(memory.when(b.refund_paid()))
    assert postings(done.moves) == {FUND: -40_00, CASH: 40_00}
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -20_00, ESCROW: 120_00, FUND: -40_00}
    check(memory.rows["posting"])


def test_the_line_settles_as_if_not_refunded_r4_6() -> None:
    """R3.3's example, refunded in full by the fund: seller 95, promoter 20, platform 5 as ever."""
    memory = confirmed(example())
    memory.when(by_fund(amount_minor=100_00), b.refund_paid())
    memory.advance(b.at("06-13 00:00"))
    (line,) = settled(memory)
    assert (line.seller_minor, line.promoter_minor, line.platform_minor) == (95_00, 20_00, 5_00)
    after = balances(memory)
    assert (after[FUND], after[COMMISSION], after[SUBSIDY], after.get(ESCROW, 0)) == (-100_00, 5_00, -20_00, 0)
    check(memory.rows["posting"])


def test_after_settlement_nobody_is_charged_r4_6() -> None:
    memory = confirmed(example())
    memory.advance(b.at("06-12 00:01"))
    before = len(memory.facts)
    memory.when(by_fund(when="06-20 10:00"), b.refund_paid(when="06-20 11:00"))
    assert b.types(memory.facts[before:]) == ["refund.reserved", "refund.instructed", "refund.done"]
    assert balances(memory)[FUND] == -40_00
    assert not payment(memory).refunds["r1"].fronted


def test_it_counts_toward_what_was_paid_r3_5() -> None:
    memory = funded(b.line(quantity=5))
    memory.when(by_fund("r1", 60_00, 3), b.granted("r2", 60_00, 2), b.granted("r3", 40_00, 2), by_fund("r4", 1, 1))
    assert refused(memory) == ["refund.exceeds_paid", "refund.exceeds_paid"]


def test_units_that_it_paid_for_no_case_gives_back_again_r3_5() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(by_fund("r1", 30_00, 1), b.granted("r2", 50_00, 2))
    assert refused(memory) == ["refund.quantity_exceeds"]


def test_what_others_pay_later_is_split_as_if_the_fund_had_paid_nothing_r3_4() -> None:
    """40 by the fund, then 40 of the line's own: 8 of the subsidy of 20 go back with those, none with the fund's."""
    memory = funded(b.line(quantity=5, subsidies={"platform": 20_00}))
    memory.when(by_fund("r1", 40_00, 2), b.refund_paid("r1"), b.granted("r2", 40_00, 2), b.refund_paid("r2"))
    assert balances(memory) == {CASH: -20_00, SUBSIDY: -12_00, ESCROW: 72_00, FUND: -40_00}


def test_after_settlement_others_still_return_their_whole_shares_r3_6() -> None:
    memory = confirmed(b.line(quantity=2, subsidies={"platform": 20_00}))
    memory.when(by_fund("r1", 50_00, 1), b.refund_paid("r1"))
    memory.advance(b.at("06-12 00:01"))
    memory.when(b.granted("r2", 50_00, 1, when="06-14 10:00"), b.refund_paid("r2", when="06-14 11:00"))
    refund = payment(memory).refunds["r2"]
    assert (refund.fronted, refund.commission_minor, refund.fee_minor, refund.platform_minor) == (True, 10_00, 2_50, 10_00)


def test_a_refusal_of_the_provider_moves_nothing_and_can_be_tried_again_r3_5() -> None:
    memory = funded(example())
    memory.when(by_fund("r1", 100_00), b.refund_failed("r1"), b.refund_failed("r1"), by_fund("r1", 100_00), by_fund("r2", 100_00))
    assert codes(memory) == ["refund.ended", "refund.known"]
    memory.when(b.refund_paid("r2"), b.refund_paid("r2"))
    assert balances(memory)[FUND] == -100_00


def test_its_silence_is_announced_r3_5() -> None:
    memory = funded(example())
    memory.when(by_fund())
    assert "refund.overdue" in b.types(memory.advance(b.at("06-12 00:00")))


def test_nothing_to_pay_is_done_at_once() -> None:
    memory = funded(b.line(paid_minor=0, subsidies={"platform": 20_00}))
    facts = memory.when(by_fund(amount_minor=0))
    assert b.types(facts) == ["refund.reserved", "refund.done"]
    assert balances(memory) == {SUBSIDY: -20_00, ESCROW: 20_00}


def test_a_chargeback_of_what_the_fund_paid_is_contested_r3_8() -> None:
    """The buyer has it already: the bank may take the rest alone."""
    memory = funded(example())
    memory.when(by_fund(), b.refund_paid(), opened(100_00, when="06-09 10:00"), closed("lost", when="06-20 10:00"))
    assert balances(memory) == {CASH: 40_00, CONTESTED: -40_00, FUND: -40_00, ESCROW: 48_00, SUBSIDY: -8_00}


def test_held_by_a_chargeback_it_stays_the_funds_r3_8() -> None:
    memory = bank(b.order_paid(example()), opened(50_00, when="06-07 10:00"))
    (held,) = memory.when(by_fund())
    assert isinstance(held, RefundHeld)
    assert held.funder == "platform"
    memory.when(closed("won", when="06-20 10:00"), b.refund_paid(when="06-20 11:00"))
    assert balances(memory)[FUND] == -40_00


def test_the_last_units_that_a_case_returns_are_the_buyers_alone_where_the_fund_paid_for_others_r4_6_r1_4() -> None:
    """Three units: a case paid one, the fund one; the third is nobody's but the buyer's, and what the fund gave settles."""
    memory = confirmed(b.line(paid_minor=90_00, quantity=3))
    memory.when(b.granted("r1", 30_00), b.refund_paid("r1"), by_fund("r2", 30_00), b.refund_paid("r2"), b.granted("r3", 30_00))
    last = [fact for fact in memory.facts if isinstance(fact, RefundReserved)][-1]
    assert (last.refund_id, last.buyer_minor, last.fund_minor) == ("r3", 30_00, 0)
    memory.when(b.refund_paid("r3"))
    memory.advance(b.at("06-13 00:00"))
    (line,) = settled(memory)
    assert line.seller_minor + line.promoter_minor + line.platform_minor == 30_00
    assert balances(memory)[FUND] == -30_00
