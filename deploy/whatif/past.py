"""What the topics hold, kept as small as deciding it again allows: of apps the events, of our own facts a digest and a place.

A fact is looked up by its id, which follows from its cause; so its content need not be kept, only compared. Source: R9.2.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from deploy.local.services import discover
from deploy.verify.log import TOPICS, Entry, Lane, understood
from shared.errors import HaltCode
from shared.messaging.message import COPIES, NOTICES, Message
from shared.messaging.system import Discard

SERVICES = tuple(discover())
UNREADABLE = "event."  # refused before any decision: no policy changes that
HELD = ("wait.over", "wait.too_many", "parked.")  # not decided then: it may have been later


class NoReplay(Exception):
    """What is recorded cannot be decided again; a report would be wrong. code: catalogued."""

    def __init__(self, code: HaltCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


class Sent(NamedTuple):
    """What an app said. at: the broker's time, ms; where its clock stepped back, not before what lies before it in the partition."""

    id: str
    source: str
    kind: type[Message]
    value: bytes
    ref: str
    lane: int
    offset: int
    at: int

    @property
    def event(self) -> Message:
        found = understood(self.kind, self.value)
        assert found is not None
        return found


@dataclass(slots=True)
class Past:
    """sent: of apps. index: our own records by id, facts and deadlines alike; the arrays hold of each: digest of its value, the version
    that it made of its entity, its lane and offset, when the broker had it (ms), when it happened (ms).

    refused: by service and place, or by service and id of our own facts, the code. stuck: keys of a service behind an event that raised;
    discards: what ops asked to let go: service, place, place of the asking; discarded: those that were, of which nobody decides. values: of
    our own records, where they are kept.
    """

    sent: list[Sent] = field(default_factory=list)
    index: dict[bytes, int] = field(default_factory=dict)
    digest: array[int] = field(default_factory=lambda: array("q"))
    version: array[int] = field(default_factory=lambda: array("i"))
    lane: array[int] = field(default_factory=lambda: array("i"))
    offset: array[int] = field(default_factory=lambda: array("q"))
    at: array[int] = field(default_factory=lambda: array("q"))
    happened: array[int] = field(default_factory=lambda: array("q"))
    timer: bytearray = field(default_factory=bytearray)
    kinds: list[type[Message]] = field(default_factory=list)
    kind: array[int] = field(default_factory=lambda: array("i"))
    refused: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    stuck: set[tuple[str, str]] = field(default_factory=set)
    discards: list[tuple[str, str, str]] = field(default_factory=list)
    discarded: set[tuple[str, str]] = field(default_factory=set)
    values: list[bytes] | None = None
    records: int = 0
    lanes: dict[Lane, int] = field(default_factory=dict)

    @property
    def until(self) -> int:
        """When the last of it happened, ms."""
        return max(self.happened, default=0)

    def facts(self) -> int:
        return len(self.digest) - sum(self.timer)


def key_of(identity: str) -> bytes:
    return bytes.fromhex(identity.replace("-", ""))


def digest(value: bytes) -> int:
    """Of this process only."""
    return hash(value)


def milliseconds(message: Message) -> int:
    return int(message.occurred_at.timestamp() * 1000)


def gather(entries: Iterable[Entry], starts: Mapping[Lane, int] | None = None, *, whole: bool = False) -> Past:
    """entries: of all keyed topics, those of a partition in order. starts: first offsets that the broker still has. whole: keep the values
    of our own facts too, for where they do not come of deciding again.

    Raises NoReplay: nothing is there, the head of a topic is gone, a number of ours is missing, a fact that this program cannot read.
    """
    for place, start in sorted((starts or {}).items()):
        if start > 0:
            raise NoReplay("halt.replay_shortened", f"{place[0]}/{place[1]} begins at offset {start}: what was before it is gone")
    past, last, kinds, heard = Past(values=[] if whole else None), dict[Lane, int](), dict[type[Message], int](), dict[int, int]()
    for entry in entries:
        past.records += 1
        lane = past.lanes.setdefault((entry.topic, entry.partition), len(past.lanes))
        if entry.topic.endswith(NOTICES):
            continue  # said by the copy too
        if entry.topic.endswith(COPIES):
            _refusal(past, entry)
        elif not TOPICS[entry.topic].own:
            heard[lane] = max(entry.timestamp_ms, heard.get(lane, 0))
            _said(past, entry, lane, heard[lane])
        elif entry.sequence is not None and _next(entry, last):
            _fact(past, entry, lane, kinds)
    past.discarded = {(service, ref) for service, ref, asked in past.discards if (service, asked) not in past.refused}
    if not past.sent:
        raise NoReplay("halt.replay_empty", "no app has sent anything yet")
    return past


def _next(entry: Entry, last: dict[Lane, int]) -> bool:
    """False: a copy of what was told before."""
    place, number = (entry.topic, entry.partition), entry.sequence or 0
    before = last.get(place, 0)
    if number > before + 1:
        code: HaltCode = "halt.sequence_gap" if before else "halt.replay_shortened"
        raise NoReplay(code, f"{entry.topic}/{entry.partition}: {number} after {before}")
    last[place] = max(before, number)
    return number > before


def _said(past: Past, entry: Entry, lane: int, at: int) -> None:
    if "ops" in TOPICS[entry.topic].writers:
        said = entry.event
        if isinstance(said, Discard):
            past.discards.append((said.service, said.ref, entry.ref))
    elif entry.event is not None:
        source, value = entry.header("ce_source"), entry.value or b""
        past.sent.append(Sent(entry.id, source, type(entry.event), value, entry.ref, lane, entry.offset, at))


def _refusal(past: Past, entry: Entry) -> None:
    """The last word counts: what was parked may have been refused in the end."""
    service, code = entry.topic.partition(".")[0], entry.header("x-reason")
    topic = entry.header("x-original-topic")
    ref = f"{topic}/{entry.header('x-original-partition')}/{entry.header('x-original-offset')}"
    own = topic in TOPICS and TOPICS[topic].own
    past.refused[(service, entry.header("ce_id") if own else ref)] = (code, entry.timestamp_ms)
    if code.startswith("parked."):
        past.stuck.add((service, (entry.key or b"").decode(errors="replace")))


def _fact(past: Past, entry: Entry, lane: int, kinds: dict[type[Message], int]) -> None:
    """Its value as this program writes it: fields that came later do not make it another."""
    if entry.type.startswith("engine."):
        return
    if entry.event is None:
        raise NoReplay("halt.replay_unreadable", f"{entry}: not a fact that this program knows")
    kind = kinds.setdefault(type(entry.event), len(kinds))
    if kind == len(past.kinds):
        past.kinds.append(type(entry.event))
    past.index.setdefault(key_of(entry.id), len(past.digest))
    value = entry.event.to_json()
    past.digest.append(digest(value))
    if past.values is not None:
        past.values.append(value)
    past.version.append(int(entry.header("ce_entityversion") or 0))
    past.lane.append(lane)
    past.offset.append(entry.offset)
    past.at.append(entry.timestamp_ms)
    past.happened.append(milliseconds(entry.event))
    past.timer.append(entry.topic.endswith(".timer.v1"))
    past.kind.append(kind)
