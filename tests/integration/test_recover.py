"""`laotie recover`: commits that a database lost for good are made again from what was read and told. Invariants A1, A2, B1, B2, B3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import recover as command
from deploy.local.services import discover
from deploy.local.stack import Stack
from tests.chaos.arena import Arena
from tests.chaos.disasters import lose, put_by, recover
from tests.infra import EXTERNAL, STRIPES, Infra

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
SEED = 20261130
STATE = "SELECT (SELECT json_agg(l ORDER BY seq) FROM lane l)::text, (SELECT json_agg(c ORDER BY topic, partition) FROM cursor c)::text"


@pytest.fixture
def arena(infra: Infra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arena]:
    if infra != "local":
        pytest.skip("other servers are not ours to lose")
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)
    it = Arena(Stack(tmp_path, stripes=STRIPES).start(), Random(SEED))
    try:
        yield it
    finally:
        it.close()
        it.stack.stop()
        it.stack.home.remove()


def state(arena: Arena, name: str) -> list[Any]:
    return [tuple(row) for row in arena.world.rows(name, STATE)]


def test_the_command_reads_and_writes_as_the_service_may(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "running", lambda: arena.stack)
    for service in discover():
        looked = CliRunner().invoke(command.recover, [service])
        assert (looked.exit_code, looked.output) == (0, "nothing is lacking: the database knows of all that was told\n")
    told = json.loads(CliRunner().invoke(command.recover, ["order", "--yes", "--json"]).output)
    assert told == {"written": True, "told": 0, "first": None, "last": None, "unread": told["unread"]}


def test_it_is_halted_before_a_look_changes_nothing_and_nobody_may_be_at_work(arena: Arena) -> None:
    arena.burst()
    arena.rest()
    put_by(arena)
    arena.burst()
    arena.rest()
    lose(arena)
    before = state(arena, "alpha")
    assert "--yes makes it again" in arena.world.recover("alpha", yes=False)
    assert state(arena, "alpha") == before
    process = arena.world.spawn("alpha")
    assert "halt.lane_behind_log" in arena.world.halted(process, "halt.lane_behind_log")
    with pytest.raises(AssertionError, match="is at work: stop the processes"):
        arena.world.recover("alpha")
    arena.world.quit("alpha")
    for name in arena.names:
        told = len(arena.world.read(f"{name}.v1"))
        assert "made again" in arena.world.recover(name)
        assert "nothing is lacking" in arena.world.recover(name)
        arena.world.spawn(name)
        arena.world.ready()
        assert len(arena.world.read(f"{name}.v1")) == told, "nothing is told twice"
    arena.rest()


def test_what_follows_from_a_record_that_is_not_there_is_told_with_it_b3(arena: Arena) -> None:
    """As where a mirror ends at another moment for each partition; here a cursor was moved."""
    put_by(arena)
    begun = arena.world.publish("life.begin", "orphan", minutes=60)
    arena.world.flush()
    arena.idle()
    lose(arena)
    place = next((seen.partition, seen.offset) for seen in arena.world.read("toy.v1") if seen.headers["ce_id"] == begun)
    arena.world.rows("alpha", "UPDATE cursor SET position = $2 + 1 WHERE (topic, partition) = ($1, $3) RETURNING 1",
                     f"{arena.world.ns}toy.v1", place[1], place[0])  # fmt: skip
    with pytest.raises(AssertionError, match=f"cannot be made again: .* follow from is not there to be read: {begun}"):
        arena.world.recover("alpha")


def test_what_was_lost_while_services_died_is_made_again_once_whoever_dies_in_it(arena: Arena) -> None:
    """Timers, refusals, what waits and what is parked among it; each accepted event has its effect once, all lanes are dense."""
    for _ in range(3):
        arena.rounds += 1
        recover(arena)
