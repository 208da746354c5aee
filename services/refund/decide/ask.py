"""What a case asks the order to keep back, so that its units do not leave while it is open, or are not paid for. Source: R4.8.

It asks with its opening, when more is lost meanwhile, be it once the money is granted, and anew when it goes on after an appeal; of
what was lost before the grant it asks at the latest then.
"""

from __future__ import annotations

from datetime import datetime

from services.refund.model import Case, Purchase
from shared.contracts.hold import ShipmentHoldRequested
from shared.contracts.refund import WITHOUT_RETURN


def asked(purchase: Purchase, case: Case, at: datetime) -> tuple[ShipmentHoldRequested, ...]:
    """Nothing beyond what it asked for before; that of a case that ended since was freed, and may have left. Source: R4.8, R4.11."""
    quantity = _wanted(purchase, case)
    before = case.held or case.quantity  # 0: stored before it was kept
    if quantity <= (before if case.hold and case.again == case.reopened else 0):
        return ()
    return (
        ShipmentHoldRequested(
            order_id=purchase.order_id, case_id=case.id, line_no=case.line_no, quantity=quantity, again=case.reopened, occurred_at=at
        ),
    )


def _wanted(purchase: Purchase, case: Case) -> int:
    """What has not been shipped, claimed as such, or by agreement without a return; of such a claim only the units that may still leave,
    and none for money alone: then the goods come all the same. Of what was not received the units that were lost: they may leave again,
    or be cancelled. So may those of a replacement that was lost, where the order counts them as the line's own. Nothing for another
    ground. Of what is granted already, whatever of it may leave: it was on its way. Source: R4.8, R4.2, R2.5, R4.10.
    """
    if case.astray:
        return case.quantity
    if case.granted:
        return min(case.granted_quantity, max(case.held, purchase.unsent(case.line_no))) if case.kind in WITHOUT_RETURN else 0
    whole = (case.kind, case.amount_minor, purchase.line_of(case).kind) == ("refund_only", None, "goods")
    match case.ground:
        case "not_shipped" if case.kind == "refund_only":
            return case.quantity
        case "negotiated" if whole:
            return min(case.quantity, max(case.held, purchase.unsent(case.line_no)))
        case "not_received" if whole or case.sending:
            return min(case.quantity, max(case.held, purchase.lost(case.line_no)))
        case _:
            return 0
