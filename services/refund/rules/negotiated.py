"""Negotiated: buyer and seller agree on what is to be done. Source: R4.2."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim, Offered, freight, over
from shared.contracts.certificate import Guarantee
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """From payment until days after signing; nobody is at fault. Source: R4.2."""
    withheld = freight(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="negotiated",
        granted=not withheld,
        withheld=withheld,
        days=policy.guarantees.negotiated_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """Open until signing, and for some days after it. Goods that are to come back have left, or the claim waits for the news of it.
    Source: R4.2, R4.4, R2.1.
    """
    if promised.withheld:
        return Reject(promised.withheld)
    if claim.signed_at is not None:
        return over(promised, claim.at, claim.signed_at, claim.zone)
    there = claim.kind not in ("return_and_refund", "exchange") or claim.away is None or claim.quantity <= claim.away
    return None if there else Wait("case.before_shipping")
