"""laotie ledger show"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import click

from deploy.cli.charged import abouts, ahead
from deploy.cli.clock import Moment, Then
from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.plain import local, say
from deploy.local.policies import day_end, policies_of, zone_of
from deploy.local.stack import Stack
from services.payment.ledger import ACCOUNTS, TRANSACTIONS, account_of
from shared.currencies import amount, money

UNDER_WAY = "instructed"
WIDTH = 16
SIDES = f"{'debit':>{WIDTH}}{'credit':>{WIDTH}}"


def _postings(which: str) -> str:
    return f"""
SELECT tx::text AS id, kind, order_id, account, currency, amount_minor, at FROM payment.posting
 WHERE {which} AND ($2::timestamptz IS NULL OR at <= $2) ORDER BY at, tx, ordinal
"""


OF_ORDER = _postings("order_id = $1")
OF_PARTY = _postings("account = ANY ($1::text[])")
KNOWN = """
SELECT EXISTS (SELECT FROM payment.posting WHERE order_id = $1) OR EXISTS (SELECT FROM payment.payment WHERE key = $1),
       EXISTS (SELECT FROM payment.posting WHERE account = ANY ($2::text[])) OR EXISTS (SELECT FROM payment.account WHERE key = $1)
"""
ACCOUNT = "SELECT body::text FROM payment.account WHERE key = $1"


class Past(Moment):
    """ISO 8601 with a zone."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        found = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is a span, not a time", param, ctx) if isinstance(found, timedelta) else found


@dataclass(frozen=True, slots=True)
class Transaction:
    """kind: the type of its fact, empty for what was posted before that was written down. order_id None: of a party.

    about: what a party's own is about, as its fact says; empty where that is nothing of an order.
    """

    id: str
    kind: str
    at: datetime
    order_id: str | None
    postings: tuple[tuple[str, str, int], ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What the ledger says of one order or one party. transactions None: it knows none of that id. payouts: of a party, under way now.

    purses: of a party, by currency, as they are kept now.
    """

    orders: list[Transaction] | None
    partys: list[Transaction] | None
    payouts: Mapping[str, Any]
    purses: Mapping[str, Any]


@click.group()
def ledger() -> None:
    """The books: what was posted, and what every account holds, now or at any past moment."""


at_option = click.option(
    "--at",
    "then",
    type=Then(),
    help="As it stood then: what had happened by that time (ISO 8601 with a zone), or on that day (2026-11-30) and before, its midnight "
    "that ends it left out.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="For programs: whole minor units, negative is a debit.")


@ledger.command()
@click.argument("order_or_party")
@at_option
@json_option
def show(order_or_party: str, then: date | datetime | None, as_json: bool) -> None:
    """Show each transaction of an order or a party in order, and what its accounts hold; of a party also what they held then, a debit
    below zero."""
    stack = running()
    moment = moment_of(stack, then)
    found = asyncio.run(_page(stack, order_or_party, moment))
    if found.partys and any(one.order_id is None for one in found.partys):
        found = replace(found, partys=named(found.partys, abouts(stack, order_or_party)))
    if found.orders is None and found.partys is None:
        raise Failed(f"the ledger knows no order and no party {order_or_party!r}")
    if as_json:
        click.echo(json.dumps(_data(order_or_party, moment, found), indent=1))
        return
    zone = zone_of(stack)
    at = f" at {local(moment, zone)}" if moment else ""
    if found.orders is not None:
        say(f"order {order_or_party}{at}, times in {zone.key}")
        _print(found.orders, zone)
        _print_sums(f"the order's accounts{at}:", _sums(found.orders, "<order>", order_or_party))
        _print_sums("what its transactions made of others:", _sums(found.orders, "<order>", order_or_party, own=False))
    if found.partys is not None:
        say(f"party {order_or_party}{at}, times in {zone.key}")
        _print(found.partys, zone, running_balance=True)
        _print_sums(f"the party's accounts{at}:", _sums(found.partys, "<party>", order_or_party))
        for payout_id, payout in found.payouts.items():
            say(f"payout under way: {money(payout['amount_minor'], payout['currency'])}  {payout_id}")
        for line in ahead(found.purses, zone):
            say(line)


def moment_of(stack: Stack, then: date | datetime | None) -> datetime | None:
    """Up to when what happened counts; None: to the end."""
    return then if then is None or isinstance(then, datetime) else day_end(then, policies_of(stack))


def named(transactions: Iterable[Transaction], about: Mapping[str, str]) -> list[Transaction]:
    return [replace(one, about=about.get(one.id, "")) for one in transactions]


async def _page(stack: Stack, identity: str, moment: datetime | None) -> Page:
    names = [account.prefix + identity for account in ACCOUNTS if account.form.endswith("<party>")]
    async with asking(stack) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        an_order, a_party = (await connection.fetch(KNOWN, identity, names))[0]
        orders = _transactions(await connection.fetch(OF_ORDER, identity, moment)) if an_order else None
        partys = _transactions(await connection.fetch(OF_PARTY, names, moment)) if a_party else None
        account = await connection.fetchval(ACCOUNT, identity) if a_party and moment is None else None
    known = {"payouts": {}, "purses": {}, **json.loads(account or "{}")}
    under_way = {payout_id: payout for payout_id, payout in known["payouts"].items() if payout["state"] == UNDER_WAY}
    return Page(orders, partys, under_way, known["purses"])


def _transactions(rows: Iterable[asyncpg.Record]) -> list[Transaction]:
    """By time; of one moment in the order in which the ledger's page has the kinds."""
    grouped = [list(found) for _, found in groupby(rows, lambda row: row["id"])]
    found = [
        Transaction(
            rows[0]["id"],
            rows[0]["kind"] or "",
            rows[0]["at"],
            rows[0]["order_id"],
            tuple((row["account"], row["currency"], row["amount_minor"]) for row in rows),
        )
        for rows in grouped
    ]
    rank = {kind: number for number, kind in enumerate(TRANSACTIONS)}
    return sorted(found, key=lambda one: (one.at, rank.get(one.kind, len(rank)), one.id))


def _sums(transactions: Iterable[Transaction], whose: str, identity: str, *, own: bool = True) -> dict[tuple[str, str], int]:
    """By account and currency: of the accounts of that form and id, or of all others that the transactions moved."""
    totals: Counter[tuple[str, str]] = Counter()
    for transaction in transactions:
        for name, currency, minor in transaction.postings:
            if (_form(name).endswith(whose) and name.partition(":")[2] == identity) is own:
                totals[(name, currency)] += minor
    return dict(sorted(totals.items()))


def _form(name: str) -> str:
    found = account_of(name)
    return found.form if found is not None else ""


def _print(transactions: Iterable[Transaction], zone: ZoneInfo, *, running_balance: bool = False) -> None:
    totals: Counter[tuple[str, str]] = Counter()
    for number, one in enumerate(transactions):
        if not number:
            say(SIDES)
        means = TRANSACTIONS[one.kind].means if one.kind in TRANSACTIONS else ""
        of = f": {one.about}" if one.about else f" of order {one.order_id}" if running_balance and one.order_id else ""
        say(f"{local(one.at, zone)}  {one.kind or '?':<18} {one.id}  {means}{of}")
        for name, currency, minor in one.postings:
            totals[(name, currency)] += minor
            after = f"  ({amount(totals[(name, currency)], currency)} then)" if running_balance else ""
            say(f"{sides(minor, currency)} {currency}  {name}{after}")


def _print_sums(title: str, sums: Mapping[tuple[str, str], int]) -> None:
    if sums:
        say(title)
    for (name, currency), minor in sums.items():
        say(f"{sides(minor, currency)} {currency}  {name}")


def sides(minor: int, currency: str) -> str:
    """In the debit or in the credit column; nothing at all stands as a credit."""
    shown = f"{amount(abs(minor), currency):>{WIDTH}}"
    return shown + " " * WIDTH if minor < 0 else " " * WIDTH + shown


def _data(identity: str, moment: datetime | None, found: Page) -> dict[str, Any]:
    """order, party: None where the ledger knows none of that id. payouts: only of now."""
    data: dict[str, Any] = {"id": identity, "at": moment.isoformat() if moment else None, "order": None, "party": None}
    if found.orders is not None:
        others = _sums(found.orders, "<order>", identity, own=False)
        data["order"] = _told(found.orders) | {"balances": _listed(_sums(found.orders, "<order>", identity)), "others": _listed(others)}
    if found.partys is not None:
        payouts = [{"payout_id": payout_id, **payout} for payout_id, payout in found.payouts.items()]
        data["party"] = _told(found.partys) | {"balances": _listed(_sums(found.partys, "<party>", identity)), "payouts": payouts}
    return data


def _told(transactions: Iterable[Transaction]) -> dict[str, Any]:
    totals: Counter[tuple[str, str]] = Counter()
    told = []
    for one in transactions:
        postings = []
        for name, currency, minor in one.postings:
            totals[(name, currency)] += minor
            after = totals[(name, currency)]
            postings.append({"account": name, "currency": currency, "amount_minor": minor, "sum_minor": after})
        told.append(
            {"at": one.at.isoformat(), "kind": one.kind, "id": one.id, "order_id": one.order_id, "about": one.about, "postings": postings}
        )
    return {"transactions": told}


def _listed(sums: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [{"account": name, "currency": currency, "amount_minor": minor} for (name, currency), minor in sums.items()]
