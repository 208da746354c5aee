"""Every metric of a service, with what it means. Labels are bounded: topics, partitions, catalogued codes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nothing asks for


@dataclass(frozen=True)
class Metrics:
    handled = Counter("laotie_events_total", "Events by what became of them", ["outcome"])
    refused = Counter("laotie_rejected_total", "Events rejected, by catalogued code", ["code"])
    parked = Counter("laotie_parked_total", "Events parked, by catalogued code", ["code"])
    held = Gauge("laotie_held_rows", "Events held back, by state (waiting, parked, ready, expired)", ["state"])
    facts = Counter(
        "laotie_facts_total", "Facts and messages committed to the outbox, by type (copies of what was refused: `copy`)", ["type"]
    )
    batch_events = Histogram("laotie_batch_events", "Events in one transaction", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
    batch_seconds = Histogram(
        "laotie_batch_seconds", "Duration of one transaction", buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5)
    )
    phase_seconds = Counter("laotie_phase_seconds_total", "Time in transactions, by phase", ["phase"])
    retries = Counter("laotie_batch_retries_total", "Batches rolled back, by the error's class", ["error"])
    lag = Gauge("laotie_lag_records", "Records of the log that the cursor has not passed", ["topic", "partition"])
    age = Gauge("laotie_event_age_seconds", "Age, by the broker's time, of the last event done", ["topic", "partition"])
    outbox_rows = Gauge("laotie_outbox_rows", "Rows waiting in the outbox")
    outbox_age = Gauge("laotie_outbox_oldest_seconds", "While rows wait: seconds since the broker last took one")
    relayed = Counter("laotie_relayed_total", "Records acknowledged by the broker", ["topic"])
    clock_ahead = Gauge("laotie_clock_ahead_seconds", "By how much the machine's clock is ahead of the database's; behind: below 0")
    timers_due = Gauge("laotie_timers_due", "Partitions with timers that fell due more than a minute ago and are not sent")
    timers_sent = Counter("laotie_timers_sent_total", "Timers sent")
    halted = Gauge("laotie_halted", "1 while halted, by code and partition (-1: the whole process)", ["code", "partition"])
    ready = Gauge("laotie_ready", "1 while `/readyz` says ok")
    loop_age = Gauge("laotie_loop_age_seconds", "Time since the loop last made a turn")


METRICS = Metrics()


class Laps:
    """How long each phase of a batch took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def __call__(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase] = now - self._last
        self._last = now
