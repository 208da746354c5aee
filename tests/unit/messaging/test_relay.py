"""The relay without its servers: R3, and lanes that do not wait for one another."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError

from shared.messaging import relay as module
from shared.messaging.relay import DELETE, SCAN, Relay
from shared.settings import Settings

Row = tuple[str, int, int]


class Table:
    """An outbox."""

    def __init__(self, *rows: Row) -> None:
        self.rows = set(rows)

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None: ...

    async def execute(self, sql: str, *columns: Any) -> None:
        for topic, partition, upto in zip(*columns, strict=True) if sql == DELETE else ():
            self.rows = {row for row in self.rows if row[:2] != (topic, partition) or row[2] > upto}

    async def fetch(self, sql: str, *columns: Any) -> list[tuple[Any, ...]]:
        if sql == SCAN:
            return sorted({row[:2] for row in self.rows})
        places = list(zip(columns[0], columns[1], strict=True))
        return [(*row, b"k", "[]", b"v") for row in sorted(self.rows) if row[:2] in places]

    async def fetchval(self, sql: str) -> int:
        return len(self.rows)


class Producer:
    """A broker that takes nothing of the topic `refused`."""

    sent: list[str]

    def __init__(self, **_: Any) -> None: ...

    async def start(self) -> None: ...

    def create_batch(self) -> Any:
        return SimpleNamespace(append=lambda **_: 1, close=lambda: None)

    async def send_batch(self, batch: Any, topic: str, partition: int) -> asyncio.Future[None]:
        self.sent.append(topic)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if topic == "refused":
            answer.set_exception(TopicAuthorizationFailedError(topic))
        else:
            answer.set_result(None)
        return answer


async def test_r3_a_lane_that_is_refused_for_ever_does_not_make_the_others_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    table, rounds = Table(("refused", 0, 1), ("taken", 0, 1), ("taken", 0, 2)), asyncio.Semaphore(0)

    async def connect(purpose: str) -> Any:
        rounds.release()
        return table

    async def leave(producer: Any) -> None: ...

    Producer.sent = []
    monkeypatch.setattr(module, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(module, "leave", leave)
    monkeypatch.setattr(module, "backoff", lambda failures: 0.0)
    running = asyncio.create_task(Relay(Settings(), connect).run())
    for _ in range(5):
        await rounds.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert table.rows == {("refused", 0, 1)}
    assert Producer.sent.count("taken") == 1
