"""All SQL of one batch: four round trips from BEGIN to COMMIT for what touches one kind, whatever the batch holds.

Invariants kept here:
 S1 Locks are taken in one order by everyone: stripes, entities by kind and key, timers, lanes.
 S2 A row is written only over the version that was read: fewer rows than asked for is a lost race, and rolls back. A row that does
    not exist is not locked: law 6 in shape.py says what that asks of decisions.
 S3 A cursor moves only from the position that the batch continues.
 S4 A lane's numbers are dense: they are given under the lane's row lock, in the transaction that writes the state.
 S5 A body comes back as it was written, the order of its keys too: `json`, as `jsonb` sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import asyncpg

from shared.messaging.columns import texts, turned
from shared.messaging.record import Changed, Effects, Held, Record, pack, unpack
from shared.messaging.saving import Part, save_parts, save_statement
from shared.messaging.shape import Kind, Service
from shared.messaging.stripes import stripe_of

HELD_PER_KEY = 220  # rows read of one key: more than may wait, and more than are offered in one batch

LOCK_STRIPES = "BEGIN; SELECT FROM stripe WHERE n IN ({}) ORDER BY n FOR UPDATE"

OPEN = """
SELECT (SELECT array_agg(ROW(c.topic, c.partition, c.position, c.last_seq)) FROM cursor c
          JOIN unnest($1::text[], $2::int[]) u(topic, partition) ON (c.topic, c.partition) = (u.topic, u.partition)),
       (SELECT array_agg(ROW(i.source, i.id, i.body_hash)) FROM inbox i
          JOIN ROWS FROM (json_array_elements_text($3::json), json_array_elements_text($4::json)) u(source, id)
            ON (i.source, i.id) = (u.source, u.id)),
       EXISTS (SELECT FROM parked WHERE key = ANY (ARRAY(SELECT json_array_elements_text($5::json))))
"""

LOAD = """
SELECT key, version, body::text FROM "{kind}" WHERE key = ANY (ARRAY(SELECT json_array_elements_text($1::json))) ORDER BY key FOR UPDATE
"""

OPEN_WITH = f"{OPEN}, (SELECT array_agg(ROW(e.key, e.version, e.body)) FROM ({LOAD.replace('$1', '$6')}) e)"

LOAD_HELD = """
SELECT p.* FROM unnest($1::text[]) k(key),
       LATERAL (SELECT * FROM parked WHERE parked.key = k.key ORDER BY (state = 'expired'), n LIMIT $2) p
 UNION SELECT * FROM parked WHERE ref = ANY ($3::text[]) AND key = ANY ($1::text[]) ORDER BY n
"""

DROP_HELD = "DELETE FROM parked WHERE ref = ANY ($1::text[])"
DROP_INBOX = "DELETE FROM inbox i USING unnest($1::text[], $2::text[]) u(source, id) WHERE (i.source, i.id) = (u.source, u.id)"
RESTATE = "UPDATE parked SET state = $3, at = coalesce($4, at) WHERE key = $1 AND state = $2"
HELD = Part(
    """
INSERT INTO parked (ref, state, key, topic, partition, "offset", record_key, headers, value, timestamp_ms, reason, error, attempts, at)
SELECT u.ref, u.state, u.key, u.topic, u.partition, u."offset", u.record_key, u.headers, u.value, u.timestamp_ms, u.reason, u.error,
       u.attempts, u.at
  FROM {rows} ORDER BY u.nth
ON CONFLICT (ref) DO UPDATE
   SET state = excluded.state, reason = excluded.reason, error = excluded.error, attempts = excluded.attempts, at = excluded.at
""",
    {
        "nth": "int",
        "ref": "text",
        "state": "text",
        "key": "text",
        "topic": "text",
        "partition": "int",
        "offset": "bigint",
        "record_key": "bytea",
        "headers": "text",
        "value": "bytea",
        "timestamp_ms": "bigint",
        "reason": "text",
        "error": "text",
        "attempts": "int",
        "at": "timestamptz",
    },
)  # `n` is given in the order in which they were held
SAVE_HELD = HELD.spelled()

Lane = tuple[str, int]


class LostRace(Exception):
    """Another transaction was faster: fewer rows were written than asked for."""


@dataclass(slots=True)
class Opened:
    """cursors: (topic, partition) → (position, last ce_sequence or None). inbox: (source, id) → body hash."""

    cursors: dict[Lane, tuple[int, int | None]]
    inbox: dict[tuple[str, str], bytes]
    any_held: bool
    loaded: dict[str, tuple[int, Any]] = field(default_factory=dict)  # of the kind asked for: key → (version, entity)


@dataclass(frozen=True, slots=True)
class Move:
    """One cursor's way in a batch. last_seq None: nothing of ours was taken."""

    topic: str
    partition: int
    since: int
    upto: int
    last_seq: int | None
    astray: bool


class OutboxRow(NamedTuple):
    topic: str
    partition: int
    seq: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None


class Store:
    """The SQL of one service, spelled from its kinds and rows. Connections are handed in."""

    def __init__(self, service: Service, stripes: int) -> None:
        self.service = service
        self.stripes = stripes
        self._parts = save_parts(service)
        self._saves: dict[tuple[str, ...], str] = {}  # by the parts that have something to write: few combinations occur

    async def begin(self, connection: asyncpg.Connection, stripes: Iterable[int]) -> None:
        """S1. One round trip; every later statement sees all that the stripes' former holders committed."""
        await connection.execute(LOCK_STRIPES.format(",".join(str(int(n)) for n in sorted(stripes))))

    async def open(
        self,
        connection: asyncpg.Connection,
        at: Sequence[Lane],
        ids: Sequence[tuple[str, str]],
        keys: Sequence[str],
        first: tuple[Kind[Any, Any], list[str]] | None,
    ) -> Opened:
        """first: the first kind that is touched and its keys; these rows are locked too."""
        arguments = [*turned(at, 2), *map(texts, turned(ids, 2)), texts(keys)]
        if first is None:
            row = await connection.fetchrow(OPEN, *arguments)
        else:
            row = await connection.fetchrow(OPEN_WITH.format(kind=first[0].name), *arguments, texts(first[1]))
        assert row is not None
        return Opened(
            {(c[0], c[1]): (c[2], c[3]) for c in row[0] or ()},
            {(i[0], i[1]): i[2] for i in row[1] or ()},
            row[2],
            {e[0]: (e[1], first[0].parse(e[2])) for e in row[3] or ()} if first is not None else {},
        )

    async def load(self, connection: asyncpg.Connection, kind: Kind[Any, Any], keys: Sequence[str]) -> dict[str, tuple[int, Any]]:
        rows = await connection.fetch(LOAD.format(kind=kind.name), texts(keys))
        return {row[0]: (row[1], kind.parse(row[2])) for row in rows}

    async def load_held(self, connection: asyncpg.Connection, keys: Sequence[str], refs: Sequence[str]) -> dict[str, list[Held]]:
        """The first of each key, and those that are named, in order."""
        found: dict[str, list[Held]] = {}
        for row in await connection.fetch(LOAD_HELD, keys, HELD_PER_KEY, refs):
            found.setdefault(row["key"], []).append(held_of(dict(row)))
        return found

    async def save(self, connection: asyncpg.Connection, effects: Effects, moves: Sequence[Move], at: datetime) -> list[OutboxRow]:
        """Everything, then the rows of the outbox as numbered. Raises LostRace (S2, S3)."""
        if effects.held or effects.released or effects.restated or effects.inbox_gone:
            await self._save_held(connection, effects)
        outs, sizes = self._lanes(effects)
        written = {name: rows for name, rows in self._rows(effects, moves, at, outs, sizes) if rows}
        if not written:
            return []
        names = tuple(written)
        statement = self._saves.get(names) or self._saves.setdefault(names, save_statement(self._parts, names))
        row = await connection.fetchrow(statement, *(a for name, rows in written.items() for a in self._parts[name].arguments(rows)))
        assert row is not None
        asked = sum(len(rows) for name, rows in written.items() if self._parts[name].counted)
        if row[0] != asked:
            raise LostRace(f"{row[0]} rows of {asked}")
        tops = {(lane[0], lane[1]): lane[2] for lane in row[1] or ()}
        return [OutboxRow(t, p, tops[(t, p)] - back, key, headers, value) for t, p, back, key, headers, value in outs]

    def _rows(
        self, effects: Effects, moves: Sequence[Move], at: datetime, outs: list[Any], sizes: Mapping[Lane, int]
    ) -> Iterator[tuple[str, list[Any]]]:
        """What each part of the statement writes, in the order of the parts."""
        changed: dict[Kind[Any, Any], list[tuple[str, Changed]]] = {kind: [] for kind in self.service.kinds}
        for (kind, key), entity in effects.entities.items():
            changed[kind].append((key, entity))
        for nth, (kind, entities) in enumerate(changed.items()):
            yield f"kind{nth}", [(key, c.version, c.base, kind.dump(c.after)) for key, c in sorted(entities, key=itemgetter(0))]
        for nth, table in enumerate(self.service.rows):
            yield f"rows{nth}", table.merged(effects.rows.get(table, []))
        yield "inboxed", [(*place, digest, at) for place, digest in sorted(effects.inbox.items())]
        yield "disarmed", sorted(effects.disarmed - effects.armed.keys())
        timers = sorted(effects.armed.values(), key=lambda timer: (timer.kind, timer.subject))
        yield "armed", [(t.kind, t.subject, t.key, stripe_of(t.key, self.stripes), t.due_at, t.body) for t in timers]
        yield "lanes", [(*lane, size) for lane, size in sorted(sizes.items())]
        yield "sent", [(t, p, back, key, pack(headers), value) for t, p, back, key, headers, value in outs]
        yield "moved", [(m.topic, m.partition, m.since, m.upto, m.last_seq, m.astray) for m in moves]

    def _lanes(self, effects: Effects) -> tuple[list[Any], dict[Lane, int]]:
        """S4. Each row with its distance from the lane's new end: counted from behind."""
        placed = []
        sizes: dict[Lane, int] = {}
        for topic, key, headers, value, given in reversed(effects.facts):
            number = given if given is not None else stripe_of((key or b"").decode(), self.stripes)
            back = sizes.get((topic, number), 0)
            placed.append((topic, number, back, key, headers, value))
            sizes[(topic, number)] = back + 1
        placed.reverse()
        return placed, sizes

    async def _save_held(self, connection: asyncpg.Connection, effects: Effects) -> None:
        """Statement by statement. By key first: single rows then say otherwise."""
        if effects.restated:
            await connection.executemany(RESTATE, effects.restated)
        if effects.released:
            await connection.execute(DROP_HELD, list(effects.released))
        if effects.inbox_gone:
            await connection.execute(DROP_INBOX, *turned(sorted(effects.inbox_gone), 2))
        if effects.held:
            await connection.execute(SAVE_HELD, *HELD.arguments([(nth, *held_row(held)) for nth, held in enumerate(effects.held.values())]))


def held_row(held: Held) -> tuple[Any, ...]:
    r = held.record
    place = (held.ref, held.state, held.key, r.topic, r.partition, r.offset, r.key, pack(r.headers), r.value, r.timestamp_ms)
    return (*place, held.reason, held.error[:4000].replace("\x00", " "), held.attempts, held.at)


def held_of(row: Mapping[str, Any]) -> Held:
    headers = unpack(row["headers"])
    record = Record(row["topic"], row["partition"], row["offset"], row["record_key"], row["value"], headers, row["timestamp_ms"])
    return Held(row["ref"], row["state"], row["key"], record, row["reason"], row["error"], row["attempts"], row["at"])
