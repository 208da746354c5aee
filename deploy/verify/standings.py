"""What is held against sellers and promoters, reckoned again from what was noted, voided and studied. Source: R6.1, R6.2, R2.8.

Written from the rules' text and shares no code with the service: who came to the limit at any moment is removed for good, from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from deploy.verify.tables import Stored, Tables
from shared.contracts.governance import StudyCredited, ViolationAppealed, ViolationRecorded, ViolationUpheld, ViolationVoided
from shared.contracts.standing import (
    AppealEnded,
    AppealOpened,
    PointsChanged,
    StudyNoted,
    SubjectReinstated,
    SubjectSuspended,
    ViolationNoted,
)
from shared.policy import Policies

FACTS = (ViolationNoted, StudyNoted, PointsChanged, SubjectSuspended, SubjectReinstated, AppealOpened, AppealEnded)
BROUGHT_BY = {"violation": ViolationRecorded.type, "void": ViolationVoided.type, "study": StudyCredited.type}
CAUSES = (ViolationRecorded, ViolationVoided, StudyCredited, ViolationAppealed, ViolationUpheld)


@dataclass(slots=True)
class Book:
    """Of one subject, as far as its facts have come. suspended: what is in force, by id; removal: by points, its id."""

    told: dict[str, ViolationNoted] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    lessons: dict[str, StudyNoted] = field(default_factory=dict)
    suspended: dict[str, SubjectSuspended] = field(default_factory=dict)
    removal: str = ""
    announced: tuple[int, int, int, bool] = (0, 0, 0, False)
    appeals: dict[str, str] = field(default_factory=dict)


def checks(log: Log, tables: Tables, policies: Policies) -> Iterator[Check]:
    check = Check("standings: points, study, removals, suspensions and appeals are what violations, voids and lessons come to")
    causes: dict[str, Any] = {kind.type: log.bodies(kind, "trust") for kind in CAUSES}
    books: defaultdict[str, Book] = defaultdict(Book)
    for subject, entries in _by_subject(log).items():
        for entry in entries:
            _walk(check, entry, books[subject], causes, policies)
    for subject, book in books.items():
        _settled(check, subject, book, policies)
        _stored(check, subject, book, tables.entities["standing"].get(subject))
    yield check


def _by_subject(log: Log) -> dict[str, list[Entry]]:
    """In the order of their versions, as they lie in two lanes."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for kind in FACTS:
        for entry, fact in log.of(kind):
            found[fact.subject_id].append(entry)  # type: ignore[attr-defined]
    return {subject: sorted(entries, key=lambda entry: int(entry.header("ce_entityversion") or 0)) for subject, entries in found.items()}


def _walk(check: Check, entry: Entry, book: Book, causes: dict[str, Any], policies: Policies) -> None:
    fact: Any = entry.event
    match fact:
        case ViolationNoted():
            sent = cause(causes["violation.recorded"], entry, violation_id=fact.violation_id)
            check.that(_as_the_catalogue(sent, fact, policies), f"{entry}: {fact.violation_id} is not what {sent} says by the catalogue")
            check.that(fact.violation_id not in book.told, f"{entry}: {fact.violation_id} is noted again")
            book.told[fact.violation_id] = fact
        case StudyNoted():
            sent = cause(causes["study.credited"], entry, study_id=fact.study_id)
            check.that(
                sent is not None and sent.points == fact.points, f"{entry}: {fact.points} points of {fact.study_id}, sent was {sent}"
            )
            check.that(fact.study_id not in book.lessons, f"{entry}: {fact.study_id} is credited again")
            book.lessons[fact.study_id] = fact
        case PointsChanged():
            told = (fact.points, fact.violations, fact.study, fact.removed)
            come_to = points(book, policies)
            check.that(told == come_to, f"{entry}: {fact.subject_id} comes to {come_to}, told was {told}")
            by = cause(causes[BROUGHT_BY[fact.cause]], entry)
            check.that(by is not None, f"{entry}: no {BROUGHT_BY[fact.cause]} changed what counts against {fact.subject_id}")
            book.announced = told
        case SubjectSuspended():
            _suspended(check, entry, fact, book, policies)
        case SubjectReinstated():
            _reinstated(check, entry, fact, book, causes)
        case AppealOpened():
            _appealed(check, entry, fact, book, causes, policies)
        case AppealEnded():
            known = book.appeals.get(fact.violation_id)
            check.that(known == "open" or (known == "lost" and fact.won), f"{entry}: the appeal against {fact.violation_id} is {known}")
            check.that(
                fact.won == (fact.violation_id in book.voided), f"{entry}: the appeal is won if the violation is void, and only then"
            )
            book.appeals[fact.violation_id] = "won" if fact.won else "lost"


def _as_the_catalogue(sent: ViolationRecorded | None, fact: ViolationNoted, policies: Policies) -> bool:
    """Without a catalogue any kind is of the points and of the level that were told."""
    kinds = policies.at(fact.occurred_at).trust.violations.kinds
    kind = kinds.get(fact.kind)
    if sent is None or sent.kind != fact.kind:
        return False
    if kind is None:
        return not kinds and (fact.points, fact.level, fact.occurred_at) == (sent.points, sent.level or 0, sent.occurred_at)
    points_told = kind.points[0] if sent.points is None else sent.points
    level = kind.level if sent.level is None else sent.level
    return (fact.points, fact.level, fact.occurred_at) == (points_told, level, sent.occurred_at) and fact.points in (0, *kind.points)


def _suspended(check: Check, entry: Entry, fact: SubjectSuspended, book: Book, policies: Policies) -> None:
    if fact.cause == "points":
        since = removed(book, policies)
        then = ((name, one) for name, one in book.told.items() if name not in book.voided and one.occurred_at == since)
        stand = sorted(name for name, one in then if one.points)
        check.that(fact.brought_by in (None, *stand[:1]), f"{entry}: brought by {stand[:1]}, told was {fact.brought_by}")
        expected: Any = (5, since, None, since + _lead(since, policies) if since else None)
        check.that(
            (fact.level, fact.reached_at, fact.until, fact.effective_from) == expected, f"{entry}: removed, by the points {expected}"
        )
        book.removal = fact.violation_id
    else:
        violation = book.told.get(fact.violation_id)
        at = fact.occurred_at
        days = dict(enumerate(policies.at(at).trust.suspension_days, 1)).get(fact.level)
        until = fact.effective_from + timedelta(days=days) if days else None
        check.that(violation is not None and violation.level == fact.level, f"{entry}: {fact.violation_id} has level {violation}")
        span = (fact.effective_from, fact.until, fact.brought_by, fact.reached_at)
        right = span == (at + _lead(at, policies), until, None, None) and fact.violation_id not in book.voided
        check.that(right, f"{entry}: from {fact.effective_from} until {fact.until}, for {fact.violation_id} of {at}")
    book.suspended[fact.violation_id] = fact


def _reinstated(check: Check, entry: Entry, fact: SubjectReinstated, book: Book, causes: dict[str, Any]) -> None:
    book.suspended.pop(fact.violation_id, None)
    if fact.cause == "points":
        check.that(fact.violation_id == book.removal, f"{entry}: in force is the removal {book.removal}, lifted is {fact.violation_id}")
        book.removal = ""
        return
    sent = cause(causes["violation.voided"], entry, violation_id=fact.violation_id)
    check.that(sent is not None and sent.violation_id == fact.violation_id, f"{entry}: nobody voided {fact.violation_id}")
    check.that(fact.violation_id not in book.voided, f"{entry}: {fact.violation_id} is voided again")
    book.voided.add(fact.violation_id)


def _appealed(check: Check, entry: Entry, fact: AppealOpened, book: Book, causes: dict[str, Any], policies: Policies) -> None:
    sent = cause(causes["violation.appealed"], entry, violation_id=fact.violation_id)
    violation = book.told.get(fact.violation_id)
    check.that(sent is not None and violation is not None, f"{entry}: an appeal of {sent} against {violation}")
    if violation is not None:
        days = timedelta(days=policies.at(violation.occurred_at).trust.violations.appeal_days)
        late = fact.occurred_at >= violation.occurred_at + days
        check.that(not late, f"{entry}: an appeal of {fact.occurred_at} against {violation.violation_id} of {violation.occurred_at}")
    new = fact.violation_id not in book.appeals and fact.violation_id not in book.voided
    check.that(new, f"{entry}: {fact.violation_id} was appealed or voided before")
    book.appeals[fact.violation_id] = "open"


def _settled(check: Check, subject: str, book: Book, policies: Policies) -> None:
    """Nothing is left untold."""
    check.that(book.announced == points(book, policies), f"{subject}: comes to {points(book, policies)}, told last was {book.announced}")
    since = removed(book, policies)
    check.that(bool(book.removal) == (since is not None), f"{subject}: came to the limit at {since}, its removal is {book.removal!r}")
    due = {name for name, one in book.told.items() if one.level and name not in book.voided}
    told = set(book.suspended) - {book.removal}
    check.that(due == told, f"{subject}: suspended for {sorted(told)}, should be for {sorted(due)}")


def _stored(check: Check, subject: str, book: Book, stored: Stored | None) -> None:
    body = stored.body if stored is not None else {}
    known = (body.get("points"), body.get("against"), body.get("credited"), body.get("removal"), set(body.get("voided", ())))
    check.same(f"standing of {subject}", (*book.announced[:3], book.removal, book.voided), known)
    appeals = {name: one["outcome"] for name, one in body.get("appeals", {}).items()}
    check.same(f"appeals of {subject}", book.appeals, appeals)


def points(book: Book, policies: Policies) -> tuple[int, int, int, bool]:
    """Shown, of violations, of study, removed."""
    stand = [one for name, one in book.told.items() if name not in book.voided]
    moments = [one.occurred_at for one in (*stand, *book.lessons.values()) if not isinstance(one, ViolationNoted) or one.points]
    if not moments:
        return 0, 0, 0, False
    against, study = _balance(book, max(moments), policies)
    return max(0, against - study), against, study, removed(book, policies) is not None


def removed(book: Book, policies: Policies) -> datetime | None:
    """The first moment at which the limit was there."""
    for at in sorted(one.occurred_at for name, one in book.told.items() if name not in book.voided and one.points):
        against, study = _balance(book, at, policies)
        if against - study >= policies.at(at).trust.violations.remove_points:
            return at
    return None


def _balance(book: Book, at: datetime, policies: Policies) -> tuple[int, int]:
    terms = policies.at(at).trust.violations
    against = [one.points for name, one in book.told.items() if name not in book.voided and one.occurred_at <= at]
    study = sum(one.points for one in book.lessons.values() if one.occurred_at <= at)
    return sum(against), 0 if max(against, default=0) >= terms.a_points else min(study, terms.study_points_max)


def _lead(at: datetime, policies: Policies) -> timedelta:
    return timedelta(minutes=policies.at(at).trust.suspension_lead_minutes)
