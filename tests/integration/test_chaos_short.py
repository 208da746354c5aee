"""A few rounds of `make chaos` with every normal run: faults, rest, and an oracle that must find nothing."""

from __future__ import annotations

from random import Random

import pytest

from deploy.local.stack import Stack
from tests.chaos.arena import Arena
from tests.infra import Infra

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
