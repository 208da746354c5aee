"""What people and monitoring are told of committed batches: a log line for each event, and metrics.

Metrics are counted a moment later and together: what comes after a commit must not wait for them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from shared.errors import CATALOGUE
from shared.messaging.consume import Done
from shared.messaging.metrics import METRICS
from shared.messaging.record import Record
from shared.messaging.shape import Service
from shared.messaging.store import Lane

LATER_SECONDS = 0.1
LEVELS = {"rejected": logging.WARNING, "parked": logging.WARNING, "waiting": logging.INFO}  # waiting is everyday; else DEBUG

log = logging.getLogger("laotie.event")


def count_from_nought(service: Service) -> None:
    """To Prometheus a series that appears at 1 has not increased: the first of its sort would alert nobody."""
    for kind in (*service.kind_of, *service.sends):
        METRICS.facts.labels(type=kind.type)
    for code in CATALOGUE:
        for counter in COUNTED_BY_CODE.values():
            counter.labels(code=code)


class Teller:
    """tell() after each commit, on the event loop."""

    def __init__(self) -> None:
        self._later: list[tuple[Done, float]] = []
        self._last: dict[Lane, Record] = {}

    def tell(self, records: Sequence[Record], done: Done, seconds: float) -> None:
        """records: those that are done. seconds: the transaction's."""
        if not self._later:
            asyncio.get_running_loop().call_later(LATER_SECONDS, self._count)
        self._later.append((done, seconds))
        for record in records:
            self._last[(record.topic, record.partition)] = record
        self._log(done)

    @staticmethod
    def _log(done: Done) -> None:
        everything = log.isEnabledFor(logging.DEBUG)
        for outcome, code, record in done.effects.told:
            level = LEVELS.get(outcome, logging.DEBUG)
            if everything or level > logging.DEBUG:
                held = done.effects.held.get(record.ref)
                where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
                what = {"event_id": record.event_id, "key": (record.key or b"").decode("utf-8", "replace")}
                log.log(level, "event %s: %s %s", outcome, code, held.error if held else "", extra=what | where)

    def _count(self) -> None:
        batches, self._later = self._later, []
        last, self._last = self._last, {}
        phases: dict[str, float] = {}
        told: Counter[tuple[str, str]] = Counter()
        facts: Counter[str] = Counter()
        for done, seconds in batches:
            METRICS.batch_events.observe(done.taken)
            METRICS.batch_seconds.observe(seconds)
            facts.update(done.effects.said)
            for phase, spent in done.seconds.items():
                phases[phase] = phases.get(phase, 0.0) + spent
            told.update(map(_outcome_and_code, done.effects.told))
            for tally, fact in done.effects.counted:
                tally(fact)
        for kind, count in facts.items():
            METRICS.facts.labels(type=kind).inc(count)
        for phase, spent in phases.items():
            METRICS.phase_seconds.labels(phase=phase).inc(spent)
        for (outcome, code), count in told.items():
            METRICS.handled.labels(outcome=outcome).inc(count)
            if outcome in COUNTED_BY_CODE:
                COUNTED_BY_CODE[outcome].labels(code=code).inc(count)
        now = time.time()
        for (topic, number), record in last.items():
            METRICS.age.labels(topic=topic, partition=number).set(max(0.0, now - record.timestamp_ms / 1000))


_outcome_and_code = itemgetter(0, 1)
COUNTED_BY_CODE = {"rejected": METRICS.refused, "parked": METRICS.parked}
