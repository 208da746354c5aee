"""laotie ledger accounts"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import click

from deploy.cli.clock import Span
from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.ledger import SIDES, WIDTH, at_option, json_option, ledger, moment_of, sides
from deploy.cli.plain import local, say
from deploy.cli.watch import now
from deploy.local.policies import zone_of
from deploy.local.stack import Stack
from services.payment.ledger import ACCOUNTS, ADVANCE, CASH, Account
from shared.currencies import amount

TRIAL = """
SELECT form, currency, sum(amount_minor) AS amount_minor, count(*) FILTER (WHERE amount_minor <> 0) AS accounts
  FROM (SELECT CASE WHEN account = ANY ($1::text[]) THEN account ELSE split_part(account, ':', 1) || ':' END AS form,
               currency, sum(amount_minor) AS amount_minor
          FROM payment.posting WHERE $2::timestamptz IS NULL OR at <= $2 GROUP BY account, currency) held
 GROUP BY form, currency
"""
ONE_BY_ONE = """
WITH part AS (
    SELECT CASE WHEN $2 THEN account ELSE order_id END AS whose, order_id, currency, at, tx, ordinal, $3 * amount_minor AS minor
      FROM payment.posting WHERE CASE WHEN $2 THEN starts_with(account, $1) ELSE account = $1 END
       AND ($4::timestamptz IS NULL OR at <= $4)
), came AS (
    SELECT *, sum(greatest(minor, 0)) OVER (PARTITION BY whose, currency ORDER BY at, tx, ordinal) AS so_far,
           -sum(least(minor, 0)) OVER (PARTITION BY whose, currency) AS gone FROM part
), held AS (
    SELECT whose, currency, $3 * sum(minor) AS amount_minor, min(at) FILTER (WHERE minor > 0 AND so_far > gone) AS since,
           greatest(0, coalesce(sum(minor) FILTER (WHERE minor > 0 AND at <= $5), 0) - max(gone)) AS older_minor
      FROM came GROUP BY whose, currency
)
SELECT whose, currency, amount_minor, since, older_minor,
       CASE WHEN $2 THEN NULL ELSE (SELECT body ->> 'buyer_id' FROM payment.payment WHERE key = whose) END AS buyer_id
  FROM held WHERE amount_minor <> 0 AND ($5::timestamptz IS NULL OR older_minor > 0) ORDER BY currency, since NULLS LAST, whose
"""  # what goes away from an account takes the oldest of what came
MINGLED = (CASH, ADVANCE)  # moved by orders and by parties, so that neither has a sum of its own there


class Form(click.ParamType[Account]):
    """An account of the ledger's page: debt, escrow, platform:unclaimed; without what its form ends in, or of a whole one begins with."""

    name = "account"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Account:
        if isinstance(value, Account):
            return value
        asked = str(value).partition("<")[0].rstrip(":")
        found = next((one for one in ACCOUNTS if asked in (one.prefix.rstrip(":"), one.form.partition(":")[2])), None)
        if found is None:
            self.fail(f"{value!r} is none of {', '.join(one.form for one in ACCOUNTS)}", param, ctx)
        if found.form in MINGLED:
            self.fail(
                f"{found.form} is one sum: orders and parties move it together; whose it is, `laotie ledger show` of each says", param, ctx
            )
        return found


@ledger.command()
@click.argument("of", metavar="[ACCOUNT]", required=False, type=Form())
@at_option
@click.option("--older", type=Span(), help="Of ACCOUNT: only what has stood there for so long (90d), the oldest having gone first.")
@json_option
def accounts(of: Account | None, then: date | datetime | None, older: timedelta | None, as_json: bool) -> None:
    """Show the trial balance: what each account holds, those of orders and parties together by kind; debits equal credits.

    With ACCOUNT (balance, debt, escrow, platform:unclaimed, …), each that is not empty, since when: who is owed, who owes; of the
    platform's own, for which order and buyer.
    """
    stack = running()
    moment = moment_of(stack, then)
    if of is not None:
        _show_each(stack, of, moment, older, as_json=as_json)
        return
    if older is not None:
        raise click.UsageError("--older is of one ACCOUNT, as in `laotie ledger accounts debt --older 90d`")
    rows = asyncio.run(_trial(stack, moment))
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["currency"]] += row["amount_minor"]
    if as_json:
        click.echo(json.dumps({"at": moment.isoformat() if moment else None, "accounts": rows, "totals_minor": totals}, indent=1))
    else:
        for currency, held in groupby(rows, lambda row: row["currency"]):
            _print_trial(currency, list(held))
    if any(totals.values()):
        raise Failed(f"the ledger does not sum to zero: {dict(totals)} minor units")


def _show_each(stack: Stack, of: Account, moment: datetime | None, older: timedelta | None, *, as_json: bool) -> None:
    rows = asyncio.run(_each(stack, of, moment, older))
    if as_json:
        shown = [{**row, "since": row["since"] and row["since"].isoformat()} for row in rows]
        click.echo(json.dumps({"account": of.form, "at": moment.isoformat() if moment else None, "holders": shown}, indent=1))
        return
    say(f"{of.form}: {of.means}")
    for line in each_line(rows, zone_of(stack)):
        say(line)


def each_line(rows: list[dict[str, Any]], zone: ZoneInfo) -> Iterator[str]:
    """A line each, and their sum by currency. rows: sorted by currency."""
    if rows:
        yield SIDES
    for currency, held in groupby(rows, lambda row: row["currency"]):
        each = list(held)
        for row in each:
            since = f"since {local(row['since'], zone)}" if row["since"] is not None else "beyond its side"
            whose = (
                row["account"]
                if "account" in row
                else f"order {row['order_id']}" + (f", buyer {row['buyer_id']}" if row["buyer_id"] else "")
            )
            yield f"{sides(row['amount_minor'], currency)} {currency}  {whose}, {since}"
        yield f"{sides(sum(row['amount_minor'] for row in each), currency)} {currency}  together, {len(each)} not empty"
    if not rows:
        yield "nothing"


async def _each(stack: Stack, of: Account, moment: datetime | None, older: timedelta | None) -> list[dict[str, Any]]:
    """older: the amounts are what has stood for so long, at the moment or now."""
    by_name, side = "<" in of.form, 1 if of.side == "credit" else -1
    until = (moment or await now(stack)) - older if older is not None else None
    async with asking(stack) as connection:
        rows = await connection.fetch(ONE_BY_ONE, of.prefix, by_name, side, moment, until)
    return [_holder(row, by_name=by_name, side=side if older is not None else 0) for row in rows]


def _holder(row: asyncpg.Record, *, by_name: bool, side: int) -> dict[str, Any]:
    """side 0: all that stands there."""
    whose = {"account": row["whose"]} if by_name else {"order_id": row["whose"], "buyer_id": row["buyer_id"]}
    minor = side * row["older_minor"] if side else row["amount_minor"]
    return {**whose, "currency": row["currency"], "amount_minor": int(minor), "since": row["since"]}


async def _trial(stack: Stack, moment: datetime | None) -> list[dict[str, Any]]:
    whole = [account.form for account in ACCOUNTS if account.prefix == account.form]
    async with asking(stack) as connection:
        rows = await connection.fetch(TRIAL, whole, moment)
    place = {account.prefix: number for number, account in enumerate(ACCOUNTS)}
    forms = {account.prefix: account for account in ACCOUNTS}
    found = sorted(rows, key=lambda row: (row["currency"], place.get(row["form"], len(place)), row["form"]))
    return [
        {
            "account": forms[row["form"]].form if row["form"] in forms else row["form"],
            "means": forms[row["form"]].means if row["form"] in forms else "",
            "currency": row["currency"],
            "amount_minor": int(row["amount_minor"]),
            "accounts": row["accounts"],
        }
        for row in found
    ]


def _print_trial(currency: str, rows: list[dict[str, Any]]) -> None:
    say(SIDES)
    for row in rows:
        many = f" ({row['accounts']} not empty)" if "<" in row["account"] else ""
        say(f"{sides(row['amount_minor'], currency)} {currency}  {row['account']:<26}{row['means']}{many}")
    debit, credit = (sum(max(0, sign * row["amount_minor"]) for row in rows) for sign in (-1, 1))
    say(f"{amount(debit, currency):>{WIDTH}}{amount(credit, currency):>{WIDTH}} {currency}  together")
