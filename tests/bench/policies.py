"""How soon a new version of the policy is known to all, and what the first decision by it costs beside an ordinary one. Source: R9.1."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from deploy.cli.inforce import standing
from deploy.local.kafka import quiet
from deploy.local.policies import policies_of, publish
from deploy.local.stack import Stack
from shared.policy import Policy
from tests.bench.whole import Whole

ROUNDS = 10
WAIT_S = 60.0
LEAD = timedelta(minutes=10)


def measured(lives: Whole) -> dict[str, float]:
    """Milliseconds, medians: from the broker's acknowledgement to the last service that keeps it; from an order's placement to its
    acceptance, by the version before and as the first one by the new version, right after the clock reached its beginning.
    """
    stack, idle = lives.stack, lives.idle
    policy, rows = policies_of(stack).versions[-1], list[tuple[float, float, float]]()
    producer = Producer(quiet(stack.settings("ops").confluent()))
    with _Shop(stack) as shop:
        for _ in range(ROUNDS):
            begins = idle.clock() + LEAD
            policy = policy.model_copy(update={"version": uuid.uuid4().hex, "effective_from": begins})
            publish(producer, policy, idle.clock())
            taken = asyncio.run(_taken(stack, policy))
            idle.wait()
            before, _ = shop.accepted(idle.clock())
            idle.set_clock(begins)
            first, version = shop.accepted(begins)
            if version != policy.version:
                raise AssertionError(f"decided by {version}, in force was {policy.version}")
            rows.append((taken, before, first))
    names = ("known_to_all_ms", "decision_before_ms", "first_decision_ms")
    return {name: round(statistics.median(row[place] for row in rows) * 1000, 1) for place, name in enumerate(names)}


async def _taken(stack: Stack, policy: Policy) -> float:
    began = time.monotonic()
    while not all(policy.version in one.kept for one in (await standing(stack)).values()):
        if time.monotonic() - began > WAIT_S:
            raise asyncpg.InterfaceError(f"version {policy.version} is not taken after {WAIT_S} s")
        await asyncio.sleep(0.002)
    return time.monotonic() - began


class _Shop:
    """Places one order after the other and hears what becomes of it."""

    def __init__(self, stack: Stack) -> None:
        self._producer = Producer({**quiet(stack.settings("storefront").confluent()), "linger.ms": 0})
        self._reader = Consumer(
            {**quiet(stack.settings("ops").confluent()), "group.id": "ops-bench", "enable.auto.commit": False, "fetch.wait.max.ms": 10}
        )
        self._reader.assign([TopicPartition("order.v1", number, OFFSET_END) for number in range(stack.stripes)])
        self._reader.poll(1)

    def accepted(self, at: datetime) -> tuple[float, str]:
        """Seconds, and the version that the fact names."""
        order = uuid.uuid4().hex
        line = {"line_no": 1, "sku": "tea", "seller_id": "s-bench", "quantity": 1, "unit_price_minor": 100}
        body = {
            "occurred_at": at.isoformat(),
            "order_id": order,
            "buyer_id": "b-bench",
            "currency": "CNY",
            "lines": [line],
            "due_minor": 100,
        }
        names = {
            "ce_specversion": "1.0",
            "ce_id": order,
            "ce_source": "bench",
            "ce_type": "order.placed",
            "content-type": "application/json",
        }
        headers: list[tuple[str, str | bytes | None]] = list(names.items())
        began = time.monotonic()
        self._producer.produce("storefront.v1", json.dumps(body).encode(), order.encode(), headers=headers)
        self._producer.flush()
        while time.monotonic() - began < WAIT_S:
            message: Any = self._reader.poll(0.2)
            if message is not None and message.error() is None and message.key() == order.encode():
                return time.monotonic() - began, dict(message.headers())["ce_policyversion"].decode()
        raise AssertionError(f"order {order} was not accepted within {WAIT_S} s")

    def __enter__(self) -> _Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
