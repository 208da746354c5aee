"""What a flow does once a broker tells another topic of a name that it reads: I1, C4."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.messaging.connect import AFRESH
from shared.messaging.consume import Batch, Consumer, Done
from shared.messaging.queues import Queues
from shared.messaging.record import Record
from shared.messaging.store import Opened, Store
from shared.messaging.topic_ids import KNOWN
from shared.messaging.versions import Static
from tests.unit.messaging.test_consume import KEY, TOPICS
from tests.unit.messaging.test_flow import Connection, arrange, arrive, done, turns
from tests.unit.messaging.trade import NOON, SERVICE, Coin, Versions

OLD, NEW = UUID(int=1), UUID(int=2)
X, Y = ("x.v1", 0), ("x.v1", 1)


async def test_c4_what_runs_while_its_topic_is_found_to_be_another_is_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()

    async def execute(self: Connection, sql: str, *_: Any) -> None:
        said.append(sql)

    class Found(Store):
        async def begin(self, *_: Any) -> None: ...

        async def open(self, connection: Any, at: Any, *_: Any) -> Opened:
            return Opened(dict.fromkeys(at, (0, None)), {}, False)

        async def load(self, *_: Any) -> dict[str, Any]:
            return {}

        async def save(self, *_: Any) -> list[Any]:
            assert not flow.same({"shop.v1": NEW})
            return []

    monkeypatch.setattr(Connection, "execute", execute)
    flow = arrange(Consumer(SERVICE, TOPICS, Static(Versions()), 4, lambda: NOON, Found(SERVICE, 4)))
    flow.ids = {"shop.v1": OLD}
    headers = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"coin"))
    arrive(flow, Record("shop.v1", 0, 0, KEY.encode(), Coin(jar=KEY, n=1, occurred_at=NOON).to_json(), headers))
    await turns()
    assert (said, flow.positions, flow.queues.stream("shop.v1", 0).position) == (["ROLLBACK"], {}, 0)
    assert (flow.halts(), flow.wanted()) == ({0: "halt.topic_replaced"}, {}), "nothing begins, and nothing is read"


async def test_i1_what_stands_on_another_topic_is_looked_at_at_once_and_stands_until_a_check_lets_it_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From where its cursors are then, and compared with what they are about then."""
    checks, taken = [ConnectionError("not checked: halt.topic_replaced")] * 3, list[int]()

    async def connect(purpose: str) -> Any:
        assert purpose == AFRESH
        if checks:
            monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)  # the first was not waited for
            raise checks.pop()
        return Connection([], [])

    async def fetch(self: Connection, sql: str, *_: Any) -> list[Any]:
        return [("x.v1", NEW)] if sql == KNOWN else [(*X, 0), (*Y, 0)]

    async def run(connection: Any, batch: Batch) -> Done:
        taken.extend(record.offset for record in batch.records)
        return await done(connection, batch)

    monkeypatch.setattr(Connection, "fetch", fetch)
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 60.0)
    flow = arrange(run)
    flow._connect, flow.ids, flow.queues = connect, {"x.v1": OLD}, Queues({X: 91, Y: 91}, (), 4)
    flow.well(flow.wanted())
    watch = asyncio.create_task(flow._watch())
    await turns()
    assert not flow.same({"x.v1": NEW})
    flow.got(X, 91, [Record("x.v1", 0, 91, b"k", b"{}")], 92)  # another broker's answer, on its way
    flow.arrived()
    await turns()
    watch.cancel()
    assert (checks, taken, flow.wanted()) == ([], [], {X: 0, Y: 0})
    assert set(flow.halts().values()) == {"halt.topic_replaced"}, "until an answer has come"
    flow.well(flow.wanted())
    assert (flow.halts(), flow.same({"x.v1": NEW}), flow.same({"y.v1": OLD})) == ({}, True, True)


async def test_i1_a_cursor_that_was_moved_learns_its_topic_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not known then, and another topic of that name would be taken for the one that was moved on."""
    asked = list[str]()

    async def connect(purpose: str) -> Any:
        asked.append(purpose)
        return Connection([], [])

    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 0.0)
    flow = arrange(done)
    flow._connect, flow._idle = connect, [Connection([], [])]  # type: ignore[list-item]
    flow.positions = {X: 7}
    watch = asyncio.create_task(flow._watch())
    await turns()
    watch.cancel()
    assert (asked, flow.positions[X]) == ([AFRESH], 0)


async def test_i1_an_id_that_a_broker_tells_first_is_learnt_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then the topic is read by its name."""
    asked, known = list[str](), dict[str, UUID]()

    async def connect(purpose: str) -> Any:
        asked.append(purpose)
        known["x.v1"] = OLD  # as the check of each such connection does
        return Connection([], [])

    async def fetch(self: Connection, sql: str, *_: Any) -> list[Any]:
        return list(known.items()) if sql == KNOWN else []

    monkeypatch.setattr(Connection, "fetch", fetch)
    monkeypatch.setattr("shared.messaging.flow.HALT_RETRY_SECONDS", 60.0)
    flow = arrange(done)
    flow._connect, flow.ids = connect, {}
    watch = asyncio.create_task(flow._watch())
    for _ in range(2):
        assert flow.same({"x.v1": OLD})
        await turns()
    watch.cancel()
    assert (asked, flow.ids, flow.halts()) == ([AFRESH], {"x.v1": OLD}, {})
