"""What a look for deadlines reads does not grow with how many stand. Source: T1, T2."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from deploy.cli import watch
from shared.messaging import timers
from shared.messaging.fold import OFFER
from tests.infra import Fresh

pytestmark = pytest.mark.stack

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STRIPES, STANDING, TAKEN = 4, 8_000, 100
ARM = """
INSERT INTO timer (kind, subject, key, stripe, due_at, body)
SELECT 'line.due', 'o' || n, 'o' || n, CASE WHEN n <= $1 THEN 0 ELSE n % $2 END, $3::timestamptz + n * interval '1 millisecond', ''
  FROM generate_series(1, 2 * $1::int) n
"""  # half of them on one stripe, and due before all others


@pytest.fixture
async def connection(fresh: Fresh) -> AsyncIterator[asyncpg.Connection]:
    """As the owner of a schema with very many deadlines, all due."""
    schema = await asyncio.to_thread(fresh.schema)
    it = await asyncpg.connect(schema.owner_dsn)
    await it.execute(ARM, STANDING, STRIPES, NOON - timedelta(hours=1))
    await it.execute("ANALYZE timer")
    yield it
    await it.close()


async def read(connection: asyncpg.Connection, sql: str, *arguments: object) -> int:
    """How many rows of the table a statement looks at, by the plan that serves any arguments: a service's connection may come to it."""
    spelled = ", ".join(f"'{set(one) if isinstance(one, list) else one}'" for one in arguments)
    async with connection.transaction():
        await connection.execute(f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE look AS {sql}")
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE look ({spelled})")
        await connection.execute("DEALLOCATE look")
    return sum(_rows(json.loads(plan)[0]["Plan"]))


async def send(connection: asyncpg.Connection, stripes: list[int], most: int) -> list[str]:
    """Whose deadlines were taken."""
    rows = [(row["kind"], row["subject"]) for row in await connection.fetch(timers.TAKE, NOON, stripes, most)]
    await connection.execute(timers.SENT, NOON, *timers.FIRED.arguments(rows))
    return sorted(subject for _, subject in rows)


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    if plan.get("Relation Name") == "timer":
        yield int(plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)))
    for part in plan.get("Plans", ()):
        yield from _rows(part)


async def test_which_stripes_have_deadlines_is_asked_of_one_row_each(connection: asyncpg.Connection) -> None:
    assert await read(connection, timers.DUE, NOON, list(range(STRIPES))) == STRIPES
    assert await read(connection, timers.DUE, NOON - timedelta(days=1), list(range(STRIPES))) == 0


@pytest.mark.parametrize("stripes", [[0, 1, 2, 3], [2, 3]], ids=["all may fire", "the one with most of them may not"])
async def test_a_turn_reads_what_it_sends(connection: asyncpg.Connection, stripes: list[int]) -> None:
    assert await read(connection, timers.TAKE, NOON, stripes, TAKEN) == TAKEN * len(stripes)


async def test_a_turn_takes_the_next_ones_of_each_stripe(connection: asyncpg.Connection) -> None:
    async def taken(*stripes: int) -> list[int]:
        return sorted(int(subject[1:]) for subject in await send(connection, list(stripes), 2))

    assert await taken(1, 2) == [STANDING + n for n in (1, 2, 5, 6)]
    assert await taken(0, 3) == [1, 2, STANDING + 3, STANDING + 7]
    assert await taken(0, 1) == [3, 4, STANDING + 9, STANDING + 13], "those sent before are not sent again"


async def test_t3_deadlines_of_a_key_wait_until_nothing_held_of_it_is_to_be_offered(connection: asyncpg.Connection) -> None:
    """After an outage they are older than the offer: a payment that came before its order would find it expired."""
    offer = "INSERT INTO timer (kind, subject, key, stripe, due_at, body) VALUES ($1, 'o1', 'o1', 0, $2, '')"
    await connection.execute(offer, OFFER, NOON - timedelta(minutes=1))
    taken = [(row["kind"], row["subject"]) for row in await connection.fetch(timers.TAKE, NOON, [0], 2 * STANDING)]
    assert [taken[0], taken[-1]] == [("line.due", "o2"), (OFFER, "o1")]
    await connection.execute("UPDATE timer SET sent_at = $1 WHERE kind = $2", NOON, OFFER)
    assert await send(connection, [0], 1) == ["o2"], "it is on its way"
    await connection.execute("DELETE FROM timer WHERE kind = $1", OFFER)
    assert await send(connection, [0], 1) == ["o1"]


async def test_whether_anything_is_left_is_asked_of_few_rows(connection: asyncpg.Connection) -> None:
    """What waits on each poll of `laotie idle`, and of a clock that is walked."""
    names = {"schema": "pg_temp", "service": "'x'", "stripes": STRIPES, "way": "DESC"}
    latest = watch.UNSENT.format(**names).replace("pg_temp.", "")
    assert await read(connection, latest, NOON) == STRIPES
    sent = await send(connection, [1], 10)
    left = watch.STANDING.format(**names).replace("pg_temp.", "")
    assert await read(connection, left, NOON, watch.LIVE, 50) <= 50 * STRIPES + len(sent)
