"""Policies as ops publish them with any Kafka client: a YAML file becomes JSON with `occurred_at`, its version is the key."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.journeys.outside import Outside, cloud_event

FILE = Path(__file__).parents[2] / "deploy" / "policy.yaml"
LEAD = timedelta(minutes=10)
SERVICES = ("order", "payment", "refund", "trust")


def document(version: str, begins: datetime, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The deployed policy with other values, by path: `refund.no_reason_days`."""
    found: dict[str, Any] = copy.deepcopy(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    for path, value in (changes or {}).items():
        place = found
        *way, last = path.split(".")
        for name in way:
            place = place[name]
        place[last] = value
    return found | {"version": version, "effective_from": begins.isoformat()}


def name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:6]}"


def publish(outside: Outside, body: Mapping[str, Any], *, copies: int = 1) -> None:
    value = json.dumps({"occurred_at": outside.now.isoformat(), **body})
    headers = cloud_event("ops", "policy.published", str(uuid.uuid4()))
    outside.send_raw("ops", "policy.v1", str(body["version"]), value, headers, copies=copies)
    outside.idle()


@contextmanager
def in_force(outside: Outside, what: str, changes: Mapping[str, Any]) -> Iterator[str]:
    """The deployed policy, so changed, from now on; afterwards it is as it was. Yields the version's name."""
    version = name(what)
    _begin(outside, document(version, outside.now + LEAD, changes))
    yield version
    _begin(outside, document(name("as-it-was"), outside.now + LEAD))


def _begin(outside: Outside, body: Mapping[str, Any]) -> None:
    publish(outside, body)
    outside.until(LEAD)


def standing(outside: Outside) -> dict[str, Any]:
    """What `laotie status` says: by service, the version in force, and the next."""
    rows = json.loads(outside.laotie("status", "--json"))["policies"]
    return {row["service"]: (row["in_force"], row["next"]) for row in rows}


def history(outside: Outside) -> dict[str, dict[str, Any]]:
    """The last that was published of each version."""
    return {row["key"]: row for row in json.loads(outside.laotie("policy", "history", "--json"))}
