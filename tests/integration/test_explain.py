"""What `laotie explain` reads of topics that keep everything."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from confluent_kafka import Producer

from deploy.cli import whereabouts
from deploy.cli.story import tell, tell_each
from deploy.local.kafka import quiet
from deploy.local.postgres import run
from deploy.local.stack import Stack
from shared.messaging.stripes import stripe_of

pytestmark = pytest.mark.stack
KEY = "o-of-long-after"
STORE = """INSERT INTO "order"."order" (key, version, base, body) VALUES ($1, 1, 0, json_build_object('placed_at', $2::text))"""
FORGET = 'DELETE FROM "order"."order" WHERE key = $1'


def test_an_order_is_not_looked_for_in_what_was_taken_long_before_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the broker's time; of an order that nobody knows, with --whole, and where business time is not the system's, everything."""
    long_before, after = _sent(stack), _sent(stack)
    assert long_before < after, "else the two are one to the broker"
    monkeypatch.setattr(whereabouts, "SKEW", timedelta(0))
    assert _told(stack) == [long_before, after]
    run(_execute(stack, STORE, KEY, (datetime.fromtimestamp(after / 1000, UTC) + whereabouts.BEFORE).isoformat()))
    try:
        assert _told(stack) == [after]
        assert [step.entry.timestamp_ms for step in asyncio.run(tell_each(stack, [KEY]))[KEY].steps] == [long_before, after]
        monkeypatch.setattr(stack, "clock", "manual")
        assert _told(stack) == [long_before, after]
    finally:
        run(_execute(stack, FORGET, KEY))


def _told(stack: Stack) -> list[int]:
    return [step.entry.timestamp_ms for step in asyncio.run(tell(stack, KEY)).steps]


def _sent(stack: Stack) -> int:
    """Something that no event is; when the broker took it, in ms."""
    taken: list[int] = []
    producer = Producer(quiet(stack.settings("admin").confluent()))
    partition = stripe_of(KEY, stack.stripes)
    producer.produce("ruling.v1", b"{}", KEY.encode(), partition, lambda _, message: taken.append(message.timestamp()[1]))
    assert producer.flush(30) == 0
    return taken[0]


async def _execute(stack: Stack, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(stack.dsn("admin"))
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()
