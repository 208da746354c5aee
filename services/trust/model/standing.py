"""What a seller or promoter did against the rules, and what it came to. Source: R6.1, R6.2.

It grows with what governance tells of one subject, which is little: whoever has a hundred points is removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from shared.contracts.standing import (
    AppealEnded,
    AppealOpened,
    PointsChanged,
    StudyNoted,
    SubjectReinstated,
    SubjectSuspended,
    ViolationNoted,
)
from shared.messaging.shape import Kind

StandingFact = ViolationNoted | StudyNoted | PointsChanged | SubjectSuspended | SubjectReinstated | AppealOpened | AppealEnded


@dataclass(frozen=True, slots=True)
class Violation:
    """As it was told first. level 0: it suspends nobody by itself."""

    kind: str
    points: int
    level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Study:
    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspended:
    """until None: for good. brought_by: of a removal by points, the violation that came to the limit. ended_at: lifted then."""

    level: int
    effective_from: datetime
    until: datetime | None
    brought_by: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    opened_at: datetime
    outcome: Literal["open", "won", "lost"] = "open"


@dataclass(frozen=True, slots=True)
class Standing:
    """violations: those that suspended somebody, and voided: those that were voided, whether they had come or not; both by id.

    told: every violation, study: every lesson, by id. points, against, credited: as told last, and what they are made of. suspensions:
    by violation, or by the removal's own id. removal: the one in force, removed_since: when its points were there; removals: so far.
    appeals: by violation.
    """

    violations: tuple[str, ...] = ()
    voided: tuple[str, ...] = ()
    told: Mapping[str, Violation] = field(default_factory=dict)
    study: Mapping[str, Study] = field(default_factory=dict)
    points: int = 0
    against: int = 0
    credited: int = 0
    suspensions: Mapping[str, Suspended] = field(default_factory=dict)
    removal: str = ""
    removed_since: datetime | None = None
    removals: int = 0
    appeals: Mapping[str, Appeal] = field(default_factory=dict)


def evolve_standing(standing: Standing | None, fact: StandingFact) -> Standing:
    known = standing or Standing()
    match fact:
        case ViolationNoted():
            noted = Violation(fact.kind, fact.points, fact.level, fact.occurred_at)
            return replace(known, told={**known.told, fact.violation_id: noted})
        case StudyNoted():
            return replace(known, study={**known.study, fact.study_id: Study(fact.points, fact.occurred_at)})
        case PointsChanged():
            return replace(known, points=fact.points, against=fact.violations, credited=fact.study)
        case SubjectSuspended():
            return _suspended(known, fact)
        case SubjectReinstated():
            return _reinstated(known, fact)
        case AppealOpened():
            return replace(known, appeals={**known.appeals, fact.violation_id: Appeal(fact.occurred_at)})
        case AppealEnded():
            ended = replace(known.appeals[fact.violation_id], outcome="won" if fact.won else "lost")
            return replace(known, appeals={**known.appeals, fact.violation_id: ended})
        case _:
            assert_never(fact)


def _suspended(known: Standing, fact: SubjectSuspended) -> Standing:
    one = Suspended(fact.level, fact.effective_from, fact.until, fact.brought_by or "")
    known = replace(known, suspensions={**known.suspensions, fact.violation_id: one})
    if fact.cause == "points":
        return replace(known, removal=fact.violation_id, removed_since=fact.reached_at, removals=known.removals + 1)
    return replace(known, violations=(*known.violations, fact.violation_id))


def _reinstated(known: Standing, fact: SubjectReinstated) -> Standing:
    if fact.violation_id in known.suspensions:
        ended = replace(known.suspensions[fact.violation_id], ended_at=fact.occurred_at)
        known = replace(known, suspensions={**known.suspensions, fact.violation_id: ended})
    if fact.cause == "points":
        return replace(known, removal="", removed_since=None)
    return replace(known, voided=(*known.voided, fact.violation_id))


STANDING = Kind("standing", StandingFact, lambda fact: fact.subject_id, evolve_standing)
