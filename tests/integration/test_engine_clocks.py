"""The clock of one machine is ahead, as after a wrong answer to NTP: what waits by time goes by the database's as well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.stack import Stack
from tests.toy.outside import PATIENCE_S, until
from tests.toy.world import World

pytestmark = pytest.mark.stack

DAYS_40 = str(40 * 24 * 3600)
REMEMBER = "INSERT INTO inbox (source, id, body_hash, at) VALUES ('toy/app', 'of long ago', '', now() - interval '31 days') RETURNING id"


@pytest.fixture
def world(stack: Stack) -> Iterator[World]:
    """Nobody runs yet."""
    with World(stack) as world:
        yield world


def settle(world: World) -> None:
    world.flush()
    world.idle(only=("alpha",))


def rang(world: World) -> set[str]:
    return {seen.key for seen in world.facts("alpha.v1") if seen.headers["ce_type"] == "life.rang"}


def test_t4_a_clock_that_is_ahead_brings_no_deadline_early(world: World) -> None:
    world.spawn("alpha", TOY_AHEAD_S="7200")
    world.ready()
    world.publish("life.begin", "soon", minutes=60)
    past = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    world.publish("life.begin", "over", minutes=60, at=past)
    settle(world)
    until(lambda: "over" in rang(world), PATIENCE_S, lambda: f"what is over does not ring\n{world.logs()}")
    assert rang(world) == {"over"}
    assert len(world.rows("alpha", "SELECT FROM timer WHERE sent_at IS NULL")) == 1


def test_c3_a_clock_that_is_ahead_forgets_no_id_and_who_died_is_not_seen(world: World) -> None:
    """Ids of thirty days, and rows of processes that would have stood for forty."""
    process = world.spawn("alpha")
    world.ready()
    world.publish("life.begin", "known", minutes=60)
    settle(world)
    world.quit("alpha")
    assert process.wait(PATIENCE_S)
    world.rows("alpha", REMEMBER)
    world.spawn("alpha", TOY_AHEAD_S=DAYS_40, TOY_PRUNE_SECONDS="1")
    world.ready()
    until(lambda: not world.rows("alpha", "SELECT FROM inbox WHERE id = 'of long ago'"), PATIENCE_S, lambda: "nothing is forgotten")
    assert len(world.rows("alpha", "SELECT FROM inbox")) == 1
    assert len(world.rows("alpha", "SELECT FROM process WHERE seen_at < now() + interval '1 second'")) == 1


def test_by_how_much_a_clock_is_ahead_is_a_figure(world: World) -> None:
    process = world.spawn("alpha", TOY_AHEAD_S="7200")
    world.ready()

    def ahead() -> float:
        lines = world.probe(process, "metrics")[1].splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("laotie_clock_ahead_seconds ")))

    until(lambda: abs(ahead() - 7200) < 60, PATIENCE_S, lambda: f"{ahead()}")
