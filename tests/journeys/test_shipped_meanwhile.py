"""It is shipped while the buyer asks for the money: said at one moment, to two apps. Source: R4.8, R2.1."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.outside import cloud_event

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
ORDERS = 24
PRICE = 60_00
Act = tuple[str, str, dict[str, Any]]  # app, event, body
REFUNDED, SHIPPED, SHIPPED_FIRST = "refunded", "shipped meanwhile", "shipped before it was asked"


@pytest.mark.parametrize("ground", ["not_shipped", "negotiated"])
def test_of_refund_and_shipment_one_wins_and_both_are_told_r4_8(town: Town, ground: str) -> None:
    """negotiated: the seller agrees at that moment, too; what it agrees to after it left, as all know by then, is paid all the same."""
    orders = [f"o-{uuid.uuid4().hex[:8]}" for _ in range(ORDERS)]
    for order in orders:
        line = {"line_no": 1, "sku": "tea", "seller_id": f"s-{order}", "quantity": 1, "unit_price_minor": PRICE}
        say(town, "storefront", "order.placed", order, buyer_id=f"b-{order}", currency="CNY", lines=[line], due_minor=PRICE)
        say(town, "psp", "payment.succeeded", order, payment_id=f"pay-{order}", amount_minor=PRICE, currency="CNY")
    done(town)
    for number, order in enumerate(orders):
        acts = [asked(order, ground), left(order), *([agreed(order)] if ground == "negotiated" else [])]
        for app, kind, body in acts if number % 2 else reversed(acts):
            say(town, app, kind, order, **body)
    done(town)
    ends = Counter(judged(town, order, ground) for order in orders)
    assert ends.total() == ORDERS


def judged(town: Town, order: str, ground: str) -> str:
    """How it ended, and that parcel, case and money say the same."""
    types, closed = town.types(order), [fact.body for fact in town.facts(order, "refund.v1", kind="case.closed")]
    paid = sum(fact.body["amount_minor"] for fact in town.facts(order, "payment.v1", kind="refund.done"))
    sent, stopped = "order.shipped" in types, "parcel.intercepted" in types
    assert sent != stopped, "the one parcel left, or is called back"
    asked_order = any("standing" not in fact.body for fact in town.facts(order, "refund.v1", kind="shipment_hold.requested"))
    if stopped:
        assert [(one["state"], one["code"]) for one in closed] == [(60, "case.refunded")]
        assert (paid, "shipment_hold.granted" in types) == (PRICE, True)
        return REFUNDED
    if asked_order:
        assert [(one["state"], one["code"]) for one in closed] == [(70, "case.shipped")]
        assert (paid, "shipment_hold.refused" in types) == (0, True)
        return SHIPPED
    if ground == "negotiated":  # nor does it leave again, should it come back while its money is on its way: which is asked for then
        assert ([one["code"] for one in closed], paid, "shipment_hold.granted" in types) == (["case.refunded"], PRICE, True)
    else:
        assert ("not_shipped.sent" in town.refused(order), closed, paid) == (True, [], 0)
    return SHIPPED_FIRST


def asked(order: str, ground: str) -> Act:
    wish = {"case_id": "c", "buyer_id": f"b-{order}", "line_no": 1, "quantity": 1, "kind": "refund_only", "ground": ground}
    return "storefront", "refund.requested", wish


def agreed(order: str) -> Act:
    return "merchant", "case.accepted", {"case_id": "c", "seller_id": f"s-{order}"}


def left(order: str) -> Act:
    parcel = {"parcel_id": "p", "carrier": "SF", "waybill": f"w-{order}", "lines": [{"line_no": 1, "quantity": 1}]}
    return "logistics", "parcel.shipped", parcel


def say(town: Town, app: str, event: str, order: str, **body: Any) -> None:
    value = json.dumps({"order_id": order, "occurred_at": town.now.isoformat(), **body})
    town.send_raw(app, f"{app}.v1", order, value, cloud_event(app, event, str(uuid.uuid4())), wait=False)


def done(town: Town) -> None:
    """The provider pays what it is told to pay."""
    answered: set[str] = set()
    while True:
        town.delivered()
        town.idle()
        told = [fact for fact in town.instructions() if fact.type == "refund.instructed" and fact.body["refund_id"] not in answered]
        told = [fact for fact in told if not town.facts(fact.key, "payment.v1", kind="refund.done")]
        if not told:
            return
        for fact in told:
            answered.add(fact.body["refund_id"])
            say(town, "psp", "refund.succeeded", fact.key, refund_id=fact.body["refund_id"])
