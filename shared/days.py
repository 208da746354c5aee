"""Days as the trade counts them: local dates of a zone, instants in UTC. Pure; needs only the time zone database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_date(at: datetime, zone: str) -> date:
    """The date that a calendar on the wall in `zone` shows at that instant. `at` must be aware."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(ZoneInfo(zone)).date()


def day_after(at: datetime, days: int, zone: str) -> datetime:
    """00:00 of `at`'s local date + `days`, in UTC. Source: R1.3.

    Where clocks are changed at midnight: a 00:00 that comes twice is the first of the two, one that is skipped is the
    instant at which the clock jumps over it.
    """
    return day_start(local_date(at, zone) + timedelta(days=days), zone)


def day_start(day: date, zone: str) -> datetime:
    """00:00 of that local date, in UTC; as day_after has it where clocks are changed at midnight. Source: R1.2."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def window_end(signed_at: datetime, days: int, zone: str) -> datetime:
    """The first instant, in UTC, that a window of `days` from the day after signing no longer admits. Source: R1.3.

    `days` times 24 h from 00:00 of the signing date + 1: a change of clocks inside the window moves its local end by an hour.
    """
    return day_after(signed_at, 1, zone) + timedelta(days=days)


def after_spans(at: datetime, spans: Iterable[tuple[datetime, datetime]]) -> datetime:
    """When what is due at that moment happens, if each span (from, until) that began before it holds it: at `at`, or the end of the last.

    One that begins when it is due or later came too late. Source: R1.2, R2.5, R2.6.
    """
    for since, until in sorted(spans):
        if since < at:
            at = max(at, until)
    return at
