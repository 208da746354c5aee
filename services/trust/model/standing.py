"""What a seller or promoter did against the rules. Source: R6.1, R6.2."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.trust import SubjectSuspended
from shared.messaging.shape import Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """The violations for which a seller or promoter was suspended."""

    violations: tuple[str, ...]


def evolve_standing(standing: Standing | None, fact: SubjectSuspended) -> Standing:
    return Standing((*(standing.violations if standing else ()), fact.violation_id))


STANDING = Kind("standing", SubjectSuspended, lambda fact: fact.subject_id, evolve_standing)
