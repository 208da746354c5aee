"""A few rounds of `make chaos` with every normal run: faults, rest, and an oracle or a verdict that must find nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from deploy.local.stack import Stack
from deploy.market.demo import BEGINS
from tests.chaos.arena import Arena
from tests.chaos.market import MarketArena
from tests.infra import EXTERNAL, Infra

pytestmark = pytest.mark.stack
SEED = 20260504
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
def test_a_market_whose_services_die_and_freeze_comes_out_as_its_verdict_says_r3_1(
    infra: Infra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On servers of its own, which die as well."""
    if infra != "local":
        pytest.skip("each market starts servers of its own")
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAOTIE_CLOCK_BEGINS", BEGINS.isoformat())
    arena = MarketArena(Stack(tmp_path), Random(SEED))
    try:
        arena.round()
        assert sum(arena.faults.values()) >= 3
    finally:
        arena.close()
        arena.stack.home.remove()
