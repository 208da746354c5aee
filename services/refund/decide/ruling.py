"""What the platform ruled, or did not in time: the case goes its way, and who lost may appeal once. Source: R4.11, R3.5, R4.9."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.refund.decide.appeal import judge_appeal
from services.refund.decide.first_order import approve
from services.refund.decide.follow import Facts, agreed, granted
from services.refund.decide.step import due, ended, fault_of, illegal, later, said
from services.refund.model import Case, Purchase, evolve
from shared.contracts.dispute import CaseRuled, RulingDue
from shared.contracts.ruling import Fault, Finding, RulingMade
from shared.contracts.storefront import CaseKind
from shared.messaging.shape import Outcome, Reject, Wait


def rule(event: RulingMade, purchase: Purchase | None) -> Outcome:
    """Of a dispute, an appeal, a refund that the provider failed, or one that the platform's fund does not pay by itself.

    Source: R4.11, R4.6.
    """
    case = purchase.cases.get(event.case_id or "") if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.ruling_id in case.rulings:
        return Reject("ruling.known")
    against = _exceeds(event, purchase, case)
    if against is not None:
        return against
    if event.matter == "appeal":
        return judge_appeal(event, purchase, case)
    if case.asks_fund:
        return approve(event, purchase, case)
    return _after_failure(event, purchase, case) if case.stuck else _judge(event, purchase, case)


def unruled(event: RulingDue, purchase: Purchase | None) -> Outcome:
    """The platform did not rule in time: for the buyer. Source: R4.11."""
    purchase, case = due(event, purchase)
    fault = fault_of(case, upheld=True)
    ruled = _ruled(purchase, case, event.occurred_at, "default", None, True, fault, case.kind, case.quantity, case.amount_minor)
    return _follows(purchase, ruled)


def _judge(event: RulingMade, purchase: Purchase, case: Case) -> Outcome:
    """Not before both sides had their hours, and before the platform's days pass."""
    if case.state in (10, 12, 30, 40, 50) and not case.ruled:
        return Wait("ruling.before_dispute")
    if case.state != 20:
        return illegal(case)
    if case.turn == "both":
        return Wait("case.before_deadline") if case.overdue(event.occurred_at) else Reject("ruling.too_early")
    if event.occurred_at < case.since:  # sent again once the hours were over, it was made before they were
        return Reject("ruling.too_early")
    if case.overdue(event.occurred_at):
        return Reject("ruling.too_late")
    kind, quantity, amount = case.kind, case.quantity, case.amount_minor
    if event.upheld:  # else the claim stays what it was: an appeal is of all of it
        kind = kind if event.remedy == "as_claimed" else event.remedy
        quantity, amount = event.quantity or quantity, amount if event.amount_minor is None else event.amount_minor
    fault = fault_of(case, event.upheld, event.fault, event.finding)
    ruled = _ruled(
        purchase, case, event.occurred_at, "ruling", event.ruling_id, event.upheld, fault, kind, quantity, amount, event.finding,
        event.appraisal_minor, event.reason,
    )  # fmt: skip
    return _follows(purchase, ruled)


def _follows(purchase: Purchase, ruled: CaseRuled) -> Facts:
    after = evolve(purchase, ruled)
    case = after.cases[ruled.case_id]
    if not ruled.upheld:
        return (ruled, *ended(after, case, ruled.occurred_at, "case.ruled_for_seller", "R4.11"))
    return (ruled, *agreed(after, case, ruled.occurred_at, ruled.by))


def _after_failure(event: RulingMade, purchase: Purchase, case: Case) -> Outcome:
    """Upheld: granted again under the next id. Else given up. It is no dispute, so nobody lost and nobody appeals. Source: R3.5."""
    if event.finding not in ("none", case.finding):
        return Reject("ruling.finds_unheard", event.finding)
    ruled = CaseRuled(
        **said(purchase, case, 50, "platform", None, event.occurred_at, "R3.5", "case.refund_failed", event.reason),
        by="ruling",
        ruling_id=event.ruling_id,
        upheld=event.upheld,
        kind=case.kind,
        quantity=case.quantity,
        amount_minor=case.amount_minor,
        fault=case.fault or fault_of(case, upheld=True),
        finding=case.finding,
        appraisal_minor=case.appraisal_minor,
        appeal_until=None,
    )
    after = evolve(purchase, ruled)
    case = after.cases[case.id]
    if event.upheld:
        return (ruled, *granted(after, case, case.granted_quantity, event.occurred_at, "ruling", "case.granted_again", "R3.5"))
    return (ruled, *ended(after, case, event.occurred_at, "case.refund_given_up", "R3.5"))


def _exceeds(event: RulingMade, purchase: Purchase, case: Case) -> Reject | None:
    """A ruling gives no more than was claimed, and no more than the line has. Source: R3.5, R1.4."""
    if event.quantity is not None and event.quantity > case.quantity:
        return Reject("ruling.exceeds_claim", f"{event.quantity} units of {case.quantity}")
    if event.amount_minor is not None and event.amount_minor > purchase.line_of(case).paid_minor:
        return Reject("ruling.exceeds_claim", f"{event.amount_minor} of {purchase.line_of(case).paid_minor}")
    return None


def _ruled(
    purchase: Purchase,
    case: Case,
    at: datetime,
    by: Literal["ruling", "default"],
    ruling_id: str | None,
    upheld: bool,
    fault: Fault,
    kind: CaseKind,
    quantity: int,
    amount_minor: int | None,
    finding: Finding = "none",
    appraisal_minor: int = 0,
    reason: str = "",
) -> CaseRuled:
    code = "case.default_judgment" if by == "default" else "case.ruled_for_buyer" if upheld else "case.ruled_for_seller"
    return CaseRuled(
        **said(purchase, case, 20, "nobody", None, at, "R4.11", code, reason),
        by=by,
        ruling_id=ruling_id,
        upheld=upheld,
        kind=kind,
        quantity=quantity,
        amount_minor=amount_minor,
        fault=fault,
        finding=finding,
        appraisal_minor=appraisal_minor,
        appeal_until=later(at, timedelta(days=purchase.terms.appeal_days)),
        seller_id=purchase.line_of(case).seller_id,
        buyer_id=purchase.buyer_id,
        promoter_id=purchase.line_of(case).promoter_id,
        found_before=case.found_before,
        again=case.appeal is not None,
    )
