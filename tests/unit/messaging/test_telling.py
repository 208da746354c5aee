"""A log line for each event, with its place; metrics counted together."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.messaging.app import JsonLines
from shared.messaging.consume import Done
from shared.messaging.record import Effects, Record, Told
from shared.messaging.telling import LATER_SECONDS, Teller, count_from_nought
from tests.unit.messaging.trade import SERVICE

GOOD = Record("shop.v1", 3, 41, b"jar-1", b"{}", (("ce_id", b"e-1"),), 1000)
BAD = Record("shop.v1", 4, 7, b"\xff", b"{", (("ce_id", None),), 2000)


def done(*told: Told, said: list[str] | None = None) -> Done:
    return Done(len(told), [], [], Effects(told=list(told), said=said or []), {"fold": 0.25})


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "laotie.event"]


async def test_every_event_is_a_log_line_with_its_place_where_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "laotie.event")
    Teller().tell([GOOD, BAD], done(Told("handled", "coin", GOOD), Told("rejected", "event.not_json", BAD)), 0.01)
    good, bad = lines(caplog)
    assert (good["level"], good["message"].split(":")[0]) == ("DEBUG", "event handled")
    assert {name: good[name] for name in ("event_id", "key", "topic", "partition", "offset")} == {
        "event_id": "e-1",
        "key": "jar-1",
        "topic": "shop.v1",
        "partition": 3,
        "offset": 41,
    }
    assert (bad["level"], bad["event_id"], bad["key"], bad["offset"]) == ("WARNING", "", "�", 7)


async def test_what_is_everyday_is_told_only_where_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "laotie.event")
    told = (
        Told("handled", "coin", GOOD),
        Told("duplicate", "", GOOD),
        Told("waiting", "payment.before_order", GOOD),
        Told("parked", "x", BAD),
    )
    Teller().tell([GOOD, BAD], done(*told), 0.01)
    assert [(line["level"], line["message"].split(":")[0]) for line in lines(caplog)] == [
        ("INFO", "event waiting"),
        ("WARNING", "event parked"),
    ]


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_metrics_follow_a_moment_later_and_lose_nothing() -> None:
    names = [("laotie_events_total", {"outcome": "handled"}), ("laotie_rejected_total", {"code": "event.not_json"})]
    names += [("laotie_phase_seconds_total", {"phase": "fold"}), ("laotie_batch_events_sum", {})]
    before = [sample(name, **labels) for name, labels in names]
    teller = Teller()
    for _ in range(3):
        teller.tell([GOOD, BAD], done(Told("handled", "coin", GOOD), Told("rejected", "event.not_json", BAD)), 0.01)
    await asyncio.sleep(LATER_SECONDS * 3)
    assert [sample(name, **labels) - was for (name, labels), was in zip(names, before, strict=True)] == [3, 3, 0.75, 6]
    assert sample("laotie_event_age_seconds", topic="shop.v1", partition="3") > 0


async def test_an_event_that_the_brokers_clock_put_into_the_future_has_no_age() -> None:
    Teller().tell([replace(GOOD, timestamp_ms=2**43)], done(), 0.01)
    await asyncio.sleep(LATER_SECONDS * 3)
    assert REGISTRY.get_sample_value("laotie_event_age_seconds", {"topic": "shop.v1", "partition": "3"}) == 0


async def test_facts_are_counted_by_type() -> None:
    named = ("toy.shattered", "copy")
    before = [sample("laotie_facts_total", type=name) for name in named]
    Teller().tell([GOOD], done(Told("handled", "coin", GOOD), said=["toy.shattered", "copy", "toy.shattered"]), 0.01)
    await asyncio.sleep(LATER_SECONDS * 3)
    assert [sample("laotie_facts_total", type=name) - was for name, was in zip(named, before, strict=True)] == [2, 1]


def test_every_series_that_may_be_counted_is_there_from_the_start() -> None:
    """One that appears at 1 has not increased, to who watches it: the first of its sort would alert nobody."""
    count_from_nought(SERVICE)
    assert REGISTRY.get_sample_value("laotie_rejected_total", {"code": "policy.too_soon"}) is not None
    assert REGISTRY.get_sample_value("laotie_parked_total", {"code": "wait.over"}) is not None
    facts = [fact.type for kind in SERVICE.kinds for fact in kind.facts]
    assert None not in {REGISTRY.get_sample_value("laotie_facts_total", {"type": type}) for type in facts}
