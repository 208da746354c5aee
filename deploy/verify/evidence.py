"""The evidence of one subject, item by item, and what it comes to on a day. Source: R5.1-R5.3.

Written from the rule's text and shares no code with the service: P sums good weight up to a cap per counterparty, N bad weight, each
halved by its age; score = floor(10 * sum of d * (g + P) / (n + P + N) + 1/2), and no more than the ceiling while a grave item is too young.

An account's items are kept by day, and so are those of all accounts together that cannot reach the cap; what a day comes to is kept until
another day or another rule is asked for. So an item costs the same however many there are, and a day costs its days, and the accounts
that can reach the cap. All is whole numbers: the sum of d * (g + P) / (n + P + N) is taken over the product of all that stands below.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from math import prod
from zoneinfo import ZoneInfo

from shared.contracts.trust import EvidenceFound
from shared.policy.document import TrustPolicy

UNIT = 10**6  # one item of today
Days = Counter[str]  # weight by day
Row = tuple[str, int, int, int]  # dimension, P, N, weight in hundredths


@dataclass(frozen=True, slots=True)
class Asked:
    """A day, by its number, a half-life and a cap: what the sums are of."""

    today: int
    half_life: int
    cap: int

    def worth(self, days: Days) -> int:
        return sum(weight * self.of(day) for day, weight in days.items() if weight)

    def of(self, day: str) -> int:
        """One unit of that day; nothing before it has come."""
        age = self.today - number(day)
        return halved(age, self.half_life) if age >= 0 else 0


@dataclass(slots=True)
class Dimension:
    """accounts: good evidence of each, by day; weights: in all. pool: by day, of all accounts whose weight cannot reach that cap; beyond:
    the others, and what each comes to as it is asked.
    """

    accounts: defaultdict[str, Days] = field(default_factory=lambda: defaultdict(Counter))
    weights: Counter[str] = field(default_factory=Counter)
    bad: Days = field(default_factory=Counter)
    pool: Days = field(default_factory=Counter)
    beyond: dict[str, int] = field(default_factory=dict)
    cap: int = 0
    asked: Asked | None = None
    pooled: int = 0
    good_beyond: int = 0
    negative: int = 0

    def sums(self, asked: Asked) -> tuple[int, int]:
        """P and N."""
        if self.cap != asked.cap:
            self._part(asked.cap)
        if self.asked != asked:
            self.asked = asked
            self.pooled, self.negative = asked.worth(self.pool), asked.worth(self.bad)
            self.beyond = {name: asked.worth(self.accounts[name]) for name in self.beyond}
            self.good_beyond = sum(min(asked.cap, worth) for worth in self.beyond.values())
        return self.pooled + self.good_beyond, self.negative

    def put(self, account: str, day: str, weight: int, sign: int) -> None:
        """sign -1: taken out again."""
        change, of = sign * weight, self.asked.of(day) if self.asked else 0
        if weight < 0:
            self.bad[day] -= change
            self.negative -= change * of
            return
        if account not in self.beyond and (self.weights[account] + change) * UNIT > self.cap:
            self._leave(account)
        self.accounts[account][day] += change
        self.weights[account] += change
        if account in self.beyond:
            self._stand(account, self.beyond[account] + change * of)
        else:
            self.pool[day] += change
            self.pooled += change * of

    def _leave(self, account: str) -> None:
        """The pool, for good."""
        days = self.accounts[account]
        self.pool.subtract(days)
        worth = self.asked.worth(days) if self.asked else 0
        self.pooled -= worth
        self._stand(account, worth)

    def _stand(self, account: str, worth: int) -> None:
        """Beyond the pool, at so much."""
        self.good_beyond += min(self.cap, worth) - min(self.cap, self.beyond.get(account, 0))
        self.beyond[account] = worth

    def _part(self, cap: int) -> None:
        """Accounts anew, by another cap."""
        self.cap, self.asked = cap, None
        self.pool, self.beyond = Counter(), {}
        for name, days in self.accounts.items():
            if self.weights[name] * UNIT > cap:
                self.beyond[name] = 0
            else:
                self.pool.update(days)


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
        asked = Asked(number(day), rule.half_life_days, policy.cap_per_counterparty)
        return [(name, *self.dimensions[name].sums(asked), percent) for name, percent in rule.dimensions.items()]

    def ceiling(self, day: str, policy: TrustPolicy) -> int | None:
        """What the youngest grave item leaves. Source: R5.3."""
        ages = [number(day) - number(one) for one, count in self.grave.items() if count > 0]
        return policy.ceiling.score if any(0 <= age < policy.ceiling.days for age in ages) else None


def local_date(at: datetime, zone: str) -> date:
    """Source: R1.2."""
    return at.astimezone(ZoneInfo(zone)).date()


def score(rows: list[Row], ceiling: int | None, policy: TrustPolicy) -> int:
    good, total = policy.prior_good * UNIT, policy.prior_total * UNIT
    below = [total + positive + negative for _, positive, negative, _ in rows]
    whole = prod(below)
    above = sum(10 * percent * (good + positive) * (whole // part) for (_, positive, _, percent), part in zip(rows, below, strict=True))
    return min(1000 if ceiling is None else ceiling, (2 * above + whole) // (2 * whole))


def score_at_start(policy: TrustPolicy) -> int:
    """Of whom nothing is known: each dimension is the prior, and their weights are 100. Source: R5.3."""
    return (2 * 1000 * policy.prior_good + policy.prior_total) // (2 * policy.prior_total)


@cache
def number(day: str) -> int:
    """Of a date, so that dates can be subtracted."""
    return date.fromisoformat(day).toordinal()


@cache
def halved(age: int, half_life: int) -> int:
    """floor(10^6 * 2^(-age / half-life)), exactly: a guess, set right by whole numbers."""
    value = int(UNIT * 2 ** (-age / half_life))
    while (value + 1) ** half_life << age <= UNIT**half_life:
        value += 1
    while value and value**half_life << age > UNIT**half_life:
        value -= 1
    return value
