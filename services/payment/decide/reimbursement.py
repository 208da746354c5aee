"""A seller that won on appeal: the platform pays it what the case cost it; the buyer keeps what it has. Source: R4.11."""

from __future__ import annotations

import uuid
from datetime import datetime

from services.payment import ledger
from services.payment.decide.failed import instead
from services.payment.model import Compensation, Payment, Refund
from services.payment.model.reimbursement import Outstanding
from shared.contracts.owed import ReimbursementGranted, ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import AccountCredited
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import basis_points

LATER = uuid.UUID("9e2c7d14-3b60-5f8e-8c41-5a7d0e9b6f23")  # namespace of the reimbursement ids of what was settled by hand later


def reimburse(event: ReimbursementGranted, payment: Payment | None) -> Outcome:
    """Once per reimbursement_id, from the guarantee fund into the seller's balance. What the provider has not answered yet is waited
    for; what it did not pay cost nothing, until a person settles it by hand (`made_good`). No facts where nothing can. Source: R4.11.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if event.reimbursement_id in (*payment.reimbursements, *(one.reimbursement_id for one in payment.outstanding.values())):
        return Reject("reimbursement.known")
    if event.line_no not in payment.lines:
        return Reject("line.unknown")
    refund = _as_settled(payment, event.refund_id or "")
    compensations = {name: payment.compensations.get(name) for name in event.compensation_ids}
    under_way = refund is not None and refund.state in ("held", "reserved")
    if under_way or (event.refund_id is not None and refund is None):
        return Wait("reimbursement.before_answer")
    if any(one is None or one.state == "instructed" for one in compensations.values()):
        return Wait("reimbursement.before_answer")
    refund_minor = cost(payment, refund) if refund is not None and refund.state == "done" else 0
    compensations_minor = sum(one.amount_minor for one in compensations.values() if one is not None and one.state == "done")
    to = Outstanding(event.reimbursement_id, event.case_id, event.line_no, event.seller_id)
    paid = _reimbursed(payment, event.reimbursement_id, to, refund_minor, compensations_minor, event.occurred_at)
    return (*_outstanding(event, refund, compensations), *paid)


def made_good(
    payment: Payment, item_id: str, at: datetime, *, refund_minor: int = 0, compensations_minor: int = 0
) -> tuple[SellerReimbursed | AccountCredited, ...]:
    """What a person settled by hand, of a case that its seller had won on appeal before. Source: R4.11, R3.5."""
    to = payment.outstanding.get(item_id)
    if to is None:
        return ()
    again = str(uuid.uuid5(LATER, f"{to.reimbursement_id}|{item_id}"))
    return _reimbursed(payment, again, to, refund_minor, compensations_minor, at, to.reimbursement_id)


def _as_settled(payment: Payment, refund_id: str) -> Refund | None:
    """What a person settled by hand in its place, if one did."""
    return payment.refunds.get(instead(payment, refund_id)) or payment.refunds.get(refund_id)


def _outstanding(
    event: ReimbursementGranted, refund: Refund | None, compensations: dict[str, Compensation | None]
) -> tuple[ReimbursementOutstanding, ...]:
    """What still waits for a person."""
    refund_id = event.refund_id if refund is not None and refund.waits else None
    names = tuple(name for name, one in compensations.items() if one is not None and one.state == "failed")
    if refund_id is None and not names:
        return ()
    return (
        ReimbursementOutstanding(
            order_id=event.order_id,
            case_id=event.case_id,
            line_no=event.line_no,
            reimbursement_id=event.reimbursement_id,
            seller_id=event.seller_id,
            refund_id=refund_id,
            compensation_ids=names,
            occurred_at=event.occurred_at,
        ),
    )


def cost(payment: Payment, refund: Refund) -> int:
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


def _reimbursed(
    payment: Payment,
    reimbursement_id: str,
    to: Outstanding,
    refund_minor: int,
    compensations_minor: int,
    at: datetime,
    granted_as: str | None = None,
) -> tuple[SellerReimbursed | AccountCredited, ...]:
    amount = refund_minor + compensations_minor
    if not amount:
        return ()
    entries = [(ledger.GUARANTEE_FUND, -amount), (ledger.balance(to.seller_id), amount)]
    return (
        SellerReimbursed(
            order_id=payment.id,
            case_id=to.case_id,
            line_no=to.line_no,
            reimbursement_id=reimbursement_id,
            seller_id=to.seller_id,
            refund_minor=refund_minor,
            compensations_minor=compensations_minor,
            moves=ledger.certain(ledger.moves(payment.currency, entries)),
            granted_as=granted_as,
            occurred_at=at,
        ),
        AccountCredited(
            party=to.seller_id,
            currency=payment.currency,
            amount_minor=amount,
            order_id=payment.id,
            line_no=to.line_no,
            zone=payment.zone,
            occurred_at=at,
        ),
    )
