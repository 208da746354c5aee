"""A subject's score as day buckets, the items that were counted, and what each counterparty contributed.

A subject may have millions of items, so its entity holds sums by day. That is exact: an item's worth depends on its day alone, so items
of one day add up before they age. Only the cap of R5.2 needs to know who an item came from, and it binds only beyond a few items: those
below are pooled, the others have a numbered group each, in rows of their own (groups.py). A tombstone takes its item's weight out of the
very bucket that it went into (the item's row knows day and weight, its counterparty's row which bucket), or keeps it out if it comes
first: as all that was counted or voided is dated by the as-of day, which never goes back, the buckets are those of the set without what
was voided. R5.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from shared.contracts.trust import (
    Bucket,
    CounterpartyWeighed,
    EvidenceCounted,
    EvidenceStruck,
    GraveDay,
    ScoreChanged,
    ScoreDue,
    ScoreLooked,
    TierChanged,
)
from shared.messaging.shape import Kind

ScoreFact = ScoreChanged | ScoreLooked | TierChanged
ItemFact = EvidenceCounted | EvidenceStruck
UNTOLD = "new"  # the tier of everybody of whom nothing else was told, whatever a policy calls it (R5.7)
DayWeights = Mapping[str, int]  # local date, ISO 8601 -> sum of |weight| of that day's items


@dataclass(frozen=True, slots=True)
class Buckets:
    """The items of one dimension by day, as far as their sums need them; |weight| always.

    pooled: good evidence of all counterparties that cannot reach the cap. grouped: of each other counterparty on its own; not in a score.
    bad: all evidence of negative weight.
    """

    pooled: DayWeights = field(default_factory=dict)
    grouped: Mapping[int, DayWeights] = field(default_factory=dict)
    bad: DayWeights = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of a subject. as_of: the latest day, latest: the latest instant that was looked at. groups: numbers given out so far.

    items: those in the set, without what was voided. grave: how many items of each day cap the score (R5.3). look_at: when time alone may
    have changed it. sums: P and N by dimension as of that day by the rule of rule_version, so that an item only adds its own; empty:
    they are of an earlier day. told: its tier was told, though it has the name of UNTOLD.
    """

    shown: int
    new: bool
    items: int
    as_of: str
    latest: datetime
    groups: int
    buckets: Mapping[str, Buckets]
    tier: str = UNTOLD
    grave: DayWeights = field(default_factory=dict)
    look_at: datetime | None = None
    subject_id: str = ""
    sums: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    rule_version: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence. kind empty: only its tombstone has come so far. voided: it counts nothing, for good.

    rule_version: of the policy by which it was found; grave: it caps the score; event_id: of the event that told of it. Empty, None,
    None: from before they were written down.
    """

    subject_id: str
    kind: str
    dimensions: tuple[str, ...]
    weight: int
    counterparty: str
    day: str
    voided: bool = False
    rule_version: str = ""
    grave: bool | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Good evidence that one account gave a subject, by dimension: its pooled days, or the number of its group."""

    pooled: Mapping[str, DayWeights]
    groups: Mapping[str, int]


def evolve_score(score: Score | None, fact: ScoreFact) -> Score:
    match fact:
        case ScoreChanged():
            return Score(
                shown=fact.score,
                new=fact.new,
                items=fact.items,
                as_of=fact.as_of,
                latest=fact.occurred_at if score is None else max(score.latest, fact.occurred_at),
                groups=max(((score.groups if score else 0), *(bucket.group for bucket in fact.added))),
                buckets=add(score.buckets if score else {}, (bucket for bucket in fact.added if not bucket.group)),
                tier=score.tier if score else UNTOLD,
                grave=add_grave(score.grave if score else {}, fact.grave),
                look_at=fact.look_at,
                subject_id=fact.subject_id,
                sums={row.dimension: (row.positive, row.negative) for row in fact.dimensions},
                rule_version=fact.rule_version,
                told=score is not None and score.told,
            )
        case ScoreLooked():
            known = _known(score, fact)
            return replace(known, as_of=fact.as_of, latest=max(known.latest, fact.occurred_at), look_at=fact.look_at, sums={})
        case TierChanged():
            return replace(_known(score, fact), tier=fact.tier, told=fact.tier == UNTOLD)
        case _:
            assert_never(fact)


def due(score: Score) -> Iterable[ScoreDue]:
    """Time alone changes a score. Source: R5.1."""
    if score.look_at is not None:
        yield ScoreDue(subject_id=score.subject_id, occurred_at=score.look_at)


def evolve_item(item: Item | None, fact: ItemFact) -> Item:
    match fact:
        case EvidenceCounted():
            voided = item is not None and item.voided
            return Item(
                fact.subject_id,
                fact.kind,
                fact.dimensions,
                fact.weight,
                fact.counterparty,
                fact.day,
                voided,
                fact.policy_version,
                fact.grave,
                fact.event_id,
            )
        case EvidenceStruck():
            return replace(item, voided=True) if item is not None else Item(fact.subject_id, "", (), 0, "", fact.day, True)
        case _:
            assert_never(fact)


def evolve_counterparty(counterparty: Counterparty | None, fact: CounterpartyWeighed) -> Counterparty:
    pooled = dict(counterparty.pooled if counterparty else {})
    groups = dict(counterparty.groups if counterparty else {})
    for bucket in fact.added:
        if bucket.group:
            groups[bucket.dimension] = bucket.group
        else:
            pooled[bucket.dimension] = _plus(pooled.get(bucket.dimension, {}), bucket.day, bucket.weight)
    return Counterparty({dimension: days for dimension, days in pooled.items() if days}, groups)


def add(buckets: Mapping[str, Buckets], added: Iterable[Bucket]) -> dict[str, Buckets]:
    """The buckets with these added. A day whose weight is gone is dropped."""
    after = dict(buckets)
    for bucket in added:
        now = after.get(bucket.dimension, Buckets())
        if bucket.side == "bad":
            now = replace(now, bad=_plus(now.bad, bucket.day, bucket.weight))
        elif bucket.group:
            now = replace(now, grouped={**now.grouped, bucket.group: _plus(now.grouped.get(bucket.group, {}), bucket.day, bucket.weight)})
        else:
            now = replace(now, pooled=_plus(now.pooled, bucket.day, bucket.weight))
        after[bucket.dimension] = now
    return after


def add_grave(days: DayWeights, added: tuple[GraveDay, ...]) -> DayWeights:
    for one in added:
        days = _plus(days, one.day, one.count)
    return days


def counterparty_key(subject_id: str, counterparty: str) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{counterparty}"


SCORE = Kind("score", ScoreFact, lambda fact: fact.subject_id, evolve_score, due)
COUNTERPARTY = Kind(
    "counterparty", CounterpartyWeighed, lambda fact: counterparty_key(fact.subject_id, fact.counterparty), evolve_counterparty
)
ITEM = Kind("item", ItemFact, lambda fact: fact.evidence_id, evolve_item)


def _plus(days: DayWeights, day: str, weight: int) -> DayWeights:
    after = {**days, day: days.get(day, 0) + weight}
    if not after[day]:
        del after[day]
    return after


def _known(score: Score | None, fact: ScoreFact) -> Score:
    if score is None:
        raise AssertionError(f"{fact.type} before any score of {fact.subject_id}")
    return score
