"""What one process does while its servers are away, without them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.messaging.engine import Engine
from shared.messaging.message import Topic
from shared.settings import Settings
from tests.unit.messaging.trade import PANTRY, SERVICE, SHELVES, SHOP, TIMER, Versions

TOPICS = (SHOP, PANTRY, SHELVES, TIMER, Topic(f"{SERVICE.name}.parked.v1", "", (SERVICE.name,), own=True))


async def test_a_process_that_cannot_begin_its_assignment_still_stops() -> None:
    """Within a rebalance it tries for ever; SIGTERM ends that."""
    nowhere = Settings(postgres="postgresql://127.0.0.1:1/none", kafka="127.0.0.1:1")
    engine = Engine(SERVICE, TOPICS, Versions(), nowhere, {})
    beginning = asyncio.create_task(engine._assigned([0]))
    await asyncio.sleep(0.2)
    assert not beginning.done()
    async with asyncio.timeout(30):
        await engine.stop()
        await beginning


@pytest.mark.parametrize("follower", ["clock", "versions"])
async def test_a_follower_that_ended_by_itself_is_told_and_a_restart_helps(follower: str) -> None:
    engine = Engine(SERVICE, TOPICS, Versions(), Settings(postgres="postgresql://127.0.0.1:1/none"), {})
    assert engine.alive() == ""
    ended = asyncio.create_task(asyncio.sleep(0))
    await ended
    setattr(engine, follower, cast("Any", SimpleNamespace(task=ended)))
    assert engine.alive() == f"ended: {follower}"
