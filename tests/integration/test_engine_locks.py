"""What keeps an engine's transactions and its relay apart: stripes, versions, cursors, lanes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from signal import Signals
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared import postgres
from shared.messaging.connect import connector
from tests.toy.ask import codes, elsewhere, notes, steps
from tests.toy.outside import GRACE, PATIENCE_S, until
from tests.toy.world import World, pause

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with World(stack) as it:
        it.spawn_all()
        yield it


def test_c1_keys_of_another_partitioner_keep_their_order(world: World) -> None:
    """A producer that spreads by CRC32: every record of a key lies on the wrong partition, in order."""
    lives = [f"astray{n}" for n in range(8)]
    for n in range(1, 11):
        for life in lives:
            if n == 1:
                world.publish("life.begin", life, partition=elsewhere(world, life))
            world.publish("life.note", life, n=n, partition=elsewhere(world, life))
    world.flush()
    world.idle()
    for life in lives:
        assert notes(world, life) == list(range(1, 11))
        assert len(steps(world, life)) == 6
    assert world.rows("alpha", "SELECT 1 FROM cursor WHERE astray")


def test_s2_a_pool_shared_by_all_partitions_is_never_oversold(world: World) -> None:
    lives = [f"pool{n}" for n in range(60)]
    for life in lives:
        world.publish("life.begin", life, pool="shared", units=3)
    world.flush()
    world.idle()
    taken: list[Any] = [
        seen.value["units"] for seen in world.facts("alpha.v1") if seen.value.get("pool") == "shared" and "total" not in seen.value
    ]
    total = world.rows("alpha", "SELECT body FROM pool WHERE key = 'shared'")[0]["body"]
    assert json.loads(total) == {"total": 99, "times": 33}
    assert world.rows("alpha", "SELECT body FROM tally WHERE key = 'shared'")[0]["body"] == total
    assert len([life for life in lives if codes(world, "alpha", life) == ["order.closed"]]) == 27
    versions = [
        seen.headers["ce_entityversion"]
        for seen in world.facts("alpha.v1")
        if seen.headers["ce_type"] == "pool.taken" and seen.value["pool"] == "shared"
    ]
    assert sorted(map(int, versions)) == list(range(1, 34)), "F1: dense over all lanes"
    assert taken


def test_s2_a_first_row_that_somebody_else_wrote_is_not_overwritten(world: World) -> None:
    """FOR UPDATE locks nothing where no row is yet: the version tells, and the batch is done again on what is there."""
    with world.holding(f"""INSERT INTO {world.ns}alpha.pool VALUES ('race', 1, 0, '{{"total": 50, "times": 1}}')""", commit=True):
        world.publish("life.begin", "racer", pool="race", units=3)
        world.flush()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO \"pool\"%'"
        until(lambda: bool(world.rows("admin", waiting)), 30, lambda: "nobody waits for the row")
    world.idle()
    assert [tuple(row) for row in world.rows("alpha", "SELECT version, body->>'total' FROM pool WHERE key = 'race'")] == [(2, "53")]


def test_c1_a_cursor_that_was_moved_under_a_running_process_is_followed(world: World) -> None:
    world.publish("life.begin", "moved", partition=0)
    world.publish("life.begin", "moved by", partition=0)
    world.flush()
    world.idle()
    sql = f"UPDATE {world.ns}alpha.cursor SET position = position - 2 WHERE topic = $1 AND partition = 0"
    world.rows("admin", sql, f"{world.ns}toy.v1")
    world.publish("life.note", "moved", n=1, partition=0)
    world.flush()
    world.idle()
    assert notes(world, "moved") == [1]
    assert len(steps(world, "moved")) == 6


def test_a_process_that_is_told_to_stop_waits_for_a_lock_no_longer_than_its_grace(world: World) -> None:
    """Its batch is rolled back and begun again by the next one, which has no reason to start slowly."""
    world.publish("life.begin", "blocked")
    world.flush()
    world.idle()
    (process,) = world.living("alpha")
    with world.holding(f"SELECT FROM {world.ns}alpha.life WHERE key = 'blocked' FOR UPDATE"):
        world.publish("life.note", "blocked", n=1)
        world.flush()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE '%alpha-% worker'"
        until(lambda: bool(world.rows("admin", waiting)), 30, lambda: "nobody waits for the row")
        process.signal(Signals.SIGTERM)
        assert process.wait(GRACE.total_seconds() + 10), world.logs()
        assert world.rows("alpha", "SELECT n FROM stripe WHERE held_by IS NOT NULL") == []
    world.spawn("alpha")
    world.idle()
    assert notes(world, "blocked") == [1]


def behind(world: World) -> float:
    """Alpha's `laotie_lag_records`."""
    (process,) = world.living("alpha")
    return sum(float(n) for n in re.findall(r"^laotie_lag_records{.*} (\S+)$", world.probe(process, "metrics")[1], re.M))


def test_s1_whatever_touches_a_key_holds_its_stripe(world: World) -> None:
    with world.holding(f"SELECT FROM {world.ns}alpha.stripe FOR UPDATE"):
        world.publish("life.begin", "locked")
        world.flush()
        until(lambda: behind(world) > 0, PATIENCE_S, lambda: "the alert of what grows would not be told")
        assert world.rows("alpha", "SELECT 1 FROM life WHERE key = 'locked'") == []
    world.idle()
    assert len(steps(world, "locked")) == 6


HELD = """
SELECT FROM {schema}.stripe FOR UPDATE;
INSERT INTO {schema}.parked (ref, state, key, topic, partition, "offset", headers, timestamp_ms, reason, error, attempts, at)
VALUES ('elsewhere', 'parked', 'behind', '{topic}', 0, 0, '[]', 0, 'parked.raised', '', 1, now())
"""


def test_s1_what_a_former_holder_committed_is_seen_however_the_database_isolates(stack: Stack) -> None:
    """A DBA made each transaction see the moment at which it began: a key that was parked while a batch waited for its stripe queues."""
    with World(stack, stripes=1) as world:
        role = postgres.quoted(postgres.role_of(f"{world.ns}alpha"))
        world.rows("admin", f"ALTER ROLE {role} SET default_transaction_isolation = 'repeatable read'")
        world.spawn("alpha")
        world.ready()
        with world.holding(HELD.format(schema=f"{world.ns}alpha", topic=f"{world.ns}toy.v1"), commit=True):
            world.publish("life.begin", "behind")
            world.flush()
            waiting = f"SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE '{world.ns}alpha-% worker'"
            until(lambda: bool(world.rows("admin", waiting)), 30, lambda: "nobody waits for the stripe")
        taken = "SELECT 1 FROM cursor WHERE topic = $1 AND position = 1"
        until(lambda: bool(world.rows("alpha", taken, f"{world.ns}toy.v1")), PATIENCE_S, lambda: "it is not taken")
        assert world.held("alpha", "behind") == [("parked", "parked.raised"), ("parked", "parked.behind")]


@pytest.mark.parametrize(("asked", "found"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")])
async def test_r2_what_is_told_is_on_the_disk_whatever_the_database_spares_others(stack: Stack, asked: str, found: str) -> None:
    """`synchronous_commit = off` is a common tuning: a server that falls forgets commits whose facts Kafka has."""
    dsn = stack.dsn("order")
    connection = await connector(f"{dsn}{'&' if '?' in dsn else '?'}synchronous_commit={asked}", "test")("worker")
    assert await connection.fetchval("SHOW synchronous_commit") == found
    await connection.close()


def test_r1_a_slow_broker_gets_one_batch_of_a_lane_at_a_time(world: World) -> None:
    before = {name: len(world.read(f"{name}.v1")) for name in ("alpha", "beta", "gamma")}
    world.flag("hold.send.alpha")
    for n in range(40):
        world.publish("life.begin", f"slow{n}")
        if n % 10 == 9:
            world.flush()
            pause(0.5)
    pause(1.5)
    world.flag("hold.send.alpha", False)
    world.idle()
    for name, count in before.items():
        numbers = [(seen.partition, seen.headers.get("ce_sequence")) for seen in world.read(f"{name}.v1")]
        assert len(numbers) - count == 80, "two facts a life and service, and no copy"
        assert all(len(steps(world, f"slow{n}")) == 6 for n in range(0, 40, 10))
