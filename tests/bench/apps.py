"""The load of the four services, in a process of its own: upstream apps that say everything at once.

python -m tests.bench.apps KIND LIVES SELLERS PREFIX AT      (AT: business time)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka import Producer

from deploy.local.kafka import quiet
from shared.settings import Settings

REFUNDED = 0.3  # of the refund-heavy mix
LINES_MAX = 200
CAMPAIGN, SKU = "flash", "k1"
BUY, PAY, SHIP, SIGN, CONFIRM, ASK, ACCEPT, POST, ARRIVE, INSPECT = range(0, 100, 10)  # seconds after the life began
Event = tuple[str, str, str, int, dict[str, Any]]  # topic, type, key, seconds, body


def publish(kind: str, lives: int, sellers: int, prefix: str, at: datetime) -> None:
    """Life by life in steps, so that causes come first on the whole."""
    more = {"partitioner": "murmur2_random", "linger.ms": "5", "enable.idempotence": "true", "queue.buffering.max.messages": "500000"}
    producer = Producer(quiet({**Settings().confluent(), **more}))
    life = KINDS[kind]
    for n in range(lives):
        for event in life(f"{prefix}{n}", f"{prefix}s{n % sellers}", n):
            send(producer, event, at - timedelta(minutes=5))
    assert producer.flush(120) == 0


def send(producer: Producer, event: Event, began: datetime) -> None:
    topic, key, value, headers = record_of(event, began)
    while True:
        try:
            producer.produce(topic, value, key, headers=[(name, text.encode()) for name, text in headers.items()])
            break
        except BufferError:
            producer.poll(0.1)
    producer.poll(0)


def record_of(event: Event, began: datetime) -> tuple[str, str, str, dict[str, str]]:
    """Topic, key, value and headers."""
    topic, type, key, after, said = event
    body = said if topic == "governance.v1" or "party" in said else {"order_id": key, **said}
    value = json.dumps({"occurred_at": (began + timedelta(seconds=after)).isoformat(), **body})
    headers = {"ce_specversion": "1.0", "ce_id": f"{type}-{key}-{said.get('sku', '')}", "ce_source": topic, "ce_type": type}
    return topic, key, value, headers


def plain(order: str, seller: str, n: int, lines: int = 2) -> Iterator[Event]:
    """Placed, paid, shipped, signed, confirmed; five events."""
    yield from delivered(order, seller, n, lines)
    yield ("storefront.v1", "receipt.confirmed", order, CONFIRM, {"buyer_id": f"b{n}", "line_nos": []})


def refunds(order: str, seller: str, n: int) -> Iterator[Event]:
    """Three of ten send a line back before they confirm; the others live as usual."""
    if n % 10 >= REFUNDED * 10:
        yield from plain(order, seller, n)
        return
    yield from sent(order, seller, n)
    yield from (event for event in returned(order, seller, n) if event[1] != "return.signed")
    yield ("storefront.v1", "receipt.confirmed", order, INSPECT + 10, {"buyer_id": f"b{n}", "line_nos": [2]})


def sent(order: str, seller: str, n: int) -> Iterator[Event]:
    """Placed, paid, shipped, signed: what an after-sale life needs before it."""
    return delivered(order, seller, n, 2)


def asked(order: str, seller: str, n: int) -> Iterator[Event]:
    """A case that is open, with a deadline."""
    wish = {"line_no": 1, "quantity": 1, "kind": "return_and_refund", "ground": "no_reason"}
    yield ("storefront.v1", "refund.requested", order, ASK, {"case_id": f"c-{order}", "buyer_id": f"b{n}", **wish})


def returned(order: str, seller: str, n: int) -> Iterator[Event]:
    """Request, approval, waybill, receipt, inspection; the refund follows by the provider's answer."""
    case: dict[str, Any] = {"case_id": f"c-{order}"}
    yield from asked(order, seller, n)
    yield ("merchant.v1", "case.accepted", order, ACCEPT, {**case, "seller_id": seller})
    yield ("storefront.v1", "return.posted", order, POST, {**case, "buyer_id": f"b{n}", "carrier": "SF", "waybill": f"r-{order}"})
    yield ("logistics.v1", "return.signed", order, ARRIVE, {"carrier": "SF", "waybill": f"r-{order}"})
    yield ("merchant.v1", "return.confirmed", order, INSPECT, {**case, "seller_id": seller, "accepted_quantity": 1})


def asked_for(order: str, seller: str, n: int) -> Iterator[Event]:
    """Up to a case that is open, with a deadline."""
    yield from sent(order, seller, n)
    yield from asked(order, seller, n)


def aftersale(order: str, seller: str, n: int) -> Iterator[Event]:
    """Both, one after the other."""
    yield from sent(order, seller, n)
    yield from returned(order, seller, n)


def wide(order: str, seller: str, n: int) -> Iterator[Event]:
    """As many lines as an order may have."""
    return plain(order, seller, n, LINES_MAX)


def flash(order: str, seller: str, n: int) -> Iterator[Event]:
    """One unit of the campaign's product, each by another buyer."""
    line = {"line_no": 1, "sku": SKU, "seller_id": seller, "quantity": 1, "unit_price_minor": 9_900}
    yield ("storefront.v1", "order.placed", order, BUY, {**_cart(n, [line], 9_900), "campaign_id": CAMPAIGN})


def campaign(units: int) -> list[Event]:
    """So many units, one for each identity."""
    about = {"campaign_id": CAMPAIGN, "sku": SKU}
    return [
        ("governance.v1", "product.reviewed", CAMPAIGN, BUY, {**about, "approved": True}),
        ("governance.v1", "allotment.set", CAMPAIGN, BUY, {**about, "units": units, "limit_per_identity": 1}),
    ]


def delivered(order: str, seller: str, n: int, count: int) -> Iterator[Event]:
    prices = [10_000 + 1_000 * (number % 2) for number in range(count)]
    lines = [
        {"line_no": number, "sku": f"k{number}", "seller_id": seller, "quantity": 1, "unit_price_minor": price}
        for number, price in enumerate(prices, start=1)
    ]
    coupon = {"coupon_id": "c1", "funder": "seller", "amount_minor": 2_000, "line_nos": [line["line_no"] for line in lines]}
    due = sum(prices) - 2_000
    yield ("storefront.v1", "order.placed", order, BUY, {**_cart(n, lines, due), "coupons": [coupon]})
    yield ("psp.v1", "payment.succeeded", order, PAY, {"payment_id": f"p-{order}", "amount_minor": due, "currency": "CNY"})
    parcel = {"parcel_id": f"q-{order}", "carrier": "SF", "waybill": f"w-{order}"}
    units = [{"line_no": line["line_no"], "quantity": 1} for line in lines]
    yield ("logistics.v1", "parcel.shipped", order, SHIP, {**parcel, "lines": units})
    yield ("logistics.v1", "parcel.signed", order, SIGN, {"parcel_id": f"q-{order}"})


def _cart(n: int, lines: list[dict[str, Any]], due: int) -> dict[str, Any]:
    return {"buyer_id": f"b{n}", "currency": "CNY", "lines": lines, "due_minor": due}


KINDS: dict[str, Callable[[str, str, int], Iterator[Event]]] = {
    "plain": plain,
    "refunds": refunds,
    "wide": wide,
    "flash": flash,
    "sent": sent,
    "asked_for": asked_for,
    "returned": returned,
    "aftersale": aftersale,
}


if __name__ == "__main__":
    publish(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], datetime.fromisoformat(sys.argv[5]))
