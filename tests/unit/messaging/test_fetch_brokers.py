"""Several brokers, of which one is down or hangs up: X3."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shared.messaging.fetch import read
from shared.settings import Settings
from tests.unit.messaging.test_fetch import Broker, Sink, answer


async def test_x3_a_partition_without_a_leader_keeps_no_other_from_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """-1 while its brokers are down; there is no such node to ask."""
    asked = []

    class Client(Broker):
        def __init__(self, **_: Any) -> None:
            super().__init__()
            self.cluster = SimpleNamespace(leader_for_partition=lambda place: -1 if place.topic == "x" else 1)

        async def bootstrap(self) -> None: ...
        async def set_topics(self, topics: list[str]) -> None: ...
        async def close(self) -> None: ...

        async def send(self, node: int, request: Any) -> Any:
            asked.append(node)
            await asyncio.sleep(0)
            return answer()

        def force_metadata_update(self) -> None:
            asked.append(-1)

    monkeypatch.setattr("shared.messaging.fetch.AIOKafkaClient", Client)
    reading = asyncio.create_task(read(Settings(), ["x", "y"], Sink(x=3, y=7)))
    while len(asked) < 9:  # noqa: ASYNC110 - turns of the loop
        await asyncio.sleep(0)
    reading.cancel()
    assert (set(asked), asked[0]) == ({1, -1}, -1), "and it is asked who leads it now"


async def test_a_session_that_ended_ends_the_reading_and_the_other_brokers_sessions_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else that broker's partitions would be read by nobody, or twice once reading begins again."""
    cut = list[int]()

    class Client(Broker):
        def __init__(self, **_: Any) -> None:
            super().__init__()
            self.cluster = SimpleNamespace(leader_for_partition=lambda place: 1 if place.topic == "x" else 2)

        async def bootstrap(self) -> None: ...
        async def set_topics(self, topics: list[str]) -> None: ...
        async def close(self) -> None: ...

        async def send(self, node: int, request: Any) -> Any:
            if node == 1:
                raise ConnectionResetError("broker 1")
            try:
                await asyncio.Event().wait()
            finally:
                cut.append(node)

    monkeypatch.setattr("shared.messaging.fetch.AIOKafkaClient", Client)
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionResetError):
            await read(Settings(), ["x", "y"], Sink(x=3, y=7))
    assert cut == [2]
