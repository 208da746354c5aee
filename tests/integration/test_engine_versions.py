"""What decisions go by, coming by a topic: nothing is decided before it is known, nor by a version that was not in force.

On the toy, with real Kafka and Postgres. Source: R9.1.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from confluent_kafka import Producer

from deploy.local.kafka import quiet
from tests.toy.outside import DAWN, RULES, until
from tests.toy.world import World, pause

pytestmark = pytest.mark.stack

KEPT = 'SELECT version FROM policy ORDER BY "offset"'


@pytest.fixture
def world(ruled: World) -> World:
    """Only alpha."""
    return ruled


def settle(world: World) -> None:
    world.flush()
    world.idle(only=("alpha",))


def advance(world: World, to: datetime) -> None:
    """And every process follows."""
    world.set_clock(to)
    until(lambda: world.rows("alpha", "SELECT 1 FROM process WHERE clock_at <> $1", to) == [], 60, world.logs)


def lives(world: World) -> dict[str, str]:
    """Each life that was begun → the version that its fact records."""
    return {seen.key: seen.headers["ce_policyversion"] for seen in world.facts("alpha.v1") if seen.headers["ce_type"] == "life.begun"}


def kept(world: World) -> list[str]:
    return [row["version"] for row in world.rows("alpha", KEPT)]


def test_nothing_is_decided_before_a_first_version_is_there(world: World) -> None:
    process = world.spawn("alpha")
    world.publish("life.begin", "early")
    world.flush()
    assert "starting: halt.no_policy" in world.halted(process, "halt.no_policy")
    world.raw(RULES, b"0", b"no rules", {}, 0)
    world.flush()
    until(lambda: world.rows("alpha", "SELECT 1 FROM cursor WHERE topic LIKE '%rules.v1' AND position = 1") != [], 60, world.logs)
    assert lives(world) == {}
    assert "halt.no_policy" in world.probe(process, "readyz")[1], "a refused one is none"
    world.rule("1")
    world.ready()
    settle(world)
    assert lives(world) == {"early": "1"}, "the first is in force from the beginning"
    assert world.refused("alpha") == [("0", "policy.invalid")]


def test_a_refusal_is_announced_once_by_two_processes_and_the_last_good_version_stays(world: World) -> None:
    world.rule("1", DAWN)
    for _ in range(2):
        world.spawn("alpha")
    world.ready()
    world.rule("2")
    world.rule("2")
    world.rule("2", other=True)
    world.rule("3", DAWN + timedelta(minutes=10))
    world.rule("4", DAWN + timedelta(minutes=9))
    world.clock_at += timedelta(minutes=5)
    world.rule("5", DAWN + timedelta(minutes=14))
    settle(world)
    expected = [("2", "policy.version_reused"), ("3", "policy.older"), ("4", "policy.older"), ("5", "policy.too_soon")]
    assert sorted(world.refused("alpha")) == expected
    assert kept(world) == ["1", "2"]
    world.quit()
    world.spawn("alpha")
    world.ready()
    settle(world)
    assert sorted(world.refused("alpha")) == expected, "nor again after a restart"


def test_a_version_is_in_force_from_its_moment_on_and_not_before(world: World) -> None:
    world.rule("1", DAWN)
    world.spawn("alpha")
    world.ready()
    begins = DAWN + timedelta(hours=1)
    world.rule("2", begins)
    world.publish("life.begin", "now")
    settle(world)
    advance(world, begins + timedelta(minutes=1))
    for key, at in (("before", begins - timedelta(microseconds=1)), ("then", begins), ("after", begins + timedelta(seconds=1))):
        world.publish("life.begin", key, at=at.isoformat())
    settle(world)
    assert lives(world) == {"now": "1", "before": "1", "then": "2", "after": "2"}


def test_v2_a_process_that_did_not_look_decides_on_nothing_that_a_later_version_may_be_about(world: World) -> None:
    """It was frozen while the version came: what it knows is good up to the lead, and no further."""
    world.rule("1", DAWN)
    process = world.spawn("alpha")
    world.ready()
    settle(world)
    world.flag("hold.look.alpha")
    pause(1)
    world.rule("2", DAWN + timedelta(minutes=20))
    world.publish("life.begin", "near", at=(DAWN + timedelta(minutes=9)).isoformat())
    until(lambda: "near" in lives(world), 60, world.logs)
    advance(world, DAWN + timedelta(minutes=30))
    world.publish("life.begin", "far", at=(DAWN + timedelta(minutes=25)).isoformat())
    world.flush()
    until(lambda: "TimeoutError" in world.probe(process, "metrics")[1], 60, world.logs)
    assert lives(world) == {"near": "1"}
    world.flag("hold.look.alpha", on=False)
    settle(world)
    assert lives(world) == {"near": "1", "far": "2"}


def test_v2_a_version_that_is_withdrawn_in_time_was_never_in_force(world: World) -> None:
    """Whoever ran meanwhile, was frozen, or begins later: the same. What takes its time and its place is another; its name is gone."""
    world.rule("1", DAWN)
    process = world.spawn("alpha")
    world.ready()
    begins = DAWN + timedelta(minutes=40)
    world.rule("2", begins)
    settle(world)
    world.flag("hold.look.alpha")
    pause(1)
    advance(world, DAWN + timedelta(minutes=30))
    world.rule("2", withdraws="2")
    world.publish("life.begin", "far", at=begins.isoformat())
    world.flush()
    until(lambda: "TimeoutError" in world.probe(process, "metrics")[1], 60, world.logs)
    assert lives(world) == {}, "it knows nothing of that time, though it had a version for it"
    world.flag("hold.look.alpha", on=False)
    for version in ("2", "1", "none"):
        world.rule(version, withdraws=version)
    world.rule("2", begins + timedelta(hours=1))
    settle(world)
    expected = [("1", "policy.unknown"), ("2", "policy.withdrawn"), ("none", "policy.unknown")]
    assert (lives(world), sorted(world.refused("alpha"))) == ({"far": "1"}, expected)
    world.rule("3", later := begins + timedelta(minutes=1))
    settle(world)
    advance(world, later)
    world.rule("3", withdraws="3")
    world.publish("life.begin", "then", at=later.isoformat())
    settle(world)
    world.quit()
    world.spawn("alpha")
    world.ready()
    world.publish("life.begin", "late", at=later.isoformat())
    settle(world)
    assert lives(world) == {"far": "1", "then": "3", "late": "3"}
    assert kept(world) == ["1", "2", "3"]
    assert sorted(world.refused("alpha")) == sorted([*expected, ("3", "policy.too_late")])
    assert [row["withdrawn"] is not None for row in world.rows("alpha", 'SELECT withdrawn FROM policy ORDER BY "offset"')] == [
        False, True, False,
    ]  # fmt: skip


def test_what_was_accepted_outlives_the_record_that_compaction_takes(world: World) -> None:
    """The topic is compacted: of two bodies of a version only the later one, which does not count, may be left."""
    world.rule("1", DAWN)
    world.spawn("alpha")
    world.ready()
    world.rule("2", DAWN + timedelta(minutes=10))
    settle(world)
    world.quit()
    world.rule("2", DAWN + timedelta(minutes=11), other=True)
    world.set_clock(DAWN + timedelta(hours=1))
    world.spawn("alpha")
    world.ready()
    world.publish("life.begin", "life", at=(DAWN + timedelta(minutes=10)).isoformat())
    settle(world)
    assert (kept(world), lives(world), world.refused("alpha")) == (["1", "2"], {"life": "2"}, [("2", "policy.version_reused")])


def test_a_version_that_came_while_nobody_ran_is_known_before_anything_is_decided(world: World) -> None:
    world.rule("1", DAWN)
    world.spawn("alpha")
    world.ready()
    settle(world)
    world.quit()
    world.rule("2", DAWN + timedelta(minutes=10))
    world.rule("3", DAWN + timedelta(minutes=20))
    world.set_clock(DAWN + timedelta(hours=1))
    for minutes in (9, 10, 20):
        world.publish("life.begin", f"at{minutes}", at=(DAWN + timedelta(minutes=minutes)).isoformat())
    world.flush()
    world.spawn_all()
    world.idle()
    assert lives(world) == {"at9": "1", "at10": "2", "at20": "3"}
    for name in ("beta", "gamma"):
        assert [row["version"] for row in world.rows(name, KEPT)] == ["1", "2", "3"], "each keeps them for itself"


def test_v3_a_process_that_dies_after_its_commit_leaves_one_row_and_one_copy(world: World) -> None:
    world.rule("1", DAWN)
    world.spawn("alpha")
    world.ready()
    for n in range(5):
        world.rule(f"good{n}", DAWN + timedelta(minutes=20 + n))
        world.rule(f"bad{n}", DAWN)
        for process in world.living("alpha"):
            process.kill()
        world.spawn("alpha")
    world.ready()
    settle(world)
    assert kept(world) == ["1", *(f"good{n}" for n in range(5))]
    assert sorted(world.refused("alpha")) == [(f"bad{n}", "policy.older") for n in range(5)]


def producer_of(world: World) -> Producer:
    producer = Producer(quiet({**world.stack.settings("admin").confluent(), "transactional.id": f"{world.ns}rules"}))
    producer.init_transactions()
    return producer


def begin(world: World, producer: Producer, name: str) -> None:
    """A version that begins at twenty and so many minutes, in a transaction that stays open."""
    producer.begin_transaction()
    value = f'{{"version": "{name}", "begins": "2026-06-01T00:2{name}:00+00:00", "said": "2026-06-01T00:00:00+00:00"}}'
    producer.produce(world.ns + RULES, value.encode(), name.encode(), 0)
    producer.flush()


def test_v2_of_a_time_that_an_open_transaction_may_be_about_nothing_is_decided(world: World) -> None:
    """It was published in time, and is read once it is committed."""
    world.rule("1", DAWN)
    process = world.spawn("alpha")
    world.ready()
    settle(world)
    producer = producer_of(world)
    begin(world, producer, "2")
    advance(world, DAWN + timedelta(minutes=30))
    world.publish("life.begin", "far", at=(DAWN + timedelta(minutes=25)).isoformat())
    world.flush()
    until(lambda: "far" in lives(world) or "TimeoutError" in world.probe(process, "metrics")[1], 60, world.logs)
    assert lives(world) == {}
    producer.commit_transaction()
    settle(world)
    assert lives(world) == {"far": "2"}


def test_an_aborted_transaction_publishes_nothing_and_a_committed_one_does(world: World) -> None:
    world.rule("1", DAWN)
    world.spawn("alpha")
    world.ready()
    producer = producer_of(world)
    for name, end in (("2", producer.abort_transaction), ("3", producer.commit_transaction)):
        begin(world, producer, name)
        end()
    settle(world)
    until(lambda: kept(world) == ["1", "3"], 60, world.logs)
    world.publish("life.begin", "life")
    settle(world)
    assert lives(world) == {"life": "1"}
