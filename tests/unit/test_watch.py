"""Rest is seen in one look, at no time too early; waiting for it outlives servers that die in the middle of a look."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from confluent_kafka import KafkaError, KafkaException
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.ends import POLICY, Ends, Read
from deploy.cli.errors import Failed
from deploy.cli.walk import walk
from deploy.cli.watch import NotIdle, Watch, _unread
from shared.settings import Settings

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass
class Shop:
    """One service that takes what an app said and, again and again, what it said itself; the number in a record says how often.

    taken: in a transaction that is not committed. sent: the first row of the outbox is in the topic and not deleted yet.
    """

    dice: Random
    topics: dict[str, list[int]] = field(default_factory=lambda: {"app.v1": [], "shop.v1": []})
    cursors: dict[str, int] = field(default_factory=lambda: {"app.v1": 0, "shop.v1": 0})
    outbox: list[int] = field(default_factory=list)
    taken: str = ""
    sent: bool = False

    def go_on(self) -> bool:
        """One step of those that are possible. False: nothing is left to do."""
        steps = [name for name, records in self.topics.items() if not self.taken and self.cursors[name] < len(records)]
        steps += ["commit"] * bool(self.taken) + ["send"] * bool(self.outbox and not self.sent) + ["delete"] * self.sent
        if not steps:
            return False
        step = self.dice.choice(steps)
        if step == "commit":
            again = self.topics[self.taken][self.cursors[self.taken]]
            self.cursors[self.taken] += 1
            self.outbox += [again - 1] if again else []
            self.taken = ""
        elif step == "send":
            self.topics["shop.v1"].append(self.outbox[0])
            self.sent = True
        elif step == "delete":
            del self.outbox[0]
            self.sent = False
        else:
            self.taken = step
        return True

    def some_time(self) -> None:
        for _ in range(self.dice.randrange(6)):
            self.go_on()

    def rows(self) -> list[dict[str, Any]]:
        """The snapshot, taken at some time."""
        self.some_time()
        cursors = [(name, 0, position) for name, position in self.cursors.items()]
        counts = {"outbox": len(self.outbox), "ready": 0, "unsent": 0, "sent": 0}
        return [{"service": "shop", "cursors": cursors, **counts, "processes": [("shop-1", None, 0, "")]}]

    def read(self, *_: object) -> Read:
        """The ends, at a later time."""
        self.some_time()
        return Read({**{(name, 0): len(records) for name, records in self.topics.items()}, POLICY: 0}, BEGINNING, ())


def watched(shop: Shop) -> Watch:
    watch = object.__new__(Watch)
    watch.stack = cast("Any", SimpleNamespace(clock="system"))
    watch.grace, watch._last, watch._at = timedelta(seconds=5), None, None
    watch._inputs = {"shop": frozenset(shop.topics)}
    watch._ends = cast("Any", SimpleNamespace(committed=lambda _: {}, read=shop.read))

    async def rows(*_: object) -> Any:
        return shop.rows()

    watch._rows = rows  # type: ignore[assignment, method-assign]
    return watch


@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), min_size=1, max_size=3), st.booleans())
def test_where_one_look_sees_nothing_left_nothing_happens_any_more(seed: int, told: list[int], whole: bool) -> None:
    """Whatever is done between its snapshot and its ends, and in the middle of whatever it is taken; and rest is seen in the end."""
    shop = Shop(Random(seed))
    shop.topics["app.v1"] += told
    watch = watched(shop)
    for _ in range(100):
        if not asyncio.run(watch.sweep(whole=whole)).left:
            break
    else:
        raise AssertionError("it rests, and nobody sees it")
    assert not shop.go_on()


class Broken:
    """A connection whose server died while it was asked: whatever it is asked afterwards, it says the same."""

    terminated = False

    def is_closed(self) -> bool:
        return self.terminated

    def terminate(self) -> None:
        self.terminated = True

    async def fetch(self, *_: object, timeout: float) -> list[Any]:
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_a_connection_that_broke_in_the_middle_of_a_look_is_not_asked_again() -> None:
    watch, broken = object.__new__(Watch), Broken()
    watch.stack = cast("Any", SimpleNamespace(clock="system"))
    watch.grace, watch._standing, watch._last, watch._at = timedelta(seconds=5), "", None, None
    watch._ends = cast("Any", SimpleNamespace(committed=lambda _: {}, read=lambda *_: Read({}, datetime.min.replace(tzinfo=UTC), ())))
    watch._connection = cast("Any", broken)
    with pytest.raises(NotIdle, match="cannot look: Postgres: cannot switch"):
        await watch.idle(0)
    assert broken.terminated
    assert watch._connection is None


class Frozen:
    """librdkafka's clients of a broker that was stopped: whatever they are asked takes the time that it may take."""

    def __init__(self, _: object) -> None: ...

    def offsets_for_times(self, asked: object, timeout: float) -> Any:
        time.sleep(timeout)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def list_consumer_group_offsets(self, asked: object, request_timeout: float) -> dict[str, Future[Any]]:
        time.sleep(request_timeout)
        return {"app": Future()}

    def describe_consumer_groups(self, asked: object, request_timeout: float) -> dict[str, Future[Any]]:
        return {"app": Future()}

    def close(self) -> None: ...


@pytest.mark.parametrize("groups", [[], ["app"]])
async def test_a_broker_that_does_not_answer_is_not_waited_for_beyond_the_time_given(
    groups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took 41 s of five, 20 for each of two looks."""
    monkeypatch.setattr("deploy.cli.ends.Consumer", Frozen)
    monkeypatch.setattr("deploy.cli.watch.LOOK_LEAST_SECONDS", 0.2)
    watch = watched(Shop(Random(1)))
    stack = SimpleNamespace(stripes=1, admin=lambda: Frozen(None), settings=lambda _: Settings(), clock="system")
    watch._connection, watch._ends = None, Ends(cast("Any", stack), ["app.v1"], groups)
    began = time.monotonic()
    with pytest.raises(NotIdle, match="cannot look: Kafka"):
        await watch.idle(0.5)
    assert 0.5 < time.monotonic() - began < 2


def test_services_with_more_partitions_than_the_shell_knows_of_are_named_with_a_code() -> None:
    with pytest.raises(Failed, match=r"halt.partition_count: order reads storefront.v1/4; LAOTIE_STRIPES says"):
        _unread("order", [("storefront.v1", 4, 0)], {("storefront.v1", 3): 7}, frozenset({"storefront.v1"}))


@pytest.mark.parametrize("to", [*(datetime.max.replace(tzinfo=zone) for zone in (UTC, timezone(-timedelta(hours=14)))), timedelta.max])
async def test_k1_no_clock_is_sent_to_where_nothing_could_follow(to: datetime | timedelta) -> None:
    """Whoever followed it there would never come back."""

    async def noon() -> datetime:
        return datetime(2026, 6, 1, 12, tzinfo=UTC)

    with pytest.raises(Failed, match=r"clock\.beyond_calendar"):
        await walk(cast("Any", SimpleNamespace(stack=SimpleNamespace(clock="manual"), clock=noon)), to)
