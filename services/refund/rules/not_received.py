"""Not received: the parcel did not arrive, or somebody else signed for it. Source: R4.2, R2.5."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim, Offered, freight, over
from shared.contracts.certificate import Guarantee
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """From shipping until it is signed for, and for some days after that. The way is the seller's risk. Source: R4.2, R2.5."""
    withheld = freight(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="not_received",
        granted=not withheld,
        withheld=withheld,
        days=policy.guarantees.not_received_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """A claim for what has not left, be it one unit of several, waits for the news that it has. What the carrier lost of a line whose
    windows began, and ended, with other goods can be claimed all the same; those others cannot. Source: R4.2, R4.8, R4.10, R2.1, R2.5.
    """
    if promised.withheld:
        return Reject(promised.withheld)
    lost = claim.failed and claim.quantity <= (claim.unsent or 0)
    if claim.signed_at is not None and not lost:
        return over(promised, claim.at, claim.signed_at, claim.zone)
    left = claim.sent or claim.failed if claim.away is None else claim.quantity <= claim.away
    return None if left else Wait("case.before_shipping")


def at_once(promised: Guarantee, claim: Claim) -> bool:
    """Refused at the door or lost, by the carrier's own word: nobody needs to answer. Source: R2.5."""
    return claim.kind == "refund_only" and claim.failed >= claim.quantity
