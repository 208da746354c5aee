"""What every step of a case shares: the words that each of its facts says, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.refund.model import Case, Purchase, refund_id_of
from services.refund.rules import freight
from shared.contracts.refund import CaseClosed, CaseState, RefundGranted, Turn
from shared.errors import Code
from shared.messaging.shape import Outcome, Reject
from shared.money import unit_slice


def said(
    purchase: Purchase, case: Case, state: CaseState, turn: Turn, deadline: datetime | None, at: datetime, rule: str
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
        "occurred_at": at,
    }


def later(at: datetime, span: timedelta) -> datetime:
    """So much time later, in UTC: N d is N x 24 h, also where the sender's clocks change meanwhile. Source: R1.2, R1.3."""
    return at.astimezone(UTC) + span


def ended(purchase: Purchase, case: Case, at: datetime, code: Code | str, rule: str) -> Outcome:
    """70: over, and the buyer got nothing by it."""
    common = said(purchase, case, 70, "nobody", None, at, rule)
    return (CaseClosed(**common, code=code, refunded_minor=0, refunded_quantity=0),)


def granted(purchase: Purchase, case: Case, quantity: int, at: datetime, by: Literal["seller", "silence"]) -> Outcome:
    """50: the accepted units' share of what was paid, behind the units refunded before; at most the promise, less waived freight that
    the buyer's change of mind makes due. Source: R1.4, R4.4, R3.10.
    """
    line = purchase.line_of(case)
    promised = next(promise for promise in line.promises if promise.guarantee == case.ground)
    share = min(unit_slice(line.paid_minor, line.quantity, line.granted_quantity, quantity), promised.cap_minor - line.granted_minor)
    waived = _waived_freight(purchase, case, quantity, share)
    return (
        RefundGranted(
            **said(purchase, case, 50, "provider", None, at, "R4.4"),
            refund_id=refund_id_of(purchase.order_id, case.id),
            quantity=quantity,
            amount_minor=share - waived,
            by=by,
            freight_minor=waived,
            applied_at=case.applied_at,
        ),
    )


def _waived_freight(purchase: Purchase, case: Case, quantity: int, refund_minor: int) -> int:
    """Once a seller. What is kept is counted by units, those of other open cases included."""
    seller_id = purchase.line_of(case).seller_id
    if case.ground != "no_reason" or seller_id in purchase.deducted:
        return 0
    kept = 0
    for line_no, line in purchase.lines.items():
        if line.seller_id == seller_id and line.kind == "goods":
            gone = line.granted_quantity + (quantity if line_no == case.line_no else 0)
            kept += line.paid_minor - line.paid_minor * gone // line.quantity
    promised = next((one for one in purchase.free_shipping if one.seller_id == seller_id), None)
    return freight.waived(promised, kept, refund_minor)


def illegal(case: Case) -> Reject:
    """Why a step is refused that the case's state does not allow. Source: R2.1."""
    return Reject("case.closed") if case.ended else Reject("case.wrong_state", f"state {case.state}")
