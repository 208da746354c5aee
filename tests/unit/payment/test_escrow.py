"""Money comes in: into escrow, or on its way back. Source: R2.2, R2.3, R3.1, R3.2."""

from __future__ import annotations

import pytest

from shared.contracts.payment import EscrowFunded, RefundInstructed, UnwantedReceived
from shared.contracts.subsidy import SubsidyCharged
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import CASH, ESCROW, SUBSIDY, balances, bank, check, codes, funded, payment, postings, waiting

BACK = f"unwanted:{b.ORDER}"


def test_the_buyers_money_and_the_subsidies_enter_escrow_r3_2() -> None:
    memory = bank()
    line = b.line(subsidies={"seller": 7_00, "platform": 20_00, "promoter": 3_00})
    fact, asked = memory.when(b.order_paid(line))
    assert isinstance(fact, EscrowFunded)
    assert isinstance(asked, SubsidyCharged)
    assert postings(fact.moves) == {CASH: -100_00, ESCROW: 123_00, SUBSIDY: -20_00, f"promoter_subsidy:{b.PROMOTER}": -3_00}
    assert (asked.party, asked.amount_minor, asked.order_id) == (b.PROMOTER, 3_00, b.ORDER)
    assert (fact.payment_id, fact.settle_days, fact.zone, fact.occurred_at) == (b.PAYMENT_ID, 7, b.ZONE, b.at(b.PAID))
    check(memory.rows["posting"])


def test_each_promoter_pays_its_own_subsidy() -> None:
    lines = b.line(1, subsidies={"promoter": 3_00}), b.line(2, promoter_id="k2", subsidies={"promoter": 4_00})
    assert balances(funded(*lines)) == {CASH: -200_00, ESCROW: 207_00, "promoter_subsidy:k1": -3_00, "promoter_subsidy:k2": -4_00}


def test_a_sellers_own_reduction_brings_no_money_in_r3_2() -> None:
    assert balances(funded(b.line(subsidies={"seller": 7_00}))) == {CASH: -100_00, ESCROW: 100_00}


def test_an_order_that_the_platform_pays_for_has_an_escrow_of_subsidies() -> None:
    assert balances(funded(b.line(paid_minor=0, subsidies={"platform": 100_00}))) == {ESCROW: 100_00, SUBSIDY: -100_00}


def test_an_order_that_the_seller_pays_for_moves_no_money() -> None:
    memory = funded(b.line(paid_minor=0, subsidies={"seller": 100_00}))
    assert (b.types(memory.facts), memory.rows) == (["escrow.funded"], {})


def test_an_order_is_funded_once() -> None:
    memory = funded()
    assert memory.when(b.order_paid(when="06-01 10:20")) == ()
    assert codes(memory) == ["escrow.exists"]
    assert balances(memory) == {CASH: -100_00, ESCROW: 100_00}


def test_unwanted_money_is_kept_apart_and_sent_back_in_full_r2_2() -> None:
    memory = bank()
    received, instructed = memory.when(b.payment_unwanted())
    assert isinstance(received, UnwantedReceived)
    assert isinstance(instructed, RefundInstructed)
    assert postings(received.moves) == {CASH: -100_00, BACK: 100_00}
    assert (instructed.refund_id, instructed.payment_id, instructed.amount_minor) == (received.refund_id, "pay2", 100_00)


def test_unwanted_money_leaves_when_the_provider_paid_it_back() -> None:
    memory = bank()
    refund_id = memory.when(b.payment_unwanted())[1].refund_id  # type: ignore[attr-defined]
    fact = b.only(memory.when(b.refund_paid(refund_id)))
    assert (fact.type, fact.line_no, fact.amount_minor, postings(fact.moves)) == (
        "refund.done",
        None,
        100_00,
        {BACK: -100_00, CASH: 100_00},
    )
    assert balances(memory) == {}


def test_unwanted_money_that_cannot_be_paid_back_stays_for_a_person() -> None:
    memory = bank()
    refund_id = memory.when(b.payment_unwanted())[1].refund_id  # type: ignore[attr-defined]
    assert b.types(memory.when(b.refund_failed(refund_id))) == ["refund.not_paid"]
    assert balances(memory) == {CASH: -100_00, BACK: 100_00}


def test_the_same_unwanted_payment_goes_back_once_r2_2() -> None:
    memory = bank(b.payment_unwanted())
    assert memory.when(b.payment_unwanted(when="06-01 10:20")) == ()
    assert codes(memory) == ["payment.known"]


def test_two_unwanted_payments_go_back_one_by_one_each_in_its_currency() -> None:
    memory = bank(b.payment_unwanted("pay2"), b.payment_unwanted("pay3", 50, "USD"), b.payment_unwanted("pay4", 100_00))
    ids = [fact.refund_id for fact in memory.facts if isinstance(fact, RefundInstructed)]
    assert len(set(ids)) == 3
    memory.when(b.refund_paid(ids[1]))
    usd = [(row[2], row[4]) for row in memory.rows["posting"] if row[3] == "USD"]
    assert usd == [(CASH, -50), (BACK, 50), (BACK, -50), (CASH, 50)]


def test_unwanted_money_before_and_after_the_wanted_one_touches_no_escrow() -> None:
    memory = bank(b.payment_unwanted("pay0", 1), b.order_paid(), b.payment_unwanted("pay2"))
    assert balances(memory) == {CASH: -200_01, BACK: 100_01, ESCROW: 100_00}
    assert payment(memory).payment_id == b.PAYMENT_ID


OVERTAKING = [
    b.order_completed(), b.case_opened(), b.case_closed(), b.granted(), b.units_cancelled((1, 1, 100_00)), asks.shipping_late(),
]  # fmt: skip


@pytest.mark.parametrize("event", OVERTAKING, ids=b.types(OVERTAKING))
def test_what_overtakes_the_escrow_waits_for_it_though_unwanted_money_came_before_r2_1(event: Message) -> None:
    """The order is known here by then, and none of its lines is."""
    memory = bank(b.payment_unwanted("pay0", 99_00))
    assert (memory.when(event), len(waiting(memory)), codes(memory)) == ((), 1, [])
    memory.when(b.order_paid(b.line(1)), b.case_opened())
    assert (waiting(memory), [code for code in codes(memory) if code != "case.known"]) == ([], [])
