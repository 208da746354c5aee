"""What is said to a broker to read from it: topics by their ids (Fetch 13, KIP-516) where all are known and it understands them.

A broker older than 3.1 takes names alone. The client library stops at these, so the newer request is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.fetch import FetchRequest_v11
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Int64, Schema, TaggedFields

from shared.messaging.store import Lane
from shared.messaging.topic_ids import Uuid

FETCH_BYTES = 16 * 1024 * 1024
PARTITION_BYTES = 1024 * 1024  # a larger record comes alone
READ_COMMITTED = 1
BY_ID = 13  # versions before it name topics
NO_TAGS: Mapping[int, bytes] = {}


class FetchResponse_v13(Response):  # type: ignore[misc]
    API_KEY = 1
    API_VERSION = BY_ID
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("session_id", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("highwater_offset", Int64),
                        ("last_stable_offset", Int64),
                        ("log_start_offset", Int64),
                        ("aborted_transactions", CompactArray(("producer_id", Int64), ("first_offset", Int64), ("tags", TaggedFields))),
                        ("preferred_read_replica", Int32),
                        ("message_set", CompactBytes),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class FetchRequest_v13(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 1
    API_VERSION = BY_ID
    RESPONSE_TYPE = FetchResponse_v13
    SCHEMA = Schema(
        ("replica_id", Int32),
        ("max_wait_time", Int32),
        ("min_bytes", Int32),
        ("max_bytes", Int32),
        ("isolation_level", Int8),
        ("session_id", Int32),
        ("session_epoch", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("current_leader_epoch", Int32),
                        ("fetch_offset", Int64),
                        ("last_fetched_epoch", Int32),
                        ("log_start_offset", Int64),
                        ("max_bytes", Int32),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("forgotten_topics_data", CompactArray(("topic_id", Uuid), ("partitions", CompactArray(Int32)), ("tags", TaggedFields))),
        ("rack_id", CompactString()),
        ("tags", TaggedFields),
    )


class Fetch(Request[FetchRequest_v11 | FetchRequest_v13]):  # type: ignore[misc]
    """What of a session moved, and what is not wanted any more. ids: of all topics in the session; none: it goes by names."""

    API_KEY: ClassVar[int] = 1

    def __init__(
        self, session: tuple[int, int], moved: Mapping[Lane, int], forgotten: Iterable[Lane], wait_ms: int, ids: Mapping[str, UUID]
    ) -> None:
        self._wait_ms = wait_ms
        self._session = session
        self._moved = moved
        self._forgotten = forgotten
        self._ids = ids

    def prepare(self, versions: dict[int, tuple[int, int]]) -> FetchRequest_v11 | FetchRequest_v13:
        oldest, newest = versions[self.API_KEY]
        return super().prepare({self.API_KEY: (oldest, newest if self._ids else min(newest, BY_ID - 1))})

    def build(self, request_struct_class: type[FetchRequest_v11 | FetchRequest_v13]) -> FetchRequest_v11 | FetchRequest_v13:
        by_id = request_struct_class.API_VERSION >= BY_ID
        moved: dict[str, list[tuple[Any, ...]]] = {}
        for (topic, number), position in self._moved.items():
            place = (number, -1, position)
            moved.setdefault(topic, []).append((*place, -1, -1, PARTITION_BYTES, NO_TAGS) if by_id else (*place, -1, PARTITION_BYTES))
        forgotten: dict[str, list[int]] = {}
        for topic, number in self._forgotten:
            forgotten.setdefault(topic, []).append(number)
        head = (-1, self._wait_ms, 1, FETCH_BYTES, READ_COMMITTED, *self._session)
        if not by_id:
            return request_struct_class(*head, list(moved.items()), list(forgotten.items()), "")
        topics = [(self._ids[topic], rows, NO_TAGS) for topic, rows in moved.items()]
        left = [(self._ids[topic], numbers, NO_TAGS) for topic, numbers in forgotten.items()]
        return request_struct_class(*head, topics, left, "", NO_TAGS)
