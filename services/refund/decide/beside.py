"""What the end of a case brings beside its refund: compensations, coupons, and what a seller has back. Source: R4.7, R4.9, R4.11-R4.13."""

from __future__ import annotations

from datetime import datetime

from services.refund.decide.compensation import Upheld, owed, reimbursed
from services.refund.decide.coupons import restored
from services.refund.decide.step import fault_of
from services.refund.model import Case, Purchase, evolve, refund_id_of
from shared.messaging.message import Message


def beside(purchase: Purchase, case_id: str, at: datetime) -> tuple[Message, ...]:
    """purchase: with the case done. Where the seller won on appeal before, nothing is owed: its claim is not upheld any more."""
    case = purchase.cases[case_id]
    won_by_seller = case.appeal is not None and case.appeal.side == "seller" and bool(case.appeal.won)
    compensations = () if won_by_seller else owed(purchase, upheld(case), at)
    after = purchase
    for fact in compensations:
        after = evolve(after, fact)
    return (*compensations, *restored(after, at), *(seller_back(after, case, at) if won_by_seller else ()))


def seller_back(purchase: Purchase, case: Case, at: datetime) -> tuple[Message, ...]:
    """To a seller who won on appeal, what refund and compensations of the case cost it. Source: R4.11."""
    refund_id = refund_id_of(purchase.order_id, case.id, case.attempts) if case.granted_minor else None
    return reimbursed(purchase, case.id, case.line_no, refund_id, at)


def upheld(case: Case) -> Upheld:
    """A claim is of a counterfeit unless the ruling found something else; the way back is owed once the goods came. Source: R4.9, R4.7."""
    return Upheld(
        case.id,
        case.line_no,
        case.granted_quantity or case.quantity,
        counterfeit=case.finding == "counterfeit" or (case.kind == "claim" and case.finding == "none"),
        unsafe_food=case.finding == "unsafe_food",
        seller_at_fault=(case.fault or fault_of(case, upheld=True)) == "seller",
        confirmed=case.returned is not None,
        freight_minor=case.freight_minor,
        appraisal_minor=case.appraisal_minor,
        card=bool(case.card),
    )
