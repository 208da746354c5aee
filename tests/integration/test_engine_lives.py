"""Processes that die, freeze, join and leave while events come: the oracle must find nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from signal import Signals
from typing import Any

import pytest

from deploy.local.process import Process
from deploy.local.stack import Stack
from shared.messaging.relay import SWEEP_SECONDS
from tests.toy.oracle import judge
from tests.toy.outside import NAMES, until
from tests.toy.traffic import Traffic
from tests.toy.world import World, pause

pytestmark = pytest.mark.stack
FALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%alpha-% relay'"


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with World(stack, env={"TOY_PRUNE_SECONDS": "1"}) as it:
        it.spawn_all()
        yield it


@pytest.fixture(scope="module")
def traffic(world: World) -> Traffic:
    return Traffic(world, Random(1))


def settle(world: World, traffic: Traffic) -> None:
    world.flush()
    world.idle()
    assert judge(world, traffic.lives) == []


def died(world: World, process: Process, seconds: float = 30) -> None:
    assert process.wait(seconds), f"{process.name} lives\n{world.logs()}"


def test_r3_a_relay_that_dies_between_acknowledgement_and_delete_repeats_and_loses_nothing(world: World, traffic: Traffic) -> None:
    dying = world.living("alpha")[0]
    world.flag("die.relay.alpha")
    traffic.burst(10, "relay")
    world.flush()
    died(world, dying)
    world.spawn("alpha")
    settle(world, traffic)
    numbers = [(seen.partition, seen.headers["ce_sequence"]) for seen in world.read("alpha.v1")]
    assert len(numbers) > len(set(numbers)), "the rows were sent twice, and readers dropped the copies"


def test_r3_a_delete_that_a_fallen_server_forgot_is_done_again(world: World, traffic: Traffic) -> None:
    """Nobody waits for the relay's deletes to reach the disk: after a crash rows may be back that the broker has."""
    traffic.burst(10, "forgot")
    settle(world, traffic)
    last = world.read("alpha.v1")[-1]
    headers = json.dumps([pair for pair in last.headers.items() if pair[0] != "ce_sequence"])
    row = (f"{world.ns}alpha.v1", last.partition, int(last.headers["ce_sequence"]), last.key.encode(), headers, compact(last.value))
    world.rows("alpha", "INSERT INTO outbox VALUES ($1, $2, $3, $4, $5, $6)", *row)
    assert world.rows("alpha", FALL)
    until(lambda: world.rows("alpha", "SELECT seq FROM outbox") == [], 30, world.logs)
    settle(world, traffic)


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_c4_a_process_that_dies_right_after_commit_neither_loses_nor_repeats(world: World, traffic: Traffic) -> None:
    for name in NAMES:
        dying = world.living(name)[0]
        world.flag(f"die.commit.{name}")
        traffic.burst(10, f"commit{name}")
        world.flush()
        died(world, dying)
        world.spawn(name)
    settle(world, traffic)


def test_n2_a_process_that_dies_right_after_commit_has_told_what_it_refused(world: World, traffic: Traffic) -> None:
    """The copy and its notice are of one transaction: the oracle counts both."""
    dying = world.living("alpha")[0]
    world.idle()
    world.flag("die.commit.alpha")
    world.publish("life.unheard", "unheard")
    world.flush()
    died(world, dying)
    world.spawn("alpha")
    settle(world, traffic)
    assert ("unheard", "event.unknown_type") in world.refused("alpha")


def test_c1_killed_anywhere_it_goes_on_from_its_cursor(world: World, traffic: Traffic) -> None:
    random = Random(7)
    for n in range(4):
        name = random.choice(NAMES)
        traffic.burst(15, f"killed{n}")
        pause(random.random())
        for process in world.living(name):
            process.signal(Signals.SIGKILL)
            died(world, process)
        traffic.burst(5, f"more{n}")
        world.spawn(name)
    settle(world, traffic)


def test_a_graceful_stop_empties_the_relay_and_gives_the_stripes_back(world: World, traffic: Traffic) -> None:
    traffic.burst(40, "quit")
    world.quit()
    for name in NAMES:
        assert world.rows(name, "SELECT * FROM outbox") == []
        assert world.rows(name, "SELECT n FROM stripe WHERE held_by IS NOT NULL") == []
        assert world.rows(name, "SELECT id FROM process WHERE seen_at > now() - interval '1 second' * 0") == []
    for name in NAMES:
        world.spawn(name)
    settle(world, traffic)
    assert not any("not released cleanly" in process.log.read_text() for process in world.processes[-3:])


def test_l2_an_event_that_kills_the_process_is_parked(world: World, traffic: Traffic) -> None:
    process = world.living("alpha")[0]
    world.flag("kill")
    world.publish("life.begin", "killer", mode="kill", id="killer/b")
    world.publish("life.note", "killer", n=1, id="killer/n1")
    traffic.burst(10, "victims")
    world.flush()
    deaths = 0
    while world.held("alpha", "killer")[:1] != [("parked", "parked.killed_the_process")]:
        until(
            lambda process=process: not process.alive or world.held("alpha", "killer") != [],  # type: ignore[misc]
            60,
            world.logs,
        )
        if not process.alive:
            deaths += 1
            assert deaths < 12, "three times alone, and a few times in company"
            process = world.spawn("alpha")
    assert deaths >= 3
    world.idle()
    assert world.held("alpha", "killer") == [("parked", "parked.killed_the_process"), ("parked", "parked.behind")]
    world.flag("kill", False)
    world.redrive("alpha", "killer")
    traffic.lives["killer"] = life = traffic.lives["victims-0"].__class__("killer/b", "none", 0)
    life.notes = [("killer/n1", 1)]
    settle(world, traffic)


def test_c1_copies_that_join_and_leave_change_nothing(world: World, traffic: Traffic) -> None:
    for n in range(2):
        traffic.burst(20, f"join{n}")
        joined = world.spawn("alpha")
        other = world.spawn("gamma")
        traffic.burst(20, f"joined{n}")
        world.ready()
        traffic.burst(20, f"leave{n}")
        joined.signal(Signals.SIGTERM)
        other.signal(Signals.SIGKILL)
        died(world, joined)
        died(world, other)
    settle(world, traffic)


def test_c1_a_zombie_that_wakes_does_no_harm(world: World, traffic: Traffic) -> None:
    """It slept until the others had its partitions, in the middle of its work."""
    second = world.spawn("alpha")
    world.ready()
    first = next(process for process in world.living("alpha") if process is not second)
    traffic.burst(30, "asleep")
    first.signal(Signals.SIGSTOP)
    traffic.burst(30, "taken over")
    world.flush()
    until(lambda: "partitions [0, 1, 2, 3]" in second.log.read_text(), 60, world.logs)
    traffic.burst(10, "between")
    pause(1)
    first.signal(Signals.SIGCONT)
    traffic.burst(30, "awake")
    settle(world, traffic)
    world.ready()


def test_old_inbox_rows_are_pruned_in_the_running_process(world: World) -> None:
    sql = "INSERT INTO inbox SELECT 'old/app', n::text, 'x', now() - interval '1 day' * (25 + n) FROM generate_series(0, 9) n"
    world.rows("alpha", sql)
    until(lambda: len(world.rows("alpha", "SELECT id FROM inbox WHERE source = 'old/app'")) <= 5, 60, world.logs)
    left = {int(row["id"]) for row in world.rows("alpha", "SELECT id FROM inbox WHERE source = 'old/app'")}
    assert left == {0, 1, 2, 3, 4}, "thirty days are kept"


def test_r2_r3_r4_rows_that_no_broker_acknowledged_are_sent_in_order_by_the_next_process(world: World, traffic: Traffic) -> None:
    """The relay hangs in its first send; the process dies; nothing was deleted, and the next one finds it all by itself."""
    world.flag("hold.send.alpha")
    traffic.burst(20, "stranded")
    world.flush()
    wanted = [key for key, life in traffic.lives.items() if key.startswith("stranded") and not life.units]
    sql = "SELECT count(*) AS n FROM life WHERE key = ANY ($1::text[])"
    until(lambda: bool(world.rows("alpha", sql, wanted)[0]["n"] == len(wanted)), 60, world.logs)
    pause(SWEEP_SECONDS + 1)
    for process in world.living("alpha"):
        process.signal(Signals.SIGKILL)
        died(world, process)
    world.flag("hold.send.alpha", False)
    world.spawn("alpha")
    settle(world, traffic)
