"""The operational commands: what they refuse, and the ways out of a halt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import click
import pytest
from click.testing import CliRunner
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from deploy.cli import clock, cursor, parked
from deploy.cli.clock import span
from deploy.cli.errors import Failed, expected
from deploy.cli.idle import Idle
from deploy.cli.watch import NotIdle
from deploy.local.kafka import quiet
from deploy.local.services import answer
from deploy.local.stack import Stack
from tests.toy.outside import until

pytestmark = pytest.mark.stack
TOPIC, PARTITION = "trust.timer.v1", 0  # no service writes there yet


def test_idle_says_what_is_left(stack: Stack) -> None:
    """Nothing runs here, so nobody was seen: `idle` names each service rather than calling the silence peace."""
    with Idle(stack) as watched, pytest.raises(NotIdle) as told:
        watched.wait(0.2)
    silent = [line for line in told.value.left if "no process was seen for 10 s" in line]
    assert [line.partition(":")[0] for line in silent] == ["order", "payment", "refund", "trust"]


def test_idle_says_why_a_service_halted_at_its_start(stack: Stack) -> None:
    _sql(stack, "INSERT INTO trust.migration (name, sha256) VALUES ('trust/9999_newer.sql', 'x')")
    (process,) = stack.spawn("trust", wait=False)
    try:
        until(lambda: "halt.schema_version" in answer(process.address), 60, lambda: answer(process.address))
        with Idle(stack) as watched:
            until(lambda: any("halt.schema_version" in line for line in watched.sweep().left), 10, lambda: f"{watched.sweep().left}")
            left = watched.sweep().left
        assert any(line.startswith("trust-") and "trust/9999_newer.sql" in line for line in left)
        assert "trust: no process was seen for 10 s" not in left
    finally:
        _sql(stack, "DELETE FROM trust.migration WHERE name = 'trust/9999_newer.sql'")
        stack.remove(process.name)


def test_the_system_clock_is_not_set(stack: Stack) -> None:
    with Idle(stack) as watched, pytest.raises(Failed, match=r"clock\.not_manual"):
        watched.set_clock(timedelta(days=1))


@pytest.mark.parametrize(("text", "seconds"), [("7d", 604_800), ("30m", 1800), ("1h30m", 5400), ("15s", 15), ("0", 0)])
def test_spans_are_read(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["2026-07-01", "2026-07-01T08:00:00", "tomorrow", "7d", "+7x", "+"])
def test_a_time_without_a_zone_is_refused_before_anything_is_asked(text: str) -> None:
    result = CliRunner().invoke(clock.clock, ["set", text])
    assert (result.exit_code, "Invalid value for 'TIME'" in result.output) == (2, True)


@pytest.mark.parametrize("order", [["redrive", "o-1"], ["discard", "o-1", "storefront.v1/0/0"]])
def test_orders_to_a_service_that_there_is_not_are_refused_before_anything_is_sent(order: list[str]) -> None:
    result = CliRunner().invoke(parked.parked, [*order, "--service", "nobody"])
    assert (result.exit_code, "'nobody' is not one of 'order', 'payment', 'refund', 'trust'" in result.output) == (2, True)


@dataclass(frozen=True)
class Halted:
    """base: the offset of number 1; behind it stand 2 and 5."""

    stack: Stack
    base: int


@pytest.fixture(scope="module")
def gap(stack: Stack) -> Iterator[Halted]:
    """Numbers 1, 2 and 5 in a partition of ours."""
    before = _row(stack)
    offsets = [_send(stack, number) for number in (1, 2, 5)]
    _lane(stack, 5)
    yield Halted(stack, offsets[0])
    _set(stack, *before)
    _lane(stack, 0)
    client = stack.admin()  # must outlive its futures
    for future in client.delete_records([TopicPartition(TOPIC, PARTITION, -1)]).values():
        future.result(30)


@pytest.fixture
def halted(gap: Halted, monkeypatch: pytest.MonkeyPatch) -> Halted:
    """Trust's cursor behind 2, as a halted engine leaves it; the commands meet this stack."""
    monkeypatch.setattr(cursor, "running", lambda: gap.stack)
    _set(gap.stack, gap.base + 2, 2)
    return gap


def test_a_gap_is_accepted_only_when_asked_for_twice(halted: Halted) -> None:
    told = _run(["accept", "trust", TOPIC, str(PARTITION)], status=1)
    assert f"numbers 3 to 4 are given up for lost; 5 at offset {halted.base + 2} is next" in told
    assert "nothing was changed" in told
    assert _row(halted.stack) == (halted.base + 2, 2)
    _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"])
    assert _row(halted.stack) == (halted.base + 2, 4)
    assert "there is no gap" in _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"], status=1)


def test_a_partition_that_there_is_not_is_no_broker_that_is_down(halted: Halted) -> None:
    with pytest.raises(Failed) as told, expected():
        cursor._bounds(halted.stack, cursor.Place("trust", TOPIC, 99))
    assert "is the stack up" not in str(told.value)


def test_a_cursor_that_goes_on_says_what_is_never_seen(halted: Halted) -> None:
    at = halted.base + 2
    assert f"will never see offsets {at} to {at}" in _run(["move", "trust", TOPIC, str(PARTITION), "--to", str(at + 1), "--yes"])
    assert _row(halted.stack) == (at + 1, None)


def test_a_cursor_that_goes_back_keeps_its_number(halted: Halted) -> None:
    told = _run(["move", "trust", TOPIC, str(PARTITION), "--to", str(halted.base + 1), "--yes"])
    assert "1 offsets are read again" in told
    assert _row(halted.stack) == (halted.base + 1, 2)
    assert f"at {halted.base + 1} of" in _run(["show", "trust"])


def test_i1_a_cursor_that_is_about_another_topic_is_marked_until_it_is_moved(halted: Halted) -> None:
    """A number that is accepted says nothing of the topic."""
    about = "UPDATE trust.cursor SET topic_id = $3::text::uuid WHERE topic = $1 AND partition = $2"
    _sql(halted.stack, about, TOPIC, PARTITION, "00000000-0000-0000-0000-000000000007")
    _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"])
    marked = [line.split()[1] for line in _run(["show", "trust"]).splitlines() if "halt.topic_replaced" in line]
    assert marked == [f"{TOPIC}/{PARTITION}"]
    assert '"replaced": true' in _run(["show", "trust", "--json"])
    _run(["move", "trust", TOPIC, str(PARTITION), "--to", str(halted.base + 1), "--yes"])
    assert "halt.topic_replaced" not in _run(["show", "trust"])


def test_without_a_partition_each_of_the_topic_is_moved(halted: Halted) -> None:
    assert "name it" in _run(["move", "trust", TOPIC, "--to", "1"], status=2)
    told = _run(["move", "trust", TOPIC, "--to", "earliest"], status=1)
    assert ([f"{TOPIC}/{n} goes from" in told for n in range(halted.stack.stripes)], "nothing was changed" in told) == ([True] * 4, True)
    assert _row(halted.stack) == (halted.base + 2, 2)
    _run(["move", "trust", TOPIC, "--to", "earliest", "--yes"])
    assert _sql(halted.stack, "SELECT max(position) FROM trust.cursor WHERE topic = $1", TOPIC)["max"] == 0
    _sql(halted.stack, "INSERT INTO trust.cursor (topic, partition, position) VALUES ('policy.v1', 0, 1) ON CONFLICT DO NOTHING")
    assert "policy.v1/0 goes from" in _run(["move", "trust", "policy.v1", "--to", "earliest", "--yes"])


def test_a_cursor_stays_within_what_its_service_reads(halted: Halted) -> None:
    assert "is outside" in _run(["move", "trust", TOPIC, str(PARTITION), "--to", str(halted.base + 4), "--yes"], status=1)
    assert "trust does not read psp.v1" in _run(["move", "trust", "psp.v1", "0", "--to", "earliest"], status=1)
    assert _row(halted.stack) == (halted.base + 2, 2)


def test_a_running_service_goes_on_once_its_gap_is_accepted(halted: Halted) -> None:
    """What follows the gap is no event of ours: it is refused, which is to be done with it."""
    stack = halted.stack
    (process,) = stack.spawn("trust")
    try:
        until(lambda: "halt.sequence_gap" in answer(process.address), 60, lambda: answer(process.address))
        assert _row(stack) == (halted.base + 2, 2), "halted in front of the gap"
        _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"])
        until(lambda: answer(process.address) == "ok", 60, lambda: answer(process.address))
        until(lambda: _row(stack) == (halted.base + 3, 5), 60, lambda: f"{_row(stack)}")
        assert answer(process.address) == "ok"
    finally:
        stack.remove(process.name)


def test_a_number_that_is_not_in_its_turn_is_not_accepted(halted: Halted) -> None:
    """Ours that follow under lower numbers would be taken for copies, now or when they are told."""
    at = halted.base + 2
    _lane(halted.stack, 4)
    assert "number 5 at offset" in (told := _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"], status=1))
    assert "4 is the last that was given out" in told
    _lane(halted.stack, 5)
    late = _send(halted.stack, 3)
    told = _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"], status=1)
    assert f"3 follows at offset {late}" in told
    assert f"laotie cursor move trust {TOPIC} {PARTITION} --to {at + 1}" in told
    assert _row(halted.stack) == (at, 2)


def test_e2_a_number_under_another_source_is_none(halted: Halted) -> None:
    """Neither is it what follows a gap, nor one that would be left out."""
    end = cursor._bounds(halted.stack, cursor.Place("trust", TOPIC, PARTITION))[1]
    _set(halted.stack, end, 2)
    _send(halted.stack, 3, source="shop.example/storefront")
    assert "no record of ours follows" in _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"], status=1)


def test_a_strangers_number_that_was_taken_is_forgotten_before_ours_comes(halted: Halted) -> None:
    """Under it ours would be dropped as a copy, and nobody would be told."""
    _lane(halted.stack, 1)
    at, taken = _row(halted.stack)
    told = _run(["accept", "trust", TOPIC, str(PARTITION)], status=1)
    assert (taken, "has taken number 2, and 1 is the last that was given out" in told) == (2, True)
    assert _row(halted.stack) == (at, 2)
    _run(["accept", "trust", TOPIC, str(PARTITION), "--yes"])
    assert _row(halted.stack) == (at, 1)


def test_no_more_is_read_again_than_there_is(halted: Halted) -> None:
    _sql(halted.stack, "UPDATE trust.cursor SET position = 1000 WHERE topic = $1 AND partition = $2 RETURNING 1", TOPIC, PARTITION)
    end = cursor._bounds(halted.stack, cursor.Place("trust", TOPIC, PARTITION))[1]
    told = _run(["move", "trust", TOPIC, str(PARTITION), "--to", str(halted.base)], status=1)
    assert f"from 1000 back to {halted.base}: {end - halted.base} offsets are read again" in told


def test_a_server_that_is_down_is_named(halted: Halted) -> None:
    """What asyncpg says of it names a port, or nothing at all."""
    with pytest.raises(Failed, match=r"^Postgres: .*; is the stack up"), expected():
        asyncio.run(asyncpg.connect("postgresql://laotie@127.0.0.1:1/laotie"))
    with pytest.raises(Failed, match=r"^Postgres: no answer in time; is the stack up"), expected():
        asyncio.run(_silent())
    with pytest.raises(Failed, match=r"^Kafka: no answer in time; is the stack up"), expected():
        raise TimeoutError
    with pytest.raises(Failed, match=r"^Kafka is just starting again \(.*\); try again"), expected():
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_LEADER_EPOCH))


async def _silent() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await asyncpg.connect(f"postgresql://laotie@127.0.0.1:{port}/laotie", timeout=0.3)


def _run(arguments: list[str], status: int = 0) -> str:
    result = CliRunner().invoke(cursor.cursor, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit | click.ClickException), result.exception
    assert result.exit_code == status, result.output
    return result.output


def _row(stack: Stack) -> tuple[int, int | None]:
    row = _sql(stack, "SELECT position, last_seq FROM trust.cursor WHERE topic = $1 AND partition = $2", TOPIC, PARTITION)
    return row["position"], row["last_seq"]


def _send(stack: Stack, number: int, source: str = "laotie/trust") -> int:
    """A record under that number; its offset."""
    offsets: list[int] = []
    headers: list[tuple[str, str | bytes | None]] = [("ce_source", source.encode()), ("ce_sequence", str(number).encode())]
    producer = Producer(quiet(stack.settings("admin").confluent()))
    producer.produce(
        TOPIC, b"{}", b"k", partition=PARTITION, headers=headers, on_delivery=lambda _, message: offsets.append(message.offset() or 0)
    )
    assert producer.flush(30) == 0
    return offsets[0]


def _lane(stack: Stack, number: int) -> None:
    """What trust has given out."""
    upsert = "INSERT INTO trust.lane VALUES ($1, $2, $3) ON CONFLICT (topic, partition) DO UPDATE SET seq = $3"
    _sql(stack, upsert, TOPIC, PARTITION, number)


def _set(stack: Stack, position: int, last_seq: int | None) -> None:
    update = "UPDATE trust.cursor SET position = $3, last_seq = $4 WHERE topic = $1 AND partition = $2"
    _sql(stack, update, TOPIC, PARTITION, position, last_seq)


def _sql(stack: Stack, statement: str, *arguments: object) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(stack.dsn("admin"))
        try:
            return await connection.fetchrow(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())
