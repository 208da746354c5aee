"""Deadlines that nobody would wake again: F6, F7, T2."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from prometheus_client import REGISTRY

from shared.messaging.connect import TROUBLE_AFTER
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.messaging.timers import CURSORS, DUE, LATE, Poller
from shared.settings import Settings
from tests.unit.messaging import trade
from tests.unit.messaging.trade import JAR, NOON, Desk, Jar, Lid

HOUR = timedelta(hours=1)


def test_f6_a_timer_whose_decision_is_a_refusal_still_stands_and_is_a_bug(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused one would never come again, though the deadline stands: its row says that it is on its way."""

    def refuse(event: Lid, jar: Jar | None) -> Outcome:
        return Reject("order.closed", "not now")

    monkeypatch.setattr(trade, "close", refuse)
    desk.all(desk.coin("a", 1), desk.incoming(Lid(jar="a", occurred_at=NOON + HOUR)))
    assert desk.states("a") == ["parked"]
    assert "order.closed" in desk.held[0].error


def test_f7_a_deadline_that_is_another_since_the_code_changed_is_armed_when_the_old_one_comes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(jar: Jar) -> Iterator[Message]:
        yield from [Lid(jar=jar.jar, occurred_at=jar.lid + HOUR)] if jar.lid is not None else []

    desk.all(desk.coin("a", 1))
    old = desk.incoming(Lid(jar="a", occurred_at=NOON + HOUR))
    monkeypatch.setattr(JAR, "due", later)
    desk.all(old)
    assert (desk.held, desk.armed) == ([], {("lid", "a"): NOON + 2 * HOUR})
    desk.all(desk.incoming(Lid(jar="a", occurred_at=NOON + 2 * HOUR)))
    assert desk.armed == {}


def test_f7_what_is_armed_again_goes_with_the_deadline_in_the_same_batch(desk: Desk) -> None:
    desk.all(desk.coin("a", 1))
    stale, right = (desk.incoming(Lid(jar="a", occurred_at=NOON + n * HOUR)) for n in (0, 1))
    desk.all(stale, right)
    assert desk.armed == {}


class Log:
    """A database and a broker, as much as the poller asks of them. done, ends: of each partition of one topic."""

    def __init__(self) -> None:
        self.done, self.ends, self.astray = [5, 5], [5, 9], False

    async def fetch(self, sql: str, *_: Any) -> list[tuple[Any, ...]]:
        cursors = [("x.v1", n, self.done[n], self.astray and n == 1) for n in (0, 1)]
        return cursors if sql == CURSORS else [(0,)] * (sql == DUE)

    async def end_offsets(self, places: list[Any]) -> dict[Any, int]:
        return {place: self.ends[place.partition] for place in places}


async def test_t2_a_topic_found_astray_while_a_stripe_waits_counts_with_all_its_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    log, fired = Log(), list[int]()
    clock = cast("Any", SimpleNamespace(manual=True, now=lambda: NOON))
    poller = Poller(Settings(stripes=2), "x", ["x.v1"], clock, cast("Any", None), lambda rows: None)

    async def fire(connection: Any, cutoff: datetime, stripes: list[int], most: int) -> dict[int, int]:
        fired.extend(stripes)
        return dict.fromkeys(stripes, 0)

    monkeypatch.setattr(poller, "_fire", fire)
    poller.numbers, log.done[0] = [0], 4
    await poller._turn(cast("Any", log), cast("Any", log))
    log.done[0], log.astray = 5, True
    await poller._turn(cast("Any", log), cast("Any", log))
    assert fired == [], "what may be about a key of stripe 0 still lies on partition 1"
    log.done[1] = 9
    await poller._turn(cast("Any", log), cast("Any", log))
    assert fired == [0]


async def test_t2_a_stripe_whose_due_ones_are_sent_looks_anew_though_others_fell_due_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that stayed would let none fire that is due after it; one that goes while more are due by it lets those wait for nothing."""
    log, fired, now = Log(), list[datetime](), [NOON]
    grace, clock = timedelta(seconds=5), cast("Any", SimpleNamespace(manual=True, now=lambda: now[0]))
    poller = Poller(Settings(stripes=2, grace_s=5), "x", ["x.v1"], clock, cast("Any", None), lambda rows: None)
    left = [1, 0, 0]

    async def fire(connection: Any, cutoff: datetime, stripes: list[int], most: int) -> dict[int, int]:
        fired.append(cutoff)
        return dict.fromkeys(stripes, most * left.pop(0))

    monkeypatch.setattr(poller, "_fire", fire)
    poller.numbers = [0]
    for _ in range(3):
        await poller._turn(cast("Any", log), cast("Any", log))
        now[0] += HOUR
        log.ends[0] += 1
        log.done[0] += len(fired) > 1
    assert fired == [NOON - grace, NOON - grace]
    log.done[0] = log.ends[0]
    await poller._turn(cast("Any", log), cast("Any", log))
    assert fired[2:] == [NOON + 2 * HOUR - grace]


async def test_t2_of_a_stripe_that_has_halted_or_lies_beyond_its_log_nothing_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that was made anew may be shorter than its cursor, or as long: what it holds is not done."""
    log, fired = Log(), list[int]()
    poller = Poller(
        Settings(stripes=2),
        "x",
        ["x.v1"],
        cast("Any", SimpleNamespace(manual=True, now=lambda: NOON)),
        cast("Any", None),
        lambda rows: None,
    )

    async def fire(connection: Any, cutoff: datetime, stripes: list[int], most: int) -> dict[int, int]:
        fired.extend(stripes)
        return dict.fromkeys(stripes, 0)

    monkeypatch.setattr(poller, "_fire", fire)
    poller.numbers, log.ends[0] = [0], 4
    await poller._turn(cast("Any", log), cast("Any", log))
    log.ends[0], poller.halts = 5, lambda: {0: "halt.topic_replaced"}
    await poller._turn(cast("Any", log), cast("Any", log))
    assert fired == []
    poller.halts = dict
    await poller._turn(cast("Any", log), cast("Any", log))
    assert fired == [0]


async def test_deadlines_that_fall_due_and_are_sent_all_the_time_are_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten a second one is due whenever monitoring looks; what is not sent for a minute is late, and stays so until it is sent."""
    log, now = Log(), [NOON]
    poller = Poller(
        Settings(stripes=2),
        "x",
        ["x.v1"],
        cast("Any", SimpleNamespace(manual=True, now=lambda: now[0])),
        cast("Any", None),
        lambda rows: None,
    )
    poller.numbers, left, late = [0], [0], list[float]()

    async def fire(connection: Any, cutoff: datetime, stripes: list[int], most: int) -> dict[int, int]:
        return dict.fromkeys(stripes, left[0] * most)

    async def turns(count: int) -> None:
        for _ in range(count):
            await poller._turn(cast("Any", log), cast("Any", log))
            late.append(REGISTRY.get_sample_value("laotie_timers_due") or 0)
            now[0] += LATE / 2

    monkeypatch.setattr(poller, "_fire", fire)
    await turns(5)
    log.done[0] = 4
    await turns(5)
    log.done[0], left[0] = 5, 1
    await turns(1)
    left[0] = 0
    await turns(2)
    assert late == [0] * 8 + [1] * 4 + [0]


async def test_deadlines_that_cannot_be_sent_are_told_until_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right to read them may be all that is missing: no batch fails of that, and no deadline fires."""
    lacking, told = [TROUBLE_AFTER], list[str]()

    async def connect(purpose: str) -> Any:
        if lacking[0]:
            lacking[0] -= 1
            raise asyncpg.InsufficientPrivilegeError("permission denied for table timer")
        told.append(poller.trouble)
        return SimpleNamespace(terminate=lambda: None)

    async def turn(connection: Any, kafka: Any) -> bool:
        if len(turns) == 1:
            told.append(poller.trouble)
            raise asyncio.CancelledError
        turns.append(1)
        return True

    async def nothing(*_: Any) -> None: ...

    turns = list[int]()
    clock = cast("Any", SimpleNamespace(manual=True, now=lambda: NOON, moved=asyncio.Event()))
    poller = Poller(Settings(stripes=2), "x", ["x.v1"], clock, connect, lambda rows: None)
    monkeypatch.setattr("shared.messaging.timers.AIOKafkaConsumer", lambda **_: SimpleNamespace(start=nothing))
    monkeypatch.setattr("shared.messaging.timers.leave", nothing)
    monkeypatch.setattr(poller, "_turn", turn)
    with pytest.raises(asyncio.CancelledError):
        await poller.run()
    assert told[0].startswith(f"sending deadlines failed {TROUBLE_AFTER} times: InsufficientPrivilegeError")
    assert told[1] == ""


@pytest.mark.parametrize(("manual", "ours", "theirs", "fires"), [
    (False, HOUR, HOUR, True), (False, 2 * HOUR, -HOUR, False), (False, -HOUR, 2 * HOUR, False), (True, HOUR, -HOUR, True),
])  # fmt: skip
async def test_t4_a_deadline_is_due_once_both_clocks_have_passed_it(manual: bool, ours: timedelta, theirs: timedelta, fires: bool) -> None:
    """Each beside the deadline."""
    clock = cast("Any", SimpleNamespace(manual=manual, now=lambda: NOON + ours))
    poller = Poller(Settings(stripes=1), "x", ["x.v1"], clock, cast("Any", None), lambda rows: None)

    async def server(sql: str) -> datetime:
        return NOON + theirs

    assert (await poller._now(cast("Any", SimpleNamespace(fetchval=server))) >= NOON) is fires
