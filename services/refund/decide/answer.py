"""What both sides do in a case, in time or not at all.

Whoever is silent until the deadline has decided at it; what happens at the deadline or later is too late. An answer may
overtake what it answers to, on another topic: it waits for it. Source: R1.2, R2.1, R4.2-R4.4.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.refund.decide.step import ended, granted, illegal, later, said
from services.refund.model import Case, Purchase
from shared.contracts.merchant import CaseAccepted, CaseRefused, ReturnConfirmed
from shared.contracts.refund import AnswerDue, CaseApproved, CaseDeclined, CaseReturned, CaseTimer, InspectionDue, PostingDue, RefusalOver
from shared.contracts.storefront import ReturnPosted
from shared.messaging.shape import Outcome, Reject, Wait


def accept(event: CaseAccepted, purchase: Purchase | None) -> Outcome:
    """The seller agrees; the buyer sends the goods. Source: R4.3, R4.4."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_answer(event, purchase, case)
    return against or _approved(purchase, case, event.occurred_at, "seller")


def refuse(event: CaseRefused, purchase: Purchase | None) -> Outcome:
    """The case stays open until its days pass or the buyer withdraws. Source: R4.2, R4.3."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_answer(event, purchase, case)
    if against is not None:
        return against
    until = _after(case, event.occurred_at, timedelta(days=purchase.terms.refused_days))
    return (CaseDeclined(**said(purchase, case, 12, "buyer", until, event.occurred_at, "R4.2"), reason=event.reason),)


def silent(event: AnswerDue, purchase: Purchase | None) -> Outcome:
    """A seller that did not answer has agreed, exactly now. Source: R4.3."""
    purchase, case = _due(event, purchase)
    return _approved(purchase, case, event.occurred_at, "silence")


def end_refused(event: RefusalOver, purchase: Purchase | None) -> Outcome:
    """Source: R4.2."""
    purchase, case = _due(event, purchase)
    return ended(purchase, case, event.occurred_at, "case.refusal_over", "R4.2")


def post(event: ReturnPosted, purchase: Purchase | None) -> Outcome:
    """The goods are on their way; the seller inspects them within days of the waybill. Source: R4.4."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if case.state == 10:
        return Wait("case.before_approval")
    if case.state != 30:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late")
    until = _after(case, event.occurred_at, timedelta(days=purchase.terms.inspect_days))
    common = said(purchase, case, 40, "seller", until, event.occurred_at, "R4.4")
    return (CaseReturned(**common, carrier=event.carrier, waybill=event.waybill),)


def unposted(event: PostingDue, purchase: Purchase | None) -> Outcome:
    """A buyer that sent nothing gets nothing. Source: R4.4."""
    purchase, case = _due(event, purchase)
    return ended(purchase, case, event.occurred_at, "case.not_posted", "R4.4")


def inspect(event: ReturnConfirmed, purchase: Purchase | None) -> Outcome:
    """What the seller accepts of the goods is the ceiling: announced 3, accepted 2, refunded 2. Source: R4.4."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.state in (10, 30):
        return Wait("case.before_return")
    if case.state != 40:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late")
    if event.accepted_quantity > case.quantity:
        return Reject("refund.quantity_exceeds", f"{event.accepted_quantity} of {case.quantity}")
    if event.accepted_quantity == 0:
        return ended(purchase, case, event.occurred_at, "case.none_accepted", "R4.4")
    return granted(purchase, case, event.accepted_quantity, event.occurred_at, "seller")


def uninspected(event: InspectionDue, purchase: Purchase | None) -> Outcome:
    """A seller that did not inspect has accepted all of it. Source: R4.4."""
    purchase, case = _due(event, purchase)
    return granted(purchase, case, case.quantity, event.occurred_at, "silence")


def _cannot_answer(event: CaseAccepted | CaseRefused, purchase: Purchase, case: Case) -> Reject | None:
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.state != 10:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late")
    return None


def _approved(purchase: Purchase, case: Case, at: datetime, by: Literal["seller", "silence"]) -> Outcome:
    until = _after(case, at, timedelta(days=purchase.terms.post_days))
    return (CaseApproved(**said(purchase, case, 30, "buyer", until, at, "R4.3"), by=by),)


def _after(case: Case, at: datetime, span: timedelta) -> datetime:
    """Nobody's time begins to run before the step that it follows, whatever the sender's clock said."""
    return later(max(at, case.since), span)


def _due(event: CaseTimer, purchase: Purchase | None) -> tuple[Purchase, Case]:
    """The engine drops timers that no longer stand, so the case is there and in the timer's state."""
    if purchase is None:
        raise AssertionError(f"{event.type} of an unknown order")
    return purchase, purchase.cases[event.case_id]
