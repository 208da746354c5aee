"""Commits that a database lost, made again: what a service read is taken again in an order in which what comes of it is what was told.

Each event is decided, folded and saved by what the engine works with, alone and in a transaction of its own; it commits only where what
comes of it is what was told (fitting.py). So a database is at any moment one that fewer commits are lacking of: who dies here begins again.
Nearly always the broker's times are the order. Where topics raced, an event stands aside until something that it looks at has changed,
or the lane that it tells in. What is not told at all is left to the service, once nothing is lacking.

Invariants kept here:
 B1 Of each partition events are taken in their order, as the engine takes them. What is held back is offered again when it is its turn
    by what was told; held back may be whatever is told of later, as nothing follows from when and how long something stood in a queue.
 B2 A deadline fires where its record was told: its row is marked, and the record is not sent again.
 B3 Where nothing fits, in this order: what is parked is offered again, as it was not parked yet, or not any more; what was told of later
    is held back; what was told nowhere is taken, of which no lane says that it was not; a deadline is counted whose
    row is not there. Else it ends, and says what is left.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import asyncpg

from shared.messaging.fold import OFFER, PAST
from shared.messaging.record import Record
from shared.messaging.recovery.fitting import Aim
from shared.messaging.recovery.lost import NoRecovery, Telling
from shared.messaging.recovery.retaking import Retaking
from shared.messaging.recovery.streams import Stream, Token
from shared.messaging.saving import ARMED
from shared.messaging.store import Lane, held_of
from shared.messaging.stripes import stripe_of

SHOWN_MAX = 5
LOOK_MAX = 200  # records behind one that may have been held back
SURELY, PERHAPS, UNLIKELY = range(3)
HELD = "SELECT * FROM parked ORDER BY n"
READY = """
SELECT DISTINCT p.key FROM parked p
 WHERE p.state = 'ready' AND NOT EXISTS (SELECT FROM timer t WHERE (t.kind, t.subject) = ($1, p.key))
"""


class Recover:
    """Of one service: take() all that is to be read again, each partition in its order; begin(); run()."""

    def __init__(self, retaking: Retaking) -> None:
        self.retaking, self.lost = retaking, retaking.lost
        self._topics = retaking.consumer.topics
        self._streams: dict[object, Stream] = {}
        self._heap: list[tuple[tuple[int, bool], int, Stream]] = []
        self._there = set[str]()  # ids of what is read, or held back
        self._sent = Counter[tuple[str, str]]()  # how often an app sent what

    def stream(self, lane: Lane, position: int) -> None:
        """Of an input. position: the cursor's."""
        self._streams[lane] = Stream("read", lane, position)

    def take(self, record: Record) -> None:
        consumer, judging = self.retaking.consumer, self.retaking.judging
        topic = self._topics[record.topic]
        if judging is None or record.topic != judging.topic:
            record.ours = dict(record.headers).get("ce_type") not in consumer.others[record.topic]
        if not record.ours and topic.warden != consumer.service.name:
            record.value = None  # nobody looks at it
        self._there.add(record.event_id)
        if record.ours and not topic.own:
            self._sent[record.source, record.event_id] += 1
        self._streams[(record.topic, record.partition)].put(record)

    async def begin(self, connection: asyncpg.Connection) -> None:
        for telling in self.lost.all():
            if telling.lane[0] == self.retaking.consumer.timer_topic:
                self._streams.setdefault(("fires", telling.lane), Stream("fires", telling.lane)).put(telling.record)
        await self.retaking.deadlines.begin(connection)
        async with connection.transaction():
            async for row in connection.cursor(HELD):
                held = held_of(dict(row))
                self._there.add(held.record.event_id)
                if self.retaking.backlog.put(held):
                    self._hold(held.record)
        for stream in self._streams.values():
            self._queue(stream)

    async def run(self, connection: asyncpg.Connection) -> None:
        """Until nothing is lacking. Raises NoRecovery; what the infrastructure raises is for another try."""
        await connection.execute("SET synchronous_commit = off")  # what a server forgets of this is made again once more
        while await self._skip(connection) or self.lost.left:
            if self._heap:
                await self._try(connection, heapq.heappop(self._heap)[-1], Aim())
            elif not await self._concede(connection):
                raise NoRecovery("halt.recovery_differs", self._said())
        await connection.execute("SET synchronous_commit = on")
        await self._offer(connection)

    # -- one after the other

    def _hold(self, record: Record) -> None:
        self._streams[record.ref] = stream = Stream("held")
        stream.put(record)

    def _queue(self, stream: Stream) -> None:
        stream.aside = None
        if stream.groups:
            heapq.heappush(self._heap, (stream.at, id(stream), stream))

    def _wake(self, changed: set[Token]) -> None:
        for stream in self._streams.values():
            if stream.aside is not None and stream.aside & changed:
                self._queue(stream)

    async def _try(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> bool:
        """True: its first group is done. False: it stands aside."""
        ref = stream.head.ref
        if stream.of == "read":
            if not aim.holding and (told := self._told(stream)) and self.lost.blocked(told):
                aim.holding = self._had_been_held(stream, told) == SURELY
            changed = await self.retaking.read(connection, stream, aim)
        elif stream.of == "held":
            changed = await self.retaking.held(connection, stream, aim)
        else:
            changed = await self.retaking.fire(connection, stream, aim)
        if changed is None:
            return False
        self._queue(stream)
        if not stream.groups and stream.of == "held":
            del self._streams[ref]
        for record in self.retaking.new:
            self._hold(record)
            self._queue(self._streams[record.ref])
        self.retaking.new.clear()
        self._wake(changed)
        return True

    async def _skip(self, connection: asyncpg.Connection) -> bool:
        """Copies of what is in no topic any more are counted: nothing else ever came of it."""
        skipped: set[Token] = set()
        while (telling := self.lost.next_alone()) is not None:
            await self.retaking.count_up(connection, telling.lane)
            self.lost.stands[telling.lane] += 1
            skipped.add(telling.lane)
        self._wake(skipped)
        return bool(skipped)

    # -- where nothing fits

    async def _concede(self, connection: asyncpg.Connection) -> bool:
        """B3."""
        aside = sorted((stream for stream in self._streams.values() if stream.groups), key=lambda stream: stream.at)
        for stream in (stream for stream in aside if stream.of == "held"):
            if await self._try(connection, stream, Aim(holding=True)):
                return True
        ranked = [(self._had_been_held(stream, told), nth) for nth, stream in enumerate(aside) if (told := self._told(stream))]
        for _, nth in sorted(ranked):
            if await self._try(connection, aside[nth], Aim(holding=True)):
                return True
        for of in ("read", "fires"):
            for stream in (stream for stream in aside if stream.of == of):
                if await self._try(connection, stream, Aim(news=True)):
                    return True
        return False

    def _told(self, stream: Stream) -> list[Telling]:
        return self.retaking.told(stream.head) if stream.of == "read" else []

    def _had_been_held(self, stream: Stream, told: Sequence[Telling]) -> int:
        """Whether what comes behind it was told before it: in the same lane, or by the broker's time. What was sent twice proves none."""
        first = {telling.lane: telling.number for telling in reversed(told)}
        when, found = min(telling.record.timestamp_ms for telling in told), UNLIKELY
        for group in islice(stream.groups, 1, LOOK_MAX):
            record = group[-1]
            if not record.ours or self._sent[record.source, record.event_id] > 1:
                continue
            for telling in self.lost.of(record):
                if telling.number < first.get(telling.lane, 0):
                    return SURELY
                if telling.record.timestamp_ms < when:
                    found = PERHAPS
        return found

    def _said(self) -> str:
        """What is left, from what of it follows that is nowhere, and of what stands first in its partition what it comes to instead."""
        left = sorted(self.lost.all(), key=lambda telling: telling.record.timestamp_ms)
        shown = "; ".join(map(str, left[:SHOWN_MAX]))
        heads = [stream.head.ref for stream in self._streams.values() if stream.groups and stream.of == "read"]
        why = "; ".join(f"{ref}: {self.retaking.why[ref]}" for ref in heads if ref in self.retaking.why)
        causes = list(dict.fromkeys(telling.cause for telling in left if telling.cause and telling.cause not in self._there))
        lacking = f"; what they follow from is not there to be read: {', '.join(causes[:SHOWN_MAX])}" if causes else ""
        first = f"; what stands first in its partition: {why}" if why else ""
        return f"{len(left)} cannot be made again: {shown}{lacking}{first}"

    async def _offer(self, connection: asyncpg.Connection) -> None:
        """What is ready has a turn, as the engine arms it (fold.py)."""
        keys = [row[0] for row in await connection.fetch(READY, OFFER)]
        if keys:
            stripes, due = self.retaking.consumer.stripes, self.retaking.clock - PAST
            rows = [(OFFER, key, key, stripe_of(key, stripes), due, b"{}") for key in keys]
            await connection.execute(ARMED.spelled(), *ARMED.arguments(rows))
        await connection.execute("UPDATE stripe SET attempts = attempts WHERE n = 0")  # and what went before it is on the disk
