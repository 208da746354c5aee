"""The buyer's side: asking for money back, and taking that back."""

from __future__ import annotations

from datetime import timedelta

from services.refund import rules
from services.refund.decide.step import ended, illegal, later
from services.refund.model import BoughtLine, Purchase
from services.refund.rules.claim import Claim
from shared.contracts.refund import CaseOpened
from shared.contracts.storefront import RefundRequested, RefundWithdrawn
from shared.messaging.shape import Outcome, Reject, Wait


def request(event: RefundRequested, purchase: Purchase | None) -> Outcome:
    """A case is opened if the certificate promises it and the line has room for it. Source: R4.1-R4.3, R4.5.

    It may overtake order.paid and order.delivered: it waits for either, and is judged by when the buyer applied.
    """
    if purchase is None:
        return Wait("case.before_certificate")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if event.case_id in purchase.cases:
        return Reject("case.known")
    line = purchase.lines.get(event.line_no)
    if line is None:
        return Reject("line.unknown")
    rule = rules.find(event.kind, event.ground)
    if rule is None or rule.name != "no_reason":
        return Reject("not_supported", f"{event.kind} for {event.ground}")
    promised = next(promise for promise in line.promises if promise.guarantee == rule.name)
    claim = Claim(event.occurred_at, line.signed_at, purchase.terms.zone)
    against = _no_room(event, purchase, line) or rule.judge(promised, claim)
    return against or _opened(event, purchase, line, rule.source)


def withdraw(event: RefundWithdrawn, purchase: Purchase | None) -> Outcome:
    """Until money is granted. At a deadline or later, what the deadline brings comes first. Source: R4.2, R1.2."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if case.state not in (10, 12, 30, 40):
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    return ended(purchase, case, event.occurred_at, "case.withdrawn", "R4.2")


def _no_room(event: RefundRequested, purchase: Purchase, line: BoughtLine) -> Reject | Wait | None:
    """One open case per line, so many attempts, and no unit twice. Source: R4.3, R3.5."""
    if line.open_case is not None:
        overdue = purchase.cases[line.open_case].overdue(event.occurred_at)
        return Wait("case.before_deadline") if overdue else Reject("case.line_open", line.open_case)
    if line.attempts >= purchase.terms.attempts_max:
        return Reject("case.attempts_used")
    if line.left == 0:
        return Reject("refund.nothing_left")
    if event.quantity > line.left:
        return Reject("refund.quantity_exceeds", f"{event.quantity} of {line.left}")
    return None


def _opened(event: RefundRequested, purchase: Purchase, line: BoughtLine, source: str) -> Outcome:
    return (
        CaseOpened(
            order_id=event.order_id,
            case_id=event.case_id,
            line_no=event.line_no,
            state=10,
            turn="seller",
            deadline=later(event.occurred_at, timedelta(hours=purchase.terms.answer_hours)),
            rule=source,
            buyer_id=event.buyer_id,
            seller_id=line.seller_id,
            kind=event.kind,
            ground=event.ground,
            quantity=event.quantity,
            occurred_at=event.occurred_at,
        ),
    )
