"""What became of the money that a case granted. Payment answers only what was granted, so an answer without its grant waits."""

from __future__ import annotations

from services.refund.decide.coupons import restored
from services.refund.decide.step import ended, illegal, said
from services.refund.model import Case, Purchase, evolve
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.refund import CaseClosed, RefundStuck
from shared.messaging.shape import Outcome, Reject, Wait


def done(event: RefundDone, purchase: Purchase | None) -> Outcome:
    """60: the buyer has the money. No facts for money that was unwanted or cancelled: no case granted it. Source: R3.5, R2.2."""
    if event.line_no is None or _cancelled(purchase, event.refund_id):
        return ()
    case = purchase.refunded_by(event.refund_id) if purchase else None
    if purchase is None or case is None:
        return Wait("refund.before_grant")
    against = _not_executing(case)
    if against is not None:
        return against
    common = said(purchase, case, 60, "nobody", None, event.occurred_at, "R3.5")
    minor, quantity = case.granted_minor, case.granted_quantity
    closed = CaseClosed(**common, code="case.refunded", refunded_minor=minor, refunded_quantity=quantity)
    return (closed, *restored(evolve(purchase, closed), event.occurred_at))


def refused(event: RefundRefused, purchase: Purchase | None) -> Outcome:
    """70: payment reserved nothing, for its own reason; the units can be claimed again. No facts for cancelled units. Source: R3.5."""
    if _cancelled(purchase, event.refund_id):
        return ()
    case = purchase.refunded_by(event.refund_id) if purchase else None
    if purchase is None or case is None:
        return Wait("refund.before_grant")
    return _not_executing(case) or ended(purchase, case, event.occurred_at, event.code, "R3.5")


def not_paid(event: RefundNotPaid, purchase: Purchase | None) -> Outcome:
    """Still 50: the provider did not pay, and a person looks at it. No facts for money that was unwanted or cancelled. Source: R3.5."""
    if event.line_no is None or _cancelled(purchase, event.refund_id):
        return ()
    case = purchase.refunded_by(event.refund_id) if purchase else None
    if purchase is None or case is None:
        return Wait("refund.before_grant")
    against = _not_executing(case)
    if against is not None:
        return against
    if case.turn == "platform":
        return Reject("case.wrong_state", "a person looks at it already")
    common = said(purchase, case, 50, "platform", None, event.occurred_at, "R3.5")
    return (RefundStuck(**common, refund_id=event.refund_id, reason=event.reason),)


def _cancelled(purchase: Purchase | None, refund_id: str) -> bool:
    return purchase is not None and refund_id in purchase.cancelled


def _not_executing(case: Case) -> Reject | Wait | None:
    if case.state in (10, 30, 40):
        return Wait("refund.before_grant")
    return None if case.state == 50 else illegal(case)
