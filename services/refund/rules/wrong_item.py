"""Something else came than was ordered. Source: R4.2."""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Guarantee
from shared.policy import RefundPolicy


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Back, refunded, exchanged or sent again within days of signing; the seller is at fault. Source: R4.2."""
    withheld = not_goods(line)
    return Guarantee(
        line_no=line.line_no,
        guarantee="wrong_item",
        granted=not withheld,
        withheld=withheld,
        days=policy.guarantees.wrong_item_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.2",
    )
