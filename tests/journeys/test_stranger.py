"""A whole life from outside: Kafka clients and the `laotie` command alone, every message sent twice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.deal import Deal, line
from tests.journeys.outside import Outside

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_stranger_plays_whole_lives_and_the_books_agree(outside: Outside) -> None:
    """R1.5, R2.2, R2.6, R3.1-R3.5, R4.4: a sale to its payout, an order that expires, goods that come back."""
    sale, late, back = (Deal(outside, name, copies=2) for name in ("sale", "late", "back"))
    coupon = {"coupon_id": "c1", "funder": "seller", "amount_minor": 20_00, "line_nos": [1, 2]}
    promoted = line(1, 100_00, promoter_id=sale.promoter, commission_bp=2000)
    sale.placed(promoted, line(2, 110_00), due=190_00, coupons=[coupon])
    late.placed(line(1, 30_00), due=30_00)
    back.placed(line(1, 50_00, quantity=2), due=100_00)
    outside.idle()
    assert [one["paid_minor"] for one in sale.fact("order.v1", "order.accepted")["lines"]] == [90_48, 99_52]
    sale.paid(190_00)
    back.paid(100_00)
    outside.idle()
    for deal in (sale, back):
        deal.shipped()
        deal.signed()
    outside.idle()
    sale.confirmed()
    confirmed = outside.now.astimezone(SHANGHAI)
    back.asked_back("case-back", quantity=2)
    outside.until(timedelta(minutes=31))
    assert late.types() == ["order.accepted", "order.expired"]
    payment = late.paid(30_00)
    goods_come_back(outside, back)
    late.provider_pays()
    assert late.fact("payment.v1", "refund.instructed")["payment_id"] == payment
    assert late.fact("payment.v1", "refund.done")["amount_minor"] == 30_00
    money_of_the_sale(outside, sale, confirmed.replace(hour=0, minute=0, second=0, microsecond=0))
    report = json.loads(outside.laotie("verify", "--json"))
    assert report["holds"]
    assert report["records"] > 100


def goods_come_back(outside: Outside, back: Deal) -> None:
    back.accepted("case-back")
    outside.idle()
    back.posted("case-back")
    outside.idle()
    back.inspected("case-back", 2)
    outside.idle()
    assert back.fact("refund.v1", "refund.granted")["amount_minor"] == 100_00
    assert back.fact("payment.v1", "refund.reserved")["buyer_minor"] == 100_00
    back.provider_pays()
    assert back.fact("payment.v1", "refund.done")["amount_minor"] == 100_00
    assert back.fact("refund.v1", "case.closed")["state"] == 60
    assert back.types("order.v1")[-1] == "line.freed"


def money_of_the_sale(outside: Outside, sale: Deal, midnight: datetime) -> None:
    """midnight: at which the day of the confirmation began. Line 1: fee 5% of 90.48, commission 20%; line 2: fee 5% of 99.52, floored."""
    outside.until(midnight + timedelta(days=7, seconds=-1))
    assert "line.settled" not in sale.types("payment.v1")
    outside.until(midnight + timedelta(days=7, seconds=5))
    settled = {fact.body["line_no"]: fact.body for fact in outside.facts(sale.order, "payment.v1", kind="line.settled")}
    shares = {number: tuple(one[f"{who}_minor"] for who in ("seller", "promoter", "platform")) for number, one in settled.items()}
    assert shares == {1: (67_87, 18_09, 4_52), 2: (94_55, 0, 4_97)}
    assert outside.facts(sale.order, "order.v1", kind="line.settled")[-1].body["order_settled"]
    outside.until(midnight + timedelta(days=8, seconds=5))
    told = sale.provider_pays()
    assert sorted((fact.key, fact.body["amount_minor"]) for fact in told) == [(sale.promoter, 18_09), (sale.seller, 162_42)]
    for party, amount in ((sale.promoter, 18_09), (sale.seller, 162_42)):
        assert outside.fact(party, "party.v1", "payout.done")["amount_minor"] == amount
