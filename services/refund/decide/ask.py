"""What a case asks the order to keep back, so that its units do not leave while it is open, or are not paid for. Source: R4.8.

It asks with its opening, when more is lost meanwhile, and anew when it goes on after an appeal; of what was lost before the grant it
asks at the latest then. With the grant of money without a return it asks for all its units, which stands whatever has left: those that
were on their way are paid for all the same, and no more of them leave while the money is under way.
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
    if quantity <= (before if case.hold not in ("", "left") and case.again == case.reopened else 0):
        return ()
    return (
        ShipmentHoldRequested(
            order_id=purchase.order_id,
            case_id=case.id,
            line_no=case.line_no,
            quantity=quantity,
            again=case.reopened,
            anew=case.hold == "left",
            standing=case.granted or None,
            occurred_at=at,
        ),
    )


def _wanted(purchase: Purchase, case: Case) -> int:
    """What has not been shipped, claimed as such, or by agreement without a return, be it in place of others that were not sent; of such a
    claim only the units that may still leave, and none for money alone: then the goods come all the same. Of what was not received the
    units that were lost: they may leave again, or be cancelled. So may those of a replacement that was lost, where the order counts them
    as the line's own. Nothing for another ground. Of what is granted all of it, unless none can leave: nothing that was signed for does,
    but a voucher may be used. Source: R4.8, R4.2, R2.5, R4.10.
    """
    line = purchase.line_of(case)
    if case.granted:
        unsent = line.sent and purchase.unsent(case.line_no)  # sent 0: stored before it was kept
        there = line.kind == "goods" and line.signed_at is not None and not unsent
        return 0 if there or case.kind not in WITHOUT_RETURN or case.funder != "seller" else case.granted_quantity
    if case.astray:
        return case.quantity
    whole = (case.kind, case.amount_minor, line.kind) == ("refund_only", None, "goods")
    match case.ground:
        case "not_shipped" if case.kind == "refund_only":
            return case.quantity
        case "negotiated" if whole or (case.sending and case.returned is None):
            return min(case.quantity, max(case.held, purchase.unsent(case.line_no)))
        case "not_received" if whole or case.sending:
            return min(case.quantity, max(case.held, purchase.lost(case.line_no)))
        case _:
            return 0
