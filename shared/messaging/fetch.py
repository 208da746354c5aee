"""Reading an assignment: one fetch in flight per broker over all its partitions, in an incremental session (KIP-227).

A consumer of the client library names and parses every partition in every fetch and keeps one fetch for each topic; a
session names only what moved. Connections, metadata, formats and checksums are the library's.
Invariants kept here:
 X1 A lane is read from the position wanted when the request is written; who gets the answer is told that position too.
 X2 Records of aborted transactions and control records are skipped, and the position moves over them.
 X3 Whatever a broker took can be read, however it is packed, a header's name that is not UTF-8 too; a lane that cannot be read keeps
    no other from its records. What a packed batch comes to is bounded (P1, P2).
 X4 A request waits long only where nothing but its own answer can change what is wanted; the first one not at all.
 X5 What is read is of the topics that the cursors are about (I1): they are asked for by their ids. Where a broker takes names alone, or a
    cursor knows no id yet, a session goes on over a topic that is deleted and made anew: there an answer is handed on only if, within
    IDS_SECONDS before, or since it came, its broker said that the topics are those.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import CorruptRecordException, OffsetOutOfRangeError, UnknownTopicOrPartitionError, for_code
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.memory_records import MemoryRecords

from shared.messaging.fetch_request import BY_ID, Fetch
from shared.messaging.packed import Batches, Closed, packed
from shared.messaging.record import UNPACKED_MAX, Record
from shared.messaging.store import Lane
from shared.messaging.topic_ids import ids_at
from shared.settings import Settings

WAIT_MS = 500  # of a fetch that finds nothing
CALM_MS = 5000  # the same where nothing is to be done: each looks at every partition of the session twice, and calm is the most of a night
LOOK_SECONDS = 0.01  # between two looks while nothing is wanted
LEADERS_SECONDS = 1.0  # between two looks for partitions that moved to another broker
IDS_SECONDS = 1.0  # between two looks whether topics that are read by name are the same
NO_LEADER = -1  # of a partition: it is electing one, or its brokers are down
NO_SESSION = (0, 0)  # id, epoch: the answer names a new one
EPOCH_MAX = 2**31 - 1
SESSION_LOST = (70, 71, 106)  # FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR
NO_SUCH_ID = (100, 103)  # UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID: it is gone, made anew, or not heard of yet

log = logging.getLogger("laotie.fetch")


class Sink(Protocol):
    """Who reads."""

    def wanted(self) -> Mapping[Lane, int]:
        """Lane → next offset, of all that is to be read now."""
        ...

    @property
    def ids(self) -> Mapping[str, UUID]:
        """What the cursors are about, as far as they know it. Replaced, never altered."""
        ...

    def same(self, ids: Mapping[str, UUID]) -> bool:
        """Told by a broker. Whether these are the topics that the cursors are about; else nothing is wanted any more."""
        ...

    def got(self, lane: Lane, asked: int, records: list[Record], position: int) -> None:
        """What followed the offset asked for; position: of the next record to come."""
        ...

    def lost(self, lane: Lane) -> None:
        """The log does not reach to the wanted offset any more."""
        ...

    def calm(self) -> bool:
        """Nothing is queued, worked on or halted: what is wanted stays as it is until something comes."""
        ...

    def arrived(self) -> None:
        """All that one answer brought has been handed on."""
        ...

    def well(self, asked: Mapping[Lane, int]) -> None:
        """There was nothing in that answer that could not be read; what is lost was told before."""
        ...


async def read(settings: Settings, topics: list[str], sink: Sink) -> None:
    """Until cancelled. Raises KafkaError or OSError: the caller waits and begins again."""
    client = AIOKafkaClient(**settings.aiokafka())
    sessions: dict[int, asyncio.Task[None]] = {}
    try:
        await client.bootstrap()
        await client.set_topics(topics)
        while True:
            leaders = {_leader(client, lane) for lane in sink.wanted()}
            if leaders & {None, NO_LEADER}:
                client.force_metadata_update()
            for node in leaders - {None, NO_LEADER, *sessions}:
                sessions[node] = asyncio.create_task(_session(client, node, sink), name=f"read from broker {node}")
            if not sessions:
                await asyncio.sleep(LEADERS_SECONDS / 10)
                continue
            done, _ = await asyncio.wait(sessions.values(), timeout=LEADERS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in sessions.values():
            task.cancel()
        await asyncio.gather(*sessions.values(), return_exceptions=True)
        await client.close()


def _leader(client: AIOKafkaClient, lane: Lane) -> Any:
    return client.cluster.leader_for_partition(TopicPartition(*lane))


async def _session(client: AIOKafkaClient, node: int, sink: Sink) -> None:
    """One broker, for ever. told: what the session knows, of topics by these ids; what differs from it is said in the next request."""
    ids: Mapping[str, UUID] = {}
    session, told, answered, compared = NO_SESSION, dict[Lane, int](), False, -IDS_SECONDS
    while True:
        wanted = {lane: position for lane, position in sink.wanted().items() if _leader(client, lane) == node}
        if not wanted:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if ids != (known := _known(sink, wanted)):
            session, told, ids = NO_SESSION, {}, known
        moved = {lane: position for lane, position in wanted.items() if told.get(lane) != position}
        wait_ms = (CALM_MS if session != NO_SESSION and sink.calm() else WAIT_MS) if answered else 0  # X4; how it goes is told soon
        answer = await client.send(node, Fetch(session, moved, [lane for lane in told if lane not in wanted], wait_ms, ids))
        told, answered = wanted, True
        if answer.error_code in SESSION_LOST or (not answer.error_code and not answer.session_id):  # the broker keeps none for us
            session, told = NO_SESSION, {}
        else:
            session = (answer.session_id, session[1] % EPOCH_MAX + 1)
        if _doubtful(answer, compared):
            if not sink.same(await ids_at(client, node, {topic for topic, _ in wanted})):
                continue
            compared = time.monotonic()
        if answer.error_code not in SESSION_LOST:
            _check(client, answer.error_code)
            _take(client, answer.topics, wanted, ids, sink)
            sink.well(wanted)
            await asyncio.sleep(0)  # what begins now writes before the next request does


def _known(sink: Sink, wanted: Mapping[Lane, int]) -> Mapping[str, UUID]:
    """What topics are asked for by; nothing where the id of one is not known."""
    known = sink.ids
    return known if {topic for topic, _ in wanted} <= known.keys() else {}


def _doubtful(answer: Any, compared: float) -> bool:
    """X5. Whether its topics may be others than those asked for. compared: when they were last found to be the same."""
    if answer.API_VERSION < BY_ID:
        return time.monotonic() - compared >= IDS_SECONDS
    return answer.error_code in NO_SUCH_ID or any(part[1] in NO_SUCH_ID for topic in answer.topics for part in topic[1])


def _take(client: AIOKafkaClient, topics: Any, asked: Mapping[Lane, int], ids: Mapping[str, UUID], sink: Sink) -> None:
    """Hands on all that came, then raises what one of the partitions failed with (X3)."""
    names = {identity: topic for topic, identity in ids.items()}
    came, failed = False, 0
    unread: Exception | None = None
    for topic in topics:
        for number, error, _, _, _, aborted, _, data, *_ in topic[1]:
            lane = (names.get(topic[0], topic[0]), number)
            if error == OffsetOutOfRangeError.errno:
                sink.lost(lane)
            elif error:
                failed = error
            elif data and lane in asked:
                try:
                    records, position = _records(lane, asked[lane], data, aborted)
                except Exception as error:
                    log.error("%s/%d cannot be read from %d on: %s: %s", *lane, asked[lane], type(error).__name__, error)
                    unread = error
                    continue
                sink.got(lane, asked[lane], records, position)  # X1
                came = True
    if came:
        sink.arrived()
    if unread is not None:
        raise unread
    _check(client, failed)


def _check(client: AIOKafkaClient, error: int) -> None:
    if error:
        client.force_metadata_update()
        raise (UnknownTopicOrPartitionError if error in NO_SUCH_ID else for_code(error))()


def _records(lane: Lane, since: int, data: bytes, aborted: list[tuple[Any, ...]] | None) -> tuple[list[Record], int]:
    """Those from `since` on, and the offset after the last one read."""
    try:
        return _parsed(lane, since, Batches(data) if packed(data) else MemoryRecords(data), aborted)
    except UnicodeDecodeError:  # a header's name
        return _parsed(lane, since, Batches(data, lenient=True), aborted)


def _parsed(lane: Lane, since: int, memory: Any, aborted: list[tuple[Any, ...]] | None) -> tuple[list[Record], int]:
    found: list[Record] = []
    position = since
    for batch, taken in _batches(memory, aborted):
        size = _size if not isinstance(batch, Closed) else _closed
        if taken:
            found += [
                Record(*lane, each.offset, each.key, each.value, tuple(each.headers), each.timestamp, size(each))
                for each in batch
                if each.offset >= since  # a batch comes whole
            ]
        position = max(position, batch.next_offset)
    return found, position


def _size(record: Any) -> int:
    size = len(record.value or b"") + len(record.key or b"")
    for _, data in record.headers:
        size += len(data or b"")
    return size


def _closed(_: Any) -> int:
    """P1. Of a record that stands for a batch."""
    return UNPACKED_MAX + 1


def _batches(memory: Any, aborted: list[tuple[Any, ...]] | None) -> Iterator[tuple[Any, bool]]:
    """X2. aborted: (producer id, first offset, tags); a producer's transaction ends at its abort marker. False: not to be read."""
    coming = sorted(aborted or (), key=lambda each: each[1], reverse=True)
    aborting: set[int] = set()
    while memory.has_next():
        batch = memory.next_batch()
        if not batch.validate_crc():
            raise CorruptRecordException(f"checksum of the batch at {batch.base_offset}")
        while coming and coming[-1][1] <= batch.base_offset:
            aborting.add(coming.pop()[0])
        if batch.is_control_batch:
            if ControlRecord.parse(next(batch).key) == ABORT_MARKER:
                aborting.discard(batch.producer_id)
            yield batch, False
        else:
            yield batch, not (batch.is_transactional and batch.producer_id in aborting)
