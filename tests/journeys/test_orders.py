"""Journeys of orders that do not go straight: cancelled in part, sent late, refused at the door, used instead of received."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_an_order_of_two_sellers_is_cancelled_in_part_and_freight_goes_with_the_seller_who_sent_nothing_r2_1_r3_10(town: Town) -> None:
    deal = Deal(town, "half", copies=2)
    other = f"second-{deal.seller}"
    freight: dict[str, Any] = {"kind": "freight", "promoter_id": None}
    lines = line(1, 60_00), line(2, 10_00, **freight), line(3, 50_00, seller_id=other), line(4, 8_00, seller_id=other, **freight)
    deal.placed(*lines, due=128_00)
    payment = deal.paid(128_00)
    town.send(
        "merchant",
        "seller.cancelled",
        deal.order,
        {"order_id": deal.order, "cancel_id": "gone", "seller_id": other, "payment_id": payment, "reason": "sold out"},
    )
    town.idle()
    assert [part["line_no"] for part in deal.fact("order.v1", "units.cancelled")["lines"]] == [3, 4]
    told = deal.provider_pays()
    assert sorted(fact.body["amount_minor"] for fact in told) == [8_00, 50_00]
    deal.shipped(lines=[{"line_no": 1, "quantity": 1}])
    deal.signed()
    town.idle()
    deal.confirmed()
    town.until(timedelta(days=8))
    assert [one["line_no"] for one in deal.fact("order.v1", "order.completed")["lines"]] == [1, 2]
    settled = {fact.body["line_no"]: fact.body["seller_minor"] for fact in town.facts(deal.order, "payment.v1", kind="line.settled")}
    assert settled == {1: 57_00, 2: 9_50}


def test_a_seller_who_sends_late_owes_a_tenth_and_a_refused_parcel_can_be_cancelled_r2_4_r2_5(town: Town) -> None:
    deal = Deal(town, "late")
    deal.placed(line(1, 200_00), due=200_00)
    deal.paid(200_00)
    town.until(timedelta(hours=48, seconds=5))
    owed = deal.fact("order.v1", "shipping.late")
    assert (owed["amount_minor"], owed["seller_id"], owed["line_nos"]) == (20_00, deal.seller, [1])
    deal.shipped()
    town.idle()
    town.send("logistics", "parcel.refused", deal.order, {"order_id": deal.order, "parcel_id": f"p-{deal.order}"})
    town.idle()
    town.send("storefront", "order.cancel_requested", deal.order, {"order_id": deal.order, "cancel_id": "back", "buyer_id": deal.buyer})
    town.idle()
    deal.provider_pays()
    assert deal.fact("payment.v1", "refund.done")["amount_minor"] == 200_00
    assert deal.fact("order.v1", "units.cancelled")["order_cancelled"] is True


def test_virtual_goods_are_settled_after_their_last_use_and_a_buyer_may_ask_for_more_time_r2_5(town: Town) -> None:
    deal = Deal(town, "used")
    deal.placed(line(1, 30_00, quantity=2, kind="virtual"), line(2, 40_00), due=100_00)
    deal.paid(100_00)
    town.idle()
    for use in ("first", "second"):
        body = {"order_id": deal.order, "redemption_id": f"{use}-{deal.order}", "line_no": 1, "quantity": 1}
        town.send("storefront", "voucher.redeemed", deal.order, body)
    town.idle()
    assert deal.fact("order.v1", "order.completed")["how"] == "redeemed"
    deal.shipped(lines=[{"line_no": 2, "quantity": 1}])
    deal.signed()
    town.idle()
    town.send("storefront", "receipt.extended", deal.order, {"order_id": deal.order, "buyer_id": deal.buyer})
    town.until(timedelta(days=12, hours=23))
    assert [fact.body["line_no"] for fact in town.facts(deal.order, "payment.v1", kind="line.settled")] == [1]
    town.until(timedelta(days=9))
    assert [fact.body["line_no"] for fact in town.facts(deal.order, "payment.v1", kind="line.settled")] == [1, 2]
