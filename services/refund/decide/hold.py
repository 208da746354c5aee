"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks (services/refund/decide/ask.py); the order answers when it can: both services need not be up at once.
Source: R4.8, R4.10, R4.11.
"""

from __future__ import annotations

from services.refund.decide.follow import agreed
from services.refund.decide.step import ended
from services.refund.model import Case, Purchase, evolve
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.refund import By
from shared.messaging.shape import Outcome, Reject, Wait


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. Money follows at once where it is instant, or was agreed to meanwhile; else the
    seller answers as ever. No facts for a case that ended meanwhile, be it that it goes on: its end freed them; nor for an answer to less
    than the case has asked for since. Source: R4.8, R4.3, R4.11.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or (event.again, event.quantity) != (case.again, case.held or event.quantity):  # held 0: stored before it was kept
        return ()
    lost = case.ground == "not_received"
    at_once: By = "carrier" if lost else "promise"
    noted, by = HoldNoted(**event.model_dump()), at_once if case.instant else case.agreed
    if not by or case.granted:
        return (noted,)
    after = evolve(purchase, noted)
    return (noted, *agreed(after, after.cases[case.id], max(event.occurred_at, case.since), by, "R4.2" if lost else "R4.8"))


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. No facts for a case that ended meanwhile, be it that it goes on; nor where the units
    were lost after their money was granted: that stands. Source: R4.8, R4.11.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or case.granted or event.again != case.again:
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
