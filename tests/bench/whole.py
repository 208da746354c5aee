"""The whole skeleton life on the four services: placed, paid, shipped, signed, confirmed; then settled by the clock.

python -m tests.bench.whole LIVES SELLERS PREFIX AT      (the load, in a process of its own)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from deploy.cli.idle import Idle
from deploy.local.kafka import quiet
from deploy.local.stack import Stack, environment_of
from shared.settings import Settings
from tests.bench.mini import cpu_seconds, memory_mb

ROOT = Path(__file__).parents[2]
SERVICES = ("order", "payment", "refund", "trust")


@dataclass
class Whole:
    """The four services, running on a stack with the manual clock."""

    stack: Stack
    idle: Idle
    runs: int = 0

    def live(self, lives: int, sellers: int) -> dict[str, Any]:
        """Publishes whole lives, waits until nothing is left, then lets them settle; seconds and rates of both halves."""
        self.runs += 1
        events, cpu = self.handled(), self.cpu()
        arguments = [str(lives), str(sellers), f"w{self.runs}-{int(time.time())}-", self.idle.clock().isoformat()]
        began = time.monotonic()
        settings = self.stack.settings("admin")
        subprocess.run(
            [sys.executable, "-m", "tests.bench.whole", *arguments], env={**os.environ, **environment_of(settings)}, cwd=ROOT, check=True
        )
        self.idle.wait(600)
        lived = time.monotonic() - began
        between, spent = self.handled(), self.cpu()
        self.idle.set_clock(timedelta(days=9), step=timedelta(days=1), timeout_s=600)
        settled = time.monotonic() - began - lived
        return {
            "lives_per_s": lives / lived,
            "events_per_s": (between - events) / lived,
            "events_per_life": (between - events) / lives,
            "cpu_ms_per_life": (spent - cpu) * 1000 / lives,
            "settle_lives_per_s": lives / settled,
        }

    def handled(self) -> float:
        return sum(value for _, text in self._metrics() for name, value in text if name == 'laotie_events_total{outcome="handled"}')

    def phases(self) -> dict[str, float]:
        """Microseconds an event, by phase, over all services."""
        found: dict[str, float] = {}
        events = 0.0
        for _, text in self._metrics():
            for name, value in text:
                if name.startswith("laotie_phase_seconds_total"):
                    phase = name.split('"')[1]
                    found[phase] = found.get(phase, 0) + value
                events += value if name == "laotie_batch_events_sum" else 0
        return {phase: value * 1e6 / max(1, events) for phase, value in found.items()}

    def cpu(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self.stack.services.values() if process.pid)

    def memory_mb(self) -> dict[str, float]:
        return {name: memory_mb(process.pid) for name, process in self.stack.services.items() if process.pid}

    def _metrics(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        for name, process in self.stack.services.items():
            with urllib.request.urlopen(f"{process.address}/metrics", timeout=10) as answer:
                lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
            yield name, [(metric, float(value)) for metric, _, value in lines]


@contextmanager
def whole(home: Path) -> Iterator[Whole]:
    with Stack(home, clock="manual") as stack:
        stack.start(fresh=True)
        for service in SERVICES:
            stack.spawn(service, wait=False)
        for process in stack.services.values():
            process.wait_ready()
        with Idle(stack) as idle:
            yield Whole(stack, idle)


def publish(lives: int, sellers: int, prefix: str, at: datetime) -> None:
    """Five upstream events a life, life by life in steps, so that causes come first on the whole."""
    more = {"partitioner": "murmur2_random", "linger.ms": "5", "enable.idempotence": "true", "queue.buffering.max.messages": "500000"}
    producer = Producer(quiet({**Settings().confluent(), **more}))

    def send(topic: str, type: str, order: str, after: int, body: dict[str, Any]) -> None:
        occurred_at = (at - timedelta(minutes=5) + timedelta(seconds=after)).isoformat()
        value = json.dumps({"order_id": order, "occurred_at": occurred_at, **body})
        headers = {"ce_specversion": "1.0", "ce_id": f"{type}-{order}", "ce_source": topic, "ce_type": type}
        while True:
            try:
                producer.produce(topic, value, order, headers=[(name, text.encode()) for name, text in headers.items()])
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)

    for n in range(lives):
        order, buyer, seller = f"{prefix}{n}", f"b{n}", f"{prefix}s{n % sellers}"
        line = {"line_no": 1, "sku": "k1", "seller_id": seller, "quantity": 1, "unit_price_minor": 10000}
        placed = {"buyer_id": buyer, "currency": "CNY", "lines": [line, {**line, "line_no": 2, "unit_price_minor": 11000}]}
        coupon = {"coupon_id": "c1", "funder": "seller", "amount_minor": 2000, "line_nos": [1, 2]}
        send("storefront.v1", "order.placed", order, 0, {**placed, "coupons": [coupon], "due_minor": 19000})
        send("psp.v1", "payment.succeeded", order, 10, {"payment_id": f"p-{order}", "amount_minor": 19000, "currency": "CNY"})
        parcel = {"parcel_id": f"q-{order}", "carrier": "SF", "waybill": f"w-{order}"}
        units = [{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 1}]
        send("logistics.v1", "parcel.shipped", order, 20, {**parcel, "lines": units})
        send("logistics.v1", "parcel.signed", order, 30, {"parcel_id": f"q-{order}"})
        send("storefront.v1", "receipt.confirmed", order, 40, {"buyer_id": buyer, "line_nos": []})
    assert producer.flush(120) == 0


if __name__ == "__main__":
    publish(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4]))
