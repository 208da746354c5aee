"""What must hold before anything is decided, at start, at each reconnect and each assignment. Each failure has a code and a way out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.connect import Halted, leave
from shared.messaging.envelope import number_of
from shared.messaging.message import Message, Topic
from shared.messaging.shape import Service, members
from shared.messaging.store import Lane
from shared.messaging.topic_ids import check_ids
from shared.settings import Settings

READ_SECONDS = 10.0
TOLD_MAX = 20  # places in a message
LOOK_BACK = 5_000  # records behind the end, where copies have made a lane longer than its numbers: more than five relays' last batches


def check_service(service: Service, topics: Sequence[Topic]) -> None:
    """What types cannot say. Raises TypeError: each fact has one kind, all topics are known, and the service reads and writes its own."""
    owners: dict[type[Message], str] = {}
    for kind in service.kinds:
        for fact in kind.facts:
            if fact in owners:
                raise TypeError(f"{fact.type} changes both {owners[fact]} and {kind.name}")
            owners[fact] = kind.name
    for sent in service.sends:
        if sent in owners:
            raise TypeError(f"{sent.type} is sent and yet a fact of {owners[sent]}")
    known = set(topics)
    for need in ("timer", "parked"):
        if f"{service.name}.{need}.v1" not in {topic.name for topic in known}:
            raise TypeError(f"{service.name}.{need}.v1 is not among the topics: nothing could be put off or set aside")
    for message in (*service.input_types(), *owners, *service.sends):
        if message.topic not in known:
            raise TypeError(f"{message.type} is on {message.topic.name}, which is not among the topics")
    for message in (*owners, *service.sends):
        if service.name not in message.topic.writers:
            raise TypeError(f"{service.name} may not write {message.topic.name}")
    for message in members(service.inputs):
        if service.name not in message.topic.readers:
            raise TypeError(f"{service.name} takes {message.type} and is no reader of {message.topic.name}")


async def check_schema(connection: asyncpg.Connection, expected: Mapping[str, str], stripes: int, topics: Sequence[str]) -> None:
    """Migrations as this code has them, the number of stripes, a cursor for each input partition."""
    applied = {row[0]: row[1] for row in await connection.fetch("SELECT name, sha256 FROM migration")}
    if applied != expected:
        differing = sorted(name for name in {*applied, *expected} if applied.get(name) != expected.get(name))
        newer = applied.items() > expected.items()
        way = "this program is older than the database: deploy the newer" if newer else "`laotie down` and `laotie up`, or `laotie prepare`"
        raise Halted("halt.schema_version", f"differs in {', '.join(differing)}; {way}")
    found = await connection.fetchval("SELECT count(*) FROM stripe")
    if found != stripes:
        raise Halted("halt.partition_count", f"{found} stripes in the database, {stripes} in the settings; the number is never changed")
    cursors = {(row[0], row[1]) for row in await connection.fetch("SELECT topic, partition FROM cursor")}
    missing = sorted({(topic, n) for topic in topics for n in range(stripes)} - cursors)
    if missing:
        begun = {topic for topic, _ in cursors}
        lost = [place for place in missing if place[0] in begun]  # D1: made with its topic's others or not at all
        way = "lost: its row is to be restored" if lost else "`laotie prepare` (or down and up) creates them"
        raise Halted("halt.no_cursor", f"{', '.join(f'{topic}/{n}' for topic, n in (lost or missing)[:TOLD_MAX])}: {way}")


async def check_log(connection: asyncpg.Connection, settings: Settings, inputs: Sequence[str], own: Sequence[Topic]) -> None:
    """Partition counts; that cursors are about these topics (I1); that no lane is behind what the log has of it (a restored database)."""
    kafka = AIOKafkaConsumer(**settings.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
    await kafka.start()
    try:
        for topic in {*inputs, *(topic.name for topic in own)}:
            count = len(await _partitions(kafka, topic))
            if not count:
                way = "it is gone, or this account may not see it: `laotie topics plan` says which"
                raise Halted("halt.partition_count", f"{topic} is not there for {settings.kafka_username or 'us'}; {way}")
            if count != settings.stripes:
                raise Halted("halt.partition_count", f"{topic} has {count} partitions, the deployment {settings.stripes}")
        await check_ids(connection, kafka._client, inputs)
        lanes = await _lanes(connection)
        places = [TopicPartition(topic.name, n) for topic in own for n in range(settings.stripes)]
        stand = {place: lanes.get((place.topic, place.partition), 0) for place in places}
        last = await _last_sequences(kafka, stand, {topic.name: topic for topic in own})
    finally:
        await leave(kafka)
    lanes = await _lanes(connection)  # others work meanwhile: a number is given out before it is in the log
    for lane, sequence in last.items():
        if sequence > lanes.get(lane, 0):
            raise Halted(
                "halt.lane_behind_log",
                f"{lane[0]}/{lane[1]}: the log has {sequence}, the database {lanes.get(lane, 0)}; was it restored from an older copy?",
            )


async def _lanes(connection: asyncpg.Connection) -> dict[Lane, int]:
    return {(row[0], row[1]): row[2] for row in await connection.fetch("SELECT topic, partition, seq FROM lane")}


async def _partitions(kafka: AIOKafkaConsumer, topic: str) -> set[int]:
    found = kafka.partitions_for_topic(topic)
    if not found:
        await kafka._client.force_metadata_update()
        await kafka.topics()
        found = kafka.partitions_for_topic(topic)
    return set(found or ())


async def _last_sequences(kafka: AIOKafkaConsumer, stand: Mapping[TopicPartition, int], topics: Mapping[str, Topic]) -> dict[Lane, int]:
    """The highest number that may lie beyond where each lane stands, of those that hold any such record.

    Numbers are dense and first told in order, so n + 1 lies at offset n or later: most lanes end there and are not read. Beyond it may
    also lie a stranger's records and late copies of a relay's batch, with the highest number before them.
    """
    starts, ends = await kafka.beginning_offsets(list(stand)), await kafka.end_offsets(list(stand))
    wanted = {place: ends[place] for place, last in stand.items() if ends[place] > max(starts[place], last)}
    if not wanted:
        return {}
    kafka.assign(list(wanted))
    for place, end in wanted.items():
        kafka.seek(place, max(starts[place], stand[place], end - LOOK_BACK))
    found: dict[Lane, int] = {}
    async with asyncio.timeout(READ_SECONDS):
        while any([await kafka.position(place) < end for place, end in wanted.items()]):
            for place, messages in (await kafka.getmany(timeout_ms=500)).items():
                lane, topic = (place.topic, place.partition), topics[place.topic]
                found[lane] = max(found.get(lane, 0), *(number_of(topic, dict(message.headers)) for message in messages))
    return found
