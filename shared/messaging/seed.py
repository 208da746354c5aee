"""Rows that must be there before a service starts: its stripes, and a cursor for each input partition at its earliest offset.

Invariant D1: a cursor is made with its topic's others or not at all: one that is missing alone was lost, and what it had taken would
be taken a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import asyncpg

from shared.messaging.columns import turned
from shared.messaging.connect import Halted
from shared.messaging.store import Lane

STRIPES = "INSERT INTO stripe (n) SELECT generate_series(0, $1::int - 1) ON CONFLICT DO NOTHING"
FOUND = "SELECT count(*) FROM stripe"
LOST = """
SELECT string_agg(u.topic || '/' || u.partition, ', ' ORDER BY u.topic, u.partition) FROM unnest($1::text[], $2::int[]) u(topic, partition)
 WHERE EXISTS (SELECT FROM cursor c WHERE c.topic = u.topic)
   AND NOT EXISTS (SELECT FROM cursor c WHERE (c.topic, c.partition) = (u.topic, u.partition))
"""
CURSORS = """
INSERT INTO cursor (topic, partition, position, last_seq) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
ON CONFLICT DO NOTHING
"""


async def seed(connection: asyncpg.Connection, schema: str, stripes: int, earliest: Mapping[Lane, int], own: Collection[str]) -> None:
    """Idempotent: what is there stays. earliest: (topic, partition) → first offset of the log. own: those of them that are our topics.

    A whole log of ours begins with number 1: what is missing at its head is a gap like any other. Of one that lost its head the
    first number seen is the baseline. Raises Halted (D1), and where there are other stripes than these.
    """
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}"')
        found = await connection.fetchval(FOUND)
        if found not in (0, stripes):
            raise Halted("halt.partition_count", f"{schema} has {found} stripes, {stripes} are asked for; the number is never changed")
        await connection.execute(STRIPES, stripes)
        lost = await connection.fetchval(LOST, *turned(sorted(earliest), 2))
        if lost:
            raise Halted("halt.no_cursor", f"{schema} lost its cursor on {lost}; made anew it would take everything a second time")
        rows = [(*place, offset, 0 if place[0] in own and offset == 0 else None) for place, offset in sorted(earliest.items())]
        await connection.execute(CURSORS, *turned(rows, 4))
