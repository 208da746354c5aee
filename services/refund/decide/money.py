"""What became of the money that a case granted. Payment answers only what was granted, so an answer without its grant waits."""

from __future__ import annotations

from services.refund.decide.beside import beside
from services.refund.decide.step import closed, ended, illegal, said
from services.refund.model import Card, Case, Purchase, evolve
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.refund import RefundStuck
from shared.messaging.shape import Outcome, Reject, Wait


def done(event: RefundDone, purchase: Purchase | None, card: Card | None) -> Outcome:
    """60: the buyer has the money, what a bank took of it from there. No facts for money that was unwanted or cancelled, nor for what a
    person settled of that: no case granted it. Source: R3.5, R2.2, R3.8.

    With what the case brings beside its refund: R4.7, R4.9, R4.12, R4.13; to a seller who won on appeal meanwhile, R4.11.
    """
    if event.line_no is None or event.by_hand or _cancelled(purchase, event.refund_id):
        return ()
    found = _executing(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    code, rule = ("case.refunded_beside_bank", "R3.8") if event.bank_minor else ("case.refunded", "R3.5")
    over = closed(purchase, case, event.occurred_at, 60, code, rule, "refunded", bank=event.bank_minor, card=card)
    return (over, *beside(evolve(purchase, over), case.id, event.occurred_at))


def refused(event: RefundRefused, purchase: Purchase | None) -> Outcome:
    """70: payment reserved nothing, for its own reason; the units can be claimed again. No facts for cancelled units. Source: R3.5."""
    if _cancelled(purchase, event.refund_id):
        return ()
    found = _executing(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    return ended(purchase, case, event.occurred_at, event.code, "R3.5")


def not_paid(event: RefundNotPaid, purchase: Purchase | None) -> Outcome:
    """Still 50: the provider did not pay, and a person looks at it: a ruling of the case grants it again or ends it. No facts for money
    that was unwanted or cancelled. Source: R3.5.
    """
    if event.line_no is None or _cancelled(purchase, event.refund_id):
        return ()
    found = _executing(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.stuck:
        return Reject("case.wrong_state", "a person looks at it already")
    common = said(purchase, case, 50, "platform", None, event.occurred_at, "R3.5", "case.refund_failed", event.reason)
    return (RefundStuck(**common, refund_id=event.refund_id),)


def _cancelled(purchase: Purchase | None, refund_id: str) -> bool:
    return purchase is not None and refund_id in purchase.cancelled


def _executing(event: RefundDone | RefundRefused | RefundNotPaid, purchase: Purchase | None) -> tuple[Purchase, Case] | Reject | Wait:
    """The case whose present grant that is. An earlier attempt's answer is out of date; of a later one, it came before its cause."""
    found = purchase.refunded_by(event.refund_id) if purchase else None
    if purchase is None or found is None:
        return Wait("refund.before_grant")
    case, attempt = found
    if case.ended:
        return Reject("case.closed")
    if attempt > case.grants:
        return Wait("refund.before_grant") if case.state in (10, 20, 30, 40, 45, 50) else illegal(case)
    return (purchase, case) if case.state == 50 and attempt == case.grants else illegal(case)
