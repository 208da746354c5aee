"""Everything that the topics hold, read once up to where they end, sorted into what others sent and what we decided."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import ValidationError

from shared.contracts import ALL
from shared.contracts.types import AS_BEFORE
from shared.messaging.envelope import decode
from shared.messaging.message import COPIES, NOTICES, Message, Topic
from shared.messaging.record import BATCH_LAST, Record

Lane = tuple[str, int]
M = TypeVar("M", bound=Message)
Bodies = dict[tuple[str, bytes | None], list[M]]  # by event id and key

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in ALL}
READ_MAX = 2000  # records of one call
POLL_S = 0.1  # a call waits that long for READ_MAX to be full
SILENCE_S = 20.0  # without a record and without an end: the broker does not answer


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. sequence None: it carries none of ours: no number, or not under the source of the topic's service.

    event None: nobody can read it, or it is a copy of what was refused. id, type: of the event, empty where it has none.
    """

    id: str
    type: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes | None]
    timestamp_ms: int
    sequence: int | None
    event: Message | None

    @property
    def ref(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    def header(self, name: str) -> str:
        """Empty where there is none."""
        found = self.headers.get(name)
        return found.decode("utf-8", "replace") if found else ""

    def __str__(self) -> str:
        return f"{self.type or 'a record'} at {self.ref}"


@dataclass(slots=True)
class Log:
    """sent: of upstream apps and ops, in order of topic, partition, offset. lanes: ours by (topic, partition), first copies only, in order.

    copies: each further telling of a number that was told before. foreign: on our topics, not written by their service; no more than
    named. ahead: with a number that nobody had given out when the topics had been read. starts: first offsets.
    """

    sent: list[Entry] = field(default_factory=list)
    lanes: dict[Lane, list[Entry]] = field(default_factory=dict)
    copies: list[tuple[Entry, Entry]] = field(default_factory=list)
    foreign: list[Entry] = field(default_factory=list)
    ahead: list[Entry] = field(default_factory=list)
    starts: dict[Lane, int] = field(default_factory=dict)
    records: int = 0
    _of: dict[type[Message], list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def of(self, kind: type[M]) -> Iterator[tuple[Entry, M]]:
        """All facts or events of a type; those of one key in order."""
        for entry in self._of.get(kind, ()):
            if isinstance(entry.event, kind):
                yield entry, entry.event

    def bodies(self, kind: type[M], by: str) -> Bodies[M]:
        """by: the service that took them. Of several bodies of an id those come last that it refused: a corrected one was welcome."""
        sent: dict[tuple[str, bytes | None], list[tuple[Entry, M]]] = defaultdict(list)
        for entry, event in self.of(kind):
            sent[(entry.id, entry.key)].append((entry, event))
        several = any(len(one) > 1 for one in sent.values())
        refused = self.refused_by(by) if several else set()
        return {place: [event for _, event in sorted(one, key=lambda pair: pair[0].ref in refused)] for place, one in sent.items()}

    def refused_by(self, service: str) -> set[str]:
        """The places of what that service refused for good."""
        return {copied_from(copy) for copy in self.refused() if copy.topic == service + COPIES and _final(copy)}

    def facts(self) -> Iterator[Entry]:
        """What we decided: all lanes but copies of refused records and the notices of these."""
        for lane in sorted(self.lanes):
            if not lane[0].endswith((COPIES, NOTICES)):
                yield from self.lanes[lane]

    def refused(self) -> Iterator[Entry]:
        """The copies of refused and parked records."""
        for lane in sorted(self.lanes):
            if lane[0].endswith(COPIES):
                yield from self.lanes[lane]


def copied_from(copy: Entry) -> str:
    """The place of what was refused, topic/partition/offset."""
    return "/".join(copy.header(f"x-original-{part}") for part in ("topic", "partition", "offset"))


def all_copied_from(copy: Entry) -> Iterator[str]:
    """The places of all that it stands for: of a packed batch that services do not unpack one copy tells. Only of such a one is a copy
    without a value, and too large.
    """
    whole = copy.header("x-reason") == "event.too_large" and copy.value is None and "x-cut" not in copy.headers
    last = copy.header(BATCH_LAST) if whole else ""
    place = copied_from(copy)
    lane, _, first = place.rpartition("/")
    return (f"{lane}/{offset}" for offset in range(int(first), int(last) + 1)) if last.isascii() and last.isdigit() else iter((place,))


def _final(copy: Entry) -> bool:
    """What waited in vain, or met a bug, may be taken yet."""
    return not copy.header("x-reason").startswith(("wait.", "parked."))


def cause(bodies: Bodies[M], effect: Entry, **said: object) -> M | None:
    """What a fact of the same key follows from; None: it was not sent. An id that came with several bodies was taken with one of them:
    with the one that says what was made of it, else the first that was not refused counts.
    """
    sent = bodies.get((effect.header("ce_causationid"), effect.key), [])
    fitting = (one for one in sent if all(getattr(one, name) == value for name, value in said.items()))
    return next(fitting, sent[0] if sent else None)


def read(settings: Mapping[str, Any], ends: Mapping[Lane, int], starts: Mapping[Lane, int], lasts: Mapping[Lane, int]) -> Log:
    """ends: where to stop, by partition; starts: what the broker still has, as a batch that nobody can unpack may stand first. lasts: of
    our lanes, the last number that counts; what lies beyond is `ahead`, until it is known what was given out meanwhile.

    Raises TimeoutError when the broker goes silent before the ends are reached.
    """
    log = Log(starts=dict(starts))
    numbered: dict[Lane, dict[int, Entry]] = defaultdict(dict)
    for entry in entries(settings, ends):
        log.records += 1
        lane = (entry.topic, entry.partition)
        if not TOPICS[entry.topic].own:
            log.sent.append(entry)
        elif entry.sequence is None:
            log.foreign.append(entry)
        elif entry.sequence <= lasts.get(lane, 0):
            first = numbered[lane].setdefault(entry.sequence, entry)
            if first is not entry:
                log.copies.append((first, entry))
        else:
            log.ahead.append(entry)
    log.lanes = {lane: [entries[number] for number in sorted(entries)] for lane, entries in numbered.items()}
    log.sent.sort(key=lambda entry: (entry.topic, entry.partition, entry.offset))
    for entry in (*log.sent, *log.facts()):
        if entry.event is not None:
            log._of[type(entry.event)].append(entry)
    return log


def entries(
    settings: Mapping[str, Any],
    ends: Mapping[Lane, int],
    wanted: Callable[[Any], bool] = lambda _: True,
    starts: Mapping[Lane, int] | None = None,
) -> Iterator[Entry]:
    """records(), each understood as far as it can be."""
    return map(entry_of, records(settings, ends, wanted, starts))


def records(
    settings: Mapping[str, Any],
    ends: Mapping[Lane, int],
    wanted: Callable[[Any], bool] = lambda _: True,
    starts: Mapping[Lane, int] | None = None,
) -> Iterator[Record]:
    """Every record before the ends that is wanted (asked of the client's message, so that the others cost nothing). starts: from where
    on, by partition; None, or 0: from the beginning. Of the settings' group only its name is used: nothing is committed.
    """
    begins = starts or {}
    open_places = {place for place, end in ends.items() if end > begins.get(place, 0)}
    consumer = Consumer(
        {"group.id": "laotie-verify", **settings, "enable.auto.commit": False, "enable.partition.eof": True,
         "isolation.level": "read_committed", "fetch.wait.max.ms": 50, "queued.min.messages": 100_000}
    )  # fmt: skip
    try:
        consumer.assign([TopicPartition(*place, begins.get(place) or OFFSET_BEGINNING) for place in sorted(open_places)])
        heard = time.monotonic()
        while open_places:
            messages = consumer.consume(READ_MAX, POLL_S)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_S:
                raise TimeoutError(f"nothing more comes of {sorted(open_places)[0]} and {len(open_places) - 1} other partitions")
            for message in messages:
                place = (message.topic() or "", message.partition() or 0)
                error = message.error()
                if error is not None and error.code() == KafkaError._BAD_COMPRESSION:  # of a packed batch, that services refuse unread
                    consumer.seek(TopicPartition(*place, (message.offset() or 0) + 1))
                elif error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                if place in open_places and error is None and (message.offset() or 0) < ends[place] and wanted(message):
                    yield _record(message)
                if (message.offset() or 0) + (error is None) >= ends[place]:
                    open_places.discard(place)
    finally:
        consumer.close()


def _record(message: Any) -> Record:
    place = (message.topic(), message.partition(), message.offset())
    return Record(*place, message.key(), message.value(), tuple(message.headers() or ()), message.timestamp()[1])


def entry_of(record: Record) -> Entry:
    """Of an app, what has no readable headers is no event to anybody, though only the topic's warden says so; bodies are read leniently."""
    topic = TOPICS[record.topic]
    headers = dict(record.headers if topic.own else reversed(record.headers))  # a name that stands twice: our own stand last
    identity, name = ((headers.get(header) or b"").decode(errors="replace") for header in ("ce_id", "ce_type"))
    kind = topic.types.get(name) if topic.own or decode(record, TOPICS, topic.warden, frozenset(), None) is None else None
    return Entry(
        identity, name, topic.name, record.partition, record.offset, record.key, record.value, headers, record.timestamp_ms,
        _number(topic, headers) if topic.own else None,
        understood(kind, record.value) if kind is not None else None,
    )  # fmt: skip


def _number(topic: Topic, headers: Mapping[str, bytes | None]) -> int | None:
    """Copies and notices keep the source of the record that they are about; all else names the service that wrote it."""
    copy, about = topic.name.endswith(COPIES), topic.name.endswith((COPIES, NOTICES))
    text = headers.get("x-sequence" if copy else "ce_sequence")
    written = about or headers.get("ce_source") == f"laotie/{topic.writers[0]}".encode()
    return int(text) if written and text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def understood(kind: type[M], value: bytes | None) -> M | None:
    """Also what services refuse since an older release took such. None: nobody can read it."""
    with suppress(ValidationError):
        return kind.from_json(value or b"")
    with suppress(ValidationError):
        return kind.model_validate_json(value or b"", context=AS_BEFORE)
    return None


def named(stranger: Entry) -> str:
    """Whom to look for."""
    return f"{stranger}, its ce_source is {stranger.header('ce_source') or 'missing'}"


def moment(entry: Entry) -> datetime:
    """When it happened, by what it says itself."""
    assert entry.event is not None
    return entry.event.occurred_at
