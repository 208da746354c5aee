"""Exchange without a reason: the same goods once more, within the days of a no-reason return. Source: R4.10, R4.5.

An exchange for a fault is claimed by the guarantee of that fault.
"""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered
from services.refund.rules.no_reason import excluded
from shared.contracts.certificate import Guarantee
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Wherever a no-reason return is. cap_minor: what comes back if the replacement is not sent. Source: R4.10, R4.5."""
    withheld = excluded(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="exchange",
        granted=not withheld,
        withheld=withheld,
        days=policy.no_reason_days,
        cap_minor=line.paid_minor,
        funder="seller",
        conditions=("goods_back", "gifts_back", "sealed") if line.category == "digital" else ("goods_back", "gifts_back"),
        rule="R4.10",
    )
