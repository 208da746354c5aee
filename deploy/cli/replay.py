"""laotie policy replay"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.ledger import Past
from deploy.cli.plain import say
from deploy.local.policies import policies_of
from deploy.whatif import NoReplay, Report, Span, whatif
from deploy.whatif.read import recorded
from shared.currencies import amount
from shared.policy import InvalidPolicy, Policies

GROUPS = (("by_rule", "rule"), ("by_seller", "seller"), ("by_promoter", "promoter"), ("by_buyer_tier", "buyer_tier"))
OTHERWISE_MAX = 5  # of the decisions of an older release
BECAUSE_MAX = 5  # values that are named; --json has all
ROWS_MAX = 20  # of each table; --json has all


@click.command()
@click.argument("candidate", type=click.Path(path_type=Path))
@click.option("--from", "since", type=Past(), help="From when the candidate is in force and counts; else from the beginning.")
@click.option("--to", "until", type=Past(), help="Until when what happens counts; else to the end.")
@click.option(
    "--by-this-release",
    is_flag=True,
    help="Where an older release decided otherwise: let this one decide both sides, and say how much differs.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: everything, not only the first rows.")
def replay(candidate: Path, since: datetime | None, until: datetime | None, by_this_release: bool, as_json: bool) -> None:
    """Decide what is recorded once more, under the policy file CANDIDATE, and tell what would have been: in money and scores.

    All four services decide again, in memory, in the order in which they did; nothing is written anywhere. First everything is decided by
    the policies that were in force: where that is not exactly what is recorded, this halts with a code, without --by-this-release. What
    people did is offered again; what they would have done otherwise is not invented. The provider is assumed to pay what it was never
    asked to.
    """
    span = Span(since, until)
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--from is not before --to")
    try:
        policies = Policies.load(candidate)
    except InvalidPolicy as error:
        raise Failed(f"{candidate}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{candidate}: {getattr(error, 'strerror', None) or error}") from error
    try:
        stack = running()
        report = whatif(recorded(stack, whole=by_this_release), policies_of(stack), policies, span)
    except NoReplay as error:
        raise Failed(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.data(), indent=1))
        return
    for line in lines(report):
        say(line)


def lines(report: Report) -> Iterator[str]:
    """For people, without the rows beyond ROWS_MAX."""
    data = report.data()
    yield from _head(data)
    for name, whose in GROUPS:
        yield from _group(data[name], whose)
    yield from _pairs("what each party would have", data["parties"], "party")
    yield from _pairs("accounts", data["accounts"], "account")
    yield from _scores(data)
    yield from _refusals(data)
    yield from _orders(data)
    yield from _tail(data)


def _head(data: dict[str, Any]) -> Iterator[str]:
    read = data["read"]
    since, until = data["from"] or "the beginning", data["to"] or data["ends"]
    yield f"{', '.join(data['candidate'])} in place of {', '.join(data['in_force'])}, from {since} to {until}"
    yield (
        f"{read['orders']:,} orders, {read['events']:,} events, {read['facts']:,} facts; "
        f"{read['decisions']:,} decisions come out as recorded, {read['open']:,} had not been made when this was read"
    )
    if data["otherwise"]:
        yield f"{len(data['otherwise']):,} decisions are otherwise than an older release recorded; what was is what this one makes of it"
    for line in data["otherwise"][:OTHERWISE_MAX]:
        yield f"  {line}"
    if not data["values"]:
        yield "no value differs"
    for value in data["values"]:
        rules = f" [{', '.join(value['rules'])}]" if value["rules"] else ""
        yield f"  {value['path']}: {_short(value['before'])} -> {_short(value['after'])}{rules}  {value['says']}"
    facts = data["facts"]
    yield f"facts: {facts['same']:,} the same, {facts['changed']:,} otherwise, {facts['new']:,} more, {facts['gone']:,} not"
    for line in data["raised"][:ROWS_MAX]:
        yield f"  ends in an error: {line}"


def _short(value: object) -> str:
    return "-" if value is None else str(value)


def _group(rows: list[dict[str, Any]], whose: str) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{whose.replace('_', ' '):<20} {'decisions':>9} {'granted':>8} {'refused':>8} {'promises':>8}"
    for row in rows[:ROWS_MAX]:
        yield f"{row[whose]:<20} {row['decisions']:>9,} {row['granted']:>8,} {row['refused']:>8,} {row['promises']:>8,}"
        for money in row["money"]:
            yield f"    {money['what']:<18} {_money(money)}"
    yield from _more(rows)


def _money(row: dict[str, Any]) -> str:
    was, now, more = (amount(row[name], row["currency"]) for name in ("recorded_minor", "candidate_minor", "difference_minor"))
    sign = "+" if row["difference_minor"] > 0 else ""
    return f"{was:>16} -> {now:>16} {row['currency']}  {sign}{more}"


def _pairs(title: str, rows: list[dict[str, Any]], name: str) -> Iterator[str]:
    if rows:
        yield ""
        yield title
    for row in sorted(rows, key=lambda one: -abs(one["difference_minor"]))[:ROWS_MAX]:
        yield f"  {row[name]:<24} {_money(row)}"
    yield from _more(rows)


def _scores(data: dict[str, Any]) -> Iterator[str]:
    rows = data["scores"]
    if rows:
        yield ""
        yield "scores and tiers"
    for row in sorted(rows, key=lambda one: _tiers(one["recorded"]) == _tiers(one["candidate"]))[:ROWS_MAX]:
        was, now = (f"{_short(one['score'])} {_tiers(one)}" for one in (row["recorded"], row["candidate"]))
        yield f"  {row['subject']:<24} {was:>16} -> {now}"
    yield from _more(rows)
    for row in data["cards_and_suspensions"][:ROWS_MAX]:
        yield f"  {row['what']} {row['id']} of {row['subject']}: {row['recorded'] or 'none'} -> {row['candidate'] or 'none'}"
    yield from _more(data["cards_and_suspensions"])


def _tiers(standing: dict[str, Any]) -> str:
    return standing["tiers"][-1] if standing["tiers"] else "new"


def _refusals(data: dict[str, Any]) -> Iterator[str]:
    for name, title in (("refusals_come", "refusals that would come"), ("refusals_go", "refusals that would not")):
        if data[name]:
            yield ""
            yield title
        for row in data[name][:ROWS_MAX]:
            yield f"  {row['count']:>6,}  {row['service']} {row['type']}: {row['code']}"
        yield from _more(data[name])


def _orders(data: dict[str, Any]) -> Iterator[str]:
    if data["orders"]:
        yield ""
        yield f"{data['orders_affected']:,} orders come out otherwise; the most affected:"
    for order in data["orders"]:
        moved = amount(order["moved_minor"], order["currency"])
        yield f"{order['order_id']}: {moved} {order['currency']} would be elsewhere; buyer {order['buyer_id']}, tier {order['buyer_tier']}"
        for change in order["decisions"]:
            seller = f" of {change['seller']}" if change["seller"] else ""
            yield f"  {change['what']} {change['id']}{seller} [{change['rule']}]".rstrip()
            yield f"      was:      {_said(change['recorded'], order['currency'])}"
            yield f"      would be: {_said(change['candidate'], order['currency'])}"
            yield f"      because of {_because(change['because'])}"
        for row in order["accounts"]:
            yield f"      {row['account']:<24} {_money({**row, 'currency': order['currency']})}"


def _because(paths: list[str]) -> str:
    more = f" and {len(paths) - BECAUSE_MAX} more" if len(paths) > BECAUSE_MAX else ""
    return (", ".join(paths[:BECAUSE_MAX]) or "no value of its own") + more


def _said(said: dict[str, Any] | None, currency: str) -> str:
    if said is None:
        return "nothing"
    minor = f" {amount(said['amount_minor'], currency)} {currency}" if said["amount_minor"] else ""
    return f"{said['way']}{minor}{', ' + said['detail'] if said['detail'] else ''}"


def _tail(data: dict[str, Any]) -> Iterator[str]:
    assumed = data["assumed"]
    yield ""
    for row in assumed["answers"]:
        yield f"assumed done: {row['kind']}s of {amount(row['amount_minor'], row['currency'])} {row['currency']}"
    if assumed["answers_left_out"]:
        yield f"left out: {assumed['answers_left_out']:,} answers of the provider to what is not instructed now"
    for note in assumed["notes"]:
        yield f"assumed: {note}"
    count = data["differences"]
    yield "nothing differs" if not count else f"{count:,} differences"


def _more(rows: Iterable[object]) -> Iterator[str]:
    left = len(list(rows)) - ROWS_MAX
    if left > 0:
        yield f"  … and {left:,} more: --json has them"
