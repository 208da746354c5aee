"""Violations: points, suspensions, and what they say of a score. Source: R6.1, R6.2, R5.5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from services.trust.decide.found import PLATFORM, found, voided
from services.trust.model import Standing
from shared.contracts.governance import ViolationRecorded, ViolationVoided
from shared.contracts.trust import EvidenceFound, EvidenceKind, Role, SubjectReinstated, SubjectSuspended
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


def violated(event: ViolationRecorded, standing: Standing | None, policy: Policy, event_id: str | None = None) -> Outcome:
    """A level suspends for its days, some minutes after the violation; its points say of which class it counts for the score: 5 = C, 10
    and 20 = B, 100 = A; none is no evidence. Source: R6.1, R6.2, R2.8, R5.5.
    """
    if not event.level or (standing is not None and event.violation_id in standing.voided):
        return tuple(_evidence(event, policy, event_id))
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
        *_evidence(event, policy, event_id),
    )


def acquit(event: ViolationVoided, standing: Standing | None, policy: Policy) -> Outcome:
    """Score and suspension come back together; a violation that is told later suspends nobody and counts nothing. Source: R6.2, R5.1."""
    if standing is not None and event.violation_id in standing.voided:
        return Reject("violation.void_known")
    said = {"subject_id": event.subject_id, "violation_id": event.violation_id}
    tombstone = voided(event.subject_id, "violation", event.violation_id, "violation_voided", event.occurred_at, policy)
    return SubjectReinstated(**said, occurred_at=event.occurred_at), tombstone


def _evidence(event: ViolationRecorded, policy: Policy, event_id: str | None) -> Iterator[EvidenceFound]:
    """Named after the violation, whatever its class."""
    if event.points:
        classes = policy.trust.violations
        kind: EvidenceKind = "violation_c" if event.points < classes.b_points else "violation_b"
        kind = "violation_a" if event.points >= classes.a_points else kind
        role, _, party = event.subject_id.partition(":")
        named = (event.violation_id, event.occurred_at, policy, event_id, "violation")
        yield from found(kind, cast("Role", role), party, PLATFORM, *named)
