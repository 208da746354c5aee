"""An outside CloudEvents library reads what we write and writes what we read. Source: CloudEvents 1.0.2, Kafka binding §3.2."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.order import OrderExpired, PaymentWindowOver
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.topics import ALL
from shared.messaging.envelope import decode, fact_headers
from shared.messaging.record import Envelope, Headers, Incoming, Record

TOPICS = {topic.name: topic for topic in ALL}
DEADLINE = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
EXPIRED = OrderExpired(order_id="o-20260601-0003", occurred_at=DEADLINE)
CAUSE = Envelope("t-1", "laotie/order", 9, "sf-7f3a03", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
PAID: dict[str, Any] = {
    "occurred_at": "2026-06-01T12:05:11Z",
    "order_id": "o-20260601-0001",
    "payment_id": "pay-88120",
    "amount_minor": 19000,
    "currency": "CNY",
}


def written_by_us(sequence: int = 7) -> Headers:
    headers = fact_headers(EXPIRED, "2f0c1f9e-7d53-5b53-9a11-1f3d2c4b5a69", "laotie/order", CAUSE, 2, "2026-05-01.1")
    return (*headers, ("ce_sequence", str(sequence).encode()))


def read(record: Record, now: datetime, *inputs: type) -> Incoming:
    """As the warden of its topic reads it: what it cannot read is refused, not left to others."""
    found = decode(record, TOPICS, TOPICS[record.topic].warden, inputs, now)
    assert isinstance(found, Incoming), found
    return found


def test_an_outside_library_reads_our_fact() -> None:
    event = from_kafka_event(KafkaMessage(dict(written_by_us()), EXPIRED.key.encode(), EXPIRED.to_json()))
    assert isinstance(event, CloudEvent)
    assert (event.get_specversion(), event.get_type(), event.get_source()) == ("1.0", "order.expired", "laotie/order")
    assert (event.get_id(), event.get_subject()) == ("2f0c1f9e-7d53-5b53-9a11-1f3d2c4b5a69", "o-20260601-0003")
    assert (event.get_time(), event.get_datacontenttype()) == (DEADLINE, "application/json")
    assert event.get_data() == {"occurred_at": "2026-06-01T12:30:00Z", "order_id": "o-20260601-0003"}
    extensions = {name: event.get_extension(name) for name in ("sequence", "entityversion", "causationid", "correlationid", "partitionkey")}
    assert extensions == {
        "sequence": "7",
        "entityversion": "2",
        "causationid": "t-1",
        "correlationid": "sf-7f3a03",
        "partitionkey": "o-20260601-0003",
    }


def test_our_fact_survives_an_outside_library_and_is_still_ours() -> None:
    """A mirror that parses and writes again keeps identity, sequence and value."""
    event = from_kafka_event(KafkaMessage(dict(written_by_us()), EXPIRED.key.encode(), EXPIRED.to_json()))
    again = to_binary_event(event)
    assert isinstance(again.key, str)
    record = Record("order.v1", 0, 0, again.key.encode(), again.value, tuple(again.headers.items()))
    found = read(record, DEADLINE, OrderExpired)
    assert found.event == EXPIRED
    assert (found.envelope.id, found.envelope.sequence) == ("2f0c1f9e-7d53-5b53-9a11-1f3d2c4b5a69", 7)


def test_we_read_what_an_outside_library_writes() -> None:
    attributes = {
        "id": "psp-110001",
        "source": "psp",
        "type": "payment.succeeded",
        "subject": PAID["order_id"],
        "time": datetime(2026, 6, 1, 12, 5, 11, tzinfo=UTC),
        "datacontenttype": "application/json",
        "partitionkey": PAID["order_id"],
    }
    message = to_binary_event(CloudEvent(attributes, PAID))
    assert isinstance(message.key, str)
    record = Record("psp.v1", 3, 1, message.key.encode(), message.value, tuple(message.headers.items()))
    found = read(record, DEADLINE, PaymentSucceeded)
    assert found.event == PaymentSucceeded.model_validate_json(json.dumps(PAID))
    assert (found.envelope.source, found.envelope.id, found.key) == ("psp", "psp-110001", "o-20260601-0001")


def test_the_least_that_an_outside_library_writes_is_enough() -> None:
    """Nothing but type and source given: the library fills in id, time and version, and no content type."""
    message = to_binary_event(CloudEvent({"type": "payment.succeeded", "source": "psp"}, PAID), key_mapper=lambda event: PAID["order_id"])
    assert isinstance(message.key, str)
    record = Record("psp.v1", 3, 1, message.key.encode(), message.value, tuple(message.headers.items()))
    assert isinstance(read(record, DEADLINE, PaymentSucceeded).event, PaymentSucceeded)


def test_a_timer_of_ours_is_a_cloudevent_too() -> None:
    timer = PaymentWindowOver(order_id="o-20260601-0003", occurred_at=DEADLINE)
    headers = (*fact_headers(timer, "t-1", "laotie/order", CAUSE, 0, policy_version=""), ("ce_sequence", b"9"))
    assert "ce_policyversion" not in dict(headers)  # a header is never empty
    record = Record("order.timer.v1", 0, 0, timer.key.encode(), timer.to_json(), headers)
    assert read(record, DEADLINE, PaymentWindowOver).event == timer
