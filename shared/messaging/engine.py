"""One process of one service: checks, then clock, relay, timers, membership and the flow of its assignment.

Stop order: stop polling, finish the running batches, leave the group, empty the relay.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from shared.messaging.checks import check_log, check_schema, check_service
from shared.messaging.clock import BusinessClock
from shared.messaging.connect import AFRESH, IDLE_IN_TRANSACTION_SECONDS, NOW, REFUSALS, Halted, backoff, connector, infrastructure, wait
from shared.messaging.consume import Consumer
from shared.messaging.flow import Flow
from shared.messaging.halting import who_halted
from shared.messaging.holders import END_FROZEN
from shared.messaging.membership import Membership
from shared.messaging.message import Topic
from shared.messaging.metrics import METRICS
from shared.messaging.relay import Relay
from shared.messaging.shape import Policies, Service
from shared.messaging.store import Lane, Store
from shared.messaging.telling import count_from_nought
from shared.messaging.timers import Poller
from shared.messaging.topic_ids import check_ids_now
from shared.messaging.versions import Following, Published, Static
from shared.settings import Settings

BEAT_SECONDS = 1.0
SEEN_SECONDS = 5.0
WATCHED_SECONDS = 15.0  # between two looks at a service's own figures
INBOX_DAYS = 30  # how long a copy of an upstream event is known; stated in the contract
PRUNE_SECONDS = 60.0
PRUNE_ROWS = 5000
PRUNE_CHUNKS_MAX = 40  # a turn; the rest follows in the next
STALLED_SECONDS = 60.0  # no turn of the loop for that long: restart me

# One database of a running server may be restored alone: then its tables lie elsewhere.
VERIFIED = "SELECT concat_ws(' ', pg_postmaster_start_time(), pg_relation_filenode('lane'))"
BEAT = """
INSERT INTO process (id, started_at, seen_at, clock_at, policies_read, halts) VALUES ($1, $2, clock_timestamp(), $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, clock_at = excluded.clock_at,
       policies_read = excluded.policies_read, halts = excluded.halts RETURNING seen_at
"""
FORGET = "DELETE FROM process WHERE id = $1 OR seen_at < clock_timestamp() - interval '1 day'"
HELD = "SELECT state, count(*) FROM parked GROUP BY state"
PRUNE = "DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox WHERE at < $1 LIMIT $2)"

log = logging.getLogger("laotie.engine")


class Engine:
    """start() returns at once; ready() and alive() say how it is. migrations: name → sha256 as this code has them."""

    def __init__(
        self, service: Service, topics: Sequence[Topic], policies: Policies | Published, settings: Settings, migrations: Mapping[str, str]
    ) -> None:
        check_service(service, topics)
        self.service = service
        self.settings = settings
        self.instance = f"{service.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.halted = ""
        self.inputs = [topic.name for topic in topics if not topic.single and ("*" in topic.readers or service.name in topic.readers)]
        self.own = [topic for topic in topics if service.name in topic.writers and topic.own and not topic.single]
        self.clock = BusinessClock(settings)
        self._migrations = migrations
        self._raw = connector(settings.postgres, self.instance)
        self._verified = ""
        self._checking = asyncio.Lock()
        self.relay = Relay(settings, self._connect)
        self.versions = (
            Following(policies, service, settings, self.clock, self._connect, self.relay.offer)
            if isinstance(policies, Published)
            else Static(policies)
        )
        by_name = {topic.name: topic for topic in topics}
        self._consumer = Consumer(service, by_name, self.versions, settings.stripes, self.clock.now, Store(service, settings.stripes))
        self.flow: Flow | None = None
        self.poller = Poller(settings, service.name, self.inputs, self.clock, self._connect, self.relay.offer)
        self.membership = Membership(settings, service.name, self.inputs, self._assigned, self._revoked, self._positions)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._started = datetime.now(UTC)
        self._assigned_once = False
        self._trouble = ""
        self._stopping = False
        self._beat_at = time.monotonic()

    # -- life

    async def start(self) -> None:
        count_from_nought(self.service)
        self._spawn("begin", self._begin())

    async def stop(self) -> None:
        self._stopping = True
        for name in ("begin", "timers"):
            await self._cancel(name)
        self.membership.stop()
        await self._ended("membership")
        self.relay.stop()
        await self._ended("relay")
        await self._cancel("beat")
        await self.versions.stop()
        await self.clock.stop()

    def ready(self) -> str:
        """Empty when work is done here; else why not."""
        if self.halted:
            return self.halted
        if self._trouble or not self._assigned_once:
            trouble = self._trouble or self.clock.trouble or self.versions.trouble
            return REFUSALS.beside(f"starting: {trouble or 'no partitions assigned yet'}")
        flows = (who_halted(self.flow.queues.partitions.values()) or self.flow.trouble) if self.flow is not None else ""
        return REFUSALS.beside(self.versions.trouble or self._dead() or flows or self.relay.trouble or self.poller.trouble)

    def alive(self) -> str:
        """Empty while the loop makes progress; else why a restart would help."""
        age = time.monotonic() - self._beat_at
        METRICS.loop_age.set(age)
        if age > STALLED_SECONDS:
            return f"no turn of the loop for {age:.0f} s"
        loop = asyncio.get_running_loop()
        if self.membership.polled and loop.time() - self.membership.polled > STALLED_SECONDS:
            return f"group not polled for {loop.time() - self.membership.polled:.0f} s"
        return self._dead()

    def _dead(self) -> str:
        tasks = {**self._tasks, "clock": self.clock.task, "versions": self.versions.task}
        dead = [name for name, task in tasks.items() if name != "begin" and task is not None and task.done()]
        return f"ended: {', '.join(dead)}" if dead else ""

    async def _begin(self) -> None:
        await self.clock.start()
        self._spawn("beat", self._beat())  # who halts here says so
        failures = 0
        while True:
            try:
                connection = await self._connect("check")
                await connection.close(timeout=2)
                break
            except Exception as error:
                failures += 1
                self._trouble = str(error) if isinstance(error, KafkaError) else f"{type(error).__name__}: {error}"
                log.warning("not started yet: %s", self._trouble, exc_info=None if infrastructure(error) else error)
                await asyncio.sleep(backoff(failures))
        self._trouble = ""
        self._spawn("relay", self.relay.run())
        await self.versions.start()
        self._spawn("timers", self.poller.run())
        self._spawn("membership", self.membership.run())

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(self._logged(name, work), name=name)

    async def _logged(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("%s ended", name)
            raise

    async def _cancel(self, name: str) -> None:
        if name in self._tasks:
            self._tasks[name].cancel()
            await self._ended(name)

    async def _ended(self, name: str) -> None:
        if name in self._tasks:
            await asyncio.gather(self._tasks[name], return_exceptions=True)

    # -- database

    async def _connect(self, purpose: str) -> asyncpg.Connection:
        """A connection to a server that was checked: one that restarted may be a restored one. No event is to blame for what it raises."""
        connection = await self._raw(purpose)
        try:
            identity = await connection.fetchval(VERIFIED)
            async with self._checking:
                if identity != self._verified:
                    await check_schema(connection, self._migrations, self.settings.stripes, self.inputs)
                    await check_log(connection, self.settings, self.inputs, self.own)
                    self._verified = identity
                    self._unhalt()
                elif purpose == AFRESH:
                    await check_ids_now(connection, self.settings, self.inputs)
        except BaseException as error:
            connection.terminate()
            if isinstance(error, Halted):
                self._verified = ""  # the way out may lead back to the server that was checked before
                self._halt(error)
            if not isinstance(error, Exception) or infrastructure(error):
                raise
            log.error("server not checked", exc_info=error)
            raise ConnectionError(f"not checked: {type(error).__name__}: {error}") from error
        return connection

    def _halt(self, halt: Halted) -> None:
        if self.halted != str(halt):
            self._unhalt()
            log.error("halted: %s", halt)
        self.halted = str(halt)
        METRICS.halted.labels(code=halt.code, partition=-1).set(1)

    def _unhalt(self) -> None:
        if self.halted:
            METRICS.halted.labels(code=self.halted.partition(":")[0], partition=-1).set(0)
        self.halted = ""

    # -- assignment

    async def _assigned(self, numbers: list[int]) -> None:
        """But for the first time all is checked again: where somebody altered a topic's partitions, the group assigns them anew."""
        await self._revoked()
        if self._assigned_once:
            self._verified = ""
        flow = Flow(self.settings, self._consumer, self.inputs, self._connect, self.relay, self.instance)
        failures = 0
        while not self._stopping:
            try:
                await flow.start(numbers)
                break
            except Exception as error:  # whatever it is: the group's client would swallow it, and nobody would read
                failures += 1
                self._trouble = f"assignment not begun: {type(error).__name__}: {error}"
                log.warning("%s", self._trouble, exc_info=None if infrastructure(error) else error)
                await asyncio.sleep(backoff(failures))
        self.flow, self._trouble, self._assigned_once = flow, "", True
        self.poller.numbers, self.poller.halts = numbers, flow.halts
        log.info("partitions %s", numbers)

    async def _revoked(self) -> None:
        flow, self.flow = self.flow, None
        self.poller.numbers = []
        if flow is not None:
            await flow.stop()

    def _positions(self) -> dict[Lane, int]:
        return self.flow.positions if self.flow is not None else {}

    # -- telling

    async def _beat(self) -> None:
        """For people, probes and `laotie idle`: seen, the clock, halts. Of a database that was not refused: figures; prunes what is old."""
        told: tuple[float, Any, int, str] = (0.0, None, 0, "")
        pruned, watched = time.monotonic(), -WATCHED_SECONDS
        connection: asyncpg.Connection | None = None
        while True:
            self._beat_at, moved = time.monotonic(), self.clock.moved
            try:
                if connection is None or connection.is_closed():
                    connection = await self._raw("beat")
                state = (self.clock.now() if self.clock.manual else None, self.versions.position, self.ready())
                if state != told[1:] or time.monotonic() - told[0] > SEEN_SECONDS:
                    seen = await connection.fetchval(BEAT, self.instance, self._started, self.clock.now(), *state[1:])
                    METRICS.clock_ahead.set((datetime.now(UTC) - seen).total_seconds())
                    told = (time.monotonic(), *state)
                    await connection.execute(END_FROZEN, IDLE_IN_TRANSACTION_SECONDS)
                    await self._count_held(connection)
                if not self.halted and time.monotonic() - watched > WATCHED_SECONDS:
                    watched = time.monotonic()
                    for figure in self.service.watched:
                        figure.show(await connection.fetch(figure.sql, self.clock.now()))
                if not self.halted and time.monotonic() - pruned > PRUNE_SECONDS:
                    await self._prune(connection)
                    pruned = time.monotonic()
                await wait(moved, BEAT_SECONDS / 10 if self.clock.manual else BEAT_SECONDS)
            except asyncio.CancelledError:
                if connection is not None and not connection.is_closed():
                    await connection.execute(FORGET, self.instance)
                    await connection.close(timeout=2)
                raise
            except Exception as error:  # a figure that cannot be shown stops nobody
                known = isinstance(error, asyncpg.PostgresError) or infrastructure(error)
                log.warning("not told: %s: %s", type(error).__name__, error, exc_info=None if known else error)
                if connection is not None:
                    connection.terminate()
                await asyncio.sleep(BEAT_SECONDS)

    async def _count_held(self, connection: asyncpg.Connection) -> None:
        counts = {row[0]: row[1] for row in await connection.fetch(HELD)}
        for state in ("waiting", "parked", "ready", "expired"):
            METRICS.held.labels(state=state).set(counts.get(state, 0))

    async def _prune(self, connection: asyncpg.Connection) -> None:
        """In chunks, so that no long transaction stands in anyone's way. And processes that were killed, which said no goodbye."""
        await connection.execute(FORGET, None)
        before = await connection.fetchval(NOW) - timedelta(days=INBOX_DAYS)  # our own clock may be ahead
        for _ in range(PRUNE_CHUNKS_MAX):
            if await connection.execute(PRUNE, before, PRUNE_ROWS) != f"DELETE {PRUNE_ROWS}":
                break
