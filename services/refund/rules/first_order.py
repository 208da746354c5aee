"""The first order: a hundred days to have the money back and keep the goods, once in a buyer's life. Source: R4.6."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim, Offered, freight, over
from services.refund.rules.no_reason import excluded
from shared.contracts.certificate import Guarantee
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Conditional: which order is the first of a buyer, and of all who are the same person, is only told when it is claimed. The
    seller pays while its own no-reason promise runs, then the platform; where there is none, the platform. Source: R4.6."""
    withheld = freight(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="first_order",
        granted=not withheld,
        withheld=withheld,
        conditional=True,
        conditions=("first_paid_order",),
        days=policy.guarantees.first_order_days,
        cap_minor=line.paid_minor,
        funder="platform" if excluded(line) else "seller",
        rule="R4.6",
    )


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """The window alone: it runs from the first signing, an exchange does not begin it again. Source: R4.6, R4.10."""
    if promised.withheld:
        return Reject(promised.withheld)
    signed_at = claim.first_signed_at or claim.signed_at
    if signed_at is None:
        return Wait("case.before_signing")
    return Reject("claim.not_signed") if claim.at < signed_at else over(promised, claim.at, signed_at, claim.zone)
