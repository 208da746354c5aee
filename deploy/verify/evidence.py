"""The evidence of one subject, item by item, and what it comes to on a day. Source: R5.1-R5.3.

Written from the rule's text and shares no code with the service: P sums good weight up to a cap per counterparty, N bad weight, each
halved by its age; score = floor(10 * sum of d * (g + P) / (n + P + N) + 1/2), and no more than the ceiling while a grave item is too young.

An account's items are kept by day, and so are those of all accounts together that cannot reach the cap; what a day comes to is kept until
another day or another rule is asked for. So an item costs the same however many there are, and a day costs its days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from shared.contracts.trust import EvidenceFound
from shared.policy.document import TrustPolicy

UNIT = 10**6  # one item of today
Days = Counter[str]  # weight by day
Row = tuple[str, int, int, int]  # dimension, P, N, weight in hundredths


@dataclass(frozen=True, slots=True)
class Asked:
    """A day, a half-life and a cap: what the sums are of."""

    day: str
    half_life: int
    cap: int

    def worth(self, days: Days) -> int:
        return sum(weight * self.of(day) for day, weight in days.items())

    def of(self, day: str) -> int:
        """One unit of that day; nothing before it has come."""
        age = (date.fromisoformat(self.day) - date.fromisoformat(day)).days
        return halved(age, self.half_life) if age >= 0 else 0


@dataclass(slots=True)
class Dimension:
    """accounts: good evidence of each. pool: of all whose weight cannot reach the cap; beyond: the others, and what each comes to."""

    accounts: defaultdict[str, Days] = field(default_factory=lambda: defaultdict(Counter))
    pool: Days = field(default_factory=Counter)
    bad: Days = field(default_factory=Counter)
    beyond: dict[str, int] = field(default_factory=dict)
    pooled: int = 0
    good_beyond: int = 0
    negative: int = 0
    asked: Asked | None = None

    def sums(self, asked: Asked) -> tuple[int, int]:
        """P and N."""
        if self.asked != asked:
            self.asked = asked
            large = [name for name, days in self.accounts.items() if days.total() * UNIT > asked.cap]
            self.pool = Counter()
            for name in self.accounts.keys() - large:
                self.pool.update(self.accounts[name])
            self.pooled, self.negative = asked.worth(self.pool), asked.worth(self.bad)
            self.beyond = {name: asked.worth(self.accounts[name]) for name in large}
            self.good_beyond = sum(min(asked.cap, worth) for worth in self.beyond.values())
        return self.pooled + self.good_beyond, self.negative

    def put(self, account: str, day: str, weight: int, sign: int) -> None:
        """sign -1: taken out again."""
        of = self.asked.of(day) if self.asked else 0
        if weight < 0:
            self.bad[day] -= sign * weight
            self.negative -= sign * weight * of
            return
        days = self.accounts[account]
        if self.asked and account not in self.beyond and (days.total() + weight) * UNIT <= self.asked.cap:
            self.pool[day] += sign * weight
            self.pooled += sign * weight * of
        elif self.asked:
            before = self.beyond.get(account)
            if before is None:
                self.pool.subtract(days)
                before = self.asked.worth(days)
                self.pooled -= before
            else:
                self.good_beyond -= min(self.asked.cap, before)
            self.beyond[account] = before + sign * weight * of
            self.good_beyond += min(self.asked.cap, self.beyond[account])
        days[day] += sign * weight


@dataclass(slots=True)
class Evidence:
    """items: all that came, by id, those that count; voided: ids, whether they came or not. grave: how many a day cap the score."""

    items: dict[str, EvidenceFound] = field(default_factory=dict)
    counting: set[str] = field(default_factory=set)
    voided: set[str] = field(default_factory=set)
    grave: Days = field(default_factory=Counter)
    dimensions: defaultdict[str, Dimension] = field(default_factory=lambda: defaultdict(Dimension))

    def add(self, item: EvidenceFound, policy: TrustPolicy) -> None:
        self.items[item.evidence_id] = item
        if item.evidence_id not in self.voided:
            self._put(item, policy, 1)

    def void(self, evidence_id: str, policy: TrustPolicy) -> None:
        self.voided.add(evidence_id)
        if evidence_id in self.counting:
            self._put(self.items[evidence_id], policy, -1)

    def _put(self, item: EvidenceFound, policy: TrustPolicy, sign: int) -> None:
        day = local_date(item.occurred_at, item.zone).isoformat()
        for name in item.dimensions:
            self.dimensions[name].put(item.counterparty, day, item.weight, sign)
        if item.kind in policy.ceiling.kinds if item.grave is None else item.grave:
            self.grave[day] += sign
        (self.counting.add if sign > 0 else self.counting.discard)(item.evidence_id)

    def rows(self, role: str, day: str, policy: TrustPolicy) -> list[Row]:
        rule = policy.roles[role]  # type: ignore[index]
        asked = Asked(day, rule.half_life_days, policy.cap_per_counterparty)
        return [(name, *self.dimensions[name].sums(asked), percent) for name, percent in rule.dimensions.items()]

    def ceiling(self, day: str, policy: TrustPolicy) -> int | None:
        """What the youngest grave item leaves. Source: R5.3."""
        ages = [(date.fromisoformat(day) - date.fromisoformat(one)).days for one, count in self.grave.items() if count > 0]
        return policy.ceiling.score if any(0 <= age < policy.ceiling.days for age in ages) else None


def local_date(at: datetime, zone: str) -> date:
    """Source: R1.2."""
    return at.astimezone(ZoneInfo(zone)).date()


def score(rows: list[Row], ceiling: int | None, policy: TrustPolicy) -> int:
    good, total = policy.prior_good * UNIT, policy.prior_total * UNIT
    parts = (10 * percent * Fraction(good + positive, total + positive + negative) for _, positive, negative, percent in rows)
    return min(1000 if ceiling is None else ceiling, int(sum(parts, Fraction(1, 2))))


@cache
def halved(age: int, half_life: int) -> int:
    """floor(10^6 * 2^(-age / half-life)), exactly: a guess, set right by whole numbers."""
    value = int(UNIT * 2 ** (-age / half_life))
    while (value + 1) ** half_life << age <= UNIT**half_life:
        value += 1
    while value and value**half_life << age > UNIT**half_life:
        value -= 1
    return value
