"""Business time: the system's, or `clock.v1` where ops move it by hand. Only upstream validation and timers ask.

Invariant K1: a manual clock never moves back, and a process does nothing before it knows the time.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.messaging.connect import backoff, leave
from shared.messaging.system import CLOCK, clock_told
from shared.settings import Settings

log = logging.getLogger("laotie.clock")


class BusinessClock:
    """now() after start(). moved: take it, look at now(), wait for it: set by the next move of a manual clock, and another from then on.

    trouble: why a manual clock is not read; empty while it is.
    """

    def __init__(self, settings: Settings) -> None:
        self.manual = settings.clock == "manual"
        self.moved = asyncio.Event()
        self.trouble = ""
        self._settings = settings
        self._at: datetime | None = None
        self._known = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        if not self.manual:
            return datetime.now(UTC)
        assert self._at is not None, "start() first"
        return self._at

    async def start(self) -> None:
        """Returns once the time is known: a manual clock is read to its end first."""
        if self.manual:
            self.task = asyncio.create_task(self._follow(), name="clock")
            await self._known.wait()

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def _follow(self) -> None:
        failures = 0
        while True:
            kafka = AIOKafkaConsumer(**self._settings.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
            try:
                await kafka.start()
                place = TopicPartition(CLOCK.name, 0)
                end = (await kafka.end_offsets([place]))[place]  # before a fetch is under way: it would be answered first
                kafka.assign([place])
                await kafka.seek_to_beginning(place)
                failures, self.trouble = 0, ""
                while True:
                    if self._at is not None and await kafka.position(place) >= end:
                        self._known.set()
                    for message in (await kafka.getmany(place, timeout_ms=200)).get(place, ()):
                        self._take(message.value)
            except (KafkaError, OSError) as error:
                failures += 1
                self.trouble = f"clock not read: {error}"
                log.warning(self.trouble)
                await asyncio.sleep(backoff(failures))
            finally:
                await leave(kafka)

    def _take(self, value: bytes | None) -> None:
        """K1."""
        told = clock_told(value)
        if told is None:
            log.error("clock.set not understood, kept the time: %r", value)
        elif self._at is None or told > self._at:
            self._at = told
            moved, self.moved = self.moved, asyncio.Event()
            moved.set()
