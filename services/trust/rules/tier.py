"""What a score earns: its ceiling, its tier, and when it is to be looked at again. Source: R5.3, R5.7, R5.1."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from services.trust.model import Buckets, DayWeights
from services.trust.rules.score import HIGHEST, Rule, score, sums
from shared.days import day_after
from shared.policy import Policy
from shared.policy.document import TierPolicy

LOOK_DAYS_MAX = 31  # looked ahead in one turn; nothing changes until then: another turn


def ceiling(grave: DayWeights, as_of: date, policy: Policy) -> int | None:
    """The cap in force that day; None: none. Source: R5.3."""
    terms = policy.trust.ceiling
    ages = ((as_of - date.fromisoformat(day)).days for day, count in grave.items() if count > 0)
    return terms.score if any(0 <= age < terms.days for age in ages) else None


def shown(buckets: Mapping[str, Buckets], grave: DayWeights, as_of: date, rule: Rule, policy: Policy) -> int:
    """The score of that day, capped. Source: R5.3."""
    found = {name: sums(buckets[name], as_of, rule) for name in rule.weights_pct if name in buckets}
    cap = ceiling(grave, as_of, policy)
    return score(found, rule, HIGHEST if cap is None else cap)


def tier_of(value: int, new: bool, policy: Policy) -> TierPolicy:
    """Source: R5.7."""
    if new:
        return policy.trust.tier_new
    return next(tier for tier in policy.trust.tiers if value >= tier.least)


def look_on(subject_id: str, day: date, policy: Policy) -> datetime:
    """When that day's score is computed: after its midnight, the subjects spread by a hash of their name, to the second, so that of a
    million no more than some hundreds fall due at once.
    """
    midnight = day_after(datetime.fromisoformat(f"{day.isoformat()}T12:00:00+00:00"), 0, policy.zone)
    spread = policy.trust.pass_minutes * 60
    return midnight + timedelta(seconds=zlib.crc32(subject_id.encode()) % spread if spread else 0)


def next_change(buckets: Mapping[str, Buckets], grave: DayWeights, as_of: date, rule: Rule, policy: Policy) -> date | None:
    """The first later day on which the shown score differs, at most LOOK_DAYS_MAX from here; None: nothing is left that ages."""
    now = shown(buckets, grave, as_of, rule, policy)
    for days in range(1, LOOK_DAYS_MAX + 1):
        if shown(buckets, grave, as_of + timedelta(days=days), rule, policy) != now:
            return as_of + timedelta(days=days)
    found = [sums(one, as_of, rule) for one in buckets.values()]
    if not any(one.positive or one.negative for one in found):
        return None
    return as_of + timedelta(days=LOOK_DAYS_MAX)
