"""What the refund service does with each event: certificates at payment, cases until they end."""

from __future__ import annotations

from typing import assert_never

from services.refund import decide
from services.refund.model import PURCHASE
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.merchant import CaseAccepted, CaseRefused, ReturnConfirmed
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.refund import AnswerDue, InspectionDue, PostingDue, RefusalOver
from shared.contracts.storefront import RefundRequested, RefundWithdrawn, ReturnPosted
from shared.messaging.shape import Plan, Service, given, on
from shared.policy import Policies

Input = (
    OrderPaid
    | ParcelDelivered
    | UnitsCancelled
    | RefundRequested
    | ShipmentHoldGranted
    | ShipmentHoldRefused
    | RefundWithdrawn
    | CaseAccepted
    | CaseRefused
    | AnswerDue
    | RefusalOver
    | ReturnPosted
    | PostingDue
    | ReturnConfirmed
    | InspectionDue
    | RefundDone
    | RefundRefused
    | RefundNotPaid
)


def handle(event: Input, policy: Policies) -> Plan:
    purchase = PURCHASE.one(event.order_id)
    match event:
        case OrderPaid():
            return on(event, decide.issue, purchase, given(policy.named(event.terms.policy_version)))
        case ParcelDelivered():
            return on(event, decide.open_windows, purchase)
        case UnitsCancelled():
            return on(event, decide.reduce, purchase)
        case RefundRequested():
            return on(event, decide.request, purchase)
        case ShipmentHoldGranted():
            return on(event, decide.allowed, purchase)
        case ShipmentHoldRefused():
            return on(event, decide.forbidden, purchase)
        case RefundWithdrawn():
            return on(event, decide.withdraw, purchase)
        case CaseAccepted():
            return on(event, decide.accept, purchase)
        case CaseRefused():
            return on(event, decide.refuse, purchase)
        case AnswerDue():
            return on(event, decide.silent, purchase)
        case RefusalOver():
            return on(event, decide.end_refused, purchase)
        case ReturnPosted():
            return on(event, decide.post, purchase)
        case PostingDue():
            return on(event, decide.unposted, purchase)
        case ReturnConfirmed():
            return on(event, decide.inspect, purchase)
        case InspectionDue():
            return on(event, decide.uninspected, purchase)
        case RefundDone():
            return on(event, decide.done, purchase)
        case RefundRefused():
            return on(event, decide.refused, purchase)
        case RefundNotPaid():
            return on(event, decide.not_paid, purchase)
        case _:
            assert_never(event)


SERVICE = Service("refund", Input, handle, (PURCHASE,))
