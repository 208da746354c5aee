"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks with its opening; the order answers when it can: both services need not be up at once. Source: R4.8.
"""

from __future__ import annotations

from typing import Any

from services.refund.decide.follow import agreed
from services.refund.decide.step import ended
from services.refund.model import Case, Purchase, evolve
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested
from shared.contracts.refund import By, CaseOpened
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait


def asked(opened: CaseOpened, purchase: Purchase) -> tuple[Message, ...]:
    """For what has not been shipped, claimed as such, or by agreement without a return; of such a claim only the units that may still
    leave, and none for money alone: then the goods come all the same. Of what was not received the units that were lost: they may leave
    again, or be cancelled. Nothing for another ground. Source: R4.8, R4.2, R2.5.
    """
    whole = (opened.kind, opened.amount_minor, purchase.lines[opened.line_no].kind) == ("refund_only", None, "goods")
    match opened.ground:
        case "not_shipped":
            quantity = opened.quantity
        case "negotiated" if whole:
            quantity = min(opened.quantity, purchase.unsent(opened.line_no))
        case "not_received" if whole:
            quantity = min(opened.quantity, purchase.lost(opened.line_no))
        case _:
            quantity = 0
    if not quantity:
        return ()
    units: dict[str, Any] = {"order_id": opened.order_id, "case_id": opened.case_id, "line_no": opened.line_no}
    return (ShipmentHoldRequested(**units, quantity=quantity, occurred_at=opened.occurred_at),)


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. Money follows at once where it is instant, or was agreed to meanwhile; else the
    seller answers as ever. No facts for a case that ended meanwhile: its end frees them. Source: R4.8, R4.3.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended:
        return ()
    lost = case.ground == "not_received"
    at_once: By = "carrier" if lost else "promise"
    noted, by = HoldNoted(**event.model_dump()), at_once if case.instant else case.agreed
    if not by:
        return (noted,)
    after = evolve(purchase, noted)
    return (noted, *agreed(after, after.cases[case.id], max(event.occurred_at, case.since), by, "R4.2" if lost else "R4.8"))


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. No facts for a case that ended meanwhile. Source: R4.8."""
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    return () if case.ended else ended(purchase, case, max(event.occurred_at, case.since), event.code, "R4.8")


def so_far(purchase: Purchase) -> int:
    """What the order's instant refunds come to, those included that still wait for the order's word. Source: R4.8."""
    granted = sum(one.granted_minor for one in purchase.cases.values() if one.ground == "not_shipped" and one.answer == "promise")
    waiting = (one for one in purchase.cases.values() if one.instant and one.ground == "not_shipped")
    return granted + sum(purchase.line_of(one).share(min(one.quantity, purchase.line_of(one).left)) for one in waiting)


def _asking(event: ShipmentHoldGranted | ShipmentHoldRefused, purchase: Purchase | None) -> tuple[Purchase, Case] | Reject | Wait:
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if case.hold != "asked":
        return Reject("hold.known")
    return purchase, case
