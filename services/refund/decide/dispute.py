"""A dispute until it is judged: who raises it, what both sides show, and when the platform's time begins. Source: R4.11, R4.9."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.refund.decide.step import EVIDENCE_MAX, after, as_is, due, illegal, later, said
from services.refund.model import Case, Purchase
from shared.contracts.dispute import CaseDisputed, CaseHeard, EvidenceDue, EvidenceNoted
from shared.contracts.merchant import SellerDisputeRaised, SellerEvidenceSubmitted
from shared.contracts.refund import Side
from shared.contracts.storefront import DisputeRaised, EvidenceSubmitted
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait


def dispute(event: DisputeRaised, purchase: Purchase | None) -> Outcome:
    """The buyer does not accept a refusal, before its days pass. Source: R4.11."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if case.state in (10, 40) and not case.sending:
        return Wait("dispute.before_refusal")
    if case.state != 12:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late", numbers(until=case.deadline))
    return disputed(purchase, case, event.occurred_at, "buyer", "case.disputed_by_buyer", reason=event.reason)


def escalate(event: SellerDisputeRaised, purchase: Purchase | None) -> Outcome:
    """The seller neither agrees nor refuses, while an answer is due: the platform judges. Source: R4.2, R4.8, R4.11."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.state != 10 or case.agreed or case.instant or case.asks_fund:
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Reject("case.too_late", numbers(until=case.deadline))
    return disputed(purchase, case, event.occurred_at, "seller", "case.disputed_by_seller", reason=event.reason)


def show(event: EvidenceSubmitted | SellerEvidenceSubmitted, purchase: Purchase | None) -> Outcome:
    """Either side's, from the opening until the time for evidence is over, if it comes to a dispute. The buyer's first in a claim gives
    the seller the turn. At a deadline or later, what it brings comes first. Source: R4.9, R4.11, R1.2.
    """
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    side: Side = "buyer" if isinstance(event, EvidenceSubmitted) else "seller"
    against = _stranger(event, purchase, case) or _cannot_show(event, case, side)
    if against is not None:
        return against
    common = as_is(purchase, case, event.occurred_at, "R4.9" if case.kind == "claim" else "R4.11", "case.evidence_shown")
    if case.state == 10 and case.turn == "buyer" and side == "buyer":
        until = after(case, event.occurred_at, timedelta(days=purchase.terms.claim_answer_days))
        common = {**common, "turn": "seller", "deadline": until}
    return (EvidenceNoted(**common, side=side, evidence_id=event.evidence_id, note=event.note),)


def hear(event: EvidenceDue, purchase: Purchase | None) -> Outcome:
    """Nothing more is shown; the platform rules within its days. Source: R4.11."""
    purchase, case = due(event, purchase)
    until = later(event.occurred_at, timedelta(days=purchase.terms.ruling_days))
    return (CaseHeard(**said(purchase, case, 20, "platform", until, event.occurred_at, "R4.11", "case.evidence_closed")),)


def disputed(
    purchase: Purchase,
    case: Case,
    at: datetime,
    by: Literal["buyer", "seller", "silence"],
    code: str,
    rule: str = "R4.11",
    reason: str = "",
    claimed: Literal["none", "swapped", "used", "incomplete"] = "none",
) -> tuple[CaseDisputed]:
    """20: both sides have the same hours for evidence, and those of a claim all of the buyer's days."""
    until = shown_until(case, after(case, at, timedelta(hours=purchase.terms.evidence_hours)))
    return (CaseDisputed(**said(purchase, case, 20, "both", until, at, rule, code, reason), by=by, claimed=claimed),)


def shown_until(case: Case, until: datetime) -> datetime:
    """A seller that is quicker than the buyer's evidence does not cut the days that a claim has for it. Source: R4.9."""
    if case.state == 10 and case.turn == "buyer" and case.deadline is not None:
        return max(until, case.deadline)
    return until


def _stranger(event: EvidenceSubmitted | SellerEvidenceSubmitted, purchase: Purchase, case: Case) -> Reject | None:
    if isinstance(event, EvidenceSubmitted):
        return Reject("buyer.differs") if event.buyer_id != purchase.buyer_id else None
    return Reject("seller.differs") if event.seller_id != purchase.line_of(case).answers else None


def _cannot_show(event: EvidenceSubmitted | SellerEvidenceSubmitted, case: Case, side: Side) -> Reject | Wait | None:
    if f"{side}/{event.evidence_id}" in case.evidence:
        return Reject("evidence.known")
    if case.state not in (10, 12, 20, 30, 40) or case.sending:
        return illegal(case)
    if case.state == 20 and (case.turn == "platform" or case.overdue(event.occurred_at)):
        return Reject("evidence.too_late", numbers(until=case.since if case.turn == "platform" else case.deadline))
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    if sum(one.startswith(f"{side}/") for one in case.evidence) >= EVIDENCE_MAX:
        return Reject("evidence.too_many", f"{EVIDENCE_MAX} a side")
    return None
