"""One valid record from upstream and one of our own, and how to spoil them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.contracts.order import OrderPaid, PaymentWindowOver
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.topics import ALL
from shared.errors import CATALOGUE
from shared.messaging.envelope import decode
from shared.messaging.record import Headers, Incoming, Record, Unreadable

NOW = datetime(2026, 6, 1, 12, 10, tzinfo=UTC)
TOPICS = {topic.name: topic for topic in ALL}
INPUTS = (PaymentSucceeded, OrderPaid, PaymentWindowOver)
BODY: dict[str, Any] = {
    "occurred_at": "2026-06-01T12:05:11Z",
    "order_id": "o-1",
    "payment_id": "pay-1",
    "amount_minor": 19000,
    "currency": "CNY",
}
HEADERS: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"psp-1"),
    ("ce_source", b"psp"),
    ("ce_type", b"payment.succeeded"),
    ("ce_time", b"2026-06-01T12:05:11Z"),
    ("content-type", b"application/json"),
)
PSP = Record("psp.v1", 3, 17, b"o-1", json.dumps(BODY).encode(), HEADERS)
TIMER = Record(
    "order.timer.v1",
    3,
    4,
    b"o-1",
    b'{"occurred_at": "2026-06-01T12:30:00Z", "order_id": "o-1"}',
    (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"t-1"),
        ("ce_source", b"laotie/order"),
        ("ce_type", b"payment_window.over"),
        ("ce_sequence", b"41"),
    ),
)


def read(record: Record, service: str = "payment") -> Incoming | Unreadable | None:
    """As the warden of psp.v1 reads it, unless said otherwise."""
    return decode(record, TOPICS, service, INPUTS, NOW)


def refused(record: Record, service: str = "payment") -> str:
    found = read(record, service)
    assert isinstance(found, Unreadable), found
    assert found.record is record
    assert found.code in CATALOGUE
    return found.code


def body(**changes: Any) -> Record:
    return replace(PSP, value=json.dumps({**BODY, **changes}).encode())


def raw(old: str, new: str) -> Record:
    """The valid value with one piece of its text put in place of another."""
    text = json.dumps(BODY)
    assert old in text
    return replace(PSP, value=text.replace(old, new).encode())


def header(name: str, value: bytes | None, record: Record = PSP) -> Record:
    """The record with this header set, or left out for None."""
    rest = tuple(pair for pair in record.headers if pair[0] != name)
    return replace(record, headers=rest if value is None else (*rest, (name, value)))
