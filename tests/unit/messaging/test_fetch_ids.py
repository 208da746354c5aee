"""That what a fetch session hands on is of the topics that the cursors are about: X5."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError

from shared.messaging.fetch import _session
from shared.messaging.topic_ids import TopicIds
from tests.unit.messaging.test_fetch import BY_ID, BY_NAME, IDS, Broker, Sink, X, Y, answer, batch, newest, part, play

__all__ = ["newest"]

ANOTHER = UUID(int=3)
UNKNOWN_ID, OTHER_ID = 100, 103


async def until_nothing_is_wanted(broker: Broker, sink: Sink) -> None:
    session = asyncio.create_task(_session(broker, 1, sink))
    async with asyncio.timeout(10):
        while sink.at and not session.done():  # noqa: ASYNC110 - turns of the loop
            await asyncio.sleep(0)
    assert session.cancel(), "it goes on"


async def test_x5_by_name_what_a_topic_of_another_id_brings_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer too: what made the session begin anew may have been just that."""
    monkeypatch.setattr(Broker, "newest", BY_NAME)
    sink = Sink(x=3)
    broker = Broker(answer(part(X, batch(3, b"another's"))))
    broker.ids["x"] = ANOTHER
    await until_nothing_is_wanted(broker, sink)
    assert (sink.values, sink.gone, sink.wells, broker.looks) == ([], [], 0, 1)


def test_x5_ids_are_looked_at_once_a_second_whatever_comes_by_name_and_by_id_not_at_all(
    newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter((10.0, 10.0, 10.5, 10.9, 11.0, 11.0, 11.1))
    monkeypatch.setattr("shared.messaging.fetch.time", SimpleNamespace(monotonic=lambda: next(moments)))
    broker = play(Sink(x=3), *(answer() for _ in range(5)))
    assert (broker.looks, next(moments, None)) == ((2, None) if newest == BY_NAME else (0, 10.0))


@pytest.mark.parametrize(
    "said",
    [
        answer(part(Y, batch(7, b"c")), part(X, error=OTHER_ID)),
        answer(part(X, error=UNKNOWN_ID), part(Y, batch(7, b"c"))),
        answer(error=UNKNOWN_ID),
    ],
)
async def test_x5_by_id_a_topic_made_anew_is_one_that_the_broker_does_not_have(
    said: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broker, "newest", BY_ID)
    sink = Sink(x=3, y=7)
    broker = Broker(answer(), said)
    broker.ids["x"] = ANOTHER
    await until_nothing_is_wanted(broker, sink)
    assert (sink.values, sink.gone, sink.wells, broker.looks) == ([], [], 1, 1)


@pytest.mark.parametrize("code", [UNKNOWN_ID, OTHER_ID])
@pytest.mark.parametrize("known", [True, False])
def test_x5_by_id_one_that_is_gone_or_not_heard_of_yet_is_waited_for_like_a_name(code: int, known: bool, newest: int) -> None:
    """known: the broker learns of it between its two answers."""
    sink = Sink(x=3, y=7)
    broker = Broker(answer(part(X, error=code if newest == BY_ID else UnknownTopicOrPartitionError.errno), part(Y, batch(7, b"c"))))
    broker.ids = dict(IDS) if known else {"y": IDS["y"]}
    with pytest.raises(UnknownTopicOrPartitionError):
        asyncio.run(_session(broker, 1, sink))
    assert (sink.values, sink.at[X], broker.refreshed, broker.looks) == ([b"c"], 3, 1, 1)


async def test_x5_a_session_goes_by_names_until_all_ids_are_known_and_then_begins_anew() -> None:
    sink = Sink(x=3, y=7)
    sink.ids = {"y": IDS["y"]}

    class Learning(Broker):
        async def send(self, node: int, request: Any) -> Any:
            if isinstance(request, TopicIds):
                sink.ids = IDS
            return await super().send(node, request)

    broker = Learning(answer(), answer(session=6), answer(session=6))
    with pytest.raises(asyncio.CancelledError):
        await _session(broker, 1, sink)
    everything = {X: 3, Y: 7}
    assert broker.asked == [(0, 0, everything, []), (0, 0, everything, []), (6, 1, {}, []), (6, 2, {}, [])]
    assert broker.versions == [11, *[13 if broker.newest == BY_ID else 11] * 3]
