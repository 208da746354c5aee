"""A member of the group reads nothing, and gives up its partitions only when the work on them has ended."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError

from shared.messaging.membership import Membership
from shared.messaging.metrics import METRICS
from shared.messaging.store import Lane
from shared.settings import Settings

MINE = [TopicPartition(topic, number) for topic in ("x", "y") for number in (1, 0)]


class Group:
    """A member, its client and whose work it directs. said: all that happened, in order. fails: what the next polls and commits raise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *fails: Exception) -> None:
        self.said: list[Any] = []
        self.fails = list(fails)
        self.positions: dict[Lane, int] = {}
        self.polled = asyncio.Semaphore(0)
        group = self

        class Kafka:
            def __init__(self, **settings: Any) -> None:
                group.settings = settings

            async def start(self) -> None: ...

            def subscribe(self, topics: list[str], listener: Membership) -> None:
                group.said.append("joined")

            def assignment(self) -> list[TopicPartition]:
                return MINE

            def pause(self, *places: TopicPartition) -> None:
                group.said.append(f"{len(places)} paused")

            async def getmany(self, timeout_ms: int) -> None:
                group.polled.release()
                await asyncio.sleep(0)
                if group.fails:
                    raise group.fails.pop(0)

            async def commit(self, offsets: dict[TopicPartition, Any]) -> None:
                if group.fails:
                    raise group.fails.pop(0)
                group.said.append({(place.topic, place.partition): told.offset for place, told in offsets.items()})

            async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
                if group.fails:
                    raise group.fails.pop(0)
                return dict.fromkeys(places, 10)

        async def leave(kafka: Any) -> None:
            group.said.append("left")

        known = {"AIOKafkaConsumer": Kafka, "leave": leave, "backoff": lambda failures: 0.0, "COMMIT_SECONDS": 0.0}
        for name, value in known.items():
            monkeypatch.setattr(f"shared.messaging.membership.{name}", value)
        self.settings: dict[str, Any] = {}
        self.member = Membership(Settings(session_s=10), "alpha", ["x", "y"], self.assigned, self.revoked, lambda: self.positions)
        self.member._kafka = cast("Any", Kafka())

    async def assigned(self, numbers: list[int]) -> None:
        self.said.append(numbers)

    async def revoked(self) -> None:
        await asyncio.sleep(0)
        self.said.append("work ended")


async def test_what_is_assigned_is_read_by_nobody_through_the_member_and_partitions_of_all_topics_are_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = Group(monkeypatch)
    await group.member.on_partitions_assigned(MINE)
    assert group.said == ["4 paused", [0, 1]]


async def test_partitions_move_once_the_work_on_them_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the group's client awaits: until then nobody else is given them."""
    group = Group(monkeypatch)
    await group.member.on_partitions_revoked(MINE)
    assert group.said == ["work ended"]


async def test_who_stops_ends_its_work_leaves_and_ends_what_was_assigned_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(monkeypatch)
    running = asyncio.create_task(group.member.run())
    await group.polled.acquire()
    group.member.stop()
    await running
    assert group.said == ["joined", "work ended", "left", "work ended"]


async def test_a_member_whose_broker_hung_up_ends_its_work_and_joins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(monkeypatch, KafkaConnectionError("gone"))
    running = asyncio.create_task(group.member.run())
    for _ in range(2):
        await group.polled.acquire()
    group.member.stop()
    await running
    once = ["joined", "work ended", "left", "work ended"]
    assert group.said == once * 2
    told = (group.settings["session_timeout_ms"], group.settings["enable_auto_commit"], group.settings["auto_offset_reset"])
    assert told == (10_000, False, "latest")
    assert group.settings["heartbeat_interval_ms"] * 3 < group.settings["session_timeout_ms"], "three may be lost"


async def test_lag_tools_are_told_what_is_new_of_what_is_ours_and_all_of_it_after_an_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is a hint: nobody minds a commit that fails."""
    group = Group(monkeypatch, CommitFailedError("rebalancing"))
    kafka = group.member._kafka
    assert kafka is not None
    group.positions = {("x", 0): 5, ("x", 7): 9}
    for change in ({}, {}, {("x", 0): 5}, {("x", 0): 6}):
        group.positions |= change
        await group.member._commit(kafka)
    assert group.said == [{("x", 0): 5}, {("x", 0): 6}]
    await group.member.on_partitions_assigned([])
    await group.member._commit(kafka)
    assert group.said[2:] == [[], {("x", 0): 6}]


async def test_monitoring_is_told_what_the_cursor_has_not_passed_until_a_partition_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what was read: that is bounded, so of whoever hangs it would not grow. What cannot be measured stays as it was."""
    group = Group(monkeypatch)
    kafka = group.member._kafka
    assert kafka is not None

    def told() -> dict[Lane, float]:
        (lag,) = METRICS.lag.collect()
        return {(each.labels["topic"], int(each.labels["partition"])): each.value for each in lag.samples}

    METRICS.lag.clear()
    group.positions = {("x", 0): 4, ("y", 0): 11, ("x", 7): 9}
    await group.member._measure(kafka)
    assert told() == {("x", 0): 6, ("y", 0): 0}, "of y the end is older than the cursor"
    group.positions = {("x", 0): 5}
    group.fails = [KafkaConnectionError("gone")]
    await group.member._measure(kafka)
    assert told()[("x", 0)] == 6
    METRICS.age.labels(topic="x", partition=0).set(700)
    await group.member.on_partitions_revoked(MINE)
    (age,) = METRICS.age.collect()
    assert (told(), age.samples) == ({}, []), "whoever reads it next tells it"
