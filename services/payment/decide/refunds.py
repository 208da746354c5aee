"""Refunds before settlement: granted, reserved, instructed, then done or not paid. Source: R3.4, R3.5."""

from __future__ import annotations

from datetime import datetime

from services.payment import ledger
from services.payment.decide.reconciliation import reconciled
from services.payment.decide.settlement import Settled, settle_now
from services.payment.model import EscrowLine, Payment, Refund
from services.payment.model.payment import evolve
from shared.contracts.payment import RefundDone, RefundInstructed, RefundNotPaid, RefundRefused, RefundReserved
from shared.contracts.psp import RefundFailed, RefundSucceeded
from shared.contracts.refund import RefundGranted
from shared.contracts.types import Moves
from shared.errors import Code
from shared.messaging.shape import Outcome, Reject, Wait


@reconciled
def grant(event: RefundGranted, payment: Payment | None) -> Outcome:
    """Granted + done stay within what was paid for the line, decided under the order's one lock. Source: R3.5.

    refund.refused with: line.unknown, not_supported (the line is settled), refund.exceeds_paid, refund.quantity_exceeds.
    A refund of 0 (a line that others paid for) needs no provider: reserved and done at once.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if event.refund_id in payment.refunds:
        return Reject("refund.known")
    line = payment.lines.get(event.line_no)
    code = _refusal(event, line, payment.refunds_of(event.line_no))
    if line is None or code is not None:
        refused = code or "line.unknown"
        return (RefundRefused(order_id=payment.id, refund_id=event.refund_id, code=refused, occurred_at=event.occurred_at),)
    reserved = _reserved(event, payment, line)
    if event.amount_minor == 0:
        after = evolve(payment, reserved)
        return reserved, _done(after, event.refund_id, event.occurred_at)
    return (
        reserved,
        RefundInstructed(
            order_id=payment.id,
            refund_id=event.refund_id,
            payment_id=payment.payment_id,
            currency=payment.currency,
            amount_minor=event.amount_minor,
            occurred_at=event.occurred_at,
        ),
    )


@reconciled
def refunded(event: RefundSucceeded, payment: Payment | None) -> Outcome:
    """The reserved money leaves; a settlement that waited for this happens now. Source: R3.5, R2.6."""
    refund = _asked(payment, event.refund_id)
    if payment is None or isinstance(refund, Reject):
        return refund if isinstance(refund, Reject) else Reject("refund.unknown")
    if refund.state != "reserved":
        return Reject("refund.ended" if refund.state == "done" else "refund.contradicted")
    done = _done(payment, event.refund_id, event.occurred_at)
    return (done, *_released(evolve(payment, done), refund, event.occurred_at))


@reconciled
def not_paid(event: RefundFailed, payment: Payment | None) -> Outcome:
    """The reservation is lifted; the money is where it was. Source: R3.5."""
    refund = _asked(payment, event.refund_id)
    if payment is None or isinstance(refund, Reject):
        return refund if isinstance(refund, Reject) else Reject("refund.unknown")
    if refund.state != "reserved":
        return Reject("refund.ended" if refund.state == "failed" else "refund.contradicted")
    failed = RefundNotPaid(
        order_id=payment.id, refund_id=event.refund_id, line_no=refund.line_no, reason=event.reason, occurred_at=event.occurred_at
    )
    return (failed, *_released(evolve(payment, failed), refund, event.occurred_at))


def _asked(payment: Payment | None, refund_id: str) -> Refund | Reject:
    """The refund that was instructed: refused ones never were."""
    refund = payment.refunds.get(refund_id) if payment is not None else None
    return refund if refund is not None and refund.state != "refused" else Reject("refund.unknown")


def _refusal(event: RefundGranted, line: EscrowLine | None, others: list[Refund]) -> Code | None:
    if line is None:
        return "line.unknown"
    if line.settled:
        return "not_supported"
    if event.amount_minor + sum(refund.buyer_minor for refund in others if refund.counts) > line.paid_minor:
        return "refund.exceeds_paid"
    if event.quantity + sum(refund.quantity for refund in others if refund.counts) > line.quantity:
        return "refund.quantity_exceeds"
    return None


def _reserved(event: RefundGranted, payment: Payment, line: EscrowLine) -> RefundReserved:
    others = [refund for refund in payment.refunds_of(event.line_no) if refund.counts]
    units = event.quantity + sum(refund.quantity for refund in others)
    granted = event.amount_minor + sum(refund.buyer_minor for refund in others)
    return RefundReserved(
        order_id=payment.id,
        refund_id=event.refund_id,
        line_no=event.line_no,
        quantity=event.quantity,
        currency=payment.currency,
        buyer_minor=event.amount_minor,
        platform_minor=_funders_part(line.platform_minor, line, units, granted, sum(refund.platform_minor for refund in others)),
        promoter_minor=_funders_part(line.promoter_minor, line, units, granted, sum(refund.promoter_minor for refund in others)),
        occurred_at=event.occurred_at,
    )


def _funders_part(share: int, line: EscrowLine, units: int, granted: int, before: int) -> int:
    """What goes back to a funder of `share`, after `before`, once `units` and `granted` of the line are refunded. Source: R1.4, R3.4.

    By units as long as the buyer got exactly the slices of whole units, else in proportion to the amount; in both ways the
    last refund takes the rest. Never negative, though an earlier refund may have failed between them.
    """
    by_units = granted == line.paid_minor * units // line.quantity
    target = share * units // line.quantity if by_units else share * granted // line.paid_minor
    return max(0, target - before)


def _done(payment: Payment, refund_id: str, at: datetime) -> RefundDone:
    refund = payment.refunds[refund_id]
    return RefundDone(
        order_id=payment.id,
        refund_id=refund_id,
        line_no=refund.line_no,
        amount_minor=refund.buyer_minor,
        moves=_moves(payment, refund),
        occurred_at=at,
    )


def _moves(payment: Payment, refund: Refund) -> Moves | None:
    """The buyer's part to the provider, each subsidy's part to its funder. Source: R3.4."""
    if refund.line_no is None:
        entries = [(ledger.unwanted(payment.id), -refund.buyer_minor), (ledger.CASH, refund.buyer_minor)]
        return ledger.moves(refund.currency, entries)
    total = refund.buyer_minor + refund.platform_minor + refund.promoter_minor
    entries = [(ledger.escrow(payment.id), -total), (ledger.CASH, refund.buyer_minor), (ledger.SUBSIDY, refund.platform_minor)]
    if refund.promoter_minor:
        entries.append((ledger.promoter_subsidy(payment.lines[refund.line_no].promoter_id), refund.promoter_minor))
    return ledger.moves(refund.currency, entries)


def _released(after: Payment, refund: Refund, at: datetime) -> Settled:
    return settle_now(after, refund.line_no, at) if refund.line_no is not None else ()
