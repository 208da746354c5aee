"""What goes over the wire of a fetch by ids: KIP-516, message format of Fetch 13."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import pytest

from shared.messaging.fetch_request import FETCH_BYTES, PARTITION_BYTES, Fetch, FetchResponse_v13
from shared.messaging.store import Lane

X, Y = UUID("01234567-89ab-cdef-0123-456789abcdef"), UUID(int=2)
IDS = {"x": X, "y": Y}
FETCH = 1

REQUEST = (
    b"\xff\xff\xff\xff" b"\0\0\1\xf4" b"\0\0\0\1" + FETCH_BYTES.to_bytes(4, "big") + b"\1"  # no replica, 500 ms, a byte at least, committed
    b"\0\0\0\5" b"\0\0\0\7"  # session, epoch
    b"\2" + X.bytes + b"\2"
    b"\0\0\0\3" b"\xff\xff\xff\xff" + (40).to_bytes(8, "big") + b"\xff" * 4 + b"\xff" * 8 + PARTITION_BYTES.to_bytes(4, "big") + b"\0"
    b"\0"
    b"\2" + Y.bytes + b"\2" b"\0\0\0\1" b"\0"
    b"\1" b"\0"  # no rack
)  # fmt: skip
ANSWER = (
    b"\0\0\0\0" b"\0\0" b"\0\0\0\5"
    b"\3"
    + X.bytes + b"\2"
    b"\0\0\0\3" b"\0\0" + (41).to_bytes(8, "big") * 2 + bytes(8) + b"\2" + (9).to_bytes(8, "big") + (40).to_bytes(8, "big") + b"\0"
    b"\xff\xff\xff\xff" b"\xac\2" + b"r" * 299 + b"\0"  # no other replica; the length plus one in seven bits a byte
    b"\0"
    + Y.bytes + b"\2"
    b"\0\0\0\1" b"\0\x67" + b"\xff" * 24 + b"\0" b"\xff\xff\xff\xff" b"\0" b"\1\1\x02xy"  # no aborted, no records; a field that is not ours
    b"\0"
    b"\0"
)  # fmt: skip


def fetch(ids: dict[str, UUID], forgotten: tuple[Lane, ...] = (("y", 1),)) -> Fetch:
    return Fetch((5, 7), {("x", 3): 40}, forgotten, 500, ids)


def test_the_request_names_topics_by_id() -> None:
    request = fetch(IDS).prepare({FETCH: (4, 18)})
    assert request.encode() == REQUEST
    assert request.build_request_header(1, "c").encode().endswith(b"\0"), "a flexible version's header ends in its tags"


@pytest.mark.parametrize(("newest", "ids", "version"), [(18, IDS, 13), (13, IDS, 13), (12, IDS, 11), (11, IDS, 11), (18, {}, 11)])
def test_a_broker_older_than_3_1_and_whoever_does_not_know_the_ids_goes_by_names(newest: int, ids: dict[str, UUID], version: int) -> None:
    request = fetch(ids).prepare({FETCH: (0, newest)})
    names = [said[0] for said in (*request.topics, *request.forgotten_topics_data)]
    assert (request.API_VERSION, names) == (version, [X, Y] if version == 13 else ["x", "y"])


def test_the_answer_is_read_with_its_ids_records_and_aborted_transactions() -> None:
    answer = FetchResponse_v13.decode(BytesIO(ANSWER))
    assert (answer.error_code, answer.session_id, [topic[0] for topic in answer.topics]) == (0, 5, [X, Y])
    assert answer.topics[0][1] == [(3, 0, 41, 41, 0, [(9, 40, {})], -1, b"r" * 299, {})]
    assert answer.topics[1][1] == [(1, 103, -1, -1, -1, None, -1, None, {1: b"xy"})]
