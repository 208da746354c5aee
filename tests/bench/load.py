"""The load, in a process of its own: publishes lives at a rate and watches them end.

    python -m tests.bench.load NS LIVES RATE PREFIX [STEPS]      (RATE 0: as fast as possible)

Prints one JSON line: seconds from the first publish to the last end, and latencies in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from deploy.local.kafka import quiet
from shared.settings import Settings

SILENCE_SECONDS = 60
STEPS = int(os.environ.get("BENCH_STEPS", "6"))  # of a life, as raw.py has them


def watch(topic: str, ended: Callable[[str, str, bytes], str], count: int, ends: dict[str, float], ready: threading.Event) -> None:
    """Until so many have ended, or nothing ends any more. ended: of a message's type, key and value: what it is the end of, if anything."""
    config = {**Settings().confluent(), "group.id": f"bench-{time.time_ns()}", "auto.offset.reset": "latest", "fetch.wait.max.ms": "50"}
    consumer = Consumer(quiet({**config, "enable.auto.commit": "false"}))
    numbers = consumer.list_topics(topic, 10).topics[topic].partitions
    places = [TopicPartition(topic, n, end(consumer, topic, n)) for n in numbers]
    consumer.assign(places)
    consumer.consume(1, 0.3)
    ready.set()
    heard = time.monotonic()
    while len(ends) < count and time.monotonic() - heard < SILENCE_SECONDS:
        first = consumer.poll(0.05)  # consume() alone waits for more until its time is over: that would be measured
        if first is None:
            continue
        for message in (first, *consumer.consume(500, 0)):
            if message.error():
                continue
            at = time.time()
            said: Any = dict(message.headers() or ())
            if name := ended(said.get("ce_type", b"").decode(), (message.key() or b"").decode(), message.value() or b"{}"):
                ends.setdefault(name, at)
                heard = time.monotonic()
    consumer.close()


def end(consumer: Consumer, topic: str, number: int) -> int:
    """A topic made a moment ago may not have a leader that everyone knows."""
    deadline = time.monotonic() + SILENCE_SECONDS
    while True:
        try:
            return int(consumer.get_watermark_offsets(TopicPartition(topic, number), 10)[1])
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main(ns: str, lives: int, rate: float, prefix: str, hot: bool) -> None:
    ends: dict[str, float] = {}
    ready = threading.Event()

    def ended(_: str, life: str, value: bytes) -> str:
        return life if json.loads(value)["step"] == STEPS and life.startswith(prefix) else ""

    watcher = threading.Thread(target=watch, args=(f"{ns}gamma.v1", ended, lives, ends, ready))
    watcher.start()
    ready.wait(30)
    more = {
        "partitioner": "murmur2_random",
        "linger.ms": "0" if rate else "5",
        "enable.idempotence": "true",
        "queue.buffering.max.messages": "500000",
    }
    producer = Producer(quiet({**Settings().confluent(), **more}))
    _publish(producer, ns, f"warm-{prefix}", hot=hot)
    producer.flush(60)  # connecting is not part of any life
    starts: dict[str, float] = {}
    began = time.time()
    for n in range(lives):
        if rate:
            wait = began + n / rate - time.time()
            if wait > 0:
                time.sleep(wait)
        life = f"{prefix}{n}"
        starts[life] = time.time()
        _publish(producer, ns, life, hot=hot)
    producer.flush(60)
    watcher.join()
    taken = sorted((ends[life] - starts[life]) * 1000 for life in ends)
    last = max(ends.values(), default=began)
    out: dict[str, Any] = {"ended": len(ends), "seconds": last - began}
    if taken:
        out |= {"p50_ms": taken[len(taken) // 2], "p99_ms": taken[min(len(taken) - 1, int(len(taken) * 0.99))], "max_ms": taken[-1]}
    print(json.dumps(out), flush=True)
    os._exit(0 if len(ends) == lives else 1)


def _publish(producer: Producer, ns: str, life: str, *, hot: bool) -> None:
    body = {"life_id": life, "occurred_at": datetime.now(UTC).isoformat(), "pool": "hot" if hot else "none", "units": 0}
    headers = {"ce_specversion": "1.0", "ce_id": f"b-{life}", "ce_source": "toy/bench", "ce_type": "life.begin"}
    producer.produce(f"{ns}toy.v1", json.dumps(body), life, headers=[(k, v.encode()) for k, v in headers.items()])
    producer.poll(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], "hot" in sys.argv[5:])
