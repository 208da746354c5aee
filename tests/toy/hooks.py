"""What a process under test does beside its trade: it dies once where a flag says so; a toy one also reads its own clock topic.

die.relay.<name>: after the broker acknowledged and before the rows are deleted. die.commit.<name>: after the first
COMMIT of a batch and before anyone in the process knows. hold.send.<name>: nothing is sent while the flag is there.
hold.look.<name>: nor is what decisions go by looked for.
"""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import datetime, tzinfo
from typing import Any, Self

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.messaging import clock, consume, engine, timers
from shared.messaging.relay import Relay
from shared.messaging.versions import Following
from tests.toy.model import FLAGS, TOY_CLOCK


def install(name: str) -> None:
    """In a toy process."""
    changes: list[tuple[Any, str, Any]] = [(clock, "CLOCK", TOY_CLOCK)]
    if seconds := os.environ.get("TOY_PRUNE_SECONDS"):
        changes.append((engine, "PRUNE_SECONDS", float(seconds)))
    if seconds := os.environ.get("TOY_AHEAD_S"):
        changes += [(module, "datetime", _ahead(float(seconds))) for module in (clock, consume, engine, timers)]
    for owner, place, replacement in changes:
        setattr(owner, place, replacement)
    obey(name)


def obey(name: str) -> None:
    """The flags of that service."""
    sweep, execute, send_batch = Relay._sweep, asyncpg.Connection.execute, AIOKafkaProducer.send_batch

    async def die_before_delete(relay: Any) -> None:
        if any(lane.acked > lane.deleted for lane in relay._lanes.values()):
            _die(f"die.relay.{name}")
        await sweep(relay)

    async def die_after_commit(connection: Any, query: str, *arguments: Any, **named: Any) -> Any:
        done = await execute(connection, query, *arguments, **named)
        if query == "COMMIT":
            _die(f"die.commit.{name}")
        return done

    async def hold_send(producer: Any, *arguments: Any, **named: Any) -> Any:
        while (FLAGS / f"hold.send.{name}").exists():  # noqa: ASYNC110 - the flag is a file
            await asyncio.sleep(0.05)
        return await send_batch(producer, *arguments, **named)

    look = Following._look

    async def hold_look(versions: Any, *arguments: Any) -> None:
        while (FLAGS / f"hold.look.{name}").exists():  # noqa: ASYNC110 - the flag is a file
            await asyncio.sleep(0.05)
        await look(versions, *arguments)

    for owner, place, replacement in (
        (Following, "_look", hold_look),
        (Relay, "_sweep", die_before_delete),
        (asyncpg.Connection, "execute", die_after_commit),
        (AIOKafkaProducer, "send_batch", hold_send),
    ):
        setattr(owner, place, replacement)


def _ahead(seconds: float) -> type[datetime]:
    """The machine's clock, wrong by that much."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(datetime.now(tz).timestamp() + seconds, tz)

    return Ahead


def _die(flag: str) -> None:
    """Once: the flag goes first."""
    try:
        (FLAGS / flag).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
