"""A gift for which nothing was paid goes with its line: once all of that went back, nobody waits for it. Source: R4.5, R2.4, R3.10."""

from __future__ import annotations

import pytest

from shared.contracts.order import OrderCompleted, ShippingLate, UnitsCancelled
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.shop import order, shop, state
from tests.unit.order.test_cancellation import freight

LATER = "06-09 10:00"


def given(quantity: int = 1, gifts: int = 1) -> Memory:
    """Line 1, gifts with it on line 2, freight on line 3; paid."""
    lines = b.cart(1, quantity=quantity), b.cart(2, 5_00, quantity=gifts, gift_of=1), freight(3)
    coupon = b.coupon(5_00 * gifts, 2, funder="seller")
    return shop(b.placed(*lines, coupons=[coupon]), b.succeeded(100_00 * quantity + 10_00))


def refunded(quantity: int = 1, when: str = "06-01 12:00") -> list[Message]:
    """What had not left, at once."""
    asked = b.case_opened(quantity=quantity, when=when), b.hold_requested(quantity=quantity, when=when)
    return [*asked, b.case_closed(quantity=quantity, amount_minor=100_00 * quantity, when=when, kind="refund_only")]


def late(memory: Memory) -> list[tuple[int, ...]]:
    return [fact.line_nos for fact in memory.advance(b.at(LATER)) if isinstance(fact, ShippingLate)]


def freight_ends(facts: tuple[Message, ...]) -> list[str]:
    ends = (fact for fact in facts if isinstance(fact, UnitsCancelled | OrderCompleted))
    return [fact.type for fact in ends if any(line.line_no == 3 for line in fact.lines)]


def test_freight_goes_back_with_a_refunded_line_whose_gift_has_not_left_r3_10_r4_5() -> None:
    memory = given()
    assert freight_ends(memory.when(*refunded())) == ["units.cancelled"]
    assert (state(memory), late(memory)) == ("closed", [])


@pytest.mark.parametrize("end", [b.cancel({1: 1}), b.seller_cancels({1: 1})], ids=["buyer", "seller"])
def test_an_order_is_cancelled_whole_where_only_a_gift_was_not_named_r2_1_r4_5(end: Message) -> None:
    memory = given()
    cut: UnitsCancelled = b.only(memory.when(end))
    assert ([part.line_no for part in cut.lines], cut.order_cancelled, late(memory)) == ([1, 3], True, [])


def test_a_line_that_was_lost_with_its_gift_and_refunded_leaves_nothing_to_wait_for_r2_5_r4_5() -> None:
    memory = given()
    memory.when(b.shipped(units={1: 1, 2: 1}), b.parcel_lost(), b.case_opened())
    facts = memory.when(b.case_closed(quantity=1, amount_minor=100_00, kind="refund_only"))
    assert (freight_ends(facts), state(memory)) == (["units.cancelled"], "closed")


def test_a_gift_that_left_by_itself_is_waited_for_until_it_is_lost_r2_5_r4_5() -> None:
    memory = given()
    memory.when(b.shipped(units={2: 1}, when="06-01 11:00"))
    assert freight_ends(memory.when(*refunded())) == []
    assert freight_ends(memory.when(b.parcel_lost())) == ["units.cancelled"]


def test_a_gift_that_left_by_itself_and_arrived_is_confirmed_and_freight_is_owed_r2_6_r4_5() -> None:
    memory = given()
    memory.when(b.shipped(units={2: 1}, when="06-01 11:00"), *refunded(), b.signed())
    assert freight_ends(memory.when(b.receipt())) == ["order.completed"]


@pytest.mark.parametrize(
    ("gifts", "sent", "missing"),
    [
        (3, {1: 2, 2: 2}, []),  # one unit went back: two gifts are enough
        (3, {1: 2, 2: 1}, [(2,)]),
        (3, {1: 1, 2: 1}, [(1, 2)]),
        (1, {1: 2}, [(2,)]),  # one for three comes while any of the three does
        (1, {1: 2, 2: 1}, []),
    ],
)
def test_gifts_are_late_as_far_as_units_of_their_line_come_r2_4_r4_5(
    gifts: int, sent: dict[int, int], missing: list[tuple[int, ...]]
) -> None:
    memory = given(3, gifts)
    memory.when(*refunded(), b.shipped(units=sent))
    assert late(memory) == missing


def test_a_gift_is_not_late_while_its_line_is_under_a_case_and_is_where_that_left_without_it_r2_4_r4_5() -> None:
    asked, forgotten = given(), given()
    asked.when(b.case_opened(when="06-01 12:00"), b.hold_requested(when="06-01 12:00"))
    forgotten.when(b.shipped())
    assert (late(asked), late(forgotten)) == ([], [(2,)])


def test_a_gift_for_which_something_was_paid_is_owed_by_itself_r2_4_r4_5() -> None:
    lines = b.cart(1), b.cart(2, 5_00, gift_of=1), freight(3)
    memory = shop(b.placed(*lines), b.succeeded(115_00))
    assert freight_ends(memory.when(*refunded())) == []
    assert (late(memory), order(memory).lines[2].unsent) == ([(2,)], 1)
