"""Who earns a commission: the last promoter's page before placement, frozen with the order. Source: R2.9."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.order import OrderAccepted
from shared.contracts.storefront import Visit
from shared.contracts.types import Line
from tests.unit import builders as b
from tests.unit.order.shop import shop, state


def visit(when: str, promoter_id: str | None = None, **fields: Any) -> Visit:
    return Visit(at=b.at(when), promoter_id=promoter_id, **{"domain": "public", "channel": "live", **fields})


def frozen(*visits: Visit, **fields: Any) -> Line:
    fact: OrderAccepted = b.only(shop().when(b.placed(b.cart(**fields), visits=visits)))
    return fact.lines[0]


@pytest.mark.parametrize("at", ["20260531", "1780315511", 1780315511, "2026-06-01T09:30:00", "yesterday", None])
def test_a_visit_at_no_time_is_none_whoever_it_would_pay_r1_2_r2_9(at: object) -> None:
    """20260531, read as seconds, would be before every other page."""
    written = {"at": at, "promoter_id": "k1", "domain": "public", "channel": "live"}
    with pytest.raises(ValidationError):
        Visit.model_validate_json(json.dumps(written))
    assert Visit.model_validate_json(json.dumps({**written, "at": "2026-06-01T09:30:00+08:00"})).at == b.at("06-01 09:30")


def test_the_last_promoters_page_before_placement_earns_r2_9() -> None:
    line = frozen(visit("06-01 09:00", "k1"), visit("06-01 09:30", "k2", domain="private", broadcast="self_broadcast"))
    assert (line.promoter_id, line.commission_bp) == ("k2", 2_000)
    assert line.attribution is not None
    assert (line.attribution.domain, line.attribution.channel, line.attribution.broadcast) == ("private", "live", "self_broadcast")
    assert line.attribution.visited_at == b.at("06-01 09:30")


def test_the_order_of_the_trail_is_by_time_and_what_came_after_placement_does_not_count_r2_9() -> None:
    assert frozen(visit("06-01 09:30", "k2"), visit("06-01 09:00", "k1"), visit("06-01 10:00:01", "k3")).promoter_id == "k2"
    assert frozen(visit("06-01 09:30", "k2"), visit("06-01 09:30", "k1")).promoter_id == "k1"
    assert frozen(visit("06-01 09:30", "k2"), visit("06-01 10:00:00", "k3")).promoter_id == "k3"  # the page that it was placed from


def test_the_merchants_own_page_last_means_no_commission_r2_9() -> None:
    line = frozen(visit("06-01 09:00", "k1"), visit("06-01 09:30", None, channel="shop"))
    assert (line.promoter_id, line.commission_bp) == (None, 0)


def test_a_page_that_offered_another_sellers_goods_does_not_count_for_this_line_r2_9() -> None:
    assert frozen(visit("06-01 09:00", "k1"), visit("06-01 09:30", "k2", seller_id="s2")).promoter_id == "k1"


def test_without_visits_the_carts_promoter_stands_r2_9() -> None:
    line = frozen()
    assert (line.promoter_id, line.attribution) == (b.PROMOTER, None)


def test_the_last_click_on_an_ad_counts_for_seven_days_r2_9() -> None:
    for clicked, counts in [("05-25 10:00", False), ("05-25 10:00:01", True)]:
        line = frozen(visit(clicked, None, ad=True, channel="search"), visit("06-01 09:30", "k1"))
        assert line.attribution is not None
        assert line.attribution.ad_at == (b.at(clicked) if counts else None)


def test_a_promoters_coupon_is_judged_by_who_was_attributed_r1_5_r2_9() -> None:
    event = b.placed(coupons=[b.coupon(1_00, funder="promoter")], visits=(visit("06-01 09:30", None, channel="shop"),))
    memory = shop()
    assert (b.only(memory.when(event)).code, state(memory)) == ("order.coupon_of_another", "rejected")


def test_freight_earns_nobody_a_commission_r2_9() -> None:
    lines = b.cart(1), b.cart(2, kind="freight", promoter_id=None)
    fact: OrderAccepted = b.only(shop().when(b.placed(*lines, visits=(visit("06-01 09:30", "k1"),))))
    assert [(line.promoter_id, line.commission_bp) for line in fact.lines] == [("k1", 2_000), (None, 0)]
