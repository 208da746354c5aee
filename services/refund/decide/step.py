"""What every step of a case shares: the words that each of its facts says, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.refund.model import Case, Purchase, refund_id_of
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
    """50: the accepted units' share of what was paid, behind the units refunded before; at most the promise. Source: R1.4, R4.4."""
    line = purchase.line_of(case)
    promised = next(promise for promise in line.promises if promise.guarantee == case.ground)
    share = unit_slice(line.paid_minor, line.quantity, line.granted_quantity, quantity)
    return (
        RefundGranted(
            **said(purchase, case, 50, "provider", None, at, "R4.4"),
            refund_id=refund_id_of(purchase.order_id, case.id),
            quantity=quantity,
            amount_minor=min(share, promised.cap_minor - line.granted_minor),
            by=by,
            applied_at=case.applied_at,
        ),
    )


def illegal(case: Case) -> Reject:
    """Why a step is refused that the case's state does not allow. Source: R2.1."""
    return Reject("case.closed") if case.ended else Reject("case.wrong_state", f"state {case.state}")
