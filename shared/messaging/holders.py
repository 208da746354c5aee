"""Whose the stripes are, in the database: whoever still stands there when another takes over has died.

Invariant L2: after an unclean start an event is marked before it is tried alone; what killed the process three times is parked. What
ended otherwise, with a halt or an error, killed nobody: a copy that is killed while it stands there says nothing of the event.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from shared.messaging.connect import Connect, infrastructure
from shared.messaging.consume import Batch
from shared.messaging.queues import Partition

ATTEMPTS_MAX = 3

HOLD = """
UPDATE stripe s SET held_by = $2 FROM (SELECT n, held_by FROM stripe WHERE n = ANY ($1::int[]) ORDER BY n FOR UPDATE) o
 WHERE s.n = o.n RETURNING s.n, o.held_by
"""
RELEASE = "UPDATE stripe SET held_by = NULL WHERE n = ANY ($1::int[]) AND held_by = $2"
MARK = """
UPDATE stripe SET attempts = CASE WHEN attempt_ref = $2 THEN attempts + 1 ELSE 1 END, attempt_ref = $2 WHERE n = $1 RETURNING attempts
"""
UNMARK = "UPDATE stripe SET attempts = attempts - 1 WHERE n = $1 AND attempt_ref = $2"
END_FROZEN = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE usename = current_user AND datname = current_database() AND state = 'active' AND wait_event = 'ClientRead'
   AND state_change < clock_timestamp() - make_interval(secs => $1)
"""  # a process that stopped between two messages of one statement: to the server it is at work, and its locks are never taken from it

log = logging.getLogger("laotie.flow")


async def take_over(connection: asyncpg.Connection, numbers: Sequence[int], instance: str, unclean: set[int]) -> None:
    """unclean: is told which of them somebody did not give back, before they are ours: who is interrupted here begins again, and once
    they are ours nothing tells any more.
    """
    async with connection.transaction():
        unclean |= {number for number, by in await connection.fetch(HOLD, numbers, instance) if by not in (None, instance)}


async def give_back(connect: Connect, open_: list[asyncpg.Connection], numbers: Sequence[int], instance: str) -> list[asyncpg.Connection]:
    """By one of the open connections, or by a new one. Those that are open then."""
    try:
        giver = open_[0] if open_ else await connect("worker")
        await giver.execute(RELEASE, numbers, instance)
        return open_ or [giver]
    except Exception as error:
        if not infrastructure(error):
            raise
        log.warning("stripes not given back, the next start will be slow: %s", error)
        return open_


@asynccontextmanager
async def attempt(connection: asyncpg.Connection, partition: Partition, batch: Batch) -> AsyncIterator[None]:
    """L2. Of a batch that is one event alone: its attempt is counted, and the fourth parks it."""
    if partition.size > 1 or len(batch.records) != 1 or partition.marked == batch.records[0].ref:
        yield
        return
    place = partition.number, batch.records[0].ref
    attempts = await connection.fetchval(MARK, *place)
    partition.marked = place[1]
    if attempts > ATTEMPTS_MAX:
        batch.park, batch.error = "parked.killed_the_process", f"begun {attempts - 1} times and never ended"
    try:
        yield
    except Exception as error:
        if not infrastructure(error):  # else the connection may be lost
            await connection.execute(UNMARK, *place)
            partition.marked = ""
        raise
