"""What the buyer is owed for a broken promise: a payout of its own, beside any refund, at the seller's cost. Source: R3.5, R4.12."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.payment import ledger
from services.payment.decide.fronting import charge
from services.payment.decide.reconciliation import reconciled
from services.payment.model import Compensation, Payment
from shared.contracts.order import ShippingLate, ShippingSham
from shared.contracts.owed import CompensationGranted
from shared.contracts.payment import (
    AccountCharged,
    ByHand,
    CompensationAnswerDue,
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    CompensationOverdue,
)
from shared.contracts.psp import CompensationFailed, CompensationSucceeded
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy


@reconciled
def compensate(event: ShippingLate | ShippingSham | CompensationGranted, payment: Payment | None, policy: Policy) -> Outcome:
    """The provider is told first; once per compensation_id, and outside of what refunds may come to. Source: R3.5, R2.4, R4.7, R4.9.

    No facts where what is due came to nothing.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if event.compensation_id in payment.compensations:
        return Reject("compensation.known")
    if event.currency != payment.currency:
        return Reject("compensation.currency_differs", f"{event.currency} instead of {payment.currency}")
    if event.amount_minor == 0:
        return ()
    return (
        CompensationInstructed(
            order_id=payment.id,
            compensation_id=event.compensation_id,
            payee=event.payee if isinstance(event, CompensationGranted) else event.buyer_id,
            payer=event.payer if isinstance(event, CompensationGranted) else event.seller_id,
            currency=event.currency,
            amount_minor=event.amount_minor,
            rule=event.rule,
            payment_id=payment.payment_id,
            answer_by=event.occurred_at + timedelta(hours=policy.payment.provider_silent_hours),
            occurred_at=event.occurred_at,
        ),
    )


@reconciled
def compensated(event: CompensationSucceeded, payment: Payment | None) -> Outcome:
    """The platform has paid it; the payer's account is asked for it: balance, deposit, debt. Said of one that waits for a person, as it
    was not paid, it moves nothing, and who settles that is told of it, once. Source: R3.5.
    """
    known = payment.compensations.get(event.compensation_id) if payment is not None else None
    if known is not None and known.state == "failed" and not known.contradicted:
        return (CompensationContradicted(order_id=event.order_id, compensation_id=event.compensation_id, occurred_at=event.occurred_at),)
    found = _unanswered(payment, event.compensation_id, "done")
    if not isinstance(found, tuple):
        return found
    payment, compensation = found
    return paid(payment, event.compensation_id, compensation, event.occurred_at)


def paid(
    payment: Payment, compensation_id: str, compensation: Compensation, at: datetime, by_hand: ByHand = ""
) -> tuple[CompensationDone, AccountCharged]:
    """The payee has it, and the payer's account is asked for it. by_hand: by a person, after the provider had said no."""
    amount = compensation.amount_minor
    entries = [(ledger.ADVANCE, -amount), (ledger.by_hand(by_hand), amount)]
    done = CompensationDone(
        order_id=payment.id,
        compensation_id=compensation_id,
        payer=compensation.payer,
        amount_minor=amount,
        moves=ledger.certain(ledger.moves(compensation.currency, entries)),
        by_hand=by_hand,
        occurred_at=at,
    )
    return done, charge(payment, compensation.payer, amount, "compensation", compensation_id, at)


@reconciled
def uncompensated(event: CompensationFailed, payment: Payment | None) -> Outcome:
    """Nothing has moved; a person looks at it. Said of one that was paid, who settles that is told of it, once. Source: R3.5."""
    known = payment.compensations.get(event.compensation_id) if payment is not None else None
    what = {"order_id": event.order_id, "compensation_id": event.compensation_id, "reason": event.reason}
    if known is not None and known.state == "done" and not known.by_hand and not known.contradicted:
        return (CompensationContradicted(**what, bounced=True, occurred_at=event.occurred_at),)
    found = _unanswered(payment, event.compensation_id, "failed")
    if not isinstance(found, tuple):
        return found
    return (CompensationNotPaid(**what, occurred_at=event.occurred_at),)


def compensation_unanswered(event: CompensationAnswerDue, payment: Payment | None) -> Outcome:
    """Announced once; a late answer counts. Source: R3.5."""
    return (CompensationOverdue(order_id=event.order_id, compensation_id=event.compensation_id, occurred_at=event.occurred_at),)


def _unanswered(payment: Payment | None, compensation_id: str, said: str) -> tuple[Payment, Compensation] | Reject:
    """said: the state that the answer brings; where it was brought before, this is a copy."""
    compensation = payment.compensations.get(compensation_id) if payment is not None else None
    if payment is None or compensation is None:
        return Reject("compensation.unknown")
    if compensation.state != "instructed":
        before = "failed" if compensation.by_hand else compensation.state  # what the provider had said
        return Reject("compensation.ended" if before == said else "compensation.contradicted")
    return payment, compensation
