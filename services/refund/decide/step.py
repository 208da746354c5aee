"""What every step of a case shares: the words that each of its facts says, who may take it, and how the case ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.refund import rules
from services.refund.decide.coupons import restored
from services.refund.model import Card, Case, Purchase, evolve, refund_id_of
from services.refund.rules import Rule
from shared.contracts.exchange import WaybillUsed
from shared.contracts.merchant import ReplacementSent
from shared.contracts.owed import CouponRestored
from shared.contracts.refund import CaseClosed, CaseOutcome, CaseState, CaseTimer, Turn
from shared.contracts.ruling import Fault, Finding
from shared.contracts.storefront import ReturnPosted
from shared.errors import Code
from shared.messaging.shape import Reject

EVIDENCE_MAX = 20  # of one side in one case
FAKES: tuple[Finding, ...] = ("counterfeit", "unsafe_food")


def said(
    purchase: Purchase,
    case: Case,
    state: CaseState,
    turn: Turn,
    deadline: datetime | None,
    at: datetime,
    rule: str,
    code: Code | str = "",
    reason: str = "",
) -> dict[str, Any]:
    """The fields of shared.contracts.refund.CaseFact, and when it happened."""
    return {
        "order_id": purchase.order_id,
        "case_id": case.id,
        "line_no": case.line_no,
        "state": state,
        "turn": turn,
        "deadline": deadline,
        "rule": rule,
        "code": code,
        "reason": reason,
        "occurred_at": at,
    }


def as_is(purchase: Purchase, case: Case, at: datetime, rule: str, code: Code | str, reason: str = "") -> dict[str, Any]:
    """The same for a fact that leaves state, turn and deadline as they are."""
    common = said(purchase, case, case.state, "nobody", case.deadline, at, rule, code, reason)
    return {**common, "turn": case.turn}


def later(at: datetime, span: timedelta) -> datetime:
    """So much time later, in UTC: N d is N x 24 h, also where the sender's clocks change meanwhile. Source: R1.2, R1.3."""
    return at.astimezone(UTC) + span


def after(case: Case, at: datetime, span: timedelta) -> datetime:
    """Nobody's time begins to run before the step that it follows, whatever the sender's clock said."""
    return later(max(at, case.since), span)


def due(event: CaseTimer, purchase: Purchase | None) -> tuple[Purchase, Case]:
    """The engine drops timers that no longer stand, so the case is there and in the timer's state."""
    if purchase is None:
        raise AssertionError(f"{event.type} of an unknown order")
    return purchase, purchase.cases[event.case_id]


def rule_of(case: Case) -> Rule | None:
    """What the case claims; where a ruling gave it another kind, what its ground promises first. None: an old case of no rule of today."""
    return rules.find(case.kind, case.ground) or next((rule for rule in rules.CATALOGUE if rule.ground == case.ground), None)


def fault_of(case: Case, upheld: bool, said: Fault = "nobody", finding: Finding = "none") -> Fault:
    """Whose fault it was: as a person says, and where that names nobody, by the ground of a claim that was upheld; what was found to be no
    genuine goods is the seller's whatever the ground.

    Source: R4.2, R4.9, R4.11, R2.4.
    """
    rule = rule_of(case)
    by_ground = rule is not None and (rule.seller_at_fault or (rule.late_at_fault and case.late))
    return "seller" if said == "nobody" and upheld and (by_ground or finding in FAKES) else said


def card_valid(purchase: Purchase, card: Card | None) -> bool | None:
    """At placement; what became of it later does not count. None: nothing is known of it. Source: R4.1, R4.7."""
    if card is None or purchase.placed_at is None:
        return None
    return card.valid(purchase.buyer_id, purchase.placed_at)


def closed(
    purchase: Purchase,
    case: Case,
    at: datetime,
    state: CaseState,
    code: Code | str,
    rule: str,
    outcome: CaseOutcome,
    reason: str = "",
    bank: int = 0,
    card: Card | None = None,
) -> CaseClosed:
    """60 or 70, with all that the score of both sides is judged by. What was refunded is what was granted, if that is the outcome, but
    for what the buyer has from its bank. card: the order's, of which the news may have come since the buyer applied: whether it was valid
    at placement is the same whenever it is told (R4.1, R4.7).
    """
    refunded = outcome == "refunded"
    fault = case.fault or (fault_of(case, upheld=True) if outcome in ("refunded", "exchanged", "resent") else "")
    return CaseClosed(
        **said(purchase, case, state, "nobody", None, at, rule, code, reason),
        refunded_minor=case.granted_minor - bank if refunded else 0,
        refunded_quantity=case.granted_quantity if refunded else 0,
        seller_at_fault=refunded and fault == "seller",
        kind=case.kind,
        ground=case.ground,
        seller_id=purchase.line_of(case).seller_id,
        buyer_id=purchase.buyer_id,
        outcome=outcome,
        fault=fault,
        fell=case.fell,
        finding=case.finding,
        answer=case.answer,
        ruled=case.ruled,
        funder=case.funder,
        applied_at=case.applied_at,
        given_up=refund_id_of(purchase.order_id, case.id, case.grants) if case.stuck else None,
        promoter_id=purchase.line_of(case).promoter_id,
        answered_at=None if case.reopened else case.answered_at,
        ruled_at=case.ruled_at,
        line_refunded=refunded and case.granted_quantity > 0 and purchase.line_of(case).left == 0,
        bank_minor=bank,
        card=card_valid(purchase, card) if case.card is None else None,
    )


def ended(
    purchase: Purchase, case: Case, at: datetime, code: Code | str, rule: str, outcome: CaseOutcome = "rejected", reason: str = ""
) -> tuple[CaseClosed | CouponRestored, ...]:
    """70: over, and the buyer got nothing by it. A coupon that only waited for that comes back. Source: R4.13."""
    over = closed(purchase, case, at, 70, code, rule, outcome, reason)
    return (over, *restored(evolve(purchase, over), at))


def waybill_used(event: ReturnPosted | ReplacementSent) -> WaybillUsed:
    """No other case uses it again. Source: R4.4."""
    return WaybillUsed(
        order_id=event.order_id, case_id=event.case_id, carrier=event.carrier, waybill=event.waybill, occurred_at=event.occurred_at
    )


def illegal(case: Case) -> Reject:
    """Why a step is refused that the case's state does not allow. Source: R2.1."""
    return Reject("case.closed") if case.ended else Reject("case.wrong_state", f"state {case.state}")
