"""The goods are not what they have to be. Source: R4.2."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, freight
from shared.contracts.certificate import Guarantee
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Back, refunded or exchanged within days of signing; the seller is at fault. Source: R4.2."""
    withheld = freight(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="quality",
        granted=not withheld,
        withheld=withheld,
        days=policy.guarantees.quality_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )
