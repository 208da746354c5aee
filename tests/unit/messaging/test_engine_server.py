"""What one process does while its database is refused or not checked, and what probes and alerts say of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.errors import HaltCode
from shared.messaging.connect import AFRESH, Halted
from shared.messaging.engine import STALLED_SECONDS, Engine
from shared.messaging.metrics import METRICS
from shared.messaging.shape import Watched
from shared.settings import Settings
from tests.unit.messaging.test_engine import TOPICS, Server, connecting, pruning, serve
from tests.unit.messaging.trade import SERVICE, Versions


async def test_a_server_whose_check_was_broken_off_is_not_taken_for_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker was away when the database came back: the next connection looks again."""
    engine, fails = connecting(monkeypatch), [KafkaConnectionError("away"), Halted("halt.lane_behind_log", "older")]

    async def log(*_: Any) -> None:
        raise fails.pop(0)

    monkeypatch.setattr("shared.messaging.engine.check_log", log)
    serve(engine, Server("one"))
    with pytest.raises(KafkaConnectionError):
        await engine._connect("worker")
    with pytest.raises(Halted):
        await engine._connect("worker")


async def test_of_two_halts_one_after_the_other_an_alert_names_the_one_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = connecting(monkeypatch)
    codes: tuple[HaltCode, HaltCode] = ("halt.schema_version", "halt.no_cursor")

    def gauges() -> list[float]:
        return [METRICS.halted.labels(code=code, partition=-1)._value.get() for code in codes]

    told = []
    for code in codes:
        engine._halt(Halted(code, "x"))
        told.append(gauges())
    serve(engine, Server("mended"))
    await engine._connect("worker")
    assert [*told, gauges()] == [[1, 0], [0, 1], [0, 0]]


async def test_of_a_database_that_was_refused_nothing_is_pruned_and_no_figure_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a newer one's, or an older copy that somebody wants back whole."""
    done, turns = list[str](), asyncio.Semaphore(0)
    service = replace(SERVICE, watched=(Watched("figure", lambda rows: done.append("figure")),))
    engine = Engine(service, TOPICS, Versions(), Settings(clock="system"), {})

    async def wait(*_: Any) -> None:
        turns.release()
        await asyncio.sleep(0)

    engine._raw = pruning(lambda: done.append("pruned"))
    for name, value in (("PRUNE_SECONDS", 0.0), ("WATCHED_SECONDS", 0.0), ("wait", wait)):
        monkeypatch.setattr(f"shared.messaging.engine.{name}", value)
    engine._halt(Halted("halt.lane_behind_log", "older"))
    beat = asyncio.create_task(engine._beat())
    for _ in range(5):
        await turns.acquire()
    refused = list(done)
    engine._unhalt()
    for _ in range(5):
        await turns.acquire()
    beat.cancel()
    await asyncio.gather(beat, return_exceptions=True)
    assert (refused, set(done)) == ([], {"figure", "pruned"})


async def test_a_process_that_stands_still_or_left_its_group_says_that_a_restart_would_help() -> None:
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(clock="system"), {})
    now = asyncio.get_running_loop().time()
    engine.membership.polled = now - STALLED_SECONDS + 10
    assert engine.alive() == ""
    engine.membership.polled = now - STALLED_SECONDS - 1
    assert engine.alive().startswith("group not polled for ")
    engine._beat_at -= STALLED_SECONDS + 1
    assert engine.alive().startswith("no turn of the loop for ")


async def test_a_task_that_ended_by_itself_makes_a_process_not_ready() -> None:
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(clock="system"), {})
    engine._assigned_once = True
    ended = asyncio.create_task(asyncio.sleep(0))
    await ended
    engine.clock = cast("Any", SimpleNamespace(task=ended, trouble=""))
    assert engine.ready() == "ended: clock"


async def test_a_stop_ends_the_work_before_the_relay_that_sends_what_the_work_told() -> None:
    """What the last batches told would lie there until another process looks."""
    engine, said = Engine(SERVICE, TOPICS, Versions(), Settings(clock="system"), {}), list[str]()
    for name, turns in (("membership", 5), ("relay", 0)):
        told = asyncio.Event()

        async def run(name: str = name, turns: int = turns, told: asyncio.Event = told) -> None:
            await told.wait()
            for _ in range(turns):
                await asyncio.sleep(0)
            said.append(name)

        setattr(engine, name, cast("Any", SimpleNamespace(stop=told.set)))
        engine._spawn(name, run())
    await engine.stop()
    assert said == ["membership", "relay"]


async def test_i1_before_what_has_halted_is_tried_again_its_topics_are_looked_at_though_its_server_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And until they are well, nothing connects."""
    engine, replaced = connecting(monkeypatch), [Halted("halt.topic_replaced", "shop.v1")]

    async def ids(*_: Any) -> None:
        if replaced:
            raise replaced.pop()

    monkeypatch.setattr("shared.messaging.engine.check_ids_now", ids)
    serve(engine, Server("one"))
    await engine._connect("worker")
    await engine._connect("worker")
    with pytest.raises(Halted):
        await engine._connect(AFRESH)
    assert (engine.halted, engine._verified) == ("halt.topic_replaced: shop.v1", "")
    await engine._connect("relay")
    assert engine.halted == ""
