"""A running system with a manual clock, and what apps send to it."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import Producer

from deploy.cli.idle import Idle
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify import verify
from tests.infra import STRIPES

ROUNDS_MAX = 10
UNANSWERED = "SELECT key, id FROM payment.payment, json_each(body -> 'refunds') AS r(id, one) WHERE one ->> 'state' = 'reserved'"


class Fair:
    """A running system with a manual clock, and what apps send to it."""

    def __init__(self, stack: Stack, idle: Idle) -> None:
        self.stack, self.idle = stack, idle
        self._producers: dict[str, Producer] = {}
        self._count = 0
        self.copies = 1

    def send(self, app: str, type: str, key: str, at: datetime | None = None, /, **body: Any) -> None:
        """Under the app's own name, at business time unless told otherwise; so often as `copies` says."""
        if app not in self._producers:
            more = {"partitioner": "murmur2_random", "linger.ms": "5"}
            self._producers[app] = Producer(quiet({**self.stack.settings(app).confluent(), **more}))
        self._count += 1
        value = json.dumps({"occurred_at": (at or self.idle.clock()).isoformat(), **body})
        headers = {"ce_specversion": "1.0", "ce_id": f"e{self._count}", "ce_source": app, "ce_type": type}
        for _ in range(self.copies):
            self._producers[app].produce(f"{app}.v1", value, key, headers=[(name, text.encode()) for name, text in headers.items()])
        self._producers[app].poll(0)

    def open(self, campaign: str, units: int, limit: int) -> None:
        self.send("governance", "product.reviewed", campaign, campaign_id=campaign, sku="tea", approved=True)
        self.send("governance", "allotment.set", campaign, campaign_id=campaign, sku="tea", units=units, limit_per_identity=limit)
        self.settle()

    def order(self, order_id: str, buyer_id: str, campaign: str | None, at: datetime, seller_id: str = "s1") -> None:
        line = {"line_no": 1, "sku": "tea", "seller_id": seller_id, "quantity": 1, "unit_price_minor": 100}
        body = {"order_id": order_id, "buyer_id": buyer_id, "currency": "CNY", "lines": [line], "due_minor": 100, "campaign_id": campaign}
        self.send("storefront", "order.placed", order_id, at, **body)

    def link(self, buyer_id: str, token: str) -> None:
        self.send("member", "identity.linked", buyer_id, buyer_id=buyer_id, kind="device", token=token)

    def paid_back(self, copies: Callable[[], int] = lambda: 1) -> None:
        """The provider pays what it was told to; each time it says so that often."""
        for _ in range(ROUNDS_MAX):
            self.settle()
            owed = self.rows(UNANSWERED)
            if not owed:
                return
            for order_id, refund_id in owed:
                self.copies = copies()
                self.send("psp", "refund.succeeded", order_id, None, order_id=order_id, refund_id=refund_id)
        raise AssertionError("refunds without end")

    def flush(self) -> None:
        for producer in self._producers.values():
            assert producer.flush(60) == 0

    def settle(self) -> None:
        self.flush()
        self.idle.wait(120)

    def rows(self, sql: str, *arguments: Any) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.stack.dsn("admin"))
            try:
                return [tuple(row) for row in await connection.fetch(sql, *arguments)]
            finally:
                await connection.close()

        return asyncio.run(ask())

    def statuses(self, prefix: str) -> Counter[str]:
        sql = """SELECT body ->> 'status' FROM "order"."order" WHERE key LIKE $1 || '%'"""
        return Counter(row[0] for row in self.rows(sql, prefix))

    def taken(self, campaign: str) -> int:
        return int(self.rows("SELECT (body ->> 'taken')::int FROM \"order\".allotment WHERE key = $1", f"{campaign}/tea")[0][0])

    def handled(self, service: str = "order") -> dict[str, float]:
        """Events that each of its processes took."""
        found = {}
        for name, process in self.stack.services.items():
            if name.startswith(service):
                with urllib.request.urlopen(f"{process.address}/metrics", timeout=10) as answer:
                    lines = [line.rpartition(" ") for line in answer.read().decode().splitlines()]
                found[name] = sum(float(value) for metric, _, value in lines if metric == 'laotie_events_total{outcome="handled"}')
        return found

    def verified(self) -> list[str]:
        """What `laotie verify` finds wrong."""
        return [f"{check.name}: {check.first}" for check in asyncio.run(verify(self.stack)).checks if not check.holds]


@contextmanager
def running(home: Path, services: Mapping[str, int]) -> Iterator[Fair]:
    """services: how many processes of each."""
    with Stack(home, clock="manual", stripes=STRIPES) as stack:
        stack.start(fresh=True)
        for service, copies in services.items():
            stack.spawn(service, copies, wait=False)
        for process in stack.services.values():
            process.wait_ready()
        with Idle(stack) as idle:
            yield Fair(stack, idle)
    stack.home.remove()
