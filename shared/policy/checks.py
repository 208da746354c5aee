"""What a version must be beyond its schema, across its parts: each fault names its field and its rule. Source: R9.1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shared.currencies import EXPONENTS
from shared.policy.words import rule_at

if TYPE_CHECKING:
    from shared.policy.document import Policy

TAGS = re.compile(r"ship_24h|refund_without_return|return_freight|damaged_refund|authentic_x[1-9][0-9]?")  # those that a rule knows
GOOD = ("completed", "shipped_on_time", "answered")  # every other kind counts against


def faults(policy: Policy) -> Iterator[str]:
    """One line each, none where all is well."""
    yield from _lists(policy)
    yield from _currencies(policy)
    yield from _money(policy)
    yield from _scores(policy)


def _lists(policy: Policy) -> Iterator[str]:
    unknown = [tag for tag in policy.order.tags if not TAGS.fullmatch(tag)]
    if unknown:
        yield f"order.tags: no rule knows {', '.join(unknown)} (R2.4, R4.7)"
    for path, values in (("order.tags", policy.order.tags), ("trust.ceiling.kinds", policy.trust.ceiling.kinds)):
        if len(set(values)) != len(values):
            yield f"{path}: something stands twice{rule_at(path)}"
    for kind, evidence in policy.trust.evidence.items():
        for role, dimensions in evidence.counts_for.items():
            if len(set(dimensions)) != len(dimensions):
                yield f"trust.evidence.{kind}.counts_for.{role}: a dimension stands twice (R5.5)"


def _currencies(policy: Policy) -> Iterator[str]:
    for path, amounts in _amounts(policy):
        for currency in sorted(set(amounts) - set(EXPONENTS)):
            yield f"{path}: {currency} is no currency (R1.1)"


def _amounts(policy: Policy) -> Iterator[tuple[str, Mapping[str, int]]]:
    order, refund = policy.order, policy.refund
    for name, penalty in (("late", order.late), ("sham", order.sham)):
        yield f"order.{name}.min_minor", penalty.min_minor
        yield f"order.{name}.max_minor", penalty.max_minor
    yield "refund.fund.day_minor", refund.fund.day_minor
    guarantees = refund.guarantees
    yield "refund.guarantees.fault_freight_minor", guarantees.fault_freight_minor
    yield "refund.guarantees.trust_card.freight_minor", guarantees.trust_card.freight_minor
    yield "refund.guarantees.instant.below_minor", guarantees.instant.below_minor
    yield "refund.guarantees.authenticity.fraud_min_minor", guarantees.authenticity.fraud_min_minor
    yield "refund.guarantees.authenticity.food_min_minor", guarantees.authenticity.food_min_minor


def _money(policy: Policy) -> Iterator[str]:
    if policy.payment.clawback_days_short > policy.payment.clawback_days:
        yield "payment.clawback_days_short: longer than the usual one (R3.6)"
    law = policy.refund.guarantees.authenticity
    if law.food_multiple < law.fraud_multiple:
        yield "refund.guarantees.authenticity.food_multiple: unsafe food costs less than another fraud (R4.9)"
    for currency, least in law.food_min_minor.items():
        if least < law.fraud_min_minor.get(currency, 0):
            yield f"refund.guarantees.authenticity.food_min_minor.{currency}: unsafe food costs less than another fraud (R4.9)"


def _scores(policy: Policy) -> Iterator[str]:
    trust = policy.trust
    for kind, evidence in trust.evidence.items():
        if (evidence.weight > 0) != (kind in GOOD):
            yield f"trust.evidence.{kind}.weight: {evidence.weight} has the wrong sign (R5.5)"
    for kind in trust.ceiling.kinds:
        if kind in GOOD:
            yield f"trust.ceiling.kinds: {kind} is to anybody's credit (R5.3)"
    for better, worse in zip(trust.tiers, trust.tiers[1:], strict=False):
        if worse.traffic_pct > better.traffic_pct:
            yield f"trust.tiers.{worse.name}.traffic_pct: more traffic than in the better tier {better.name} (R5.7)"
        if worse.escrow_days < better.escrow_days:
            yield f"trust.tiers.{worse.name}.escrow_days: a shorter escrow than in the better tier {better.name} (R5.7)"
    if list(trust.suspension_days) != sorted(set(trust.suspension_days)):
        yield "trust.suspension_days: a higher level does not suspend for longer (R6.2)"
