"""A partition that stands still says so with a code, to logs and monitoring, until it goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from shared.errors import HaltCode
from shared.messaging.consume import Batch
from shared.messaging.metrics import METRICS
from shared.messaging.newer import Newer
from shared.messaging.queues import TOO_MANY_PARKED, Partition
from shared.messaging.store import Lane

NOWHERE = ("", 0)

log = logging.getLogger("laotie.flow")


def halt(partition: Partition, code: HaltCode, stuck: tuple[str, int] = NOWHERE, topic: str = "") -> None:
    """L3. stuck: the topic and offset that cannot be done; NOWHERE: something else ends this halt, of that topic if there is one."""
    partition.unread.clear()
    partition.trying = False
    if partition.halted == TOO_MANY_PARKED:  # which only a person lifts
        return
    where = f"{stuck[0]}/{partition.number}/{stuck[1]}" if stuck != NOWHERE else f"{topic}/{partition.number}" if topic else ""
    if partition.halted != code:
        log.error("partition %d halted: %s", partition.number, f"{code} at {where}" if where else code)
    if partition.halted:
        METRICS.halted.labels(code=partition.halted, partition=partition.number).set(0)
    partition.halted, partition.where, partition.stuck = code, where, stuck
    METRICS.halted.labels(code=code, partition=partition.number).set(1)


def who_halted(partitions: Iterable[Partition]) -> str:
    """Who has halted, with the code and the place that it is about; empty: nobody."""
    halted = sorted((partition for partition in partitions if partition.halted), key=lambda partition: partition.number)
    return "; ".join(f"partition {one.number}: {one.halted}" + (f" at {one.where}" if one.where else "") for one in halted)


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


def code_of(error: Exception) -> HaltCode:
    """Of what neither passed nor may be given up."""
    if isinstance(error, Newer):
        log.error("a newer release wrote what this program does not know: %s", error)
        return "halt.newer_release"
    log.error("cannot even park", exc_info=error)
    return "halt.cannot_park"


def place(batch: Batch) -> tuple[str, int]:
    """Of one that is stuck with its only record, or with none, where the log went on without any."""
    if batch.records:
        return batch.records[0].topic, batch.records[0].offset
    run = next(iter(batch.runs.values()))
    return run.topic, run.upto - 1
