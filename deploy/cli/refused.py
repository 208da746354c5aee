"""laotie refused"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from deploy.cli.connect import running
from deploy.local.kafka import quiet
from deploy.verify.log import TOPICS, Entry, entries
from deploy.verify.run import ends_of
from shared import postgres
from shared.contracts.generate import READS
from shared.contracts.topics import PARKED
from shared.errors import CATALOGUE

APPS = tuple(READS)


@click.command()
@click.option("--app", type=click.Choice(APPS), help="What this app sent.")
@click.option("--key", help="Under that key only: an order, a party, a subject.")
@click.option("--id", "event_id", help="Of that ce_id only.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: for the app that sent them.")
def refused(app: str | None, key: str | None, event_id: str | None, as_json: bool) -> None:
    """List what services did not take of what apps sent, with its code and what it means. Apps read as much on <service>.refused.v1."""
    stack = running()
    settings = quiet(stack.settings(postgres.OPS).confluent())
    ends = ends_of(stack, [topic.name for topic in PARKED])
    name = key.encode() if key else None
    found = [
        one
        for one in told(entries(settings, ends, lambda message: name is None or message.key() == name))
        if app in (None, one["app"]) and event_id in (None, one["id"])
    ]
    for one in found:
        if as_json:
            click.echo(json.dumps(one, ensure_ascii=False))
        else:
            detail = f" ({one['detail']})" if one["detail"] else ""
            click.echo(
                f"{one['service']:<8} {one['app']:<10} {one['key']}  {one['type']}  {one['id']}  {one['code']}{detail}: {one['meaning']}"
            )
    if not as_json:
        click.echo(f"{len(found)} not taken")


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
            "place": "/".join(copy.header(f"x-original-{name}") for name in ("topic", "partition", "offset")),
            "code": copy.header("x-reason"),
            "detail": copy.header("x-error"),
            "meaning": code.meaning if code else "",
            "retryable": bool(code and code.retryable),
        }
