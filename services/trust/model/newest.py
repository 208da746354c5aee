"""The newest items of a subject, by what they weigh: among them are those that an explanation names. Source: R5.6.

Voided ones keep their place, so that the list is that of the set whatever came first, and a tombstone touches nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.trust import EvidenceListed
from shared.messaging.shape import Kind

NEWEST_MAX = 50  # of each |weight| of a subject
WEIGHT_MAX = 100  # the contract's

Place = tuple[str, str, str]  # day, evidence id, counterparty


@dataclass(frozen=True, slots=True)
class Newest:
    """Of one subject and |weight|: later days first, of a day the lesser id first."""

    items: tuple[Place, ...] = ()

    def takes(self, day: str, evidence_id: str) -> bool:
        """The item is one of the newest."""
        return len(self.items) < NEWEST_MAX or _before((day, evidence_id, ""), self.items[-1])


def evolve_newest(newest: Newest | None, fact: EvidenceListed) -> Newest:
    items = newest.items if newest else ()
    item = (fact.day, fact.evidence_id, fact.counterparty)
    at = next((number for number, other in enumerate(items) if _before(item, other)), len(items))
    return Newest((*items[:at], item, *items[at:])[:NEWEST_MAX])


def newest_key(subject_id: str, weight: int) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{abs(weight)}"


def newest_keys(subject_id: str) -> tuple[str, ...]:
    """All that there can be."""
    return tuple(newest_key(subject_id, weight) for weight in range(1, WEIGHT_MAX + 1))


NEWEST = Kind("newest", EvidenceListed, lambda fact: newest_key(fact.subject_id, fact.weight), evolve_newest)


def _before(one: Place, other: Place) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and one[1] < other[1])
