"""What a case brings beside its refund, at payment: compensations as any other, and a seller's money after a won appeal.

Source: R3.5, R4.9, R4.11.
"""

from __future__ import annotations

import pytest

from shared.contracts.owed import CompensationGranted, ReimbursementGranted, ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import AccountCharged, AccountCredited, CompensationInstructed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import SELLER, balances, check, codes, confirmed, example, funded, hand_over, postings, waiting

FUND = "platform:guarantee_fund"


def owed(
    amount_minor: int = 300_00, compensation_id: str = "comp1", currency: str = "CNY", when: str = "06-08 12:00"
) -> CompensationGranted:
    return CompensationGranted(
        order_id=b.ORDER,
        case_id=b.CASE,
        line_no=1,
        compensation_id=compensation_id,
        payee=b.BUYER,
        payer=b.SELLER,
        currency=currency,
        amount_minor=amount_minor,
        why="statutory",
        rule="R4.9",
        occurred_at=b.at(when),
    )


def won(refund_id: str | None = "r1", *compensation_ids: str, when: str = "06-20 12:00", line_no: int = 1) -> ReimbursementGranted:
    return ReimbursementGranted(
        order_id=b.ORDER,
        case_id=b.CASE,
        line_no=line_no,
        reimbursement_id="back1",
        seller_id=b.SELLER,
        refund_id=refund_id,
        compensation_ids=compensation_ids,
        rule="R4.11",
        occurred_at=b.at(when),
    )


def paid(memory: Memory, when: str = "06-08 13:00") -> tuple[Message, ...]:
    return memory.when(asks.compensation_paid("comp1", when=when))


def test_a_compensation_of_a_case_is_paid_once_from_the_seller_beyond_any_ceiling_r3_5_r4_9() -> None:
    memory = funded()
    fact: CompensationInstructed = b.only(memory.when(owed()))
    assert (fact.payee, fact.payer, fact.amount_minor, fact.rule) == (b.BUYER, b.SELLER, 300_00, "R4.9")
    done, charged = paid(memory)
    assert isinstance(charged, AccountCharged)
    assert (done.type, charged.party, charged.amount_minor, charged.reason) == ("compensation.done", b.SELLER, 300_00, "compensation")
    memory.when(owed(when="06-09 12:00"), owed(compensation_id="comp2", currency="USD"))
    assert codes(memory) == ["compensation.known", "compensation.currency_differs"]
    assert b.types(memory.when(b.granted(amount_minor=100_00))) == ["refund.reserved", "refund.instructed"]


def test_a_compensation_that_overtook_the_payment_waits_r2_1() -> None:
    memory = Memory(funded().service, b.POLICIES)
    memory.when(owed())
    assert waiting(memory) == ["payment.before_escrow"]


def test_the_platform_pays_what_refund_and_compensation_cost_the_seller_r4_11() -> None:
    """R3.4's example: of a refund of 40 the subsidy's 8 goes back, commission 8 and fee 2 are spared: it cost the seller 38."""
    memory = funded(example())
    memory.when(b.granted(amount_minor=40_00), b.refund_paid(), owed())
    paid(memory)
    fact, credit = memory.when(won("r1", "comp1"))
    assert isinstance(fact, SellerReimbursed)
    assert (fact.refund_minor, fact.compensations_minor) == (38_00, 300_00)
    assert postings(fact.moves) == {FUND: -338_00, SELLER: 338_00}
    assert isinstance(credit, AccountCredited)
    assert (credit.party, credit.amount_minor) == (b.SELLER, 338_00)
    check(memory.rows["posting"])


def test_a_refund_by_which_the_seller_has_more_costs_the_platform_nothing_r4_11_r3_3() -> None:
    """Of 99.99 in place of 100.00 commission and fee are a fen less each. What the case cost beside it is paid in full."""
    memory = funded()
    memory.when(b.granted(amount_minor=1), b.refund_paid())
    assert memory.when(won()) == ()
    memory.when(owed(2_00))
    paid(memory)
    (fact, _) = memory.when(won("r1", "comp1"))
    assert isinstance(fact, SellerReimbursed)
    assert (fact.refund_minor, fact.compensations_minor) == (0, 2_00)


def test_with_it_the_seller_has_what_it_would_have_had_r4_11() -> None:
    undisputed, lost = confirmed(example()), confirmed(example())
    lost.when(b.granted(amount_minor=40_00), b.refund_paid(), won())
    for memory in (undisputed, lost):
        memory.advance(b.at("06-12 00:00:05"))
    assert balances(undisputed)[SELLER] == 95_00
    assert (balances(lost)[SELLER], balances(lost)[FUND]) == (95_00, -38_00)


def test_after_settlement_it_is_what_the_seller_was_charged_r4_11_r3_6() -> None:
    """R3.6's example: refund 40 on day 10: seller 38, promoter 8, platform fee 2 give buyer 40 and subsidy back 8."""
    memory = confirmed(example())
    memory.advance(b.at("06-12 00:00:05"))
    facts = memory.when(b.granted(amount_minor=40_00, when="06-15 09:00"), b.refund_paid(when="06-15 10:00"))
    (charged,) = (one for one in facts if isinstance(one, AccountCharged) and one.party == b.SELLER)
    fact, _ = memory.when(won())
    assert isinstance(fact, SellerReimbursed)
    assert fact.refund_minor == charged.amount_minor == 38_00


def test_what_went_back_after_settlement_does_not_change_what_the_settlement_was_less_by_r4_11_r3_3() -> None:
    """Of 99.97 in place of 100.00 commission and fee are a fen less each: 3 fen cost the seller 1. What follows costs by itself."""
    memory = confirmed(b.line(quantity=2))
    memory.when(b.granted(amount_minor=3), b.refund_paid())
    hand_over(memory, memory.advance(b.at("06-12 00:00:05")))
    memory.when(b.granted("r2", 3, when="06-15 09:00"), b.refund_paid("r2", when="06-15 10:00"))
    fact, _ = memory.when(won())
    assert isinstance(fact, SellerReimbursed)
    assert fact.refund_minor == 1


def test_it_is_paid_once_r4_11() -> None:
    memory = funded()
    memory.when(b.granted(amount_minor=40_00), b.refund_paid(), won(), won(when="06-21 12:00"))
    assert codes(memory) == ["reimbursement.known"]
    assert sum(isinstance(fact, SellerReimbursed) for fact in memory.facts) == 1


@pytest.mark.parametrize("before", [(), (b.granted(amount_minor=40_00),)])
def test_what_the_provider_has_not_answered_is_waited_for_r4_11(before: tuple[Message, ...]) -> None:
    memory = funded()
    memory.when(*before, won())
    assert waiting(memory) == ["reimbursement.before_answer"]
    memory.when(*([b.granted(amount_minor=40_00)] if not before else []), b.refund_paid())
    assert memory.facts[-1].type == "account.credited"


def test_what_was_not_paid_cost_nothing_yet_r4_11() -> None:
    memory = funded()
    memory.when(b.granted(amount_minor=40_00), b.refund_failed(), owed(), asks.compensation_failed("comp1"))
    (fact,) = memory.when(won("r1", "comp1"))
    assert isinstance(fact, ReimbursementOutstanding)
    assert (fact.refund_id, fact.compensation_ids, codes(memory)) == ("r1", ("comp1",), [])


def test_what_is_outstanding_is_known_as_well_r4_11() -> None:
    memory = funded()
    memory.when(owed(), asks.compensation_failed("comp1"), won(None, "comp1"))
    assert (memory.when(won(None, "comp1", when="06-21 12:00")), codes(memory)) == ((), ["reimbursement.known"])


def test_what_is_decided_otherwise_is_not_outstanding_r4_11_r3_5() -> None:
    """Granted again under its next id, the first try costs nobody anything any more."""
    memory = funded()
    memory.when(
        b.granted(amount_minor=40_00), b.refund_failed(), b.granted("r2", 40_00, when="06-09 10:00").model_copy(update={"again_of": "r1"})
    )
    assert (memory.when(won("r1")), codes(memory)) == ((), [])


def test_a_line_that_is_not_there_and_a_payment_that_has_not_come_r2_1() -> None:
    memory = funded()
    memory.when(won(line_no=2))
    assert codes(memory) == ["line.unknown"]
    early = Memory(memory.service, b.POLICIES)
    early.when(won())
    assert waiting(early) == ["payment.before_escrow"]


def test_it_reaches_the_sellers_account_r4_11() -> None:
    memory = funded()
    memory.when(b.granted(amount_minor=40_00), b.refund_paid())
    _, credit = memory.when(won())
    hand_over(memory, (credit,))
    assert any(fact.type == "balance.credited" for fact in memory.facts)


def test_what_the_fund_paid_cost_the_seller_nothing_r4_11_r4_6() -> None:
    memory = funded(example())
    memory.when(b.granted(amount_minor=40_00).model_copy(update={"funder": "platform"}), b.refund_paid(), owed())
    paid(memory)
    fact, _ = memory.when(won("r1", "comp1"))
    assert isinstance(fact, SellerReimbursed)
    assert (fact.refund_minor, fact.compensations_minor) == (0, 300_00)
