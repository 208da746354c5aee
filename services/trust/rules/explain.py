"""A score explained: a pure function of (set of evidence, as-of date, policy). Source: R5.6, R5.1.

Items that are named. Of the items that were not voided, the weightiest by |weight| * half(age, H); of equals the later day, then the
lesser id. They are chosen among the NEWEST_MAX newest of each |weight| that were ever found, voided ones too (by day, then the lesser
id): items of one |weight| are the weightier the newer, so that misses none unless more than NEWEST_MAX - explained_items of those were
voided, and then the explanation says that it is not complete. So what is named follows from the set alone, whatever came first, and a
subject's row stays small.

What an item does. Taken out, its worth leaves N, or its counterparty's sum before the cap, in each of its dimensions, and a ceiling
that only it holds up is gone. The score is computed again: the difference is its effect, in points as they are shown, and in millionths
of a point of the score before rounding and ceiling: floor(10^6 * (exact - exact without) + 1/2).

Day by day, what is not named; with what the cap left out it adds up to P and N.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import cast

from services.trust.model import NEWEST_MAX, Buckets, DayWeights, Item, add_grave
from services.trust.rules import tier as tiers
from services.trust.rules.lift import lift
from services.trust.rules.reasons import reason
from services.trust.rules.score import HALF, HIGHEST, Rule, Sums, exact, half, rule_of, score, sums, worth
from shared.contracts.explained import DimensionExplained, Explanation, ItemExplained, RestOfDays, RestSum
from shared.contracts.trust import EvidenceFound, EvidenceVoided, GraveDay, Role
from shared.days import local_date
from shared.policy import EvidenceKind, Policy

REST_DAYS_MAX = 90  # told one by one; all before them are one row


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a subject. buckets, grave: by dimension and day, as the score has them; items: how many are in the set.

    newest: by id, NEWEST_MAX of each |weight|. groups: by counterparty and dimension, the number of its group in the buckets.
    """

    buckets: Mapping[str, Buckets]
    grave: DayWeights
    items: int
    newest: Mapping[str, Item]
    groups: Mapping[str, Mapping[str, int]]


def explain(subject: str, known: Known, as_of: date, policy: Policy) -> Explanation:
    """All of `known` is of that date or before."""
    role = cast("Role", subject.partition(":")[0])
    rule, cap = rule_of(policy, role), tiers.ceiling(known.grave, as_of, policy)
    found = {name: sums(known.buckets.get(name, Buckets()), as_of, rule) for name in rule.weights_pct}
    shown = score(found, rule, HIGHEST if cap is None else cap)
    new = known.items < policy.trust.shown_from_items
    named = heaviest(known.newest, as_of, rule, policy.trust.explained_items)
    return Explanation(
        subject_id=subject,
        score=shown,
        new=new,
        items=known.items,
        tier=tiers.tier_of(shown, new, policy).name,
        as_of=as_of.isoformat(),
        rule_version=policy.version,
        ceiling=cap,
        ceiling_until=_until(known.grave, as_of, policy) if cap is not None else None,
        dimensions=tuple(
            DimensionExplained(
                dimension=name,
                positive=found[name].positive,
                negative=found[name].negative,
                capped=_capped(known.buckets.get(name, Buckets()), as_of, rule),
                weight_pct=weight,
            )
            for name, weight in rule.weights_pct.items()
        ),
        heaviest=tuple(_effect(name, item, known, found, as_of, policy, rule, shown) for name, item in named.items()),
        complete=_complete(known.newest, policy.trust.explained_items),
        rest=tuple(_rest(known.buckets, named.values(), as_of, rule)),
        lift=lift(found, known.items, shown, cap, role, rule, policy),
    )


def known_of(found: Iterable[EvidenceFound], voided: Iterable[EvidenceVoided], as_of: date, policy: Policy) -> Known:
    """From the set itself. An item is what was first told of it; later days do not count, of a tombstone neither. Source: R5.1.

    Every counterparty has a group of its own: the cap decides nothing on those that cannot reach it.
    """
    void = {event.evidence_id for event in voided if local_date(event.occurred_at, event.zone) <= as_of}
    items: dict[str, Item] = {}
    for event in found:
        day = local_date(event.occurred_at, event.zone)
        if day <= as_of and event.evidence_id not in items:
            items[event.evidence_id] = replace(item_of(event, day.isoformat()), voided=event.evidence_id in void)
    numbers: dict[str, int] = {}
    weights: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)  # dimension, group; 0: bad → |weight| by day
    grave: DayWeights = {}
    for item in items.values():
        if item.voided:
            continue
        group = numbers.setdefault(item.counterparty, len(numbers) + 1) if item.weight > 0 else 0
        for dimension in item.dimensions:
            weights[dimension, group][item.day] += abs(item.weight)
        if is_grave(item, policy):
            grave = add_grave(grave, (GraveDay(day=item.day, count=1),))
    dimensions = {dimension for dimension, _ in weights}
    buckets = {
        name: Buckets(grouped={group: days for (of, group), days in weights.items() if of == name and group}, bad=weights[name, 0])
        for name in dimensions
    }
    groups = {counterparty: dict.fromkeys(dimensions, number) for counterparty, number in numbers.items()}
    kept = {name: items[name] for places in newest_of(items).values() for name in places}
    return Known(buckets, grave, sum(not item.voided for item in items.values()), kept, groups)


def item_of(event: EvidenceFound, day: str) -> Item:
    return Item(
        event.subject_id,
        event.kind,
        event.dimensions,
        event.weight,
        event.counterparty,
        day,
        rule_version=event.policy_version,
        grave=event.grave,
        event_id=event.event_id,
    )


def is_grave(item: Item, policy: Policy) -> bool:
    """As it was found; of one from before that was written down, as the policy says now. Source: R5.3."""
    return item.kind in policy.trust.ceiling.kinds if item.grave is None else item.grave


def newest_of(items: Mapping[str, Item]) -> Mapping[int, list[str]]:
    """By |weight|, the ids of the NEWEST_MAX newest, voided or not."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for name in sorted(sorted(items), key=lambda name: items[name].day, reverse=True):
        if len(found[abs(items[name].weight)]) < NEWEST_MAX:
            found[abs(items[name].weight)].append(name)
    return found


def heaviest(newest: Mapping[str, Item], as_of: date, rule: Rule, count: int) -> dict[str, Item]:
    """The weightiest first."""

    def rank(name: str) -> tuple[int, int, str]:
        age = _age(newest[name], as_of)
        return -abs(newest[name].weight) * half(age, rule.half_life_days), age, name

    names = sorted((name for name, item in newest.items() if not item.voided), key=rank)
    return {name: newest[name] for name in names[:count]}


def _complete(newest: Mapping[str, Item], count: int) -> bool:
    """Of each |weight| all items are here, or enough that count."""
    kept = Counter(abs(item.weight) for item in newest.values())
    counting = Counter(abs(item.weight) for item in newest.values() if not item.voided)
    return all(kept[weight] < NEWEST_MAX or counting[weight] >= count for weight in kept)


def _effect(
    name: str, item: Item, known: Known, found: Mapping[str, Sums], as_of: date, policy: Policy, rule: Rule, shown: int
) -> ItemExplained:
    own = abs(item.weight) * half(_age(item, as_of), rule.half_life_days)
    left = {**found, **{place: _left(place, item, own, known, found[place], as_of, rule) for place in item.dimensions if place in found}}
    grave = add_grave(known.grave, (GraveDay(day=item.day, count=-1),)) if is_grave(item, policy) else known.grave
    cap = tiers.ceiling(grave, as_of, policy)
    without = score(left, rule, HIGHEST if cap is None else cap)
    return ItemExplained(
        evidence_id=name,
        kind=cast("EvidenceKind", item.kind),
        reason=reason(cast("EvidenceKind", item.kind), name),
        event_id=item.event_id,
        dimensions=item.dimensions,
        weight=item.weight,
        day=item.day,
        age_days=_age(item, as_of),
        worth=own,
        rule_version=item.rule_version,
        score_without=without,
        effect=shown - without,
        effect_millionths=math.floor(1_000_000 * (exact(found, rule) - exact(left, rule)) + HALF),
    )


def _left(dimension: str, item: Item, own: int, known: Known, now: Sums, as_of: date, rule: Rule) -> Sums:
    """The dimension without the item."""
    if item.weight < 0:
        return now._replace(negative=now.negative - own)
    group = known.groups.get(item.counterparty, {}).get(dimension, 0)
    if group:
        together = worth(known.buckets[dimension].grouped[group], as_of, rule)
        own = min(rule.cap, together) - min(rule.cap, together - own)
    return now._replace(positive=now.positive - own)


def _capped(buckets: Buckets, as_of: date, rule: Rule) -> int:
    return sum(max(0, worth(days, as_of, rule) - rule.cap) for days in buckets.grouped.values())


def _rest(buckets: Mapping[str, Buckets], named: Iterable[Item], as_of: date, rule: Rule) -> Iterable[RestOfDays]:
    """The newest first."""
    left: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)  # day → (dimension, side) → |weight|
    for name in rule.weights_pct:
        known = buckets.get(name, Buckets())
        for days, side in ((known.pooled, "good"), *((days, "good") for days in known.grouped.values()), (known.bad, "bad")):
            for day, weight in days.items():
                left[day][name, side] += weight
    for item in named:
        for name in set(item.dimensions) & rule.weights_pct.keys():
            left[item.day][name, "good" if item.weight > 0 else "bad"] -= abs(item.weight)
    worths = {day: _worths(weights, day, as_of, rule) for day, weights in left.items()}
    told = sorted((day for day, values in worths.items() if any(values.values())), reverse=True)
    for day in told[:REST_DAYS_MAX]:
        yield _row([day], worths, rule)
    if told[REST_DAYS_MAX:]:
        yield _row(told[REST_DAYS_MAX:], worths, rule)


def _worths(weights: Counter[tuple[str, str]], day: str, as_of: date, rule: Rule) -> Counter[tuple[str, str]]:
    aged = half((as_of - date.fromisoformat(day)).days, rule.half_life_days)
    return Counter({place: weight * aged for place, weight in weights.items()})


def _row(days: list[str], worths: Mapping[str, Counter[tuple[str, str]]], rule: Rule) -> RestOfDays:
    together: Counter[tuple[str, str]] = Counter()
    for day in days:
        together.update(worths[day])
    rows = (RestSum(dimension=name, positive=together[name, "good"], negative=together[name, "bad"]) for name in rule.weights_pct)
    return RestOfDays(since=days[-1], until=days[0], sums=tuple(row for row in rows if row.positive or row.negative))


def _until(grave: DayWeights, as_of: date, policy: Policy) -> str:
    """The last day on which a ceiling is in force that is so now."""
    days = (date.fromisoformat(day) for day, count in grave.items() if count > 0)
    return (max(day for day in days if day <= as_of) + timedelta(days=policy.trust.ceiling.days - 1)).isoformat()


def _age(item: Item, as_of: date) -> int:
    return (as_of - date.fromisoformat(item.day)).days
