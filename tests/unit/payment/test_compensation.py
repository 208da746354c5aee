"""What a buyer is owed beside any refund: paid once, at the seller's cost. Source: R3.5, R2.4."""

from __future__ import annotations

import pytest

from shared.contracts.payment import AccountCharged, CompensationInstructed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import ADVANCE, CASH, DEBT, ESCROW, balances, bank, check, codes, funded, hand_over, payment, postings, waiting


def asked() -> Memory:
    memory = funded()
    memory.when(asks.shipping_late())
    return memory


def test_a_compensation_is_instructed_first_and_nothing_moves_yet_r3_5() -> None:
    memory = funded()
    fact: CompensationInstructed = b.only(memory.when(asks.shipping_late()))
    assert (fact.payee, fact.payer, fact.amount_minor, fact.currency, fact.rule) == (b.BUYER, b.SELLER, 10_00, "CNY", "R2.4")
    assert fact.payment_id == b.PAYMENT_ID
    assert balances(memory) == {CASH: -100_00, ESCROW: 100_00}


def test_when_it_is_paid_the_seller_is_charged_balance_deposit_debt_r3_5() -> None:
    memory = asked()
    done, charged = memory.when(asks.compensation_paid())
    assert postings(done.moves) == {ADVANCE: -10_00, CASH: 10_00}  # type: ignore[attr-defined]
    assert isinstance(charged, AccountCharged)
    assert (charged.party, charged.amount_minor, charged.reason) == (b.SELLER, 10_00, "compensation")
    hand_over(memory, (charged,))
    assert balances(memory) == {CASH: -90_00, ESCROW: 100_00, DEBT: -10_00}
    check(memory.rows["posting"])


def test_it_counts_toward_no_ceiling_of_refunds_r3_5() -> None:
    memory = asked()
    memory.when(asks.compensation_paid())
    assert b.types(memory.when(b.granted(amount_minor=100_00))) == ["refund.reserved", "refund.instructed"]


def test_a_compensation_id_pays_once_r3_5() -> None:
    memory = asked()
    memory.when(asks.shipping_late(when="06-03 11:00"), asks.compensation_paid(), asks.shipping_late(when="06-05 11:00"))
    assert codes(memory) == ["compensation.known"] * 2
    assert len([fact for fact in memory.facts if isinstance(fact, CompensationInstructed)]) == 1


def test_one_that_the_provider_did_not_pay_is_announced_and_nothing_moved_r3_5() -> None:
    memory = asked()
    fact = b.only(memory.when(asks.compensation_failed()))
    assert (fact.type, fact.reason) == ("compensation.not_paid", "account closed")
    assert balances(memory) == {CASH: -100_00, ESCROW: 100_00}


ANSWERS = {
    "paid twice": ((asks.compensation_paid(), asks.compensation_paid(when="06-04 11:00")), "compensation.ended"),
    "refused twice": ((asks.compensation_failed(), asks.compensation_failed(when="06-04 11:00")), "compensation.ended"),
    "refused after paid, twice": (
        (asks.compensation_paid(), asks.compensation_failed(), asks.compensation_failed(when="06-04 11:00")), "compensation.contradicted",
    ),
    "paid after refused, twice": (
        (asks.compensation_failed(), asks.compensation_paid(), asks.compensation_paid(when="06-04 11:00")), "compensation.contradicted",
    ),
    "never instructed, paid": ((asks.compensation_paid("x"),), "compensation.unknown"),
    "never instructed, refused": ((asks.compensation_failed("x"),), "compensation.unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "code"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_not_expected_moves_nothing_and_says_so_r3_5(answers: tuple[Message, ...], code: str) -> None:
    memory = asked()
    memory.when(*answers[:-1])
    before = balances(memory), payment(memory)
    assert memory.when(answers[-1]) == ()
    assert (codes(memory), (balances(memory), payment(memory))) == ([code], before)


def test_what_is_due_may_come_to_nothing() -> None:
    memory = funded()
    assert (memory.when(asks.shipping_late(0)), memory.refused) == ((), [])


def test_another_currency_than_the_order_s_is_refused() -> None:
    memory = funded()
    memory.when(asks.shipping_late(currency="USD"))
    assert codes(memory) == ["compensation.currency_differs"]


def test_one_that_comes_before_its_escrow_waits_r2_1() -> None:
    memory = bank(asks.shipping_late())
    assert waiting(memory) == ["payment.before_escrow"]
    assert b.types(memory.when(b.order_paid())) == ["escrow.funded", "compensation.instructed"]
    assert balances(bank(asks.compensation_paid())) == {}
