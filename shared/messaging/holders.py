"""Whose the stripes are, in the database: whoever still stands there when another takes over has died (L2)."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

HOLD = """
UPDATE stripe s SET held_by = $2 FROM (SELECT n, held_by FROM stripe WHERE n = ANY ($1::int[]) ORDER BY n FOR UPDATE) o
 WHERE s.n = o.n RETURNING s.n, o.held_by
"""
RELEASE = "UPDATE stripe SET held_by = NULL WHERE n = ANY ($1::int[]) AND held_by = $2"
MARK = """
UPDATE stripe SET attempts = CASE WHEN attempt_ref = $2 THEN attempts + 1 ELSE 1 END, attempt_ref = $2 WHERE n = $1 RETURNING attempts
"""


async def take_over(connection: asyncpg.Connection, numbers: Sequence[int], instance: str, unclean: set[int]) -> None:
    """unclean: is told which of them somebody did not give back, before they are ours: who is interrupted here begins again, and once
    they are ours nothing tells any more.
    """
    async with connection.transaction():
        unclean |= {number for number, by in await connection.fetch(HOLD, numbers, instance) if by not in (None, instance)}
