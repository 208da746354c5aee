"""The provider's connector under load: answers every instruction with success, at once. python -m tests.bench.psp

At least once: what it has answered is committed afterwards, a second answer bears the same id.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka import Consumer, Producer

from deploy.local.kafka import quiet
from shared.settings import Settings

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
    kind, _, verb = said.get("ce_type", b"").decode().partition(".")
    if verb != "instructed":
        return
    body = json.loads(message.value())
    name, identity = f"{kind}_id", body[f"{kind}_id"]
    key = message.key().decode()
    at = datetime.fromisoformat(body["occurred_at"]) + timedelta(seconds=1)
    value = {"party" if kind == "payout" else "order_id": key, name: identity, "occurred_at": at.isoformat()}
    headers = {"ce_specversion": "1.0", "ce_id": f"psp-{identity}", "ce_source": "psp", "ce_type": f"{kind}.succeeded"}
    producer.produce("psp.v1", json.dumps(value), key, headers=[(header, text.encode()) for header, text in headers.items()])
    producer.poll(0)


if __name__ == "__main__":
    main()
