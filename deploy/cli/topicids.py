"""What `laotie cursor` asks the broker."""

from __future__ import annotations

from uuid import UUID

from confluent_kafka import Consumer, TopicCollection

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from shared import postgres

READ_S = 20.0


def ids_of(stack: Stack, topics: list[str]) -> dict[str, UUID]:
    """Without those that the broker does not tell."""
    client = stack.admin()  # must outlive its futures
    told = {name: future.result(READ_S).topic_id for name, future in client.describe_topics(TopicCollection(topics)).items()}
    halves = {name: (it.get_most_significant_bits(), it.get_least_significant_bits()) for name, it in told.items() if it is not None}
    return {name: UUID(bytes=b"".join(half.to_bytes(8, "big", signed=True) for half in both)) for name, both in halves.items() if any(both)}


def consumer_of(stack: Stack) -> Consumer:
    settings = quiet(stack.settings(postgres.OPS).confluent())
    return Consumer({**settings, "group.id": "laotie-cursor", "enable.auto.commit": False, "enable.partition.eof": True,
                     "isolation.level": "read_committed", "auto.offset.reset": "error"})  # fmt: skip
