"""Seven days, no reason asked: the buyer may send goods back without saying why. Source: R4.5."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim
from shared.contracts.refund import Guarantee, Withheld
from shared.contracts.types import Line
from shared.days import window_end
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy

EXCLUDED = frozenset({"custom_made", "fresh", "digital", "newspaper"})


def promise(line: Line, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Given for goods but those of an excluded category and those for which the buyer confirmed at purchase that it does not
    apply. At most what was paid for the goods; the seller pays. Source: R4.5."""
    withheld = _withheld(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="no_reason",
        granted=not withheld,
        withheld=withheld,
        days=policy.no_reason_days,
        cap_minor=line.paid_minor,
        funder="seller",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """None: nothing speaks against the claim. The days run from the day after signing; a claim made before signing is refused, but
    one that merely arrives before the news of the signing waits for it. Source: R4.5, R1.3, R2.1."""
    if promised.withheld:
        return Reject(promised.withheld)
    if claim.signed_at is None:
        return Wait("case.before_signing")
    if claim.at < claim.signed_at:
        return Reject("no_reason.not_signed")
    if claim.at >= window_end(claim.signed_at, promised.days, claim.zone):
        return Reject("no_reason.window_over")
    return None


def _withheld(line: Line) -> Withheld:
    if line.category in EXCLUDED or line.kind != "goods":
        return "no_reason.excluded"
    return "no_reason.waived" if line.no_reason_waived else ""
