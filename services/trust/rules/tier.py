"""What a score earns: its ceiling, its tier, and at what time of a day it is looked at. Source: R5.3, R5.7, R5.1."""

from __future__ import annotations

import zlib
from datetime import date, datetime, timedelta

from services.trust.model import UNTOLD, DayWeights, Score
from shared.days import day_start
from shared.policy import Policy
from shared.policy.document import TierPolicy


def ceiling(grave: DayWeights, as_of: date, policy: Policy) -> int | None:
    """The cap in force that day; None: none. Source: R5.3."""
    terms = policy.trust.ceiling
    ages = ((as_of - date.fromisoformat(day)).days for day, count in grave.items() if count > 0)
    return terms.score if any(0 <= age < terms.days for age in ages) else None


def tier_of(value: int, new: bool, policy: Policy) -> TierPolicy:
    """Source: R5.7."""
    if new:
        return policy.trust.tier_new
    return next(tier for tier in policy.trust.tiers if value >= tier.least)


def change(known: Score | None, value: int, new: bool, policy: Policy) -> TierPolicy | None:
    """What is to be told; None: nothing else than was. A tier may have the name of who was told nothing, and be another. Source: R5.7."""
    tier = tier_of(value, new, policy)
    untold = known is None or (known.tier == UNTOLD and not known.told)
    same = tier.name == (known.tier if known else UNTOLD) and (not untold or tier == policy.trust.tier_new)
    return None if same else tier


def look_on(subject_id: str, day: date, policy: Policy) -> datetime:
    """When that day's score is computed: after its midnight, the subjects spread by a hash of their name, to the second, so that of a
    million no more than some hundreds fall due at once.
    """
    spread = policy.trust.pass_minutes * 60
    return day_start(day, policy.zone) + timedelta(seconds=zlib.crc32(subject_id.encode()) % spread if spread else 0)
