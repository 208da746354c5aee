"""Entities and deadlines made again from what was told: after a change of `evolve` or `due`, or of a row that somebody spoilt.

Invariants kept here:
 G1 What is written follows from facts alone, each lane whole from its first number to the one at which the database stands.
 G2 Nothing is decided between the last fact that is read and the commit: all stripes are held.
 G3 Cursors, inbox, outbox, what is held back and the tables of rows stay as they are, and the tables are named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from pydantic import ValidationError

from shared.errors import HaltCode
from shared.messaging.envelope import number_of
from shared.messaging.fold import OFFER, WAIT_OVER
from shared.messaging.message import Message, Topic
from shared.messaging.newer import Newer, told
from shared.messaging.record import Record, unpack
from shared.messaging.saving import ARMED, kind_part
from shared.messaging.shape import Kind, Service
from shared.messaging.store import Lane
from shared.messaging.stripes import stripe_of

STAGED_MAX = 10_000  # facts that go to the server at once
FOLDED_MAX = 500  # entities compared and written at once

STAGE = """
CREATE TEMP TABLE rebuild_told (kind text, key text, version bigint, type text, value bytea);
CREATE TEMP TABLE rebuild_stands (kind text, subject text, key text, stripe int, due_at timestamptz, body bytea,
                                  PRIMARY KEY (kind, subject))
"""
HOLD = "SELECT FROM stripe ORDER BY n FOR UPDATE"  # the engine's first lock (S1): whoever works is waited for, whoever comes waits
UNSENT = "SELECT topic, partition, seq, key, headers::text, value FROM outbox ORDER BY topic, partition, seq"
STOOD = "SELECT topic, partition, seq FROM lane"
TOLD = "SELECT kind, key, version, type, value FROM rebuild_told ORDER BY kind, key, version"
STORED = 'SELECT key, version, body::text FROM "{kind}" WHERE key = ANY ($1::text[])'
UNTOLD = 'SELECT key FROM "{kind}" k WHERE NOT EXISTS (SELECT FROM rebuild_told t WHERE t.kind = $1 AND t.key = k.key) ORDER BY key LIMIT 1'
INDEXED = "CREATE INDEX ON rebuild_told (kind, key, version); ANALYZE rebuild_told"
LACKING = """
SELECT s.kind, s.subject, s.key, s.stripe, s.due_at, s.body FROM rebuild_stands s LEFT JOIN timer t USING (kind, subject)
 WHERE (t.key, t.due_at, t.body) IS DISTINCT FROM (s.key, s.due_at, s.body)
"""
DROPPED = """
DELETE FROM timer t
 WHERE kind <> ALL ($1::text[]) AND NOT EXISTS (SELECT FROM rebuild_stands s WHERE (s.kind, s.subject) = (t.kind, t.subject))
RETURNING kind, subject
"""


class NoRebuild(Exception):
    """What was told is not all here, or cannot be read: nothing was written."""

    def __init__(self, code: HaltCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(slots=True)
class Rebuilt:
    """What was found. entities, differing: by kind, how many follow from facts, and the keys of those whose row said otherwise. armed,
    disarmed: deadlines (type and subject) that the table lacked or had otherwise, and those that nothing names. left: the tables that
    are written from facts too and were not looked at (G3).
    """

    facts: int = 0
    entities: dict[str, int] = field(default_factory=dict)
    differing: dict[str, list[str]] = field(default_factory=dict)
    armed: list[tuple[str, str]] = field(default_factory=list)
    disarmed: list[tuple[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (any(self.differing.values()) or self.armed or self.disarmed)


class Rebuild:
    """Of one service. connection: may write its schema, which is first in its search path; of this alone.

    begin(); take() all records of lanes(), in the order of each partition; hold() all stripes; take() what came meanwhile; finish().
    """

    def __init__(self, service: Service, topics: Mapping[str, Topic], stripes: int, connection: asyncpg.Connection) -> None:
        self._service, self._topics, self._stripes, self._connection = service, topics, stripes, connection
        self._lasts: dict[Lane, int] = defaultdict(int)
        self._staged: list[tuple[Any, ...]] = []
        self._unsent: list[Record] = []
        self._stood: dict[Lane, int] = {}
        self._transaction = connection.transaction()
        self.found = Rebuilt(left=[rows.table for rows in service.rows])

    @property
    def lanes(self) -> list[str]:
        """The topics that hold facts of its kinds."""
        return sorted({fact.topic.name for fact in self._service.kind_of})

    async def begin(self) -> None:
        await self._connection.execute(STAGE)

    async def take(self, records: Iterable[Record]) -> None:
        """G1. Of each number the first telling. Raises NoRebuild where one is missing or a fact cannot be read."""
        for record in records:
            self._take(record)
            if len(self._staged) >= STAGED_MAX:
                await self._stage()
        await self._stage()

    async def hold(self) -> None:
        """G2. What is not sent yet is read before where the topics end is asked: a row goes only after its acknowledgement."""
        await self._transaction.start()
        await self._connection.execute(HOLD)
        self._stood = {(row[0], row[1]): row[2] for row in await self._connection.fetch(STOOD) if row[0] in self.lanes}
        self._unsent = [
            Record(topic, partition, -1, key, value, (*unpack(headers), ("ce_sequence", str(seq).encode())))
            for topic, partition, seq, key, headers, value in await self._connection.fetch(UNSENT)
            if topic in self.lanes
        ]

    async def finish(self, *, write: bool) -> Rebuilt:
        """write False: only what would be. Raises NoRebuild."""
        await self.take(self._unsent)
        self._check_whole()
        await self._connection.execute(INDEXED)
        kinds = {kind.name: kind for kind in self._service.kinds}
        for kind in kinds.values():
            self.found.entities[kind.name], self.found.differing[kind.name] = 0, []
            untold = await self._connection.fetchval(UNTOLD.format(kind=kind.name), kind.name)
            if untold is not None:
                raise NoRebuild("halt.rebuild_untold", f"{kind.name} {untold} is in the table, and no fact is about it")
        chunk: list[tuple[str, int, Any]] = []
        name = ""
        async for kind_name, key, version, entity in self._folded(kinds):
            if chunk and (kind_name != name or len(chunk) >= FOLDED_MAX):
                await self._compare(kinds[name], chunk)
                chunk = []
            name = kind_name
            chunk.append((key, version, entity))
        if chunk:
            await self._compare(kinds[name], chunk)
        await self._timers()
        await (self._transaction.commit() if write else self._transaction.rollback())
        return self.found

    # -- what was told

    def _take(self, record: Record) -> None:
        headers = dict(record.headers)
        lane, sequence = (record.topic, record.partition), number_of(self._topics[record.topic], headers)
        if sequence <= self._lasts[lane]:
            return  # told again, or none of ours
        if sequence != self._lasts[lane] + 1:
            code: HaltCode = "halt.sequence_gap" if self._lasts[lane] else "halt.replay_shortened"
            raise NoRebuild(code, f"number {self._lasts[lane] + 1} of {lane[0]}/{lane[1]} is missing: the next is {sequence}")
        self._lasts[lane] = sequence
        type = (headers.get("ce_type") or b"").decode("utf-8", "replace")
        fact = self._topics[record.topic].types.get(type)
        if fact is None:
            raise NoRebuild("halt.replay_unreadable", f"{type or 'no type'} at {record.ref}")
        kind = self._service.kind_of.get(fact)
        if kind is None:
            return  # a message, about no entity
        key = kind.key(_parsed(fact, record.value, record.ref))
        self._staged.append((kind.name, key, int(headers["ce_entityversion"]), type, record.value))
        self.found.facts += 1

    async def _stage(self) -> None:
        if self._staged:
            await self._connection.copy_records_to_table("rebuild_told", records=self._staged)
            self._staged = []

    def _check_whole(self) -> None:
        for lane in sorted({*self._lasts, *self._stood}):
            told, stood = self._lasts[lane], self._stood.get(lane, 0)
            if told > stood:
                raise NoRebuild("halt.lane_behind_log", f"{lane[0]}/{lane[1]} holds number {told}, the database stands at {stood}")
            if told < stood:
                raise NoRebuild("halt.sequence_gap", f"{lane[0]}/{lane[1]} ends at number {told}, the database stands at {stood}")

    # -- what follows

    async def _folded(self, kinds: Mapping[str, Kind[Any, Any]]) -> AsyncIterator[tuple[str, str, int, Any]]:
        """Each entity with its kind, key and version. An entity's facts may lie in several lanes: they are taken by its versions."""
        types = {(kind.name, fact.type): fact for kind in kinds.values() for fact in kind.facts}
        place, version, entity = ("", ""), 0, None
        async for kind, key, number, type, value in self._connection.cursor(TOLD, prefetch=STAGED_MAX):
            if (kind, key) != place:
                if version:
                    yield *place, version, entity
                place, version, entity = (kind, key), 0, None
            if number != version + 1:
                raise NoRebuild("halt.rebuild_untold", f"{kind} {key}: fact {version + 1} was not told, or lies in no lane of ours")
            entity = kinds[kind].evolve(entity, _parsed(types[(kind, type)], value, f"{kind} {key}"))
            version = number
        if version:
            yield *place, version, entity

    async def _compare(self, kind: Kind[Any, Any], entities: list[tuple[str, int, Any]]) -> None:
        rows = await self._connection.fetch(STORED.format(kind=kind.name), [key for key, _, _ in entities])
        stored = {row[0]: (row[1], row[2]) for row in rows}
        wrong = [(key, version, entity) for key, version, entity in entities if not _same(kind, version, entity, stored.get(key))]
        self.found.entities[kind.name] += len(entities)
        self.found.differing[kind.name] += [key for key, _, _ in wrong]
        if wrong:
            part, bases = kind_part(kind.name), {key: stored.get(key, (0, ""))[0] for key, _, _ in wrong}
            written = [(key, version, bases[key], kind.dump(entity)) for key, version, entity in wrong]
            await self._connection.execute(part.spelled(), *part.arguments(written))
        if kind.timed:
            timers = [timer for _, _, entity in entities for timer in kind.due(entity)]
            stand = [(t.type, t.subject, t.key, stripe_of(t.key, self._stripes), t.occurred_at, t.to_json()) for t in timers]
            await self._connection.copy_records_to_table("rebuild_stands", records=stand)

    async def _timers(self) -> None:
        """Those of the engine's own stay: they go by what is held back (G3)."""
        rows = await self._connection.fetch(LACKING)
        if rows:
            await self._connection.execute(ARMED.spelled(), *ARMED.arguments([tuple(row) for row in rows]))
        self.found.armed = sorted((row[0], row[1]) for row in rows)
        self.found.disarmed = sorted((row[0], row[1]) for row in await self._connection.fetch(DROPPED, [OFFER, WAIT_OVER]))


def _parsed(fact: type[Message], value: bytes | None, where: str) -> Message:
    """N1. All of it, or none."""
    try:
        parsed: Message = told(fact).validate_json(value or b"")
        return parsed
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise NoRebuild("halt.replay_unreadable", f"{fact.type} at {where}: {what}") from None


def _same(kind: Kind[Any, Any], version: int, entity: Any, stored: tuple[int, str] | None) -> bool:
    """Also where an older program wrote it, without the fields that came since."""
    if stored is None or stored[0] != version:
        return False
    try:
        return stored[1] == kind.dump(entity) or kind.parse(stored[1]) == entity
    except (ValidationError, Newer):
        return False
