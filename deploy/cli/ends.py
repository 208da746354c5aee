"""Where topics end, what the manual clock was set to, how far other apps' groups got: the Kafka side of a sweep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from confluent_kafka import OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import quiet
from deploy.local.offsets import ends
from deploy.local.stack import Stack
from shared import postgres
from shared.messaging.store import Lane
from shared.messaging.system import CLOCK, clock_told
from shared.policy.published import PublishedPolicies

LEAST_S = 0.1  # of one question, however late it is
_CLOCK = (CLOCK.name, 0)
POLICY = (PublishedPolicies.topic.name, 0)


@dataclass(frozen=True, slots=True)
class Read:
    """clock: the latest time that clock.v1 says, the beginning of time where it says none. behind: of the groups, one line each."""

    ends: Mapping[Lane, int]
    clock: datetime
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """How far a group got. topics: those that it committed on or that a member is assigned to."""

    topics: frozenset[str]
    offsets: Mapping[Lane, int]


class Ends:
    """Blocking; one request a read while the clock stands and no group is watched. until: monotonic; nothing goes on beyond."""

    def __init__(self, stack: Stack, topics: Sequence[str], groups: Sequence[str]) -> None:
        self._stack, self._stripes, self._groups = stack, stack.stripes, groups
        self._places = self._of(topics) | {_CLOCK, POLICY}
        self._asking = reader(stack)
        self._clock = Clock(stack)

    def close(self) -> None:
        self._asking.close()
        self._clock.close()

    @cached_property
    def _admin(self) -> AdminClient:
        """For groups alone."""
        return self._stack.admin()

    def committed(self, until: float) -> dict[str, Committed]:
        """By group. Raises KafkaException, TimeoutError."""
        return {group: self._committed(group, until) for group in self._groups}

    def read(self, committed: Mapping[str, Committed], until: float) -> Read:
        """committed: what is held against the ends, read before.

        Raises KafkaException while the broker is down or has just come back, TimeoutError where it does not give what it has.
        """
        theirs = self._of({topic for group in committed.values() for topic in group.topics})
        try:
            found = ends(self._asking, self._places | theirs, left(until))
        except KafkaException:
            self._asking.close()  # who knew the broker before it fell asks with that time's leader epochs for minutes
            self._asking = reader(self._stack)
            vars(self).pop("_admin", None)
            raise
        behind = tuple(line for name, group in committed.items() for line in _uncommitted(name, group, found))
        return Read(found, self._clock.at(found[_CLOCK], until), behind)

    def _of(self, topics: Iterable[str]) -> set[Lane]:
        return {(topic, number) for topic in topics for number in range(self._stripes)}

    def _committed(self, group: str, until: float) -> Committed:
        futures = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=left(until))
        offsets: dict[Lane, int] = {}
        with contextlib.suppress(KafkaException):  # a group that nobody has made yet
            places = futures[group].result(left(until)).topic_partitions or ()
            offsets = {(place.topic, place.partition): place.offset for place in places}
        return Committed(frozenset({topic for topic, _ in offsets} | self._assigned(group, until)), offsets)

    def _assigned(self, group: str, until: float) -> set[str]:
        futures = self._admin.describe_consumer_groups([group], request_timeout=left(until))
        with contextlib.suppress(KafkaException):
            members = futures[group].result(left(until)).members
            return {place.topic for member in members if member.assignment for place in member.assignment.topic_partitions}
        return set()


def left(until: float) -> float:
    """Seconds for the next question."""
    return max(LEAST_S, until - time.monotonic())


def reader(stack: Stack) -> Consumer:
    """Of what is committed. Its group is a name alone; nothing is ever committed there."""
    further = {"group.id": "laotie-watch", "enable.auto.commit": False, "isolation.level": "read_committed", "fetch.wait.max.ms": 50}
    return Consumer({**quiet(stack.settings(postgres.OPS).confluent()), **further})


def by_topic(lacking: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many records are left of each topic, from how many of each partition; of a topic of which none is left, nothing.

    Who looked before the ends were read may be ahead of them: that is none, too.
    """
    found: dict[str, int] = {}
    for topic, count in lacking:
        if count > 0:
            found[topic] = found.get(topic, 0) + count
    return found


def _uncommitted(name: str, group: Committed, ends: Mapping[Lane, int]) -> list[str]:
    if not group.topics:
        return [f"group {name}: it has no member and has committed nothing"]
    lacking = ((lane[0], end - max(0, group.offsets.get(lane, 0))) for lane, end in ends.items() if lane[0] in group.topics)
    return [f"group {name}: {count} records of {topic} are not committed" for topic, count in by_topic(lacking).items()]


class Clock:
    """The latest time that clock.v1 says; read on whenever its end has moved. It never goes back, whatever was written last."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._consumer: Consumer | None = None
        self._position = 0
        self._at = datetime.min.replace(tzinfo=UTC)

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def at(self, end: int, until: float) -> datetime:
        """As of that end of the topic. Raises TimeoutError when the broker does not give what it has."""
        if self._position >= end:
            return self._at
        if self._consumer is None:
            self._consumer = reader(self._stack)
            self._consumer.assign([TopicPartition(*_CLOCK, OFFSET_BEGINNING)])
        while self._position < end:
            message = self._consumer.poll(left(until))
            if message is None:
                raise TimeoutError(
                    f"{CLOCK.name} ends at {end} and gives nothing after {self._position}; is the broker up? (laotie status)"
                )
            if message.error() is not None:
                raise KafkaException(message.error())
            self._position = (message.offset() or 0) + 1
            self._at = max(self._at, clock_told(message.value()) or self._at)
        return self._at
