"""What a broker tells of topics, and what is made of it: I1, I2."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from shared.messaging.connect import Halted
from shared.messaging.topic_ids import (
    KNOWN,
    LEARN,
    NOT_TOLD,
    TopicIds,
    TopicIdsRequest_v10,
    TopicIdsResponse_v10,
    _say_once,
    check_ids,
    ids_at,
    other,
)

OLD, NEW = UUID("01234567-89ab-cdef-0123-456789abcdef"), UUID(int=2)
TOPICS = ["psp.v1", "shop.v1"]

PARTITION = b"\0\0\0\0\0\0\0\0\0\1\0\0\0\7\2\0\0\0\1\2\0\0\0\1\1\0"  # its leader, epoch, replicas
ANSWER = (
    b"\0\0\0\0"
    b"\2" b"\0\0\0\1" b"\4box" b"\0\0\x23\x84" b"\0" b"\0"  # one broker, no rack
    b"\3me" b"\0\0\0\1"
    b"\3"
    b"\0\0" b"\7psp.v1" + OLD.bytes + b"\0" b"\2" + PARTITION + b"\x80\0\0\0" b"\0"
    b"\0\3" b"\x08shop.v1" + bytes(16) + b"\0" b"\1" b"\x80\0\0\0" b"\1\5\2xy"  # unknown; and a field of a later version
    b"\x80\0\0\0" b"\0"
)  # fmt: skip


class Client:
    """A broker that tells these; of none: one that knows no such request."""

    def __init__(self, *topics: tuple[int, str, UUID]) -> None:
        self.topics, self.asked = topics, list[tuple[int, list[str]]]()

    def get_random_node(self) -> int:
        return 7

    async def send(self, node: int, request: TopicIds) -> Any:
        self.asked.append((node, request.topics))
        if not self.topics:
            raise NotImplementedError("Support for TopicIds v5 has not yet been added")
        return SimpleNamespace(topics=[(*topic, False, [], 0, {}) for topic in self.topics])


class Cursors:
    """A database's cursors on these topics."""

    def __init__(self, *rows: tuple[str, UUID | None]) -> None:
        self.rows, self.learnt = rows, list[tuple[Any, ...]]()

    async def fetch(self, sql: str, topics: list[str]) -> list[Any]:
        assert sql == KNOWN
        return [row for row in self.rows if row[0] in topics]

    async def execute(self, sql: str, *arguments: Any) -> None:
        assert sql == LEARN
        self.learnt.append(arguments)


async def checked(cursors: Cursors, client: Client) -> list[tuple[Any, ...]]:
    await check_ids(cast("Any", cursors), client, TOPICS)
    return cursors.learnt


def test_the_answer_of_metadata_v10_is_read_with_its_ids() -> None:
    answer = TopicIdsResponse_v10.decode(BytesIO(ANSWER))
    assert [(error, topic, identity, len(partitions)) for error, topic, identity, _, partitions, *_ in answer.topics] == [
        (0, "psp.v1", OLD, 1),
        (3, "shop.v1", NOT_TOLD, 0),
    ]


def test_the_request_names_topics_and_makes_none() -> None:
    request = TopicIds({"shop.v1", "psp.v1"}).build(TopicIdsRequest_v10)
    assert request.encode() == b"\3" + bytes(16) + b"\7psp.v1\0" + bytes(16) + b"\x08shop.v1\0" + b"\0\0\0\0"
    assert request.build_request_header(1, "c").encode().endswith(b"\0"), "a flexible version's header ends in its tags"


async def test_i2_where_a_broker_tells_no_ids_that_is_said_once_and_nothing_is_compared(caplog: pytest.LogCaptureFixture) -> None:
    _say_once.cache_clear()
    cursors = Cursors(("psp.v1", OLD), ("shop.v1", None))
    for client in (Client(), Client(), Client((0, "psp.v1", NOT_TOLD), (0, "shop.v1", NOT_TOLD))):
        assert await checked(cursors, client) == []
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "a broker older than 2.8 tells no topic ids",
        "a broker that keeps none tells no topic ids",
    ]


async def test_a_topic_that_the_broker_does_not_know_is_left_out() -> None:
    client = Client((3, "psp.v1", NOT_TOLD), (0, "shop.v1", NEW))
    assert (await ids_at(client, 4, TOPICS), client.asked) == ({"shop.v1": NEW}, [(4, TOPICS)])


async def test_i1_an_id_that_is_not_known_is_learnt_and_one_that_is_stays() -> None:
    client = Client((0, "psp.v1", OLD), (0, "shop.v1", NEW))
    assert await checked(Cursors(("psp.v1", OLD), ("shop.v1", None)), client) == [(["shop.v1"], [NEW])]
    assert await checked(Cursors(("psp.v1", OLD), ("shop.v1", NEW)), client) == []


async def test_i1_a_topic_of_which_one_cursor_is_about_another_halts_and_nothing_is_learnt() -> None:
    cursors = Cursors(("psp.v1", OLD), ("psp.v1", None), ("shop.v1", None))
    with pytest.raises(Halted, match=rf"^halt\.topic_replaced: the cursors on psp\.v1 are about topic {OLD}, now it is {NEW}: "):
        await checked(cursors, Client((0, "psp.v1", NEW), (0, "shop.v1", NEW)))
    assert cursors.learnt == []


def test_i1_of_what_is_not_known_nothing_is_another() -> None:
    assert other({"psp.v1": OLD}, {"psp.v1": OLD, "shop.v1": NEW}) == ""
    assert other({"psp.v1": OLD, "shop.v1": NEW}, {"shop.v1": OLD}) == "shop.v1"
