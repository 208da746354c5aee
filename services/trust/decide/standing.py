"""Violations and study: points, suspensions, removal, and what they say of a score. Source: R6.1, R6.2, R5.5.

What stands in the end follows from the sets of violations, voids and study credits alone, in whatever order and however often they
come; of one id told with two bodies the first counts. Only how it came about, and with it the ids of removals, depends on the order.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from services.trust.decide.found import PLATFORM, found, voided
from services.trust.model import Standing, Study, Violation
from services.trust.rules.points import Entry, Sum, summed
from shared.contracts.governance import StudyCredited, ViolationRecorded, ViolationVoided
from shared.contracts.standing import (
    AppealEnded,
    PointsChanged,
    StudyNoted,
    SubjectReinstated,
    SubjectSuspended,
    ViolationNoted,
)
from shared.contracts.trust import EvidenceFound, Role
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.policy import EvidenceKind, Policies, Policy

REMOVALS = uuid.UUID("0c7e7a52-2a3d-5b0e-8f0b-6d1f6f4f7c31")  # namespace of the ids of removals by points
Cause = Literal["violation", "void", "study"]
Level = Literal[0, 1, 2, 3, 4, 5]


def violated(event: ViolationRecorded, standing: Standing | None, policies: Policies, event_id: str | None = None) -> Outcome:
    """Its kind is of the catalogue, its points among those of the kind, or 0. A level suspends for its days, some minutes after the
    violation; its points add up, and say of which class it counts for the score: 5 = C, 10 and 20 = B, 100 = A; none is no evidence.
    Source: R6.1, R6.2, R2.8, R5.5.
    """
    known, policy = standing or Standing(), policies.at(event.occurred_at)
    if event.violation_id in known.told or event.violation_id in known.violations:
        return Reject("violation.known")
    held = _held(event, policy)
    if isinstance(held, Reject):
        return held
    points, level = held
    said = {"subject_id": event.subject_id, "violation_id": event.violation_id}
    noted = ViolationNoted(**said, kind=event.kind, points=points, level=level, occurred_at=event.occurred_at)
    after = replace(known, told={**known.told, event.violation_id: Violation(event.kind, points, level, event.occurred_at)})
    suspended = () if event.violation_id in known.voided else _suspended(event, level, policy)
    moved = _moved(event.subject_id, known, after, ("violation", event.violation_id), event.occurred_at, policies)
    return noted, *suspended, *moved, *_evidence(event, points, policy, event_id)


def acquit(event: ViolationVoided, standing: Standing | None, policies: Policies) -> Outcome:
    """Points, score and freedom come back together, and an appeal is won, if it was lost before, too. A violation that is told later
    suspends nobody and counts nothing. Source: R6.2, R5.1.
    """
    known = standing or Standing()
    if event.violation_id in known.voided:
        return Reject("violation.void_known")
    said: dict[str, Any] = {"subject_id": event.subject_id, "violation_id": event.violation_id}
    reinstated = SubjectReinstated(**said, occurred_at=event.occurred_at)
    won = (AppealEnded(**said, won=True, occurred_at=event.occurred_at),) if event.violation_id in known.appeals else ()
    after = replace(known, voided=(*known.voided, event.violation_id))
    moved = _moved(event.subject_id, known, after, ("void", event.violation_id), event.occurred_at, policies)
    policy = policies.at(event.occurred_at)
    tombstone = voided(event.subject_id, "violation", event.violation_id, "violation_voided", event.occurred_at, policy)
    return reinstated, *won, *moved, tombstone


def study(event: StudyCredited, standing: Standing | None, policies: Policies) -> Outcome:
    """Taken off the points, as far as rules/points.py says. Source: R6.1."""
    known = standing or Standing()
    if event.study_id in known.study:
        return Reject("study.known")
    noted = StudyNoted(subject_id=event.subject_id, study_id=event.study_id, points=event.points, occurred_at=event.occurred_at)
    after = replace(known, study={**known.study, event.study_id: Study(event.points, event.occurred_at)})
    return noted, *_moved(event.subject_id, known, after, ("study", event.study_id), event.occurred_at, policies)


def _held(event: ViolationRecorded, policy: Policy) -> tuple[int, Level] | Reject:
    """Points and level, as told or as the catalogue has them. Source: R6.1, R6.2."""
    kinds = policy.trust.violations.kinds
    kind = kinds.get(event.kind)
    if kind is None and (kinds or event.points is None):
        return Reject("violation.kind_unknown", event.kind)
    points = kind.points[0] if event.points is None and kind is not None else event.points or 0
    if points and kind is not None and points not in kind.points:
        return Reject("violation.points_differ", f"{event.kind} is of {', '.join(map(str, sorted(kind.points)))} points")
    level = event.level if event.level is not None else kind.level if kind is not None else 0
    return points, cast("Level", level)


def _suspended(event: ViolationRecorded, level: Level, policy: Policy) -> Iterator[SubjectSuspended]:
    """From some minutes after the violation. Source: R6.2, R2.8."""
    if level:
        effective_from = _effective(event.occurred_at, policy)
        days = dict(enumerate(policy.trust.suspension_days, 1)).get(level)
        yield SubjectSuspended(
            subject_id=event.subject_id,
            level=level,
            effective_from=effective_from,
            until=effective_from + timedelta(days=days) if days else None,
            violation_id=event.violation_id,
            occurred_at=event.occurred_at,
        )


def _moved(
    subject_id: str, known: Standing, after: Standing, cause: tuple[Cause, str], at: datetime, policies: Policies
) -> Iterator[Message]:
    """What the sets come to now, where that is another than was told; a removal that changed takes the place of the one before."""
    come_to = _sum(after, policies)
    removed = (known.removed_since, known.suspensions[known.removal].brought_by) if known.removal else None
    if (come_to.points, come_to.violations, come_to.study) != (known.points, known.against, known.credited) or removed != come_to.removed:
        yield PointsChanged(
            subject_id=subject_id,
            points=come_to.points,
            violations=come_to.violations,
            study=come_to.study,
            removed=come_to.removed is not None,
            cause=cause[0],
            cause_id=cause[1],
            occurred_at=at,
        )
    if removed == come_to.removed:
        return
    if known.removal:
        yield SubjectReinstated(subject_id=subject_id, violation_id=known.removal, cause="points", occurred_at=at)
    if come_to.removed is not None:
        yield _removal(subject_id, known.removals + 1, come_to.removed, at, policies)


def _removal(subject_id: str, number: int, removed: tuple[datetime, str], at: datetime, policies: Policies) -> SubjectSuspended:
    """For good, from some minutes after the points were there. Source: R6.1, R2.8."""
    reached_at, brought_by = removed
    return SubjectSuspended(
        subject_id=subject_id,
        level=5,
        effective_from=_effective(reached_at, policies.at(reached_at)),
        until=None,
        violation_id=str(uuid.uuid5(REMOVALS, f"{subject_id}|{number}")),
        cause="points",
        brought_by=brought_by,
        reached_at=reached_at,
        occurred_at=at,
    )


def _sum(standing: Standing, policies: Policies) -> Sum:
    stand: Mapping[str, Violation] = {name: one for name, one in standing.told.items() if name not in standing.voided}
    violations = {name: Entry(one.points, one.at) for name, one in stand.items() if one.points}
    return summed(violations, (Entry(one.points, one.at) for one in standing.study.values()), policies)


def _effective(at: datetime, policy: Policy) -> datetime:
    return at + timedelta(minutes=policy.trust.suspension_lead_minutes)


def _evidence(event: ViolationRecorded, points: int, policy: Policy, event_id: str | None) -> Iterator[EvidenceFound]:
    """Named after the violation, whatever its class."""
    if points:
        classes = policy.trust.violations
        kind: EvidenceKind = "violation_c" if points < classes.b_points else "violation_b"
        kind = "violation_a" if points >= classes.a_points else kind
        role, _, party = event.subject_id.partition(":")
        named = (event.violation_id, event.occurred_at, policy, event_id, "violation")
        yield from found(kind, cast("Role", role), party, PLATFORM, *named)
