"""A store that commits a decision only where it is what was told: what a database lost is made again by it, and nothing is told twice.

Invariants kept here:
 A1 Each fact, copy and notice gets the number under which it was told, or one behind the end of its lane; what was told is not sent again.
 A2 Only what was told in part may be told for the rest; what was not told at all is left to the service, as long as anything is lacking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from shared.messaging.columns import turned
from shared.messaging.record import Effects, Held
from shared.messaging.recovery.lost import Lost, NoRecovery, Telling
from shared.messaging.shape import Kind, Service
from shared.messaging.store import Lane, Move, Opened, OutboxRow, Store
from shared.messaging.stripes import stripe_of

TOLD = """
DELETE FROM outbox o USING unnest($1::text[], $2::int[], $3::bigint[]) u(topic, partition, seq)
 WHERE (o.topic, o.partition, o.seq) = (u.topic, u.partition, u.seq)
"""


class Unfit(Exception):
    """It comes out otherwise than it was told, so its time has not come."""


@dataclass(slots=True)
class Aim:
    """What is tried. told: what is to come of it. holding: or it may be held back until that can come. news: or nothing was told of it.
    behind: itself as it stands in a queue, behind what is ready of its key in the engine's order and is not in ours: so it queues.
    """

    ref: str = ""
    told: Sequence[Telling] = ()
    holding: bool = False
    news: bool = False
    behind: Held | None = None


class Fitting(Store):
    """aim: set before each try. looked: what the last one looked at (kind and key). only: the place of what is held back and is offered
    now; empty: the rest, which nothing is to be told of.
    """

    def __init__(self, service: Service, stripes: int, lost: Lost) -> None:
        super().__init__(service, stripes)
        self.lost = lost
        self.aim = Aim()
        self.looked: set[tuple[str, str]] = set()
        self.only = ""

    async def open(
        self,
        connection: asyncpg.Connection,
        at: Sequence[Lane],
        ids: Sequence[tuple[str, str]],
        keys: Sequence[str],
        first: tuple[Kind[Any, Any], list[str]] | None,
    ) -> Opened:
        self.looked = {(first[0].name, key) for key in first[1]} if first is not None else set()
        opened = await super().open(connection, at, ids, keys, first)
        opened.any_held = opened.any_held or self.aim.behind is not None
        return opened

    async def load(self, connection: asyncpg.Connection, kind: Kind[Any, Any], keys: Sequence[str]) -> dict[str, tuple[int, Any]]:
        self.looked.update((kind.name, key) for key in keys)
        return await super().load(connection, kind, keys)

    async def load_held(self, connection: asyncpg.Connection, keys: Sequence[str], refs: Sequence[str]) -> dict[str, list[Held]]:
        """Those that wait or are ready go on when it is their turn by what was told of them, not when something of their key changes."""
        if self.aim.behind is not None:
            return {self.aim.behind.key: [self.aim.behind]}
        found = await super().load_held(connection, keys, [*refs, *([self.only] if self.only else [])])
        return {key: self._shown(rows) for key, rows in found.items()}

    def _shown(self, rows: list[Held]) -> list[Held]:
        offered = [replace(row, state="ready") for row in rows if row.ref == self.only]
        others = [row for row in rows if row.ref != self.only]
        if offered and any(row.state in ("parked", "ready") for row in others):
            return offered
        return [*offered, *(row for row in others if row.state not in ("waiting", "ready") or not self.lost.of(row.record))]

    async def save(self, connection: asyncpg.Connection, effects: Effects, moves: Sequence[Move], at: datetime) -> list[OutboxRow]:
        """A1. Raises Unfit before anything is written, NoRecovery where somebody else writes too."""
        numbers = self._fit(effects)
        outbox = await super().save(connection, effects, moves, at)
        for row, (lane, number) in zip(outbox, numbers, strict=True):
            if ((row.topic, row.partition), row.seq) != (lane, number):
                raise NoRecovery("halt.recovery_differs", f"somebody else works: {lane[0]}/{lane[1]} went on to {row.seq}")
        told = [(row.topic, row.partition, row.seq) for row in outbox if row.seq <= self.lost.last[(row.topic, row.partition)]]
        if told:
            await connection.execute(TOLD, *turned(told, 3))
        return outbox

    def _fit(self, effects: Effects) -> list[tuple[Lane, int]]:
        lost, aim = self.lost, self.aim
        sizes, numbers, made, news = Counter[Lane](), [], set[Telling](), False
        for out in effects.facts:
            lane = (out.topic, out.partition if out.partition is not None else stripe_of((out.key or b"").decode(), self.stripes))
            sizes[lane] += 1
            numbers.append((lane, lost.stands[lane] + sizes[lane]))
            telling = lost.at(*numbers[-1])
            if telling is None:
                news = True
                if lost.elsewhere(out, lane):
                    raise Unfit(f"{out.topic} has it, or another in its place")
            elif lost.same(telling, out):
                made.add(telling)
            else:
                raise Unfit(f"{telling} is another")
        if news and not made and not aim.news:
            raise Unfit("it was not told")
        missing = next((telling for telling in aim.told if telling not in made), None)
        if missing is not None and not (aim.holding and aim.ref in effects.held):
            raise Unfit(f"{missing} does not come of it")
        return numbers
