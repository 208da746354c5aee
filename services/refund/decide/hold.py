"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks with its opening; the order answers when it can: both services need not be up at once. Source: R4.8.
"""

from __future__ import annotations

from typing import Any

from services.refund.decide.follow import kept_back
from services.refund.decide.step import ended
from services.refund.model import Case, Purchase, evolve
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested
from shared.contracts.refund import CaseOpened
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait


def asked(opened: CaseOpened) -> tuple[Message, ...]:
    """For what has not been shipped; nothing for another ground. Source: R4.8."""
    if opened.ground != "not_shipped":
        return ()
    units: dict[str, Any] = {"order_id": opened.order_id, "case_id": opened.case_id, "line_no": opened.line_no}
    return (ShipmentHoldRequested(**units, quantity=opened.quantity, occurred_at=opened.occurred_at),)


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. Money follows at once where it was agreed to before, by the seller, its silence or an
    instant refund; else the seller answers as ever. No facts for a case that ended meanwhile: its end frees them. Source: R4.8, R4.3.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended:
        return ()
    noted = HoldNoted(**event.model_dump())
    after = evolve(purchase, noted)
    return (noted, *kept_back(after, after.cases[case.id], max(event.occurred_at, case.since)))


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. No facts for a case that ended meanwhile. Source: R4.8."""
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    return () if case.ended else ended(purchase, case, max(event.occurred_at, case.since), event.code, "R4.8")


def _asking(event: ShipmentHoldGranted | ShipmentHoldRefused, purchase: Purchase | None) -> tuple[Purchase, Case] | Reject | Wait:
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if not case.hold:
        return Reject("hold.not_asked")
    if case.hold == "granted":
        return Reject("hold.known")
    return purchase, case
