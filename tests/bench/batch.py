"""The same as raw, with FastStream's batch subscriber in place of the hand-written loop.

python -m tests.bench.batch alpha
"""

from __future__ import annotations

import asyncio
import os
import sys
from types import SimpleNamespace
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.settings import Settings
from tests.bench.raw import BATCH, SOURCES, publish, transact


def app_of(name: str) -> FastStream:
    settings, ns = Settings(), os.environ["TOY_NS"]
    broker = KafkaBroker(**settings.faststream(), logger=None)
    app = FastStream(broker, logger=None)
    parts: list[Any] = []

    @app.on_startup
    async def connect() -> None:
        parts.append(await asyncpg.connect(settings.postgres))
        parts.append(AIOKafkaProducer(**settings.aiokafka(), acks="all", enable_idempotence=True, linger_ms=0))
        await parts[1].start()

    @app.after_startup
    async def tell() -> None:
        print("ready", flush=True)

    async def handle(message: KafkaMessage) -> None:
        raws = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
        out = await transact(parts[0], [SimpleNamespace(headers=raw.headers, value=raw.value) for raw in raws])
        await publish(parts[1], f"{ns}{name}.v1", out)
        await parts[0].execute("DELETE FROM raw_outbox WHERE id = ANY ($1::uuid[])", [row[0] for row in out])

    broker.subscriber(
        *(ns + topic for topic in SOURCES[name]),
        group_id=f"{ns}batch-{name}",
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=20,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(handle)
    return app


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(app_of(sys.argv[1]).run())
