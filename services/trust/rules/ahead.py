"""On which day time alone changes what is shown of a subject: found in a few evaluations, and exactly. Source: R5.1-R5.3.

All that is known of a subject is of today or before. So from day to day no item's worth grows, as half does not grow with age; no sum P
or N grows, as the least of two that do not grow does not either; and a ceiling that is in force can only end. T grows with P and falls
with N. Hence of the days from `low` to `high`

    lowest:  P of `high` with N of `low`,  under the ceiling of `low`
    highest: P of `low`  with N of `high`, under the ceiling of `high`

no day's score is less than the one or more than the other. Where both come to what is shown today, so does every day between. Else
the span is halved, the earlier half first, down to single days, whose scores are computed as on the day itself. So the day that is
found is the very one that looking at each day in turn would find.

A counterparty whose good items are worth no more than the cap today never is again, so its items are added up with all others of their
day; only those above it are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from services.trust.model import Buckets, DayWeights
from services.trust.rules.score import HIGHEST, Rule, Sums, halves, number_of, score
from services.trust.rules.tier import ceiling
from shared.policy import Policy

LOOK_DAYS_MAX = 31  # looked ahead in one turn; nothing changes until then: another turn
SHORT_DAYS = 3  # of a span whose days are looked at one by one: bounds would cost as much
AGES_STEP = 256  # by which tables grow
Ages = list[tuple[int, int]]  # age today, |weight|
Table = tuple[int, ...]  # what a unit is worth, by age


class Ahead(NamedTuple):
    """shown: today's score. following: the first later day on which it differs, at most LOOK_DAYS_MAX from here; None: nothing is left
    that ages.
    """

    shown: int
    following: date | None


def ahead(buckets: Mapping[str, Buckets], grave: DayWeights, as_of: date, rule: Rule, policy: Policy) -> Ahead:
    """as_of: today. Raises ValueError for an item of a later day: there is none, as today is never before what was counted."""
    table = halves(_ages_up_to(buckets, as_of), rule.half_life_days)
    course = _Course({name: _fading(one, as_of, rule, table) for name, one in buckets.items()}, table, grave, as_of, rule, policy)
    shown = course.shown(0)
    if (found := course.first(shown, 0, LOOK_DAYS_MAX)) is not None:
        return Ahead(shown, as_of + timedelta(days=found))
    ages = any(one.positive or one.negative for one in course.sums(0).values()) or course.cap(0) < HIGHEST
    return Ahead(shown, as_of + timedelta(days=LOOK_DAYS_MAX) if ages else None)


@dataclass(frozen=True, slots=True)
class _Fading:
    """One dimension. pooled: what no cap will ever bind. capped: of each other counterparty. bad: of negative weight."""

    pooled: Ages
    capped: list[Ages]
    bad: Ages

    def sums(self, days: int, cap: int, table: Table) -> Sums:
        """P and N so many days from today."""
        alone = sum([min(cap, _worth(ages, days, table)) for ages in self.capped])
        return Sums(_worth(self.pooled, days, table) + alone, _worth(self.bad, days, table))


@dataclass(frozen=True, slots=True)
class _Course:
    """A subject from today on; days are counted from there."""

    dimensions: Mapping[str, _Fading]
    table: Table
    grave: DayWeights
    as_of: date
    rule: Rule
    policy: Policy
    known: dict[int, dict[str, Sums]] = field(default_factory=dict)

    def first(self, now: int, low: int, high: int) -> int | None:
        """The first day after `low`, up to `high`, on which something else is shown than now, as on `low`; None: there is none."""
        if high - low <= SHORT_DAYS:
            return next((day for day in range(low + 1, high + 1) if self.shown(day) != now), None)
        if self._lowest(low, high) == now == self._highest(low, high):
            return None
        middle = (low + high) // 2
        found = self.first(now, low, middle)
        return found if found is not None else self.first(now, middle, high)

    def shown(self, days: int) -> int:
        return score(self.sums(days), self.rule, self.cap(days))

    def sums(self, days: int) -> dict[str, Sums]:
        if days not in self.known:
            self.known[days] = {name: one.sums(days, self.rule.cap, self.table) for name, one in self.dimensions.items()}
        return self.known[days]

    def cap(self, days: int) -> int:
        cap = ceiling(self.grave, self.as_of + timedelta(days=days), self.policy) if self.grave else None
        return HIGHEST if cap is None else cap

    def _lowest(self, low: int, high: int) -> int:
        return score(_mixed(self.sums(high), self.sums(low)), self.rule, self.cap(low))

    def _highest(self, low: int, high: int) -> int:
        return score(_mixed(self.sums(low), self.sums(high)), self.rule, self.cap(high))


def _mixed(good: Mapping[str, Sums], bad: Mapping[str, Sums]) -> dict[str, Sums]:
    return {name: Sums(one.positive, bad[name].negative) for name, one in good.items()}


def _fading(buckets: Buckets, as_of: date, rule: Rule, table: Table) -> _Fading:
    today = as_of.toordinal()
    weights, capped = dict(buckets.pooled), list[Ages]()
    for days in buckets.grouped.values():
        ages = _ages(days.items(), today)
        if _worth(ages, 0, table) > rule.cap:
            capped.append(ages)
        else:
            for day, weight in days.items():
                weights[day] = weights.get(day, 0) + weight
    return _Fading(_ages(weights.items(), today), capped, _ages(buckets.bad.items(), today))


def _ages(days: Iterable[tuple[str, int]], today: int) -> Ages:
    return [(today - number_of(day), weight) for day, weight in days]


def _ages_up_to(buckets: Mapping[str, Buckets], as_of: date) -> int:
    """A whole number of steps, above all ages that will be asked for."""
    known = [day for one in buckets.values() for days in (one.pooled, one.bad, *one.grouped.values()) for day in days]
    if known and max(known) > as_of.isoformat():
        raise ValueError(f"an item of {max(known)} cannot be younger than {as_of.isoformat()}")
    oldest = as_of.toordinal() - number_of(min(known)) if known else 0
    return ((oldest + LOOK_DAYS_MAX) // AGES_STEP + 1) * AGES_STEP


def _worth(ages: Ages, days: int, table: Table) -> int:
    return sum([weight * table[age + days] for age, weight in ages])
