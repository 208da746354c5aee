"""Goods on their way back: posted, received, inspected, or disputed; each its own event, and money only after them. Source: R4.4."""

from __future__ import annotations

from datetime import timedelta

from services.refund.decide.dispute import disputed
from services.refund.decide.follow import granted, sending
from services.refund.decide.step import after, due, ended, illegal, said, waybill_used
from services.refund.model import Case, Purchase, Waybill
from shared.contracts.exchange import CaseReceived
from shared.contracts.logistics import ReturnSigned
from shared.contracts.merchant import ReturnConfirmed, ReturnDisputed
from shared.contracts.refund import CaseDeclined, CaseReturned, InspectionDue, PostingDue
from shared.contracts.storefront import ReturnPosted
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait


def post(event: ReturnPosted, purchase: Purchase | None, used: Waybill | None) -> Outcome:
    """The goods are on their way; the seller inspects them within days of the waybill, which no case used before. Source: R4.4."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if case.state in (10, 20) and case.returned is None:
        return Wait("case.before_approval")
    if case.state != 30:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late", numbers(until=case.deadline))
    if used is not None:
        return Reject("return.waybill_used", f"case {used.case_id}")
    until = after(case, event.occurred_at, timedelta(days=purchase.terms.inspect_days))
    common = said(purchase, case, 40, "seller", until, event.occurred_at, "R4.4", "case.sent_back")
    return waybill_used(event), CaseReturned(**common, carrier=event.carrier, waybill=event.waybill, freight_minor=event.freight_minor or 0)


def unposted(event: PostingDue, purchase: Purchase | None) -> Outcome:
    """A buyer that sent nothing gets nothing. Source: R4.4."""
    purchase, case = due(event, purchase)
    return ended(purchase, case, event.occurred_at, "case.not_posted", "R4.4", "lapsed")


def receive(event: ReturnSigned, purchase: Purchase | None) -> Outcome:
    """The seller's door signed; the deadline of the inspection stands. A door of goods that no case sent back waits. Source: R4.4."""
    waybill = (event.carrier, event.waybill)
    case = next((one for one in purchase.cases.values() if one.returned == waybill), None) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_return")
    if case.received:
        return Reject("return.signed_before")
    if case.state != 40 or case.sending:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    common = said(purchase, case, 40, "seller", case.deadline, event.occurred_at, "R4.4", "case.goods_received")
    return (CaseReceived(**common, carrier=event.carrier, waybill=event.waybill),)


def inspect(event: ReturnConfirmed, purchase: Purchase | None) -> Outcome:
    """What the seller accepts of the goods is the ceiling: announced 3, accepted 2, refunded or exchanged 2. Accepting nothing is a
    refusal, which the buyer may dispute. Source: R4.4, R4.10, R4.11.
    """
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_inspect(event, purchase, case)
    if against is not None:
        return against
    if event.accepted_quantity > case.quantity:
        return Reject("refund.quantity_exceeds", numbers(wanted=event.accepted_quantity, left=case.quantity))
    if event.accepted_quantity == 0:
        until = after(case, event.occurred_at, timedelta(days=purchase.terms.refused_days))
        common = said(purchase, case, 12, "buyer", until, event.occurred_at, "R4.4", "case.none_accepted")
        return (CaseDeclined(**common),)
    if case.kind == "exchange":
        return sending(purchase, case, event.accepted_quantity, event.occurred_at, "seller", "case.inspected")
    at, gifts_back = event.occurred_at, event.gifts_returned
    return granted(purchase, case, event.accepted_quantity, at, "seller", "case.inspected", gifts_back=gifts_back)


def contest(event: ReturnDisputed, purchase: Purchase | None) -> Outcome:
    """What came back is not what was sent, says the seller. Source: R4.11."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_inspect(event, purchase, case)
    if against is not None:
        return against
    return disputed(purchase, case, event.occurred_at, "seller", "case.disputed_by_seller", reason=event.reason, claimed=event.finding)


def uninspected(event: InspectionDue, purchase: Purchase | None) -> Outcome:
    """A seller that did not inspect has accepted all of it. Source: R4.4, R4.10."""
    purchase, case = due(event, purchase)
    if case.kind == "exchange":
        return sending(purchase, case, case.quantity, event.occurred_at, "silence", "case.not_inspected")
    return granted(purchase, case, case.quantity, event.occurred_at, "silence", "case.not_inspected")


def _cannot_inspect(event: ReturnConfirmed | ReturnDisputed, purchase: Purchase, case: Case) -> Reject | Wait | None:
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.state in (10, 30) or (case.state == 20 and case.returned is None):
        return Wait("case.before_return")
    if case.state != 40 or case.sending:
        return illegal(case)
    return Reject("case.too_late", numbers(until=case.deadline)) if case.overdue(event.occurred_at) else None
