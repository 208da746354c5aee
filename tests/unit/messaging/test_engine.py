"""What one process does while its servers are away, without them."""

from __future__ import annotations

import asyncio

from shared.messaging.engine import Engine
from shared.messaging.message import Topic
from shared.settings import Settings
from tests.unit.messaging.trade import PANTRY, SERVICE, SHELVES, SHOP, TIMER, Versions


async def test_a_process_that_cannot_begin_its_assignment_still_stops() -> None:
    """Within a rebalance it tries for ever; SIGTERM ends that."""
    nowhere = Settings(postgres="postgresql://127.0.0.1:1/none", kafka="127.0.0.1:1")
    parked = Topic(f"{SERVICE.name}.parked.v1", "", (SERVICE.name,), own=True)
    engine = Engine(SERVICE, (SHOP, PANTRY, SHELVES, TIMER, parked), Versions(), nowhere, {})
    beginning = asyncio.create_task(engine._assigned([0]))
    await asyncio.sleep(0.2)
    assert not beginning.done()
    async with asyncio.timeout(30):
        await engine.stop()
        await beginning
