"""What must not go on stops with a code, alone where that is possible, and goes on by itself once ops have mended it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from confluent_kafka import TopicPartition

from deploy.local.postgres import run
from deploy.local.stack import Stack
from shared.messaging.checks import check_log
from shared.messaging.connect import Halted
from shared.messaging.flow import HALT_RETRY_SECONDS
from shared.messaging.message import Topic
from shared.messaging.stripes import stripe_of
from tests.toy.world import World

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """Two services: alpha begins, beta takes the next step."""
    with World(stack) as it:
        it.spawn("alpha")
        it.spawn("beta")
        it.ready()
        yield it


def keys(world: World, name: str) -> dict[int, str]:
    """A key for each stripe."""
    found: dict[int, str] = {}
    n = 0
    while len(found) < world.stripes:
        found.setdefault(stripe_of(f"{name}{n}", world.stripes), f"{name}{n}")
        n += 1
    return found


def begin(world: World, name: str) -> dict[int, str]:
    """One new life on every stripe; the keys, by stripe."""
    found = keys(world, name)
    for key in found.values():
        world.publish("life.begin", key)
    world.flush()
    return found


def stepped(world: World) -> set[str]:
    return {seen.key for seen in world.facts("beta.v1")}


def settle(world: World, but: tuple[tuple[str, int], ...] = ()) -> None:
    world.flush()
    world.idle(only=("alpha", "beta"), but=but)


def beta(world: World) -> str:
    return f"{world.ns}beta"


def test_c2_a_gap_stops_its_partition_alone(world: World) -> None:
    settle_first = begin(world, "whole")
    settle(world)
    assert set(settle_first.values()) <= stepped(world)
    last = world.rows("alpha", "SELECT seq FROM lane WHERE topic = $1 AND partition = 1", f"{world.ns}alpha.v1")[0]["seq"]
    head = {"ce_specversion": "1.0", "ce_id": "gap", "ce_source": f"laotie/{world.ns}alpha", "ce_type": "life.noted"}
    head["ce_sequence"] = str(last + 2)
    world.raw("alpha.v1", b"gap", b"{}", head, 1)
    world.flush()
    process = world.living("beta")[0]
    assert world.halted(process, "halt.sequence_gap").startswith(f"partition 1: halt.sequence_gap at {world.ns}alpha.v1/1/")
    found = begin(world, "gap")
    settle(world, but=(("alpha.v1", 1),))
    assert {found[n] for n in range(world.stripes) if n != 1} <= stepped(world), "the others flow"
    assert found[1] not in stepped(world)
    sql = f"UPDATE {beta(world)}.cursor SET position = position + 1 WHERE topic = $1 AND partition = 1"
    world.rows("admin", sql, f"{world.ns}alpha.v1")
    settle(world)
    assert found[1] in stepped(world)
    world.ready()


def test_c2_a_gap_at_the_very_head_of_our_log_is_one_too(world: World) -> None:
    """Gamma's log is empty; its first record says that one was before it."""
    assert world.ends(("gamma.v1",))[("gamma.v1", 0)] == 0
    world.raw("gamma.v1", b"head", b"{}", {"ce_type": "x", "ce_source": f"laotie/{world.ns}gamma", "ce_sequence": "2"}, 0)
    world.flush()
    process = world.living("alpha")[0]
    assert world.halted(process, "halt.sequence_gap") == f"partition 0: halt.sequence_gap at {world.ns}gamma.v1/0/0"
    world.rows(
        "admin", f"UPDATE {world.ns}alpha.cursor SET position = position + 1 WHERE topic = $1 AND partition = 0", f"{world.ns}gamma.v1"
    )
    settle(world)
    world.ready()


def test_a_cursor_behind_the_log_stops_its_partition_until_it_is_moved(world: World) -> None:
    world.quit("beta")
    lost = begin(world, "lost")
    world.idle(only=("alpha",))
    topic = f"{world.ns}alpha.v1"
    low = world.ends(("alpha.v1",))[("alpha.v1", 2)]
    for future in world.admin.delete_records([TopicPartition(topic, 2, low)]).values():
        future.result(30)
    process = world.spawn("beta")
    assert world.halted(process, "halt.cursor_out_of_range") == f"partition 2: halt.cursor_out_of_range at {topic}/2"
    found = begin(world, "range")
    settle(world, but=(("alpha.v1", 2),))
    assert {found[n] for n in range(world.stripes) if n != 2} <= stepped(world)
    assert found[2] not in stepped(world)
    sql = f"UPDATE {beta(world)}.cursor SET position = $1, last_seq = NULL WHERE topic = $2 AND partition = 2"
    world.rows("admin", sql, low, topic)
    settle(world)
    assert found[2] in stepped(world)
    assert lost[2] not in stepped(world), "it was deleted, and ops decided to go on without it"
    world.ready()


def test_a_cursor_beyond_the_end_stops_its_partition(world: World) -> None:
    world.quit("beta")
    topic = f"{world.ns}alpha.v1"
    sql = f"UPDATE {beta(world)}.cursor SET position = position + $1 WHERE topic = $2 AND partition = 0"
    world.rows("admin", sql, 1000, topic)
    process = world.spawn("beta")
    assert world.halted(process, "halt.cursor_out_of_range") == f"partition 0: halt.cursor_out_of_range at {topic}/0"
    world.rows("admin", sql, -1000, topic)
    found = begin(world, "beyond")
    settle(world)
    assert set(found.values()) <= stepped(world)


def test_q7_a_lost_cursor_is_never_called_well(world: World) -> None:
    """Neither before the first answer nor while it is tried again; one that is moved while nothing comes is noticed too."""
    world.quit("beta")
    sql = f"UPDATE {beta(world)}.cursor SET position = position + $1 WHERE topic = $2 AND partition = 0"
    world.rows("admin", sql, 1000, f"{world.ns}alpha.v1")
    process = world.spawn("beta")
    said, over = set[str](), float("inf")
    while time.monotonic() < over:
        said.add(world.probe(process, "readyz")[1])
        if over == float("inf") and any("halt.cursor_out_of_range" in one for one in said):
            over = time.monotonic() + HALT_RETRY_SECONDS + 2
    assert "ok" not in said
    world.rows("admin", sql, -1000, f"{world.ns}alpha.v1")
    world.ready()
    world.rows("admin", sql, 1000, f"{world.ns}alpha.v1")
    world.halted(process, "halt.cursor_out_of_range")
    world.rows("admin", sql, -1000, f"{world.ns}alpha.v1")
    world.ready()


def test_a_lane_behind_its_log_halts_everything(world: World) -> None:
    """A database restored from an older copy would give numbers out twice."""
    found = begin(world, "lane")
    settle(world)
    world.quit("beta")
    topic = f"{beta(world)}.v1"
    sql = f"UPDATE {beta(world)}.lane SET seq = seq + $1 WHERE topic = $2 AND partition = 3"
    world.rows("admin", sql, -1, topic)
    process = world.spawn("beta")
    assert "halt.lane_behind_log" in world.halted(process, "halt.lane_behind_log")
    more = begin(world, "waits")
    world.idle(only=("alpha",))
    assert not set(more.values()) & stepped(world), "nothing is done"
    world.quit("beta")
    process = world.spawn("beta")
    world.halted(process, "halt.lane_behind_log")
    world.rows("admin", sql, 1, topic)
    settle(world)
    assert set(found.values()) | set(more.values()) <= stepped(world)
    world.ready()


def test_a_schema_restored_alone_while_its_server_runs_is_noticed(world: World) -> None:
    """Its connections end and the server goes on. Numbers that readers know would be given out again, and what bears them dropped."""

    def keep(name: str) -> None:
        world.rows("admin", f"CREATE TABLE {beta(world)}.{name} AS TABLE {beta(world)}.lane")

    def restore(name: str) -> None:
        world.rows("admin", f"DO $$ BEGIN TRUNCATE {beta(world)}.lane; INSERT INTO {beta(world)}.lane TABLE {beta(world)}.{name}; END $$")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, $1)"
        world.rows("admin", cut, f"{beta(world)}-")

    (process,) = world.living("beta")
    begin(world, "restored")
    settle(world)
    keep("older")
    begin(world, "unrestored")
    settle(world)
    keep("newer")
    restore("older")
    world.halted(process, "halt.lane_behind_log")
    more = begin(world, "upon-restored")
    world.idle(only=("alpha",))
    assert not set(more.values()) & stepped(world), "nothing is done"
    restore("newer")
    settle(world)
    assert set(more.values()) <= stepped(world)
    world.rows("admin", f"DROP TABLE {beta(world)}.older, {beta(world)}.newer")
    world.ready()


def halts_behind_its_log(world: World) -> None:
    """It starts as it is, and not once its lane stands one behind."""
    world.spawn("beta")
    world.ready()
    world.quit("beta")
    sql = f"UPDATE {beta(world)}.lane SET seq = seq + $1 WHERE topic = $2 AND partition = 3"
    world.rows("admin", sql, -1, f"{beta(world)}.v1")
    process = world.spawn("beta")
    world.halted(process, "halt.lane_behind_log")
    world.rows("admin", sql, 1, f"{beta(world)}.v1")
    world.ready()


def test_a_strangers_record_at_the_end_does_not_hide_the_last_number(world: World) -> None:
    begin(world, "tail")
    settle(world)
    world.raw("beta.v1", b"x", b"{}", {"ce_type": "x", "ce_sequence": "none"}, 3)
    world.raw("beta.v1", b"x", b"{}", {"ce_type": "x", "ce_source": "toy/app", "ce_sequence": "9000"}, 3)
    world.raw("beta.v1", b"x", None, {}, 3)
    world.flush()
    world.quit("beta")
    halts_behind_its_log(world)


def test_late_copies_of_a_whole_batch_do_not_hide_the_last_number(world: World) -> None:
    """A relay that woke late tells up to a thousand rows again, behind those that followed."""
    begin(world, "copies")
    settle(world)
    world.quit("beta")
    sql = f"SELECT seq FROM {beta(world)}.lane WHERE topic = $1 AND partition = 3"
    last = world.rows("admin", sql, f"{beta(world)}.v1")[0]["seq"]
    for _ in range(1000):
        world.raw("beta.v1", b"x", b"{}", {"ce_type": "x", "ce_source": f"laotie/{beta(world)}", "ce_sequence": str(last - 1)}, 3)
    world.flush()
    halts_behind_its_log(world)


async def test_a_number_given_out_while_the_log_is_read_is_no_older_copy(world: World) -> None:
    """Another process of the service goes on with its work."""
    await asyncio.to_thread(begin, world, "meanwhile")
    await asyncio.to_thread(settle, world)
    own = Topic(f"{beta(world)}.v1", "life_id", (beta(world),), own=True)
    looks = iter((1, 0))

    class Connection:
        async def fetch(self, sql: str) -> list[tuple[str, int, int]]:
            behind, rows = next(looks), await asyncio.to_thread(world.rows, "beta", sql)
            return [(topic, number, seq - behind) for topic, number, seq in rows]

    settings = world.stack.settings("admin").model_copy(update={"stripes": world.stripes})
    await check_log(cast("Any", Connection()), settings, [], [own])
    assert next(looks, None) is None


def test_a_missing_cursor_halts(world: World) -> None:
    world.quit("beta")
    topic = f"{world.ns}alpha.v1"
    row = world.rows("admin", f"DELETE FROM {beta(world)}.cursor WHERE topic = $1 AND partition = 1 RETURNING position, last_seq", topic)[0]
    process = world.spawn("beta")
    assert f"{topic}/1: lost: its row is to be restored" in world.halted(process, "halt.no_cursor")
    with pytest.raises(Halted, match=rf"halt\.no_cursor: {beta(world)} lost its cursor on {topic}/1;"):
        run(world.make_schema("beta"))  # D1: not made anew, though all that a new service needs is
    sql = f"INSERT INTO {beta(world)}.cursor VALUES ($1, 1, $2, $3)"
    world.rows("admin", sql, topic, row["position"], row["last_seq"])
    world.ready()


def test_another_number_of_stripes_halts(world: World) -> None:
    world.quit("beta")
    process = world.spawn("beta", LAOTIE_STRIPES="5")
    world.halted(process, "halt.partition_count")
    world.quit("beta")
    world.spawn("beta")
    world.ready()


def test_another_schema_halts(world: World) -> None:
    world.quit("beta")
    world.rows("admin", f"INSERT INTO {beta(world)}.migration (name, sha256) VALUES ('toy/0002_newer.sql', 'x')")
    process = world.spawn("beta")
    assert "toy/0002_newer.sql" in world.halted(process, "halt.schema_version")
    world.rows("admin", f"DELETE FROM {beta(world)}.migration WHERE name = 'toy/0002_newer.sql'")
    world.ready()
    found = begin(world, "schema")
    settle(world)
    assert set(found.values()) <= stepped(world)
