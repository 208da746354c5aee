"""The places of events that are held back, where the log that they name is no more.

A place is the name under which an event is held. In another log of that name it is another event's, which would then not be held itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import asyncpg

from shared.messaging.columns import turned
from shared.messaging.fold import WAIT_OVER
from shared.messaging.record import Record
from shared.messaging.store import Lane, held_of

WITHIN = "SELECT set_config('search_path', $1, true)"
HELD = """
SELECT p.* FROM parked p JOIN unnest($1::text[], $2::int[]) u(topic, partition) ON (p.topic, p.partition) = (u.topic, u.partition)
 ORDER BY p.n
"""
PLACE = 'UPDATE parked SET ref = $2, "offset" = $3 WHERE ref = $1'
WAITS = "SELECT body FROM timer WHERE (kind, subject) = ($1, $2)"
WAIT = "UPDATE timer SET subject = $3, body = $4, sent_at = NULL WHERE (kind, subject) = ($1, $2)"  # a turn under way names the old place


async def held(connection: asyncpg.Connection, schema: str, lanes: Iterable[Lane]) -> list[Record]:
    """In the order in which they are held. schema: quoted; the transaction's from now on."""
    await connection.execute(WITHIN, schema)
    return [held_of(dict(row)).record for row in await connection.fetch(HELD, *turned(list(lanes), 2))]


async def put_aside(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """Each has a place then that no record has: below all offsets."""
    lowest = min([0, *(record.offset for record in records)])
    return [await put(connection, record, lowest - nth) for nth, record in enumerate(records, 1)]


async def put(connection: asyncpg.Connection, record: Record, offset: int) -> Record:
    """At another offset of its partition, with the deadline by which it waits."""
    moved = replace(record, offset=offset)
    await connection.execute(PLACE, record.ref, moved.ref, offset)
    if (body := await connection.fetchval(WAITS, WAIT_OVER, record.ref)) is not None:
        await connection.execute(WAIT, WAIT_OVER, record.ref, moved.ref, json.dumps({**json.loads(body), "ref": moved.ref}).encode())
    return moved
