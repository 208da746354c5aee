"""Which appeals against violations wait for the platform. Source: R6.2."""

from __future__ import annotations

from shared.attention import show
from shared.messaging.shape import Watched

UNDECIDED = """
SELECT 'appeal' AS kind, 'undecided' AS why, count(*) AS waiting, extract(epoch FROM $1 - min(opened_at))::float AS seconds
  FROM open_appeal HAVING count(*) > 0
"""
WATCHED = Watched(UNDECIDED, show)
