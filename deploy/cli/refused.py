"""laotie refused"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from deploy.cli.connect import asking, running
from deploy.cli.plain import say
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, Entry, copied_from, entries
from deploy.verify.run import ends_of
from shared import postgres
from shared.contracts.generate import READS
from shared.contracts.topics import PARKED
from shared.errors import CATALOGUE
from shared.messaging.record import unpack
from shared.messaging.system import OPS, Discard

APPS = tuple(READS)
HELD = ("wait.over", "parked.raised", "parked.killed_the_process")  # copied while the event is still held, and may be redriven

REMEMBERED = """
SELECT u.source, u.id FROM unnest($1::text[], $2::text[]) u(source, id) JOIN {schema}.inbox i ON (i.source, i.id) = (u.source, u.id)
"""
HOLDS = "SELECT ref, headers FROM {schema}.parked WHERE key = ANY ($1::text[])"
Known = tuple[str, str, str]  # service, source, id
Place = tuple[str, str]  # service, topic/partition/offset


@dataclass(frozen=True)
class Since:
    """What became of refused events. remembered: taken or held, by id; known for 30 days. held: now, by place; waits: the ids of these.
    discarded: forgotten for good, whatever is remembered of it.
    """

    remembered: frozenset[Known] = frozenset()
    held: frozenset[Place] = frozenset()
    waits: frozenset[Known] = frozenset()
    discarded: frozenset[Place] = frozenset()


@click.command()
@click.option("--app", type=click.Choice(APPS), help="What this app sent.")
@click.option("--key", help="Under that key only: an order, a party, a subject.")
@click.option("--id", "event_id", help="Of that ce_id only.")
@click.option("--all", "every", is_flag=True, help="Those of which the same id was taken since as well.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: for the app that sent them.")
def refused(app: str | None, key: str | None, event_id: str | None, every: bool, as_json: bool) -> None:
    """List what services did not take of what apps sent, with its code and what it means. Apps read as much on <service>.refused.v1.

    Left out is what was taken since: sent again, corrected, under the same source and id, or redriven. --all shows it too, as taken
    since. A service remembers ids for 30 days: what was corrected before that is listed as if it had not been.
    """
    stack = running()
    settings, ends = quiet(stack.settings(postgres.OPS).confluent()), ends_of(stack, [OPS.name, *(topic.name for topic in PARKED)])
    read = list(entries(settings, ends, asked(key, event_id)))
    copies = list(told(read))
    known = marked(copies, asyncio.run(_since(stack, copies, forgotten(copies, read))))
    wanted = [one for one in known if app in (None, one["app"]) and event_id in (None, one["id"])]
    shown = [one for one in wanted if every or not one["taken_since"]]
    for one in shown:
        say(json.dumps(one) if as_json else line(one))
    if not as_json:
        left = f", {len(wanted) - len(shown)} more taken since (--all)" if len(shown) < len(wanted) else ""
        say(f"{sum(not one['taken_since'] for one in shown)} not taken{left}")


def asked(key: str | None, event_id: str | None) -> Callable[[Any], bool]:
    """Of the client's messages those that say what became of it: the others are not understood, which takes longer than to read them.
    What ops discarded, or were refused to, has ids of its own.
    """

    def says(message: Any) -> bool:
        if key and message.key() != key.encode():
            return False
        if event_id is None or message.topic() == OPS.name:
            return True
        headers = dict(message.headers() or ())
        return headers.get("ce_type") == Discard.type.encode() or (headers.get("ce_id") or b"").decode(errors="replace") == event_id

    return says


def line(one: Mapping[str, Any]) -> str:
    detail = f" ({one['detail']})" if one["detail"] else ""
    since = ", taken since" if one["taken_since"] else ""
    return f"{one['service']:<8} {one['app']:<10} {one['key']}  {one['type']}  {one['id']}  {one['code']}{detail}: {one['meaning']}{since}"


def marked(copies: Sequence[Mapping[str, Any]], since: Since) -> list[dict[str, Any]]:
    """Each with whether it was taken since."""
    last = {(one["service"], one["place"]): one["code"] for one in copies}  # what was redriven may have been refused
    given_up = {_known(one) for one in copies if (one["service"], one["place"]) in since.discarded}

    def taken(one: Mapping[str, Any]) -> bool:
        place, known = (one["service"], one["place"]), _known(one)
        if one["code"] in HELD and last[place] in HELD:
            return place not in since.held | since.discarded
        return one["code"] != "event.id_reused" and known in since.remembered - since.waits - given_up

    return [{**one, "taken_since": taken(one)} for one in copies]


def forgotten(copies: Iterable[Mapping[str, Any]], read: Iterable[Entry]) -> frozenset[Place]:
    """What ops discarded, by all that was read; a discard that was refused itself forgot nothing."""
    refused_ids = {one["id"] for one in copies if one["type"] == Discard.type}
    orders = [entry.event for entry in read if isinstance(entry.event, Discard) and entry.id not in refused_ids]
    return frozenset((order.service, order.ref) for order in orders)


def _known(one: Mapping[str, Any]) -> Known:
    return one["service"], one["source"], one["id"]


async def _since(stack: Stack, copies: Sequence[Mapping[str, Any]], discarded: frozenset[Place]) -> Since:
    """By primary keys, and what is held under the keys of these."""
    remembered, held, waits = set[Known](), set[Place](), set[Known]()
    async with asking(stack) as connection:
        for service in sorted({one["service"] for one in copies}):
            own, schema = [one for one in copies if one["service"] == service], postgres.quoted(service)
            ids = sorted({(one["source"], one["id"]) for one in own})
            known = await connection.fetch(REMEMBERED.format(schema=schema), *map(list, zip(*ids, strict=True)))
            remembered |= {(service, row["source"], row["id"]) for row in known}
            for row in await connection.fetch(HOLDS.format(schema=schema), sorted({one["key"] for one in own})):
                headers = {name: (data or b"").decode(errors="replace") for name, data in unpack(row["headers"])}
                held.add((service, row["ref"]))
                waits.add((service, headers.get("ce_source", ""), headers.get("ce_id", "")))
    return Since(frozenset(remembered), frozenset(held), frozenset(waits), discarded)


def told(copies: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """Each copy once, with what tells its sender which event it was: ids as they came, and its place in the sender's topic."""
    seen = set()
    for copy in copies:
        place = (copy.topic, copy.partition, copy.sequence)
        topic = TOPICS.get(copy.header("x-original-topic"))
        if copy.sequence is None or place in seen or topic is None:
            continue
        seen.add(place)
        code = CATALOGUE.get(copy.header("x-reason"))
        yield {
            "service": copy.topic.partition(".")[0],
            "app": topic.writers[0],
            "key": (copy.key or b"").decode(errors="replace"),
            "source": copy.header("ce_source"),
            "id": copy.id,
            "type": copy.type,
            "place": copied_from(copy),
            "code": copy.header("x-reason"),
            "detail": copy.header("x-error"),
            "meaning": code.meaning if code else "",
            "retryable": bool(code and code.retryable),
        }
