"""Freight: what was waived for a basket that a return makes too small, and what sending goods back cost. Source: R3.10, R4.7, R4.9."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Guarantee
from shared.contracts.types import FreeShipping
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """A seller at fault bears what sending its goods back cost, once it has confirmed them and the refund is done; with a bound, for
    it is the buyer alone who says how much that was: the policy's, or what was paid for the line where that names none for the
    currency. Source: R4.9."""
    withheld = not_goods(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="fault_freight",
        granted=not withheld,
        withheld=withheld,
        days=0,
        cap_minor=policy.guarantees.fault_freight_minor.get(bought.currency, line.paid_minor),
        funder="seller",
        pays_itself=True,
        rule="R4.9",
    )


def waived(promised: FreeShipping | None, whole_minor: int, before_minor: int, after_minor: int, refund_minor: int) -> int:
    """What a no-reason return loses of its refund: the waived freight, if by this return what the buyer keeps of the seller's goods no
    longer comes to the threshold. Where faults and cancellations did that before, it is not the return that breaks it. Never more than
    the refund itself. Source: R3.10.

    whole, before, after: what was paid for all of the goods, for those kept until this return, and for those kept after it. Where the
    whole does not come to the threshold, the shop counted it otherwise (before coupons), and any return breaks it.
    """
    if promised is None or after_minor >= promised.threshold_minor:
        return 0
    if before_minor < promised.threshold_minor <= whole_minor:
        return 0
    return min(promised.freight_minor, refund_minor)


def way_back(card: Guarantee | None, fault: Guarantee | None, spent_minor: int, *, card_valid: bool, seller_at_fault: bool) -> int:
    """What the seller owes of the actual freight back: its fault comes first, then the card's right; nothing else brings any.

    card, fault: the line's promises of those names; None: not on its certificate. Source: R4.7, R4.9.
    """
    if seller_at_fault and fault is not None and fault.granted:
        return min(spent_minor, fault.cap_minor)
    if card_valid and card is not None and card.granted:
        return min(spent_minor, card.cap_minor)
    return 0
