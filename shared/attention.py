"""How much waits for a person, for monitoring; `laotie attention` lists it. Each service counts its own. Source: R3.1, R3.5, R3.8, R6.2.

All processes of a service show the same, so take `max`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import Gauge


@dataclass(frozen=True)
class AttentionMetrics:
    waiting = Gauge("laotie_attention", "What waits for a person, by kind and why", ["kind", "why"])
    oldest = Gauge("laotie_attention_oldest_seconds", "Of it, how long the oldest has waited, of business time", ["kind", "why"])


METRICS = AttentionMetrics()


def show(rows: Sequence[Any]) -> None:
    """kind, why, waiting, seconds. All of it anew: what has become none is shown no more."""
    for gauge in (METRICS.waiting, METRICS.oldest):
        gauge.clear()
    for row in rows:
        labels = {"kind": row["kind"], "why": row["why"]}
        METRICS.waiting.labels(**labels).set(row["waiting"])
        METRICS.oldest.labels(**labels).set(max(0.0, row["seconds"]))
