"""Every figure of the after-sale work, with what it means, beside the engine's (shared/messaging/metrics.py). Source: R4.2, R4.3, R4.11.

Open cases are counted in the table of tasks, exactly and for all processes together: every process shows the same, so take `max`.
What happens is counted as its facts are committed, by the process that committed them: take `sum`. Labels are bounded: catalogued
kinds, states, turns, answers, outcomes. Durations are of business time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from shared.contracts.refund import CaseClosed, CaseOpened, RefundStuck
from shared.messaging.shape import Counted, Watched

DAY = 86_400
DAYS = (0, 1, 2, 3, 7, 10, 14, 21, 30, 60)


@dataclass(frozen=True)
class CaseMetrics:
    open = Gauge("laotie_cases_open", "Cases that are not ended, by state and whose turn it is", ["state", "turn"])
    overdue = Gauge("laotie_cases_overdue", "Cases and appeals that are a minute over their deadline, by whose turn it was", ["turn"])
    arbitration = Gauge("laotie_arbitration_backlog", "What waits for a ruling: disputes that were heard, open appeals", ["what"])
    unpaid = Gauge("laotie_cases_unpaid", "Cases that wait for a person to decide on money", ["why"])
    opened = Counter("laotie_cases_opened_total", "Cases opened, by kind", ["kind"])
    answered = Counter(
        "laotie_cases_answered_total",
        "Cases ended, by kind and how they were first answered (`seller` within its 48 h, `silence` not, `nobody` was to or came to)",
        ["kind", "by"],
    )
    duration = Histogram(
        "laotie_case_duration_seconds",
        "From the claim to its end, by kind; an end that an appeal undoes is followed by another",
        ["kind"],
        buckets=tuple(days * DAY for days in DAYS),
    )
    stuck = Counter("laotie_refunds_stuck_total", "Refunds of cases that the provider did not pay")


METRICS = CaseMetrics()
UNPAID = {10: "fund", 50: "stuck"}  # by state, where it is the platform's turn

STANDING = """
SELECT task, state, turn, count(*) AS cases, count(*) FILTER (WHERE deadline < $1::timestamptz - interval '1 minute') AS overdue
  FROM case_task WHERE open GROUP BY task, state, turn
"""  # where many end some have just passed whenever one looks


def show(rows: Sequence[Any]) -> None:
    """All of it anew: what has become none is shown no more."""
    for gauge in (METRICS.open, METRICS.overdue):
        gauge.clear()
    backlog = dict.fromkeys(("dispute", "appeal"), 0)
    unpaid = dict.fromkeys(UNPAID.values(), 0)
    overdue: dict[str, int] = {}
    for row in rows:
        overdue[row["turn"]] = overdue.get(row["turn"], 0) + row["overdue"]
        if row["task"] == "appeal":
            backlog["appeal"] += row["cases"]
            continue
        METRICS.open.labels(state=row["state"], turn=row["turn"]).set(row["cases"])
        if row["turn"] == "platform":
            if row["state"] in UNPAID:
                unpaid[UNPAID[row["state"]]] += row["cases"]
            else:
                backlog["dispute"] += row["cases"]
    for turn, cases in overdue.items():
        METRICS.overdue.labels(turn=turn).set(cases)
    for what, cases in backlog.items():
        METRICS.arbitration.labels(what=what).set(cases)
    for why, cases in unpaid.items():
        METRICS.unpaid.labels(why=why).set(cases)


def count(fact: CaseOpened | CaseClosed | RefundStuck) -> None:
    match fact:
        case CaseOpened():
            METRICS.opened.labels(kind=fact.kind).inc()
        case CaseClosed():
            kind = fact.kind or "unknown"
            METRICS.answered.labels(kind=kind, by=fact.answer or "nobody").inc()
            if fact.applied_at is not None:
                METRICS.duration.labels(kind=kind).observe(max(0.0, (fact.occurred_at - fact.applied_at).total_seconds()))
        case RefundStuck():
            METRICS.stuck.inc()


COUNTED = Counted((CaseOpened, CaseClosed, RefundStuck), count)
WATCHED = Watched(STANDING, show)
