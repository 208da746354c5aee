"""laotie recover"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module

import asyncpg
import click
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.local.kafka import quiet
from deploy.local.services import discover, migration_folders
from deploy.verify.log import records
from shared.contracts import ALL
from shared.messaging.checks import check_schema
from shared.messaging.clock import BusinessClock
from shared.messaging.columns import turned
from shared.messaging.connect import Halted, connector
from shared.messaging.consume import Consumer
from shared.messaging.message import Topic
from shared.messaging.recovery.fitting import Fitting
from shared.messaging.recovery.judged import Again
from shared.messaging.recovery.lost import Lost, NoRecovery
from shared.messaging.recovery.recover import Recover
from shared.messaging.recovery.retaking import Retaking
from shared.messaging.shape import Policies, Service
from shared.messaging.store import Lane
from shared.messaging.topic_ids import check_ids_now
from shared.messaging.versions import Published, Static
from shared.policy.published import PublishedPolicies
from shared.settings import Settings

Bounds = Mapping[Lane, tuple[int, int]]  # the first offset of a partition, and the one behind its last

TIMEOUT_S = 30
AT_WORK = "SELECT application_name FROM pg_stat_activity WHERE starts_with(application_name, $1) ORDER BY 1 LIMIT 1"
ALONE = "SELECT pg_try_advisory_lock(hashtext('laotie recover'), hashtext($1))"
LANES = "SELECT topic, partition, seq FROM lane"
UNSENT = "SELECT topic, partition, min(seq) FROM outbox GROUP BY topic, partition"
CURSORS = "SELECT topic, partition, position FROM cursor"
HELD = "SELECT ref FROM parked"
SENT = """
DELETE FROM outbox o USING unnest($1::text[], $2::int[], $3::bigint[]) l(topic, partition, seq)
 WHERE (o.topic, o.partition) = (l.topic, l.partition) AND o.seq <= l.seq
"""


@dataclass(frozen=True, slots=True)
class Found:
    """told: facts, copies, notices and deadlines that the topics hold and the database does not know of; first, last: when they were
    published. unread: records behind its cursors.
    """

    told: int
    first: datetime | None
    last: datetime | None
    unread: int


@click.command()
@click.argument("service", type=click.Choice(discover()))
@click.option("--yes", is_flag=True, help="Do it; without it is only said what is lacking.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def recover(service: str, yes: bool, as_json: bool) -> None:
    """Make the commits again that SERVICE's database lost: a standby was promoted without the last ones, a backup is older.

    First look for them: the server that fell may have them. Stop the service's processes. What it read since is taken again, in an order
    in which what comes of it is what it had told; nothing is told twice. Whoever ends it half-way begins it again. Status 1 where
    something is lacking and --yes was not given, or cannot be made again; then the service goes on standing still.
    """
    stack = running()
    try:
        found = asyncio.run(
            recovered(
                stack.settings(service),
                import_module(f"services.{service}.handlers").SERVICE,
                ALL,
                PublishedPolicies(),
                migrations(service),
                write=yes,
            )
        )
    except (NoRecovery, Halted) as error:
        raise Failed(str(error)) from error
    if as_json:
        click.echo(json.dumps({"written": yes, **asdict(found)}, indent=1, default=str))
    else:
        for line in lines(found, written=yes):
            say(line)
    if found.told and not yes:
        raise SystemExit(1)


def migrations(service: str) -> Mapping[str, str]:
    from shared.messaging.app import migrations_of  # slow to import

    return migrations_of(migration_folders(service))


def lines(found: Found, *, written: bool) -> Iterator[str]:
    """For people."""
    if not found.told:
        yield "nothing is lacking: the database knows of all that was told"
        return
    yield f"lacking: {found.told:,} records told from {found.first:%Y-%m-%d %H:%M:%S} to {found.last:%Y-%m-%d %H:%M:%S} UTC"
    yield f"behind the cursors: {found.unread:,} records"
    done = "made again; start the service, then `laotie verify`"
    yield done if written else "--yes makes it again"


async def recovered(
    settings: Settings,
    service: Service,
    topics: Sequence[Topic],
    policies: Policies | Published,
    migrations: Mapping[str, str],
    *,
    write: bool,
) -> Found:
    """settings: the service's own. Raises NoRecovery, Halted, TimeoutError, KafkaException."""
    async with _connected(settings, service.name) as (connection, clock):
        keyed = [topic for topic in topics if not topic.single]
        inputs = [topic.name for topic in keyed if "*" in topic.readers or service.name in topic.readers]
        own = [topic.name for topic in keyed if service.name in topic.writers and topic.own]
        await _check(connection, settings, service, migrations, inputs)
        by_name = {topic.name: topic for topic in topics}
        if isinstance(policies, Published):
            by_name[policies.topic.name] = policies.topic
        lost = Lost(service, by_name, {(row[0], row[1]): row[2] for row in await connection.fetch(LANES)})
        store = Fitting(service, settings.stripes, lost)
        judging = Again(policies, service, settings, clock, store) if isinstance(policies, Published) else None
        versions = Static(policies) if not isinstance(policies, Published) else judging
        assert versions is not None
        consumer = Consumer(service, by_name, versions, settings.stripes, clock.now, store)

        begins = {(row[0], row[1]): row[2] for row in await connection.fetch(CURSORS) if row[0] in inputs}
        if judging is not None:
            begins[(judging.topic, 0)] = await judging.begin(connection)
        lanes = [(topic, number) for topic in own for number in range(settings.stripes)]
        bounds = await asyncio.to_thread(_bounds, settings, [*lanes, *begins])
        await _take_told(connection, settings, lost, lanes, bounds)
        lacking = lost.all()
        times = [telling.record.timestamp_ms for telling in lacking]
        unread = sum(bounds[lane][1] - position for lane, position in begins.items())
        if lacking and write:
            work = Recover(Retaking(consumer, lost, judging, clock.now(), manual=clock.manual))
            await _take_read(connection, settings, work, begins, bounds)
            await connection.execute(SENT, *turned([(*lane, lost.last[lane]) for lane in lanes], 3))
            await work.begin(connection)
            await work.run(connection)
        return Found(len(lacking), _time(min(times, default=0)), _time(max(times, default=0)), unread)


@asynccontextmanager
async def _connected(settings: Settings, name: str) -> AsyncIterator[tuple[asyncpg.Connection, BusinessClock]]:
    connection = await connector(settings.postgres, f"recover {name}")("once")
    clock = BusinessClock(settings)
    await clock.start()
    try:
        yield connection, clock
    finally:
        await clock.stop()
        await connection.close(timeout=5)


async def _take_told(connection: asyncpg.Connection, settings: Settings, lost: Lost, lanes: Sequence[Lane], bounds: Bounds) -> None:
    """Number n + 1 lies at offset n or later. Also what an outbox may hold that was told."""
    unsent = {(row[0], row[1]): row[2] - 1 for row in await connection.fetch(UNSENT)}
    starts = {lane: max(bounds[lane][0], min(lost.stands[lane], unsent.get(lane, lost.stands[lane]))) for lane in lanes}
    for record in records(_reading(settings, lost.service.name), {lane: bounds[lane][1] for lane in lanes}, starts=starts):
        lost.take(record)
    lost.check()


async def _take_read(connection: asyncpg.Connection, settings: Settings, work: Recover, begins: Mapping[Lane, int], bounds: Bounds) -> None:
    """All that lies behind the cursors."""
    for lane, position in begins.items():
        start, end = bounds[lane]
        if not start <= position <= end:
            raise NoRecovery("halt.cursor_out_of_range", f"{lane[0]}/{lane[1]}: {position} is not from {start} to {end}")
        work.stream(lane, position)
    about, judging = set(work.lost.places()), work.retaking.judging
    there = {row[0] for row in await connection.fetch(HELD)}
    judged = []
    for record in records(_reading(settings, work.lost.service.name), {lane: bounds[lane][1] for lane in begins}, starts=begins):
        if record.ref in about:
            there.add(record.ref)
        if judging is not None and record.topic == judging.topic:
            judged.append(record)
        work.take(record)
    if judging is not None:
        judging.foresee(judged)
    work.lost.alone(there)


async def _check(
    connection: asyncpg.Connection, settings: Settings, service: Service, migrations: Mapping[str, str], inputs: Sequence[str]
) -> None:
    """That it is this program's database, that its cursors are about these topics, and that nobody else works on it."""
    await check_schema(connection, migrations, settings.stripes, inputs)
    await check_ids_now(connection, settings, inputs)
    if (name := await connection.fetchval(AT_WORK, f"{service.name}-")) is not None:
        raise NoRecovery("halt.recovery_differs", f"{name} is at work: stop the processes of {service.name}")
    if not await connection.fetchval(ALONE, service.name):
        raise NoRecovery("halt.recovery_differs", "somebody else recovers it")


def _reading(settings: Settings, group: str) -> Mapping[str, str]:
    """A service may read in its own group alone."""
    return {**quiet(settings.confluent()), "group.id": group}


def _bounds(settings: Settings, lanes: Sequence[Lane]) -> Bounds:
    """Of each partition the first offset, and the one behind the last that is committed."""
    admin = AdminClient(quiet(settings.confluent()))
    found = []
    for spec in (OffsetSpec.earliest(), OffsetSpec.latest()):  # type: ignore[no-untyped-call]
        wanted = {TopicPartition(*lane): spec for lane in lanes}
        futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_S)
        found.append({(place.topic, place.partition): future.result(TIMEOUT_S).offset for place, future in futures.items()})
    return {lane: (found[0][lane], found[1][lane]) for lane in lanes}


def _time(ms: int) -> datetime | None:
    return datetime.fromtimestamp(ms / 1000, UTC) if ms else None
