"""A few rounds of `make chaos` with every normal run: faults, rest, and an oracle or a verdict that must find nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from deploy.local.stack import Stack
from deploy.market.demo import BEGINS
from tests.chaos.arena import Arena
from tests.chaos.cluster import clustered, remove
from tests.chaos.market import MarketArena
from tests.infra import EXTERNAL, Infra

pytestmark = pytest.mark.stack
SEED, LATE = 20260504, 20260512  # LATE: the market's news comes up to three days late
FAULTS = ("kill", "die_in_relay", "kill_postgres", "bug", "kill_kafka", "die_after_commit")


@pytest.mark.timeout(600)
def test_six_rounds_of_faults_leave_nothing_to_complain_of(stack: Stack, infra: Infra) -> None:
    """Servers are only killed where they are ours."""
    arena = Arena(stack, Random(SEED), servers=infra == "local")
    try:
        for name in FAULTS:
            if arena.servers or not name.startswith("kill_"):
                arena.round(only=name)
        assert arena.lives > 30
    finally:
        arena.close()


@pytest.mark.timeout(600)
def test_where_servers_hold_copies_one_may_die_or_freeze(infra: Infra, tmp_path: Path) -> None:
    """Its partitions are led by other brokers meanwhile, and a standby is promoted in place of the database."""
    if infra != "local":
        pytest.skip("other servers are not ours to kill")
    arena = Arena(clustered(tmp_path).start(prepare=False), Random(SEED))
    try:
        for name in ("kill_kafka", "kill_postgres", "freeze_kafka"):
            arena.round(only=name)
        assert arena.lives > 15
    finally:
        arena.close()
        arena.stack.stop()
        remove(arena.stack)


@pytest.mark.timeout(600)
def test_a_market_of_late_news_whose_services_die_and_freeze_comes_out_as_its_verdict_says_r2_1_r3_1(
    infra: Infra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On servers of its own, which die as well. News out of order, past the deadlines that it would have met: nothing is lost, nobody is
    paid twice.
    """
    if infra != "local":
        pytest.skip("each market starts servers of its own")
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAOTIE_CLOCK_BEGINS", BEGINS.isoformat())
    arena = MarketArena(Stack(tmp_path), Random(LATE))
    try:
        arena.round()
        assert sum(arena.faults.values()) >= 3
        assert "3 d late" in arena.told
        assert arena.verdict is not None
        assert arena.verdict.parked > 0, "nothing came too late for what it waited for"
    finally:
        arena.close()
        arena.stack.home.remove()
