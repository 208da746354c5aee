"""What a shop's engineers would write at first: one loop over aiokafka and asyncpg, batches, inbox and outbox rows, in line.

    python -m tests.bench.raw alpha

No ordering across topics, no stripes, no fences, no timers, no parking. It is the yardstick for throughput.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from datetime import datetime
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.partitioner import murmur2

from shared.settings import Settings

BATCH = 1000
STEPS = int(os.environ.get("BENCH_STEPS", "6"))  # durable ones of a life; a multiple of three, gamma does the last
SOURCES = {"alpha": ("toy.v1", "gamma.v1"), "beta": ("alpha.v1",), "gamma": ("beta.v1",)}
TABLES = """
CREATE TABLE IF NOT EXISTS raw_inbox (id text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS raw_state (life_id text PRIMARY KEY, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS raw_outbox (id uuid PRIMARY KEY, key text NOT NULL, value text NOT NULL);
"""


async def main(name: str) -> None:
    settings, ns = Settings(), os.environ["TOY_NS"]
    connection = await asyncpg.connect(settings.postgres)
    consumer = AIOKafkaConsumer(
        *(ns + topic for topic in SOURCES[name]),
        **settings.aiokafka(),
        group_id=f"{ns}raw-{name}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(**settings.aiokafka(), acks="all", enable_idempotence=True, linger_ms=0)
    await consumer.start()
    await producer.start()
    print("ready", flush=True)
    while True:
        polled = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        messages = [message for batch in polled.values() for message in batch]
        if not messages:
            continue
        out = await transact(connection, messages)
        await publish(producer, f"{ns}{name}.v1", out)
        await connection.execute("DELETE FROM raw_outbox WHERE id = ANY ($1::uuid[])", [row[0] for row in out])
        await consumer.commit({place: batch[-1].offset + 1 for place, batch in polled.items()})


async def transact(connection: asyncpg.Connection, messages: list[Any]) -> list[tuple[str, str, str, list[tuple[str, bytes]]]]:
    """Dedupe, load, decide, save, all in one transaction; the rows to publish."""
    events = []
    for message in messages:
        headers = dict(message.headers)
        events.append((headers["ce_id"].decode(), headers["ce_type"].decode(), json.loads(message.value)))
    async with connection.transaction():
        fresh = await connection.fetch(
            "INSERT INTO raw_inbox SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING id", [id for id, _, _ in events]
        )
        new = {row[0] for row in fresh}
        lives = sorted({body["life_id"] for _, _, body in events})
        rows = await connection.fetch(
            "SELECT life_id, body::text FROM raw_state WHERE life_id = ANY ($1::text[]) ORDER BY 1 FOR UPDATE", lives
        )
        states = {row[0]: json.loads(row[1]) for row in rows}
        out = []
        for id, type, body in events:
            if id not in new:
                continue
            new.discard(id)
            step = body.get("step", 0)
            if step >= STEPS:
                continue
            state = states.setdefault(body["life_id"], {"steps": []})
            state["steps"].append(step + 1)
            occurred_at = datetime.fromisoformat(body["occurred_at"]).isoformat()
            value = json.dumps({"life_id": body["life_id"], "step": step + 1, "occurred_at": occurred_at})
            identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id}|{type}"))
            out.append(
                (identity, body["life_id"], value, [("ce_specversion", b"1.0"), ("ce_id", identity.encode()), ("ce_type", b"life.stepped")])
            )
        if states:
            await connection.execute(
                "INSERT INTO raw_state SELECT u.k, u.b::jsonb FROM unnest($1::text[], $2::text[]) u(k, b)"
                " ON CONFLICT (life_id) DO UPDATE SET body = excluded.body",
                list(states),
                [json.dumps(state) for state in states.values()],
            )
        if out:
            await connection.execute(
                "INSERT INTO raw_outbox SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])",
                *map(list, zip(*(row[:3] for row in out), strict=True)),
            )
    return out


async def publish(producer: AIOKafkaProducer, topic: str, rows: list[tuple[str, str, str, list[tuple[str, bytes]]]]) -> None:
    partitions = len(await producer.partitions_for(topic))
    batches: dict[int, Any] = {}
    waits = []
    for _, key, value, headers in rows:
        raw = key.encode()
        partition = (murmur2(raw) & 0x7FFFFFFF) % partitions
        batch = batches.get(partition) or batches.setdefault(partition, producer.create_batch())
        if batch.append(key=raw, value=value.encode(), timestamp=None, headers=headers) is None:
            waits.append(await producer.send_batch(batch, topic, partition=partition))
            batches[partition] = producer.create_batch()
            batches[partition].append(key=raw, value=value.encode(), timestamp=None, headers=headers)
    for partition, batch in batches.items():
        waits.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*waits)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1]))
