"""From outbox to Kafka, lane by lane.

Invariants kept here:
 R1 Within a lane records are sent in `seq` order, one unacknowledged batch at a time.
 R2 A batch begins at the lowest row of its lane, or continues what this relay itself had acknowledged.
 R3 A row goes only after its acknowledgement; then this relay does not send it again, whatever keeps it from going.
 R4 All lanes of the service are scanned each second: a death strands nothing.
So any number of relays may run: they can repeat rows, never lose or invert them; readers drop copies by `ce_sequence`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.messaging.columns import turned
from shared.messaging.connect import Connect, backoff, in_words, leave, wait
from shared.messaging.message import COPIES
from shared.messaging.metrics import METRICS
from shared.messaging.record import size_of, unpack
from shared.messaging.store import Lane, OutboxRow
from shared.settings import Settings

BATCH_ROWS = 1000
BATCH_BYTES = 900_000  # larger only for a single row
REQUEST_BYTES = 6 * 1024 * 1024
SCAN_SECONDS = 1.0
CALM_SECONDS = 60.0  # without an interruption: the next one is the first again
SWEEP_SECONDS = 1.0  # rows acknowledged since the last time are deleted together
STUCK_SECONDS = 60.0  # rows wait, and nothing of them was acknowledged: people are told
FINISH_SECONDS = 2.0  # for what is under way when something broke: what is not acknowledged by then is sent again

# A server cannot forget deleted rows while any transaction is older than they are, a backup of an hour say: none of these passes over
# what was gone before, only what has gone since the last look.
READ = """
SELECT o.topic, o.partition, o.seq, o.key, o.headers, o.value
  FROM unnest($1::text[], $2::int[], $3::bigint[]) l(topic, partition, floor),
       LATERAL (SELECT * FROM outbox WHERE outbox.topic = l.topic AND outbox.partition = l.partition AND outbox.seq > l.floor
                 ORDER BY seq LIMIT $4) o
"""
SCAN = """
SELECT l.topic, l.partition, l.seq, o.seq
  FROM lane l LEFT JOIN unnest($1::text[], $2::int[], $3::bigint[]) f(topic, partition, floor)
                     ON (f.topic, f.partition) = (l.topic, l.partition)
              LEFT JOIN LATERAL (SELECT seq FROM outbox WHERE outbox.topic = l.topic AND outbox.partition = l.partition
                                    AND outbox.seq > coalesce(f.floor, 0) ORDER BY seq LIMIT 1) o ON true
 WHERE l.seq > coalesce(f.floor, 0)
"""  # the last number given out and the lowest that waits
DELETE = """
DELETE FROM outbox o USING unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) l(topic, partition, floor, upto)
 WHERE o.topic = l.topic AND o.partition = l.partition AND o.seq > l.floor AND o.seq <= l.upto
"""

log = logging.getLogger("laotie.relay")


@dataclass(slots=True)
class LaneState:
    """acked: last seq this relay saw acknowledged. tail: last seq acknowledged, in flight or queued; None: read the table. floor: up to it
    the table has none.
    """

    floor: int = 0
    acked: int = 0
    deleted: int = 0
    tail: int | None = None
    queue: deque[OutboxRow] = field(default_factory=deque)
    flying: bool = False
    dirty: bool = True


class Relay:
    """One per process. offer() after a commit; everything else is its own loop."""

    def __init__(self, settings: Settings, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect
        self._lanes: dict[Lane, LaneState] = {}
        self._prompt = settings.clock == "manual"  # who moves a clock by hand waits for empty outboxes: what drained is swept at once
        self._wake = asyncio.Event()
        self._sends: set[asyncio.Task[None]] = set()
        self._broken = ""  # how a send failed
        self._error = ""  # of the last interruption
        self._moved_at = time.monotonic()  # when the outbox was last empty, or something of it was acknowledged
        self._stopping = False
        self._producer: AIOKafkaProducer | None = None
        self._connection: asyncpg.Connection | None = None

    def offer(self, rows: Iterable[OutboxRow]) -> None:
        """Rows just committed: sent at once if they continue the lane here (R2), else the table is read."""
        for row in rows:
            place = (row.topic, row.partition)
            lane = self._lanes.get(place) or self._lanes.setdefault(place, LaneState())
            if lane.tail is not None and row.seq == lane.tail + 1 and len(lane.queue) < BATCH_ROWS * 4:
                lane.queue.append(row)
                lane.tail = row.seq
                self._start_sending(place, lane)
            elif lane.tail is None or row.seq > lane.tail:
                lane.dirty = True
                self._wake.set()

    async def run(self) -> None:
        """Until stop(); a broken broker or database is waited for."""
        failures = 0
        while not self._stopping:
            begun = time.monotonic()
            try:
                await self._open()
                await self._loop()
            except Exception as error:
                failures = failures + 1 if time.monotonic() - begun < CALM_SECONDS else 1
                self._error = in_words(error)
                log.warning("relay interrupted, begins again: %s", self._error)
                await self._reset()
                await asyncio.sleep(backoff(failures))
        await self._reset()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    @property
    def trouble(self) -> str:
        """What keeps facts from being told, once it is no hiccup any more; else empty."""
        stuck = time.monotonic() - self._moved_at > STUCK_SECONDS
        return f"facts are not published: {self._error or 'no answer yet'}" if stuck else ""

    async def _open(self) -> None:
        self._broken = ""
        self._connection = await self._connect("relay")
        await self._scan()  # monitoring is told how long rows wait though there is no broker
        await self._connection.execute("SET synchronous_commit = off")  # a row that comes back is sent again, no more
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self._settings.aiokafka(),
                acks="all",
                enable_idempotence=True,
                max_request_size=REQUEST_BYTES,
                max_batch_size=REQUEST_BYTES,
            )
            await producer.start()
            self._producer = producer

    async def _reset(self) -> None:
        """R2 after any doubt: forget what is queued and begin behind what was acknowledged again (R3)."""
        producer, self._producer = self._producer, None  # first: no lane begins to send meanwhile
        if self._sends:
            await asyncio.wait(self._sends, timeout=FINISH_SECONDS)
        for task in self._sends:
            task.cancel()
        await asyncio.gather(*self._sends, return_exceptions=True)
        for lane in self._lanes.values():
            lane.queue.clear()
            lane.deleted = lane.floor = 0  # a delete may have failed, or been forgotten by a server that fell: it is done again
            lane.tail, lane.dirty, lane.flying = None, True, False
        if producer is not None:
            await leave(producer)
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()

    async def _loop(self) -> None:
        clock = asyncio.get_running_loop().time
        scanned = swept = -SCAN_SECONDS
        while True:
            if self._broken:
                raise ConnectionError(self._broken)
            if self._stopping and not self._sends and not any(lane.queue or lane.dirty for lane in self._lanes.values()):
                await self._sweep()
                return
            self._wake.clear()
            if clock() - scanned >= SCAN_SECONDS:
                await self._scan()
                scanned = clock()
            await self._fill()
            for place, lane in self._lanes.items():
                self._start_sending(place, lane)
            if clock() - swept >= SWEEP_SECONDS or (self._prompt and not any(lane.flying for lane in self._lanes.values())):
                await self._sweep()
                swept = clock()
            if not any(lane.dirty and not lane.flying for lane in self._lanes.values()):
                await wait(self._wake, SWEEP_SECONDS)

    async def _scan(self) -> None:
        """R4. Numbers are dense and rows go from the lowest on, so what waits is counted without reading it."""
        assert self._connection is not None
        floors = [(topic, number, lane.floor) for (topic, number), lane in self._lanes.items()]
        rows = 0
        for topic, number, last, lowest in await self._connection.fetch(SCAN, *turned(floors, 3)):
            lane = self._lanes.setdefault((topic, number), LaneState())
            lane.floor = last if lowest is None else lowest - 1
            rows += last - lane.floor
            if lowest is not None and not lane.queue and not lane.flying and lane.deleted == lane.acked:
                lane.dirty = True
        now = time.monotonic()
        self._moved_at = self._moved_at if rows else now
        METRICS.outbox_rows.set(rows)
        METRICS.outbox_age.set(now - self._moved_at)

    async def _fill(self) -> None:
        """Read the dirty lanes that have nothing queued, all in one statement; from the lowest row above what was acknowledged."""
        assert self._connection is not None
        dirty = [(place, lane) for place, lane in self._lanes.items() if lane.dirty and not lane.flying and not lane.queue]
        if not dirty:
            return
        for _, lane in dirty:
            lane.dirty, lane.tail = False, None  # rows offered while reading make it dirty again
        places = [place for place, _ in dirty]
        floors = [max(lane.acked, lane.floor) for _, lane in dirty]
        rows = await self._connection.fetch(READ, [t for t, _ in places], [p for _, p in places], floors, BATCH_ROWS)
        counts: dict[Lane, int] = {}
        for row in rows:
            place = (row[0], row[1])
            lane = self._lanes[place]
            lane.queue.append(OutboxRow(row[0], row[1], row[2], row[3], unpack(row[4]), row[5]))
            lane.tail = row[2]
            counts[place] = counts.get(place, 0) + 1
        for place, lane in dirty:
            if counts.get(place) == BATCH_ROWS:
                lane.dirty = True  # there may be more
            elif lane.tail is None:
                lane.tail = lane.acked

    def _start_sending(self, place: Lane, lane: LaneState) -> None:
        if lane.queue and not lane.flying and self._producer is not None and not self._broken:
            lane.flying = True  # R1
            task = asyncio.create_task(self._send(self._producer, place, lane))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    async def _send(self, producer: AIOKafkaProducer, place: Lane, lane: LaneState) -> None:
        """One lane until nothing is queued."""
        try:
            while lane.queue:
                batch, last, count = self._build(producer, place[0], lane.queue)
                acknowledged = await producer.send_batch(batch, place[0], partition=place[1])
                await acknowledged
                for _ in range(count):
                    lane.queue.popleft()
                lane.acked, self._moved_at = last, time.monotonic()
                METRICS.relayed.labels(topic=place[0]).inc(count)
        except Exception as error:
            log.warning("sending %s/%s failed: %s: %s", *place, type(error).__name__, error)
            self._broken = self._broken or f"sending {place[0]}/{place[1]}: {in_words(error)}"
        finally:
            lane.flying = False
            if lane.dirty or self._broken or self._stopping or self._prompt:
                self._wake.set()

    @staticmethod
    def _build(producer: AIOKafkaProducer, topic: str, queue: deque[OutboxRow]) -> tuple[BatchBuilder, int, int]:
        batch = producer.create_batch()
        copies = topic.endswith(COPIES)  # with a stranger's headers and key; our own are bounded
        name = "x-sequence" if copies else "ce_sequence"
        last = count = size = 0
        for _, _, seq, key, headers, value in queue:
            size += 600 + (size_of(key, value, headers) if copies else len(value or b""))
            if count and (count >= BATCH_ROWS or size > BATCH_BYTES):
                break
            if batch.append(key=key, value=value, timestamp=None, headers=[*headers, (name, b"%d" % seq)]) is None:
                break  # never the first: for one there is always room
            last, count = seq, count + 1
        batch.close()
        return batch, last, count

    async def _sweep(self) -> None:
        """R3."""
        assert self._connection is not None
        gone = [(place, lane, lane.acked) for place, lane in self._lanes.items() if lane.acked > lane.deleted]
        if gone:
            await self._connection.execute(DELETE, *turned([(*place, lane.floor, upto) for place, lane, upto in gone], 4))
            for _, lane, upto in gone:
                lane.deleted = upto
