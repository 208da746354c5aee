"""What a broker takes from a stranger, and our client would not: no lane waits behind it, and it is told."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.local.kafka import quiet
from deploy.verify.log import records
from tests.toy.world import World

pytestmark = pytest.mark.stack

HEAD = {"ce_specversion": "1.0", "ce_source": "toy/app", "ce_type": "life.begin"}


def begun(world: World) -> set[str]:
    return {seen.key for seen in world.facts("alpha.v1") if seen.headers["ce_type"] == "life.begun"}


def test_f8_what_came_compressed_and_is_too_large_to_be_copied_stops_no_lane(world: World) -> None:
    config = {**world.stack.settings("admin").confluent(), "compression.type": "gzip", "message.max.bytes": "20000000"}
    producer = Producer(quiet(config))
    producer.produce(f"{world.ns}toy.v1", b" " * 9_000_000, "large", partition=0, headers={**HEAD, "ce_id": "large"})
    assert producer.flush(60) == 0
    world.publish("life.begin", "after-large", partition=0)
    world.publish("life.begin", "beside-large", partition=1)
    world.flush()
    world.idle(only=("alpha",))
    assert {"after-large", "beside-large"} <= begun(world)
    assert ("large", "event.too_large") in world.refused("alpha")


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_p1_x3_what_a_stranger_packs_is_read_and_what_is_too_large_unpacked_is_refused_once(world: World, codec: str) -> None:
    config = {**world.stack.settings("admin").confluent(), "compression.type": codec, "message.max.bytes": "200000000"}
    producer = Producer(quiet(config))
    producer.produce(f"{world.ns}toy.v1", bytes(120_000_000), "bomb", partition=0, headers={**HEAD, "ce_id": "bomb"})
    assert producer.flush(60) == 0
    life = f"packed-{codec}"
    body = json.dumps({"life_id": life, "occurred_at": world.now(), "unknown": "x" * 2000}).encode()
    producer.produce(f"{world.ns}toy.v1", body, life, partition=0, headers={**HEAD, "ce_id": life})
    assert producer.flush(60) == 0
    world.idle(only=("alpha",))
    assert life in begun(world)
    assert ("", "event.too_large") in world.refused("alpha")
    place = (f"{world.ns}toy.v1", 0)
    _, end = Consumer({**quiet(config), "group.id": "ends"}).get_watermark_offsets(TopicPartition(*place), timeout=20)
    read = records(quiet(world.stack.settings("admin").confluent()), {place: end}, lambda message: message.key() == life.encode())
    assert [record.key for record in read] == [life.encode()], "what verifies reads on behind it, too"


class Raw(str):
    """A header's name that is sent as other bytes than its own."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfename"


async def named(world: World, life: str) -> None:
    """A batch as a client in C would send it: its header's name is no UTF-8."""
    producer = AIOKafkaProducer(**world.stack.settings("admin").aiokafka())
    await producer.start()
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(2, 0, False, -1, -1, 0, 1 << 20)
    body = json.dumps({"life_id": life, "occurred_at": world.now()}).encode()
    headers = [*((name, text.encode()) for name, text in {**HEAD, "ce_id": life}.items()), (Raw("x"), b"v")]
    batch.append(timestamp=None, key=life.encode(), value=body, headers=headers)
    batch.close()
    await (await producer.send_batch(batch, f"{world.ns}toy.v1", partition=0))
    await producer.stop()


def test_x3_a_header_whose_name_is_not_utf8_stops_no_lane(world: World) -> None:
    asyncio.run(named(world, "strange"))
    world.publish("life.begin", "after-strange", partition=0)
    world.publish("life.begin", "beside-strange", partition=1)
    world.flush()
    world.idle(only=("alpha",))
    assert {"strange", "after-strange", "beside-strange"} <= begun(world)
