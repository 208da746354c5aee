"""A partition that stands still says so with a code, to logs and monitoring, until it goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from shared.errors import HaltCode
from shared.messaging.consume import Batch
from shared.messaging.metrics import METRICS
from shared.messaging.queues import TOO_MANY_PARKED, Partition
from shared.messaging.store import Lane

NOWHERE = ("", 0)

log = logging.getLogger("laotie.flow")


def halt(partition: Partition, code: HaltCode, stuck: tuple[str, int] = NOWHERE) -> None:
    """L3. stuck: the topic and offset that cannot be done; NOWHERE: something else ends this halt."""
    partition.unread.clear()
    partition.trying = False
    if partition.halted == TOO_MANY_PARKED:  # which only a person lifts
        return
    if partition.halted != code:
        log.error("partition %d halted: %s", partition.number, code)
    if partition.halted:
        METRICS.halted.labels(code=partition.halted, partition=partition.number).set(0)
    partition.halted, partition.stuck = code, stuck
    METRICS.halted.labels(code=code, partition=partition.number).set(1)


def lift(partition: Partition) -> None:
    if partition.halted:
        METRICS.halted.labels(code=partition.halted, partition=partition.number).set(0)
    partition.halted, partition.trying = "", False


def lift_done(partitions: Iterable[Partition], positions: Mapping[Lane, int]) -> None:
    """L3. positions: what is committed. Of those that are tried again, who is behind what it was stuck at."""
    for partition in partitions:
        topic, offset = partition.stuck
        if partition.trying and positions.get((topic, partition.number), 0) > offset:
            lift(partition)


def place(batch: Batch) -> tuple[str, int]:
    """Of one that is stuck with its only record, or with none, where the log went on without any."""
    if batch.records:
        return batch.records[0].topic, batch.records[0].offset
    run = next(iter(batch.runs.values()))
    return run.topic, run.upto - 1
