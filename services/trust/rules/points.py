"""What violations and study come to: a pure function of the sets of both, in whatever order they were told. Source: R6.1.

A second person can compute it from this text alone. Of a subject there are violations, each with a moment and points, and study
credits, each with a moment and points; a violation that was voided is in no set. All values are those of the policy in force at the
moment that is looked at.

At a moment t:
    violations(t) = points of all violations up to and with t
    study(t)      = 0 if one of these is a hit of class A (100 points), else min(study_points_max, points of all study up to and with t)
    total(t)      = violations(t) - study(t)
Shown are the sums of all that is known, as of the latest moment in the sets: max(0, total). Study counts however early it was earned:
it is taken off what comes later, too; platforms of the trade (学习加分) give such points for courses and exams, and bound them, so that
nobody can study faster than offend. Points do not lapse with a year, as R6.1 names no end.

Removed is who had total(t) >= remove_points at the moment t of any of its violations, from the first such t on, for good: study after it
gives nothing back, but a void of a violation, or study earned before t and told later, may mean that there was no such t. A policy that
begins to remove at fewer points removes with the next violation, not by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.policy import Policies


@dataclass(frozen=True, slots=True)
class Entry:
    """Points of a violation or a lesson, with the moment when it happened."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Sum:
    """points: shown. violations, study: what they are made of. removed: the moment and the violation that came first of that moment."""

    points: int
    violations: int
    study: int
    removed: tuple[datetime, str] | None


def summed(violations: Mapping[str, Entry], study: Iterable[Entry], policies: Policies) -> Sum:
    """violations: by id, without those that were voided. Source: R6.1."""
    lessons = tuple(study)
    moments = sorted({one.at for one in violations.values()})
    last = max((*moments, *(one.at for one in lessons)), default=None)
    if last is None:
        return Sum(0, 0, 0, None)
    against, for_it = _at(last, violations, lessons, policies)
    removed = next((at for at in moments if _removes(at, violations, lessons, policies)), None)
    by = min((name for name, one in violations.items() if one.at == removed), default="")
    return Sum(max(0, against - for_it), against, for_it, (removed, by) if removed is not None else None)


def _removes(at: datetime, violations: Mapping[str, Entry], lessons: tuple[Entry, ...], policies: Policies) -> bool:
    against, for_it = _at(at, violations, lessons, policies)
    return against - for_it >= policies.at(at).trust.violations.remove_points


def _at(at: datetime, violations: Mapping[str, Entry], lessons: tuple[Entry, ...], policies: Policies) -> tuple[int, int]:
    """Points of the violations, and of the study that counts."""
    terms = policies.at(at).trust.violations
    against = [one.points for one in violations.values() if one.at <= at]
    if any(points >= terms.a_points for points in against):
        return sum(against), 0
    return sum(against), min(terms.study_points_max, sum(one.points for one in lessons if one.at <= at))
