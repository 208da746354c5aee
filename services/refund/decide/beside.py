"""What the end of a case brings beside its refund: compensations, coupons, and what a seller has back. Source: R4.7, R4.9, R4.11-R4.13."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.refund.decide.compensation import Upheld, freight_reimbursed, owed, owed_id, reimbursed
from services.refund.decide.coupons import restored
from services.refund.decide.step import fault_of
from services.refund.model import Case, Purchase, evolve, refund_id_of
from services.refund.model.purchase import MULTIPLES
from shared.messaging.message import Message


def beside(purchase: Purchase, case_id: str, at: datetime) -> tuple[Message, ...]:
    """purchase: with the case done. Where the seller won on appeal before, nothing is owed: its claim is not upheld any more."""
    case = purchase.cases[case_id]
    compensations = () if case.fallen else owed(purchase, upheld(case), at, _fakes_before(purchase, case))
    after = purchase
    for fact in compensations:
        after = evolve(after, fact)
    return (*compensations, *restored(after, at), *(seller_back(after, case, at) if case.fallen else ()))


def seller_back(purchase: Purchase, case: Case, at: datetime) -> tuple[Message, ...]:
    """To a seller who won on appeal, what refund and compensations of the case cost it, and freight, if none is at fault any more.
    Source: R4.11, R3.10.
    """
    refund_id = refund_id_of(purchase.order_id, case.id, case.attempts) if case.granted_minor else None
    return (*reimbursed(purchase, case.id, case.line_no, refund_id, at), *freight_reimbursed(purchase, at, case.id))


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
        awarded_minor=case.awarded[0] if case.awarded is not None else 0,
    )


def _fakes_before(purchase: Purchase, case: Case) -> tuple[Upheld, ...]:
    """Of the same line, what was no genuine goods and is upheld. What the buyer keeps counts as well, with the units that it was for:
    a multiple that was awarded before the seller won on appeal. Source: R4.9, R4.11.
    """
    others = (one for one in purchase.cases.values() if one.line_no == case.line_no and one.id != case.id)
    return tuple(found for one in others if (found := _fake(purchase, one)) is not None)


def _fake(purchase: Purchase, case: Case) -> Upheld | None:
    """As it was found when the multiple was awarded. None: it is none, or one of which it is not known what it brought."""
    if case.awarded is not None:
        return upheld(replace(case, finding=case.awarded[1]))
    nothing = not any(owed_id(purchase.order_id, case.id, why) in purchase.compensations for why in MULTIPLES)
    found = upheld(case)
    return found if case.state == 60 and found.fake and nothing and not case.fallen else None
