"""What governance tells of one seller, valid by default, and where it ends up. Source: R6.1, R6.2."""

from __future__ import annotations

from typing import Any

from services.trust.model import STANDING, Standing
from shared.contracts.governance import StudyCredited, ViolationAppealed, ViolationRecorded, ViolationUpheld, ViolationVoided
from shared.contracts.standing import PointsChanged, SubjectReinstated, SubjectSuspended
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b

SUBJECT, AT = "seller:s1", "06-01 10:00"


def violation(name: str = "v1", points: int | None = 20, level: int | None = 0, when: str = AT, **fields: Any) -> ViolationRecorded:
    values: dict[str, Any] = {"subject_id": SUBJECT, "kind": "off_platform", **fields}
    return ViolationRecorded(violation_id=name, points=points, level=level, occurred_at=b.at(when), **values)  # type: ignore[arg-type]


def lesson(name: str = "l1", points: int = 10, when: str = AT) -> StudyCredited:
    return StudyCredited(subject_id=SUBJECT, study_id=name, points=points, occurred_at=b.at(when))


def void(name: str = "v1", when: str = "06-05 10:00") -> ViolationVoided:
    return ViolationVoided(subject_id=SUBJECT, violation_id=name, occurred_at=b.at(when))


def appeal(name: str = "v1", when: str = "06-02 10:00") -> ViolationAppealed:
    return ViolationAppealed(subject_id=SUBJECT, violation_id=name, occurred_at=b.at(when))


def uphold(name: str = "v1", when: str = "06-04 10:00") -> ViolationUpheld:
    return ViolationUpheld(subject_id=SUBJECT, violation_id=name, occurred_at=b.at(when))


def standing(memory: Memory) -> Standing:
    found: Standing = memory.entity(STANDING, SUBJECT)
    return found


def points(memory: Memory) -> tuple[int, int, int, bool]:
    """As announced last: shown, of violations, of study, removed; nothing said: nothing held against it."""
    told = [fact for fact in memory.facts if isinstance(fact, PointsChanged)]
    return (told[-1].points, told[-1].violations, told[-1].study, told[-1].removed) if told else (0, 0, 0, False)


def codes(memory: Memory) -> list[str]:
    return [code for _, code in memory.refused]


def in_force(facts: list[Message]) -> dict[str, SubjectSuspended]:
    """Suspensions that were told and not lifted, by their id."""
    found: dict[str, SubjectSuspended] = {}
    for fact in facts:
        if isinstance(fact, SubjectSuspended):
            found[fact.violation_id] = fact
        elif isinstance(fact, SubjectReinstated):
            found.pop(fact.violation_id, None)
    return found
