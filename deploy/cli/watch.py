"""Whether anything is left to do, seen from outside: what the tables say against where the topics end.

One look takes one snapshot of all schemas and then reads the ends. If the cursors of that snapshot stand at the ends, everything
published until then was done when it was taken; if there was nothing in the outboxes and nothing due either, nothing can follow from
it: whoever was about to commit something had taken a record that no cursor had passed, or a timer that still stood there as unsent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import asyncpg
from confluent_kafka import KafkaException, Producer

from deploy.cli.ends import POLICY, Ends, Read, by_topic, left
from deploy.cli.errors import Failed, worded
from deploy.local.kafka import quiet
from deploy.local.seeding import inputs_of, publish_clock
from deploy.local.services import discover
from deploy.local.stack import Stack
from shared import postgres
from shared.messaging.store import Lane

LIVE = timedelta(seconds=10)  # a process that was not seen for that long is gone
POLL_SECONDS = 0.02
POLL_MAX_SECONDS = 0.25  # a look costs what is looked at: the longer it takes, the rarer
FRESH_SECONDS = 1.0  # for so long the ends that were read last serve to see that something is left
TIMEOUT_SECONDS = 60.0
LOOK_SECONDS = 20.0  # the longest that one look takes
CONNECT_SECONDS = 10.0
LOOK_LEAST_SECONDS = 2.0  # with less left, or nothing, it still has so long
INTERRUPTED = (OSError, TimeoutError, KafkaException, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
FOR_EVER = datetime.max.replace(tzinfo=UTC)
COUNT_MAX = 1000  # of a table that is not empty, no more is counted

STANDING = """
SELECT {service} AS service,
       (SELECT array_agg(ROW(topic, partition, position)) FROM {schema}.cursor) AS cursors,
       (SELECT count(*) FROM (SELECT FROM {schema}.outbox LIMIT $3) o) AS outbox,
       (SELECT count(*) FROM (SELECT FROM {schema}.parked WHERE state = 'ready' LIMIT $3) r) AS ready,
       (SELECT count(*) FROM (SELECT FROM generate_series(0, {stripes} - 1) s(n), LATERAL (
          SELECT FROM {schema}.timer WHERE stripe = s.n AND sent_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $3) t
          LIMIT $3) d) AS unsent,
       (SELECT count(*) FROM (SELECT FROM {schema}.timer t WHERE sent_at IS NOT NULL AND due_at <= $1
          AND NOT EXISTS (SELECT FROM {schema}.parked p WHERE p.key = t.key AND p.state = 'parked') ORDER BY due_at LIMIT $3) s) AS sent,
       (SELECT array_agg(ROW(id, clock_at, policies_read, halts)) FROM {schema}.process
         WHERE seen_at > clock_timestamp() - $2::interval) AS processes
"""
UNSENT = """
SELECT d.due_at FROM generate_series(0, {stripes} - 1) s(n), LATERAL (
  SELECT due_at FROM {schema}.timer WHERE stripe = s.n AND sent_at IS NULL AND due_at <= $1 ORDER BY due_at {way} LIMIT 1) d
"""  # the first or the last of each stripe, as the index has them


class NotIdle(Exception):
    """Something was left when the time was over; left says what, one line each."""

    def __init__(self, sweep: Sweep, seconds: float) -> None:
        self.left = sweep.left
        super().__init__("\n".join([f"not idle after {seconds:.0f} s; left:", *(f"  {line}" for line in sweep.left)]))


@dataclass(frozen=True, slots=True)
class Sweep:
    """left: what is not done, one line each, sorted. clock None: the system's. ends: of each partition that a service reads."""

    left: tuple[str, ...]
    clock: datetime | None
    ends: Mapping[Lane, int]


class Watch:
    """Long-lived connections for many sweeps: `async with Watch(stack) as watch: await watch.idle()`.

    groups: consumer groups of apps (a PSP connector, say) that must have committed up to the ends as well.
    """

    def __init__(self, stack: Stack, groups: Iterable[str] = ()) -> None:
        self.stack = stack
        self.grace = timedelta(seconds=stack.settings(postgres.OPS).grace_s)
        self._inputs = {service: frozenset(inputs_of(service)) for service in discover()}
        self._ends = Ends(stack, sorted(frozenset[str]().union(*self._inputs.values())), sorted(groups))
        self._standing, self._earliest, self._latest = _statements(self._inputs, stack.stripes)
        self._connection: asyncpg.Connection | None = None
        self._clock: Producer | None = None
        self._last: tuple[float, Read] | None = None  # when the ends were read, and what they were
        self._at: datetime | None = None  # where a manual clock stood last

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        self._ends.close()
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)

    async def idle(self, timeout_s: float = TIMEOUT_SECONDS) -> Sweep:
        """Returns the first look with nothing left; servers may come back meanwhile, and one that does not answer keeps nobody longer.

        Raises NotIdle.
        """
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            try:
                sweep = await self.sweep(whole=waited > timeout_s, seconds=max(LOOK_LEAST_SECONDS, timeout_s - waited))
            except INTERRUPTED as error:
                self._disconnect()
                sweep = Sweep((f"cannot look: {worded(error)}",), None, {})
                waited = time.monotonic() - began
            if not sweep.left:
                return sweep
            if waited > timeout_s:
                raise NotIdle(sweep, timeout_s)
            await asyncio.sleep(min(max(POLL_SECONDS, waited / 10), POLL_MAX_SECONDS))

    async def sweep(self, *, whole: bool = True, seconds: float = LOOK_SECONDS) -> Sweep:
        """One look: what the groups committed, one snapshot of all tables, then the ends. Not whole: the ends need not be read where the
        tables are not done with those that were read last, as topics only go on; that is a tenth of the price. seconds: that all its
        questions have together.
        """
        until = time.monotonic() + min(seconds, LOOK_SECONDS)
        while True:
            at = self._at
            committed = await asyncio.to_thread(self._ends.committed, until)
            rows = await self._rows(at, until)
            if not whole and self._last is not None and time.monotonic() - self._last[0] <= FRESH_SECONDS:
                lines = [line for row in rows for line in self._left(row, self._last[1].ends, None)]
                if lines:
                    return Sweep(tuple(sorted(lines)), None, {})
            read = await asyncio.to_thread(self._ends.read, committed, until)
            self._last, self._at = (time.monotonic(), read), self._manual(read)
            if self._at == at:
                lines = [line for row in rows for line in self._left(row, read.ends, at)]
                return Sweep(tuple(sorted([*lines, *read.behind])), at, read.ends)

    async def _rows(self, at: datetime | None, until: float) -> list[asyncpg.Record]:
        """What the tables say, by service. at: the business time by which something is due; None: the system's."""
        now = datetime.now(UTC)
        connection = await self._connected(left(until))
        return list(await connection.fetch(self._standing, (at or now) - self.grace, LIVE, COUNT_MAX, timeout=left(until)))

    def _manual(self, read: Read) -> datetime | None:
        return read.clock if self.stack.clock == "manual" else None

    async def clock(self) -> datetime:
        """Business time now."""
        if self.stack.clock != "manual":
            return datetime.now(UTC)
        return (await asyncio.to_thread(self._ends.read, {}, time.monotonic() + LOOK_SECONDS)).clock

    async def set_clock(self, to: datetime) -> None:
        """Tells every process; returns when the broker has it, not when they follow. Raises StackError."""
        if self._clock is None:
            self._clock = Producer({**quiet(self.stack.settings(postgres.OPS).confluent()), "acks": "all", "linger.ms": 0})
        await asyncio.to_thread(publish_clock, self._clock, to)
        self._at = to

    async def next_due(self) -> datetime | None:
        """The earliest deadline that is not sent yet; None: none stands."""
        return await self._due(self._earliest, FOR_EVER)

    async def last_due(self, until: datetime) -> datetime | None:
        """The latest one up to then."""
        return await self._due(self._latest, until)

    async def _due(self, statement: str, until: datetime) -> datetime | None:
        found: datetime | None = await (await self._connected()).fetchval(statement, until)
        return found

    async def _connected(self, seconds: float = LOOK_SECONDS) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self.stack.dsn(postgres.OPS), timeout=min(seconds, CONNECT_SECONDS), command_timeout=60
            )
        return self._connection

    def _disconnect(self) -> None:
        """One that broke in the middle of a call knows of nothing and says the same for ever."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    def _left(self, row: asyncpg.Record, ends: Mapping[Lane, int], clock: datetime | None) -> list[str]:
        service = row["service"]
        lines = [f"{service}: {said}" for count, said in _counts(row) if count]
        lines += _unread(service, row["cursors"] or (), ends, self._inputs[service])
        processes = row["processes"] or ()
        if not processes:
            lines.append(f"{service}: no process was seen for {LIVE.seconds} s")
        for identity, clock_at, policies_read, halts in processes:
            if halts:
                lines.append(f"{identity}: {halts}")
            if policies_read < ends[POLICY]:
                lines.append(f"{identity}: {ends[POLICY] - policies_read} records of {POLICY[0]} are not read")
            if clock is not None and clock_at != clock:
                lines.append(f"{identity}: its clock stands at {clock_at.isoformat()}, not at {clock.isoformat()}")
        return lines


async def now(stack: Stack) -> datetime:
    """Business time."""
    async with Watch(stack) as watch:
        return await watch.clock()


def _statements(services: Iterable[str], stripes: int) -> tuple[str, str, str]:
    """STANDING, and the earliest and the latest of UNSENT up to a time, over all schemas, each in one statement: one snapshot."""
    names = [{"schema": postgres.quoted(service), "service": f"'{service}'", "stripes": stripes} for service in services]
    standing = " UNION ALL ".join(STANDING.format(**name) for name in names)
    earliest, latest = (" UNION ALL ".join(UNSENT.format(**name, way=way) for name in names) for way in ("ASC", "DESC"))
    return standing, f"SELECT min(due_at) FROM ({earliest}) t", f"SELECT max(due_at) FROM ({latest}) t"


def _counts(row: asyncpg.Record) -> list[tuple[int, str]]:
    return [
        (row["outbox"], f"{_number(row['outbox'])} rows of the outbox are not published"),
        (row["ready"], f"{_number(row['ready'])} held events are to be offered again"),
        (row["unsent"], f"{_number(row['unsent'])} timers are due and not sent"),
        (row["sent"], f"{_number(row['sent'])} timers are sent and not handled"),
    ]


def _number(count: int) -> str:
    return str(count) if count < COUNT_MAX else f"{count} or more"


def _unread(service: str, cursors: Iterable[Any], ends: Mapping[Lane, int], inputs: frozenset[str]) -> list[str]:
    """One line a topic: how many records of it are not done. Raises Failed."""
    lacking: list[tuple[str, int]] = []
    for topic, partition, position in cursors:
        if topic in inputs and (topic, partition) not in ends:
            raise Failed(f"halt.partition_count: {service} reads {topic}/{partition}; LAOTIE_STRIPES says that there are fewer partitions")
        if topic in inputs:
            lacking.append((topic, ends[(topic, partition)] - position))
    return [f"{service}: {count} records of {topic} are not read" for topic, count in by_topic(lacking).items()]
