"""What evidence the orders give, and what each item makes of its subject's score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import cast

from services.trust.model import Buckets, Counterparty, Item, Score, Standing, add
from services.trust.rules.score import Rule, score, sums
from shared.contracts.governance import ViolationRecorded
from shared.contracts.order import OrderCompleted, ParcelSent
from shared.contracts.trust import (
    Bucket,
    CounterpartyWeighed,
    DimensionScore,
    EvidenceCounted,
    EvidenceFound,
    EvidenceKind,
    Role,
    ScoreChanged,
    SubjectSuspended,
)
from shared.days import local_date
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

POOLED_MAX = 5  # weight up to which a counterparty is pooled: never capped, as a policy's cap is at least that many items


def shipped(event: ParcelSent, policy: Policy) -> Outcome:
    """One item a parcel for each seller whose lines it completed, if it left in time. No facts if late or if it completes none.

    Source: R5.5.
    """
    if not event.on_time:
        return ()
    sellers = sorted({line.seller_id for line in event.shipped})
    fact = f"{event.order_id}/{event.parcel_id}"
    return tuple(
        item for seller in sellers for item in _found("shipped_on_time", "seller", seller, event.buyer_id, fact, event.occurred_at, policy)
    )


def completed(event: OrderCompleted, policy: Policy) -> Outcome:
    """For each line: seller and buyer about each other, and the promoter it is attributed to, about the buyer. Source: R5.4, R5.5.

    No facts for freight alone: nobody did anything.
    """
    found: list[EvidenceFound] = []
    for line in event.lines:
        if line.kind == "freight":
            continue
        fact = f"{event.order_id}/{line.line_no}"
        pairs: list[tuple[Role, str, str]] = [("seller", line.seller_id, event.buyer_id), ("buyer", event.buyer_id, line.seller_id)]
        if line.promoter_id is not None:
            pairs.append(("promoter", line.promoter_id, event.buyer_id))
        for role, party, counterparty in pairs:
            found.extend(_found("completed", role, party, counterparty, fact, event.occurred_at, policy))
    return tuple(found)


def count(event: EvidenceFound, known: Score | None, item: Item | None, counterparty: Counterparty | None, policy: Policy) -> Outcome:
    """Each item once. The score is as of the subject's latest evidence, by the policy of then, in any order of arrival. Source: R5.1."""
    if item is not None:
        return Reject("evidence.known")
    day = local_date(event.occurred_at, event.zone).isoformat()
    added = tuple(_good(event, day, known, counterparty) if event.weight > 0 else _bad(event, day))
    counted = EvidenceCounted(
        subject_id=event.subject_id,
        evidence_id=event.evidence_id,
        kind=event.kind,
        dimensions=event.dimensions,
        weight=event.weight,
        counterparty=event.counterparty,
        day=day,
        occurred_at=event.occurred_at,
    )
    weighed = CounterpartyWeighed(subject_id=event.subject_id, counterparty=event.counterparty, added=added, occurred_at=event.occurred_at)
    changed = _changed(event, max(day, known.as_of) if known else day, known, added, policy)
    return (counted, weighed, changed) if event.weight > 0 else (counted, changed)


def violated(event: ViolationRecorded, standing: Standing | None, policy: Policy) -> Outcome:
    """A level suspends for its days, some minutes after the violation; without one there are points only. Source: R6.2, R2.8."""
    if not event.level:
        return ()
    if standing is not None and event.violation_id in standing.violations:
        return Reject("violation.known")
    effective_from = event.occurred_at + timedelta(minutes=policy.trust.suspension_lead_minutes)
    days = dict(enumerate(policy.trust.suspension_days, 1)).get(event.level)
    return (
        SubjectSuspended(
            subject_id=event.subject_id,
            level=event.level,
            effective_from=effective_from,
            until=effective_from + timedelta(days=days) if days else None,
            violation_id=event.violation_id,
            occurred_at=event.occurred_at,
        ),
    )


def rule_of(policy: Policy, role: Role) -> Rule:
    terms = policy.trust
    scored = terms.roles[role]
    return Rule(scored.half_life_days, scored.dimensions, terms.prior_good, terms.prior_total, terms.cap_per_counterparty)


def explained(buckets: Mapping[str, Buckets], as_of: date, rule: Rule) -> tuple[int, tuple[DimensionScore, ...]]:
    """The score of that date, and P and N of every dimension of the role, in the policy's order. Source: R5.3, R5.6."""
    found = {name: sums(buckets.get(name, Buckets()), as_of, rule) for name in rule.weights_pct}
    dimensions = tuple(
        DimensionScore(dimension=name, positive=found[name].positive, negative=found[name].negative, weight_pct=weight)
        for name, weight in rule.weights_pct.items()
    )
    return score(found, rule), dimensions


def _found(
    kind: EvidenceKind, role: Role, party: str, counterparty: str, fact: str, at: datetime, policy: Policy
) -> Iterator[EvidenceFound]:
    """Nothing where the policy counts this kind for no dimension of the role."""
    evidence = policy.trust.evidence[kind]
    dimensions = evidence.counts_for.get(role)
    if dimensions:
        subject = f"{role}:{party}"
        yield EvidenceFound(
            subject_id=subject,
            evidence_id=f"{subject}/{kind}/{fact}",
            kind=kind,
            dimensions=dimensions,
            weight=evidence.weight,
            counterparty=counterparty,
            zone=policy.zone,
            policy_version=policy.version,
            occurred_at=at,
        )


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


def _changed(event: EvidenceFound, as_of: str, known: Score | None, added: tuple[Bucket, ...], policy: Policy) -> ScoreChanged:
    role = cast("Role", event.subject_id.partition(":")[0])
    buckets = add(known.buckets if known else {}, added)
    shown, dimensions = explained(buckets, date.fromisoformat(as_of), rule_of(policy, role))
    items = (known.items if known else 0) + 1
    return ScoreChanged(
        subject_id=event.subject_id,
        score=shown,
        new=items < policy.trust.shown_from_items,
        items=items,
        as_of=as_of,
        dimensions=dimensions,
        rule_version=policy.version,
        added=added,
        occurred_at=event.occurred_at,
    )
