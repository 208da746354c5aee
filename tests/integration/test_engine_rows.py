"""What the engine's statements do to their rows where somebody else is at them too, on tables of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from shared.messaging import holders, timers
from shared.messaging.columns import turned
from shared.messaging.connect import IDLE_IN_TRANSACTION_SECONDS, connector
from shared.messaging.engine import PRUNE, PRUNE_ROWS
from shared.messaging.flow import Flow
from shared.messaging.metrics import METRICS
from shared.messaging.record import Effects, Held, Record
from shared.messaging.relay import SCAN, Relay
from shared.messaging.saving import ARMED, rows_part, save_statement
from shared.messaging.seed import seed
from shared.messaging.shape import Rows, Service
from shared.messaging.store import HELD_PER_KEY, LostRace, Move, Store
from shared.messaging.versions import LOAD_KEPT, Following
from shared.settings import Settings
from tests.infra import Fresh, Schema
from tests.toy.rules import Rules

pytestmark = pytest.mark.stack

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OURS, THEIRS = "order.v1", "shop.v1"
STORE = Store(Service("order", (), lambda event, policy: event, ()), 1)
STANDS = "SELECT position, last_seq, astray FROM cursor WHERE topic = $1 AND partition = 0"


@pytest.fixture
async def schema(fresh: Fresh) -> Schema:
    return await asyncio.to_thread(fresh.schema)


@pytest.fixture
async def connection(schema: Schema) -> AsyncIterator[asyncpg.Connection]:
    it = await asyncpg.connect(schema.owner_dsn)
    await seed(it, schema.name, 1, {(OURS, 0): 0, (THEIRS, 0): 0}, {OURS})
    yield it
    await it.close()


async def save(connection: asyncpg.Connection, *moves: Move, effects: Effects | None = None) -> None:
    async with connection.transaction():
        await STORE.save(connection, effects or Effects(), moves, NOON)


async def test_s3_a_cursor_that_was_moved_while_its_batch_ran_is_not_written_over(connection: asyncpg.Connection) -> None:
    """By `laotie cursor move`, after the batch had compared it."""
    await connection.execute("UPDATE cursor SET position = 7 WHERE topic = $1", OURS)
    with pytest.raises(LostRace):
        await save(connection, Move(OURS, 0, 0, 3, None, False))
    assert [tuple(row) for row in await connection.fetch(STANDS, OURS)] == [(7, 0, False)]


async def test_c2_t2_a_cursor_keeps_its_last_number_and_that_keys_were_astray(connection: asyncpg.Connection) -> None:
    """Of a batch with strangers' records alone, and of one with all keys in their places."""
    for move in (Move(OURS, 0, 0, 3, 3, True), Move(OURS, 0, 3, 5, None, False)):
        await save(connection, move)
    assert [tuple(row) for row in await connection.fetch(STANDS, OURS)] == [(5, 3, True)]


def held(number: int, state: str) -> Held:
    record = Record(OURS, 0, number, b"k", b"{}")
    return Held(record.ref, state, "k", record, "wait.over", "was \x00", 1, NOON)  # type: ignore[arg-type]


async def test_f4_what_expired_keeps_nothing_of_its_key_from_being_read_however_much_it_is(connection: asyncpg.Connection) -> None:
    rows = [*(held(number, "expired") for number in range(HELD_PER_KEY)), held(HELD_PER_KEY, "ready")]
    await save(connection, effects=Effects(held={row.ref: row for row in rows}))
    found = (await STORE.load_held(connection, ["k"], []))["k"]
    assert (len(found), found[-1].state) == (HELD_PER_KEY, "ready")


async def test_f3_f4_what_becomes_of_a_held_event_is_written_over_what_it_was(connection: asyncpg.Connection) -> None:
    for row in (held(1, "waiting"), replace(held(1, "expired"), reason="other", attempts=2, at=NOON + timedelta(days=1))):
        await save(connection, effects=Effects(held={row.ref: row}))
    found = await connection.fetch("SELECT state, reason, attempts, at FROM parked")
    assert [tuple(row) for row in found] == [("expired", "other", 2, NOON + timedelta(days=1))]


async def test_an_error_with_a_null_byte_can_be_kept(connection: asyncpg.Connection) -> None:
    await save(connection, effects=Effects(held={"x": held(1, "parked")}))
    assert await connection.fetchval("SELECT error FROM parked") == "was  "


async def test_a_kept_column_that_says_nothing_keeps_what_an_earlier_batch_said(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TABLE told (id text PRIMARY KEY, note text, until text)")
    columns = {"id": "text", "note": "text", "until": "text"}
    part = rows_part(Rows("told", columns, (), lambda fact, id: (), ("id",), frozenset({"until"})))
    for row in (("a", "first", "noon"), ("a", None, None)):
        await connection.execute(save_statement({"rows0": part}, ["rows0"]), *part.arguments([row]))
    assert [tuple(row) for row in await connection.fetch("SELECT * FROM told")] == [("a", None, "noon")]


async def arm(connection: asyncpg.Connection, due_at: datetime) -> None:
    await connection.execute(ARMED.spelled(), *ARMED.arguments([("line.due", "o1", "o1", 0, due_at, b"{}")]))


async def test_t1_a_deadline_that_somebody_is_sending_is_sent_by_nobody_else_and_waited_for_by_nobody(
    connection: asyncpg.Connection, schema: Schema
) -> None:
    """A process that lost its partitions and does not know yet."""
    await arm(connection, NOON)
    other = await asyncpg.connect(schema.owner_dsn)
    async with connection.transaction():
        assert len(await connection.fetch(timers.TAKE, NOON, [0], 10)) == 1
        async with asyncio.timeout(5):
            assert await other.fetch(timers.TAKE, NOON, [0], 10) == []
    await other.close()


async def test_f7_a_deadline_that_moved_after_it_was_sent_is_sent_again(connection: asyncpg.Connection) -> None:
    await arm(connection, NOON)
    await connection.execute(timers.SENT, NOON, *timers.FIRED.arguments([("line.due", "o1")]))
    assert await connection.fetch(timers.TAKE, NOON, [0], 10) == []
    await arm(connection, NOON + timedelta(hours=1))
    assert await connection.fetch(timers.TAKE, NOON, [0], 10) == []
    assert len(await connection.fetch(timers.TAKE, NOON + timedelta(hours=1), [0], 10)) == 1


async def test_q3_who_lost_its_stripes_does_not_give_back_what_is_anothers(connection: asyncpg.Connection) -> None:
    """Its death would look like a clean stop, and what killed it be begun in company again."""
    assert [row["held_by"] for row in await connection.fetch(holders.HOLD, [0], "first")] == [None]
    assert [row["held_by"] for row in await connection.fetch(holders.HOLD, [0], "second")] == ["first"]
    await connection.execute(holders.RELEASE, [0], "first")
    assert await connection.fetchval("SELECT held_by FROM stripe") == "second"
    await connection.execute(holders.RELEASE, [0], "second")
    assert await connection.fetchval("SELECT held_by FROM stripe") is None


async def test_q3_a_start_that_is_interrupted_and_begun_again_is_as_slow_as_the_first(
    schema: Schema, connection: asyncpg.Connection
) -> None:
    """The connection was lost right after the stripes were taken over: by then they are ours, and nothing says who died over them."""
    await connection.execute("UPDATE stripe SET held_by = 'died'")
    consumer = cast("Any", SimpleNamespace(others={}))
    opened: list[Any] = []

    async def connect(purpose: str) -> Any:
        opened.append(await asyncpg.connect(schema.owner_dsn))
        return opened[-1]

    beginning = Flow(Settings(batch_max=4), consumer, [OURS, THEIRS], connect, cast("Any", None), "next")
    cursors = beginning._cursors

    async def lost(connection: asyncpg.Connection, numbers: list[int]) -> dict[tuple[str, int], int]:
        if len(opened) == 1:
            raise ConnectionResetError
        return await cursors(connection, numbers)

    beginning._cursors = lost  # type: ignore[method-assign]
    beginning._read = asyncio.Event().wait  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionResetError):
        await beginning.start([0])
    await beginning.start([0])
    assert (beginning.queues.partitions[0].size, opened[0].is_closed()) == (1, True)
    await beginning.stop()
    assert await connection.fetchval("SELECT held_by FROM stripe") is None


async def test_l2_attempts_are_counted_for_one_event_and_begin_anew_with_another(connection: asyncpg.Connection) -> None:
    assert [await connection.fetchval(holders.MARK, 0, ref) for ref in ("x/0/1", "x/0/1", "x/0/2", "x/0/2")] == [1, 2, 1, 2]


async def test_d1_a_cursor_begins_where_its_log_does_and_is_never_put_back(fresh: Fresh) -> None:
    """Of a log that lost its head the first number seen is the baseline; a whole one of ours begins with 1."""
    schema = await asyncio.to_thread(fresh.schema)
    connection = await asyncpg.connect(schema.owner_dsn)
    places = {(OURS, 0): 0, (OURS, 1): 9, (THEIRS, 0): 0, (THEIRS, 1): 4}
    everything = "SELECT topic, partition, position, last_seq FROM cursor ORDER BY topic, partition"
    await seed(connection, schema.name, 2, places, {OURS})
    made = [(OURS, 0, 0, 0), (OURS, 1, 9, None), (THEIRS, 0, 0, None), (THEIRS, 1, 4, None)]
    assert [tuple(row) for row in await connection.fetch(everything)] == made
    await connection.execute("UPDATE cursor SET position = 20, last_seq = 20 WHERE partition = 1")
    await seed(connection, schema.name, 2, places, {OURS})
    assert [row["position"] for row in await connection.fetch(everything)] == [0, 20, 0, 20]
    await connection.close()


async def test_a_process_that_stops_in_the_middle_of_a_transaction_loses_it_and_its_locks(schema: Schema) -> None:
    connection: Any = await connector(schema.dsn, "frozen")("worker")
    assert connection._config.command_timeout, "and a server that answers nothing is not waited for"
    said = [await connection.fetchval(f"SHOW {name}") for name in ("idle_in_transaction_session_timeout", "application_name", "timezone")]
    assert said == [f"{IDLE_IN_TRANSACTION_SECONDS}s", "frozen worker", "UTC"]
    await connection.close()


async def test_a_process_that_stops_within_a_statement_loses_its_locks_too(schema: Schema, connection: asyncpg.Connection) -> None:
    """The server has read the statement and waits to be told to run it; that is not idle, so no timeout of its own ends it."""
    frozen, other = [await connector(schema.dsn, "order")("worker") for _ in range(2)]
    await frozen.execute("BEGIN; SELECT FROM stripe WHERE n = 0 FOR UPDATE")
    await frozen.prepare("SELECT n FROM stripe")
    taking = asyncio.create_task(other.execute("SELECT FROM stripe WHERE n = 0 FOR UPDATE"))
    beat = await connector(schema.dsn, "order")("beat")
    assert await beat.fetchval(holders.END_FROZEN, 60) == 0
    assert not taking.done()
    assert await beat.fetchval(holders.END_FROZEN, 0) == 1
    await taking
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        await frozen.execute("COMMIT")
    for one in (other, beat):
        await one.close()


async def test_v3_a_version_is_judged_from_the_position_that_stands_wherever_somebody_read_on(connection: asyncpg.Connection) -> None:
    """A restored database is behind what was read: that is read again. Another process is ahead: nothing is judged twice."""
    clock = cast("Any", SimpleNamespace(now=lambda: NOON, manual=True))
    following = Following(Rules(), STORE.service, Settings(), clock, cast("Any", None), lambda rows: None)

    def rule(offset: int) -> Record:
        told = {"version": str(offset), "begins": (NOON + timedelta(hours=offset)).isoformat(), "said": NOON.isoformat()}
        return Record(Rules.topic.name, 0, offset, None, json.dumps(told).encode())

    assert await following._take(connection, 2, [rule(2)], 3) == 0
    refused = Record(Rules.topic.name, 0, 1, None, b"no rule")
    assert await following._take(connection, 0, [rule(0), refused, rule(2)], 3) == 3
    assert await following._take(connection, 1, [refused, rule(2), rule(3)], 4) == 4
    assert await following._take(connection, 0, [rule(0), refused], 2) == 4
    assert [row["version"] for row in await connection.fetch(LOAD_KEPT)] == ["0", "2", "3"]
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 1, "and announced once"


async def test_r4_a_look_at_the_outbox_passes_over_nothing_that_was_gone_before_while_a_backup_keeps_the_server_from_forgetting_it(
    schema: Schema, connection: asyncpg.Connection
) -> None:
    """In pages that were touched: what is deleted beside an older transaction stays in its index until that ends."""
    relay = Relay(Settings(), cast("Any", None))
    relay._connection = await connector(schema.dsn, "order")("relay")
    backup = await asyncpg.connect(schema.owner_dsn)
    await backup.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox")
    await connection.execute("INSERT INTO lane SELECT $1, n, 5000 FROM generate_series(0, 3) n", OURS)
    await connection.execute(f"INSERT INTO outbox SELECT '{OURS}', n % 4, 1 + n / 4, 'k', '[]', 'v' FROM generate_series(0, 19_999) n")
    await connection.execute("DELETE FROM outbox WHERE seq <= 4999 OR partition < 2")
    first = await pages(relay._connection, relay)
    await relay._scan()
    assert {place: lane.floor for place, lane in relay._lanes.items()} == {(OURS, n): 5000 if n < 2 else 4999 for n in range(4)}
    assert METRICS.outbox_rows._value.get() == 2
    assert first > 100 > await pages(relay._connection, relay)
    await backup.close()
    await relay._connection.close()


async def pages(connection: asyncpg.Connection, relay: Relay) -> int:
    floors = [(topic, number, lane.floor) for (topic, number), lane in relay._lanes.items()]
    told = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SCAN}", *turned(floors, 3))
    return int(json.loads(told)[0]["Plan"]["Shared Hit Blocks"])


async def test_pruning_reads_as_little_once_rows_took_the_places_of_forgotten_ones(connection: asyncpg.Connection) -> None:
    """It asks each minute what is too old: after months, as on the first day, no more pages than that needs."""
    insert = "INSERT INTO inbox SELECT 'shop', $1 || n, '\\x00', $2 FROM generate_series(1, 30000) n"
    for days, name in ((40, "forgotten"), (20, "kept"), (0, "in their places")):
        await connection.execute(insert, name, NOON - timedelta(days=days))
        while await connection.execute(PRUNE, NOON - timedelta(days=30), PRUNE_ROWS) != "DELETE 0":
            pass
        await connection.execute("VACUUM ANALYZE inbox")
    assert await connection.fetchval("SELECT count(*) FROM inbox") == 60_000
    plan = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {PRUNE}", NOON - timedelta(days=30), PRUNE_ROWS)
    (found,) = json.loads(plan)
    assert found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"] < 20, found
