"""Money comes in: into escrow if it was wanted, on its way back if not."""

from __future__ import annotations

from datetime import timedelta

from services.payment import ledger
from services.payment.decide.debits import unwanted_refund
from services.payment.decide.fronting import clawback_days
from services.payment.decide.reconciliation import reconciled
from services.payment.decide.subsidies import subsidies
from services.payment.model import Payment
from services.payment.model.line import funded_by
from shared.contracts.order import OrderPaid, PaymentUnwanted
from shared.contracts.payment import EscrowFunded, RefundInstructed, UnwantedReceived
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


@reconciled
def fund(event: OrderPaid, payment: Payment | None, policy: Policy) -> Outcome:
    """The buyer's money and the subsidies of platform and promoters; a seller's own reduction brings nothing in. Source: R3.2.

    The promoters' accounts are asked for theirs by message: no payment queues behind a promoter. policy: in force when the order was
    placed; what it promises of clawbacks is frozen here. Source: R3.1.
    """
    if payment is not None and payment.payment_id is not None:
        return Reject("escrow.exists")
    entries = [(ledger.CASH, -event.amount_minor), (ledger.escrow(event.order_id), event.amount_minor)]
    for line in event.lines:
        platform, promoter = funded_by(line, "platform"), funded_by(line, "promoter")
        entries += [(ledger.SUBSIDY, -platform), (ledger.escrow(event.order_id), platform)]
        if promoter:
            entries += [(ledger.promoter_subsidy(line.promoter_id), -promoter), (ledger.escrow(event.order_id), promoter)]
    return (
        EscrowFunded(
            order_id=event.order_id,
            payment_id=event.payment_id,
            currency=event.currency,
            lines=event.lines,
            settle_days=event.terms.settle_days,
            settle_days_of=event.terms.settle_days_of,
            zone=event.terms.zone,
            moves=ledger.moves(event.currency, entries),
            clawback=clawback_days(policy),
            statement_days=policy.payment.statement_days,
            buyer_id=event.buyer_id,
            prefunded=True,
            occurred_at=event.occurred_at,
        ),
        *subsidies(event),
    )


@reconciled
def give_back(event: PaymentUnwanted, payment: Payment | None, policy: Policy) -> Outcome:
    """In full and once: the refund's id is spelled from the payment's. policy: in force now; what the order was funded under stays its
    own. Source: R2.2, R2.3, R9.1.
    """
    refund_id = unwanted_refund(event.order_id, event.payment_id)
    if payment is not None and refund_id in payment.refunds:
        return Reject("payment.known")
    funded = payment.statement if payment is not None and payment.lines else None
    entries = [(ledger.CASH, -event.amount_minor), (ledger.unwanted(event.order_id), event.amount_minor)]
    return (
        UnwantedReceived(
            order_id=event.order_id,
            payment_id=event.payment_id,
            refund_id=refund_id,
            currency=event.currency,
            amount_minor=event.amount_minor,
            moves=ledger.certain(ledger.moves(event.currency, entries)),
            statement_days=funded.days if funded else policy.payment.statement_days,
            zone=funded.zone if funded else policy.zone,
            occurred_at=event.occurred_at,
        ),
        RefundInstructed(
            order_id=event.order_id,
            refund_id=refund_id,
            payment_id=event.payment_id,
            currency=event.currency,
            amount_minor=event.amount_minor,
            answer_by=event.occurred_at + timedelta(hours=policy.payment.provider_silent_hours),
            occurred_at=event.occurred_at,
        ),
    )
