"""What an app publishes: one CloudEvent in Kafka's binary mode, its headers written by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

OPENING = datetime(2026, 6, 16, 15, 59, 59, tzinfo=UTC)  # midnight in Shanghai is near: the first live show
DAY = timedelta(days=1)
AHEAD = timedelta(minutes=9)  # an app's clock is that much before ours at most
GRACE = timedelta(seconds=5)  # after its deadline a timer fires


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of an app, to be published in the phase of that number.

    app: the principal. early: it overtakes what it follows from. refused: the code with which it is refused, empty if it takes
    effect. raw: the value's bytes in place of the body. changed: headers in place of the usual ones, None leaves one out.
    """

    app: str
    topic: str
    source: str
    id: str
    type: str
    key: str
    at: datetime
    body: Mapping[str, Any]
    phase: int
    early: bool = False
    refused: str = ""
    raw: bytes | None = None
    changed: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def value(self) -> bytes:
        """UTF-8 JSON."""
        if self.raw is not None:
            return self.raw
        return json.dumps({"occurred_at": self.at.isoformat(), **self.body}, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        trace = hashlib.sha256(f"{self.source}|{self.id}".encode()).hexdigest()
        usual: dict[str, str | None] = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_subject": self.key,
            "ce_time": self.at.isoformat(),
            "content-type": "application/json",
            "traceparent": f"00-{trace[:32]}-{trace[32:48]}-01",
        }
        return [(name, text.encode()) for name, text in (usual | dict(self.changed)).items() if text is not None]


def closing(phase: int) -> datetime:
    """Where the clock stands while that phase is published: the last second in Shanghai of its day.

    So a phase is a day: what happened on it has taken effect before midnight pays out what the day brought. Source: R3.1.
    """
    return OPENING + phase * DAY


def phase_of(at: datetime) -> int:
    """The first phase in which what happened at that time is not from the future."""
    return max(0, -((OPENING + AHEAD - at) // DAY))


def fired_in(deadline: datetime) -> int:
    """The phase on the way to which a deadline fires: before what the apps publish in it."""
    return max(0, -((OPENING - GRACE - deadline) // DAY))
