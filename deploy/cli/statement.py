"""laotie ledger statement"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import click

from deploy.cli.accounts import accounts
from deploy.cli.clock import Then
from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.ledger import SIDES, json_option, ledger, sides
from deploy.cli.plain import local, say
from deploy.local.policies import bounds, policies_of, zone_of
from deploy.local.stack import Stack
from services.payment.ledger import ACCOUNTS, TRANSACTIONS, account_of

MOVED = """
SELECT account, currency, coalesce(kind, '') AS kind, coalesce(sum(amount_minor) FILTER (WHERE at < $2), 0) AS before_minor,
       coalesce(sum(amount_minor) FILTER (WHERE $2::timestamptz IS NULL OR at >= $2), 0) AS moved_minor,
       count(*) FILTER (WHERE $2::timestamptz IS NULL OR at >= $2) AS times
  FROM payment.posting WHERE account = ANY ($1::text[]) AND ($3::timestamptz IS NULL OR at <= $3) GROUP BY account, currency, kind
"""
WHOLE = [account.form for account in ACCOUNTS if "<" not in account.form]
KINDS = list(TRANSACTIONS)


@dataclass(slots=True)
class Sheet:
    """One account in one currency, minor units, a debit below zero. moved: by kind of transaction, how often and how much."""

    account: str
    currency: str
    begins_minor: int = 0
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def ends_minor(self) -> int:
        return self.begins_minor + sum(minor for _, minor in self.moved.values())


@ledger.command()
@click.argument("whose", metavar="[PARTY|ACCOUNT]", required=False)
@click.option("--from", "since", type=Then(), help="From that day or time on.")
@click.option("--to", "until", type=Then(), help="Until that time, or the end of that day.")
@json_option
def statement(whose: str | None, since: date | datetime | None, until: date | datetime | None, as_json: bool) -> None:
    """Sum up a month, or any time: of each account of PARTY, of ACCOUNT, or of the platform's own and the provider's, what it held, what
    moved it by kind of transaction, what it held then. Single transactions: `laotie ledger show`.
    """
    stack = running()
    begins, ends = bounds(since, until, policies_of(stack))
    sheets = summed(asyncio.run(_moved(stack, named(whose), begins, ends)))
    if not sheets and whose is not None:
        raise Failed(f"the ledger knows no party and no account {whose!r} by then")
    if as_json:
        told = {"from": begins and begins.isoformat(), "to": ends and ends.isoformat(), "accounts": [data(sheet) for sheet in sheets]}
        click.echo(json.dumps(told, indent=1))
        return
    zone = zone_of(stack)
    say(f"from {local(begins, zone) if begins else 'the beginning'} to {local(ends, zone) if ends else 'now'}, times in {zone.key}")
    for line in lines(sheets):
        say(line)


def named(whose: str | None) -> list[str]:
    """The accounts that are meant: one by its whole name (debt:s-1), else all of that party. None: the platform's own."""
    if whose is None:
        return WHOLE
    return [whose] if account_of(whose) is not None else [one.prefix + whose for one in ACCOUNTS if one.form.endswith("<party>")]


def summed(rows: Iterable[Mapping[str, Any]]) -> list[Sheet]:
    """By currency, in the order of the ledger's page; what neither holds anything nor moved is left out."""
    found: dict[tuple[str, str], Sheet] = {}
    for row in sorted(rows, key=lambda row: (row["currency"], _place(row["account"]), _rank(row["kind"]))):
        sheet = found.setdefault((row["account"], row["currency"]), Sheet(row["account"], row["currency"]))
        sheet.begins_minor += int(row["before_minor"])
        if row["times"]:
            sheet.moved[row["kind"]] = (row["times"], int(row["moved_minor"]))
    return [sheet for sheet in found.values() if sheet.begins_minor or sheet.moved]


def lines(sheets: Iterable[Sheet]) -> Iterator[str]:
    for number, sheet in enumerate(sheets):
        if not number:
            yield SIDES
        yield f"{sides(sheet.begins_minor, sheet.currency)} {sheet.currency}  {sheet.account} at the beginning"
        for kind, (times, minor) in sheet.moved.items():
            means = TRANSACTIONS[kind].means if kind in TRANSACTIONS else ""
            yield f"{sides(minor, sheet.currency)} {sheet.currency}    {kind or '?':<18} {times:>6} times  {means}"
        yield f"{sides(sheet.ends_minor, sheet.currency)} {sheet.currency}  {sheet.account} at the end"


def data(sheet: Sheet) -> dict[str, Any]:
    moved = [{"kind": kind, "times": times, "amount_minor": minor} for kind, (times, minor) in sheet.moved.items()]
    ends = {"begins_minor": sheet.begins_minor, "ends_minor": sheet.ends_minor}
    return {"account": sheet.account, "currency": sheet.currency, **ends, "moved": moved}


def _place(account: str) -> int:
    return next((number for number, one in enumerate(ACCOUNTS) if one.holds(account)), len(ACCOUNTS))


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


async def _moved(stack: Stack, names: list[str], begins: datetime | None, ends: datetime | None) -> list[Mapping[str, Any]]:
    async with asking(stack) as connection:
        return [dict(row) for row in await connection.fetch(MOVED, names, begins, ends)]


__all__ = ["accounts", "ledger", "statement"]
