"""Who reads what: a group member that is polled and never reads, so that assignment never waits for work, nor work for it.

Range assignment over equally partitioned topics gives one process the same partition numbers of every topic. Whoever alters the number
of partitions makes every process of the group join again, as soon as its client has looked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from shared.messaging.connect import backoff, leave
from shared.messaging.metrics import METRICS
from shared.messaging.store import Lane
from shared.settings import Settings

COMMIT_SECONDS = 1.0
LAG_SECONDS = 5.0  # between two looks at the ends of what is read here, and the longest that one may take
METADATA_MS = 10_000  # between two looks at the topics: for so long a key that moved is read where it was not

log = logging.getLogger("laotie.membership")


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """assigned(numbers) and revoked() are awaited inside the rebalance: work in flight ends before partitions move."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: list[str],
        assigned: Callable[[list[int]], Awaitable[None]],
        revoked: Callable[[], Awaitable[None]],
        positions: Callable[[], dict[Lane, int]],
    ) -> None:
        self._settings = settings
        self._group = group
        self._topics = topics
        self._assigned = assigned
        self._revoked = revoked
        self._positions = positions
        self._committed: dict[Lane, int] = {}
        self._kafka: AIOKafkaConsumer | None = None
        self._stopping = False
        self.polled = 0.0

    async def run(self) -> None:
        """Until stop()."""
        failures = 0
        while not self._stopping:
            self._kafka = AIOKafkaConsumer(
                **self._settings.aiokafka(),
                group_id=self._group,
                metadata_max_age_ms=METADATA_MS,
                partition_assignment_strategy=(RangePartitionAssignor,),
                enable_auto_commit=False,
                auto_offset_reset="latest",
                session_timeout_ms=int(self._settings.session_s * 1000),
                heartbeat_interval_ms=int(self._settings.session_s * 300),
                rebalance_timeout_ms=60_000,
            )
            try:
                await self._kafka.start()
                self._kafka.subscribe(self._topics, listener=self)
                failures = 0
                await self._poll(self._kafka)
            except (KafkaError, OSError) as error:
                failures += 1
                log.warning("membership interrupted: %s: %s", type(error).__name__, error)
                await asyncio.sleep(backoff(failures))
            finally:
                await self._revoked()
                await leave(self._kafka)
                await self._revoked()  # an assignment may have come while the group was being left

    def stop(self) -> None:
        """The next poll ends; partitions are given back by leaving the group."""
        self._stopping = True

    async def _poll(self, kafka: AIOKafkaConsumer) -> None:
        loop = asyncio.get_running_loop()
        committed_at = measured_at = loop.time()
        while not self._stopping:
            await kafka.getmany(timeout_ms=200)
            self.polled = loop.time()
            if loop.time() - committed_at >= COMMIT_SECONDS:
                await self._commit(kafka)
                committed_at = loop.time()
            if loop.time() - measured_at >= LAG_SECONDS:
                await self._measure(kafka)
                measured_at = loop.time()
        await self._commit(kafka)

    async def _measure(self, kafka: AIOKafkaConsumer) -> None:
        """What each log holds behind its cursor, read or not: what is read ahead is bounded, and is nothing where a partition stands."""
        try:
            async with asyncio.timeout(LAG_SECONDS):
                ends = await kafka.end_offsets(kafka.assignment())
        except (TimeoutError, KafkaError) as error:
            log.info("not measured how far behind: %s: %s", type(error).__name__, error)
            return
        mine, positions = kafka.assignment(), self._positions()
        for place, end in ends.items():
            if place in mine and place in positions:
                METRICS.lag.labels(topic=place.topic, partition=place.partition).set(max(0, end - positions[place]))

    async def _commit(self, kafka: AIOKafkaConsumer) -> None:
        """A hint for lag tools; the database's cursor decides."""
        mine = {(place.topic, place.partition) for place in kafka.assignment()}
        news = {
            place: position for place, position in self._positions().items() if place in mine and self._committed.get(place) != position
        }
        if not news:
            return
        try:
            await kafka.commit({TopicPartition(*place): OffsetAndMetadata(position, "") for place, position in news.items()})
            self._committed.update(news)
        except (TimeoutError, KafkaError) as error:
            log.info("offsets not committed, only lag tools miss them: %s", error)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._revoked()
        for of_a_partition in (METRICS.lag, METRICS.age):  # whoever reads it next tells it
            of_a_partition.clear()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        if self._kafka is not None and assigned:
            self._kafka.pause(*assigned)
        self._committed.clear()
        await self._assigned(sorted({place.partition for place in assigned}))
