"""A topic whose partitions somebody alters while services run: its keys have moved, so whoever reads it stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import NewPartitions, NewTopic  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.stack import Stack
from tests.toy.outside import PATIENCE_S, until
from tests.toy.world import World

pytestmark = pytest.mark.stack


@pytest.fixture
def world(stack: Stack) -> Iterator[World]:
    with World(stack) as it:
        it.spawn("alpha")
        it.spawn("beta")
        it.spawn("beta")
        it.ready()
        yield it


def test_partitions_added_while_services_run_halt_every_reader(world: World) -> None:
    """Both copies, whichever of them would get the new one; whoever does not read that topic goes on."""
    world.publish("life.begin", "before")
    world.flush()
    world.idle(only=("alpha", "beta"))
    topic = f"{world.ns}alpha.v1"
    for future in world.admin.create_partitions([NewPartitions(topic, world.stripes + 1)]).values():
        future.result(30)
    said = f"halt.partition_count: {topic} has {world.stripes + 1} partitions, the deployment {world.stripes}"
    for process in world.living("beta"):
        assert "\nlaotie_ready 1.0" in world.probe(world.living("alpha")[0], "metrics")[1]
        assert world.halted(process, "halt.partition_count") == said
        assert "\nlaotie_ready 0.0" in world.probe(process, "metrics")[1]
    told = len(world.facts("beta.v1"))
    world.publish("life.begin", "after")
    world.flush()
    world.idle(only=("alpha",))
    assert "after" in {seen.key for seen in world.facts("alpha.v1")}, "whoever does not read it goes on"
    assert [world.probe(process, "readyz")[1] for process in world.living("alpha")] == ["ok"]
    assert len(world.facts("beta.v1")) == told, "nothing is done"
    assert [world.halted(process, "halt.partition_count") for process in world.living("beta")] == [said] * 2
    world.quit("alpha")
    assert world.halted(world.spawn("alpha"), "halt.partition_count") == said, "whoever writes it stops at its next start"


def test_a_topic_that_is_not_there_is_said_to_be_deleted_or_hidden_and_not_to_have_another_number_of_partitions(world: World) -> None:
    topic = f"{world.ns}alpha.v1"
    for future in world.admin.delete_topics([topic]).values():
        future.result(30)
    (process, *_) = world.living("beta")
    said = world.halted(process, "halt.partition_count")
    until(lambda: "is not there" in world.halted(process, "halt.partition_count"), PATIENCE_S, lambda: said)
    assert world.halted(process, "halt.partition_count").startswith(f"halt.partition_count: {topic} is not there for ")
    for future in world.admin.create_topics([NewTopic(topic, world.stripes, 1)]).values():
        future.result(30)  # which the world deletes
