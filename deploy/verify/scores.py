"""Every score that was ever told, computed again from what trust's messages say and the policy they name. Source: R5.2, R5.3.

Written from the rule's text and shares no code with the service: P sums good weight up to a cap per counterparty, N bad weight,
each halved by its age; score = floor(10 * sum of d * (g + P) / (n + P + N) + 1/2), at most 1000, and no more than the ceiling while a
grave item is too young.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.trust import DimensionScore, ScoreChanged
from shared.policy import Policies
from shared.policy.document import TrustPolicy

UNIT = 10**6  # one item of today
Buckets = Counter[tuple[str, str, int, str]]  # dimension, side, group, day → weight; group 0 has no cap


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    check = Check("scores: each one recomputed from its evidence and the policy it names")
    found: defaultdict[str, Buckets] = defaultdict(Counter)
    grave: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry, told in log.of(ScoreChanged):
        mine = found[told.subject_id]
        for bucket in told.added:
            mine[(bucket.dimension, bucket.side, bucket.group, bucket.day)] += bucket.weight
        grave[told.subject_id].update({one.day: one.count for one in told.grave})
        policy = policies.named(told.rule_version)
        if policy is None:
            check.that(False, f"{entry}: there is no policy {told.rule_version}")
            continue
        rows = dimensions(mine, told, policy.trust)
        check.that(rows == told.dimensions, f"{entry}: {told.subject_id} has {rows}, not {told.dimensions}")
        recomputed = min(score(rows, policy.trust), ceiling(grave[told.subject_id], told, policy.trust))
        check.that(recomputed == told.score, f"{entry}: {told.subject_id} comes to {recomputed}, told was {told.score}")
    yield check


def dimensions(buckets: Buckets, told: ScoreChanged, policy: TrustPolicy) -> tuple[DimensionScore, ...]:
    """P and N of every dimension of the subject's role, as of the date told."""
    rule = policy.roles[told.subject_id.partition(":")[0]]  # type: ignore[index]
    as_of = date.fromisoformat(told.as_of)
    worth: Counter[tuple[str, str, int]] = Counter()
    for (dimension, side, group, day), weight in buckets.items():
        age = (as_of - date.fromisoformat(day)).days
        if age >= 0:
            worth[(dimension, side, group)] += weight * halved(age, rule.half_life_days)

    def sum_of(wanted: str, side: str) -> int:
        parts = [(group, value) for (dimension, of, group), value in worth.items() if (dimension, of) == (wanted, side)]
        return sum(min(value, policy.cap_per_counterparty) if group and side == "good" else value for group, value in parts)

    return tuple(
        DimensionScore.model_validate(
            {"dimension": name, "positive": sum_of(name, "good"), "negative": sum_of(name, "bad"), "weight_pct": percent}
        )
        for name, percent in rule.dimensions.items()
    )


def ceiling(grave: Counter[str], told: ScoreChanged, policy: TrustPolicy) -> int:
    """What the youngest grave item leaves; 1000 if there is none. Source: R5.3."""
    as_of = date.fromisoformat(told.as_of)
    ages = [(as_of - date.fromisoformat(day)).days for day, count in grave.items() if count > 0]
    return policy.ceiling.score if any(0 <= age < policy.ceiling.days for age in ages) else 1000


def score(rows: tuple[DimensionScore, ...], policy: TrustPolicy) -> int:
    good, total = policy.prior_good * UNIT, policy.prior_total * UNIT
    parts = (10 * row.weight_pct * Fraction(good + row.positive, total + row.positive + row.negative) for row in rows)
    return min(1000, int(sum(parts, Fraction(1, 2))))


@cache
def halved(age: int, half_life: int) -> int:
    """floor(10^6 * 2^(-age / half-life)), exactly: a guess, set right by whole numbers."""
    value = int(UNIT * 2 ** (-age / half_life))
    while (value + 1) ** half_life << age <= UNIT**half_life:
        value += 1
    while value and value**half_life << age > UNIT**half_life:
        value -= 1
    return value
