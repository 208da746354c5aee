"""What a follower of versions says of itself: V2."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import OffsetOutOfRangeError, TopicAuthorizationFailedError

from shared.errors import HaltCode
from shared.messaging.connect import Halted
from shared.messaging.metrics import METRICS
from shared.messaging.versions import Following, Kept
from shared.settings import Settings
from tests.toy.rules import Rules
from tests.unit.messaging.trade import SERVICE, SHOP

NOW = datetime(2026, 5, 4, tzinfo=UTC)


class TellsNoIds:
    """The client of a broker that is older: I2."""

    def get_random_node(self) -> int:
        return 1

    async def send(self, *_: Any) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(("read_to", "told"), [(timedelta(minutes=-1), True), (timedelta(minutes=1), False)])
async def test_v2_a_process_that_may_decide_nothing_any_more_says_so(
    monkeypatch: pytest.MonkeyPatch, read_to: timedelta, told: bool
) -> None:
    """The broker refuses: for a while what was read is enough, then every batch waits in vain."""
    tried = asyncio.Event()

    class Refused:
        def __init__(self, **_: Any) -> None: ...

        async def start(self) -> None:
            raise TopicAuthorizationFailedError("policy.v1")

    async def leave(kafka: Any) -> None: ...

    async def nothing(seconds: float) -> None:
        tried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("shared.messaging.versions.AIOKafkaConsumer", Refused)
    monkeypatch.setattr("shared.messaging.versions.leave", leave)
    monkeypatch.setattr("shared.messaging.versions.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": nothing}))
    published, clock = cast("Any", SimpleNamespace(topic=SHOP, lead=timedelta())), cast("Any", SimpleNamespace(now=lambda: NOW))
    following = Following(published, SERVICE, Settings(), clock, cast("Any", None), lambda rows: None)
    following._until = NOW + read_to
    following.task = asyncio.create_task(following._follow())
    await tried.wait()
    assert ("TopicAuthorizationFailedError" in following.trouble) == told
    following._unhalt()
    assert following.trouble == ""
    await following.stop()


async def test_v2_after_a_look_the_policies_say_nothing_of_times_beyond_its_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_new(*_: Any) -> int:
        return 0

    kept = [Kept("1", 0, NOW, "", b"")]
    rules, clock = Rules(), cast("Any", SimpleNamespace(now=lambda: NOW))
    following = Following(rules, SERVICE, Settings(), clock, cast("Any", None), lambda rows: None)
    monkeypatch.setattr(following, "_end", nothing_new)
    following._policies = rules.policies(kept)
    await following._look(cast("Any", SimpleNamespace(position=nothing_new, _client=TellsNoIds())), cast("Any", None))
    known = await following.known(NOW)
    assert known.version_at(NOW + rules.lead) == "1"
    with pytest.raises(TimeoutError):
        known.version_at(NOW + rules.lead + timedelta(microseconds=1))


async def test_v2_what_is_known_counts_from_before_the_end_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that is published after the answer may begin a lead after that, and no later."""
    at, rules = [NOW], Rules()

    async def end(*_: Any) -> int:
        at[0] += timedelta(minutes=5)
        return 0

    following = Following(rules, SERVICE, Settings(), cast("Any", SimpleNamespace(now=lambda: at[0])), cast("Any", None), lambda rows: None)
    monkeypatch.setattr(following, "_end", end)
    following._policies = rules.policies([Kept("1", 0, NOW, "", b"")])

    async def position(*_: Any) -> int:
        return 0

    await following._look(cast("Any", SimpleNamespace(position=position, _client=TellsNoIds())), cast("Any", None))
    assert following._until == NOW + rules.lead


async def test_v2_whoever_comes_back_knows_nothing_until_it_has_looked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database may be a restored one, and its versions others."""
    looks, opened = list[datetime](), asyncio.Semaphore(0)
    rules, clock = Rules(), cast("Any", SimpleNamespace(now=lambda: NOW))

    class Kafka:
        def __init__(self, **_: Any) -> None: ...
        async def start(self) -> None: ...
        def assign(self, _: Any) -> None: ...
        def seek(self, *_: Any) -> None: ...

    async def leave(kafka: Any) -> None: ...

    async def connect(purpose: str) -> Any:
        return SimpleNamespace(is_closed=lambda: True)

    async def take(*_: Any) -> int:
        return 0

    async def look(*_: Any) -> None:
        looks.append(following._until)
        following._until = NOW + rules.lead
        opened.release()
        raise ConnectionResetError("the server fell")

    for name, value in (("AIOKafkaConsumer", Kafka), ("leave", leave), ("backoff", lambda failures: 0.0)):
        monkeypatch.setattr(f"shared.messaging.versions.{name}", value)
    following = Following(rules, SERVICE, Settings(), clock, connect, lambda rows: None)
    monkeypatch.setattr(following, "_take", take)
    monkeypatch.setattr(following, "_look", look)
    following.task = asyncio.create_task(following._follow())
    for _ in range(2):
        await opened.acquire()
    await following.stop()
    assert looks == [datetime.min.replace(tzinfo=UTC)] * 2


async def test_v1_a_topic_that_ends_before_what_was_read_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made anew, or restored without its end: whatever comes there next would be passed over up to the position."""
    rules, clock = Rules(), cast("Any", SimpleNamespace(now=lambda: NOW))

    async def end(*_: Any) -> int:
        return 3

    following = Following(rules, SERVICE, Settings(), clock, cast("Any", None), lambda rows: None)
    monkeypatch.setattr(following, "_end", end)
    following._policies, following.position = rules.policies([Kept("1", 0, NOW, "", b"")]), 4
    with pytest.raises(OffsetOutOfRangeError):
        await following._look(cast("Any", SimpleNamespace(_client=TellsNoIds())), cast("Any", None))
    assert following._known is None


async def test_v2_a_batch_that_waits_for_a_look_goes_on_once_that_is_over_and_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_new(*_: Any) -> int:
        return 0

    rules, clock = Rules(), cast("Any", SimpleNamespace(now=lambda: NOW))
    following = Following(rules, SERVICE, Settings(), clock, cast("Any", None), lambda rows: None)
    monkeypatch.setattr(following, "_end", nothing_new)
    following._policies = rules.policies([Kept("1", 0, NOW, "", b"")])
    waiting = asyncio.create_task(following.known(NOW))
    await asyncio.sleep(0)
    assert following._wanted.is_set()
    await following._look(cast("Any", SimpleNamespace(position=nothing_new, _client=TellsNoIds())), cast("Any", None))
    async with asyncio.timeout(1):
        assert (await waiting).version_at(NOW) == "1"


def test_of_what_keeps_versions_from_being_read_an_alert_names_what_stands() -> None:
    following = Following(Rules(), SERVICE, Settings(), cast("Any", None), cast("Any", None), lambda rows: None)
    codes: tuple[HaltCode, HaltCode] = ("halt.no_policy", "halt.cursor_out_of_range")

    def gauges() -> list[float]:
        return [METRICS.halted.labels(code=code, partition=-1)._value.get() for code in codes]

    told = []
    for code in codes:
        following._halt(Halted(code, "x"))
        told.append(gauges())
    following._unhalt()
    assert [*told, gauges(), following.trouble] == [[1, 0], [0, 1], [0, 0], ""]
