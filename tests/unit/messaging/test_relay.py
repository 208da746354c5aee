"""The relay without its servers: R3, and lanes that do not wait for one another."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.messaging import relay as module
from shared.messaging.metrics import METRICS
from shared.messaging.relay import BATCH_ROWS, REQUEST_BYTES, STUCK_SECONDS, LaneState, Relay
from shared.messaging.store import OutboxRow
from shared.settings import Settings
from tests.unit.messaging.relaying import ANSWER_SECONDS, Producer, Table

SWEEP_SECONDS = 0.02  # later than the answer


@pytest.fixture(autouse=True)
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def leave(producer: Any) -> None: ...

    Producer.sent = []
    monkeypatch.setattr(module, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(module, "leave", leave)
    monkeypatch.setattr(module, "backoff", lambda failures: 0.0)
    monkeypatch.setattr(module, "SWEEP_SECONDS", SWEEP_SECONDS)


async def rounds(table: Table, count: int) -> Relay:
    """A relay that was interrupted so often but for one, and is killed then."""
    begun = asyncio.Semaphore(0)

    async def connect(purpose: str) -> Any:
        begun.release()
        return table

    relay = Relay(Settings(), connect)
    running = asyncio.create_task(relay.run())
    for _ in range(count):
        await begun.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return relay


async def test_r3_a_lane_that_is_refused_for_ever_does_not_make_the_others_be_sent_again() -> None:
    table = Table(("refused", 0, 1), ("taken", 0, 1), ("taken", 0, 2))
    await rounds(table, 5)
    assert table.rows == {("refused", 0, 1)}
    assert [number for topic, number in Producer.sent if topic == "taken"] == [1, 2]


async def test_r1_r3_what_is_acknowledged_is_with_every_replica_and_stands_there_once_and_in_order() -> None:
    await rounds(Table(("refused", 0, 1)), 2)
    assert (Producer.asked["acks"], Producer.asked["enable_idempotence"]) == ("all", True)
    assert Producer.asked["max_request_size"] == Producer.asked["max_batch_size"] == REQUEST_BYTES, "a single row may be that large"


async def test_r3_what_cannot_be_deleted_is_sent_once_and_what_stands_behind_it_too() -> None:
    """A database that refuses writes: the delete is tried again, the rows are not sent again; more than one batch of them."""
    numbers = range(1, 2 * BATCH_ROWS + 2)
    table = Table(*(("taken", 0, number) for number in numbers))
    table.refusals = 100
    await rounds(table, 8)
    assert Producer.sent == [("taken", number) for number in numbers]
    assert len(table.rows) == len(numbers)


async def test_r3_what_could_not_be_deleted_goes_once_it_can_be() -> None:
    table = Table(("taken", 0, 1), ("refused", 0, 1))
    table.refusals = 3
    await rounds(table, 8)
    assert (table.rows, Producer.sent.count(("taken", 1))) == ({("refused", 0, 1)}, 1)


async def test_what_keeps_facts_from_being_told_is_said_once_it_is_no_hiccup() -> None:
    """All else may be well: the topic's rights alone, or a database that takes no delete."""
    said = []
    for table in (Table(("refused", 0, 1)), Table(("taken", 0, 1))):
        table.refusals = 100
        relay = await rounds(table, 3)
        assert relay.trouble == ""
        relay._moved_at -= STUCK_SECONDS
        said.append(relay.trouble)
    assert said[0] == "facts are not published: ConnectionError: sending refused/0: TopicAuthorizationFailedError: [Error 29] " + (
        "TopicAuthorizationFailedError: refused"
    )
    assert said[1] == "facts are not published: ReadOnlySQLTransactionError: cannot execute DELETE in a read-only transaction"


async def test_a_table_that_somebody_has_locked_is_told_as_no_answer() -> None:
    table = Table(("taken", 0, 1))
    table.refusals, table.refusal = 100, TimeoutError()
    relay = await rounds(table, 3)
    relay._moved_at -= STUCK_SECONDS
    assert relay.trouble == "facts are not published: TimeoutError: no answer in time"


async def test_monitoring_is_told_how_long_rows_wait_though_there_is_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(_: Producer) -> None:
        raise KafkaConnectionError("no broker")

    monkeypatch.setattr(Producer, "start", start)
    METRICS.outbox_rows.set(0)
    await rounds(Table(("taken", 0, 1), ("taken", 0, 2)), 2)
    assert METRICS.outbox_rows._value.get() == 2
    assert METRICS.outbox_age._value.get() > 0


def test_r2_a_row_is_queued_only_where_it_continues_its_lane_and_else_the_table_is_read() -> None:
    relay = Relay(Settings(), cast("Any", None))

    def offered(number: int) -> tuple[int, bool, bool]:
        """How many are queued, whether the table is to be read, and whether somebody is woken for that."""
        lane.dirty = False
        relay._wake.clear()
        relay.offer([OutboxRow("x", 0, number, b"k", (), b"v")])
        return len(lane.queue), lane.dirty, relay._wake.is_set()

    lane = relay._lanes[("x", 0)] = LaneState()
    assert offered(6) == (0, True, True), "nobody knows what lies before it"
    lane.tail = 5
    assert [offered(number) for number in (6, 7)] == [(1, False, False), (2, False, False)]
    assert offered(9) == (2, True, True), "8 is not committed here"
    assert [offered(number) for number in (7, 3)] == [(2, False, False)] * 2, "they are under way or were acknowledged"
    assert [offered(number) for number in range(8, 4 * BATCH_ROWS + 6)][-1] == (4 * BATCH_ROWS, False, False)
    assert offered(4 * BATCH_ROWS + 6) == (4 * BATCH_ROWS, True, True), "no more is kept here than four batches"


async def test_r3_what_is_acknowledged_while_others_are_deleted_goes_the_next_time() -> None:
    relay, place = Relay(Settings(), cast("Any", None)), ("taken", 0)
    lane = relay._lanes[place] = LaneState(acked=1)

    class Slow(Table):
        async def execute(self, sql: str, *columns: Any) -> None:
            await super().execute(sql, *columns)
            lane.acked = 2

    table = Slow(("taken", 0, 1), ("taken", 0, 2))
    relay._connection = cast("Any", table)
    await relay._sweep()
    assert table.rows == {("taken", 0, 2)}
    await relay._sweep()
    assert table.rows == set()


async def test_r2_after_an_interruption_no_row_is_sent_before_those_that_were_queued_ahead_of_it() -> None:
    """The next of them is offered before the table was read again; those before it would be deleted as if they had been sent."""
    relay, place = Relay(Settings(), cast("Any", None)), ("taken", 0)
    lane = relay._lanes[place] = LaneState(acked=1, tail=1, dirty=False)
    relay.offer([OutboxRow("taken", 0, number, b"k", (), b"v") for number in (2, 3)])
    await relay._reset()
    relay.offer([OutboxRow("taken", 0, 4, b"k", (), b"v")])
    assert (list(lane.queue), lane.dirty) == ([], True)
    relay._connection = cast("Any", Table(*(("taken", 0, number) for number in range(1, 5))))
    await relay._fill()
    assert [row.seq for row in lane.queue] == [2, 3, 4]


async def test_r1_what_is_offered_while_the_table_is_read_is_queued_once_and_in_order() -> None:
    """The table already has it, or will be read again."""
    relay, place = Relay(Settings(), cast("Any", None)), ("taken", 0)
    lane = relay._lanes[place] = LaneState(acked=1, tail=1, dirty=True)

    class Slow(Table):
        async def fetch(self, sql: str, *columns: Any) -> list[tuple[Any, ...]]:
            found = await super().fetch(sql, *columns)
            relay.offer([OutboxRow("taken", 0, number, b"k", (), b"v") for number in (2, 3, 4)])
            return found

    relay._connection = cast("Any", Slow(*(("taken", 0, number) for number in (2, 3))))
    await relay._fill()
    assert ([row.seq for row in lane.queue], lane.dirty) == ([2, 3], True)


async def test_r4_each_look_begins_above_what_was_gone_at_the_last_one_until_the_server_may_have_forgotten_that() -> None:
    """Rows that are gone may be in the way for hours: whoever looks from the beginning passes over all of them."""
    relay, lane = Relay(Settings(), cast("Any", None)), LaneState(acked=2)
    relay._lanes[("taken", 0)] = lane
    table = Table(*(("taken", 0, number) for number in (1, 2, 3)))
    relay._connection = cast("Any", table)
    for _ in range(2):
        await relay._scan()
        await relay._sweep()
    assert METRICS.outbox_rows._value.get() == 1
    lane.acked = 3
    for _ in range(2):
        await relay._sweep()
        await relay._scan()
    assert [floors[("taken", 0)] for floors in table.looked] == [0, 0, 2, 3]
    assert METRICS.outbox_rows._value.get() == 0
    await relay._reset()
    relay._connection = cast("Any", table)
    await relay._scan()
    assert table.looked[-1] == {("taken", 0): 0}


async def test_r4_a_lane_with_more_rows_than_are_read_at_once_is_read_on() -> None:
    relay, place = Relay(Settings(), cast("Any", None)), ("taken", 0)
    lane = relay._lanes[place] = LaneState()
    relay._connection = cast("Any", Table(*(("taken", 0, number) for number in range(1, BATCH_ROWS + 2))))
    await relay._fill()
    assert (len(lane.queue), lane.dirty) == (BATCH_ROWS, True)
    lane.queue.clear()
    lane.acked = BATCH_ROWS
    await relay._fill()
    assert (len(lane.queue), lane.dirty) == (1, False)


async def test_r3_a_relay_that_stops_deletes_what_was_acknowledged_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next one sends it again."""
    monkeypatch.setattr(module, "SWEEP_SECONDS", 1e9)
    table = Table(("taken", 0, 1), ("taken", 0, 2))

    async def connect(purpose: str) -> Any:
        return table

    relay = Relay(Settings(clock="system"), connect)
    running = asyncio.create_task(relay.run())
    while relay._lanes.get(("taken", 0), LaneState()).acked < 2:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(ANSWER_SECONDS)
    assert len(table.rows) == 2
    relay.stop()
    await running
    assert (table.rows, Producer.sent) == (set(), [("taken", 1), ("taken", 2)])


async def test_a_relay_that_has_always_more_to_send_is_not_stuck() -> None:
    relay, place = Relay(Settings(), cast("Any", None)), ("taken", 0)
    lane = relay._lanes[place] = LaneState(queue=deque([OutboxRow("taken", 0, 1, b"k", (), b"v")]))
    relay._moved_at -= STUCK_SECONDS + 1
    assert relay.trouble
    await relay._send(cast("Any", Producer()), place, lane)
    relay._connection = cast("Any", Table(("taken", 0, 2)))
    await relay._scan()
    assert relay.trouble == ""
