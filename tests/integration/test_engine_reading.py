"""How topics are read: transactions of upstream apps, and a service that gives up on too much."""

from __future__ import annotations

import asyncio
import json
import secrets

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Producer

from deploy.local.kafka import quiet
from shared.messaging.connect import leave
from tests.toy.outside import PATIENCE_S, until
from tests.toy.world import World

pytestmark = pytest.mark.stack


def transaction(world: World, producer: Producer, *lives: str) -> None:
    """Sends and flushes inside an open transaction."""
    producer.begin_transaction()
    for life in lives:
        body = json.dumps({"life_id": life, "occurred_at": world.now()})
        headers = {"ce_specversion": "1.0", "ce_id": secrets.token_hex(8), "ce_source": "toy/app", "ce_type": "life.begin"}
        producer.produce(f"{world.ns}toy.v1", body, life, partition=0, headers=dict(headers))
    producer.flush(30)


def begun(world: World) -> list[str]:
    return [seen.key for seen in world.facts("alpha.v1") if seen.headers["ce_type"] == "life.begun"]


def test_x2_what_an_upstream_app_aborted_never_happened(world: World) -> None:
    config = {**world.stack.settings("admin").confluent(), "transactional.id": f"{world.ns}app"}
    producer = Producer(quiet(config))
    producer.init_transactions(30)
    transaction(world, producer, "kept-1", "kept-2")
    producer.commit_transaction(30)
    transaction(world, producer, "undone-1", "undone-2")
    producer.abort_transaction(30)
    transaction(world, producer, "kept-3")
    producer.commit_transaction(30)
    transaction(world, producer, "undone-3")
    producer.abort_transaction(30)
    world.publish("life.begin", "plain", partition=0)
    world.flush()
    world.idle(only=("alpha",))
    assert begun(world) == ["kept-1", "kept-2", "kept-3", "plain"]
    end = world.ends(("toy.v1",))[("toy.v1", 0)]
    rows = world.rows("alpha", "SELECT position FROM cursor WHERE topic = $1 AND partition = 0", f"{world.ns}toy.v1")
    assert rows[0]["position"] == end, "the cursor moves over markers and what was aborted"


def test_x2_what_is_not_decided_yet_is_not_read(world: World) -> None:
    config = {**world.stack.settings("admin").confluent(), "transactional.id": f"{world.ns}slow"}
    producer = Producer(quiet(config))
    producer.init_transactions(30)
    transaction(world, producer, "open")
    world.publish("life.begin", "beside", partition=1)
    world.flush()
    until(lambda: "beside" in begun(world), PATIENCE_S, lambda: f"{begun(world)}")
    assert "open" not in begun(world)
    producer.commit_transaction(30)
    world.idle(only=("alpha",))
    assert "open" in begun(world)


def test_too_many_parked_halts_until_somebody_looked_and_restarted(world: World) -> None:
    """One bad event in 20 of at least 200 in a minute: the code is broken, not the events."""
    world.flag("boom")
    for n in range(400):
        world.publish("life.begin", f"b{n}", mode="boom" if n % 4 == 0 else "ok")
    world.flush()
    (process,) = world.processes

    def trouble() -> str:
        return str(world.probe(process, "readyz")[1])

    until(lambda: "halt.too_many_parked" in trouble(), PATIENCE_S, trouble)
    assert 'laotie_halted{code="halt.too_many_parked"' in world.probe(process, "metrics")[1]
    world.publish("life.begin", "after")
    world.flush()
    world.quit()
    assert "after" not in begun(world), "nothing more was parked meanwhile, and nothing done"
    world.flag("boom", False)
    parked = {row["key"] for row in world.rows("alpha", "SELECT key FROM parked WHERE state = 'parked'")}
    assert parked
    assert parked <= {f"b{n}" for n in range(0, 400, 4)}
    world.spawn("alpha")
    world.ready()
    for key in sorted(parked):
        world.redrive("alpha", key)
    world.idle(only=("alpha",))
    assert world.held("alpha") == []
    assert {"after", *(f"b{n}" for n in range(400))} <= set(begun(world))
    assert len(begun(world)) == len(set(begun(world)))


async def left(world: World) -> tuple[set[str], bool]:
    """A reader without a group loses its broker in the middle of a fetch and is left → the tasks that it leaves, whether it went on."""
    own = {asyncio.current_task()}
    kafka = AIOKafkaConsumer(**world.stack.settings("admin").aiokafka(), enable_auto_commit=False, retry_backoff_ms=60_000)
    place = TopicPartition(f"{world.ns}toy.v1", 0)
    await kafka.start()
    kafka.assign([place])
    await kafka.seek_to_end(place)
    await kafka.getmany(timeout_ms=200)  # the broker holds a fetch for half a second: one is under way
    for connection in list(kafka._client._conns.values()):
        connection.close(exc=ConnectionResetError("as if it was killed"))
    await asyncio.sleep(0.1)
    after = False

    async def leaver() -> None:
        nonlocal after
        await leave(kafka)
        after = True

    await asyncio.wait({asyncio.create_task(leaver())}, timeout=20)
    await asyncio.sleep(0)
    return {repr(task.get_coro()) for task in asyncio.all_tasks() - own}, after


def test_a_reader_whose_broker_died_in_the_middle_of_a_fetch_is_left_whole_and_its_follower_goes_on(world: World) -> None:
    assert asyncio.run(left(world)) == (set(), True)
