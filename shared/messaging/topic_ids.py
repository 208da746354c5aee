"""Which topic a cursor is about: one that was deleted and made anew bears the old one's name, and the same offsets are other records.

Kafka gives every topic an id of its own (KIP-516). The client library stops at a request that does not tell it, so the request is ours.
Invariants kept here:
 I1 A cursor is about one topic, by its id. Where the broker has another under that name, nothing goes on before a person has moved all
    cursors of that topic: the id that is not known is taken, one that is known never altered.
 I2 Where a broker tells no ids, nothing is compared.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NodeNotReadyError
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from shared.messaging.connect import Halted
from shared.settings import Settings

NOT_TOLD = UUID(int=0)

KNOWN = "SELECT DISTINCT topic, topic_id FROM cursor WHERE topic = ANY ($1::text[]) ORDER BY topic, topic_id"
LEARN = """
UPDATE cursor c SET topic_id = u.id
  FROM (SELECT topic, partition FROM cursor WHERE topic = ANY ($1::text[]) ORDER BY topic, partition FOR UPDATE) o
  JOIN unnest($1::text[], $2::uuid[]) u(topic, id) ON o.topic = u.topic
 WHERE (c.topic, c.partition) = (o.topic, o.partition) AND c.topic_id IS NULL
"""

log = logging.getLogger("laotie.topics")


class Uuid(AbstractType[UUID]):  # type: ignore[misc]
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: Any) -> UUID:
        return UUID(bytes=data.read(16))


class TopicIdsResponse_v10(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", CompactString()), ("port", Int32), ("rack", CompactString()), ("tags", TaggedFields)),
        ),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString()),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class TopicIdsRequest_v10(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 10
    RESPONSE_TYPE = TopicIdsResponse_v10
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("topic", CompactString()), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicIds(Request[TopicIdsRequest_v10]):  # type: ignore[misc]
    """Metadata of topics by name; a topic that is not there is not made."""

    API_KEY: ClassVar[int] = 3

    def __init__(self, topics: Collection[str]) -> None:
        self.topics = sorted(topics)

    def build(self, request_struct_class: type[TopicIdsRequest_v10]) -> TopicIdsRequest_v10:
        return request_struct_class([(NOT_TOLD, topic, {}) for topic in self.topics], False, False, False, {})


async def ids_at(client: AIOKafkaClient, node: int, topics: Collection[str]) -> dict[str, UUID]:
    """As that broker knows them; those that it does not know or tell are left out (I2)."""
    try:
        answer = await client.send(node, TopicIds(topics))
    except NotImplementedError:  # what the library raises before it sends
        _say_once("a broker older than 2.8")
        return {}
    found = {topic: identity for error, topic, identity, *_ in answer.topics if not error}
    if NOT_TOLD in found.values():
        _say_once("a broker that keeps none")
    return {topic: identity for topic, identity in found.items() if identity != NOT_TOLD}


@cache
def _say_once(who: str) -> None:
    log.warning("%s tells no topic ids: a topic that is deleted and made anew is not told from the old one", who)


def other(known: Mapping[str, UUID], found: Mapping[str, UUID]) -> str:
    """I1: a topic that is not the known one; empty: none."""
    return next((topic for topic, identity in found.items() if known.get(topic, identity) != identity), "")


async def ids_known(connection: asyncpg.Connection, topics: Collection[str]) -> dict[str, UUID]:
    """What the cursors of these topics are about, as far as they know it."""
    return {row[0]: row[1] for row in await connection.fetch(KNOWN, list(topics)) if row[1] is not None}


async def check_ids(
    connection: asyncpg.Connection, client: AIOKafkaClient, topics: Collection[str], before: Mapping[str, UUID] = MappingProxyType({})
) -> Mapping[str, UUID]:
    """I1. before: what the last check on this connection returned, which is not asked of the database again. Raises Halted."""
    if (node := client.get_random_node()) is None:
        raise NodeNotReadyError("no broker to ask for topic ids")
    found = await ids_at(client, node, topics)
    if found == before:
        return before
    rows = [(row[0], row[1]) for row in await connection.fetch(KNOWN, list(found))]
    for topic, known in rows:
        if known not in (None, found[topic]):
            raise Halted(
                "halt.topic_replaced",
                f"the cursors on {topic} are about topic {known}, now it is {found[topic]}: deleted and made anew,"
                f" `laotie cursor move SERVICE {topic} --to earliest`; or another cluster's, of a mirror `laotie cursor adopt SERVICE`",
            )
    if fresh := sorted(topic for topic, known in rows if known is None):
        await connection.execute(LEARN, fresh, [found[topic] for topic in fresh])
    return {topic: found[topic] for topic, _ in rows}


async def check_ids_now(connection: asyncpg.Connection, settings: Settings, topics: Collection[str]) -> None:
    """The same, by a client of its own."""
    client = AIOKafkaClient(**settings.aiokafka())
    try:
        await client.bootstrap()
        await check_ids(connection, client, topics)
    finally:
        await client.close()
