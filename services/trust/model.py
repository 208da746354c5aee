"""A subject's score as day buckets, the items that were counted, and what each counterparty contributed.

A subject may have millions of items, so its entity holds sums by day. Only the cap of R5.2 needs to know who an item came
from, and it binds only beyond a few items: those below are pooled, the others have a numbered group each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.contracts.card import AbuseNoted, AbuseVoided, CardGranted, CardRefused, CardRevoked, MemberNoted, PersonCard
from shared.contracts.trust import Bucket, CounterpartyWeighed, EvidenceCounted, ScoreChanged, SubjectSuspended
from shared.messaging.shape import Kind

REFUSED_MAX = 20  # claims of a buyer that are remembered to have been refused; an older one is decided anew

HolderFact = CardGranted | CardRefused | CardRevoked | AbuseNoted | AbuseVoided | MemberNoted
DayWeights = Mapping[str, int]  # local date, ISO 8601 -> sum of |weight| of that day's items


@dataclass(frozen=True, slots=True)
class Buckets:
    """The items of one dimension by day, as far as their sums need them; |weight| always.

    pooled: good evidence of all counterparties that cannot reach the cap. grouped: of each other counterparty on its own.
    bad: all evidence of negative weight.
    """

    pooled: DayWeights = field(default_factory=dict)
    grouped: Mapping[int, DayWeights] = field(default_factory=dict)
    bad: DayWeights = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of a subject. as_of: the latest day, latest: the latest instant of its evidence. groups: numbers given out so far."""

    shown: int
    new: bool
    items: int
    as_of: str
    latest: datetime
    groups: int
    buckets: Mapping[str, Buckets]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence, counted."""

    subject_id: str
    kind: str
    dimensions: tuple[str, ...]
    weight: int
    counterparty: str
    day: str


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Good evidence that one account gave a subject, by dimension: its pooled days, or the number of its group."""

    pooled: Mapping[str, DayWeights]
    groups: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """The violations for which a seller or promoter was suspended."""

    violations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A buyer's trust card. card_id None: none is held. claims: those that were granted; refused: the latest of the others.

    abuses: verdicts against the buyer by case, each with when. cluster None: nothing was told, a person alone. Source: R4.7.
    """

    card_id: str | None = None
    granted_at: datetime | None = None
    claims: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    abuses: Mapping[str, datetime] = field(default_factory=dict)
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The cards that the accounts of one identity cluster hold: one, but for those granted before a link joined them. Source: R4.7."""

    cards: tuple[str, ...] = ()


def evolve_score(score: Score | None, fact: ScoreChanged) -> Score:
    return Score(
        shown=fact.score,
        new=fact.new,
        items=fact.items,
        as_of=fact.as_of,
        latest=fact.occurred_at if score is None else max(score.latest, fact.occurred_at),
        groups=max((score.groups if score else 0), *(bucket.group for bucket in fact.added)),
        buckets=add(score.buckets if score else {}, fact.added),
    )


def evolve_item(item: Item | None, fact: EvidenceCounted) -> Item:
    return Item(fact.subject_id, fact.kind, fact.dimensions, fact.weight, fact.counterparty, fact.day)


def evolve_counterparty(counterparty: Counterparty | None, fact: CounterpartyWeighed) -> Counterparty:
    pooled = dict(counterparty.pooled if counterparty else {})
    groups = dict(counterparty.groups if counterparty else {})
    for bucket in fact.added:
        if bucket.group:
            groups[bucket.dimension] = bucket.group
        else:
            pooled[bucket.dimension] = _plus(pooled.get(bucket.dimension, {}), bucket)
    return Counterparty({dimension: days for dimension, days in pooled.items() if days}, groups)


def evolve_standing(standing: Standing | None, fact: SubjectSuspended) -> Standing:
    return Standing((*(standing.violations if standing else ()), fact.violation_id))


def evolve_holder(holder: Holder | None, fact: HolderFact) -> Holder:
    known = holder or Holder()
    match fact:
        case CardGranted():
            return replace(known, card_id=fact.card_id, granted_at=fact.occurred_at, claims=(*known.claims, fact.claim_id))
        case CardRefused():
            return replace(known, refused=(*known.refused, fact.claim_id)[-REFUSED_MAX:])
        case CardRevoked():
            return replace(known, card_id=None, granted_at=None)
        case AbuseNoted():
            return replace(known, abuses={**known.abuses, fact.case_id: fact.occurred_at})
        case AbuseVoided():
            return replace(known, abuses={case: at for case, at in known.abuses.items() if case != fact.case_id})
        case MemberNoted():
            return replace(known, cluster=fact.cluster)


def evolve_person(person: Person | None, fact: PersonCard) -> Person:
    others = tuple(card for card in (person.cards if person else ()) if card != fact.card_id)
    return Person(others if fact.ended else (*others, fact.card_id))


def add(buckets: Mapping[str, Buckets], added: tuple[Bucket, ...]) -> dict[str, Buckets]:
    """The buckets with these added. A day whose weight is gone is dropped."""
    after = dict(buckets)
    for bucket in added:
        now = after.get(bucket.dimension, Buckets())
        if bucket.side == "bad":
            now = replace(now, bad=_plus(now.bad, bucket))
        elif bucket.group:
            now = replace(now, grouped={**now.grouped, bucket.group: _plus(now.grouped.get(bucket.group, {}), bucket)})
        else:
            now = replace(now, pooled=_plus(now.pooled, bucket))
        after[bucket.dimension] = now
    return after


def counterparty_key(subject_id: str, counterparty: str) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{counterparty}"


SCORE = Kind("score", ScoreChanged, lambda fact: fact.subject_id, evolve_score)
COUNTERPARTY = Kind(
    "counterparty", CounterpartyWeighed, lambda fact: counterparty_key(fact.subject_id, fact.counterparty), evolve_counterparty
)
ITEM = Kind("item", EvidenceCounted, lambda fact: fact.evidence_id, evolve_item)
HOLDER = Kind("holder", HolderFact, lambda fact: fact.subject_id, evolve_holder)
PERSON = Kind("person", PersonCard, lambda fact: fact.cluster, evolve_person)
STANDING = Kind("standing", SubjectSuspended, lambda fact: fact.subject_id, evolve_standing)


def _plus(days: DayWeights, bucket: Bucket) -> DayWeights:
    weight = days.get(bucket.day, 0) + bucket.weight
    rest = {day: other for day, other in days.items() if day != bucket.day}
    return {**rest, bucket.day: weight} if weight else rest
