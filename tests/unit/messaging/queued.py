"""Queues of two topics, and records to fill them."""

from __future__ import annotations

from shared.messaging.consume import Batch
from shared.messaging.queues import Queues
from shared.messaging.record import Record

TOPICS = ("x", "y")


def record(topic: str, number: int, offset: int, at: int = 0, type: bytes = b"ours") -> Record:
    return Record(topic, number, offset, b"k", b"", (("ce_id", b"theirs"), ("ce_type", type)), at)


def queues(numbers: int = 2, unclean: tuple[int, ...] = (), batch_max: int = 4) -> Queues:
    return Queues({(topic, n): 0 for topic in TOPICS for n in range(numbers)}, unclean, batch_max, {"x": {b"theirs"}, "y": {b"theirs"}})


def fill(queue: Queues, topic: str, number: int, count: int, *, at: int = 0, type: bytes = b"ours") -> None:
    since = queue.stream(topic, number).fetched
    queue.add((topic, number), since, [record(topic, number, since + n, at + n, type) for n in range(count)], since + count)


def took(batch: Batch | None) -> list[str]:
    return [one.ref for one in batch.records] if batch else []
