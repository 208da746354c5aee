"""What a flow leaves behind, and what it looks with: one connection does one thing at a time, and what is stopped begins nothing more."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import asyncpg
import pytest

from shared.messaging.consume import Batch, Done
from shared.messaging.flow import Flow
from shared.messaging.holders import RELEASE, UNMARK
from shared.messaging.metrics import METRICS
from shared.messaging.newer import Newer
from shared.messaging.queues import Queues
from shared.messaging.record import Effects, Record
from shared.messaging.store import LostRace
from tests.unit.messaging.test_flow import Connection, arrange, arrive, done, turns


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.connect.backoff", lambda failures: 0.0)


LANES = {("x.v1", 0): 0, ("x.v1", 1): 0}


class Running:
    """A consumer whose batches end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.end = asyncio.Event()

    async def run(self, connection: Any, batch: Batch) -> Done:
        self.begun += batch.partitions
        await self.end.wait()
        return Done(len(batch.records), [], [], Effects(), {})


def assigned(run: Any) -> tuple[Flow, list[str]]:
    """A flow of two partitions by one connection, and what it is asked to execute."""
    flow, executed = arrange(run), list[str]()

    class Told(Connection):
        async def execute(self, sql: str, *_: Any) -> None:
            executed.append(sql)

    async def connect(purpose: str) -> Any:
        return Told([], [])

    flow._connect, flow._numbers = connect, [0, 1]
    flow.queues = Queues(LANES, (), 1)
    flow.positions = dict(LANES)
    flow.well(flow.wanted())
    return flow, executed


async def test_a_stop_waits_for_the_batch_that_runs_begins_no_other_and_gives_the_stripes_back() -> None:
    running = Running()
    flow, executed = assigned(running.run)
    for number in (0, 1):
        flow.got(("x.v1", number), 0, [Record("x.v1", number, 0, b"k", b"{}")], 1)
    flow.arrived()
    await turns()
    stopping = asyncio.create_task(flow.stop())
    await turns()
    assert (stopping.done(), executed) == (False, [])
    running.end.set()
    await stopping
    await turns()
    assert (len(running.begun), executed) == (1, [RELEASE])


async def test_l3_what_halts_while_it_is_stopped_is_not_told_for_ever() -> None:
    """The partition moves, and this process would never lift it."""
    running = Running()

    async def run(connection: Any, batch: Batch) -> Done:
        await running.run(connection, batch)
        batch.park = "parked.raised"
        raise ZeroDivisionError

    flow, _ = assigned(run)
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    stopping = asyncio.create_task(flow.stop())
    await turns()
    running.end.set()
    await stopping
    assert METRICS.halted.labels(code="halt.cannot_park", partition=0)._value.get() == 0


async def test_a_stop_breaks_a_batch_off_once_the_grace_is_over() -> None:
    """It waits for somebody's lock: whoever runs us would kill us, and the next start be a slow one."""
    running = Running()
    flow, executed = assigned(running.run)
    flow.settings = flow.settings.model_copy(update={"grace_s": 0.05})
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    async with asyncio.timeout(10):
        await flow.stop()
    assert (running.begun, executed) == ([0], [RELEASE])


async def test_a_stop_without_an_open_connection_gives_the_stripes_back_too() -> None:
    """Else the next start is a slow one."""
    flow, executed = assigned(done)
    assert flow._idle == [None]
    await flow.stop()
    assert executed == [RELEASE]


async def test_no_batch_begins_on_a_connection_that_looks_at_the_cursors_and_it_is_there_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, looking, looked = list[int](), asyncio.Event(), asyncio.Event()

    async def run(connection: Any, batch: Batch) -> Done:
        begun.append(batch.partitions[0])
        return await done(connection, batch)

    async def fetch(*_: Any) -> list[Any]:
        looking.set()
        await looked.wait()
        return []

    flow, _ = assigned(run)
    connection = cast("Any", Connection([], []))
    flow._idle = [connection]
    monkeypatch.setattr(Connection, "fetch", fetch)
    look = asyncio.create_task(flow._look(afresh=False))
    await looking.wait()
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert begun == []
    looked.set()
    await look
    flow.dispatch()
    await turns()
    assert (begun, flow._idle) == ([0], [connection])


async def test_what_came_while_a_look_had_the_connection_begins_though_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    running = Running()
    flow, _ = assigned(running.run)

    async def look(*, afresh: bool) -> dict[tuple[str, int], int]:
        spare = flow._idle.pop()
        flow.got(("x.v1", 0), 0, [Record("x.v1", 0, 0, b"k", b"{}")], 1)
        flow.arrived()
        await asyncio.sleep(0)
        assert running.begun == []
        flow._idle.append(spare)
        monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 60.0)
        raise TimeoutError

    monkeypatch.setattr(flow, "_look", look)
    watch = asyncio.create_task(flow._watch())
    await turns()
    watch.cancel()
    assert running.begun == [0]


@pytest.mark.parametrize(("error", "kept"), [(TimeoutError(), False), (LostRace(), True), (asyncpg.DeadlockDetectedError(), True)])
async def test_l1_a_connection_that_failed_in_the_middle_of_a_batch_is_not_used_again(error: Exception, kept: bool) -> None:
    """Its transaction may be open, and an answer still under way. One that the server itself rolled back is whole."""
    used, connections = list[Any](), list[Connection]()

    class Ended(Connection):
        ended = False

        def is_closed(self) -> bool:
            return self.ended

        def terminate(self) -> None:
            self.ended = True

    async def run(connection: Any, batch: Batch) -> Done:
        used.append(connection)
        if len(used) == 1:
            raise error
        return await done(connection, batch)

    async def connect(purpose: str) -> Any:
        connections.append(Ended([], []))
        return connections[-1]

    flow, _ = assigned(run)
    flow._connect = connect
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert [used[0] is used[1], len(connections)] == [kept, 2 - kept]


async def test_l3_whoever_has_halted_looks_by_a_new_connection_for_that_one_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have been replaced by an older copy: the connection that is open says nothing of that."""
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow, _ = assigned(done)
    asked, connect = list[str](), flow._connect

    async def counted(purpose: str) -> Any:
        asked.append(purpose)
        return await connect(purpose)

    flow._connect = counted
    flow._idle = [cast("Any", Connection([], []))]
    for halted in (False, True):
        if halted:
            flow._halt(0, "halt.sequence_gap", ("x.v1", 7))
        watch = asyncio.create_task(flow._watch())
        await turns()
        watch.cancel()
        assert bool(asked) == halted


async def test_c1_a_cursor_that_a_batch_moved_on_is_not_put_back_by_a_look_that_began_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow, _ = assigned(done)
    lane, moves = ("x.v1", 0), [4]

    async def fetch(*_: Any) -> list[Any]:
        if moves:
            flow.positions[lane] = moves.pop()
            flow.queues.rewind(*lane, 4)
        else:
            await asyncio.Event().wait()
        return [("x.v1", 0, 0)]

    flow._idle = [cast("Any", Connection([], []))]
    monkeypatch.setattr(Connection, "fetch", fetch)
    watch = asyncio.create_task(flow._watch())
    await turns()
    watch.cancel()
    assert (flow.positions[lane], flow.queues.stream(*lane).position) == (4, 4)


@pytest.mark.parametrize(("begun", "parked"), [(3, ("", "")), (4, ("parked.killed_the_process", "begun 3 times and never ended"))])
async def test_l2_an_event_is_tried_alone_three_times_and_no_fourth(
    monkeypatch: pytest.MonkeyPatch, begun: int, parked: tuple[str, str]
) -> None:
    seen = list[tuple[str, str]]()

    async def run(connection: Any, batch: Batch) -> Done:
        seen.append((batch.park, batch.error))
        return await done(connection, batch)

    async def fetchval(*_: Any) -> int:
        return begun

    monkeypatch.setattr(Connection, "fetchval", fetchval)
    flow = arrange(run, unclean=(0,))
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert seen == [parked]


@pytest.mark.parametrize(("error", "left"), [(Newer("units: Extra"), 0), (ConnectionResetError(), 1)])
async def test_l2_what_halts_killed_nobody_however_often_a_copy_that_stands_there_is_killed(
    monkeypatch: pytest.MonkeyPatch, error: Exception, left: int
) -> None:
    """Amid a roll-out the old copies stand at what they do not know: a new one parked it where three of them had been killed meanwhile."""
    attempts = 0

    async def run(connection: Any, batch: Batch) -> Done:
        if seen:
            await asyncio.Event().wait()
        seen.append(attempts)
        raise error

    async def fetchval(*_: Any) -> int:
        nonlocal attempts
        attempts += 1
        return attempts

    async def execute(_: Any, sql: str, *of: Any) -> None:
        nonlocal attempts
        attempts -= (sql, of) == (UNMARK, (0, "x.v1/0/0"))

    seen = list[int]()
    monkeypatch.setattr(Connection, "fetchval", fetchval)
    monkeypatch.setattr(Connection, "execute", execute, raising=False)
    flow = arrange(run, unclean=(0,))
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert (seen, attempts) == ([1], left)
    assert (flow.halts() == {0: "halt.newer_release"}) is (left == 0)


async def test_what_was_read_and_not_begun_goes_with_the_assignment() -> None:
    """Megabytes a lane amid a backlog, once more with each assignment that moved for as long as anybody held the old one."""
    flow, _ = assigned(Running().run)
    flow._stopping = True  # nothing begins
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    assert flow.queues.partitions[0].depth == 1
    await flow.stop()
    assert flow.queues.partitions == {}
