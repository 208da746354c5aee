"""One poll, one batch, one transaction: read, lock, drop what was handled, fold, save, commit.

Invariants kept here:
 C1 A batch that does not begin where its cursor stands is thrown away (zombies, rewinds, lost commits).
 C2 On our own topics a number seen is dropped, the next one is taken, a later one is a gap and stops the partition.
 C3 Upstream, a known (source, id) with the same body is dropped; with another body it is rejected.
 C4 Either all of a batch is committed or nothing of it; nothing where a topic is found to be another while it runs (I1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from shared.errors import Code
from shared.messaging.envelope import decode, known, number_of, still_known
from shared.messaging.fold import OFFER, OFFERS_MAX, Fold
from shared.messaging.message import COPIES, Message, Topic
from shared.messaging.metrics import Laps
from shared.messaging.notices import notices
from shared.messaging.record import Effects, Held, Incoming, Record, Unreadable
from shared.messaging.shape import Service, Versions
from shared.messaging.store import Lane, Move, Opened, OutboxRow, Store
from shared.messaging.stripes import stripe_of
from shared.messaging.system import OPS, STEERING, Discard, Redrive, Turn, turn_of

Item = Incoming | Unreadable | Turn | None


class Moved(Exception):
    """The cursor stands elsewhere: read again from there. where: (topic, partition) → position."""

    def __init__(self, where: Mapping[Lane, int]) -> None:
        super().__init__(str(dict(where)))
        self.where = where


class Gap(Exception):
    """A number is missing on one of our own topics."""

    def __init__(self, record: Record, last: int, found: int) -> None:
        super().__init__(f"{record.topic}/{record.partition}: {found} after {last}")
        self.record, self.lane = record, (record.topic, record.partition)


@dataclass(slots=True)
class Run:
    """Records of one partition, in order. since, upto: positions; upto may lie beyond the last record (control records)."""

    topic: str
    partition: int
    since: int
    upto: int
    records: list[Record]


@dataclass(slots=True)
class Batch:
    """What one transaction takes: runs of partitions, merged by the broker's time.

    careful: one event and nothing with it, of the held ones either, so that what fails is known. park: give up on that event.
    """

    partitions: list[int]
    runs: dict[Lane, Run]
    records: list[Record] = field(default_factory=list)
    careful: bool = False
    park: str = ""
    error: str = ""
    void: bool = False  # never to be committed


@dataclass(slots=True)
class Done:
    """taken: how many of the batch's records are done; the rest begins the next batch."""

    taken: int
    moves: list[Move]
    outbox: list[OutboxRow]
    effects: Effects
    seconds: Mapping[str, float]  # by phase


class Consumer:
    """Turns batches into committed transactions. Knows the store and the fold; knows nothing of Kafka."""

    def __init__(
        self, service: Service, topics: Mapping[str, Topic], versions: Versions, stripes: int, now: Callable[[], datetime], store: Store
    ) -> None:
        self.service = service
        self.topics = topics
        self.versions = versions
        self.stripes = stripes
        self.now = now
        self.store = store
        self.inputs: frozenset[type[Message]] = frozenset((*service.input_types(), *STEERING))
        self.timer_topic = f"{service.name}.timer.v1"
        self.own = frozenset(topic.name for topic in topics.values() if topic.own)
        self.others = {name: topic.others(self.inputs) for name, topic in topics.items()}
        self.foreign = frozenset(topic.name for topic in topics.values() if not topic.own and not topic.single)
        self.parking = {name for topic in topics.values() if topic.name.endswith(COPIES) for name in topic.writers}

    async def run(self, connection: asyncpg.Connection, batch: Batch) -> Done:
        """C4. Raises Moved, Gap, or whatever the database or the code raised; nothing is written then."""
        now, lap = self.now(), Laps()
        items = [self._read(record, now) for record in batch.records]
        lap("decode")
        incoming = [item for item in items if isinstance(item, Incoming)]
        keys = sorted({item.key for item in items if isinstance(item, Incoming | Turn)})
        policies = await self.versions.known(max((item.event.occurred_at for item in incoming), default=now))
        try:
            await self.store.begin(connection, {*batch.partitions, *(stripe_of(key, self.stripes) for key in keys)})
            ids = sorted({(item.envelope.source, item.envelope.id) for item in incoming if item.upstream})
            fold = Fold(self.service, policies, now, careful=batch.careful)
            _expect(fold, batch, incoming)
            first = next(((kind, wanted) for kind in self.service.kinds if (wanted := fold.wanted(kind))), None)
            opened = await self.store.open(connection, sorted(batch.runs), ids, keys, first)
            self._check_positions(batch, opened)
            if first is not None:
                fold.put(first[0], opened.loaded)
            if opened.any_held:
                await self._load_held(connection, fold, batch, keys, incoming)
            await self._load(connection, fold)
            lap("lock and load")
            taken, last = self._fold(batch, items, fold, opened)
            moves = self._moves(batch, taken, last)
            effects = fold.take()
            effects.facts += notices(effects.facts, self.topics)
            lap("fold")
            outbox = await self.store.save(connection, effects, moves, datetime.now(UTC))
            lap("save")
            if batch.void:
                raise Moved({})
            await connection.execute("COMMIT")
            lap("commit")
        except BaseException:
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
            raise
        return Done(taken, moves, outbox, effects, lap.seconds)

    # -- reading

    def _read(self, record: Record, now: datetime) -> Item:
        if record.topic == self.timer_topic and (turn := turn_of(record, self.topics[record.topic])):
            return turn
        item = decode(record, self.topics, self.service.name, self.inputs, now)
        if not isinstance(item, Incoming) or not isinstance(item.event, STEERING) or item.event.service == self.service.name:
            return item
        if item.event.service in self.parking or self.topics[record.topic].warden != self.service.name:
            return None
        return Unreadable(record, "ops.unknown_service", f"{item.event.service} is none of {', '.join(sorted(self.parking))}")

    def _reread(self, row: Held) -> Incoming | Unreadable:
        item = decode(row.record, self.topics, self.service.name, self.inputs, None)  # it was not too old when it came
        item = still_known(item, row.record, self.topics[row.record.topic])
        return item or Unreadable(row.record, "event.unknown_type", "no longer taken by this service")

    async def _load_held(self, connection: asyncpg.Connection, fold: Fold, batch: Batch, keys: list[str], incoming: list[Incoming]) -> None:
        """What is held back of these keys; those that may be offered again are planned."""
        named = [item.event.ref for item in incoming if isinstance(item.event, Discard)]
        held = await self.store.load_held(connection, keys, named)
        again = {row.ref: self._reread(row) for rows in held.values() for row in rows}
        fold.put_held(held, again)
        _expect(fold, batch, _offered(held, again))

    async def _load(self, connection: asyncpg.Connection, fold: Fold) -> None:
        """All that is touched and not there yet, kind by kind in the declared order; each kind in one statement."""
        for kind in self.service.kinds:
            keys = fold.wanted(kind)
            if keys:
                fold.put(kind, await self.store.load(connection, kind, keys))

    # -- checks

    @staticmethod
    def _check_positions(batch: Batch, opened: Opened) -> None:
        """C1."""
        moved = {place: opened.cursors[place][0] for place, run in batch.runs.items() if opened.cursors[place][0] != run.since}
        if moved:
            raise Moved(moved)

    def _sequence(self, record: Record, item: Item, last: dict[Lane, int | None]) -> bool:
        """C2. False: seen before. What is none of ours has no part in this (E2)."""
        number = item.envelope.sequence if isinstance(item, Incoming) else number_of(self.topics[record.topic], dict(record.headers))
        if not number:
            return True
        lane = (record.topic, record.partition)
        before = last.get(lane)
        if before is not None and number <= before:
            return False
        if before is not None and number > before + 1:
            raise Gap(record, before, number)
        last[lane] = number
        return True

    def _known(self, item: Incoming, fold: Fold, opened: Opened) -> Code | None:
        """C3. None: new. Empty: a copy."""
        place = (item.envelope.source, item.envelope.id)
        seen = fold.effects.inbox.get(place)
        if seen is None and place not in fold.effects.inbox_gone:
            seen = opened.inbox.get(place)
        if seen is None:
            return None
        return "" if seen == item.body_hash else "event.id_reused"  # type: ignore[return-value]

    # -- folding

    def _fold(self, batch: Batch, items: list[Item], fold: Fold, opened: Opened) -> tuple[int, dict[Lane, int | None]]:
        last: dict[Lane, int | None] = {place: cursor[1] for place, cursor in opened.cursors.items()}
        before = dict(last)
        for index, (record, item) in enumerate(zip(batch.records, items, strict=True)):
            lane = (record.topic, record.partition)
            stood = last.get(lane)
            if record.topic in self.own and not self._sequence(record, item, last):
                fold.drop(record, "duplicate")
            elif not self._offer(batch, record, item, fold, opened):
                if index == 0:
                    raise RuntimeError(f"{record.ref}: a touch that its own first touch did not lead to")
                last[lane] = stood
                return index, {place: number for place, number in last.items() if number != before.get(place)}
        return len(batch.records), {place: number for place, number in last.items() if number != before.get(place)}

    def _offer(self, batch: Batch, record: Record, item: Item, fold: Fold, opened: Opened) -> bool:
        """False: it must begin the next batch."""
        if isinstance(item, Turn):
            if item.kind == OFFER and batch.park:
                fold.park_ready(item.key, batch.park, batch.error)
            elif item.kind == OFFER:
                fold.offer_ready(item.key)
            else:
                told = json.loads(record.value or b"{}")
                fold.wait_over(item.key, told.get("ref", ""), told.get("until", ""))
        elif item is None:
            fold.drop(record, "not_ours")
        elif isinstance(item, Unreadable):
            fold.refuse(known(item) if record.topic in self.own else item)
        elif item.upstream and (code := self._known(item, fold, opened)) is not None:
            if code:
                fold.refuse(Unreadable(record, code, "the same source and id came with another body"))
            else:
                fold.drop(record, "duplicate")
        elif item.event.topic is OPS:
            self._steer(batch, item, fold)
        elif batch.park:
            fold.park(item, batch.park, batch.error)
        else:
            return fold.offer(item)
        return True

    def _steer(self, batch: Batch, item: Incoming, fold: Fold) -> None:
        """What failed is refused, never parked: nothing may queue behind it, and ops ask again."""
        event: Any = item.event
        if batch.park:
            fold.refuse(Unreadable(item.record, "ops.failed", batch.error))
        elif fold.redrive(item.key) if isinstance(event, Redrive) else fold.discard(item.key, event.ref):
            fold.seen(item)
        else:
            fold.refuse(Unreadable(item.record, "ops.nothing_parked", f"{self.service.name} holds nothing such under {item.key}"))

    def _moves(self, batch: Batch, taken: int, last: Mapping[Lane, int | None]) -> list[Move]:
        """How far each run got. A run that was cut ends before its first record not taken."""
        stops: dict[Lane, int] = {}
        for record in batch.records[taken:]:
            stops.setdefault((record.topic, record.partition), record.offset)
        astray = {
            (record.topic, record.partition)
            for record in batch.records[:taken]
            if record.topic in self.foreign
            and record.key is not None
            and stripe_of(record.key.decode("utf-8", "replace"), self.stripes) != record.partition
        }
        return [
            Move(*place, run.since, upto, last.get(place), place in astray)
            for place, run in sorted(batch.runs.items())
            if (upto := stops.get(place, run.upto)) != run.since
        ]


def _expect(fold: Fold, batch: Batch, items: Iterable[Incoming]) -> None:
    """Steering events have no plan; nor has what is given up: what it touches may be what cannot be read."""
    for item in () if batch.park else items:
        if type(item.event) not in STEERING:
            fold.expect(item.event)


def _offered(held: Mapping[str, list[Held]], again: Mapping[str, Incoming | Unreadable]) -> Iterator[Incoming]:
    """Held events that this batch may offer again."""
    for rows in held.values():
        for row in [row for row in rows if row.state == "waiting"] + [row for row in rows if row.state == "ready"][:OFFERS_MAX]:
            item = again[row.ref]
            if isinstance(item, Incoming):
                yield item
