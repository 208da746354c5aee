"""What one process does while its servers are away, without them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from shared.messaging.checks import check_schema
from shared.messaging.connect import Halted, infrastructure
from shared.messaging.engine import FORGET, PRUNE, Engine
from shared.messaging.flow import Flow
from shared.messaging.message import Topic
from shared.messaging.relay import STUCK_SECONDS
from shared.messaging.shape import Watched
from shared.settings import Settings
from tests.unit.messaging.trade import PANTRY, SERVICE, SHELVES, SHOP, TIMER, Versions

TOPICS = (SHOP, PANTRY, SHELVES, TIMER, Topic(f"{SERVICE.name}.parked.v1", "", (SERVICE.name,), own=True))


async def test_a_process_that_cannot_begin_its_assignment_still_stops() -> None:
    """Within a rebalance it tries for ever; SIGTERM ends that."""
    nowhere = Settings(postgres="postgresql://127.0.0.1:1/none", kafka="127.0.0.1:1")
    engine = Engine(SERVICE, TOPICS, Versions(), nowhere, {})
    beginning = asyncio.create_task(engine._assigned([0]))
    await asyncio.sleep(0.2)
    assert not beginning.done()
    async with asyncio.timeout(30):
        await engine.stop()
        await beginning


@pytest.mark.parametrize("follower", ["clock", "versions"])
async def test_a_follower_that_ended_by_itself_is_told_and_a_restart_helps(follower: str) -> None:
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(postgres="postgresql://127.0.0.1:1/none"), {})
    assert engine.alive() == ""
    ended = asyncio.create_task(asyncio.sleep(0))
    await ended
    setattr(engine, follower, cast("Any", SimpleNamespace(task=ended)))
    assert engine.alive() == f"ended: {follower}"


async def test_a_manual_clock_that_cannot_be_read_is_told_while_starting() -> None:
    """It said `no partitions assigned yet` while Kafka refused its password."""
    nowhere = Settings(postgres="postgresql://127.0.0.1:1/none", kafka="127.0.0.1:1", clock="manual")
    engine = Engine(SERVICE, TOPICS, Versions(), nowhere, {})
    await engine.start()
    try:
        for _ in range(600):
            if engine.clock.trouble:
                break
            await asyncio.sleep(0.05)
        assert engine.ready().startswith("starting: clock not read: KafkaConnectionError: ")
    finally:
        await engine.stop()


async def test_a_process_that_cannot_publish_is_not_ready_and_a_restart_would_not_help() -> None:
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(postgres="postgresql://127.0.0.1:1/none"), {})
    engine._assigned_once = True
    assert engine.ready() == ""
    engine.relay._moved_at -= STUCK_SECONDS
    assert (engine.ready(), engine.alive()) == ("facts are not published: no answer yet", "")


@pytest.mark.parametrize(("applied", "way"), [(("one", "two"), "deploy the newer"), ((), "`laotie up`"), (("other",), "`laotie up`")])
async def test_other_migrations_halt_with_the_way_out_of_whoever_is_older(applied: tuple[str, ...], way: str) -> None:
    async def fetch(_: str) -> list[tuple[str, str]]:
        return [(name, "sha") for name in applied]

    with pytest.raises(Halted, match=f"halt.schema_version.*{way}"):
        await check_schema(cast("Any", SimpleNamespace(fetch=fetch)), {"one": "sha"}, 1, [])


async def test_an_assignment_is_begun_again_whatever_it_fails_with_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group's client would only log what its listener raises: the partitions were ours, and nobody read them."""
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(postgres="postgresql://127.0.0.1:1/none"), {})
    errors = [KafkaConnectionError("no broker"), asyncpg.UndefinedTableError("no such table"), ZeroDivisionError("a bug")]
    said = list[str]()

    async def start(flow: Flow, numbers: list[int]) -> None:
        said.append(engine.ready())
        if errors:
            raise errors.pop(0)

    monkeypatch.setattr(Flow, "start", start)
    monkeypatch.setattr("shared.messaging.engine.backoff", lambda failures: 0.0)
    engine._assigned_once = True
    await engine._assigned([0])
    assert [said[0], said[-1][-24:], engine.ready()] == ["", "ZeroDivisionError: a bug", ""]
    assert engine.flow is not None


class Server:
    """A connection to it: its identity, and what looking at it raises."""

    def __init__(self, identity: str, error: Exception | None = None) -> None:
        self.identity, self.error, self.open = identity, error, True

    async def fetchval(self, sql: str) -> str:
        if self.error:
            raise self.error
        return self.identity

    def terminate(self) -> None:
        self.open = False


def connecting(monkeypatch: pytest.MonkeyPatch, restored: str = "") -> Engine:
    """An engine whose connections are given to it; the server of that identity fails its check."""
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(), {})

    async def schema(*_: Any) -> None: ...

    async def log(connection: Any, *_: Any) -> None:
        if connection.identity == restored:
            raise Halted("halt.lane_behind_log", "older")

    monkeypatch.setattr("shared.messaging.engine.check_schema", schema)
    monkeypatch.setattr("shared.messaging.engine.check_log", log)
    return engine


def serve(engine: Engine, server: Server) -> None:
    async def raw(purpose: str) -> Any:
        return server

    engine._raw = raw


@pytest.mark.parametrize("error", [asyncpg.UndefinedTableError("half restored"), ZeroDivisionError("a bug"), KafkaConnectionError("away")])
async def test_l1_no_event_is_to_blame_for_a_server_that_cannot_be_checked(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    engine, server = connecting(monkeypatch), Server("one", error)
    serve(engine, server)
    with pytest.raises((ConnectionError, KafkaConnectionError, asyncpg.UndefinedTableError)) as raised:
        await engine._connect("worker")
    assert infrastructure(raised.value)
    assert not server.open


@pytest.mark.parametrize(
    "error",
    [
        KafkaConnectionError("the check of a restarted server asks the broker"),
        asyncpg.InvalidPasswordError("being changed"),
        asyncpg.InvalidCatalogNameError("being restored"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
    ],
)
def test_l1_what_no_event_can_cause_is_waited_out(error: Exception) -> None:
    assert infrastructure(error)
    assert not infrastructure(asyncpg.UniqueViolationError("one event's own"))


async def test_a_server_that_was_checked_before_another_failed_ends_the_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = connecting(monkeypatch, restored="copy")
    serve(engine, Server("first"))
    await engine._connect("worker")
    serve(engine, Server("copy"))
    with pytest.raises(Halted):
        await engine._connect("worker")
    assert engine.halted.startswith("halt.lane_behind_log")
    serve(engine, Server("first"))
    await engine._connect("worker")
    assert engine.halted == ""


def pruning(pruned: Callable[[], None], told: list[str] | None = None) -> Callable[[str], Awaitable[Any]]:
    """Connections to a database that holds nothing and does whatever it is told. pruned: is called when the inbox was."""

    class Connection:
        def is_closed(self) -> bool:
            return False

        def terminate(self) -> None: ...

        async def execute(self, sql: str, *_: Any) -> str:
            if told is not None:
                told.append(sql)
            if sql == PRUNE:
                pruned()
            return ""

        async def fetch(self, sql: str, *_: Any) -> list[Any]:
            return []

        async def fetchval(self, sql: str, *_: Any) -> datetime:
            return datetime.now(UTC)

        async def close(self, timeout: float) -> None: ...

    async def raw(purpose: str) -> Any:
        return Connection()

    return raw


async def test_a_figure_that_cannot_be_shown_stops_neither_the_telling_nor_the_pruning(monkeypatch: pytest.MonkeyPatch) -> None:
    service = replace(SERVICE, watched=(Watched("figure", lambda rows: rows[0]["there is none"]),))
    engine = Engine(service, TOPICS, Versions(), Settings(), {})
    pruned = asyncio.Event()
    engine._raw = pruning(pruned.set)
    for name in ("BEAT_SECONDS", "PRUNE_SECONDS"):
        monkeypatch.setattr(f"shared.messaging.engine.{name}", 0.0)
    beat = asyncio.create_task(engine._beat())
    async with asyncio.timeout(30):
        await pruned.wait()
    beat.cancel()
    await asyncio.gather(beat, return_exceptions=True)
    assert beat.cancelled()


async def test_who_was_killed_is_forgotten_by_those_that_live_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row stayed until some process of the service stopped in order: one for each death, of a copy that dies every few seconds too."""
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(), {})
    pruned, told = asyncio.Event(), list[str]()
    engine._raw = pruning(pruned.set, told)
    for name in ("BEAT_SECONDS", "PRUNE_SECONDS"):
        monkeypatch.setattr(f"shared.messaging.engine.{name}", 0.0)
    beat = asyncio.create_task(engine._beat())
    async with asyncio.timeout(30):
        await pruned.wait()
    assert FORGET in told
    beat.cancel()
    await asyncio.gather(beat, return_exceptions=True)
