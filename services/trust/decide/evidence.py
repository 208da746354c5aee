"""What each item of evidence, each tombstone and each new day make of a subject's score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import cast

from services.trust.model import (
    UNTOLD,
    Buckets,
    Counterparty,
    Groups,
    Item,
    Newest,
    Score,
    add,
    add_grave,
    all_groups,
    groups_key,
    row_of,
    together,
)
from services.trust.rules import tier as tiers
from services.trust.rules.ahead import ahead
from services.trust.rules.explain import is_grave, item_of
from services.trust.rules.score import HIGHEST, Rule, Sums, plus, rule_of, score, sums
from shared.contracts.trust import (
    Bucket,
    CounterpartyWeighed,
    DimensionScore,
    EvidenceCounted,
    EvidenceFound,
    EvidenceListed,
    EvidenceStruck,
    EvidenceVoided,
    GraveDay,
    GroupsWeighed,
    Role,
    ScoreChanged,
    ScoreDue,
    ScoreLooked,
    TierChanged,
)
from shared.days import local_date
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policies, Policy

POOLED_MAX = 5  # weight up to which a counterparty is pooled: never capped, as a policy's cap is at least that many items


def policy_at(event: EvidenceFound | EvidenceVoided, known: Score | None, policies: Policies) -> Policy:
    """The one at the subject's latest evidence, so that the order of arrival makes no difference. Source: R5.1."""
    return policies.at(max(known.latest, event.occurred_at) if known else event.occurred_at)


def groups_of_item(event: EvidenceFound, known: Score | None, counterparty: Counterparty | None, policies: Policies) -> set[str]:
    """The keys of the rows of groups that it needs: those that it goes into, or all where everything is weighed anew."""
    day = local_date(event.occurred_at, event.zone).isoformat()
    own = {groups_key(event.subject_id, row) for row in _rows(_added(event, day, known, counterparty))}
    return own if _still(known, day, policy_at(event, known, policies)) else own.union(all_groups(event.subject_id, known))


def count(
    event: EvidenceFound,
    found: tuple[Score | None, Counterparty | None],
    item: Item | None,
    newest: Newest | None,
    policies: Policies,
    rows: Mapping[str, Groups],
) -> Outcome:
    """Each item once, and not at all if its tombstone came first. The score is as of the subject's latest evidence, by the policy of then,
    in any order of arrival. What is told only if others came first, of groups and of the list, comes last: the ids of all else do not
    depend on it. Source: R5.1.
    """
    if item is not None and item.kind:
        return Reject("evidence.known")
    known, counterparty = found
    policy = policy_at(event, known, policies)
    day = local_date(event.occurred_at, event.zone).isoformat()
    counted = EvidenceCounted(
        subject_id=event.subject_id,
        evidence_id=event.evidence_id,
        kind=event.kind,
        dimensions=event.dimensions,
        weight=event.weight,
        counterparty=event.counterparty,
        day=day,
        policy_version=event.policy_version,
        grave=event.grave,
        event_id=event.event_id,
        occurred_at=event.occurred_at,
    )
    listed = tuple(_listed(event, day, newest or Newest()))
    if item is not None:
        return counted, *_changed(event, day, known, rows, (), (), 0, policy), *listed
    added = _added(event, day, known, counterparty)
    weighed = CounterpartyWeighed(subject_id=event.subject_id, counterparty=event.counterparty, added=added, occurred_at=event.occurred_at)
    grave = (GraveDay(day=day, count=1),) if is_grave(item_of(event, day), policy) else ()
    changed = _changed(event, day, known, rows, added, grave, 1, policy)
    return (counted, weighed, *changed, *_grouped(event, added), *listed) if event.weight > 0 else (counted, *changed, *listed)


def strike(
    event: EvidenceVoided,
    found: tuple[Item | None, Score | None],
    counterparty: Counterparty | None,
    policies: Policies,
    rows: Mapping[str, Groups],
) -> Outcome:
    """The item counts nothing from now on, or when it comes. It was counted on one day, in buckets that are still there. Source: R5.1."""
    item, known = found
    if item is not None and item.voided:
        return Reject("evidence.void_known")
    policy = policy_at(event, known, policies)
    day = local_date(event.occurred_at, event.zone).isoformat()
    struck = EvidenceStruck(
        subject_id=event.subject_id, evidence_id=event.evidence_id, reason=event.reason, day=day, occurred_at=event.occurred_at
    )
    if item is None:
        return struck, *_changed(event, day, known, rows, (), (), 0, policy)
    taken = tuple(_taken(item, counterparty))
    grave = (GraveDay(day=item.day, count=-1),) if known and is_grave(item, policy) else ()
    changed = _changed(event, day, known, rows, taken, grave, -1, policy)
    if item.weight < 0:
        return struck, *changed
    weighed = CounterpartyWeighed(subject_id=event.subject_id, counterparty=item.counterparty, added=taken, occurred_at=event.occurred_at)
    return struck, weighed, *changed, *_grouped(event, taken)


def look(event: ScoreDue, known: Score | None, policy: Policy, rows: Mapping[str, Groups]) -> Outcome:
    """A day has begun on which time alone may have changed the score. What is announced, and when it is looked at next. Source: R5.1."""
    assert known is not None, f"a deadline of {event.subject_id}, of whom nothing is known"
    as_of = max(date.fromisoformat(known.as_of), local_date(event.occurred_at, policy.zone))
    rule = rule_of(policy, cast("Role", event.subject_id.partition(":")[0]))
    shown, following = ahead(together(known, rows.values()), known.grave, as_of, rule, policy)
    look_at = tiers.look_on(event.subject_id, following, policy) if following is not None else None
    new = known.items < policy.trust.shown_from_items
    if (shown, new) == (known.shown, known.new) and tiers.change(known, shown, new, policy) is None:
        return (ScoreLooked(subject_id=event.subject_id, as_of=as_of.isoformat(), look_at=look_at, occurred_at=event.occurred_at),)
    return tuple(_told(event.subject_id, as_of, known, rows, (), (), 0, event.occurred_at, policy, look_at))


def _still(known: Score | None, day: str, policy: Policy) -> bool:
    """An item of that day, or a tombstone, only adds its own to the sums that were told last: on their day, by their rule."""
    return known is not None and bool(known.sums) and day <= known.as_of and known.rule_version == policy.version


def _summed(
    known: Score | None, rows: Mapping[str, Groups], added: tuple[Bucket, ...], as_of: date, rule: Rule, policy: Policy, cap: int | None
) -> tuple[int, tuple[DimensionScore, ...]]:
    """From what was told last, on the same day by the same rule; on another one every day is weighed anew. Source: R5.1.

    rows: of groups, those that what is added goes into, or all.
    """
    buckets = together(known, rows.values())
    if known is None or not _still(known, as_of.isoformat(), policy):
        whole = add(buckets, added)
        return _scored({name: sums(whole.get(name, Buckets()), as_of, rule) for name in rule.weights_pct}, rule, cap)
    found = {name: Sums(*known.sums.get(name, (0, 0))) for name in rule.weights_pct}
    for name in {bucket.dimension for bucket in added} & found.keys():
        more = (bucket for bucket in added if bucket.dimension == name)
        found[name] = plus(found[name], buckets.get(name, Buckets()), more, as_of, rule)
    return _scored(found, rule, cap)


def _scored(found: Mapping[str, Sums], rule: Rule, cap: int | None) -> tuple[int, tuple[DimensionScore, ...]]:
    """The score, at most `cap`, and P and N of every dimension of the role, in the policy's order. Source: R5.3, R5.6."""
    dimensions = tuple(
        DimensionScore(dimension=name, positive=found[name].positive, negative=found[name].negative, weight_pct=weight)
        for name, weight in rule.weights_pct.items()
    )
    return score(found, rule, HIGHEST if cap is None else cap), dimensions


def _listed(event: EvidenceFound, day: str, newest: Newest) -> Iterator[EvidenceListed]:
    """Voided or not. Source: R5.6."""
    if newest.takes(day, event.evidence_id):
        yield EvidenceListed(
            subject_id=event.subject_id,
            evidence_id=event.evidence_id,
            weight=event.weight,
            counterparty=event.counterparty,
            day=day,
            occurred_at=event.occurred_at,
        )


def _grouped(event: EvidenceFound | EvidenceVoided, added: tuple[Bucket, ...]) -> Iterator[GroupsWeighed]:
    """What goes into groups, a fact for each row of them."""
    for row in _rows(added):
        own = tuple(bucket for bucket in added if bucket.group and row_of(bucket.group) == row)
        yield GroupsWeighed(subject_id=event.subject_id, row=row, added=own, occurred_at=event.occurred_at)


def _rows(added: Iterable[Bucket]) -> list[int]:
    """The rows of groups that something goes into."""
    return sorted({row_of(bucket.group) for bucket in added if bucket.group})


def _added(event: EvidenceFound, day: str, known: Score | None, counterparty: Counterparty | None) -> tuple[Bucket, ...]:
    """The buckets that the item goes into."""
    return tuple(_good(event, day, known, counterparty) if event.weight > 0 else _bad(event, day))


def _bad(event: EvidenceFound, day: str) -> Iterator[Bucket]:
    for dimension in event.dimensions:
        yield Bucket(dimension=dimension, side="bad", group=0, day=day, weight=-event.weight)


def _good(event: EvidenceFound, day: str, known: Score | None, counterparty: Counterparty | None) -> Iterator[Bucket]:
    """Into the pool while the counterparty cannot reach the cap; the item that could brings all its items into a group of their own."""
    groups = known.groups if known else 0
    for dimension in event.dimensions:
        group = counterparty.groups.get(dimension, 0) if counterparty else 0
        pooled = counterparty.pooled.get(dimension, {}) if counterparty else {}
        if not group and sum(pooled.values()) + event.weight > POOLED_MAX:
            groups += 1
            group = groups
            for old, weight in pooled.items():
                yield Bucket(dimension=dimension, side="good", group=0, day=old, weight=-weight)
                yield Bucket(dimension=dimension, side="good", group=group, day=old, weight=weight)
        yield Bucket(dimension=dimension, side="good", group=group, day=day, weight=event.weight)


def _taken(item: Item, counterparty: Counterparty | None) -> Iterator[Bucket]:
    """Out of the bucket where the item is now: its counterparty's group, once it has one."""
    for dimension in item.dimensions:
        if item.weight < 0:
            yield Bucket(dimension=dimension, side="bad", group=0, day=item.day, weight=item.weight)
        else:
            group = counterparty.groups.get(dimension, 0) if counterparty else 0
            yield Bucket(dimension=dimension, side="good", group=group, day=item.day, weight=-item.weight)


def _changed(
    event: EvidenceFound | EvidenceVoided,
    day: str,
    known: Score | None,
    rows: Mapping[str, Groups],
    added: tuple[Bucket, ...],
    grave: tuple[GraveDay, ...],
    items: int,
    policy: Policy,
) -> Iterator[Message]:
    """Of the later of the two days; looked at on the next, which is cheap, and only then as far ahead as nothing changes."""
    as_of = date.fromisoformat(max(day, known.as_of) if known else day)
    look_at = tiers.look_on(event.subject_id, as_of + timedelta(days=1), policy)
    return _told(event.subject_id, as_of, known, rows, added, grave, items, event.occurred_at, policy, look_at)


def _told(
    subject: str,
    as_of: date,
    known: Score | None,
    rows: Mapping[str, Groups],
    added: tuple[Bucket, ...],
    grave: tuple[GraveDay, ...],
    items: int,
    at: datetime,
    policy: Policy,
    look_at: datetime | None,
) -> Iterator[Message]:
    """The score, and the tier if that is another: from then on, though what changed it is of earlier, or one that was told before would
    take its place. items: how many more are in the set. Source: R5.7.
    """
    cap = tiers.ceiling(add_grave(known.grave if known else {}, grave), as_of, policy)
    role = cast("Role", subject.partition(":")[0])
    shown, dimensions = _summed(known, rows, added, as_of, rule_of(policy, role), policy, cap)
    items += known.items if known else 0
    new = items < policy.trust.shown_from_items
    yield ScoreChanged(
        subject_id=subject,
        score=shown,
        new=new,
        items=items,
        as_of=as_of.isoformat(),
        dimensions=dimensions,
        rule_version=policy.version,
        added=added,
        grave=grave,
        ceiling=cap,
        look_at=look_at,
        occurred_at=at,
    )
    tier = tiers.change(known, shown, new, policy)
    if tier is not None:
        yield TierChanged(
            subject_id=subject,
            tier=tier.name,
            before=known.tier if known else UNTOLD,
            score=shown,
            as_of=as_of.isoformat(),
            traffic_pct=tier.traffic_pct,
            escrow_days=tier.escrow_days,
            effective_from=max(known.latest if known else at, at) + timedelta(minutes=policy.trust.suspension_lead_minutes),
            rule_version=policy.version,
            occurred_at=at,
        )
