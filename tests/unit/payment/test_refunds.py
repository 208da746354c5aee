"""Refunds before settlement: within what was paid, once, each funder's part back to it. Source: R1.4, R3.4, R3.5."""

from __future__ import annotations

import pytest

from shared.contracts.payment import RefundReserved
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import (
    CASH,
    ESCROW,
    SUBSIDY,
    balances,
    bank,
    check,
    codes,
    example,
    funded,
    payment,
    postings,
    waiting,
)


def refused(memory: Memory) -> list[str]:
    return [fact.code for fact in memory.facts if fact.type == "refund.refused"]  # type: ignore[attr-defined]


def units(quantity: int, paid_minor: int = 100_00, platform: int = 20_00, promoter: int = 0) -> Memory:
    shares = {"platform": platform, "promoter": promoter}
    return funded(b.line(quantity=quantity, paid_minor=paid_minor, subsidies={name: share for name, share in shares.items() if share}))  # type: ignore[misc]


def test_a_granted_refund_is_reserved_and_instructed_and_nothing_moves_yet_r3_5() -> None:
    memory = funded(example())
    reserved, instructed = memory.when(b.granted())
    assert isinstance(reserved, RefundReserved)
    assert (reserved.buyer_minor, reserved.platform_minor, reserved.promoter_minor, reserved.quantity) == (40_00, 8_00, 0, 1)
    assert (instructed.type, instructed.amount_minor, instructed.payment_id) == ("refund.instructed", 40_00, b.PAYMENT_ID)  # type: ignore[attr-defined]
    assert balances(memory) == {CASH: -100_00, SUBSIDY: -20_00, ESCROW: 120_00}


def test_a_refund_of_40_brings_8_of_the_subsidy_back_to_its_funder_r3_4() -> None:
    memory = funded(example())
    memory.when(b.granted())
    fact = b.only(memory.when(b.refund_paid()))
    assert (fact.type, fact.line_no, fact.amount_minor, fact.occurred_at) == ("refund.done", 1, 40_00, b.at("06-08 10:00"))
    assert postings(fact.moves) == {ESCROW: -48_00, CASH: 40_00, SUBSIDY: 8_00}


def test_a_promoters_subsidy_goes_back_to_the_promoter_r3_4() -> None:
    memory = funded(b.line(subsidies={"promoter": 10_00}))
    memory.when(b.granted(amount_minor=100_00), b.refund_paid())
    assert balances(memory) == {}


def test_two_refunds_of_30_on_40_left_pay_once_r3_5() -> None:
    memory = units(5)
    memory.when(b.granted("r0", 60_00, 3), b.granted("r1", 30_00), b.granted("r2", 30_00))
    assert [fact.refund_id for fact in memory.facts if isinstance(fact, RefundReserved)] == ["r0", "r1"]
    assert refused(memory) == ["refund.exceeds_paid"]


def test_what_is_done_counts_like_what_is_granted_r3_5() -> None:
    memory = units(5)
    memory.when(b.granted("r0", 60_00, 3), b.refund_paid("r0"), b.granted("r1", 40_01), b.granted("r2", 40_00))
    assert refused(memory) == ["refund.exceeds_paid"]
    assert sum(refund.buyer_minor for refund in payment(memory).refunds.values() if refund.counts) == 100_00


def test_what_was_not_paid_may_be_granted_again_r3_5() -> None:
    memory = units(5)
    memory.when(b.granted("r0", 100_00, 5))
    assert b.only(memory.when(b.refund_failed("r0"))).reason == "account closed"
    assert b.types(memory.when(b.granted("r1", 100_00, 5), b.refund_paid("r1"))) == ["refund.reserved", "refund.instructed", "refund.done"]
    assert balances(memory) == {}


def test_more_units_than_were_bought_are_refused() -> None:
    memory = units(2)
    memory.when(b.granted("r0", 10_00, 2), b.granted("r1", 10_00, 1))
    assert refused(memory) == ["refund.quantity_exceeds"]


def test_a_line_that_the_order_does_not_have_is_refused() -> None:
    memory = funded()
    memory.when(b.granted(line_no=2))
    assert refused(memory) == ["line.unknown"]


def test_a_refund_id_is_granted_once_whatever_became_of_it_r3_5() -> None:
    memory = funded(b.line(quantity=3))
    again = "06-08 09:30"
    memory.when(b.granted("r0"), b.granted("r0", when=again), b.refund_paid("r0"), b.granted("r0", when=again))
    memory.when(
        b.granted("r1", 60_01), b.granted("r1", 1, when=again), b.granted("r2", 10_00), b.refund_failed("r2"), b.granted("r2", 5_00)
    )
    assert codes(memory) == ["refund.known"] * 4
    assert balances(memory) == {CASH: -60_00, ESCROW: 60_00}


def test_a_refund_before_its_escrow_waits_r2_1() -> None:
    memory = bank(b.payment_unwanted(), b.granted())
    assert waiting(memory) == ["payment.before_escrow"]
    assert b.types(memory.when(b.order_paid())) == ["escrow.funded", "refund.reserved", "refund.instructed"]


ANSWERS = {
    "paid twice": ([b.refund_paid(), b.refund_paid(when="06-08 11:00")], "refund.ended"),
    "refused twice": ([b.refund_failed(), b.refund_failed(when="06-08 11:00")], "refund.ended"),
    "refused after paid, twice": ([b.refund_paid(), b.refund_failed(), b.refund_failed(when="06-08 11:00")], "refund.contradicted"),
    "paid after refused, twice": ([b.refund_failed(), b.refund_paid(), b.refund_paid(when="06-08 11:00")], "refund.contradicted"),
    "never instructed, paid": ([b.refund_paid("r9")], "refund.unknown"),
    "never instructed, refused": ([b.refund_failed("r9")], "refund.unknown"),
}


@pytest.mark.parametrize(("answers", "code"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_not_expected_moves_nothing_and_says_so_r3_5(answers: list[Message], code: str) -> None:
    memory = funded(example())
    memory.when(b.granted(), *answers[:-1])
    before = balances(memory), payment(memory)
    assert memory.when(answers[-1]) == ()
    assert (codes(memory), (balances(memory), payment(memory))) == ([code], before)


def test_an_answer_about_a_refund_that_was_refused_is_unknown() -> None:
    memory = funded()
    memory.when(b.granted(amount_minor=100_01), b.refund_paid())
    assert codes(memory) == ["refund.unknown"]


def test_an_answer_about_an_order_without_any_money_is_unknown() -> None:
    memory = bank(b.refund_paid(), b.refund_failed())
    assert codes(memory) == ["refund.unknown", "refund.unknown"]


def test_refunds_by_unit_slice_the_subsidy_by_unit_r1_4() -> None:
    """One of three units of 100.00 with 0.10: floor(10/3), though floor(10 x 33.33 / 100.00) would be 3 as well; of 0.30: 10, not 9."""
    for subsidy, slices in ((10, [3, 3, 4]), (30, [10, 10, 10])):
        memory = units(3, 100_00, subsidy)
        for number, amount in enumerate((33_33, 33_33, 33_34)):
            reserved = memory.when(b.granted(f"r{number}", amount))[0]
            assert reserved.platform_minor == slices[number]  # type: ignore[attr-defined]


def test_refunds_by_amount_return_the_subsidy_in_proportion_and_the_last_takes_the_rest_r1_4() -> None:
    memory = units(3, 100_00, 10, 1)
    memory.when(b.granted("r0", 55_55), b.granted("r1", 33_33), b.granted("r2", 11_12))
    parts = [(fact.platform_minor, fact.promoter_minor) for fact in memory.facts if isinstance(fact, RefundReserved)]
    assert parts == [(5, 0), (3, 0), (2, 1)]


def test_a_refund_in_full_of_one_unit_of_two_returns_all_of_the_subsidy() -> None:
    memory = units(2)
    memory.when(b.granted(amount_minor=100_00), b.refund_paid())
    assert balances(memory) == {}


def test_escrow_ends_at_0_though_refunds_failed_in_between() -> None:
    """All are under way, the units whose slice of the subsidy is 0 fail: what is granted after has returned too much already."""
    memory = units(10, 10, 5)
    memory.when(*(b.granted(f"r{number}", 1) for number in range(10)))
    memory.when(*((b.refund_paid if number % 2 else b.refund_failed)(f"r{number}") for number in range(10)))
    assert balances(memory) == {CASH: -5, ESCROW: 5}
    memory.when(*(event for number in range(5) for event in (b.granted(f"s{number}", 1), b.refund_paid(f"s{number}"))))
    check(memory.rows["posting"])
    assert balances(memory) == {}


def test_a_line_that_cost_nothing_is_refunded_by_units_at_once_without_a_provider_r1_4() -> None:
    memory = units(2, 0, 7)
    assert b.types(memory.when(b.granted("r0", 0))) == ["refund.reserved", "refund.done"]
    assert balances(memory) == {ESCROW: 4, SUBSIDY: -4}
    memory.when(b.granted("r1", 0))
    assert (balances(memory), payment(memory).refunded_in_full(1)) == ({}, True)
    memory.when(b.refund_paid("r1"))
    assert codes(memory) == ["refund.ended"]


def test_a_refund_of_nothing_from_nothing_moves_nothing() -> None:
    memory = funded(b.line(paid_minor=0, subsidies={"seller": 5_00}))
    _, done = memory.when(b.granted(amount_minor=0))
    assert (done.type, done.moves, "posting" in memory.rows) == ("refund.done", None, False)  # type: ignore[attr-defined]
