"""Resend: goods that did not arrive are sent once more. Claimed, and judged, as not received. Source: R4.2.

Goods that came damaged or wrong are sent again by the guarantee of that fault.
"""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Guarantee
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """For goods, as long as not received can be claimed. cap_minor: what comes back if nothing is sent. Source: R4.2, R4.10."""
    withheld = not_goods(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="resend",
        granted=not withheld,
        withheld=withheld,
        days=policy.guarantees.not_received_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )
