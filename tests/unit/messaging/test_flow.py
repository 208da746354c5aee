"""What a flow does about events that fail alone, halts and servers that fail again and again: L1 to L3."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.messaging.consume import Batch, Consumer, Done, Gap
from shared.messaging.flow import Flow
from shared.messaging.halting import who_halted
from shared.messaging.metrics import METRICS
from shared.messaging.queues import TOO_MANY_PARKED, Queues
from shared.messaging.record import Effects, Record
from shared.messaging.store import Move, Opened, Store
from shared.messaging.versions import Static
from shared.settings import Settings
from tests.unit.messaging.test_consume import KEY, TOPICS
from tests.unit.messaging.trade import NOON, SERVICE, Coin, Versions

TURNS = 300


class Connection:
    """fail: what its next calls raise."""

    def __init__(self, fail: list[Exception], marks: list[Any]) -> None:
        self._fail, self._marks = fail, marks

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None: ...

    async def close(self, timeout: float = 0) -> None: ...

    async def execute(self, *_: Any) -> None: ...

    async def fetch(self, *_: Any) -> list[Any]:
        return [("x.v1", 0, 0)]

    async def fetchval(self, *arguments: Any) -> int:
        if self._fail:
            raise self._fail.pop()
        self._marks.append(arguments)
        return 1


def arrange(run: Any, *, unclean: tuple[int, ...] = (), fail: list[Exception] | None = None, marks: list[Any] | None = None) -> Flow:
    connection = Connection(fail or [], marks if marks is not None else [])

    async def connect(purpose: str) -> Any:
        return connection

    consumer = run if isinstance(run, Consumer) else SimpleNamespace(run=run)
    flow = Flow(
        Settings(connections=1, batch_max=4),
        cast("Any", consumer),
        ["x.v1"],
        connect,
        cast("Any", SimpleNamespace(offer=lambda _: None)),
        "i",
    )
    flow.queues = Queues({("x.v1", 0): 0, ("shop.v1", 0): 0}, unclean, 4)
    flow._idle = [None]
    flow.well(flow.wanted())
    return flow


def arrive(flow: Flow, record: Record) -> None:
    flow.got((record.topic, 0), record.offset, [record], record.offset + 1)
    flow.arrived()


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def done(connection: Any, batch: Batch) -> Done:
    return Done(len(batch.records), [], [], Effects(), {})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.connect.backoff", lambda failures: 0.0)


async def test_l2_an_event_is_not_tried_alone_before_its_mark_is_stored() -> None:
    marks: list[Any] = []
    flow = arrange(done, unclean=(0,), fail=[ConnectionResetError()], marks=marks)
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert len(marks) == 1
    assert not flow.queues.stream("x.v1", 0).records


async def test_l1_an_event_that_is_given_up_needs_nothing_of_what_it_touches() -> None:
    """A snapshot that nobody can read any more: the event is parked, and its partition goes on."""
    parked: list[str] = []

    class Broken(Store):
        async def begin(self, *_: Any) -> None: ...

        async def open(self, connection: Any, at: Any, ids: Any, keys: Any, first: Any) -> Opened:
            if first is not None:
                first[0].parse('{"jar": 5}')
            return Opened(dict.fromkeys(at, (0, None)), {}, False)

        async def save(self, connection: Any, effects: Effects, *_: Any) -> list[Any]:
            parked.extend(held.state for held in effects.held.values())
            return []

    flow = arrange(Consumer(SERVICE, TOPICS, Static(Versions()), 4, lambda: NOON, Broken(SERVICE, 4)))
    headers = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"coin"))
    arrive(flow, Record("shop.v1", 0, 0, KEY.encode(), Coin(jar=KEY, n=1, occurred_at=NOON).to_json(), headers))
    await turns()
    assert (parked, flow.halts()) == (["parked"], {})


async def test_l3_what_a_person_must_lift_is_not_lifted_because_a_lane_was_lost_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow = arrange(done)
    flow._halt(0, TOO_MANY_PARKED)
    flow.lost(("x.v1", 0))
    watch = asyncio.create_task(flow._watch())
    await turns()
    watch.cancel()
    assert flow.halts() == {0: TOO_MANY_PARKED}
    assert flow.wanted() == {}, "nothing is read that will not be worked on"


async def test_q7_a_lost_lane_stays_told_while_it_is_tried_again_until_an_answer_has_come_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow = arrange(done)
    flow.lost(("x.v1", 0))
    flow.well({("x.v1", 0): 0, ("shop.v1", 0): 0})
    assert (flow.halts(), flow.wanted()) == ({0: "halt.cursor_out_of_range"}, {})
    watch = asyncio.create_task(flow._watch())
    await turns()
    watch.cancel()
    asked = flow.wanted()
    assert set(asked) == {("x.v1", 0), ("shop.v1", 0)}, "it is asked for again"
    flow.well({("shop.v1", 0): 0})
    assert flow.halts() == {0: "halt.cursor_out_of_range"}
    flow.well(asked)
    assert (flow.halts(), flow.trouble) == ({}, "")


async def test_q7_nobody_is_well_before_the_first_answer() -> None:
    flow = arrange(done)
    flow.queues = Queues({("x.v1", 0): 0, ("y.v1", 1): 0}, (), 4)
    assert flow.trouble == "not read yet: partitions 0, 1"
    flow.well({("x.v1", 0): 0})
    assert flow.trouble == "not read yet: partitions 1"
    flow.lost(("y.v1", 1))
    assert (flow.halts(), flow.trouble) == ({1: "halt.cursor_out_of_range"}, "")


def test_l3_a_partition_halted_for_another_reason_is_told_with_that_one_alone() -> None:
    flow = arrange(done)
    flow._halt(0, "halt.sequence_gap")
    flow.lost(("x.v1", 0))
    gauge = {code: METRICS.halted.labels(code=code, partition=0)._value.get() for code in ("halt.sequence_gap", *flow.halts().values())}
    assert gauge == {"halt.sequence_gap": 0, "halt.cursor_out_of_range": 1}


def test_l3_who_has_halted_is_told_with_the_place_that_a_person_is_to_mend() -> None:
    flow = arrange(done)
    flow.queues = Queues({("x.v1", 0): 0, ("y.v1", 1): 0, ("y.v1", 2): 0}, (), 4)
    assert who_halted(flow.queues.partitions.values()) == ""
    flow._halt(2, TOO_MANY_PARKED)
    flow._halt(1, "halt.sequence_gap", ("y.v1", 7))
    flow.lost(("x.v1", 0))
    assert who_halted(flow.queues.partitions.values()) == (
        "partition 0: halt.cursor_out_of_range at x.v1/0; partition 1: halt.sequence_gap at y.v1/1/7; partition 2: halt.too_many_parked"
    )


async def told_while_tried(monkeypatch: pytest.MonkeyPatch, fails: int, error: Callable[[Record], Exception]) -> list[dict[int, str]]:
    """The halts at each look at the first record, which fails so often; x.v1 and shop.v1 have one each. The last: once all is quiet."""
    told: list[dict[int, str]] = []

    async def run(connection: Any, batch: Batch) -> Done:
        if batch.records[0].topic == "x.v1":
            told.append(dict(flow.halts()))
            if len(told) <= fails:
                raise error(batch.records[0])
        moves = [Move(*lane, run.since, run.upto, None, False) for lane, run in batch.runs.items()]
        return Done(len(batch.records), moves, [], Effects(), {})

    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow = arrange(run)
    flow.queues = Queues({("x.v1", 0): 0, ("shop.v1", 0): 0}, (0,), 4)
    flow.well(flow.wanted())
    watch = asyncio.create_task(flow._watch())
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    arrive(flow, Record("shop.v1", 0, 0, b"k", b"{}", timestamp_ms=1))
    await turns()
    while len(told) <= fails:  # each retry reads again
        arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
        await turns()
    watch.cancel()
    return [*told, dict(flow.halts())]


async def test_l3_a_gap_stays_told_while_it_is_tried_again_until_that_got_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was lifted for a moment every five seconds: probes and alerts flapped."""
    gap = {0: "halt.sequence_gap"}
    assert await told_while_tried(monkeypatch, 4, lambda record: Gap(record, 0, 2)) == [{}, {}, gap, gap, gap, {}]


async def test_l3_what_cannot_be_parked_stays_told_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    halt = {0: "halt.cannot_park"}
    assert await told_while_tried(monkeypatch, 4, lambda record: ZeroDivisionError()) == [{}, {}, halt, halt, halt, {}]


async def test_l3_what_could_not_be_parked_is_decided_anew_once_the_database_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """What kept it from being parked had failed it as well: it was parked, and its key queued behind it until somebody redrove it."""
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    ill, parked = [True], []

    async def run(connection: Any, batch: Batch) -> Done:
        parked.append(batch.park)
        if ill:
            raise ZeroDivisionError
        return Done(1, [Move("x.v1", 0, 0, 1, None, False)], [], Effects(), {})

    flow = arrange(run)
    flow.well(flow.wanted())
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert (flow.halts(), parked[-1]) == ({0: "halt.cannot_park"}, "parked.raised")
    ill.clear()
    watch = asyncio.create_task(flow._watch())
    await turns()
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    watch.cancel()
    assert (flow.halts(), parked[-1]) == ({}, "")


async def test_l3_a_gap_that_a_person_moved_the_cursor_past_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow = arrange(done)
    flow.positions[("x.v1", 0)] = 0
    flow._halt(0, "halt.sequence_gap", ("x.v1", 3))
    for position, halts in ((3, {0: "halt.sequence_gap"}), (4, {})):
        monkeypatch.setattr(Connection, "fetch", fetching(position))
        watch = asyncio.create_task(flow._watch())
        await turns()
        watch.cancel()
        assert flow.halts() == halts


def fetching(position: int) -> Any:
    async def fetch(*_: Any) -> list[Any]:
        return [("x.v1", 0, position)]

    return fetch


async def test_what_the_servers_let_down_again_and_again_is_told_until_it_is_over() -> None:
    told, left = [], [ConnectionResetError("gone") for _ in range(5)]

    async def run(connection: Any, batch: Batch) -> Done:
        told.append(flow.trouble)
        if left:
            raise left.pop()
        return await done(connection, batch)

    flow = arrange(run)
    arrive(flow, Record("x.v1", 0, 0, b"k", b"{}"))
    await turns()
    assert told[:3] == ["", "", ""]
    assert told[3] == "working failed 3 times: ConnectionResetError: gone"
    assert (len(told), flow.trouble) == (6, "")


async def test_a_topic_that_cannot_be_read_is_told_until_an_answer_can(monkeypatch: pytest.MonkeyPatch) -> None:
    told, flow = [], arrange(done)

    async def read(*_: Any) -> None:
        told.append(flow.trouble)
        if len(told) == 5:
            flow.well({})
            told.append(flow.trouble)
            flow._stopping = True
        raise ConnectionResetError("refused")

    monkeypatch.setattr("shared.messaging.flow.read", read)
    await flow._read()
    assert told[:3] == ["", "", ""]
    assert told[3:] == [f"reading failed {times} times: ConnectionResetError: refused" for times in (3, 4)] + [""]
