"""What the engine hands around: records as Kafka gave them, events that could be read, and what a fold has to say.

Nothing here but Effects is changed once it is made. What is made and read by name for every event is a slotted class that
is not frozen: a frozen one costs four times as much to make, a tuple twice as much to read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic_core import PydanticSerializationError, from_json, to_json

from shared.errors import Code
from shared.messaging.message import Message
from shared.messaging.shape import Kind, Rows

Headers = tuple[tuple[str, Any], ...]  # values: bytes, or None where an upstream header has no value
UNPACKED_MAX = 10 * 1024 * 1024  # bytes of a packed batch, and so of a record; clients fill batches of 16 KB to 1 MB before they pack them
BATCH_LAST = "x-batch-last"  # of a record that stands for a batch that was not unpacked: the offset of the last one that it stands for
HeldState = Literal["waiting", "parked", "ready", "expired"]


@dataclass(slots=True)
class Record:
    """One Kafka record, untouched. timestamp_ms: the broker's (LogAppendTime). size: of key, value and headers, bytes;
    over UNPACKED_MAX: it stands for a batch that was not unpacked.

    ours: False once it is known to be for other services.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0
    size: int = 0
    ours: bool = True

    @property
    def ref(self) -> str:
        """Its place in the log: the name under which it is parked."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def event_id(self) -> str:
        """As its header says, readable or not."""
        return self._said("ce_id")

    @property
    def source(self) -> str:
        """The same of who sent it."""
        return self._said("ce_source")

    def _said(self, name: str) -> str:
        return next((data.decode("utf-8", "replace") for said, data in self.headers if said == name and data), "")


@dataclass(slots=True)
class Envelope:
    """The CloudEvents attributes of a record. sequence: only on our own topics. correlation: of the whole life."""

    id: str
    source: str
    sequence: int | None = None
    correlation: str = ""
    traceparent: str = ""


@dataclass(slots=True)
class Incoming:
    """A record that could be read. body_hash: of the value, to tell a copy from a reused id."""

    record: Record
    envelope: Envelope
    event: Message
    key: str
    upstream: bool
    body_hash: bytes = b""


class Unreadable(NamedTuple):
    """A record that is refused before any decision."""

    record: Record
    code: Code
    detail: str


@dataclass(frozen=True, slots=True)
class Held:
    """An event that could not be done now.

    waiting: for a cause of its key. parked: the fold raised, or it stands behind one that did. ready: to be offered
    again. expired: waited too long; a person looks at it, and it blocks nothing. at: when it was first held, or when a
    person last let it go on.
    """

    ref: str
    state: HeldState
    key: str
    record: Record
    reason: str
    error: str
    attempts: int
    at: datetime


class Restated(NamedTuple):
    """All events of the key held in that state, the unloaded ones too, change it. at: a person lets them go on; None: keeps theirs."""

    key: str
    old: HeldState
    new: HeldState
    at: datetime | None


class Out(NamedTuple):
    """A row of the outbox before its place in a lane is known. partition: None means the key's stripe."""

    topic: str
    key: bytes | None
    headers: Headers
    value: bytes | None
    partition: int | None = None


@dataclass(slots=True)
class Changed:
    """An entity as loaded and as folded. version counts its facts."""

    base: int
    version: int
    before: Any
    after: Any


class Armed(NamedTuple):
    """A deadline that stands. kind and subject identify it; body is the event that it will be."""

    kind: str
    subject: str
    key: str
    due_at: datetime
    body: bytes


class Told(NamedTuple):
    """What became of one event, for logs and metrics. code: catalogued, or the type of what was handled."""

    outcome: Literal["handled", "duplicate", "not_ours", "stale_timer", "rejected", "waiting", "parked"]
    code: str
    record: Record


@dataclass(slots=True)
class Effects:
    """All that one batch has to write, in one transaction."""

    entities: dict[tuple[Kind[Any, Any], str], Changed] = field(default_factory=dict)
    rows: dict[Rows, list[tuple[Any, ...]]] = field(default_factory=dict)
    facts: list[Out] = field(default_factory=list)
    inbox: dict[tuple[str, str], bytes] = field(default_factory=dict)
    inbox_gone: set[tuple[str, str]] = field(default_factory=set)
    held: dict[str, Held] = field(default_factory=dict)  # new ones and changed ones, by ref
    released: set[str] = field(default_factory=set)  # refs
    restated: list[Restated] = field(default_factory=list)  # one after the other, before single rows say otherwise
    armed: dict[tuple[str, str], Armed] = field(default_factory=dict)
    disarmed: set[tuple[str, str]] = field(default_factory=set)
    counted: list[tuple[Callable[[Any], None], Any]] = field(default_factory=list)  # what monitoring does with which fact
    said: list[str] = field(default_factory=list)  # the types of the facts, for metrics; `copy` for what was refused
    told: list[Told] = field(default_factory=list)


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Bytes of a record with the names of its headers, some for the format included."""
    return len(key or b"") + len(value or b"") + sum(len(name.encode()) + len(data or b"") + 2 for name, data in headers)


def pack(headers: Headers) -> str:
    """Headers as one line of JSON for a text column: readable, and any byte survives (Latin-1)."""
    try:
        packed = to_json(headers)  # bytes as UTF-8, which for ASCII, our own as a rule, is Latin-1 too
        if packed.isascii():
            return packed.decode()
    except PydanticSerializationError:  # some are not UTF-8
        pass
    return to_json([(name, data.decode("latin-1") if data is not None else None) for name, data in headers]).decode()


def unpack(text: str) -> Headers:
    pairs: Headers = tuple((name, data.encode("latin-1") if data is not None else None) for name, data in from_json(text))
    return pairs
