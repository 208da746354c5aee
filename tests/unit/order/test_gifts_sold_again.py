"""A free gift of a campaign that nobody waits for any more can be sold again, with its identity's limit, once. Source: R2.7, R4.5."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.model import CLUSTER
from shared.contracts.campaign import AllotmentReleased
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import CAMPAIGN, allotment, allotted, reviewed
from tests.unit.order.shop import order, shop
from tests.unit.order.test_verified import checked

CUP = f"{CAMPAIGN}/sku2"
REFUNDED = b.case_closed(amount_minor=100_00, quantity=1, when="06-06 11:00", kind="refund_only")
KEPT = b.case_closed("c2", 2, when="06-07 11:00")
GIFT_LOST = [b.shipped("p2", {2: 1}, "06-02 10:00"), b.parcel_lost("p2")]


def bought(gifts: int = 2, paid: int = 0) -> Memory:
    """Line 1, gifts with it on line 2, both of the campaign; paid."""
    lines = b.cart(1), b.cart(2, 5_00 + paid, quantity=gifts, gift_of=1)
    coupon = b.coupon(5_00 * gifts, 2, funder="seller")
    campaign = reviewed(), allotted(9), reviewed("sku2"), allotted(9, 9, "sku2")
    return shop(*campaign, b.placed(*lines, campaign_id=CAMPAIGN, coupons=[coupon]), b.succeeded(100_00 + paid * gifts))


def taken(memory: Memory) -> tuple[int, int]:
    """Of the gift: by its allotment, and by the identity's limit."""
    return allotment(memory, "sku2").taken, memory.entity(CLUSTER, b.BUYER).units.get(CUP, 0)


def broken(memory: Memory) -> list[str]:
    """What verify says of the allotments, and of what the order holds of them."""
    return [check.first for check in checked(memory)[:2] if not check.holds]


@pytest.mark.parametrize("end", [(b.case_opened(), REFUNDED), (b.cancel({1: 1}),), (b.seller_cancels({1: 1}),)])
def test_a_gift_can_be_sold_again_with_its_line_once_whatever_comes_later_r2_7(end: tuple[Message, ...]) -> None:
    memory = bought()
    memory.when(*end, *end)
    assert taken(memory) == (0, 0)
    memory.when(b.seller_cancels({2: 1}, cancel_id="x2"), b.shipped("p2", {2: 1}), b.parcel_lost("p2"))
    memory.when(b.seller_cancels(cancel_id="x3"))
    assert (taken(memory), order(memory).lines[2].cancelled, broken(memory)) == ((0, 0), 2, [])


def test_a_gift_that_leaves_all_the_same_stays_sold_again_r2_7() -> None:
    memory = bought()
    memory.when(b.case_opened(), REFUNDED, b.shipped("p2", {2: 2}, "06-06 12:00"))
    assert (taken(memory), order(memory).lines[2].sent) == ((0, 0), 2)


def test_of_gifts_the_units_that_left_stay_sold_r2_7() -> None:
    memory = bought()
    memory.when(b.shipped("p2", {2: 1}), b.case_opened(), REFUNDED)
    assert (taken(memory), broken(memory)) == ((1, 1), [])


def test_a_gift_under_a_case_waits_for_its_end_r2_7_r4_5() -> None:
    memory = bought()
    memory.when(b.case_opened("c2", 2), b.case_opened(), REFUNDED)
    assert taken(memory) == (2, 2)
    memory.when(KEPT)
    assert (taken(memory), broken(memory)) == ((0, 0), [])
    kept = [fact for fact in memory.facts if not isinstance(fact, AllotmentReleased) or fact.sku != "sku2"]
    assert "'sku2'): the topics say 0, the tables 2" in checked(memory, kept)[1].first


def test_a_gift_for_which_something_was_paid_stays_sold_r2_7_r4_5() -> None:
    memory = bought(paid=1)
    memory.when(b.case_opened(), REFUNDED)
    assert (taken(memory), broken(memory)) == ((2, 2), [])


LATER: list[Message] = [
    b.case_opened(),
    REFUNDED,
    b.case_opened("c2", 2),
    KEPT,
    b.case_closed("c2", 2, quantity=1, when="06-07 12:00", kind="refund_only"),
    b.shipped("p1", {1: 1, 2: 1}),
    b.parcel_lost("p1"),
    *GIFT_LOST,
    b.cancel({1: 1}),
    b.seller_cancels({2: 1}, cancel_id="x2"),
    b.seller_cancels(cancel_id="x3"),
    b.receipt(when="06-08 10:00"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LATER), max_size=12), st.integers(1, 3))
def test_whatever_comes_in_whatever_order_what_is_given_back_is_given_up_r2_7(told: list[Message], gifts: int) -> None:
    memory = bought(gifts)
    memory.when(*told)
    replayed = Memory(memory.service, memory.policies).given(*memory.facts)
    assert (broken(memory), taken(memory)[0] == taken(memory)[1], replayed.entities == memory.entities) == ([], True, True)
