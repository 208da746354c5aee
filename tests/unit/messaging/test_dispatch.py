"""When transactions run side by side."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.messaging.consume import Batch, Done
from shared.messaging.flow import COMPANY_SECONDS, LONG_SECONDS, Flow
from shared.messaging.queues import Queues
from shared.messaging.record import Effects, Record
from shared.settings import Settings


class Slow:
    """A consumer whose transactions end when they are told to."""

    def __init__(self) -> None:
        self.running: list[tuple[int, asyncio.Event]] = []

    async def run(self, connection: Any, batch: Batch) -> Done:
        ended = asyncio.Event()
        self.running.append((len(batch.records), ended))
        await ended.wait()
        return Done(len(batch.records), [], [], Effects(), {})


def arrange(batch_max: int = 4) -> tuple[Flow, Slow]:
    slow = Slow()
    relay = SimpleNamespace(offer=lambda rows: None)
    settings = Settings(connections=3, batch_max=batch_max)
    flow = Flow(settings, cast("Any", slow), ["x.v1"], cast("Any", None), cast("Any", relay), "i")
    flow.queues = Queues({("x.v1", n): 0 for n in range(3)}, (), batch_max, {"x.v1": {b"theirs"}})
    flow._idle = [cast("Any", SimpleNamespace(is_closed=lambda: False)) for _ in range(3)]
    return flow, slow


async def arrive(flow: Flow, number: int, count: int, type: bytes = b"ours") -> None:
    since = flow.queues.stream("x.v1", number).fetched
    records = [Record("x.v1", number, since + n, b"k", b"{}", (("ce_type", type),)) for n in range(count)]
    flow.got(("x.v1", number), since, records, since + count)
    flow.arrived()
    await asyncio.sleep(0)


async def test_a_small_batch_waits_for_the_end_of_the_running_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.flow.LONG_SECONDS", 1e9)  # it does not take long, however busy this machine is
    flow, slow = arrange()
    await arrive(flow, 0, 1)
    await arrive(flow, 1, 1)
    await arrive(flow, 2, 2)
    assert [count for count, _ in slow.running] == [1]
    slow.running[0][1].set()
    while len(slow.running) == 1:  # noqa: ASYNC110 - a turn of the loop or two
        await asyncio.sleep(0)
    assert [count for count, _ in slow.running] == [1, 3], "what queued meanwhile goes together"


async def test_a_full_batch_runs_beside_it() -> None:
    flow, slow = arrange()
    await arrive(flow, 0, 1)
    await arrive(flow, 1, 4)
    assert [count for count, _ in slow.running] == [1, 4]


async def test_one_that_takes_long_is_not_waited_for() -> None:
    flow, slow = arrange()
    await arrive(flow, 0, 1)
    await arrive(flow, 1, 1)
    async with asyncio.timeout(LONG_SECONDS * 1000):
        while len(slow.running) < 2:  # noqa: ASYNC110 - the time that passes is what is shown
            await asyncio.sleep(LONG_SECONDS / 4)
    assert [count for count, _ in slow.running] == [1, 1]


async def test_q5_what_is_for_others_goes_alone_after_a_while_however_often_it_comes() -> None:
    flow, slow = arrange()
    await arrive(flow, 0, 1, b"theirs")
    await arrive(flow, 1, 2, b"theirs")
    assert slow.running == []
    async with asyncio.timeout(COMPANY_SECONDS * 1000):
        while not slow.running:  # noqa: ASYNC110 - the time that passes is what is shown
            await asyncio.sleep(COMPANY_SECONDS / 4)
    assert [count for count, _ in slow.running] == [3]
    await arrive(flow, 2, 1, b"theirs")
    slow.running[0][1].set()
    async with asyncio.timeout(COMPANY_SECONDS * 1000):
        while len(slow.running) < 2:  # noqa: ASYNC110
            await asyncio.sleep(COMPANY_SECONDS / 4)
    assert [count for count, _ in slow.running] == [3, 1]
