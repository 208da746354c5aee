"""A seller that won on appeal: the platform pays it what the case cost it; the buyer keeps what it has. Source: R4.11."""

from __future__ import annotations

from services.payment import ledger
from services.payment.model import Payment, Refund
from shared.contracts.owed import ReimbursementGranted, SellerReimbursed
from shared.contracts.payment import AccountCredited
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import basis_points


def reimburse(event: ReimbursementGranted, payment: Payment | None) -> Outcome:
    """Once per reimbursement_id, from the guarantee fund into the seller's balance. What the provider has not answered yet is waited
    for; what it did not pay cost nothing. No facts where nothing did. Source: R4.11.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if event.reimbursement_id in payment.reimbursements:
        return Reject("reimbursement.known")
    if event.line_no not in payment.lines:
        return Reject("line.unknown")
    refund = payment.refunds.get(event.refund_id or "")
    compensations = [payment.compensations.get(name) for name in event.compensation_ids]
    under_way = refund is not None and refund.state in ("held", "reserved")
    if under_way or (event.refund_id is not None and refund is None):
        return Wait("reimbursement.before_answer")
    if any(one is None or one.state == "instructed" for one in compensations):
        return Wait("reimbursement.before_answer")
    refund_minor = _cost(payment, refund) if refund is not None and refund.state == "done" else 0
    compensations_minor = sum(one.amount_minor for one in compensations if one is not None and one.state == "done")
    return _reimbursed(event, payment, refund_minor, compensations_minor)


def _cost(payment: Payment, refund: Refund) -> int:
    """What the seller bears of a refund: of a settled line, what it was charged; before that, what its settlement is less by, or nothing
    where commission and fee, both floored, are less by more; of one that the platform's fund paid, nothing. Source: R3.4, R3.6, R4.6.
    """
    if refund.line_no is None or refund.funder == "platform":
        return 0
    total = refund.drawn_minor + refund.platform_minor + refund.promoter_minor
    if refund.fronted:
        return total - (refund.commission_minor + refund.fee_minor if refund.clawback else 0)
    line = payment.lines[refund.line_no]
    out = [one for one in payment.drawn_of(refund.line_no) if one.state == "done" and not one.fronted]
    kept = line.paid_minor - sum(one.drawn_minor for one in out)
    spared = (basis_points(kept + refund.drawn_minor, points) - basis_points(kept, points) for points in (line.commission_bp, line.fee_bp))
    return max(0, total - sum(spared))


def _reimbursed(event: ReimbursementGranted, payment: Payment, refund_minor: int, compensations_minor: int) -> Outcome:
    amount = refund_minor + compensations_minor
    if not amount:
        return ()
    entries = [(ledger.GUARANTEE_FUND, -amount), (ledger.balance(event.seller_id), amount)]
    return (
        SellerReimbursed(
            order_id=payment.id,
            case_id=event.case_id,
            line_no=event.line_no,
            reimbursement_id=event.reimbursement_id,
            seller_id=event.seller_id,
            refund_minor=refund_minor,
            compensations_minor=compensations_minor,
            moves=ledger.certain(ledger.moves(payment.currency, entries)),
            occurred_at=event.occurred_at,
        ),
        AccountCredited(
            party=event.seller_id,
            currency=payment.currency,
            amount_minor=amount,
            order_id=payment.id,
            line_no=event.line_no,
            zone=payment.zone,
            occurred_at=event.occurred_at,
        ),
    )
