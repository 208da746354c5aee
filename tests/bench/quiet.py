"""The load of a quiet hour: an order and its payment now and then, and when its certificate is there.

python -m tests.bench.quiet RATE SECONDS AT      (AT: business time)

Prints one JSON line: latencies in milliseconds.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime, timedelta

from confluent_kafka import Producer

from deploy.local.kafka import quiet
from shared.settings import Settings
from tests.bench.apps import delivered, send
from tests.bench.load import watch

WARM_SHARE = 3  # the first third is not counted
STEPS = 2  # of a life that are sent: placed, paid


def main(rate: float, seconds: float, at: datetime) -> None:
    count, prefix = int(rate * seconds), f"q{time.time_ns()}-"
    ends: dict[str, float] = {}
    ready = threading.Event()

    def ended(type: str, key: str, _: bytes) -> str:
        return key if type == "certificate.issued" and key.startswith(prefix) else ""

    watcher = threading.Thread(target=watch, args=("refund.v1", ended, count, ends, ready))
    watcher.start()
    ready.wait(30)
    producer = Producer(quiet({**Settings().confluent(), "partitioner": "murmur2_random", "linger.ms": "0", "enable.idempotence": "true"}))
    producer.list_topics(timeout=30)
    starts: dict[str, float] = {}
    began = time.time()
    for n in range(count):
        time.sleep(max(0.0, began + n / rate - time.time()))
        order = f"{prefix}{n}"
        starts[order] = time.time()
        for event in list(delivered(order, f"{prefix}s", n, 2))[:STEPS]:
            send(producer, event, at - timedelta(minutes=5))
    producer.flush(60)
    watcher.join()
    assert len(ends) == count, f"{len(ends)} of {count} orders have a certificate"
    taken = sorted((ends[order] - starts[order]) * 1000 for order in list(starts)[count // WARM_SHARE :])
    print(json.dumps({"p50_ms": taken[len(taken) // 2], "p99_ms": taken[int(len(taken) * 0.99)], "max_ms": taken[-1]}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
