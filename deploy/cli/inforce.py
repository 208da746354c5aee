"""Which policy each service goes by, as its own schema says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import asyncpg

from deploy.cli.connect import asking
from deploy.local.services import discover
from deploy.local.stack import Stack
from shared import postgres
from shared.policy.published import digest_of

KEPT = "SELECT version, begins, value, withdrawn FROM {schema}.policy ORDER BY begins"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one service. kept: all versions that count, each with its digest. coming: the next, and when it begins.

    withdrawn: others, the one that was withdrawn last at the end.
    """

    in_force: str | None
    coming: tuple[str, datetime] | None
    kept: Mapping[str, str]
    withdrawn: tuple[str, ...] = ()


async def standing(stack: Stack, now: datetime | None = None) -> dict[str, Standing]:
    """By service. now None: whatever is in force, the last is shown."""
    async with asking(stack) as connection:
        return {name: _of(await connection.fetch(KEPT.format(schema=postgres.quoted(name))), now) for name in discover()}


def _of(told: list[asyncpg.Record], now: datetime | None) -> Standing:
    rows = [row for row in told if row["withdrawn"] is None]
    gone = [row for row in told if row["withdrawn"] is not None]
    begun = [row for row in rows if now is None or row["begins"] <= now] or rows[:1]
    later = [row for row in rows if row["begins"] > begun[-1]["begins"]] if begun else []
    return Standing(
        begun[-1]["version"] if begun else None,
        (later[0]["version"], later[0]["begins"]) if later else None,
        {row["version"]: digest_of(row["value"], row["begins"]) for row in rows},
        tuple(row["version"] for row in sorted(gone, key=itemgetter("withdrawn"))),
    )
