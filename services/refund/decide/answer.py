"""The seller's answer to a request, in time or not at all.

Whoever is silent until the deadline has decided at it; what happens at the deadline or later is too late. An answer may
overtake what it answers to, on another topic: it waits for it. Source: R1.2, R2.1, R4.2, R4.3, R4.9.
"""

from __future__ import annotations

from datetime import timedelta

from services.refund.decide.dispute import disputed, shown_until
from services.refund.decide.follow import agreed
from services.refund.decide.step import after, due, ended, illegal, said
from services.refund.model import Case, Purchase
from shared.contracts.merchant import CaseAccepted, CaseRefused
from shared.contracts.refund import AnswerDue, CaseDeclined, RefusalOver
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait


def accept(event: CaseAccepted, purchase: Purchase | None) -> Outcome:
    """The seller agrees: what the case's kind brings follows. Source: R4.3, R4.4, R4.10."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    return _cannot_answer(event, purchase, case) or agreed(purchase, case, event.occurred_at, "seller")


def refuse(event: CaseRefused, purchase: Purchase | None) -> Outcome:
    """The case stays open until its days pass, the buyer disputes it or withdraws. Refused before the buyer showed evidence, a claim
    stays open as long as that can be shown: more evidence leaves it so, and a dispute is still the buyer's to raise.

    Source: R4.2, R4.3, R4.9, R4.11.
    """
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_answer(event, purchase, case)
    if against is not None:
        return against
    until = shown_until(case, after(case, event.occurred_at, timedelta(days=purchase.terms.refused_days)))
    return (CaseDeclined(**said(purchase, case, 12, "buyer", until, event.occurred_at, "R4.2", "case.seller_refused", event.reason)),)


def silent(event: AnswerDue, purchase: Purchase | None) -> Outcome:
    """A seller that did not answer has agreed, exactly now. Silence in a claim goes to a ruling. Source: R4.3, R4.9."""
    purchase, case = due(event, purchase)
    if case.kind == "claim":
        return disputed(purchase, case, event.occurred_at, "silence", "case.claim_unanswered", "R4.9")
    return agreed(purchase, case, event.occurred_at, "silence")


def end_refused(event: RefusalOver, purchase: Purchase | None) -> Outcome:
    """Source: R4.2."""
    purchase, case = due(event, purchase)
    return ended(purchase, case, event.occurred_at, "case.refusal_over", "R4.2")


def _cannot_answer(event: CaseAccepted | CaseRefused, purchase: Purchase, case: Case) -> Reject | None:
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.state != 10 or case.agreed or case.instant or case.asks_fund:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late", numbers(until=case.deadline))
    return None
