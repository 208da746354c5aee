"""The rights of the trust card, on lines whose seller offered them by a tag. Source: R4.7.

Each needs both: the seller's tag and the buyer's card. Which card it is stands in the order. Whether it was valid at placement is
asked again when a right is claimed, for its news may come later than the order; what became of it since does not count (R4.1).
"""

from __future__ import annotations

from services.refund.rules.claim import Bought, Claim, Offered, carded, freight, not_goods
from services.refund.rules.claim import judge as judge_window
from shared.contracts.certificate import AtOnce, Guarantee, Withheld
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


def without_return(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Money back within days of signing, and the goods are kept: what was paid, or the seller's cap for the line. Source: R4.7."""
    withheld = freight(line) or _offered(line, bought, "refund_without_return")
    cap = line.paid_minor if line.without_return_cap_minor is None else min(line.paid_minor, line.without_return_cap_minor)
    return _right(line, "refund_without_return", withheld, days=policy.guarantees.trust_card.without_return_days, cap_minor=cap)


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """Source: R4.7."""
    return carded(promised, claim) or judge_window(promised, claim)


def return_freight(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """What sending the goods back cost, up to a cap, once the seller has confirmed them and the refund is done. Source: R4.7."""
    cap = policy.guarantees.trust_card.freight_minor.get(bought.currency)
    withheld = not_goods(line) or _offered(line, bought, "return_freight") or ("promise.currency" if cap is None else "")
    return _right(line, "return_freight", withheld, cap_minor=cap or 0, pays_itself=True)


def damaged_refund(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Damaged goods: money back at once if it is asked for within hours of signing. Claimed as damaged. Source: R4.7."""
    withheld = not_goods(line) or _offered(line, bought, "damaged_refund")
    return _right(line, "damaged_refund", withheld, hours=policy.guarantees.trust_card.damaged_hours, cap_minor=line.paid_minor)


def damaged_at_once(line: Offered, bought: Bought, policy: RefundPolicy) -> AtOnce | None:
    """That right, as the guarantee for damaged goods carries it; None: not promised."""
    promised = damaged_refund(line, bought, policy)
    return AtOnce(guarantee="damaged_refund", hours=promised.hours, card=True) if promised.granted else None


def _offered(line: Offered, bought: Bought, tag: str) -> Withheld:
    if tag not in line.tags:
        return "trust_card.not_offered"
    return bought.no_card


def _right(
    line: Offered, name: str, withheld: Withheld, *, cap_minor: int, days: int = 0, hours: int = 0, pays_itself: bool = False
) -> Guarantee:
    return Guarantee(
        line_no=line.line_no,
        guarantee=name,
        granted=not withheld,
        withheld=withheld,
        days=days,
        hours=hours,
        cap_minor=cap_minor,
        funder="seller",
        conditions=("trust_card",),
        pays_itself=pays_itself,
        rule="R4.7",
    )
