"""`laotie cursor adopt`, and where what is held back has its place in another log: W1, W2."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import asyncpg
import click
import pytest
from click.testing import CliRunner
from confluent_kafka import Producer, TopicPartition

from deploy.cli import adopt
from deploy.cli import cursor as commands
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from shared.messaging.record import pack

pytestmark = pytest.mark.stack

TOPIC, PARTITION = "psp.v1", 1
ANOTHER = "00000000-0000-0000-0000-000000000007"
THERE, GONE = (
    f"{TOPIC}/{PARTITION}/5000",
    f"{TOPIC}/{PARTITION}/1",
)  # places in the old log: of one that the mirror has, of one that it lacks
HOLD = """
INSERT INTO "order".parked
       (ref, state, key, topic, partition, "offset", record_key, headers, value, timestamp_ms, reason, error, attempts, at)
VALUES ($1, 'waiting', 'k', $2, $3, $4, 'k', $5, '{}', 0, 'payment.before_order', '', 1, $6)
"""
WAIT = """INSERT INTO "order".timer VALUES ('engine.wait_over', $1, 'k', 1, $2, $2, $3)"""


@pytest.fixture
def base(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The offset of a, b and c in what is no more the topic that order's cursor is about; a and b were taken, b is held back."""
    monkeypatch.setattr(adopt, "running", lambda: stack)
    monkeypatch.setattr(commands, "running", lambda: stack)
    before = _sql(stack, 'SELECT position FROM "order".cursor WHERE (topic, partition) = ($1, $2)', TOPIC, PARTITION)[0][0]
    first, *_ = [_send(stack, id) for id in "abc"]
    now = datetime.now(UTC)
    for id in "ab":
        digest = blake2b(b"{}", digest_size=16).digest()
        _sql(stack, """INSERT INTO "order".inbox VALUES ('adopt', $1, $2, $3)""", id, digest, now)
    for ref, id in ((THERE, "b"), (GONE, "z")):
        offset = int(ref.rpartition("/")[2])
        _sql(stack, HOLD, ref, TOPIC, PARTITION, offset, pack((("ce_source", b"adopt"), ("ce_id", id.encode()))), now)
        _sql(stack, WAIT, ref, now, json.dumps({"key": "k", "ref": ref, "until": now.isoformat()}).encode())
    _set(stack, 9_000, ANOTHER)
    yield first
    _set(stack, before, None)
    for statement in ("parked", "timer"):
        _sql(stack, f"DELETE FROM \"order\".{statement} WHERE key = 'k'")
    _sql(stack, "DELETE FROM \"order\".inbox WHERE source = 'adopt'")
    client = stack.admin()  # must outlive its futures
    for future in client.delete_records([TopicPartition(TOPIC, PARTITION, -1)]).values():
        future.result(30)


def test_w1_a2_a_service_is_taken_over_to_a_mirror_only_when_asked_for_twice(stack: Stack, base: int) -> None:
    held = _held(stack)
    told = _run(["adopt", "order"], status=1)
    assert "nothing was changed" in told
    assert (_position(stack), _held(stack)) == (9_000, held)
    _run(["adopt", "order", "--yes"])
    assert _position(stack) == base + 2, "c was not taken"
    assert _held(stack) == {"b": f"{TOPIC}/{PARTITION}/{base + 1}", "z": f"{TOPIC}/{PARTITION}/-2"}
    assert "nothing is to be adopted" in _run(["adopt", "order", "--yes"], status=1)


def test_w1_a_mirror_that_lacks_what_was_told_last_is_adopted_only_where_that_is_given_up(stack: Stack, base: int) -> None:
    """Numbers 1 and 2 were told and are nowhere, 3 is still in the outbox."""
    _sql(stack, """INSERT INTO "order".lane VALUES ('order.refused.v1', 1, 3)""")
    _sql(stack, """INSERT INTO "order".outbox VALUES ('order.refused.v1', 1, 3, 'k', '[]', '{}')""")
    try:
        told = _run(["adopt", "order", "--yes"], status=1)
        assert "order.refused.v1/1: the mirror ends at number 0, and order has told 2" in told
        assert _position(stack) == 9_000
        _run(["adopt", "order", "--yes", "--lossy"])
        assert _position(stack) == base + 2
    finally:
        for table in ("lane", "outbox"):
            _sql(stack, f"DELETE FROM \"order\".{table} WHERE topic = 'order.refused.v1'")


def test_w1_what_was_refused_was_taken_where_the_database_knows_of_it(stack: Stack, base: int) -> None:
    """One that went back to an earlier moment takes it again."""
    headers: list[tuple[str, str | bytes | None]] = [("ce_source", b"adopt"), ("ce_id", b"c"), ("x-sequence", b"1")]
    producer = Producer(quiet(stack.settings("admin").confluent()))
    producer.produce("order.parked.v1", b"{}", b"k", PARTITION, headers=headers)
    assert producer.flush(30) == 0
    try:
        _run(["adopt", "order", "--yes"])
        assert _position(stack) == base + 2
        _sql(stack, """INSERT INTO "order".lane VALUES ('order.parked.v1', $1, 1)""", PARTITION)
        _set(stack, 9_000, ANOTHER)
        _run(["adopt", "order", "--yes"])
        assert _position(stack) == base + 3
    finally:
        _sql(stack, "DELETE FROM \"order\".lane WHERE topic = 'order.parked.v1'")
        client = stack.admin()  # must outlive its futures
        for future in client.delete_records([TopicPartition("order.parked.v1", PARTITION, -1)]).values():
            future.result(30)


def test_w2_what_is_held_back_leaves_its_place_to_a_topic_that_was_made_anew(stack: Stack, base: int) -> None:
    """Else what waits there under its place would not be held, and be lost."""
    _run(["move", "order", TOPIC, str(PARTITION), "--to", "earliest", "--yes"])
    assert {int(ref.rpartition("/")[2]) for ref in _held(stack).values()} == {-1, -2}
    before = _held(stack)
    _run(["move", "order", TOPIC, str(PARTITION), "--to", "earliest", "--yes"])
    assert _held(stack) == before, "it is about the topic that there is"


def test_a3_where_nothing_tells_the_place_nothing_is_changed(stack: Stack, base: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than what is remembered may have been taken."""
    monkeypatch.setattr(adopt, "REMEMBERED", timedelta())
    _sql(stack, "DELETE FROM \"order\".inbox WHERE source = 'adopt'")
    assert f"nothing tells where order stood on {TOPIC}/{PARTITION}" in _run(["adopt", "order", "--yes"], status=1)
    assert (_position(stack), set(_held(stack).values())) == (9_000, {THERE, GONE})


def _held(stack: Stack) -> dict[str, str]:
    """By id the place, which its offset and the deadline by which it waits agree with."""
    rows = _sql(stack, 'SELECT ref, "offset", headers FROM "order".parked WHERE key = \'k\'')
    assert all(row["ref"] == f"{TOPIC}/{PARTITION}/{row['offset']}" for row in rows)
    timers = {row["subject"]: json.loads(row["body"])["ref"] for row in _sql(stack, "SELECT * FROM \"order\".timer WHERE key = 'k'")}
    assert timers == {row["ref"]: row["ref"] for row in rows}
    return {dict(json.loads(row["headers"]))["ce_id"]: row["ref"] for row in rows}


def _position(stack: Stack) -> int:
    position: int = _sql(stack, 'SELECT position FROM "order".cursor WHERE (topic, partition) = ($1, $2)', TOPIC, PARTITION)[0][0]
    return position


def _set(stack: Stack, position: int, topic_id: str | None) -> None:
    update = 'UPDATE "order".cursor SET position = $3, topic_id = $4::text::uuid WHERE (topic, partition) = ($1, $2)'
    _sql(stack, update, TOPIC, PARTITION, position, topic_id)


def _send(stack: Stack, id: str) -> int:
    offsets: list[int] = []
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", b"1.0"), ("ce_id", id.encode()), ("ce_source", b"adopt"), ("ce_type", b"payment.succeeded")
    ]  # fmt: skip
    producer = Producer(quiet(stack.settings("admin").confluent()))
    producer.produce(TOPIC, b"{}", b"k", PARTITION, headers=headers, on_delivery=lambda _, message: offsets.append(message.offset() or 0))
    assert producer.flush(30) == 0
    return offsets[0]


def _run(arguments: list[str], status: int = 0) -> str:
    result = CliRunner().invoke(commands.cursor, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit | click.ClickException), result.exception
    assert result.exit_code == status, result.output
    return result.output


def _sql(stack: Stack, statement: str, *arguments: object) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(stack.dsn("admin"))
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    return asyncio.run(ask())
