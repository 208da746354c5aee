"""Deadlines: due rows become events of the service's own timer topic.

Invariants kept here:
 T1 A timer is sent once, in the transaction that says so, through the outbox like any fact.
 T2 A stripe's timers fire only once its input partitions are done up to the ends read after due_at + grace: after an
    outage the backlog comes first. A topic on which a key was seen off its stripe counts with all its partitions.
    What has halted, or is beyond the end, is not done: a topic that was made anew may be shorter than its cursor.
 T3 Nor do deadlines of a key fire while what is held back of it is offered again: that is backlog too.
 T4 Of the machine's clock and the database's the earlier one counts: one that is ahead brings no deadline early. A manual one counts alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.clock import BusinessClock
from shared.messaging.connect import NOW, Connect, Failures, infrastructure, leave, wait
from shared.messaging.fold import OFFER, timer_id
from shared.messaging.message import source_of
from shared.messaging.metrics import METRICS
from shared.messaging.record import Headers, pack
from shared.messaging.saving import LANES, OUTBOX, Part
from shared.messaging.store import Lane, OutboxRow
from shared.settings import Settings

TICK_SECONDS = 0.25
REST = 4  # times as long as a look took: beside a backup's long transaction it passes over all that fired since that began
TIMERS_MAX = 1000  # sent in one transaction
LATE = timedelta(minutes=1)  # where many fire some are due whenever one looks: so long after that it is worth telling

DUE = """
SELECT s.n FROM unnest($2::int[]) s(n), LATERAL (
  SELECT FROM timer WHERE stripe = s.n AND sent_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT 1) d
"""  # in the order of the index, which is read no further: here and below
CURSORS = "SELECT topic, partition, position, astray FROM cursor"
TAKE = f"""
SELECT d.* FROM unnest($2::int[]) s(n), LATERAL (
  SELECT kind, subject, key, stripe, due_at, body FROM timer t WHERE stripe = s.n AND sent_at IS NULL AND due_at <= $1
     AND (kind = '{OFFER}' OR NOT EXISTS (SELECT FROM timer o WHERE o.kind = '{OFFER}' AND o.subject = t.key))
   ORDER BY due_at, kind, subject LIMIT $3 FOR UPDATE SKIP LOCKED) d
"""  # T3: the row of an offer stands until nothing is left to be offered
FIRED = Part(
    "UPDATE timer t SET sent_at = $1 FROM {rows} WHERE (t.kind, t.subject) = (u.kind, u.subject)", {"kind": "text", "subject": "text"}
)
SENT = FIRED.spelled(1)
SEND = f"""
WITH lanes AS ({LANES.spelled()}), sent AS ({OUTBOX.spelled(len(LANES.columns))})
SELECT topic, partition, seq, (SELECT count(*) FROM sent) FROM lanes
"""

log = logging.getLogger("laotie.timers")


@dataclass(frozen=True, slots=True)
class Watermark:
    """T2. cutoff: timers due by then may fire once every partition is done up to its end."""

    cutoff: datetime
    ends: dict[Lane, int]


class Poller:
    """One per process, for the stripes it is assigned. offer: hands committed rows to the relay."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        topics: list[str],
        clock: BusinessClock,
        connect: Connect,
        offer: Callable[[Iterable[OutboxRow]], None],
    ) -> None:
        self.numbers: list[int] = []
        self.halts: Callable[[], Container[int]] = tuple
        self._settings = settings
        self._service = service
        self._topics = topics
        self._clock = clock
        self._connect = connect
        self._offer = offer
        self._grace = timedelta(seconds=settings.grace_s)
        self._marks: dict[int, Watermark] = {}
        self._due_since: dict[int, datetime] = {}  # by stripe: the first cutoff of those that are not sent
        self._astray: set[str] = set()  # topics, when the marks were made
        self._failures = Failures("sending deadlines")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            kafka = AIOKafkaConsumer(**self._settings.aiokafka(), enable_auto_commit=False)
            connection: asyncpg.Connection | None = None
            try:
                await kafka.start()
                connection = await self._connect("timers")
                while True:
                    moved, began = self._clock.moved, time.monotonic()
                    if not await self._turn(connection, kafka):
                        rest = max(TICK_SECONDS, REST * (time.monotonic() - began))
                        await wait(moved, TICK_SECONDS / 10 if self._marks else rest)
                    self._failures.over()
            except Exception as error:
                if not infrastructure(error):
                    raise
                self._marks.clear()
                log.warning("timers interrupted: %s: %s", type(error).__name__, error)
                await asyncio.sleep(self._failures.again(error))
            finally:
                await leave(kafka)
                if connection is not None:
                    connection.terminate()

    @property
    def trouble(self) -> str:
        """What keeps deadlines from being sent, once it is no hiccup any more; else empty."""
        return self._failures.trouble

    async def _turn(self, connection: asyncpg.Connection, kafka: AIOKafkaConsumer) -> bool:
        """True: there is more to send now."""
        cutoff = await self._now(connection) - self._grace
        halts = self.halts()
        due = {row[0] for row in await connection.fetch(DUE, cutoff, self.numbers) if row[0] not in halts}
        self._due_since = {stripe: self._due_since.get(stripe, cutoff) for stripe in due}
        METRICS.timers_due.set(sum(cutoff - since > LATE for since in self._due_since.values()))
        self._marks = {stripe: mark for stripe, mark in self._marks.items() if stripe in due}
        if not due:
            return False
        cursors = await connection.fetch(CURSORS)
        done = {(row[0], row[1]): row[2] for row in cursors}
        astray = {row[0] for row in cursors if row[3]}
        if astray != self._astray:  # T2: the marks do not know of that topic's other partitions
            self._marks, self._astray = {}, astray
        fresh = sorted(due - self._marks.keys())
        if fresh:
            ends = await self._ends(kafka, fresh, astray)
            for stripe in fresh:
                if all(done.get(place, 0) <= end for place, end in ends[stripe].items()):
                    self._marks[stripe] = Watermark(cutoff, ends[stripe])
        ready = [stripe for stripe, mark in self._marks.items() if all(done.get(place, 0) >= end for place, end in mark.ends.items())]
        more = False
        cutoffs = {stripe: self._marks[stripe].cutoff for stripe in ready}
        for moment in sorted(set(cutoffs.values())):
            stripes = [stripe for stripe in ready if cutoffs[stripe] == moment]
            most = max(1, TIMERS_MAX // len(stripes))
            sent = await self._fire(connection, moment, stripes, most)
            for stripe in (stripe for stripe in stripes if sent[stripe] < most):
                del self._marks[stripe], self._due_since[stripe]
            more = more or any(sent.values())
        return more

    async def _now(self, connection: asyncpg.Connection) -> datetime:
        """T4."""
        now = self._clock.now()
        return now if self._clock.manual else min(now, await connection.fetchval(NOW))

    async def _ends(self, kafka: AIOKafkaConsumer, stripes: list[int], astray: set[str]) -> dict[int, dict[Lane, int]]:
        wanted = {(topic, n) for topic in self._topics for n in (range(self._settings.stripes) if topic in astray else stripes)}
        ends = await kafka.end_offsets([TopicPartition(*place) for place in wanted])
        found = {(place.topic, place.partition): end for place, end in ends.items()}
        return {stripe: {place: end for place, end in found.items() if place[1] == stripe or place[0] in astray} for stripe in stripes}

    async def _fire(self, connection: asyncpg.Connection, cutoff: datetime, stripes: list[int], most: int) -> Counter[int]:
        """T1. How many of each stripe, the next ones of each."""
        async with connection.transaction():
            rows = await connection.fetch(TAKE, cutoff, stripes, most)
            rows.sort(key=lambda row: (row["due_at"], row["kind"], row["subject"]))
            if rows:
                await connection.execute(SENT, datetime.now(UTC), *FIRED.arguments([(row["kind"], row["subject"]) for row in rows]))
            sent = await self._send(connection, rows) if rows else []
        METRICS.timers_sent.inc(len(rows))
        self._offer(sent)
        return Counter(row["stripe"] for row in rows)

    async def _send(self, connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[OutboxRow]:
        topic = f"{self._service}.timer.v1"
        sizes = Counter[int]()
        placed = []
        for row in rows:
            sizes[row["stripe"]] += 1
            placed.append((row["stripe"], sizes[row["stripe"]], row))
        lanes = LANES.arguments([(topic, stripe, size) for stripe, size in sorted(sizes.items())])
        outs = [(topic, n, sizes[n] - nth, row["key"].encode(), self._headers(row), row["body"]) for n, nth, row in placed]
        tops = await connection.fetch(SEND, *lanes, *OUTBOX.arguments([(*out[:4], pack(out[4]), out[5]) for out in outs]))
        top = {lane[1]: lane[2] for lane in tops}
        return [OutboxRow(t, n, top[n] - back, key, headers, value) for t, n, back, key, headers, value in outs]

    def _headers(self, row: asyncpg.Record) -> Headers:
        identity = timer_id(row["kind"], row["subject"], row["due_at"])
        trace = blake2b(identity.encode(), digest_size=24).hexdigest()
        texts = {
            "ce_specversion": "1.0",
            "ce_id": identity,
            "ce_source": source_of(self._service),
            "ce_type": row["kind"],
            "ce_subject": row["key"],
            "ce_time": row["due_at"].isoformat(),
            "content-type": "application/json",
            "traceparent": f"00-{trace[:32]}-{trace[32:]}-01",
            "ce_correlationid": row["key"],
        }
        return tuple((name, text.encode()) for name, text in texts.items())
