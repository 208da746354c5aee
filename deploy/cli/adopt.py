"""laotie cursor adopt: a service is taken over to a mirror of the cluster that is lost. All its cursors and held events, or none."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Literal

import asyncpg
import click
from confluent_kafka import Consumer, TopicPartition

from deploy.cli.connect import running
from deploy.cli.cursor import TOPICS, cursor
from deploy.cli.errors import Failed
from deploy.cli.held import held, put, put_aside
from deploy.cli.mirrored import Found, Mark, Mirror, Stood, mark
from deploy.cli.plain import say
from deploy.cli.topicids import READ_S, ids_of
from deploy.local.kafka import quiet
from deploy.local.services import discover
from deploy.local.stack import Stack
from deploy.verify.log import records
from shared import postgres
from shared.messaging.columns import turned
from shared.messaging.envelope import decode, number_of
from shared.messaging.message import COPIES, Message
from shared.messaging.record import Incoming, Record
from shared.messaging.store import Lane
from shared.messaging.system import Discard, Redrive

AT_ONCE = 10_000  # records whose ids are asked for together
REMEMBERED = timedelta(days=29)  # a day less than ids are kept

LOCK = "SELECT FROM stripe ORDER BY n FOR UPDATE"  # the engine's first lock: who works is waited for
CURSORS = "SELECT topic, partition, position, last_seq, topic_id FROM cursor ORDER BY topic, partition FOR UPDATE"
KNOWN = """
SELECT i.source, i.id, i.body_hash FROM inbox i JOIN unnest($1::text[], $2::text[]) u(source, id) ON (i.source, i.id) = (u.source, u.id)
"""
LANES = "SELECT topic, partition, seq FROM lane"
BORN = "SELECT min(applied_at) FROM migration"
TOLD = """
SELECT l.topic, l.partition, coalesce(min(o.seq) - 1, l.seq) FROM lane l LEFT JOIN outbox o USING (topic, partition)
 GROUP BY l.topic, l.partition, l.seq ORDER BY 1, 2
"""
ADOPT = "UPDATE cursor SET position = $3, topic_id = NULL WHERE (topic, partition) = ($1, $2)"


@cursor.command()
@click.argument("service", type=click.Choice(discover()))
@click.option("--yes", is_flag=True, help="Do it; without it is only said what would be.")
@click.option("--lossy", is_flag=True, help="Although the mirror lacks what the service told last: it is given up for lost.")
def adopt(service: str, yes: bool, lossy: bool) -> None:
    """After halt.topic_replaced, where the new cluster is a mirror of the old one: set each cursor by what the records say.

    On our topics by their numbers, on apps' by the ids that the service remembers, for 30 days. Nothing that was not taken is passed by.
    What lies behind the last that is remembered is read: what was refused is offered again. Reads all topics of the service whole.
    """
    stack = running()
    found, lacks = asyncio.run(_adopt(stack, service, write=yes, lossy=lossy))
    if not found:
        raise Failed(f"{service}'s cursors are about the topics that there are: nothing is to be adopted")
    for line in _lines(service, found):
        say(line)
    for (topic, partition), (last, told) in lacks.items():
        say(f"{topic}/{partition}: the mirror ends at number {last}, and {service} has told {told}")
    if lacks and not lossy:
        way = "the runbook has the way out, under `The cluster is lost`"
        raise Failed(f"nothing was changed: of {len(lacks)} partitions the mirror lacks what {service} told last; {way}")
    if not yes:
        raise Failed("nothing was changed; say --yes to do it")


def _lines(service: str, found: Mapping[Lane, Found]) -> Iterator[str]:
    for (topic, partition), place in found.items():
        if place.lacking:
            yield f"{topic}/{partition}: the mirror lacks {place.lacking} numbers behind what was taken: halt.sequence_gap will stand there"
        elif place.again:
            yield f"{topic}/{partition}: {place.again} records behind what is known to have been taken, from offset {place.position} on"
    yield f"{service}: {len(found)} cursors are where they were, by what the mirror's records say"


async def _adopt(stack: Stack, service: str, *, write: bool, lossy: bool) -> tuple[dict[Lane, Found], dict[Lane, tuple[int, int]]]:
    """What is found of each cursor; and of each lane whose end is missing the last number there is, and the last that was told."""
    connection = await asyncpg.connect(stack.dsn("admin"), timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('search_path', $1, true)", postgres.quoted(service))
            await connection.execute("SET LOCAL lock_timeout = '15s'")
            await connection.execute(LOCK)
            stood = await _replaced(stack, connection)
            if not stood:
                return {}, {}
            waiting = await held(connection, postgres.quoted(service), stood)
            mirror = await _read(stack, service, connection, stood, waiting)
            found = dict(mirror.found())
            if unsure := [f"{topic}/{partition}" for (topic, partition), place in found.items() if place.unsure]:
                way = "none of their records is remembered; first `laotie cursor move` each to the first record not taken yet"
                raise Failed(f"nothing tells where {service} stood on {', '.join(unsure)}: {way}")
            lacks = await _lacking(stack, connection)
            if write and (lossy or not lacks):
                await connection.executemany(ADOPT, [(*lane, place.position) for lane, place in found.items()])
                await _replace(connection, waiting, mirror)
            return found, lacks
    finally:
        await connection.close()


async def _replaced(stack: Stack, connection: asyncpg.Connection) -> dict[Lane, Stood]:
    rows = await connection.fetch(CURSORS)
    ids = ids_of(stack, sorted({row["topic"] for row in rows}))
    return {
        (row["topic"], row["partition"]): Stood(row["position"], row["last_seq"])
        for row in rows
        if row["topic_id"] is not None and ids.get(row["topic"], row["topic_id"]) != row["topic_id"]
    }


async def _read(
    stack: Stack, service: str, connection: asyncpg.Connection, stood: Mapping[Lane, Stood], waiting: Sequence[Record]
) -> Mirror:
    """All of these partitions, and what the service refused."""
    copies = [(f"{service}{COPIES}", n) for n in range(stack.stripes)]
    settings = quiet(stack.settings(postgres.OPS).confluent())
    bounds = _bounds(settings, [*stood, *copies])
    given = {(row[0], row[1]): row[2] for row in await connection.fetch(LANES)}
    refused = {  # what an older copy of the database does not know of was not taken
        mark(record)
        for record in records(settings, {lane: bounds[lane][1] for lane in copies})
        if 0 < _number(record) <= given.get((record.topic, record.partition), 0)
    }
    marks: defaultdict[Lane, set[Mark]] = defaultdict(set)
    for record in waiting:
        marks[(record.topic, record.partition)].add(mark(record))
    inputs: frozenset[type[Message]] = frozenset((*import_module(f"services.{service}.handlers").SERVICE.input_types(), Redrive, Discard))
    known_from = datetime.now(UTC) - REMEMBERED
    all_known = await connection.fetchval(BORN) > known_from

    def concerns(record: Record) -> Literal["", "new", "old"]:
        item = decode(record, TOPICS, service, inputs, None)
        if item is None or (isinstance(item, Incoming) and not item.event.concerns(service)):
            return ""
        return "new" if all_known or (isinstance(item, Incoming) and item.event.occurred_at > known_from) else "old"

    mirror = Mirror(TOPICS, stood, bounds, concerns, marks)
    batch: list[Record] = []
    for record in records(settings, {lane: bounds[lane][1] for lane in stood}):
        batch.append(record)
        if len(batch) == AT_ONCE:
            await _take(connection, mirror, batch, refused)
            batch = []
    await _take(connection, mirror, batch, refused)
    return mirror


async def _take(connection: asyncpg.Connection, mirror: Mirror, batch: Sequence[Record], refused: Set[Mark]) -> None:
    ids = {(record.source, record.event_id) for record in batch if not TOPICS[record.topic].own}
    known: set[Mark] = {(row[0], row[1], row[2]) for row in await connection.fetch(KNOWN, *turned(sorted(ids), 2))} if ids else set()
    known |= refused & {mark(record) for record in batch}
    for record in batch:
        mirror.take(record, known)


def _bounds(settings: Mapping[str, Any], lanes: Sequence[Lane]) -> dict[Lane, tuple[int, int]]:
    consumer = Consumer({**settings, "group.id": "laotie-cursor"})
    try:
        return {lane: consumer.get_watermark_offsets(TopicPartition(*lane), timeout=READ_S) for lane in lanes}
    finally:
        consumer.close()


def _number(record: Record) -> int:
    return number_of(TOPICS[record.topic], dict(record.headers))


async def _lacking(stack: Stack, connection: asyncpg.Connection) -> dict[Lane, tuple[int, int]]:
    told = {(row[0], row[1]): row[2] for row in await connection.fetch(TOLD)}
    settings = quiet(stack.settings(postgres.OPS).confluent())
    last: Counter[Lane] = Counter()
    for record in records(settings, {lane: end for lane, (_, end) in _bounds(settings, list(told)).items()}):
        lane = (record.topic, record.partition)
        last[lane] = max(last[lane], _number(record))
    return {lane: (last[lane], number) for lane, number in told.items() if last[lane] < number}


async def _replace(connection: asyncpg.Connection, waiting: Sequence[Record], mirror: Mirror) -> None:
    """W2. First all aside, as a place in the mirror may be another's in the old cluster."""
    for record in await put_aside(connection, waiting):
        offset = mirror.places.get(((record.topic, record.partition), mark(record)))
        if offset is not None:
            await put(connection, record, offset)
