"""A chargeback that is lost after settlement: fronted, and borne by its parties as a refund would be. Source: R3.8, R3.6."""

from __future__ import annotations

from shared.contracts.chargeback import ChargebackDebited
from shared.contracts.payment import BalanceDebited, ClawbackDelayed
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import (
    ADVANCE,
    CASH,
    COMMISSION,
    DEBT,
    DEPOSIT,
    ESCROW,
    PROMOTER,
    SELLER,
    SUBSIDY,
    balances,
    bank,
    check,
    codes,
    hand_over,
    postings,
)
from tests.unit.payment.disputes import CONTESTED, closed, opened
from tests.unit.payment.test_after_settlement import DAY_10, refund, settled, shares, told


def test_within_the_window_seller_promoter_and_platform_return_their_shares_r3_8_r3_6() -> None:
    """40 of R3.3's example, opened on day 10 and lost weeks later: 38, 8 and 2, as of a refund of 40."""
    memory = settled()
    facts = told(memory, opened(40_00, when=DAY_10), closed("lost"))
    debited = next(fact for fact in facts if isinstance(fact, ChargebackDebited))
    assert postings(debited.moves) == {ADVANCE: -46_00, COMMISSION: -2_00, CASH: 40_00, SUBSIDY: 8_00}
    assert shares(facts) == {"chargeback s1": 38_00, "clawback k1": 8_00}
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -12_00, SELLER: 57_00, COMMISSION: 3_00, PROMOTER: 12_00}
    check(memory.rows["posting"])


def test_opened_after_the_window_the_seller_bears_all_r3_6() -> None:
    memory = settled()
    assert shares(told(memory, opened(40_00, when="06-25 10:00"), closed("lost"))) == {"chargeback s1": 48_00}
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -12_00, SELLER: 47_00, COMMISSION: 5_00, PROMOTER: 20_00}


def test_the_seller_pays_from_its_balance_then_its_deposit_then_owes_it_r3_8_r3_6() -> None:
    memory = settled(b.line(promoter_id=None, fee_bp=0))
    memory.when(asks.withdrawal(70_00, when="06-13 10:00"), asks.registered(20_00), asks.topped_up(20_00))
    facts = told(memory, opened(when=DAY_10), closed("lost"))
    debited = next(fact for fact in facts if isinstance(fact, BalanceDebited))
    assert (debited.reason, debited.from_balance_minor, debited.from_deposit_minor, debited.as_debt_minor) == (
        "chargeback", 30_00, 20_00, 50_00,
    )  # fmt: skip
    assert {name: amount for name, amount in balances(memory).items() if name in (SELLER, DEPOSIT, DEBT, ADVANCE)} == {DEBT: -50_00}


def test_the_promoter_returns_its_share_as_a_whole_or_not_at_all_r3_6() -> None:
    memory = settled()
    memory.when(asks.charged(15_00, party=b.PROMOTER, when="06-14 10:00"))
    facts = told(memory, opened(40_00, when=DAY_10), closed("lost"))
    assert [fact.amount_minor for fact in facts if isinstance(fact, ClawbackDelayed)] == [8_00]
    assert balances(memory)[PROMOTER] == 5_00


def test_won_nobody_pays_anything_and_lost_again_neither_r3_8() -> None:
    memory = settled()
    before = balances(memory)
    assert b.types(told(memory, opened(40_00, when=DAY_10), closed("won"), closed("lost"))) == ["chargeback.received", "chargeback.ended"]
    assert (balances(memory), codes(memory)) == (before, ["chargeback.contradicted"])


def test_refunds_and_chargebacks_of_a_settled_line_together_return_exactly_what_each_party_had_r3_6() -> None:
    """40 by a refund, the other 60 by the bank: promoter and platform end with nothing, and so does everyone."""
    memory = settled()
    refund(memory)
    told(memory, opened(60_00, when=DAY_10), closed("lost"))
    assert balances(memory) == {}
    check(memory.rows["posting"])


def test_a_refund_submitted_before_is_done_once_and_counts_though_it_was_answered_while_frozen_r3_8() -> None:
    memory = settled()
    told(memory, b.granted(when=DAY_10), opened(when=DAY_10), b.refund_paid(when=DAY_10), closed("lost"))
    assert balances(memory) == {CASH: 40_00, CONTESTED: -40_00}
    assert codes(memory) == []


def test_with_one_of_two_lines_settled_it_takes_from_the_parties_and_from_escrow_r3_8() -> None:
    memory = bank(b.order_paid(b.line(1), b.line(2)), b.order_completed(1))
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    assert balances(memory)[ESCROW] == 100_00
    facts = told(memory, opened(200_00, when="06-12 10:00"), closed("lost"))
    assert [(part.line_no, part.fronted) for fact in facts if isinstance(fact, ChargebackDebited) for part in fact.parts] == [
        (1, True), (2, False),
    ]  # fmt: skip
    assert shares(facts) == {"chargeback s1": 75_00, "clawback k1": 20_00}
    assert balances(memory) == {}
