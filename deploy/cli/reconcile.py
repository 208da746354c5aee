"""laotie reconcile"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import asyncpg
import click

from deploy.cli.connect import asking, running
from deploy.cli.plain import say
from deploy.local.stack import Stack
from shared.currencies import money

BREAKS = """
SELECT break_id, order_id, party, at, day, break_kind, movement, reference, line_id,
       ours_minor, ours_currency, theirs_minor, theirs_currency
  FROM payment.open_break WHERE $1::text IS NULL OR day = $1 ORDER BY day, at, order_id, party, break_id
"""
MEANS = {
    "missing_here": "they state what we do not know",
    "missing_there": "we know what they did not state in time",
    "amount": "another amount",
    "currency": "another currency",
    "duplicate": "stated again under another line",
}


@click.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Of that day only: the statement's, or when the money moved.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def reconcile(day: datetime | None, as_json: bool) -> None:
    """List where the provider's statement and the ledger differ and nothing explains it yet; status 1 if there is any such break."""
    rows = asyncio.run(_breaks(running(), f"{day:%Y-%m-%d}" if day else None))
    if as_json:
        click.echo(json.dumps([{**dict(row), "at": row["at"].isoformat()} for row in rows], indent=1))
    else:
        for row in rows:
            _print(row)
        say(f"{len(rows)} open {'break' if len(rows) == 1 else 'breaks'}")
    if rows:
        raise SystemExit(1)


def _print(row: asyncpg.Record) -> None:
    ours, theirs = (_side(row[f"{side}_minor"], row[f"{side}_currency"]) for side in ("ours", "theirs"))
    line = f", line {row['line_id']}" if row["line_id"] else ""
    whose = f"order {row['order_id']}" if row["order_id"] is not None else f"party {row['party']}"
    say(f"{row['day']}  {row['break_kind']:<14} {whose}: {row['movement']} {row['reference']}{line}")
    say(f"{'':>12}ours {ours}, theirs {theirs}: {MEANS[row['break_kind']]}; since {row['at'].isoformat()}, {row['break_id']}")


def _side(minor: int | None, currency: str | None) -> str:
    return money(minor, currency) if minor is not None and currency is not None else "nothing"


async def _breaks(stack: Stack, day: str | None) -> list[asyncpg.Record]:
    async with asking(stack) as connection:
        return list(await connection.fetch(BREAKS, day))
