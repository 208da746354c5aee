"""What of payments waits for a person, from the rows that facts wrote. Source: R3.1, R3.5, R3.8."""

from __future__ import annotations

from shared.attention import show
from shared.messaging.shape import Watched

WAITING = """
SELECT kind, why, count(*) AS waiting, extract(epoch FROM $1 - min(since))::float AS seconds
  FROM attention WHERE why IS NOT NULL GROUP BY kind, why
"""
WATCHED = Watched(WAITING, show)
