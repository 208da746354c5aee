"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks with its opening, when it goes on after an appeal, and when lost units were not sent again in time; the order answers when
it can: both services need not be up at once. Source: R4.8, R4.10, R4.11.
"""

from __future__ import annotations

from datetime import datetime

from services.refund.decide.follow import agreed
from services.refund.decide.step import ended
from services.refund.model import Case, Purchase, evolve
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested
from shared.contracts.refund import By
from shared.messaging.shape import Outcome, Reject, Wait


def asked(purchase: Purchase, case: Case, at: datetime) -> tuple[ShipmentHoldRequested, ...]:
    """For what has not been shipped, claimed as such, or by agreement without a return; of such a claim only the units that may still
    leave, and none for money alone: then the goods come all the same. Of what was not received the units that were lost: they may leave
    again, or be cancelled. Nothing for another ground. What it asked for before an appeal the case asks for again, for that may have left
    meanwhile. Source: R4.8, R4.2, R2.5, R4.10, R4.11.
    """
    whole = (case.kind, case.amount_minor, purchase.line_of(case).kind) == ("refund_only", None, "goods")
    match case.ground:
        case "not_shipped":
            quantity = case.quantity
        case "negotiated" if whole:
            quantity = min(case.quantity, max(case.held, purchase.unsent(case.line_no)))
        case "not_received" if whole or case.sending:
            quantity = min(case.quantity, max(case.held, purchase.lost(case.line_no)))
        case _:
            quantity = 0
    if not quantity:
        return ()
    return (
        ShipmentHoldRequested(
            order_id=purchase.order_id, case_id=case.id, line_no=case.line_no, quantity=quantity, again=case.reopened, occurred_at=at
        ),
    )


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. Money follows at once where it is instant, or was agreed to meanwhile; else the
    seller answers as ever. No facts for a case that ended meanwhile, be it that it goes on: its end freed them. Source: R4.8, R4.3, R4.11.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or event.again != case.again:
        return ()
    lost = case.ground == "not_received"
    at_once: By = "carrier" if lost else "promise"
    noted, by = HoldNoted(**event.model_dump()), at_once if case.instant else case.agreed
    if not by:
        return (noted,)
    after = evolve(purchase, noted)
    return (noted, *agreed(after, after.cases[case.id], max(event.occurred_at, case.since), by, "R4.2" if lost else "R4.8"))


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. No facts for a case that ended meanwhile, be it that it goes on. Source: R4.8, R4.11."""
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or event.again != case.again:
        return ()
    return ended(purchase, case, max(event.occurred_at, case.since), event.code, "R4.8")


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
