"""What a seller or promoter did against the rules. Source: R6.1, R6.2."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.contracts.trust import SubjectReinstated, SubjectSuspended
from shared.messaging.shape import Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """The violations for which a seller or promoter was suspended, and those that were voided, whether they had come or not."""

    violations: tuple[str, ...]
    voided: tuple[str, ...] = ()


def evolve_standing(standing: Standing | None, fact: SubjectSuspended | SubjectReinstated) -> Standing:
    known = standing or Standing(())
    if isinstance(fact, SubjectSuspended):
        return replace(known, violations=(*known.violations, fact.violation_id))
    return replace(known, voided=(*known.voided, fact.violation_id))


STANDING = Kind("standing", SubjectSuspended | SubjectReinstated, lambda fact: fact.subject_id, evolve_standing)
