"""A partition that stands still says so with a code, to logs and monitoring, until it goes on."""

from __future__ import annotations

import logging

from shared.errors import HaltCode
from shared.messaging.metrics import METRICS
from shared.messaging.queues import TOO_MANY_PARKED, Partition

log = logging.getLogger("laotie.flow")


def halt(partition: Partition, code: HaltCode) -> None:
    """L3."""
    partition.unread.clear()
    if partition.halted == TOO_MANY_PARKED:  # which only a person lifts
        return
    if partition.halted != code:
        log.error("partition %d halted: %s", partition.number, code)
    if partition.halted:
        METRICS.halted.labels(code=partition.halted, partition=partition.number).set(0)
    partition.halted = code
    METRICS.halted.labels(code=code, partition=partition.number).set(1)


def lift(partition: Partition) -> None:
    if partition.halted:
        METRICS.halted.labels(code=partition.halted, partition=partition.number).set(0)
    partition.halted = ""
