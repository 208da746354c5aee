"""The provider's connector under load: answers every instruction with success, at once. python -m tests.bench.psp

At least once: what it has answered is committed afterwards, a second answer bears the same id.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Consumer, Producer

from deploy.local.kafka import quiet
from shared.settings import Settings
from tests.bench.apps import Event, record_of

START = datetime(2026, 1, 1, tzinfo=UTC)  # never said: an answer has a time of its own
GROUP, TOPICS = "psp-bench", ["payment.v1", "party.v1"]
READ_MAX, POLL_S = 500, 0.05


def main() -> None:
    config = Settings().confluent()
    producer = Producer(quiet({**config, "partitioner": "murmur2_random", "linger.ms": "2", "enable.idempotence": "true"}))
    consumer = Consumer(quiet({**config, "group.id": GROUP, "auto.offset.reset": "earliest", "enable.auto.commit": "false"}))
    consumer.subscribe(TOPICS, on_assign=lambda *_: print("ready", flush=True))
    while True:
        first = consumer.poll(POLL_S)
        if first is None:
            continue
        for message in (first, *consumer.consume(READ_MAX, 0)):
            if message.error() is None:
                answer(producer, message)
        assert producer.flush(60) == 0
        consumer.commit(asynchronous=False)


def answer(producer: Producer, message: Any) -> None:
    said = dict(message.headers() or ())
    event = answer_to(said.get("ce_type", b"").decode(), message.key().decode(), message.value())
    if event is None:
        return
    topic, key, value, headers = record_of(event, START)
    headers |= {"ce_id": f"psp-{event[4][event[1].partition('.')[0] + '_id']}", "ce_source": "psp"}
    producer.produce(topic, value, key, headers=[(header, text.encode()) for header, text in headers.items()])
    producer.poll(0)


def answer_to(type: str, key: str, value: bytes) -> Event | None:
    """Success, a second after the instruction. None: it is none."""
    kind, _, verb = type.partition(".")
    if verb != "instructed":
        return None
    body = json.loads(value)
    name = f"{kind}_id"
    at = datetime.fromisoformat(body["occurred_at"]) + timedelta(seconds=1)
    said = {"party" if kind == "payout" else "order_id": key, name: body[name], "occurred_at": at.isoformat()}
    return "psp.v1", f"{kind}.succeeded", key, 0, said


if __name__ == "__main__":
    main()
