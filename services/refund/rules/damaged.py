"""The goods came damaged. Source: R4.2, R4.7."""

from __future__ import annotations

from services.refund.rules import trust_card
from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Guarantee
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Said within hours of signing; the seller is at fault. With the card's right, money back at once for a while. Source: R4.2, R4.7."""
    withheld = not_goods(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="damaged",
        granted=not withheld,
        withheld=withheld,
        at_once=trust_card.damaged_at_once(line, bought, policy),
        days=0,
        hours=policy.guarantees.damaged_hours,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )
