"""The hot loop of one assignment: a reader fills queues, idle connections take batches from them, the relay gets the rest.

Nothing waits for anything else: batches form only because work queued meanwhile. Transactions run side by side where
that is worth its cost: each with a full batch, or beside one that takes long.
Invariants kept here:
 L1 An error of the infrastructure is waited out; any other is narrowed to the one event that fails alone, which is parked.
 L3 What is not understood stops its partition with a code and loses nothing: it is tried again from the cursor, and halted until done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from shared.errors import HaltCode
from shared.messaging.connect import AFRESH, Connect, Failures, infrastructure, wait
from shared.messaging.consume import Batch, Consumer, Done, Gap, Moved
from shared.messaging.fetch import read
from shared.messaging.halting import NOWHERE, code_of, halt, lift, lift_done, place
from shared.messaging.holders import attempt, give_back, take_over
from shared.messaging.metrics import METRICS
from shared.messaging.newer import Newer
from shared.messaging.parked import GAVE_UP, ParkedShare
from shared.messaging.queues import OUT_OF_RANGE, TOO_MANY_PARKED, TOPIC_REPLACED, Queues
from shared.messaging.record import Record
from shared.messaging.relay import Relay
from shared.messaging.store import Lane, LostRace
from shared.messaging.telling import Teller
from shared.messaging.topic_ids import ids_known, other
from shared.settings import Settings

HALT_RETRY_SECONDS = 5.0
LONG_SECONDS = 0.02  # a transaction that runs longer is not waited for
COMPANY_SECONDS = 0.1  # what is for others alone waits that long for a batch to go with
CURSORS = "SELECT topic, partition, position FROM cursor WHERE partition = ANY ($1::int[]) AND topic = ANY ($2::text[])"
log = logging.getLogger("laotie.flow")


class Flow:
    """One assignment, from start() to stop(). instance: this process, as the stripes know it."""

    def __init__(self, settings: Settings, consumer: Consumer, topics: list[str], connect: Connect, relay: Relay, instance: str) -> None:
        self.settings, self.consumer, self.topics = settings, consumer, topics
        self.instance, self.relay = instance, relay
        self.queues = Queues({}, (), settings.batch_max)
        self.positions: dict[Lane, int] = {}  # committed; a hint for lag tools
        self.ids: Mapping[str, UUID] = {}  # I1: what these are about
        self._begun = 0.0  # when the last batch began
        self._again: asyncio.TimerHandle | None = None
        self._alone: asyncio.TimerHandle | None = None
        self._connect = connect
        self._idle: list[asyncpg.Connection | None] = []
        self._works: dict[asyncio.Task[None], Batch] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._teller, self._parked = Teller(), ParkedShare()
        self._reading, self._working = Failures("reading"), Failures("working")
        self._stopping = False
        self._alarm, self._moved = asyncio.Event(), False  # cursors are to be looked at now; somebody moved one
        self._numbers: list[int] = []
        self._unclean: set[int] = set()  # what somebody did not give back, of all attempts to start

    async def start(self, numbers: list[int]) -> None:
        self._numbers = sorted(numbers)
        if not numbers:
            return
        connection = await self._connect("worker")
        try:
            await take_over(connection, self._numbers, self.instance, self._unclean)
            cursors = await self._cursors(connection, self._numbers)
            self.ids = await ids_known(connection, self.topics)
        except BaseException:
            connection.terminate()
            raise
        self.queues = Queues(cursors, self._unclean, self.settings.batch_max, self.consumer.others)
        self.positions.update(cursors)
        self._idle = [connection, *[None] * (self.settings.connections - 1)]
        self._readers = [asyncio.create_task(self._read(), name="read"), asyncio.create_task(self._watch(), name="watch")]
        if self._unclean:
            log.warning("partitions %s were not released cleanly: starting slowly", sorted(self._unclean))

    async def stop(self) -> None:
        """Stop polling, finish the running batches or break them off after the grace, give the stripes back."""
        self._stopping = True
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._works:
            await asyncio.wait(self._works, timeout=self.settings.grace_s)
        for work in self._works:
            work.cancel()  # what is rolled back begins again with whoever reads next
        await asyncio.gather(*self._works, return_exceptions=True)
        for number in self.halts():
            lift(self.queues.partitions[number])  # whoever reads it next tells it
        connections = [connection for connection in self._idle if connection is not None and not connection.is_closed()]
        if self._numbers:
            connections = await give_back(self._connect, connections, self._numbers, self.instance)
        await asyncio.gather(*(connection.close(timeout=2) for connection in connections), return_exceptions=True)
        self.queues = Queues({}, (), self.settings.batch_max)  # megabytes, and whoever asked may hold us yet

    async def _cursors(self, connection: asyncpg.Connection, numbers: list[int]) -> dict[Lane, int]:
        return {(row[0], row[1]): row[2] for row in await connection.fetch(CURSORS, numbers, self.topics)}

    # -- reading

    async def _read(self) -> None:
        """From the database's cursors, for as long as the assignment lasts."""
        while not self._stopping:
            try:
                await read(self.settings, self.topics, self)
            except Exception as error:  # whatever it is, nobody reads unless we go on
                log.warning("reading interrupted: %s: %s", type(error).__name__, error, exc_info=None if infrastructure(error) else error)
                await asyncio.sleep(self._reading.again(error))

    def wanted(self) -> Mapping[Lane, int]:
        return self.queues.wanted()

    def got(self, lane: Lane, asked: int, records: list[Record], position: int) -> None:
        self.queues.add(lane, asked, records, position)

    def lost(self, lane: Lane) -> None:
        halt(self.queues.partitions[lane[1]], OUT_OF_RANGE, topic=lane[0])

    def same(self, ids: Mapping[str, UUID]) -> bool:
        """I1. Else nothing begins any more, and what runs does not commit (C4). What is not known yet, the next look learns at once."""
        replaced = other(self.ids, ids)
        if not ids.keys() <= self.ids.keys() or (replaced and TOPIC_REPLACED not in self.halts().values()):
            self._moved = True
            self._alarm.set()
        if replaced:
            for partition in self.queues.partitions.values():
                halt(partition, TOPIC_REPLACED, topic=replaced)
            for batch in self._works.values():
                batch.void = True
        return not replaced

    def calm(self) -> bool:
        return self.queues.calm()

    def arrived(self) -> None:
        self.dispatch()

    def well(self, asked: Mapping[Lane, int]) -> None:
        self._reading.over()
        for partition in self.queues.read(asked):
            lift(partition)
            self.dispatch()

    # -- working

    def dispatch(self) -> None:
        """Give idle connections what there is to do. Called on arrival and whenever a batch ends."""
        while self._idle and not self._stopping and self._worthwhile():
            batch = self.queues.take()
            if batch is None:
                self._without_company()
                return
            self._begun = time.monotonic()
            task = asyncio.create_task(self._work(self._idle.pop(), batch))
            self._works[task] = batch
            task.add_done_callback(self._works.pop)

    def _worthwhile(self) -> bool:
        """A small transaction beside another costs more than it gains; it waits for that one's end, but not for long."""
        if len(self._idle) == self.settings.connections or self.queues.ready() >= self.settings.batch_max:
            return True
        if time.monotonic() - self._begun >= LONG_SECONDS:
            return True
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(LONG_SECONDS, self._look_again)
        return False

    def _without_company(self) -> None:
        """Most records of a topic are for other services; a transaction each would be most of all transactions."""
        if self._alone is None and self.queues.lingering():
            self._alone = asyncio.get_running_loop().call_later(COMPANY_SECONDS, self._take_alone)

    def _take_alone(self) -> None:
        self._alone = None
        self.queues.press()
        self.dispatch()

    def _look_again(self) -> None:
        self._again = None
        self.dispatch()

    async def _work(self, connection: asyncpg.Connection | None, batch: Batch) -> None:
        try:
            if connection is None or connection.is_closed():
                connection = await self._connect("worker")
            async with attempt(connection, self.queues.partitions[batch.partitions[0]], batch):  # L2
                began = time.perf_counter()
                done = await self.consumer.run(connection, batch)
            self._working.over(batch.partitions)
            self._committed(batch, done, time.perf_counter() - began)
        except Moved as moved:
            self.queues.put_back(batch)
            self._working.over(batch.partitions)
            self._moved = True
            for (topic, number), position in moved.where.items():
                self.queues.rewind(topic, number, position)
        except Gap as gap:
            self._gap(batch, gap)
        except Exception as error:
            if connection is not None and infrastructure(error) and not isinstance(error, LostRace | asyncpg.TransactionRollbackError):
                connection.terminate()  # who knows what state it is in
            await self._failed(batch, error)
        finally:
            self._idle.append(connection)
            self.dispatch()

    def _committed(self, batch: Batch, done: Done, seconds: float) -> None:
        self.queues.done(batch, done.taken)
        self.relay.offer(done.outbox)
        self.positions.update({(move.topic, move.partition): move.upto for move in done.moves})
        lift_done(map(self.queues.partitions.__getitem__, batch.partitions), self.positions)
        self._teller.tell(batch.records[: done.taken], done, seconds)
        if self._parked.count(done.taken, sum(told.code in GAVE_UP for told in done.effects.told) if done.effects.held else 0):
            for number in self._numbers:
                self._halt(number, TOO_MANY_PARKED)

    async def _failed(self, batch: Batch, error: Exception) -> None:
        """L1."""
        self.queues.put_back(batch)
        METRICS.retries.labels(error=type(error).__name__).inc()
        if infrastructure(error):
            log.warning("batch rolled back, tried again: %s: %s", type(error).__name__, error)
            await asyncio.sleep(self._working.again(error, batch.partitions))
        elif len(batch.records) > 1 or (batch.records and not batch.careful):
            log.error("batch of %d failed, tried one by one: %s: %s", len(batch.records), type(error).__name__, error)
            self.queues.one_by_one(batch.partitions)
        elif batch.park or not batch.records or isinstance(error, Newer):
            self._halt(batch.partitions[0], code_of(error), place(batch))
        else:
            self.queues.park_next(batch.partitions[0], batch.records[0].ref, f"{type(error).__name__}: {error}")

    def _gap(self, batch: Batch, gap: Gap) -> None:
        """A gap is read again once, then stops the partition: something of ours is missing from the log."""
        self.queues.put_back(batch)
        topic, number = gap.lane
        partition = self.queues.partitions[number]
        self.queues.rewind(topic, number, batch.runs[gap.lane].since)
        if topic in partition.reread:
            log.error("sequence gap on %s", gap)
            self._halt(number, "halt.sequence_gap", (topic, gap.record.offset))
        partition.reread.add(topic)

    @property
    def trouble(self) -> str:
        """What the infrastructure lets down again and again, or has not answered yet; empty while work is done."""
        return self._reading.trouble or self._working.trouble or self.queues.unread()

    # -- halting

    def _halt(self, number: int, code: HaltCode, stuck: tuple[str, int] = NOWHERE) -> None:
        halt(self.queues.partitions[number], code, stuck)

    def halts(self) -> Mapping[int, str]:
        return {number: partition.halted for number, partition in self.queues.partitions.items() if partition.halted}

    async def _watch(self) -> None:
        """Cursors that ops moved are followed, and halted partitions tried again from theirs."""
        while True:
            await wait(self._alarm, HALT_RETRY_SECONDS)
            self._alarm.clear()
            halted, before = [number for number, code in self.halts().items() if code != TOO_MANY_PARKED], dict(self.positions)
            try:
                cursors = await self._look(afresh=self._moved or bool(halted))
            except Exception as error:
                log.warning("cursors not looked at: %s", error, exc_info=None if infrastructure(error) else error)
                cursors, halted = {}, list[int]()  # but what came while the look had the only connection begins now
            for lane, position in cursors.items():
                follows = before.get(lane) == self.positions.get(lane) != position and not self.queues.partitions[lane[1]].busy
                self._moved |= follows
                if follows or lane[1] in halted:
                    self.queues.rewind(*lane, position)
                    self._working.over(lane[1:])
                    self.positions[lane] = position
            self.queues.again(halted)
            lift_done(map(self.queues.partitions.__getitem__, halted), self.positions)  # somebody moved its cursor on
            self.dispatch()

    async def _look(self, *, afresh: bool) -> dict[Lane, int]:
        """By a connection that is checked, for what halted us may be the server. Else nothing where all are at work: these see it (C1)."""
        spare = None if afresh else next((one for one in self._idle if one is not None and not one.is_closed()), None)
        if spare is None and not afresh:
            return {}
        connection = spare or await self._connect(AFRESH)
        try:
            if spare is not None:
                self._idle.remove(spare)
            else:
                self.ids, self._moved = await ids_known(connection, self.topics), False
            return await self._cursors(connection, self._numbers)
        finally:
            await connection.close(timeout=2) if spare is None else self._idle.append(spare)
