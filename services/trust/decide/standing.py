"""Violations: points, suspensions, and what they say of a score. Source: R6.1, R6.2, R5.5."""

from __future__ import annotations

from datetime import timedelta

from services.trust.model import Standing
from shared.contracts.governance import ViolationRecorded
from shared.contracts.trust import SubjectSuspended
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


def violated(event: ViolationRecorded, standing: Standing | None, policy: Policy) -> Outcome:
    """A level suspends for its days, some minutes after the violation; without one there are points only. Source: R6.2, R2.8."""
    if not event.level:
        return ()
    if standing is not None and event.violation_id in standing.violations:
        return Reject("violation.known")
    effective_from = event.occurred_at + timedelta(minutes=policy.trust.suspension_lead_minutes)
    days = dict(enumerate(policy.trust.suspension_days, 1)).get(event.level)
    return (
        SubjectSuspended(
            subject_id=event.subject_id,
            level=event.level,
            effective_from=effective_from,
            until=effective_from + timedelta(days=days) if days else None,
            violation_id=event.violation_id,
            occurred_at=event.occurred_at,
        ),
    )
