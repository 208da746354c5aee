"""Rows that must be there before a service starts: its stripes, and a cursor for each input partition at its earliest offset."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from shared.messaging.store import Lane, columns

STRIPES = "INSERT INTO stripe (n) SELECT generate_series(0, $1::int - 1) ON CONFLICT DO NOTHING"
CURSORS = """
INSERT INTO cursor (topic, partition, position) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) ON CONFLICT DO NOTHING
"""


async def seed(connection: asyncpg.Connection, schema: str, stripes: int, earliest: Mapping[Lane, int]) -> None:
    """Idempotent: what is there stays. earliest: (topic, partition) → first offset of the log."""
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}"')
        await connection.execute(STRIPES, stripes)
        await connection.execute(CURSORS, *columns([(*place, offset) for place, offset in sorted(earliest.items())], 3))
