"""Commits that a database lost, made again: what a service read is taken again in an order in which what comes of it is what was told.

Each event is decided, folded and saved by what the engine works with, alone and in a transaction of its own; it commits only where what
comes of it is what was told (fitting.py). So a database is at any moment one that fewer commits are lacking of: who dies here begins again.
Nearly always the broker's times are the order. Where topics raced, an event stands aside until something that it looks at has changed,
or the lane that it tells in. What is not told at all is left to the service, once nothing is lacking.

Invariants kept here:
 B1 Of each partition events are taken in their order, as the engine takes them.
 B2 A deadline fires where its record was told: its row is marked, and the record is not sent again.
 B3 Where nothing fits, in this order: what was told of later is held back, as it had been; what was told nowhere is taken, of which no
    lane says that it was not; a deadline is counted whose row is not there any more. Else it ends, and says what is left.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from shared.messaging.connect import infrastructure
from shared.messaging.consume import Batch, Consumer, Gap, Moved, Run
from shared.messaging.deadlines import Deadlines, named
from shared.messaging.envelope import number_of
from shared.messaging.fitting import Aim, Fitting, Unfit
from shared.messaging.fold import WAIT_MAX, WAIT_OVER
from shared.messaging.judged import Again
from shared.messaging.lost import Lost, NoRecovery, Telling
from shared.messaging.record import Effects, Record
from shared.messaging.store import Lane, OutboxRow
from shared.messaging.system import turn_of

GROUP_MAX = 500  # records for others that go with one of ours
SHOWN_MAX = 5
COUNT_UP = "INSERT INTO lane VALUES ($1, $2, 1) ON CONFLICT (topic, partition) DO UPDATE SET seq = lane.seq + 1 RETURNING seq"
SENT = "UPDATE timer SET sent_at = $3 WHERE (kind, subject) = ($1, $2)"
HELD_SINCE = "UPDATE parked SET at = $2 WHERE ref = $1 AND state = 'waiting'"
WHILE_IT_IS = re.compile(rb"while it is (\S+)")

Token = object  # what may change: an entity (kind, key), a deadline's place, a lane, what is held of a key


@dataclass(slots=True, eq=False)
class Stream:
    """What is left of a partition, in order: groups, each with at most one record of ours, its last. fires: deadlines that were told."""

    lane: Lane
    position: int
    fires: bool = False
    groups: deque[list[Record]] = field(default_factory=deque)
    aside: set[Token] | None = None  # until one of these changes; None: it is to be tried

    @property
    def at(self) -> tuple[int, bool]:
        return self.groups[0][-1].timestamp_ms, not self.fires

    def put(self, record: Record) -> None:
        last = self.groups[-1] if self.groups else []
        if not self.groups or last[-1].ours or len(last) >= GROUP_MAX:
            self.groups.append([record])
        else:
            last.append(record)


class Recover:
    """Of one service. consumer: the engine's, with a Fitting store. clock: business time now; manual: it is not the broker's.

    take() all that is to be read again, each partition in its order; begin(); run().
    """

    def __init__(self, consumer: Consumer, lost: Lost, judging: Again | None, clock: datetime, *, manual: bool) -> None:
        assert isinstance(consumer.store, Fitting)
        self.consumer, self.store, self.lost = consumer, consumer.store, lost
        self.judging = judging
        self.taken = 0
        self._clock, self._manual = clock, manual
        self._at = self._now = clock if not manual else datetime.min.replace(tzinfo=UTC)
        consumer.now = lambda: self._now
        self._streams: dict[tuple[Lane, bool], Stream] = {}
        self._heap: list[tuple[tuple[int, bool], int, Stream]] = []
        self.deadlines = Deadlines()
        self._why: dict[str, str] = {}  # by place of an event, how it last came out otherwise

    # -- what there is

    def stream(self, lane: Lane, position: int) -> None:
        """Of an input. position: the cursor's."""
        self._streams[(lane, False)] = Stream(lane, position)

    def take(self, record: Record) -> None:
        lane = (record.topic, record.partition)
        if self.judging is None or record.topic != self.judging.topic:
            record.ours = dict(record.headers).get("ce_type") not in self.consumer.others[record.topic]
        if not record.ours and self.consumer.topics[record.topic].warden != self.consumer.service.name:
            record.value = None  # nobody looks at it
        self._streams[(lane, False)].put(record)

    async def begin(self, connection: asyncpg.Connection) -> None:
        for telling in self.lost.all():
            if telling.lane[0] == self.consumer.timer_topic:
                self._streams.setdefault((telling.lane, True), Stream(telling.lane, 0, fires=True)).put(telling.record)
        await self.deadlines.begin(connection)
        for stream in self._streams.values():
            self._queue(stream)

    # -- taking

    async def run(self, connection: asyncpg.Connection) -> None:
        """Until nothing is lacking. Raises NoRecovery; what the infrastructure raises is for another try."""
        await connection.execute("SET synchronous_commit = off")  # what a server forgets of this is made again once more
        while await self._skip(connection) or self.lost.left:
            if not self._heap:
                if not await self._concede(connection):
                    raise NoRecovery("halt.recovery_differs", self._said())
                continue
            stream = heapq.heappop(self._heap)[-1]
            await self._try(connection, stream, Aim())
        await connection.execute("SET synchronous_commit = on; UPDATE stripe SET attempts = attempts WHERE n = 0")

    def _queue(self, stream: Stream) -> None:
        stream.aside = None
        if stream.groups:
            heapq.heappush(self._heap, (stream.at, id(stream), stream))

    async def _try(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> bool:
        """True: its first group is done. False: it stands aside."""
        if stream.fires:
            done = await self._fire(connection, stream, aim)
        elif self.judging is not None and stream.lane[0] == self.judging.topic:
            done = await self._judge(connection, stream, aim)
        else:
            done = await self._input(connection, stream, aim)
        if done is None:
            return False
        self._queue(stream)
        for other in self._streams.values():
            if other.aside is not None and other.aside & done:
                self._queue(other)
        return True

    async def _input(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        records = stream.groups[0]
        record = records[-1]
        key: Token = ("key", record.key)
        if ahead := self._untold_yet(stream, records):
            stream.aside = {ahead}
            return None
        aim.ref, aim.told = record.ref, self.lost.of(record) if record.ours else ()
        if not aim.holding and (blocked := self.lost.blocked(aim.told)):
            stream.aside = {key, *blocked}
            return None
        for careful, park, now in self._ways(record, aim):
            if careful and not self.store.held:
                continue
            self._now, self.store.aim = now, aim
            lane, upto = stream.lane, record.offset + 1
            batch = Batch(
                [lane[1]], {lane: Run(*lane, stream.position, upto, records)}, list(records), careful, park, _error(aim.told, park)
            )
            try:
                await self._expire(connection, record)
                done = await self.consumer.run(connection, batch)
            except (Moved, Gap) as error:
                raise NoRecovery("halt.sequence_gap" if isinstance(error, Gap) else "halt.recovery_differs", str(error)) from None
            except (NoRecovery, OSError):
                raise
            except Exception as error:
                if infrastructure(error):
                    raise
                self._why[record.ref] = str(error)
                continue
            self._took(stream, done.taken, done.moves[0].upto if done.moves else stream.position)
            self._advance(record)
            return {key, *self._changed(done.effects), *self._numbered(done.outbox)}
        stream.aside = {key, *self.store.looked, *(telling.lane for telling in aim.told)}
        return None

    def _took(self, stream: Stream, count: int, position: int) -> None:
        stream.position = position
        self.taken += count
        if count == len(stream.groups[0]):
            stream.groups.popleft()
        else:
            stream.groups[0] = stream.groups[0][count:]

    def _untold_yet(self, stream: Stream, records: Sequence[Record]) -> Lane | None:
        """The lane where one of these is told by us, and is not made again yet."""
        topic = self.consumer.topics[stream.lane[0]]
        if self.consumer.service.name not in topic.writers or not topic.own:
            return None
        numbers = (number_of(topic, dict(record.headers)) for record in records)
        return stream.lane if max(numbers) > self.lost.stands[stream.lane] else None

    def _ways(self, record: Record, aim: Aim) -> Iterable[tuple[bool, str, datetime]]:
        """How the engine may have taken it: with what waits of its key or one by one, given up, and at which time."""
        said = next((WHILE_IT_IS.search(data) for t in aim.told for name, data in t.record.headers if name == "x-error" and data), None)
        if said is not None:
            yield False, "", datetime.fromisoformat(said[1].decode())
        estimate = max(self._at, _moment(record)) if self._manual else datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        yield False, "", min(estimate, self._clock)
        if not self.consumer.topics[record.topic].own:
            yield False, "", self._clock
        yield True, "", min(estimate, self._clock)
        if (park := self._given_up(record, aim)) is not None:
            yield True, park, min(estimate, self._clock)

    def _given_up(self, record: Record, aim: Aim) -> str | None:
        """The code under which it was parked, or, of a turn, what it offered again."""
        reasons = [telling.reason for telling in aim.told]
        if record.topic == self.consumer.timer_topic and turn_of(record, self.consumer.topics[record.topic]):
            lanes = [lane for lane in self.lost.last if lane[0].startswith(self.consumer.service.name) and lane[0].endswith(".parked.v1")]
            reasons = [told.reason for lane in lanes if (told := self.lost.at(lane, self.lost.stands[lane] + 1)) is not None]
        return next((reason for reason in reasons if reason.startswith("parked.")), None)

    async def _expire(self, connection: asyncpg.Connection, record: Record) -> None:
        """What waited too long had waited since a moment that its turn names."""
        if record.topic == self.consumer.timer_topic and (turn := turn_of(record, self.consumer.topics[record.topic])):
            told = json.loads(record.value or b"{}")
            if turn.kind == WAIT_OVER and self.lost.expired(told.get("ref", "")):
                await connection.execute(HELD_SINCE, told["ref"], datetime.fromisoformat(told["until"]) - WAIT_MAX)

    def _advance(self, record: Record) -> None:
        if self._manual:
            self._at = min(self._clock, max(self._at, _moment(record)))

    def _changed(self, effects: Effects) -> set[Token]:
        self.deadlines.follow(effects)
        return {*((kind.name, key) for kind, key in effects.entities), *effects.armed, *effects.disarmed}

    def _numbered(self, outbox: Iterable[OutboxRow]) -> set[Token]:
        for row in outbox:
            self.lost.stands[(row.topic, row.partition)] = row.seq
        return {(row.topic, row.partition) for row in outbox}

    async def _judge(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """A version, or what was none."""
        assert self.judging is not None
        (record,) = stream.groups[0]
        aim.ref, aim.told = record.ref, self.lost.of(record)
        self.store.aim = aim
        if blocked := self.lost.blocked(aim.told):
            stream.aside = {*blocked}
            return None
        try:
            outbox = await self.judging.once(connection, stream.position, record)
        except Unfit as error:
            self._why[record.ref], stream.aside = str(error), set()
            return None
        self._took(stream, 1, record.offset + 1)
        return self._numbered(outbox)

    # -- what was told without an event

    async def _fire(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """B2."""
        record = stream.groups[0][0]
        topic = self.consumer.topics[record.topic]
        place, identity = named(record, topic)
        if self.lost.stands[stream.lane] + 1 != number_of(topic, dict(record.headers)):
            raise NoRecovery("halt.recovery_differs", f"{record.ref} does not follow")
        if not (self.deadlines.knows(place, identity) or aim.news):
            stream.aside = {place}
            return None
        marks = self.deadlines.stands(place, identity) and (place[0] != WAIT_OVER or self.lost.expired(place[1]))
        async with connection.transaction():
            await self._count_up(connection, stream.lane)
            if marks:
                await connection.execute(SENT, *place, datetime.now(UTC))
        if marks:
            self.deadlines.fired(place)
        stream.groups.popleft()
        self.lost.stands[stream.lane] += 1
        return {place, stream.lane}

    async def _skip(self, connection: asyncpg.Connection) -> bool:
        """Copies of what is in no topic any more are counted: nothing else ever came of it."""
        skipped: set[Token] = set()
        while (telling := self.lost.next_alone()) is not None:
            async with connection.transaction():
                await self._count_up(connection, telling.lane)
            self.lost.stands[telling.lane] += 1
            skipped.add(telling.lane)
        for stream in self._streams.values():
            if stream.aside is not None and stream.aside & skipped:
                self._queue(stream)
        return bool(skipped)

    async def _count_up(self, connection: asyncpg.Connection, lane: Lane) -> None:
        number = await connection.fetchval(COUNT_UP, *lane)
        if number != self.lost.stands[lane] + 1:
            raise NoRecovery("halt.recovery_differs", f"somebody else works: {lane[0]}/{lane[1]} went on to {number}")

    # -- where nothing fits

    async def _concede(self, connection: asyncpg.Connection) -> bool:
        """B3."""
        aside = sorted((stream for stream in self._streams.values() if stream.groups), key=lambda stream: stream.at)
        for stream in (stream for stream in aside if not stream.fires):
            if self.lost.of(stream.groups[0][-1]) and await self._try(connection, stream, Aim(holding=True)):
                return True
        for stream in sorted(aside, key=lambda stream: stream.fires):
            if await self._try(connection, stream, Aim(news=True)):
                return True
        return False

    def _said(self) -> str:
        """What is left, and of the first what it came to instead."""
        left = sorted(self.lost.all(), key=lambda telling: telling.record.timestamp_ms)
        shown = "; ".join(map(str, left[:SHOWN_MAX]))
        heads = [stream.groups[0][-1].ref for stream in self._streams.values() if stream.groups and not stream.fires]
        why = "; ".join(f"{ref}: {self._why[ref]}" for ref in heads if ref in self._why)
        return f"{len(left)} cannot be made again: {shown}; what stands first in its partition: {why}"


def _moment(record: Record) -> datetime:
    """When it happened, by its own header."""
    text = next((data.decode("utf-8", "replace") for name, data in record.headers if name == "ce_time" and data), "")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _error(told: Sequence[Telling], park: str) -> str:
    errors = (data for telling in told for name, data in telling.record.headers if name == "x-error" and data)
    return next((data.decode("utf-8", "replace") for data in errors), "") if park else ""
