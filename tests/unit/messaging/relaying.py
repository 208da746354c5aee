"""An outbox and a broker for the relay, in memory."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.errors import TopicAuthorizationFailedError
from asyncpg import ReadOnlySQLTransactionError

from shared.messaging.relay import DELETE, SCAN

ANSWER_SECONDS = 0.01
Row = tuple[str, int, int]


class Table:
    """An outbox. refusals: so many deletes fail first, and how."""

    refusals = 0
    refusal: Exception = ReadOnlySQLTransactionError("cannot execute DELETE in a read-only transaction")

    def __init__(self, *rows: Row) -> None:
        self.rows = set(rows)
        self.looked: list[dict[tuple[str, int], int]] = []  # above which number, by lane, at each look at all of them
        self._last = {row[:2]: row[2] for row in sorted(rows)}

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None: ...

    async def execute(self, sql: str, *columns: Any) -> None:
        if sql == DELETE and self.refusals:
            self.refusals -= 1
            raise self.refusal
        for topic, partition, floor, upto in zip(*columns, strict=True) if sql == DELETE else ():
            self.rows = {row for row in self.rows if row[:2] != (topic, partition) or not floor < row[2] <= upto}

    async def fetch(self, sql: str, *columns: Any) -> list[tuple[Any, ...]]:
        if sql == SCAN:
            floors = {(topic, number): floor for topic, number, floor in zip(*columns, strict=True)}
            self.looked.append(floors)
            return [
                (*lane, last, self._lowest(lane, floors.get(lane, 0))) for lane, last in self._last.items() if last > floors.get(lane, 0)
            ]
        topics, numbers, floors, most = columns
        lanes = [
            sorted(row for row in self.rows if row[:2] == lane[:2] and row > lane) for lane in zip(topics, numbers, floors, strict=True)
        ]
        return [(*row, b"k", "[]", b"v") for rows in lanes for row in rows[:most]]

    def _lowest(self, lane: tuple[str, int], floor: int) -> int | None:
        return min((row[2] for row in self.rows if row[:2] == lane and row[2] > floor), default=None)


class Batch:
    def __init__(self) -> None:
        self.numbers: list[int] = []

    def append(self, *, headers: list[tuple[str, bytes]], **_: Any) -> Batch:
        self.numbers.append(int(headers[-1][1]))
        return self

    def close(self) -> None: ...


class Answer(asyncio.Future[None]):
    def arrive(self) -> None:
        if not self.done():
            self.set_result(None)


class Producer:
    """A broker that takes nothing of the topic `refused`. sent: of each record its topic and number. asked: of the last one."""

    sent: list[tuple[str, int]]
    asked: dict[str, Any]

    def __init__(self, **asked: Any) -> None:
        Producer.asked = asked

    async def start(self) -> None: ...

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, partition: int) -> asyncio.Future[None]:
        self.sent += [(topic, number) for number in batch.numbers]
        answer = Answer()
        if topic == "refused":
            answer.set_exception(TopicAuthorizationFailedError(topic))
        else:
            asyncio.get_running_loop().call_later(ANSWER_SECONDS, answer.arrive)
        return answer
