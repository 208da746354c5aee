"""The apps' own Kafka clients, each with its principal's credentials: confluent-kafka, as anyone would use it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from deploy.local.offsets import ends
from deploy.market.sent import Sent

TIMEOUT_S = 30
PUBLISH_S = 120  # a broker that was killed comes back meanwhile
QUIET: dict[str, str | int | float | bool] = {"log_level": 0, "log.connection.close": False}
FETCH = {"enable.auto.commit": False, "auto.offset.reset": "earliest"}
POLL_MAX, POLL_S = 5_000, 0.02  # records and seconds of one call
Connection = Callable[[str], Mapping[str, str]]  # a principal's connection properties


@dataclass(frozen=True, slots=True)
class Published:
    """One message where the broker put it."""

    sent: Sent
    partition: int
    offset: int

    @property
    def place(self) -> tuple[str, int, int]:
        return self.sent.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Read:
    """One record of a topic. body None: no JSON object."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, str]
    body: Mapping[str, Any] | None

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")


class Publisher:
    """A producer for each app, made when it is first needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._producers: dict[str, Producer] = {}
        self._failed: list[KafkaError] = []

    def publish(self, sent: Iterable[Sent]) -> list[Published]:
        """Those that overtake their cause first, until the broker has them; then the others. Returns when it has all."""
        everything = list(sent)
        done: list[Published] = []
        for early in (True, False):
            for one in everything:
                if one.early is early:
                    self._produce(one, done)
            for producer in self._producers.values():
                if producer.flush(PUBLISH_S):
                    raise TimeoutError(f"the broker did not take everything within {PUBLISH_S} s")
        if self._failed:
            raise KafkaException(self._failed[0])
        return done

    def _produce(self, one: Sent, done: list[Published]) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed.append(error)
            else:
                done.append(Published(one, message.partition() or 0, message.offset() or 0))

        producer = self._producers.get(one.app)
        if producer is None:
            config = {**self._connection(one.app), **QUIET, "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 5}
            producer = self._producers[one.app] = Producer(config)
        headers: list[tuple[str, str | bytes | None]] = list(one.headers)
        producer.produce(one.topic, one.value, one.key.encode(), headers=headers, on_delivery=delivered)
        producer.poll(0)


class Reader:
    """Reads topics from the beginning; each call goes on to the ends that stood when it began. group: commits how far it got."""

    def __init__(self, config: Mapping[str, str], topics: Iterable[str], group: str = "") -> None:
        self._consumer = Consumer({**config, **QUIET, **FETCH, "group.id": group or "reader"})
        self._config = {**config, **QUIET, "group.id": group or "reader"}
        self._asking = Consumer(self._config)
        self._group = group
        known = self._consumer.list_topics(timeout=TIMEOUT_S).topics
        self._places = [(topic, partition) for topic in topics for partition in known[topic].partitions]
        self._next = dict.fromkeys(self._places, 0)
        self._consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in self._places])

    def read(self) -> list[Read]:
        """All that is new. Raises TimeoutError when the broker does not give what it has."""
        until = self._ends()
        found: list[Read] = []
        deadline = time.monotonic() + TIMEOUT_S
        while any(self._next[place] < end for place, end in until.items()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the broker gave nothing of what it has for {TIMEOUT_S} s")
            for message in self._consumer.consume(POLL_MAX, timeout=POLL_S):  # waits for that many records, or that long
                if message.error() is not None:
                    raise KafkaException(message.error())
                one = _read(message)
                self._next[(one.topic, one.partition)] = one.offset + 1
                found.append(one)
                deadline = time.monotonic() + TIMEOUT_S
        if self._group and found:
            self._consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in self._next.items()], asynchronous=False)
        return found

    def close(self) -> None:
        self._asking.close()
        self._consumer.close()

    def _ends(self) -> dict[tuple[str, int], int]:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return ends(self._asking, self._places, TIMEOUT_S)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                self._asking.close()  # this one knew the broker before it fell, and asks as it was led then
                self._asking = Consumer(self._config)
                time.sleep(POLL_S)


def _read(message: Message) -> Read:
    pairs = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    headers = {name: (data or b"").decode("utf-8", "replace") for name, data in pairs}
    key = (message.key() or b"").decode("utf-8", "replace")
    return Read(message.topic() or "", message.partition() or 0, message.offset() or 0, key, headers, _body(message.value()))


def _body(value: bytes | None) -> Mapping[str, Any] | None:
    try:
        body = json.loads(value or b"")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
