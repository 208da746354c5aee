"""From the cart to an order that stands, or does not. Source: R1.5, R2.1, R2.3."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.order import OrderAccepted, OrderPaid, OrderRejected
from shared.contracts.storefront import OrderPlaced
from tests.unit import builders as b
from tests.unit.order.shop import accepted, codes, expired, order, rejected, shop, state

CANNOT_STAND = [
    (b.placed(b.cart(tags=("ship_1h",))), "order.tag_unknown"),
    (b.placed(b.cart(kind="freight", promoter_id=None)), "order.bad_freight"),
    (b.placed(b.cart(1), b.cart(2, kind="freight", promoter_id=None, quantity=2)), "order.bad_freight"),
    (b.placed(b.cart(1), b.cart(2, kind="freight")), "order.bad_freight"),
    (b.placed(b.cart(1), b.cart(2, kind="freight", promoter_id=None, seller_id="s2")), "order.bad_freight"),
    (b.placed(b.cart(1), b.cart(2, kind="freight", promoter_id=None), coupons=[b.coupon(1, 1, 2)]), "order.coupon_of_freight"),
    (b.placed(campaign_id="c618"), "campaign.not_reviewed"),
    (b.placed(currency="ZZZ"), "order.currency_unknown"),
    (b.placed(currency="XAU"), "order.currency_unknown"),
    (b.placed(b.cart(unit_price_minor=10**12, quantity=1_001), due=10**15), "order.too_large"),
    (b.placed(b.cart(1, 6 * 10**14), b.cart(2, 6 * 10**14), due=10**15), "order.too_large"),
    (b.placed(b.cart(commission_bp=9_501)), "order.commission_too_high"),
    (
        b.placed(b.cart(1, seller_id="s1"), b.cart(2, seller_id="s2"), coupons=[b.coupon(1, 1, 2, funder="seller")]),
        "order.coupon_of_another",
    ),
    (b.placed(b.cart(promoter_id=None), coupons=[b.coupon(1, funder="promoter")]), "order.coupon_of_another"),
    (b.placed(b.cart(1), b.cart(2, promoter_id=None), coupons=[b.coupon(1, 1, 2, funder="promoter")]), "order.coupon_of_another"),
    (b.placed(b.cart(1), b.cart(2, promoter_id="k2"), coupons=[b.coupon(1, 1, 2, funder="promoter")]), "order.coupon_of_another"),
    (b.placed(coupons=[b.coupon(1), b.coupon(2)]), "order.coupon_repeated"),
    (b.placed(coupons=[b.coupon(1, 1, 1)]), "order.coupon_repeated"),
]


def test_an_order_is_accepted_with_its_allocation_and_is_to_be_paid_within_30_minutes_r2_2() -> None:
    lines = b.cart(1, 100_00), b.cart(2, 110_00)
    fact: OrderAccepted = b.only(shop().when(b.placed(*lines, coupons=[b.coupon(20_00, 1, 2)])))
    assert [line.paid_minor for line in fact.lines] == [90_48, 99_52]  # R1.5
    assert [[(one.funder, one.amount_minor) for one in line.discounts] for line in fact.lines] == [
        [("platform", 9_52)],
        [("platform", 10_48)],
    ]
    assert (fact.due_minor, fact.pay_by, fact.occurred_at) == (190_00, b.at("06-01 10:30"), b.at(b.PLACED))
    assert fact.terms == b.TERMS


def test_lines_are_frozen_in_the_order_of_their_numbers_with_commission_and_fee_r3_3() -> None:
    fact: OrderAccepted = b.only(shop().when(b.placed(b.cart(7, 5_00, quantity=3), b.cart(2, 1_00))))
    assert [(line.line_no, line.quantity, line.gross_minor) for line in fact.lines] == [(2, 1, 1_00), (7, 3, 15_00)]
    assert {(line.commission_bp, line.fee_bp) for line in fact.lines} == {(2_000, 500)}


def test_nobody_promoted_it_so_no_commission_is_owed_r2_9() -> None:
    fact: OrderAccepted = b.only(shop().when(b.placed(b.cart(promoter_id=None, commission_bp=2_000))))
    assert (fact.lines[0].promoter_id, fact.lines[0].commission_bp) == (None, 0)


def test_terms_are_those_of_the_policy_in_force_when_it_was_placed_r9_1() -> None:
    memory = shop(b.placed(), policies=b.with_policy("order", pay_minutes=45, confirm_signed_days=3))
    assert order(memory).pay_by == b.at("06-01 10:45")
    terms = order(memory).terms
    assert terms is not None
    assert terms.confirm_signed_days == 3


def test_the_due_amount_shown_must_be_ours_r2_3() -> None:
    memory = shop()
    fact: OrderRejected = b.only(memory.when(b.placed(due=99_99)))
    assert (fact.code, fact.detail, state(memory)) == ("order.due_differs", "10000 by our allocation", "rejected")


@pytest.mark.parametrize(("event", "code"), CANNOT_STAND)
def test_an_order_that_cannot_stand_is_rejected_with_its_code_r2_1(event: OrderPlaced, code: str) -> None:
    memory = shop()
    fact = b.only(memory.when(event))
    assert (type(fact), fact.code, state(memory), memory.armed) == (OrderRejected, code, "rejected", {})


def test_commission_and_fee_may_take_all_that_the_buyer_pays() -> None:
    assert state(shop(b.placed(b.cart(commission_bp=9_500)))) == "accepted"


def test_the_largest_order_is_accepted() -> None:
    assert state(shop(b.placed(b.cart(unit_price_minor=10**12, quantity=1_000)))) == "accepted"


def test_one_coupon_id_may_be_paid_for_by_two_funders() -> None:
    event = b.placed(coupons=[b.coupon(5_00, funder="seller"), b.coupon(3_00, funder="platform")])
    fact: OrderAccepted = b.only(shop().when(event))
    assert [(one.funder, one.amount_minor) for one in fact.lines[0].discounts] == [("seller", 5_00), ("platform", 3_00)]


def test_a_coupon_worth_more_than_its_lines_takes_them_and_no_more_r1_5() -> None:
    event = b.placed(b.cart(1, 10_00), b.cart(2, 5_00), coupons=[b.coupon(30_00, 1)], due=5_00)
    fact: OrderAccepted = b.only(shop().when(event))
    assert [line.paid_minor for line in fact.lines] == [0, 5_00]


def test_an_order_of_which_nothing_is_due_is_paid_by_being_placed() -> None:
    memory = shop()
    first, second = memory.when(b.placed(coupons=[b.coupon(100_00)]))
    assert isinstance(first, OrderAccepted)
    assert isinstance(second, OrderPaid)
    assert (first.due_minor, second.amount_minor, second.occurred_at, state(memory)) == (0, 0, first.occurred_at, "paid")
    assert [place for place, _ in memory.armed] == ["shipping.due"]


def test_a_payment_of_an_order_of_which_nothing_is_due_goes_back() -> None:
    memory = shop(b.placed(coupons=[b.coupon(100_00)]))
    assert b.only(memory.when(b.succeeded(1))).reason == "payment.second"


@pytest.mark.parametrize("before", [accepted, rejected, expired])
def test_an_order_id_is_placed_once_whatever_became_of_it(before: object) -> None:
    assert callable(before)
    memory = before()
    assert memory.when(b.placed(b.cart(unit_price_minor=1))) == ()
    assert codes(memory) == ["order.exists"]


def test_what_promises_are_made_of_is_passed_on_as_it_was_placed_r4_1_r4_13() -> None:
    """The card, the time of placement, the coupons, and of each line its gift and its cap; also where nothing is due."""
    coupon = b.coupon(100_00).model_copy(update={"new_user": True, "expires_at": b.at("06-30 00:00")})
    gift = b.coupon(30_00, 2, funder="seller", coupon_id="gift")
    lines = b.cart(1, 100_00, without_return_cap_minor=50_00, category="food"), b.cart(2, 30_00, gift_of=1)
    first, free = shop().when(b.placed(*lines, coupons=[coupon, gift], trust_card_id="card1"))
    memory = shop(b.placed(*lines, coupons=[gift], trust_card_id="card1"))
    paid: OrderPaid = b.only(memory.when(b.succeeded(100_00)))
    for fact, coupons in ((first, (coupon, gift)), (free, (coupon, gift)), (paid, (gift,))):
        assert isinstance(fact, OrderAccepted | OrderPaid)
        assert (fact.trust_card_id, fact.placed_at, fact.coupons) == ("card1", b.at(b.PLACED), coupons)
        assert [(line.gift_of, line.without_return_cap_minor, line.category) for line in fact.lines] == [
            (None, 50_00, "food"),
            (1, None, "standard"),
        ]
        assert (fact.lines[1].gross_minor, fact.lines[1].paid_minor) == (30_00, 0)


@pytest.mark.parametrize(
    ("gift", "other"),
    [
        ({"gift_of": 3}, {}),  # of nothing
        ({"gift_of": 2}, {}),  # of itself
        ({"gift_of": 1}, {"gift_of": 2}),  # of a gift
        ({"gift_of": 1}, {"seller_id": "s2"}),  # of another seller's
        ({"gift_of": 1, "kind": "virtual"}, {}),
        ({"gift_of": 1}, {"kind": "virtual"}),
    ],
)
def test_a_gift_comes_with_goods_of_its_seller_that_are_none_themselves_r4_5(gift: dict[str, Any], other: dict[str, Any]) -> None:
    fact = b.only(shop().when(b.placed(b.cart(1, **other), b.cart(2, **gift))))
    assert isinstance(fact, OrderRejected)
    assert fact.code == "order.bad_gift"


def test_the_same_event_again_is_no_second_placement() -> None:
    memory = shop()
    assert b.types(memory.send(b.placed(), "e1")) == ["order.accepted"]
    assert memory.send(b.placed(), "e1") == ()
    assert codes(memory) == []
