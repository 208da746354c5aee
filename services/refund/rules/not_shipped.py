"""Not shipped: until it has left, the buyer may have the money back. Source: R4.2, R4.8."""

from __future__ import annotations

from services.refund.rules import instant_refund
from services.refund.rules.claim import Bought, Claim, Offered, freight
from shared.contracts.certificate import Guarantee
from shared.errors import numbers
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """At once for buyers with the instant refund; else the seller answers. Money always waits for the order to hold the goods.
    Source: R4.8."""
    withheld = freight(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="not_shipped",
        granted=not withheld,
        withheld=withheld,
        at_once=instant_refund.at_once(line, bought, policy),
        days=0,
        cap_minor=line.paid_minor,
        funder="seller",
        conditions=("shipment_hold",),
        rule="R4.8",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """As far as is known here; the order has the last word. Source: R4.8."""
    if promised.withheld:
        return Reject(promised.withheld)
    left = claim.units - claim.sent
    if claim.units and claim.quantity > left:
        left = left if claim.unsent is None else min(left, claim.unsent)  # some may have been cancelled
        return Reject("not_shipped.sent", numbers(wanted=claim.quantity, left=left))
    return None
