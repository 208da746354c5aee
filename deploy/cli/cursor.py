"""laotie cursor show · move · accept: the ways out of a halted partition. A halted engine looks again every few seconds."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import asyncpg
import click
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.held import held, put_aside
from deploy.cli.plain import say
from deploy.cli.topicids import READ_S, consumer_of, ids_of
from deploy.local.seeding import inputs_of
from deploy.local.services import discover
from deploy.local.stack import Stack
from shared import postgres
from shared.contracts import ALL
from shared.contracts.topics import POLICY
from shared.messaging.envelope import number_of

TOPICS = {topic.name: topic for topic in ALL}

SHOW = "SELECT topic, partition, position, last_seq, astray, topic_id FROM {schema}.cursor ORDER BY topic, partition"
LOCK = "SELECT n FROM {schema}.stripe WHERE n = $1 FOR UPDATE"  # the engine's first lock: whoever works on the partition is waited for
CURRENT = "SELECT position, last_seq, topic, topic_id FROM {schema}.cursor WHERE topic = $1 AND partition = $2"
LANE = "SELECT seq FROM {schema}.lane WHERE topic = $1 AND partition = $2"
MOVE = "UPDATE {schema}.cursor SET position = $3, last_seq = $4, topic_id = NULL WHERE topic = $1 AND partition = $2"  # I1
ACCEPT = "UPDATE {schema}.cursor SET position = $3, last_seq = $4 WHERE topic = $1 AND partition = $2"


@dataclass(frozen=True, slots=True)
class Place:
    service: str
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.service}'s cursor on {self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The first record at or after an offset that carries a number of ours."""

    offset: int
    sequence: int


@click.group()
def cursor() -> None:
    """How far each service has read, and the ways out of a halt."""


@cursor.command()
@click.argument("service", type=click.Choice(discover()), required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(service: str | None, as_json: bool) -> None:
    """Print every cursor beside the first and the last offset of its partition."""
    stack = running()
    rows = [row for name in ([service] if service else discover()) for row in _shown(stack, name)]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        place = f"{row['topic']}/{row['partition']}"
        number = "-" if row["last_seq"] is None else row["last_seq"]
        say(f"{row['service']:<8} {place:<24} at {row['position']} of {row['first']}..{row['end']}, last number {number}{_wrong(row)}")


def _wrong(row: Mapping[str, Any]) -> str:
    if row["replaced"]:
        return "  ABOUT ANOTHER TOPIC OF THAT NAME: halt.topic_replaced"
    return "" if row["first"] <= row["position"] <= row["end"] else "  OUT OF RANGE: halt.cursor_out_of_range"


@cursor.command()
@click.argument("service", type=click.Choice(discover()))
@click.argument("topic")
@click.argument("partition", type=click.IntRange(0), required=False)
@click.option("--to", required=True, help="earliest, or an offset.")
@click.option("--yes", is_flag=True, help="Do it; without it is only said what would be.")
def move(service: str, topic: str, partition: int | None, to: str, yes: bool) -> None:
    """Set a cursor: after halt.cursor_out_of_range or halt.topic_replaced, or to read a partition again. Without PARTITION each of them.

    The cursor is then about whatever topic has the name; after halt.topic_replaced all goes on once each partition was moved.

    Forward: what lies between is never seen by this service. Back: what was taken is dropped again by number or id, so nothing
    happens twice; upstream ids are known for 30 days.
    """
    if to != "earliest" and not (to.isascii() and to.isdigit()):
        raise click.BadParameter(f"{to!r} is neither earliest nor an offset", param_hint="--to")
    if partition is None and to != "earliest":
        raise click.UsageError("an offset is one partition's; name it")
    stack = running()
    numbers = range(1 if topic == POLICY.name else stack.stripes) if partition is None else [partition]
    inputs = [*inputs_of(service), POLICY.name]
    asyncio.run(_move(stack, [_place(stack, service, topic, number, inputs) for number in numbers], to, yes=yes))


@cursor.command()
@click.argument("service", type=click.Choice(discover()))
@click.argument("topic")
@click.argument("partition", type=click.IntRange(0))
@click.option("--yes", is_flag=True, help="Do it; without it is only said what would be.")
def accept(service: str, topic: str, partition: int, yes: bool) -> None:
    """After halt.sequence_gap: take the next number that the partition has as it is. The numbers in between are given up for lost.

    Where a number was taken that was never given out, a stranger's, it is forgotten again, so that ours under it is taken.
    """
    stack = running()
    place = _place(stack, service, topic, partition, inputs_of(service))
    if not TOPICS[topic].own:
        raise Failed(f"{topic} is an app's: its records bear no numbers of ours, so none can be missing")
    asyncio.run(_accept(stack, place, yes=yes))


def _place(stack: Stack, service: str, topic: str, partition: int, inputs: Sequence[str]) -> Place:
    if topic not in inputs:
        raise Failed(f"{service} does not read {topic}; it reads {', '.join(inputs)}")
    if partition >= (count := 1 if topic == POLICY.name else stack.stripes):
        raise Failed(f"{topic} has partitions 0 to {count - 1}")
    return Place(service, topic, partition)


async def _move(stack: Stack, places: Sequence[Place], to: str, *, yes: bool) -> None:
    bounds = [await asyncio.to_thread(_bounds, stack, place) for place in places]
    targets = [first if to == "earliest" else int(to) for first, _ in bounds]
    for place, (first, end), target in zip(places, bounds, targets, strict=True):
        if not first <= target <= end:
            raise Failed(f"{place.topic}/{place.partition} holds {first}..{end}; {target} is outside")
    for place, (_, end), target in zip(places, bounds, targets, strict=True):
        await _change(stack, place, target, None, yes=yes, end=end)
    _confirm(yes)


async def _accept(stack: Stack, place: Place, *, yes: bool) -> None:
    position, last = await _current(stack, place)
    given = await _given(stack, place)
    if last is not None and last > given:
        beyond = "what is beyond is forgotten, ours will follow"
        say(f"{place} has taken number {last}, and {given} is the last that was given out: {beyond}")
        await _change(stack, place, position, given, yes=yes)
        _confirm(yes)
        return
    seen, lower = await asyncio.to_thread(_numbered_from, stack, place, position, last or 0)
    if seen is None:
        raise Failed(f"{place} stands at {position}, and no record of ours follows: there is no number to accept")
    if last is None or seen.sequence <= last + 1:
        raise Failed(f"{place} has taken number {last}, and {seen.sequence} follows at offset {seen.offset}: there is no gap")
    told = f"number {seen.sequence} at offset {seen.offset} is not in its turn"
    if lower:  # accepted, it would make copies of those that follow
        way = f"laotie cursor move {place.service} {place.topic} {place.partition} --to {seen.offset + 1}"
        raise Failed(f"{told}, {lower.sequence} follows at offset {lower.offset}; where it is not ours, `{way}` passes it by")
    if seen.sequence > given:
        raise Failed(f"{told}, {given} is the last that was given out; the runbook says what then, under halt.lane_behind_log")
    say(f"{place}: numbers {last + 1} to {seen.sequence - 1} are given up for lost; {seen.sequence} at offset {seen.offset} is next")
    await _change(stack, place, position, seen.sequence - 1, yes=yes)
    _confirm(yes)


def _confirm(yes: bool) -> None:
    if not yes:
        raise Failed("nothing was changed; say --yes to do it")


async def _change(stack: Stack, place: Place, position: int, last_seq: int | None, *, yes: bool, end: int = 0) -> None:
    """last_seq None: stays when the cursor goes back, and is forgotten when it goes on, so that the next one is the baseline. end: of the
    partition, beyond which there is nothing to read again.
    """
    schema, connection = postgres.quoted(place.service), await asyncpg.connect(stack.dsn("admin"), timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '15s'")
            await connection.execute(LOCK.format(schema=schema), place.partition)
            row = await connection.fetchrow(CURRENT.format(schema=schema), place.topic, place.partition)
            if row is None:
                raise Failed(f"{place} does not exist; `laotie up` makes it")
            write = MOVE if last_seq is None else ACCEPT
            if last_seq is None:
                last_seq = row["last_seq"] if position <= row["position"] else None
                say(_meaning(place, row["position"], position, end))
            if not yes:
                return
            await connection.execute(write.format(schema=schema), place.topic, place.partition, position, last_seq)
            if write == MOVE and _replaced(row, await asyncio.to_thread(ids_of, stack, [place.topic])):
                await put_aside(connection, await held(connection, schema, [(place.topic, place.partition)]))
    finally:
        await connection.close()
    say(f"{place} stands at {position}; a running service follows within seconds")


def _meaning(place: Place, before: int, after: int, end: int) -> str:
    if after > before:
        return f"{place} goes from {before} to {after}: {place.service} will never see offsets {before} to {after - 1}"
    return f"{place} goes from {before} back to {after}: {min(before, end) - after} offsets are read again, and what was taken is dropped"


async def _given(stack: Stack, place: Place) -> int:
    """The highest number that the topic's service has given out."""
    row = await _row(stack, LANE, TOPICS[place.topic].writers[0], place)
    return row["seq"] if row else 0


async def _current(stack: Stack, place: Place) -> tuple[int, int | None]:
    row = await _row(stack, CURRENT, place.service, place)
    if row:
        return row["position"], row["last_seq"]
    raise Failed(f"{place} does not exist; `laotie up` makes it")


async def _row(stack: Stack, statement: str, schema: str, place: Place) -> asyncpg.Record | None:
    connection = await asyncpg.connect(stack.dsn("admin"), timeout=10)
    try:
        return await connection.fetchrow(statement.format(schema=postgres.quoted(schema)), place.topic, place.partition)
    finally:
        await connection.close()


def _shown(stack: Stack, service: str) -> list[dict[str, Any]]:
    async def rows() -> list[asyncpg.Record]:
        async with asking(stack) as connection:
            return list(await connection.fetch(SHOW.format(schema=postgres.quoted(service))))

    consumer = consumer_of(stack)
    try:
        found, taken = [], asyncio.run(rows())
        ids = ids_of(stack, sorted({row["topic"] for row in taken}))
        for row in taken:
            first, end = consumer.get_watermark_offsets(TopicPartition(row["topic"], row["partition"]), timeout=READ_S)
            told = {**dict(row), "topic_id": row["topic_id"] and str(row["topic_id"])}
            found.append({"service": service, **told, "first": first, "end": end, "replaced": _replaced(row, ids)})
        return found
    finally:
        consumer.close()


def _replaced(row: asyncpg.Record, ids: Mapping[str, UUID]) -> bool:
    """I1. Not where one of the two ids is not known."""
    return row["topic_id"] is not None and ids.get(row["topic"], row["topic_id"]) != row["topic_id"]


def _bounds(stack: Stack, place: Place) -> tuple[int, int]:
    consumer = consumer_of(stack)
    try:
        return consumer.get_watermark_offsets(TopicPartition(place.topic, place.partition), timeout=READ_S)
    finally:
        consumer.close()


def _numbered_from(stack: Stack, place: Place, position: int, last: int) -> tuple[Seen | None, Seen | None]:
    """The first with a number; and the first behind it, as far as the time allows, with one that it leaves out."""
    first: Seen | None = None
    topic = TOPICS[place.topic]
    consumer = consumer_of(stack)
    try:
        consumer.assign([TopicPartition(place.topic, place.partition, position)])
        deadline = time.monotonic() + READ_S
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if (error := message.error()) is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    break
                raise KafkaException(error)
            number = number_of(topic, dict(cast("list[tuple[str, bytes]]", message.headers() or [])))
            if number and first is None:
                first = Seen(message.offset() or 0, number)
                if number <= last + 1:
                    break
            elif first is not None and last < number < first.sequence:
                return first, Seen(message.offset() or 0, number)
        return first, None
    finally:
        consumer.close()
