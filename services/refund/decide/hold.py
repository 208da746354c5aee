"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks with its opening; the order answers when it can, both services need not be up at once. Source: R4.8.
"""

from __future__ import annotations

from services.refund.decide.step import ended
from services.refund.model import Case, Purchase
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.messaging.shape import Outcome, Reject, Wait


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. No facts for a case that ended meanwhile: its end frees them. Source: R4.8."""
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    _, case = found
    if case.ended:
        return ()
    return (HoldNoted(**event.model_dump()),)


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. No facts for a case that ended meanwhile. Source: R4.8."""
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    return () if case.ended else ended(purchase, case, event.occurred_at, event.code, "R4.8")


def _asking(event: ShipmentHoldGranted | ShipmentHoldRefused, purchase: Purchase | None) -> tuple[Purchase, Case] | Reject | Wait:
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if case.hold == "granted":
        return Reject("hold.known")
    return purchase, case
