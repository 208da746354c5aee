"""What ops change while the market runs: from the last show on, late sellers owe half as much again. Source: R9.1, R2.4."""

from __future__ import annotations

from datetime import timedelta

from deploy.market.sent import closing
from shared.policy import Policies, Policy
from shared.policy.policies import configured

TOLD = 1  # the phase in which it is published
SINCE = 2  # the show whose orders are the first that it governs
LATE_BP = 1_500


def changed() -> Policy:
    """The version that is published, in force from the noon before that show."""
    first = configured().versions[-1]
    late = first.order.late.model_copy(update={"bp": LATE_BP})
    begins = {"version": "2", "effective_from": closing(TOLD) + timedelta(hours=12)}
    return first.model_copy(update=begins | {"order": first.order.model_copy(update={"late": late})})


def policies() -> Policies:
    """All versions of the market."""
    return Policies([*configured().versions, changed()])
