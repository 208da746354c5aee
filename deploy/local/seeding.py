"""What a service must find before it starts: its stripes, its cursors, and with a manual clock a time."""

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.kafka import ADMIN, quiet
from deploy.local.process import StackError, StackHalted
from deploy.local.services import discover
from shared.contracts import ALL
from shared.messaging.connect import Halted
from shared.messaging.seed import seed
from shared.messaging.system import CLOCK

if TYPE_CHECKING:
    from deploy.local.stack import Stack

TIMEOUT_S = 30


def inputs_of(service: str) -> list[str]:
    """The topics whose partitions the service reads through cursors."""
    return [topic.name for topic in ALL if not topic.single and ("*" in topic.readers or service in topic.readers)]


async def seed_services(stack: "Stack") -> None:
    """Idempotent; cursors begin at the earliest offset of the log. Raises StackHalted where one was lost."""
    names = discover()
    topics = sorted({topic for name in names for topic in inputs_of(name)})
    places = [TopicPartition(topic, n) for topic in topics for n in range(stack.stripes)]
    own = {topic.name for topic in ALL if topic.own}
    earliest = _offsets(stack, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    connection = await asyncpg.connect(stack.dsn("admin"))
    try:
        for name in names:
            inputs = set(inputs_of(name))
            await seed(connection, name, stack.stripes, {place: offset for place, offset in earliest.items() if place[0] in inputs}, own)
    except Halted as halt:
        raise StackHalted(str(halt)) from halt
    finally:
        await connection.close()


def set_clock_once(stack: "Stack") -> None:
    """A manual clock that was never set begins at LAOTIE_CLOCK_BEGINS (ISO 8601 with a zone), else now; one that was keeps its time."""
    place = TopicPartition(CLOCK.name, 0)
    if _offsets(stack, [place], OffsetSpec.latest())[(place.topic, place.partition)] == 0:  # type: ignore[no-untyped-call]
        begins = os.environ.get("LAOTIE_CLOCK_BEGINS")
        at = datetime.fromisoformat(begins).astimezone(UTC) if begins else datetime.now(UTC)
        publish_clock(Producer(quiet(stack.settings(ADMIN).confluent())), at)


def _offsets(stack: "Stack", places: list[TopicPartition], which: OffsetSpec) -> dict[tuple[str, int], int]:
    """A topic made a moment ago may not have a leader that everyone knows: asked again until it has."""
    client = stack.admin()  # the futures live as long as it does
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        futures = client.list_offsets(dict.fromkeys(places, which), request_timeout=TIMEOUT_S)
        try:
            return {(place.topic, place.partition): future.result(TIMEOUT_S * 2).offset for place, future in futures.items()}
        except KafkaException as error:
            if time.monotonic() > deadline:
                raise StackError(f"offsets of {places[0].topic} and others: {error}") from error
            time.sleep(0.2)


def publish_clock(producer: Producer, to: datetime) -> None:
    """Raises StackError when the broker did not take it."""
    value = json.dumps({"clock": "clock", "occurred_at": to.isoformat()}).encode()
    stamp = to.isoformat()
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", f"clock-{stamp}"),
        ("ce_source", "laotie/ops"),
        ("ce_type", "clock.set"),
        ("content-type", "application/json"),
    ]
    producer.produce(CLOCK.name, value, b"clock", headers=headers)
    if producer.flush(TIMEOUT_S):
        raise StackError("the clock was not set: the broker does not answer")
