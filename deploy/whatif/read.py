"""The topics of a running stack, gathered for a what-if. Reads only: no group's positions, no table, nothing is written. Source: R9.2."""

from __future__ import annotations

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, Lane, entries
from deploy.verify.run import TIMEOUT_S, ends_of
from deploy.whatif.past import Past, gather
from shared import postgres


def recorded(stack: Stack, *, whole: bool = False) -> Past:
    """Up to where the topics end now; what comes meanwhile is left out. Raises NoReplay, TimeoutError, KafkaException."""
    names = [topic.name for topic in TOPICS.values() if not topic.single]
    ends = ends_of(stack, names)
    return gather(entries(quiet(stack.settings(postgres.OPS).confluent()), ends), starts_of(stack, ends), whole=whole)


def starts_of(stack: Stack, places: dict[Lane, int]) -> dict[Lane, int]:
    """The first offsets that the broker still has."""
    wanted = {TopicPartition(*place): OffsetSpec.earliest() for place in places}  # type: ignore[no-untyped-call]
    admin = stack.admin()  # must outlive its futures
    futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_S)
    return {(place.topic, place.partition): future.result(TIMEOUT_S).offset for place, future in futures.items()}
