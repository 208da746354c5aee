"""Table of contents: each event the payment service takes, what it touches, and what decides."""

from __future__ import annotations

from typing import assert_never

from services.payment import decide
from services.payment.metrics import WATCHED
from services.payment.model import ACCOUNT, PAYMENT
from services.payment.store import ATTENTION, BREAKS, POSTINGS
from shared.contracts.chargeback import ChargebackAnswerDue
from shared.contracts.dispute import CaseReopened
from shared.contracts.handling import MoneyHandled, PayoutHandled
from shared.contracts.order import OrderCompleted, OrderPaid, PaymentUnwanted, ShippingLate, ShippingSham, UnitsCancelled
from shared.contracts.owed import CompensationGranted, ReimbursementGranted
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    ClawbackDue,
    CompensationAnswerDue,
    PayoutAnswerDue,
    RefundAnswerDue,
    SettlementDue,
    StatementDue,
    SweepDue,
)
from shared.contracts.psp import (
    ChargebackClosed,
    ChargebackOpened,
    CompensationFailed,
    CompensationSucceeded,
    PayoutFailed,
    PayoutLine,
    PayoutSucceeded,
    PutInLine,
    RefundFailed,
    RefundSucceeded,
    StatementLine,
)
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted
from shared.contracts.seller import DepositToppedUp, PrefundToppedUp, SellerRegistered, WithdrawalRequested
from shared.contracts.stated import PayoutStatementDue, PutInStatementDue
from shared.contracts.subsidy import PrefundReleaseDue, SubsidyCharged, SubsidyReturned
from shared.messaging.shape import Plan, Service, given, on
from shared.policy import Policies

Input = (
    OrderPaid
    | PaymentUnwanted
    | OrderCompleted
    | UnitsCancelled
    | CaseOpened
    | CaseReopened
    | CaseClosed
    | RefundGranted
    | RefundSucceeded
    | RefundFailed
    | RefundAnswerDue
    | ShippingLate
    | ShippingSham
    | CompensationGranted
    | ReimbursementGranted
    | MoneyHandled
    | CompensationSucceeded
    | CompensationFailed
    | CompensationAnswerDue
    | ChargebackOpened
    | ChargebackClosed
    | ChargebackAnswerDue
    | SettlementDue
    | AccountCredited
    | AccountCharged
    | SubsidyCharged
    | SubsidyReturned
    | ClawbackDue
    | PrefundReleaseDue
    | SweepDue
    | PayoutSucceeded
    | PayoutFailed
    | PayoutAnswerDue
    | PayoutHandled
    | SellerRegistered
    | DepositToppedUp
    | PrefundToppedUp
    | WithdrawalRequested
    | StatementLine
    | StatementDue
    | PayoutLine
    | PayoutStatementDue
    | PutInLine
    | PutInStatementDue
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case OrderPaid():
            placed_at = event.placed_at or event.occurred_at
            promised = policy.of_order(event.terms.policy_version, placed_at) or policy.at(placed_at)
            return on(event, decide.fund, PAYMENT.one(event.order_id), given(promised))
        case PaymentUnwanted():
            return on(event, decide.give_back, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case OrderCompleted():
            return on(event, decide.plan, PAYMENT.one(event.order_id))
        case UnitsCancelled():
            return on(event, decide.cancelled, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case CaseOpened() | CaseReopened():
            return on(event, decide.hold, PAYMENT.one(event.order_id))
        case CaseClosed():
            return on(event, decide.free, PAYMENT.one(event.order_id))
        case RefundGranted():
            return on(event, decide.grant, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case RefundSucceeded():
            return on(event, decide.refunded, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case RefundFailed():
            return on(event, decide.not_paid, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case RefundAnswerDue():
            return on(event, decide.unanswered, PAYMENT.one(event.order_id))
        case ReimbursementGranted():
            return on(event, decide.reimburse, PAYMENT.one(event.order_id))
        case MoneyHandled():
            return on(event, decide.handle, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case ShippingLate() | ShippingSham() | CompensationGranted():
            return on(event, decide.compensate, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case CompensationSucceeded():
            return on(event, decide.compensated, PAYMENT.one(event.order_id))
        case CompensationFailed():
            return on(event, decide.uncompensated, PAYMENT.one(event.order_id))
        case CompensationAnswerDue():
            return on(event, decide.compensation_unanswered, PAYMENT.one(event.order_id))
        case ChargebackOpened():
            return on(event, decide.dispute, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case ChargebackClosed():
            return on(event, decide.conclude, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case ChargebackAnswerDue():
            return on(event, decide.undecided, PAYMENT.one(event.order_id))
        case SettlementDue():
            return on(event, decide.settle, PAYMENT.one(event.order_id))
        case AccountCredited():
            return on(event, decide.credit, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case AccountCharged():
            return on(event, decide.charge, ACCOUNT.one(event.party))
        case SubsidyCharged():
            return on(event, decide.draw, ACCOUNT.one(event.party))
        case SubsidyReturned():
            return on(event, decide.restore, ACCOUNT.one(event.party))
        case PrefundReleaseDue():
            return on(event, decide.release, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case ClawbackDue():
            return on(event, decide.try_again, ACCOUNT.one(event.party))
        case SweepDue():
            return on(event, decide.sweep, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case PayoutSucceeded():
            return on(event, decide.paid_out, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case PayoutFailed():
            return on(event, decide.returned, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case PayoutAnswerDue():
            return on(event, decide.payout_unanswered, ACCOUNT.one(event.party))
        case PayoutHandled():
            return on(event, decide.handle_payout, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case SellerRegistered():
            return on(event, decide.register, ACCOUNT.one(event.seller_id))
        case DepositToppedUp():
            return on(event, decide.top_up, ACCOUNT.one(event.seller_id), given(policy.at(event.occurred_at)))
        case PrefundToppedUp():
            return on(event, decide.prefund, ACCOUNT.one(event.promoter_id), given(policy.at(event.occurred_at)))
        case WithdrawalRequested():
            return on(event, decide.withdraw, ACCOUNT.one(event.seller_id), given(policy.at(event.occurred_at)))
        case StatementLine():
            return on(event, decide.compare, PAYMENT.one(event.order_id), given(policy.at(event.occurred_at)))
        case StatementDue():
            return on(event, decide.look, PAYMENT.one(event.order_id))
        case PayoutLine():
            return on(event, decide.compare_payout, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case PayoutStatementDue():
            return on(event, decide.look_payout, ACCOUNT.one(event.party))
        case PutInLine():
            return on(event, decide.compare_put_in, ACCOUNT.one(event.party), given(policy.at(event.occurred_at)))
        case PutInStatementDue():
            return on(event, decide.look_put_in, ACCOUNT.one(event.party))
        case _:
            assert_never(event)


SENDS = (AccountCredited, AccountCharged, SubsidyCharged, SubsidyReturned)
ROWS = (POSTINGS, BREAKS, ATTENTION)
SERVICE = Service("payment", Input, handle, (PAYMENT, ACCOUNT), sends=SENDS, rows=ROWS, watched=(WATCHED,))
