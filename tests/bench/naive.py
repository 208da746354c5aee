"""The usual first version with a framework: FastStream, one message, one transaction, one publish.

python -m tests.bench.naive alpha
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from typing import Any

import asyncpg
import uvloop
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.settings import Settings
from tests.bench.raw import SOURCES


def app_of(name: str) -> FastStream:
    settings, ns = Settings(), os.environ["TOY_NS"]
    broker = KafkaBroker(**settings.faststream(), acks="all", enable_idempotence=True, logger=None)
    app = FastStream(broker, logger=None)
    pool: list[Any] = []

    @app.on_startup
    async def connect() -> None:
        pool.append(await asyncpg.connect(settings.postgres))

    @app.after_startup
    async def tell() -> None:
        print("ready", flush=True)

    async def handle(message: KafkaMessage) -> None:
        body, identity = json.loads(message.body), message.headers["ce_id"]
        step, life = body.get("step", 0), body["life_id"]
        connection = pool[0]
        async with connection.transaction():
            if (
                await connection.fetchval("INSERT INTO raw_inbox VALUES ($1) ON CONFLICT DO NOTHING RETURNING id", identity) is None
                or step >= 6
            ):
                return
            found = await connection.fetchval("SELECT body::text FROM raw_state WHERE life_id = $1 FOR UPDATE", life)
            state = json.loads(found) if found else {"steps": []}
            state["steps"].append(step + 1)
            await connection.execute(
                "INSERT INTO raw_state VALUES ($1, $2::jsonb) ON CONFLICT (life_id) DO UPDATE SET body = excluded.body",
                life,
                json.dumps(state),
            )
        value = json.dumps({"life_id": life, "step": step + 1, "occurred_at": body["occurred_at"]}).encode()
        headers = {"ce_specversion": "1.0", "ce_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{identity}|{step}")), "ce_type": "life.stepped"}
        await broker.publish(value, topic=f"{ns}{name}.v1", key=life.encode(), headers=headers)

    topics = [ns + topic for topic in SOURCES[name]]
    broker.subscriber(*topics, group_id=f"{ns}naive-{name}", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)(handle)
    return app


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(app_of(sys.argv[1]).run())
