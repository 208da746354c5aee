"""Instant refund: what has not left comes back at once for buyers of good standing. It needs neither card nor tag. Source: R4.8."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, freight
from shared.contracts.certificate import AtOnce, Guarantee, Withheld
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Given to a buyer of that score at placement, for what is neither made for the buyer nor virtual. The order still says whether
    the goods have left. Claimed as not shipped. Source: R4.8."""
    withheld = _withheld(line, bought, policy)
    return Guarantee(
        line_no=line.line_no,
        guarantee="instant_refund",
        granted=not withheld,
        withheld=withheld,
        days=0,
        cap_minor=min(line.paid_minor, max(0, policy.guarantees.instant.below_minor.get(bought.currency, 0) - 1)),
        funder="seller",
        conditions=("shipment_hold",),
        rule="R4.8",
    )


def at_once(line: Offered, bought: Bought, policy: RefundPolicy) -> AtOnce | None:
    """That promise, as the guarantee for what was not shipped carries it; None: not promised."""
    if _withheld(line, bought, policy):
        return None
    return AtOnce(guarantee="instant_refund", below_minor=policy.guarantees.instant.below_minor[bought.currency])


def _withheld(line: Offered, bought: Bought, policy: RefundPolicy) -> Withheld:
    if line.kind == "virtual" or line.category in ("custom_made", "digital"):
        return "instant_refund.not_for_line"
    if bought.buyer_score < policy.guarantees.instant.score_min:
        return "instant_refund.score_too_low"
    return freight(line) or ("" if bought.currency in policy.guarantees.instant.below_minor else "promise.currency")
