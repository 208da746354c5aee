"""What a fetch session says and takes, against a broker that answers as scripted, by names and by ids: X1 to X4."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from aiokafka.errors import CorruptRecordException, NotLeaderForPartitionError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.messaging.fetch import CALM_MS, WAIT_MS, _records, _session
from shared.messaging.record import Record
from shared.messaging.store import Lane
from shared.messaging.topic_ids import TopicIds

X, Y = ("x", 0), ("y", 0)
IDS = {"x": UUID(int=1), "y": UUID(int=2)}
NOTHING: list[Any] = []
OUT_OF_RANGE, NOT_LEADER, SESSION_ID_NOT_FOUND, INVALID_EPOCH, SESSION_BY_NAME = 1, 6, 70, 71, 106
BY_NAME, BY_ID = 12, 18  # the newest version of Fetch that brokers of 3.0 and 4.3 understand


def batch(base: int, *values: bytes, producer: int = -1, transactional: bool = False) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, transactional, producer, 0, 0, 1 << 20)
    for nth, value in enumerate(values):
        builder.append(nth, 1000 + nth, b"k", value, [("h", b"v")])
    built = bytearray(builder.build())
    built[:8] = base.to_bytes(8, "big")  # the broker sets it; the checksum begins behind it
    return bytes(built)


def part(lane: Lane, data: bytes = b"", error: int = 0, aborted: Any = None) -> tuple[str, list[Any]]:
    return lane[0], [(lane[1], error, 0, 0, 0, aborted, -1, data)]


def answer(*parts: Any, session: int = 5, error: int = 0) -> SimpleNamespace:
    return SimpleNamespace(API_VERSION=11, error_code=error, session_id=session, topics=list(parts))


def by_id(said: SimpleNamespace) -> SimpleNamespace:
    """The same in version 13."""
    topics: list[Any] = [(IDS[topic], [(*part, {}) for part in parts], {}) for topic, parts in said.topics]
    return SimpleNamespace(**vars(said) | {"API_VERSION": 13, "topics": topics})


@pytest.fixture(params=[BY_NAME, BY_ID], ids=["by name", "by id"], autouse=True)
def newest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(Broker, "newest", request.param)
    return int(request.param)


class Broker:
    """Plays the script, then hangs up. asked: (session id, epoch, moved, forgotten) of each request."""

    newest = BY_ID

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked: list[tuple[int, int, dict[Lane, int], list[Lane]]] = []
        self.waits: list[int] = []  # ms that each request lets the broker wait
        self.cluster = SimpleNamespace(leader_for_partition=lambda place: 1)
        self.refreshed = 0
        self.ids = dict(IDS)  # of its topics
        self.looks = 0
        self.versions: list[int] = []  # of each request

    def force_metadata_update(self) -> None:
        self.refreshed += 1

    async def send(self, node: int, request: Any) -> Any:
        if isinstance(request, TopicIds):
            self.looks += 1
            return SimpleNamespace(topics=[(0 if name in self.ids else 3, name, self.ids.get(name)) for name in request.topics])
        built = request.prepare({1: (4, self.newest)})
        named = {identity: name for name, identity in IDS.items()} if built.API_VERSION == 13 else {name: name for name in IDS}
        moved = {(named[topic[0]], row[0]): row[2] for topic in built.topics for row in topic[1]}
        forgotten = [(named[topic[0]], number) for topic in built.forgotten_topics_data for number in topic[1]]
        self.versions.append(built.API_VERSION)
        self.waits.append(built.max_wait_time)
        self.asked.append((built.session_id, built.session_epoch, moved, forgotten))
        if not self.script:
            raise asyncio.CancelledError
        return by_id(self.script.pop(0)) if built.API_VERSION == 13 else self.script.pop(0)


class Sink:
    """at: what is wanted; follows what it got unless it is told to stay."""

    def __init__(self, **at: int) -> None:
        self.at = {(name, 0): position for name, position in at.items()}
        self.ids: Mapping[str, UUID] = IDS
        self.values: list[bytes | None] = []
        self.gone: list[Lane] = []
        self.arrivals = self.wells = 0
        self.calms: list[bool] = []  # what it says of itself, request by request

    def wanted(self) -> Mapping[Lane, int]:
        return dict(self.at)

    def same(self, ids: Mapping[str, UUID]) -> bool:
        if ids.items() <= IDS.items():
            return True
        self.at.clear()
        return False

    def got(self, lane: Lane, asked: int, records: list[Record], position: int) -> None:
        self.values += [record.value for record in records]
        if self.at.get(lane) == asked:
            self.at[lane] = position

    def lost(self, lane: Lane) -> None:
        self.gone.append(lane)
        del self.at[lane]

    def calm(self) -> bool:
        return self.calms.pop(0) if self.calms else False

    def arrived(self) -> None:
        self.arrivals += 1

    def well(self, asked: Mapping[Lane, int]) -> None:
        self.wells += 1


def play(sink: Sink, *script: Any) -> Broker:
    broker = Broker(*script)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_session(broker, 1, sink))
    return broker


def test_a_session_names_only_what_moved() -> None:
    sink = Sink(x=3, y=7)
    broker = play(sink, answer(), answer(part(X, batch(3, b"a", b"b"))), answer())
    assert broker.asked == [
        (0, 0, {X: 3, Y: 7}, []),
        (5, 1, {}, []),
        (5, 2, {X: 5}, []),
        (5, 3, {}, []),
    ]
    assert (sink.values, sink.arrivals, sink.wells) == ([b"a", b"b"], 1, 3)


def test_what_is_not_wanted_any_more_is_forgotten_and_named_again_when_it_is() -> None:
    sink = Sink(x=3, y=7)
    broker = Broker(answer(), answer(), answer(), answer())
    real = broker.send

    async def send(node: int, request: Any) -> Any:
        said = await real(node, request)
        if len(broker.asked) == 1:
            sink.at = {X: 3}
        elif len(broker.asked) == 2:
            sink.at = {X: 1, Y: 7}  # rewound, and wanted again
        return said

    broker.send = send  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_session(broker, 1, sink))
    assert broker.asked[1:3] == [(5, 1, {}, [Y]), (5, 2, {X: 1, Y: 7}, [])]


def test_x4_a_request_waits_long_only_while_nothing_is_to_be_done_and_never_as_the_first_of_a_session() -> None:
    sink = Sink(x=3)
    sink.calms = [True, False, True]
    broker = play(sink, answer(), answer(), answer(), answer(session=0, error=SESSION_ID_NOT_FOUND), answer())
    assert broker.waits == [0, CALM_MS, WAIT_MS, CALM_MS, WAIT_MS, WAIT_MS]


@pytest.mark.parametrize("code", [SESSION_ID_NOT_FOUND, INVALID_EPOCH, SESSION_BY_NAME])
def test_a_lost_session_is_begun_again_in_full(code: int) -> None:
    broker = play(Sink(x=3), answer(), answer(session=0, error=code), answer(session=9))
    assert broker.asked == [(0, 0, {X: 3}, []), (5, 1, {}, []), (0, 0, {X: 3}, []), (9, 1, {}, [])]


def test_a_broker_that_keeps_no_session_is_asked_in_full_each_time() -> None:
    broker = play(Sink(x=3), answer(session=0), answer(part(X, batch(3, b"a")), session=0))
    assert broker.asked == [(0, 0, {X: 3}, []), (0, 0, {X: 3}, []), (0, 0, {X: 4}, [])]


def test_a_lane_whose_log_lost_its_position_is_told_and_the_others_go_on() -> None:
    sink = Sink(x=3, y=7)
    broker = play(sink, answer(part(X, error=OUT_OF_RANGE), part(Y, batch(7, b"c"))))
    assert (sink.gone, sink.values) == ([X], [b"c"])
    assert broker.asked[1] == (5, 1, {Y: 8}, [X])


def test_what_came_beside_an_error_is_handed_on_first() -> None:
    sink = Sink(x=3, y=7)
    with pytest.raises(NotLeaderForPartitionError):
        asyncio.run(_session(Broker(answer(part(X, error=NOT_LEADER), part(Y, batch(7, b"c")))), 1, sink))
    assert (sink.values, sink.arrivals) == ([b"c"], 1), "else it would lie in its queue until something else comes"


def test_any_other_error_ends_the_reading_and_asks_for_the_leaders_anew() -> None:
    broker = Broker(answer(part(X, error=NOT_LEADER)))
    with pytest.raises(NotLeaderForPartitionError):
        asyncio.run(_session(broker, 1, Sink(x=3)))
    assert broker.refreshed == 1


def test_x1_an_answer_to_an_older_question_comes_with_that_question() -> None:
    """The queue compares it with what it wants now (Q4)."""
    asked = []

    class Rewinding(Sink):
        def got(self, lane: Lane, asked_: int, records: list[Record], position: int) -> None:
            asked.append((asked_, position))
            self.at[lane] = 1

    play(Rewinding(x=3), answer(part(X, batch(3, b"a"))))
    assert asked == [(3, 4)]


def test_records_before_the_position_in_a_batch_that_came_whole_are_left_out() -> None:
    found, position = _records(X, 12, batch(10, b"a", b"b", b"c"), None)
    assert [(record.offset, record.value, record.key, record.headers) for record in found] == [(12, b"c", b"k", (("h", b"v"),))]
    assert position == 13


def test_a_batch_that_was_cut_off_is_read_the_next_time() -> None:
    whole = batch(10, b"a") + batch(11, b"b")
    found, position = _records(X, 10, whole[:-3], None)
    assert ([record.value for record in found], position) == ([b"a"], 11)


def test_a_broken_checksum_is_never_handed_on() -> None:
    data = bytearray(batch(10, b"abc"))
    data[-2] ^= 1
    with pytest.raises(CorruptRecordException):
        _records(X, 10, bytes(data), None)


def test_x2_records_of_an_aborted_transaction_are_skipped_and_the_position_moves_over_them() -> None:
    data = batch(10, b"a", producer=7, transactional=True) + batch(11, b"b", producer=8, transactional=True) + batch(12, b"c", producer=7)
    found, position = _records(X, 10, data, [(7, 10)])
    assert ([record.value for record in found], position) == ([b"b", b"c"], 13), "what producer 7 wrote outside a transaction stands"
    later, _ = _records(X, 10, data, [(8, 12, {}), (7, 10, {})])
    assert [record.value for record in later] == [b"b", b"c"], "a transaction that begins later says nothing of what came before"


def renamed(data: bytes, name: bytes, codec: int = 0) -> bytes:
    """The header `hxyz` of a batch under another name of four bytes, with the checksum that belongs to it."""
    built = bytearray(data.replace(b"hxyz", name))
    built[17:21] = calc_crc32c(bytes(built[21:])).to_bytes(4, "big")
    return bytes(built)


def named(base: int, name: bytes) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, 0, 0, 1 << 20)
    builder.append(0, 1000, b"k", b"a", [("first", None), ("hxyz", b"\xfe")])
    builder.append(1, 1001, None, b"b", [])
    return renamed(base.to_bytes(8, "big") + bytes(builder.build())[8:], name)


def test_x3_a_header_whose_name_is_not_utf8_is_read() -> None:
    """A broker takes any bytes; who writes in C, or with kcat, can send them."""
    whole = batch(9, b"z") + named(10, b"\xff\xfexy") + batch(12, b"c", producer=7, transactional=True) + batch(13, b"d")
    found, position = _records(X, 9, whole + batch(14, b"e")[:-3], [(7, 12)])
    assert [(record.offset, record.key, record.value) for record in found] == [
        (9, b"k", b"z"), (10, b"k", b"a"), (11, None, b"b"), (13, b"k", b"d"),
    ]  # fmt: skip
    assert found[1].headers == (("first", None), (r"\xff\xfexy", b"\xfe"))
    assert [record.size for record in found] == [3, 3, 1, 3], "Q6: key, value and headers"
    assert (found[1].timestamp_ms, position) == (1000, 14)
    assert all(header[0].encode() for record in found for header in record.headers), "a copy of it can be sent"


def test_x3_a_lane_that_cannot_be_read_keeps_no_other_from_its_records() -> None:
    broken = bytearray(batch(3, b"abc"))
    broken[-2] ^= 1
    sink = Sink(x=3, y=7)
    with pytest.raises(CorruptRecordException):
        asyncio.run(_session(Broker(answer(part(X, bytes(broken)), part(Y, batch(7, b"c")))), 1, sink))
    assert (sink.values, sink.arrivals, sink.wells, sink.at[X]) == ([b"c"], 1, 0, 3)
