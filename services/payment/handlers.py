"""Table of contents: each event the payment service takes, what it touches, and what decides."""

from __future__ import annotations

from typing import assert_never

from services.payment import decide
from services.payment.model import ACCOUNT, PAYMENT
from services.payment.store import BREAKS, POSTINGS
from shared.contracts.order import OrderCompleted, OrderPaid, PaymentUnwanted
from shared.contracts.payment import AccountCredited, SettlementDue, StatementDue, SweepDue
from shared.contracts.psp import PayoutFailed, PayoutSucceeded, RefundFailed, RefundSucceeded, StatementLine
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted
from shared.messaging.shape import Plan, Service, given, on
from shared.policy import Policies

Input = (
    OrderPaid
    | PaymentUnwanted
    | OrderCompleted
    | CaseOpened
    | CaseClosed
    | RefundGranted
    | RefundSucceeded
    | RefundFailed
    | SettlementDue
    | AccountCredited
    | SweepDue
    | PayoutSucceeded
    | PayoutFailed
    | StatementLine
    | StatementDue
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case OrderPaid():
            return on(event, decide.fund, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case PaymentUnwanted():
            return on(event, decide.give_back, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case OrderCompleted():
            return on(event, decide.plan, PAYMENT.one(event.order_id))
        case CaseOpened():
            return on(event, decide.hold, PAYMENT.one(event.order_id))
        case CaseClosed():
            return on(event, decide.free, PAYMENT.one(event.order_id))
        case RefundGranted():
            return on(event, decide.grant, PAYMENT.one(event.order_id))
        case RefundSucceeded():
            return on(event, decide.refunded, PAYMENT.one(event.order_id))
        case RefundFailed():
            return on(event, decide.not_paid, PAYMENT.one(event.order_id))
        case SettlementDue():
            return on(event, decide.settle, PAYMENT.one(event.order_id))
        case AccountCredited():
            return on(event, decide.credit, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case SweepDue():
            return on(event, decide.sweep, ACCOUNT.one(event.party))
        case PayoutSucceeded():
            return on(event, decide.paid_out, ACCOUNT.one(event.party))
        case PayoutFailed():
            return on(event, decide.returned, ACCOUNT.one(event.party))
        case StatementLine():
            return on(event, decide.compare, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case StatementDue():
            return on(event, decide.look, PAYMENT.one(event.order_id))
        case _:
            assert_never(event)


SERVICE = Service("payment", Input, handle, (PAYMENT, ACCOUNT), sends=(AccountCredited,), rows=(POSTINGS, BREAKS))
