"""Deadlines and waits on a manual clock, with real Kafka and Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.stack import Stack
from tests.toy.outside import GRACE, Seen
from tests.toy.world import World, pause

pytestmark = pytest.mark.stack

DAWN = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """Only alpha runs, so that nothing cancels its deadlines."""
    world = World(stack, clock="manual")
    world.clock_at = DAWN
    with world:
        world.spawn("alpha")
        world.ready()
        yield world


def of(world: World, key: str, type: str) -> list[Seen]:
    return [seen for seen in world.facts("alpha.v1") if seen.key == key and seen.headers["ce_type"] == type]


def settle(world: World) -> None:
    world.flush()
    world.idle(only=("alpha",))


def test_t1_a_deadline_fires_once_after_its_time_and_grace(world: World) -> None:
    start = world.clock_at
    world.publish("life.begin", "late", minutes=30)
    world.publish("life.begin", "later", minutes=40)
    settle(world)
    world.set_clock(start + timedelta(minutes=30) + GRACE - timedelta(milliseconds=1))
    settle(world)
    assert of(world, "late", "life.rang") == []
    world.set_clock(start + timedelta(minutes=30) + GRACE)
    settle(world)
    rang = of(world, "late", "life.rang")
    assert [datetime.fromisoformat(seen.value["occurred_at"]) for seen in rang] == [start + timedelta(minutes=30)], "the deadline itself"
    assert of(world, "later", "life.rang") == []
    world.set_clock(start + timedelta(hours=2))
    settle(world)
    assert len(of(world, "late", "life.rang")) == len(of(world, "later", "life.rang")) == 1
    assert world.rows("alpha", "SELECT 1 FROM timer") == [], "F7: what fired stands no more"
    sent = [seen.key for seen in world.read("alpha.timer.v1") if seen.key in ("late", "later")]
    assert sorted(sent) == ["late", "later"]


def test_k1_the_clock_never_moves_back(world: World) -> None:
    at = world.clock_at
    world.set_clock(at - timedelta(days=1))
    world.clock_at = at
    pause(1)
    world.publish("life.begin", "tide", minutes=60)
    settle(world)
    assert len(of(world, "tide", "life.begun")) == 1, "not from the future"
    world.set_clock(at + timedelta(minutes=30))
    settle(world)
    assert of(world, "tide", "life.rang") == []
    world.publish("life.begin", "ahead", at=(world.clock_at + timedelta(minutes=11)).isoformat())
    settle(world)
    assert ("ahead", "event.from_the_future") in world.refused("alpha")
    world.set_clock(at + timedelta(minutes=61))
    settle(world)
    assert len(of(world, "tide", "life.rang")) == 1


def test_f4_a_wait_of_a_day_ends_in_a_persons_hands(world: World) -> None:
    start = world.clock_at
    world.publish("life.poke", "orphan", n=2)
    world.publish("life.poke", "orphan", n=3)
    settle(world)
    assert [state for state, _ in world.held("alpha", "orphan")] == ["waiting", "waiting"]
    world.set_clock(start + timedelta(hours=24) + GRACE)
    settle(world)
    assert world.held("alpha", "orphan") == [("expired", "wait.over")] * 2
    assert [code for key, code in world.refused("alpha") if key == "orphan"] == ["wait.over"] * 2
    world.redrive("alpha", "orphan")  # too early
    settle(world)
    assert [state for state, _ in world.held("alpha", "orphan")] == ["waiting", "waiting"]
    world.set_clock(start + timedelta(hours=48))
    settle(world)
    assert [state for state, _ in world.held("alpha", "orphan")] == ["waiting", "waiting"], "a day from the redrive"
    world.set_clock(start + timedelta(hours=48) + 2 * GRACE)
    settle(world)
    assert world.held("alpha", "orphan") == [("expired", "wait.over")] * 2
    world.publish("life.begin", "orphan")
    world.publish("life.poke", "orphan", n=1)
    settle(world)
    assert [seen.value["n"] for seen in of(world, "orphan", "life.poked")] == [1], "what expired blocks nothing"
    world.redrive("alpha", "orphan")
    settle(world)
    assert [seen.value["n"] for seen in of(world, "orphan", "life.poked")] == [1, 2, 3]
    assert world.held("alpha", "orphan") == []


def test_t2_after_an_outage_the_backlog_comes_first(world: World) -> None:
    """The step that cancels the deadline lies in the backlog, and its life is locked by somebody for a while."""
    start = world.clock_at
    world.publish("life.begin", "saved", minutes=30)
    settle(world)
    world.quit("alpha")
    world.spawn("beta")
    world.spawn("gamma")
    world.ready()
    world.idle(only=("beta", "gamma"), but=[("ops.v1", n) for n in range(world.stripes)])
    world.set_clock(start + timedelta(days=1))
    with world.holding(f"SELECT FROM {world.ns}alpha.life WHERE key = 'saved' FOR UPDATE"):
        world.spawn("alpha")
        world.ready()
        pause(2)
        unsent = world.rows("admin", f"SELECT kind FROM {world.ns}alpha.timer WHERE sent_at IS NULL AND key = 'saved'")
        assert [row["kind"] for row in unsent] == ["deadline.due"]
    world.ready()
    world.idle()
    assert of(world, "saved", "life.rang") == []
    assert [seen.value["step"] for seen in of(world, "saved", "life.stepped")] == [4]
    assert world.rows("alpha", "SELECT 1 FROM timer WHERE key = 'saved'") == [], "F7: cancelled"
    world.quit("beta")
    world.quit("gamma")
