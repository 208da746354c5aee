"""One event, deadline or version of what was read, taken again; committed where what comes of it is what was told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import asyncpg

from shared.messaging.connect import infrastructure
from shared.messaging.consume import Batch, Consumer, Done, Gap, Moved, Run
from shared.messaging.envelope import number_of
from shared.messaging.fold import OFFER, WAIT_MAX, WAIT_OVER
from shared.messaging.message import source_of
from shared.messaging.record import Effects, Held, Record
from shared.messaging.recovery.deadlines import Deadlines, named
from shared.messaging.recovery.fitting import Aim, Fitting, Unfit
from shared.messaging.recovery.judged import Again
from shared.messaging.recovery.lost import Lost, NoRecovery, Telling
from shared.messaging.recovery.streams import Backlog, Stream, Token
from shared.messaging.store import Lane, OutboxRow
from shared.messaging.stripes import stripe_of
from shared.messaging.system import turn_of

COUNT_UP = "INSERT INTO lane VALUES ($1, $2, 1) ON CONFLICT (topic, partition) DO UPDATE SET seq = lane.seq + 1 RETURNING seq"
SENT = "UPDATE timer SET sent_at = $3 WHERE (kind, subject) = ($1, $2)"
HELD_SINCE = "UPDATE parked SET at = $2 WHERE ref = $1 AND state = 'waiting'"
WHILE_IT_IS = re.compile(rb"while it is (\S+)")


class Retaking:
    """Of one service. Each method: what changed, or None: it stands aside, until what its stream says.

    consumer: the engine's, with a Fitting store. clock: business time now; manual: it is not the broker's.
    """

    def __init__(self, consumer: Consumer, lost: Lost, judging: Again | None, clock: datetime, *, manual: bool) -> None:
        assert isinstance(consumer.store, Fitting)
        self.consumer, self.store, self.lost, self.judging = consumer, consumer.store, lost, judging
        self.deadlines, self.backlog = Deadlines(), Backlog(lost)
        self.new: list[Record] = []  # held back since they were last looked at, with something still to be told of them
        self.why: dict[str, str] = {}  # by place of an event, how it last came out otherwise
        self.clock, self._manual = clock, manual
        self._at = datetime.min.replace(tzinfo=UTC)  # of a manual clock, as far as what was taken tells
        self._now = clock
        consumer.now = lambda: self._now

    async def read(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """The next group of an input."""
        if self.judging is not None and stream.lane[0] == self.judging.topic:
            return await self._judge(connection, stream, aim)
        records, record = stream.groups[0], stream.head
        if self._ahead(stream.lane, records):
            stream.aside = {stream.lane}
            return None
        aim.ref, aim.told = record.ref, self.told(record)
        key: Token = ("key", record.key)
        if not aim.holding and (blocked := self.lost.blocked(aim.told)):
            stream.aside = {key, *blocked}
            return None
        await self._expire(connection, record)
        run = Run(*stream.lane, stream.position, record.offset + 1, records)
        done = await self._run(connection, [run], records, record, aim)
        if done is None:
            stream.aside = {key, *self.store.looked, *(telling.lane for telling in aim.told)}
            return None
        stream.took(done.taken, done.moves[0].upto if done.moves else stream.position)
        if self._manual:
            self._at = min(self.clock, max(self._at, _moment(record)))
        return {key, *self._changed(done)}

    def told(self, record: Record) -> list[Telling]:
        """What is to come of one that is read."""
        return self.lost.of(record) if record.ours and not self.backlog.has(record) else []

    async def held(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """What is held back, offered again once it is its turn; behind what is parked it was only in our order, if nothing else fits."""
        record = stream.head
        state, told = self.backlog.state(record.ref), self.lost.of(record)
        key: Token = ("key", record.key)
        if state is None or not (told or self.lost.expired(record.ref)):
            stream.groups.clear()
            return set()
        stands = not told or not (aim.holding or state in ("waiting", "ready"))
        if stands or (blocked := self.lost.blocked(told)):
            stream.aside = {key} if stands else {key, *blocked}
            return None
        turn = self._turn((record.key or b"").decode())
        self.store.only = record.ref
        done = await self._run(connection, [], [turn], record, Aim(record.ref, told))
        self.store.only = ""
        if done is None:
            stream.aside = {key, *self.store.looked, *(telling.lane for telling in told)}
            return None
        changed = {key, *self._changed(done)}
        if self.backlog.state(record.ref) is None:
            stream.groups.clear()
        return changed

    async def fire(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """A deadline that was told: its row is marked. A turn of the engine's own may come of what was done otherwise: it is counted."""
        record = stream.head
        topic = self.consumer.topics[record.topic]
        place, identity = named(record, topic)
        if self.lost.stands[stream.lane] + 1 != number_of(topic, dict(record.headers)):
            raise NoRecovery("halt.recovery_differs", f"{record.ref} does not follow")
        if not (self.deadlines.knows(place, identity) or aim.news or place[0] in (OFFER, WAIT_OVER)):
            stream.aside = {place}
            return None
        marks = self.deadlines.stands(place, identity) and (place[0] != WAIT_OVER or self.lost.expired(place[1]))
        async with connection.transaction():
            await self.count_up(connection, stream.lane)
            if marks:
                await connection.execute(SENT, *place, datetime.now(UTC))
        if marks:
            self.deadlines.fired(place)
        stream.groups.popleft()
        self.lost.stands[stream.lane] += 1
        return {place, stream.lane}

    async def count_up(self, connection: asyncpg.Connection, lane: Lane) -> None:
        """Raises NoRecovery."""
        number = await connection.fetchval(COUNT_UP, *lane)
        if number != self.lost.stands[lane] + 1:
            raise NoRecovery("halt.recovery_differs", f"somebody else works: {lane[0]}/{lane[1]} went on to {number}")

    # -- how

    async def _run(self, connection: asyncpg.Connection, runs: list[Run], records: list[Record], record: Record, aim: Aim) -> Done | None:
        """None: it comes out otherwise, however the engine may have taken it."""
        stripe = runs[0].partition if runs else records[0].partition
        for park, now, behind in self._ways(record, aim):
            key = (record.key or b"").decode("utf-8", "replace")
            aim.behind = Held(record.ref, "ready", key, record, "parked.behind", "", 0, now) if behind else None
            self._now, self.store.aim = now, aim
            lanes = {(run.topic, run.partition): run for run in runs}
            batch = Batch([stripe], lanes, list(records), bool(park), park, _error(aim.told) if park else "")
            try:
                return await self.consumer.run(connection, batch)
            except (Moved, Gap) as error:
                raise NoRecovery("halt.sequence_gap" if isinstance(error, Gap) else "halt.recovery_differs", str(error)) from None
            except (NoRecovery, OSError):
                raise
            except Exception as error:
                if infrastructure(error):
                    raise
                self.why[record.ref] = str(error)
        return None

    def _ways(self, record: Record, aim: Aim) -> Iterator[tuple[str, datetime, bool]]:
        """Given up or not, at which time (an app's event may have been taken long after it came), and behind others or not."""
        said = next((WHILE_IT_IS.search(data) for t in aim.told for name, data in t.record.headers if name == "x-error" and data), None)
        if said is not None:
            yield "", datetime.fromisoformat(said[1].decode()), False
        moment = max(self._at, _moment(record)) if self._manual else datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        moment = min(moment, self.clock)
        yield "", moment, False
        if not self.consumer.topics[record.topic].own:
            yield "", self.clock, False
        park = next((telling.reason for telling in aim.told if telling.reason.startswith("parked.")), "")
        if park:
            yield park, moment, False
        if aim.holding:
            yield "", moment, True

    def _ahead(self, lane: Lane, records: Sequence[Record]) -> bool:
        """Whether one of these is told by us, and not made again yet."""
        topic = self.consumer.topics[lane[0]]
        if self.consumer.service.name not in topic.writers or not topic.own:
            return False
        return max(number_of(topic, dict(record.headers)) for record in records) > self.lost.stands[lane]

    async def _expire(self, connection: asyncpg.Connection, record: Record) -> None:
        """What waited too long had waited since a moment that its turn names."""
        if record.topic == self.consumer.timer_topic and (turn := turn_of(record, self.consumer.topics[record.topic])):
            told = json.loads(record.value or b"{}")
            if turn.kind == WAIT_OVER and self.lost.expired(told.get("ref", "")):
                await connection.execute(HELD_SINCE, told["ref"], datetime.fromisoformat(told["until"]) - WAIT_MAX)

    def _turn(self, key: str) -> Record:
        """As the engine's own clock would say it; it is in no topic."""
        headers = (("ce_type", OFFER.encode()), ("ce_source", source_of(self.consumer.service.name).encode()), ("ce_sequence", b"1"))
        return Record(self.consumer.timer_topic, stripe_of(key, self.consumer.stripes), -1, key.encode(), b"{}", headers)

    def _changed(self, done: Done) -> set[Token]:
        tokens = self._numbered(done.outbox)
        effects: Effects = done.effects
        self.deadlines.follow(effects)
        self.new += [held.record for held in self.backlog.follow(effects)]
        return {*tokens, *((kind.name, key) for kind, key in effects.entities), *effects.armed, *effects.disarmed}

    def _numbered(self, outbox: Iterable[OutboxRow]) -> set[Token]:
        for row in outbox:
            self.lost.stands[(row.topic, row.partition)] = row.seq
        return {(row.topic, row.partition) for row in outbox}

    async def _judge(self, connection: asyncpg.Connection, stream: Stream, aim: Aim) -> set[Token] | None:
        """A version, or what was none."""
        assert self.judging is not None
        record = stream.head
        aim.ref, aim.told = record.ref, self.lost.of(record)
        self.store.aim = aim
        if blocked := self.lost.blocked(aim.told):
            stream.aside = {*blocked}
            return None
        try:
            outbox = await self.judging.once(connection, stream.position, record)
        except Unfit as error:
            self.why[record.ref], stream.aside = str(error), set()
            return None
        stream.took(1, record.offset + 1)
        return self._numbered(outbox)


def _moment(record: Record) -> datetime:
    """When it happened, by its own header."""
    text = next((data.decode("utf-8", "replace") for name, data in record.headers if name == "ce_time" and data), "")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _error(told: Sequence[Telling]) -> str:
    errors = (data for telling in told for name, data in telling.record.headers if name == "x-error" and data)
    return next((data.decode("utf-8", "replace") for data in errors), "")
