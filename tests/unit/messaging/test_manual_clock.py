"""With a clock that is moved by hand everybody waits for us: moves are told, and what was sent is swept, without a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.messaging import relay
from shared.messaging.clock import BusinessClock
from shared.messaging.relay import Relay
from shared.messaging.store import OutboxRow
from shared.messaging.system import ClockSet
from shared.settings import Settings

MANUAL = Settings(clock="manual")
TURNS = 1000
AT = datetime(2026, 6, 1, tzinfo=UTC)


def told(at: datetime) -> bytes:
    return ClockSet(occurred_at=at).to_json()


async def test_k1_a_move_is_told_to_all_who_wait_also_to_who_was_busy_meanwhile() -> None:
    clock = BusinessClock(MANUAL)
    clock._take(told(AT))
    before = clock.moved
    clock._take(told(AT + timedelta(hours=1)))
    assert (before.is_set(), clock.moved.is_set(), clock.now()) == (True, False, AT + timedelta(hours=1))
    standing = clock.moved
    clock._take(told(AT))
    assert (standing is clock.moved, standing.is_set()) == (True, False), "it never moves back"


EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z")  # of the calendar: nothing could follow


@pytest.mark.parametrize("value", [None, b"", b"{", b'{"clock": "clock"}', *(b'{"occurred_at": "%s"}' % edge.encode() for edge in EDGES)])
def test_k1_what_is_no_move_of_the_clock_ends_nobody(value: bytes | None) -> None:
    """It stays on the topic: whoever died of it would die of it again."""
    clock = BusinessClock(MANUAL)
    clock._take(told(AT))
    clock._take(value)
    assert clock.now() == AT


class Broker:
    """Acknowledges when it is told to."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[None]] = []

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(1 << 20, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[None]:
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]


class Table:
    """An outbox that was empty at the start."""

    def __init__(self) -> None:
        self.deleted: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def fetch(self, *_: object) -> list[Any]:
        return []

    async def execute(self, _: str, *arguments: Any) -> None:
        self.deleted.put_nowait(arguments)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(TURNS):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing comes of it")


async def test_r3_with_a_manual_clock_rows_go_when_the_last_lane_has_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 1e9)  # the turn that would do it in any case never comes
    broker, table, it = Broker(), Table(), Relay(MANUAL, cast("Any", None))
    it._producer, it._connection = cast("Any", broker), cast("Any", table)
    loop = asyncio.create_task(it._loop())
    for number in range(2):
        it.offer([OutboxRow("a.v1", number, 1, b"k", (), b"{}")])
    await until(lambda: len(it._lanes) == 2 and all(lane.tail is not None for lane in it._lanes.values()))
    for number in range(2):
        it.offer([OutboxRow("a.v1", number, 1, b"k", (), b"{}")])
    await until(lambda: len(broker.asked) == 2)
    broker.asked[0].set_result(None)
    await until(lambda: not it._lanes[("a.v1", 0)].flying)
    await until(lambda: not it._wake.is_set())
    assert table.deleted.empty(), "another lane is under way: both are swept together"
    broker.asked[1].set_result(None)
    topics, numbers, _, upto = await table.deleted.get()
    assert (topics, sorted(numbers), upto) == (["a.v1", "a.v1"], [0, 1], [1, 1])
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_k1_nothing_is_done_before_the_clock_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came last was sent at the time that stands last; by an older one it is from the future, and refused for good."""
    moves = [AT + timedelta(hours=n) for n in range(3)]
    known = list[bool]()

    class Kafka:
        def __init__(self, **_: Any) -> None:
            self.read = 0

        async def start(self) -> None: ...
        def assign(self, _: Any) -> None: ...
        async def seek_to_beginning(self, _: Any) -> None: ...

        async def end_offsets(self, places: list[Any]) -> dict[Any, int]:
            return dict.fromkeys(places, len(moves))

        async def position(self, _: Any) -> int:
            return self.read

        async def getmany(self, place: Any, timeout_ms: int) -> dict[Any, list[Any]]:
            known.append(clock._known.is_set())
            await asyncio.sleep(0)
            self.read += 1
            return {place: [SimpleNamespace(value=told(moves[self.read - 1]))]} if self.read <= len(moves) else {}

    async def leave(kafka: Any) -> None: ...

    monkeypatch.setattr("shared.messaging.clock.AIOKafkaConsumer", Kafka)
    monkeypatch.setattr("shared.messaging.clock.leave", leave)
    clock = BusinessClock(MANUAL)
    await clock.start()
    await clock.stop()
    assert (known[:3], clock.now()) == ([False] * 3, moves[-1])
