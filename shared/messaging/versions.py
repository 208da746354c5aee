"""What decisions go by comes in versions by a compacted topic, read without a group by every process before it decides.

Invariants kept here:
 V1 Which versions count is a function of the topic's records in order, so services agree without asking each other; each keeps what it
    accepted in its own schema, as compaction may take a record away.
 V2 A version begins at least `lead` after it was published, and is withdrawn at least that long before it would begin. A process that
    had read the topic to its end at X knows all that is to be known of times up to X + lead, and decides by nothing later before it has
    looked again: a frozen one too. Such a time is the event's, or one that it leads to: of what waited for it, of what others noted.
 V3 A record is judged once a service, in the transaction that moves its position; so is its refusal announced.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import OffsetOutOfRangeError, for_code
from aiokafka.protocol.offset import OffsetRequest

from shared.messaging.clock import BusinessClock
from shared.messaging.connect import Connect, Halted, backoff, in_words, infrastructure, leave, wait
from shared.messaging.consume import Done
from shared.messaging.fold import Fold
from shared.messaging.message import Topic
from shared.messaging.metrics import METRICS
from shared.messaging.record import Record, Unreadable
from shared.messaging.shape import Policies, Service
from shared.messaging.store import Move, OutboxRow, Store
from shared.messaging.telling import Teller
from shared.messaging.topic_ids import check_ids
from shared.settings import Settings

LOOK_SECONDS = 0.5  # between two looks for something new
KNOWN_SECONDS = 5.0  # a batch waits that long for a look; then it is tried again like after any other failure
FETCH_MS = 200
READ_UNCOMMITTED, LATEST = 0, -1

PLACE = "INSERT INTO cursor (topic, partition, position) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING"
LOCK = "SELECT position FROM cursor WHERE topic = $1 AND partition = 0 FOR UPDATE"
LOAD_KEPT = 'SELECT version, "offset", begins, sha256, value, withdrawn FROM policy ORDER BY begins, version'
KEEP = """
INSERT INTO policy (version, "offset", begins, sha256, value, withdrawn) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (version) DO UPDATE SET withdrawn = excluded.withdrawn
"""

log = logging.getLogger("laotie.versions")


class Kept(NamedTuple):
    """A version that counts. begins: when it is first in force. sha256: of what it says. value: its record's.

    withdrawn: offset of the record that says so; it does not count from there on, and its name is taken for ever. None: nobody did.
    """

    version: str
    offset: int
    begins: datetime
    sha256: str
    value: bytes
    withdrawn: int | None = None


class Bounded(Policies, Protocol):
    """Policies that can be told how far they are known."""

    def up_to(self, until: datetime) -> Policies:
        """The same; of a later time they raise TimeoutError."""
        ...


@runtime_checkable
class Published(Protocol):
    """The topic of versions, and what its records mean."""

    topic: Topic
    lead: timedelta

    def policies(self, kept: Sequence[Kept]) -> Bounded:
        """Those that count; at least one. kept: in the order in which they begin, the withdrawn among them."""
        ...

    def judge(self, record: Record, kept: Sequence[Kept], *, manual: bool) -> Kept | Unreadable | None:
        """V1. kept: those that counted before it, or were withdrawn. manual: business time is not the broker's. None: nothing new."""
        ...


def keep(kept: list[Kept], found: Kept) -> None:
    """What was judged to count or to be withdrawn, in its place."""
    kept[:] = sorted([*(one for one in kept if one.version != found.version), found], key=lambda one: (one.begins, one.version))


class Static:
    """Policies that no topic changes."""

    position, trouble, task = 0, "", None

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def known(self, at: datetime) -> Policies:
        return self._policies

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None


class Following:
    """start() returns once there is something to decide by. position: in the topic. trouble: why there is nothing, or nothing new."""

    def __init__(
        self, published: Published, service: Service, settings: Settings, clock: BusinessClock, connect: Connect,
        offer: Callable[[Iterable[OutboxRow]], None],
    ) -> None:  # fmt: skip
        self.position, self.trouble = 0, ""
        self._published, self._service, self._settings, self._clock = published, service, settings, clock
        self._connect, self._offer = connect, offer
        self._place = TopicPartition(published.topic.name, 0)
        self._store, self._teller = Store(service, settings.stripes), Teller()
        self._policies: Bounded | None = None
        self._known: Policies | None = None
        self._until = _NEVER
        self._ids: Mapping[str, UUID] = {}  # of the topic, as found on the present connection
        self._begun, self._wanted, self._looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.task = asyncio.create_task(self._follow(), name="versions")
        await self._begun.wait()

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def known(self, at: datetime) -> Policies:
        """V2."""
        while at > self._until:
            self._wanted.set()
            async with asyncio.timeout(KNOWN_SECONDS):
                await self._looked.wait()
        assert self._known is not None, "start() first"
        return self._known

    # -- following

    async def _follow(self) -> None:
        failures = 0
        while True:
            kafka = AIOKafkaConsumer(
                **self._settings.aiokafka(), enable_auto_commit=False, auto_offset_reset="none", isolation_level="read_committed"
            )
            connection: asyncpg.Connection | None = None
            try:
                await kafka.start()
                connection = await self._connect("versions")
                self._until, self._ids = _NEVER, {}  # whoever comes back may find a restored database
                kafka.assign([self._place])
                kafka.seek(self._place, await self._take(connection, 0, [], 0))
                while True:
                    async with asyncio.timeout(KNOWN_SECONDS):  # what was taken until then stays taken
                        await self._look(kafka, connection)
                    failures = 0
                    await wait(self._wanted, LOOK_SECONDS)
            except Halted as halt:
                self._halt(halt)
            except OffsetOutOfRangeError as error:
                self._halt(Halted("halt.cursor_out_of_range", f"{self._place.topic} does not reach to {self.position}: {error}"))
            except Exception as error:
                told = None if infrastructure(error) else error
                log.warning("versions not read: %s: %s", type(error).__name__, error, exc_info=told)
                if self._until < self._clock.now():  # V2: nothing of now is decided
                    self._unhalt()
                    self.trouble = f"versions not read: {in_words(error)}"
            finally:
                await leave(kafka)
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            failures += 1
            await asyncio.sleep(backoff(failures))

    async def _look(self, kafka: AIOKafkaConsumer, connection: asyncpg.Connection) -> None:
        """V2: read to the end as it is now, open transactions included. Raises Halted: it is another topic (I1)."""
        self._wanted.clear()
        self._ids = await check_ids(connection, kafka._client, [self._place.topic], self._ids)
        now, end = self._clock.now(), await self._end(kafka)
        if end < self.position:
            raise OffsetOutOfRangeError(f"it ends at {end}")
        while (since := await kafka.position(self._place)) < end:
            found = (await kafka.getmany(self._place, timeout_ms=FETCH_MS)).get(self._place, ())
            upto = await kafka.position(self._place)
            if upto == since:
                continue
            records = [Record(m.topic, m.partition, m.offset, m.key, m.value, tuple(m.headers), m.timestamp) for m in found]
            position = await self._take(connection, since, records, upto)
            if position != upto:
                self._ids = {}  # it was moved by hand, perhaps
                kafka.seek(self._place, position)
        if self._policies is None:
            self._halt(Halted("halt.no_policy", f"{self._place.topic} has no valid version; `laotie prepare` publishes the first"))
            return
        self._unhalt()
        self._until = now + self._published.lead
        self._known = self._policies.up_to(self._until)
        self._begun.set()
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    async def _end(self, kafka: AIOKafkaConsumer) -> int:
        """Of all that was written: what is not committed yet may have been published in time.

        Asked on a connection of its own: a broker answers one connection's requests in order, and a fetch that finds nothing is
        answered half a second later.
        """
        client, topic = kafka._client, self._place.topic
        leader = client.cluster.leader_for_partition(self._place)
        if leader in (None, -1):
            client.add_topic(topic)
            await client.force_metadata_update()
            leader = client.cluster.leader_for_partition(self._place)
        request = OffsetRequest(-1, READ_UNCOMMITTED, [(topic, [(0, LATEST)])])
        answer: Any = await client.send(leader, request, group=ConnectionGroup.COORDINATION)
        ((_, ((_, error, *found),)),) = answer.topics
        if error:
            client.force_metadata_update()
            raise for_code(error)(topic)
        end: int = found[-1]
        return end

    # -- taking

    async def _take(self, connection: asyncpg.Connection, since: int, records: list[Record], upto: int) -> int:
        """V3. The position that stands afterwards: another process of the service may be ahead, a restored database behind."""
        began = time.perf_counter()
        fold = Fold(self._service, _NONE, self._clock.now())
        async with connection.transaction():
            await connection.execute(PLACE, self._place.topic)
            position: int = await connection.fetchval(LOCK, self._place.topic)
            kept = [Kept(*row) for row in await connection.fetch(LOAD_KEPT)]
            outbox: list[OutboxRow] = []
            if since <= position < upto:
                before = set(kept)
                for record in records:
                    if record.offset >= position:
                        self._judge(record, kept, fold)
                await connection.executemany(KEEP, [one for one in kept if one not in before])
                moves = [Move(self._place.topic, 0, position, upto, None, astray=False)]
                outbox = await self._store.save(connection, fold.take(), moves, datetime.now(UTC))
                position = upto
        if kept and position >= since:
            self._policies = self._published.policies(kept)
        self.position = position
        self._offer(outbox)
        self._teller.tell(records, Done(len(records), [], outbox, fold.effects, {}), time.perf_counter() - began)
        return position

    def _judge(self, record: Record, kept: list[Kept], fold: Fold) -> None:
        found = self._published.judge(record, kept, manual=self._clock.manual)
        if isinstance(found, Kept):
            keep(kept, found)
            told = "is accepted, in force" if found.withdrawn is None else "is withdrawn; it would have been in force"
            log.info("version %s %s from %s", found.version, told, found.begins.isoformat())
        elif isinstance(found, Unreadable):
            fold.refuse(found)
            log.warning("a version is refused: %s: %s", found.code, found.detail)
        else:
            fold.drop(record, "duplicate")

    def _halt(self, halt: Halted) -> None:
        if self.trouble != str(halt):
            self._unhalt()
            log.error("%s", halt)
        self.trouble = str(halt)
        METRICS.halted.labels(code=halt.code, partition=-1).set(1)

    def _unhalt(self) -> None:
        if self.trouble.startswith("halt."):
            METRICS.halted.labels(code=self.trouble.partition(":")[0], partition=-1).set(0)
        self.trouble = ""


class _NoPolicies:
    """For what refuses and decides nothing."""

    def version_at(self, at: Any) -> str:
        return ""


_NONE = _NoPolicies()
_NEVER = datetime.min.replace(tzinfo=UTC)
