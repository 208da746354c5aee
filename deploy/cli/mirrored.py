"""Where a service stood, as the records of a mirror tell it.

In a mirror topics have other ids, offsets may be others, records may stand twice, and the last ones may be missing. What does not change
is what a record says: on our topics its number; on an app's its source, id and body, which the service remembers for 30 days.

Invariants kept here:
 W1 No cursor is set behind a record that was not taken. Of an app's partition it stands behind the last record that was taken and is
    the first of its kind; what follows is for others, or new, or nothing remembers it.
 W2 An event that is held back has its record's place in the mirror, or one that no record has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from shared.messaging.envelope import number_of
from shared.messaging.message import Topic
from shared.messaging.record import Record
from shared.messaging.store import Lane

Mark = tuple[str, str, bytes]  # of an app's record: its source, its id, what its body comes to


def mark(record: Record) -> Mark:
    """Also of a copy that was parked: what it is about stands first in it."""
    return record.source, record.event_id, blake2b(record.value or b"", digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Stood:
    """A cursor in the old cluster. last: the number that it has taken, of a topic of ours; None: none."""

    position: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A place in the mirror. unsure: nothing tells it, and something may have been forgotten. lacking: how many numbers are not there
    between what was taken and what follows. again: of an app's partition, how many records that the service takes lie behind it.
    """

    position: int
    unsure: bool = False
    lacking: int = 0
    again: int = 0


@dataclass(slots=True, eq=False)
class Mirror:
    """Of one service. stood: its cursors. bounds: of each partition the first offset, and the one behind the last. concerns: whether the
    service has anything to do with a record of an app, old: if so, whether it may have taken it so long ago that it has forgotten it.
    held: what is held back.

    All records of its inputs are to be taken, each partition in its order.
    """

    topics: Mapping[str, Topic]
    stood: Mapping[Lane, Stood]
    bounds: Mapping[Lane, tuple[int, int]]
    concerns: Callable[[Record], Literal["", "new", "old"]]
    held: Mapping[Lane, Collection[Mark]] = field(default_factory=dict)
    places: dict[tuple[Lane, Mark], int] = field(default_factory=dict)  # W2: of what is held
    _next: dict[Lane, tuple[int, int]] = field(default_factory=dict)  # of ours: offset and number of the first beyond what was taken
    _taken: dict[Mark, Record] = field(default_factory=dict)  # the first of its kind
    _astray: set[Mark] = field(default_factory=set)  # of several partitions: which was taken is not known
    _unknown: dict[Lane, list[int]] = field(default_factory=dict)  # offsets of what is not known to have been taken
    _old: set[Lane] = field(default_factory=set)  # where some of that may have been forgotten

    def take(self, record: Record, known: Collection[Mark]) -> None:
        """known: what was taken of apps' records, as far as it is remembered."""
        lane, topic, said = (record.topic, record.partition), self.topics[record.topic], mark(record)
        if said in self.held.get(lane, ()):
            self.places.setdefault((lane, said), record.offset)
        if topic.own:
            number = number_of(topic, dict(record.headers))
            if number > (self.stood[lane].last or 0):
                self._next.setdefault(lane, (record.offset, number))
            return
        if said in known:
            first = self._taken.setdefault(said, record)
            if first.partition != record.partition:
                self._astray.add(said)
        elif not topic.single and (age := self.concerns(record)):
            self._unknown.setdefault(lane, []).append(record.offset)
            if age == "old":
                self._old.add(lane)

    def found(self) -> Iterator[tuple[Lane, Found]]:
        """W1."""
        behind = Counter[Lane]()
        for said, record in self._taken.items():
            if said not in self._astray:
                lane = (record.topic, record.partition)
                behind[lane] = max(behind[lane], record.offset + 1)
        for lane, stood in self.stood.items():
            first, end = self.bounds[lane]
            topic, unknown = self.topics[lane[0]], self._unknown.get(lane, [])
            if topic.single:
                yield lane, Found(first)
            elif topic.own:
                offset, number = self._next.get(lane, (end, 0))
                yield lane, Found(offset, lacking=max(0, number - stood.last - 1) if stood.last else 0)
            else:
                position = max(first, behind[lane])
                unsure = not behind[lane] and stood.position > 0 and lane in self._old
                yield lane, Found(position, unsure, again=sum(offset >= position for offset in unknown))
