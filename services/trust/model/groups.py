"""What each counterparty that could reach the cap gave a subject, in rows of a few: a subject's own row does not grow with those who
come back. Source: R5.2, R5.1.

An item touches the row that holds its counterparty's number. All rows are read only where everything is weighed anew: by the first item
or look of another day or by another policy, and by a tombstone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from services.trust.model.score import Buckets, DayWeights, Score, add
from shared.contracts.trust import GroupsWeighed
from shared.messaging.shape import Kind

GROUPS_A_ROW = 16


@dataclass(frozen=True, slots=True)
class Groups:
    """buckets: by dimension; of them `grouped` alone, the groups of this row."""

    buckets: Mapping[str, Buckets] = field(default_factory=dict)


def evolve_groups(groups: Groups | None, fact: GroupsWeighed) -> Groups:
    return Groups(add(groups.buckets if groups else {}, fact.added))


def row_of(group: int) -> int:
    """group: a number from 1 on."""
    return (group - 1) // GROUPS_A_ROW


def groups_key(subject_id: str, row: int) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{row}"


def all_groups(subject_id: str, score: Score | None) -> Iterator[str]:
    """The keys of all rows of a subject."""
    if score is not None and score.groups:
        yield from (groups_key(subject_id, row) for row in range(row_of(score.groups) + 1))


def together(score: Score | None, rows: Iterable[Groups]) -> dict[str, Buckets]:
    """The subject's buckets with the groups of these rows."""
    found = dict(score.buckets) if score is not None else {}
    grouped: defaultdict[str, dict[int, DayWeights]] = defaultdict(dict)
    for row in rows:
        for name, buckets in row.buckets.items():
            grouped[name].update(buckets.grouped)
    return found | {name: replace(found.get(name, Buckets()), grouped=groups) for name, groups in grouped.items()}


GROUPS = Kind("groups", GroupsWeighed, lambda fact: groups_key(fact.subject_id, fact.row), evolve_groups)
