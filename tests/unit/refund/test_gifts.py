"""Gifts go back with their line; those that do not are paid for at their list price. Source: R4.5."""

from __future__ import annotations

from typing import Any

from shared.contracts.refund import RefundGranted
from shared.contracts.storefront import Ground
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life
from tests.unit.refund.life import line, paid, purchase_of, shop


def basket(gift_minor: int = 30_00, **fields: Any) -> Memory:
    """Three units for 100.00, and a gift at that list price that a coupon of the seller took over."""
    gift = b.line(2, 0, subsidies={"seller": gift_minor}, gift_of=1)
    return shop(paid(line(1, 3, 100_00), gift).model_copy(update=fields), life.delivered(1, 2))


def returned(memory: Memory, quantity: int = 3, case_id: str = "c1", *, gifts: bool, ground: Ground = "no_reason") -> RefundGranted:
    memory.when(life.requested(case_id, quantity=quantity, ground=ground), life.accepted(case_id))
    memory.when(life.posted(case_id).model_copy(update={"waybill": case_id}), life.confirmed(case_id, quantity, gifts=gifts))
    (fact,) = (one for one in memory.facts if isinstance(one, RefundGranted) and one.case_id == case_id)
    return fact


def test_gifts_that_come_back_too_cost_nothing_r4_5() -> None:
    fact = returned(basket(), gifts=True)
    assert (fact.amount_minor, fact.gifts_minor) == (100_00, 0)


def test_gifts_that_stay_are_deducted_at_their_list_price_r4_5() -> None:
    memory = basket()
    fact = returned(memory, gifts=False)
    assert (fact.amount_minor, fact.gifts_minor) == (70_00, 30_00)
    assert purchase_of(memory).lines[1].left_minor == 0  # what was deducted stays deducted


def test_gifts_that_never_left_or_went_back_before_are_not_kept_r4_5() -> None:
    gift = b.line(2, 0, subsidies={"seller": 30_00}, gift_of=1)
    uncut = shop(paid(line(1, 3, 100_00), gift), b.units_cancelled((2, 1, 0), when="06-11 10:00"), life.delivered(1))
    memory = basket()
    assert returned(memory, 1, "c9", gifts=True, ground="quality").gifts_minor == 0
    memory.when(life.done("c9"), life.requested("g1", line_no=2, quantity=1, ground="quality"), life.accepted("g1"))
    memory.when(life.posted("g1"), life.confirmed("g1", 1), life.done("g1", 0))
    assert memory.refused == []
    assert (returned(uncut, gifts=False).gifts_minor, returned(memory, 2, gifts=False).gifts_minor) == (0, 0)


def test_never_more_than_the_refund_r4_5() -> None:
    fact = returned(basket(250_00), gifts=False)
    assert (fact.amount_minor, fact.gifts_minor) == (0, 100_00)


def test_units_take_their_part_of_the_gifts_with_them_r4_5_r1_4() -> None:
    memory = basket(10_00)
    first = returned(memory, 1, gifts=False)
    memory.when(life.done(amount_minor=first.amount_minor))
    second = returned(memory, 2, "c2", gifts=False)
    assert [(fact.amount_minor, fact.gifts_minor) for fact in (first, second)] == [(30_00, 3_33), (60_00, 6_67)]


def test_gifts_of_goods_with_a_fault_may_stay_r4_5() -> None:
    assert returned(basket(), gifts=False, ground="quality").gifts_minor == 0


def test_gifts_may_stay_where_a_ruling_blames_the_seller_r4_5_r4_11() -> None:
    memory = basket()
    memory.when(life.requested(), life.declined(), a.disputed())
    memory.advance(b.at(a.HEARD))
    memory.when(a.ruled(fault="seller"), life.posted(when="06-24 10:00"), life.confirmed(when="06-25 10:00", gifts=False))
    (fact,) = (one for one in memory.facts if isinstance(one, RefundGranted))
    assert (fact.amount_minor, fact.gifts_minor) == (100_00, 0)


def test_another_attempt_deducts_what_the_first_one_did_r4_5_r3_5() -> None:
    memory = basket()
    returned(memory, gifts=False)
    case = purchase_of(memory).cases["c1"]
    assert (case.granted_minor, case.deducted_minor, case.gifts_minor) == (70_00, 30_00, 30_00)


def test_a_gift_alone_is_not_sent_back_r4_5() -> None:
    memory = basket()
    memory.when(life.requested(line_no=2, quantity=1))
    assert memory.refused == [("refund.requested", "promise.gift")]
