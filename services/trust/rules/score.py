"""The score: a pure function of (set of evidence, as-of date, rule). Source: R5.1-R5.4.

A second person can compute it from this text alone; all numbers are integers or exact fractions.

Evidence. An item has a local day, one or more dimensions, a whole weight (never 0) and a counterparty. Items after the as-of day
do not count; none counts twice.

Worth of an item in each of its dimensions, in millionths, with age = as-of day - its day in whole days:
    w = |weight| * half(age, H),   half(age, H) = floor(10^6 * 2^(-age / H))
H is the role's half-life in days. Without floats: half(age, H) is the largest integer v with v^H * 2^age <= 10^(6 * H), and as
floor(floor(x) / 2) = floor(x / 2), half(age, H) = half(age mod H, H) >> (age div H): a table of H integers a role.

Sums of a dimension:
    P = sum over counterparties of min(cap, sum of w of that counterparty's items of positive weight)
    N = sum of w of all items of negative weight

Score, with the prior of g good in n, and dimension weights d in hundredths that sum to 100:
    T = (g * 10^6 + P) / (n * 10^6 + P + N)
    score = min(ceiling, floor(10 * sum of d * T + 1/2))          (1000 * d/100 = 10 * d)
Every dimension of the role takes part, without evidence too (T = g / n). In force by R5: g = 8, n = 10, cap = 5 * 10^6,
H = 90 for sellers and promoters, 180 for buyers; nothing known gives 800. Below 10 items it is shown as `new`.

It is computed in whole numbers alone: with T = a / b in each dimension, D the product of all b and S the sum of 10 * d * a * D / b,
which are whole, the sum of 10 * d * T is S / D, and floor(S / D + 1/2) = (2 * S + D) div (2 * D). Nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from services.trust.model import Buckets, DayWeights
from shared.contracts.trust import Bucket, Role
from shared.policy import Policy

MILLION = 1_000_000
HIGHEST = 1000
HALF = Fraction(1, 2)
DAYS_KEPT = 16_384  # of the dates and ages that came last, what they are as numbers
TABLES_KEPT = 64


@dataclass(frozen=True, slots=True)
class Rule:
    """half_life_days: H. weights_pct: d by dimension. good, total: the prior g, n. cap: of P per counterparty, in millionths."""

    half_life_days: int
    weights_pct: Mapping[str, int]
    good: int
    total: int
    cap: int


class Sums(NamedTuple):
    """P and N, in millionths."""

    positive: int
    negative: int


@lru_cache(maxsize=DAYS_KEPT)
def half(age_days: int, half_life_days: int) -> int:
    """floor(10^6 * 2^(-age/H)) exactly; 10^6 at age 0, half of it at H, 0 from 20 H on. Source: R5.2."""
    if age_days < 0:
        raise ValueError("an item cannot be younger than today")
    halvings, rest = divmod(age_days, half_life_days)
    if halvings:
        return half(rest, half_life_days) >> halvings
    bound = MILLION**half_life_days >> rest  # v^H is whole, so it is at most x / 2^age iff it is at most its floor
    low, high = 0, MILLION  # v is in [low, high]
    while low < high:
        middle = (low + high + 1) // 2
        if middle**half_life_days <= bound:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=TABLES_KEPT)
def halves(ages: int, half_life_days: int) -> tuple[int, ...]:
    """half of each age below `ages`, in a row."""
    return tuple(half(age, half_life_days) for age in range(ages))


def rule_of(policy: Policy, role: Role) -> Rule:
    terms = policy.trust
    scored = terms.roles[role]
    return Rule(scored.half_life_days, scored.dimensions, terms.prior_good, terms.prior_total, terms.cap_per_counterparty)


def sums(buckets: Buckets, as_of: date, rule: Rule) -> Sums:
    """P and N of one dimension. Source: R5.2."""
    alone = sum(min(rule.cap, worth(days, as_of, rule)) for days in buckets.grouped.values())
    return Sums(worth(buckets.pooled, as_of, rule) + alone, worth(buckets.bad, as_of, rule))


def plus(before: Sums, buckets: Buckets, added: Iterable[Bucket], as_of: date, rule: Rule) -> Sums:
    """P and N of one dimension with what is added to these buckets of it: an item costs its own worth and its counterparty's, whatever
    else there is. Exact, as both are sums over counterparties, and only that one's part has changed. Source: R5.2, R5.1.
    """
    positive, negative = before.positive, before.negative
    alone: dict[int, int] = {}
    for bucket in added:
        own = bucket.weight * half((as_of - date.fromisoformat(bucket.day)).days, rule.half_life_days)
        if bucket.side == "bad":
            negative += own
        elif bucket.group:
            alone[bucket.group] = alone.get(bucket.group, 0) + own
        else:
            positive += own
    for group, more in alone.items():
        known = worth(buckets.grouped.get(group, {}), as_of, rule)
        positive += min(rule.cap, known + more) - min(rule.cap, known)
    return Sums(positive, negative)


def score(found: Mapping[str, Sums], rule: Rule, ceiling: int = HIGHEST) -> int:
    """0 to 1000. found: by dimension; one that is missing has no evidence. ceiling: of an upheld grave offence. Source: R5.3, R5.4."""
    numerator, denominator = ratio(found, rule)
    return min(ceiling, (2 * numerator + denominator) // (2 * denominator))


def exact(found: Mapping[str, Sums], rule: Rule) -> Fraction:
    """The score before it is rounded and capped."""
    return Fraction(*ratio(found, rule))


def ratio(found: Mapping[str, Sums], rule: Rule) -> tuple[int, int]:
    """S and D: the same over the common denominator of all dimensions, not reduced."""
    numerator, denominator = 0, 1
    prior_good, prior_total = rule.good * MILLION, rule.total * MILLION
    for dimension, weight in rule.weights_pct.items():
        positive, negative = found.get(dimension, NOTHING)
        total = prior_total + positive + negative
        numerator = numerator * total + 10 * weight * (prior_good + positive) * denominator
        denominator *= total
    return numerator, denominator


def worth(days: DayWeights, as_of: date, rule: Rule) -> int:
    """Of |weight| by day, in millionths; days to come count nothing. Source: R5.2, R5.1."""
    today, half_life = as_of.toordinal(), rule.half_life_days
    ages = ((today - number_of(day), weight) for day, weight in days.items())
    return sum(weight * half(age, half_life) for age, weight in ages if age >= 0)


def trust(dimension: Sums, rule: Rule) -> Fraction:
    """T of one dimension. Source: R5.3."""
    return Fraction(rule.good * MILLION + dimension.positive, rule.total * MILLION + dimension.positive + dimension.negative)


@lru_cache(maxsize=DAYS_KEPT)
def number_of(day: str) -> int:
    """Of a local date, ISO 8601: the days from an arbitrary one on."""
    return date.fromisoformat(day).toordinal()


NOTHING = Sums(0, 0)
