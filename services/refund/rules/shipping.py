"""Late and sham shipping: promises that pay by themselves. The order service judges them; here they are only written down.

Source: R2.4, R4.12.
"""

from __future__ import annotations

from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Guarantee
from shared.contracts.order import Penalty
from shared.policy import RefundPolicy

QUICK = "ship_24h"


def late(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Not sent within the hours promised, from payment: a part of what was paid, by the order's own terms. Source: R2.4."""
    terms = bought.terms
    quick = terms is not None and QUICK in line.tags and terms.ship_hours_24h is not None
    hours = 0 if terms is None else terms.ship_hours_24h if quick else terms.ship_hours
    return _promise(line, "late_shipping", terms.late if terms else None, hours or 0)


def sham(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """A waybill that no carrier collected within those hours of it, if a ruling says so. Source: R2.4."""
    terms = bought.terms
    return _promise(line, "sham_shipping", terms.sham if terms else None, (terms.collect_hours if terms else None) or 0)


def _promise(line: Offered, name: str, penalty: Penalty | None, hours: int) -> Guarantee:
    withheld = not_goods(line) or ("promise.not_offered" if penalty is None else "")
    return Guarantee(
        line_no=line.line_no,
        guarantee=name,
        granted=not withheld,
        withheld=withheld,
        bp=penalty.bp if penalty else 0,
        at_least_minor=penalty.min_minor if penalty else 0,
        days=0,
        hours=hours,
        cap_minor=penalty.max_minor if penalty else 0,
        funder="seller",
        conditions=("ruling",) if name == "sham_shipping" else (),
        pays_itself=True,
        rule="R2.4",
    )
