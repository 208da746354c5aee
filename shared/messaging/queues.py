"""What was read and is not done: one queue per input partition, and how batches are cut from them. No I/O.

Invariants kept here:
 Q1 Records leave a partition's queue in offset order, and one batch at a time works on a stripe's partitions.
 Q2 A run continues where the last one taken ended; what is put back stands in front again, untouched.
 Q3 After an unclean start a partition's batches begin at one event and double, one such partition at a time.
 Q4 What was asked for before a rewind is dropped when it comes.
 Q5 Records for others alone make no batch before they are pressed; they go with the first that is ours, or when they fill one.
 Q6 What is queued of a lane, and what is cut of all, is bounded in bytes too; one record may be larger.
 Q7 A partition is said to be well once an answer has come for each of its lanes, from where they stood then.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.errors import HaltCode
from shared.messaging.consume import Batch, Run
from shared.messaging.record import Record
from shared.messaging.store import Lane

OUT_OF_RANGE: Final[HaltCode] = "halt.cursor_out_of_range"
NOBODY: Final[Mapping[str, Collection[bytes]]] = {}
TOO_MANY_PARKED: Final[HaltCode] = "halt.too_many_parked"
TOPIC_REPLACED: Final[HaltCode] = "halt.topic_replaced"
UNREAD: Final = (OUT_OF_RANGE, TOO_MANY_PARKED, TOPIC_REPLACED)  # of a partition halted so nothing more is read
QUEUED_BYTES = 8 * 1024 * 1024  # of one lane
BATCH_BYTES = 16 * 1024 * 1024
QUEUED_MAX = 4  # times batch_max records of one lane; then it is not read until one batch or less is left


@dataclass(slots=True)
class Stream:
    """One topic's partition. position: of the next record to take. fetched: of the next record to come."""

    position: int
    fetched: int
    records: deque[Record] = field(default_factory=deque)
    full: bool = False  # so much is queued that nothing more is read
    ours: int = 0  # of the records
    size: int = 0  # of all of them, bytes

    def put(self, records: Sequence[Record]) -> None:
        self.records.extend(records)
        self._count(records, 1)

    def put_back(self, records: Sequence[Record]) -> None:
        """In front again."""
        self.records.extendleft(reversed(records))
        self._count(records, 1)

    def took(self, records: Sequence[Record]) -> None:
        """They have left the queue's head."""
        self._count(records, -1)

    def _count(self, records: Sequence[Record], sign: int) -> None:
        self.ours += sign * sum(record.ours for record in records)
        self.size += sign * sum(record.size for record in records)

    def rewind(self, position: int) -> None:
        self.records.clear()
        self.ours = self.size = 0
        self.position = self.fetched = position

    @property
    def waiting(self) -> bool:
        """There are records, or the log went on without any (control records of a transaction)."""
        return self.fetched > self.position


@dataclass(slots=True)
class Partition:
    """All topics' partition of one number: the unit of assignment and of scheduling. size: events of its next batch."""

    number: int
    size: int
    streams: dict[str, Stream] = field(default_factory=dict)
    busy: bool = False
    halted: str = ""  # the code; its records stay where they are
    where: str = ""  # the place that the code is about; empty: none
    stuck: tuple[str, int] = ("", 0)  # the topic and offset that it halted at, of a halt that is over once that is done
    trying: bool = False  # halted, and its records are taken again
    unread: set[str] = field(default_factory=set)  # topics for which no answer has come since it began, or began again
    reread: set[str] = field(default_factory=set)  # topics read again once because of a gap
    marked: str = ""  # the event whose attempt this process has counted
    failed: tuple[str, str] = ("", "")  # the event that failed alone, and its error: parked when it comes again
    pressed: bool = False  # what waits has waited long enough

    @property
    def ready(self) -> bool:
        return not self.busy and (self.trying or not self.halted) and any(stream.waiting for stream in self.streams.values())

    @property
    def pressing(self) -> bool:
        """Q5."""
        return self.ready and (self.pressed or any(stream.ours for stream in self.streams.values()) or self.depth >= self.size)

    @property
    def depth(self) -> int:
        return sum(len(stream.records) for stream in self.streams.values())


class Queues:
    """The partitions of one assignment. batch_max: events of one transaction. others: by topic, the types that are not for us."""

    def __init__(
        self, cursors: Mapping[Lane, int], unclean: Iterable[int], batch_max: int, others: Mapping[str, Collection[bytes]] = NOBODY
    ) -> None:
        self.batch_max = batch_max
        self.others = others
        suspects = set(unclean)
        self.partitions: dict[int, Partition] = {}
        for (topic, number), position in cursors.items():
            partition = self.partitions.setdefault(number, Partition(number, 1 if number in suspects else batch_max))
            partition.streams[topic] = Stream(position, position)
            partition.unread.add(topic)

    def stream(self, topic: str, number: int) -> Stream:
        return self.partitions[number].streams[topic]

    def wanted(self) -> dict[Lane, int]:
        """Next offset to read of every lane that is not full (Q6) and whose log reaches that far."""
        return {
            (topic, number): stream.fetched
            for number, partition in self.partitions.items()
            if partition.halted not in UNREAD or partition.unread
            for topic, stream in partition.streams.items()
            if not self._full(stream)
        }

    def _full(self, stream: Stream) -> bool:
        share = 1 if stream.full else QUEUED_MAX
        stream.full = len(stream.records) > share * self.batch_max or stream.size > share * QUEUED_BYTES / QUEUED_MAX
        return stream.full

    def add(self, lane: Lane, asked: int, records: Sequence[Record], fetched: int) -> None:
        """Q4. What was read from the offset asked for."""
        stream = self.stream(*lane)
        if stream.fetched == asked:
            self._mark(lane[0], records)
            stream.put(records)
            stream.fetched = fetched

    def _mark(self, topic: str, records: Sequence[Record]) -> None:
        others = self.others.get(topic)
        if others:
            for record in records:
                record.ours = dict(record.headers).get("ce_type") not in others

    def read(self, asked: Collection[Lane]) -> list[Partition]:
        """Q7. An answer brought nothing against these lanes. Which partitions that halted for it can be read again."""
        whole = []
        for number, partition in self.partitions.items():
            if partition.unread:
                partition.unread -= {topic for topic in partition.unread if (topic, number) in asked}
                if not partition.unread and partition.halted:
                    whole.append(partition)
        return whole

    def unread(self) -> str:
        """Q7: which partitions have not been answered for; empty: none."""
        numbers = [str(number) for number, partition in self.partitions.items() if partition.unread]
        return f"not read yet: partitions {', '.join(numbers)}" if numbers else ""

    def again(self, numbers: Iterable[int]) -> None:
        """These are tried again, and are halted until they got through: what could not be read until it can be, all else as L3 says."""
        for partition in map(self.partitions.__getitem__, numbers):
            if partition.halted in (OUT_OF_RANGE, TOPIC_REPLACED):
                partition.unread = set(partition.streams)
            else:
                partition.trying, partition.failed = True, ("", "")  # what kept it from being parked may have failed it as well

    def rewind(self, topic: str, number: int, position: int) -> None:
        """Forget what was read; the reader begins again at that position."""
        self.stream(topic, number).rewind(position)

    def ready(self) -> int:
        """Records that could be taken now."""
        return sum(partition.depth for partition in self.partitions.values() if partition.pressing)

    def calm(self) -> bool:
        """Nothing waits, is worked on or stands still."""
        return not any(partition.busy or partition.halted or partition.ready for partition in self.partitions.values())

    def lingering(self) -> bool:
        """Something waits for company."""
        return any(partition.ready and not partition.pressing for partition in self.partitions.values())

    def press(self) -> None:
        """All that waits now has waited long enough (Q5)."""
        for partition in self.partitions.values():
            partition.pressed = partition.ready

    def take(self) -> Batch | None:
        """Cut one batch from as few partitions as fill it, the longest waiting first; one that starts slowly goes alone (Q3)."""
        ready = [partition for partition in self.partitions.values() if partition.pressing]
        if any(partition.busy and partition.size < self.batch_max for partition in self.partitions.values()):
            ready = [partition for partition in ready if partition.size >= self.batch_max]  # else a neighbour of the suspect is blamed
        if not ready:
            return None
        slow = next((partition for partition in ready if partition.size < self.batch_max), None)
        chosen = [slow] if slow else self._filling(ready)
        return self._cut(chosen, chosen[0].size)

    def _filling(self, ready: list[Partition]) -> list[Partition]:
        """A transaction costs as much as fifty events: two half batches side by side gain less than that."""
        chosen, depth = list[Partition](), 0
        for partition in sorted(ready, key=_oldest):
            if depth >= self.batch_max:
                break
            chosen.append(partition)
            depth += partition.depth
        return chosen

    def _cut(self, chosen: list[Partition], size: int) -> Batch:
        """Merge the heads by the broker's time, so that causes tend to come first; each stream keeps its order (Q1)."""
        batch = Batch([partition.number for partition in chosen], {}, careful=size == 1)
        streams = [
            (topic, partition.number, stream) for partition in chosen for topic, stream in partition.streams.items() if stream.waiting
        ]
        for topic, number, stream in streams:
            batch.runs[(topic, number)] = Run(topic, number, stream.position, stream.position, [])
        heap = [(stream.records[0].timestamp_ms, nth) for nth, (_, _, stream) in enumerate(streams) if stream.records]
        heapq.heapify(heap)
        room = BATCH_BYTES
        while heap and len(batch.records) < size and room > 0:
            moment, nth = heap[0]
            topic, number, stream = streams[nth]
            waiting, since = stream.records, len(batch.records)
            while waiting and waiting[0].timestamp_ms == moment and len(batch.records) < size and room > 0:
                batch.records.append(waiting.popleft())
                room -= batch.records[-1].size
            taken = batch.records[since:]
            batch.runs[(topic, number)].records += taken
            stream.took(taken)
            stream.position = batch.records[-1].offset + 1
            if waiting:
                heapq.heapreplace(heap, (waiting[0].timestamp_ms, nth))
            else:
                heapq.heappop(heap)
        for topic, number, stream in streams:
            if not stream.records:
                stream.position = stream.fetched
            batch.runs[(topic, number)].upto = stream.position
        batch.runs = {place: run for place, run in batch.runs.items() if run.upto != run.since}
        for partition in chosen:
            partition.busy, partition.pressed = True, False
            if len(batch.records) == 1 and batch.records[0].ref == partition.failed[0]:
                batch.park, batch.error = "parked.raised", partition.failed[1]
        return batch

    def done(self, batch: Batch, taken: int) -> None:
        """The first `taken` records are committed; the rest stands in front again (Q2)."""
        rest: dict[Lane, list[Record]] = {}
        for record in batch.records[taken:]:
            rest.setdefault((record.topic, record.partition), []).append(record)
        for (topic, number), records in rest.items():
            stream = self.stream(topic, number)
            if stream.position != batch.runs[(topic, number)].upto:
                continue  # rewound meanwhile: the reader brings them again
            stream.put_back(records)
            stream.position = records[0].offset
        for number in batch.partitions:
            partition = self.partitions[number]
            partition.busy = False
            partition.marked = ""
            if taken:
                partition.size = min(partition.size * 2, self.batch_max)
                partition.reread -= {topic for (topic, at), run in batch.runs.items() if at == number and run.records}

    def put_back(self, batch: Batch) -> None:
        """Nothing of it was committed (Q2)."""
        for (topic, number), run in batch.runs.items():
            stream = self.stream(topic, number)
            if stream.position != run.upto:
                continue  # rewound meanwhile: the reader brings them again
            stream.put_back(run.records)
            stream.position = run.since
        for number in batch.partitions:
            self.partitions[number].busy = False

    def park_next(self, number: int, ref: str, error: str) -> None:
        """The event of that place failed alone: it is parked when it is taken again."""
        self.partitions[number].failed = (ref, error)

    def one_by_one(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.partitions[number].size = 1


def _oldest(partition: Partition) -> int:
    return min((stream.records[0].timestamp_ms for stream in partition.streams.values() if stream.records), default=0)
