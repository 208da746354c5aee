"""laotie attention"""

from __future__ import annotations

import asyncio
import json

import asyncpg
import click

from deploy.cli.connect import asking, running
from deploy.cli.plain import say
from deploy.local.stack import Stack
from shared.currencies import money

OPEN = """
SELECT *, coalesce(why = 'contradicted' AND CASE kind
    WHEN 'payout' THEN (SELECT body->'payouts'->id->>'state' = 'bounced' FROM payment.account WHERE account.key = open.key)
    ELSE (SELECT body->(kind||'s')->id->>'state' = 'done' FROM payment.payment WHERE payment.key = open.key) END, false) AS bounced FROM (
    SELECT key, kind, id, why, amount_minor, currency FROM payment.needs_person
     WHERE key = ANY (ARRAY(SELECT key FROM payment.attention WHERE why IS NOT NULL))
    UNION ALL SELECT key, 'appeal', violation_id, 'undecided', NULL, NULL FROM trust.open_appeal
) AS open WHERE $1::text IS NULL OR key = $1 ORDER BY kind, why, key, id
"""  # the view alone opens every payment there ever was
MEANS = {
    "not paid": "the provider refused it, nothing moved; where no case can rule on it, money.handled settles it",
    "contradicted": "the provider refused it, and said since that it paid it: ask it and the payee before anybody pays again; "
    "a payout is held back until payout.handled",
    "bounced": "the provider paid it, and said since that it came back: ask it and the payee; payout.handled, of a refund "
    "or compensation money.handled, settles it",
    "no answer": "the provider has not answered in time; an answer counts however late",
    "no end": "the bank has not said how it ended; what it froze stays frozen",
    "undecided": "an appeal against a violation waits for violation.voided or violation.upheld",
    "excess": "the bank took what the buyer had already: asked back from the provider",
}


@click.command()
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def attention(key: str | None, as_json: bool) -> None:
    """List what waits for a person, of one order, party or subject KEY, or all: money, appeals of sellers; status 1 if there is any.

    Beside it: `laotie cases --turn platform` (disputes, claims that wait for the fund), `laotie reconcile` (statement against ledger) and
    `laotie parked list`.
    """
    rows = asyncio.run(_open(running(), key))
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=1))
    else:
        for row in rows:
            of = f" of {money(row['amount_minor'], row['currency'])}" if row["currency"] else ""
            say(f"{row['key']}: {row['kind']} {row['id']}{of}, {row['why']}: {MEANS['bounced' if row['bounced'] else row['why']]}")
        say(f"{len(rows)} waiting for a person")
    if rows:
        raise SystemExit(1)


async def _open(stack: Stack, key: str | None) -> list[asyncpg.Record]:
    async with asking(stack) as connection:
        return list(await connection.fetch(OPEN, key))
