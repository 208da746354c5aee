"""Seven days, no reason asked: the buyer may send goods back without saying why. Source: R4.5."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim, Offered, over
from shared.contracts.certificate import Guarantee, Withheld
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy

EXCLUDED = frozenset({"custom_made", "fresh", "newspaper"})


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Given for goods but those of an excluded category, gifts, and those for which the buyer confirmed at purchase that it does not
    apply; digital goods only sealed. At most what was paid for the goods; the seller pays. Gifts go back too. Source: R4.5."""
    withheld = excluded(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="no_reason",
        granted=not withheld,
        withheld=withheld,
        days=policy.no_reason_days,
        cap_minor=line.paid_minor,
        funder="seller",
        conditions=("goods_back", "gifts_back", "sealed") if line.category == "digital" else ("goods_back", "gifts_back"),
        rule="R4.5",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """None: nothing speaks against the claim. The days run from the day after signing; a claim made before signing is refused, but
    one that merely arrives before the news of the signing waits for it. Source: R4.5, R1.3, R2.1."""
    if promised.withheld:
        return Reject(promised.withheld)
    if "sealed" in promised.conditions and claim.unsealed:
        return Reject("no_reason.unsealed")
    if claim.signed_at is None:
        return Wait("case.before_signing")
    if claim.at < claim.signed_at:
        return Reject("no_reason.not_signed")
    passed = over(promised, claim.at, claim.signed_at, claim.zone)
    return Reject("no_reason.window_over", passed.detail) if passed else None


def excluded(line: Offered) -> Withheld:
    """Why there is no return without a reason for the line; empty: there is."""
    if line.category in EXCLUDED or line.kind != "goods":
        return "no_reason.excluded"
    if line.gift_of is not None:
        return "promise.gift"
    return "no_reason.waived" if line.no_reason_waived else ""
