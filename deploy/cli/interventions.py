"""laotie interventions"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from deploy.cli.clock import Then
from deploy.cli.connect import running
from deploy.cli.plain import local, say
from deploy.cli.refused import HELD, told
from deploy.local.kafka import quiet
from deploy.local.policies import bounds, policies_of, zone_of
from deploy.local.stack import Stack
from deploy.verify.log import Entry, entries
from deploy.verify.run import ends_of
from shared import postgres
from shared.contracts.topics import GOVERNANCE, PARKED, RULING
from shared.messaging.system import OPS

BY_PEOPLE = (RULING.name, GOVERNANCE.name, OPS.name)
ASKED = ("score.explanation_requested", "violation.appealed")  # of governance, and no act of the platform
ABOUT = ("occurred_at", "by", "reason")  # what has a place of its own


@click.command()
@click.option("--from", "since", type=Then(), help="From that day or time on.")
@click.option("--to", "until", type=Then(), help="Until that time, or the end of that day.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def interventions(since: date | datetime | None, until: date | datetime | None, as_json: bool) -> None:
    """List what people of the platform did by hand, with who and why, as far as it was said: rulings, money that they settled, reviews,
    allotments, violations, their voids and credited study, held events that ops discarded or offered again. By the time when it happened;
    what no service took says so. Rules that ops published: `laotie policy history`.
    """
    stack = running()
    policies = policies_of(stack)
    begins, ends = bounds(since, until, policies)
    zone = zone_of(stack)
    for one in acts(_read(stack), begins, ends):
        say(json.dumps({**one, "at": one["at"].isoformat()}) if as_json else line(one, zone))


def acts(read: Iterable[Entry], since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
    """Each once, by time. who, why: empty where nobody said so. refused: by which services, with the code; what was refused and taken when
    it was told again is not; what was held (`wait.over`) may have been offered again since.
    """
    everything = list(read)
    codes: dict[str, list[str]] = {}
    for copy in told(one for one in everything if one.topic not in BY_PEOPLE):
        codes.setdefault(copy["place"], []).append(f"{copy['service']}: {copy['code']}")
    found: dict[tuple[str, str, bytes | None, bytes | None], dict[str, Any]] = {}
    for entry in everything:
        event = entry.event
        if entry.topic not in BY_PEOPLE or event is None or event.type in ASKED:
            continue
        if (since is None or since <= event.occurred_at) and (until is None or event.occurred_at <= until):
            one = found.setdefault((entry.header("ce_source"), entry.id, entry.key, entry.value), _act(entry, event))
            held = {known for known in one["refused"] if known.endswith(HELD)}
            one["refused"] = sorted({*codes.get(entry.ref, ()), *held})
    return sorted(found.values(), key=lambda one: (one["at"], one["type"], one["key"], one["id"]))


def line(one: Mapping[str, Any], zone: ZoneInfo) -> str:
    said = ", ".join(f"{name} {value}" for name, value in one["what"].items())
    why = f", because: {one['why']}" if one["why"] else ", no reason given"
    refused = f"; held or not taken ({', '.join(one['refused'])})" if one["refused"] else ""
    return f"{local(one['at'], zone)}  {one['type']:<18} {one['key']}  by {one['who'] or 'nobody named'}{why}; {said}{refused}"


def _act(entry: Entry, event: Any) -> dict[str, Any]:
    body = event.model_dump(mode="json", exclude_defaults=True)
    return {
        "at": event.occurred_at,
        "type": event.type,
        "key": event.key,
        "who": getattr(event, "by", None) or "",
        "why": getattr(event, "reason", ""),
        "what": {name: value for name, value in body.items() if name not in (*ABOUT, event.key_field or event.topic.key)},
        "id": entry.id,
        "place": entry.ref,
        "refused": [],
    }


def _read(stack: Stack) -> Iterator[Entry]:
    """What people said, and copies of what was refused."""
    ends = ends_of(stack, [*BY_PEOPLE, *(topic.name for topic in PARKED)])
    return entries(quiet(stack.settings(postgres.OPS).confluent()), ends)
