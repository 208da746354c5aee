"""Table of contents: each event the order service takes, what it touches, and what decides."""

from __future__ import annotations

from typing import assert_never

from services.order import decide
from services.order.model import ORDER
from shared.contracts.logistics import ParcelShipped, ParcelSigned
from shared.contracts.order import ConfirmationDue, PaymentWindowOver
from shared.contracts.payment import LineSettled
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.storefront import OrderPlaced, ReceiptConfirmed
from shared.messaging.shape import Plan, Service, given, on
from shared.policy import Policies

Input = (
    OrderPlaced
    | PaymentSucceeded
    | ParcelShipped
    | ParcelSigned
    | ReceiptConfirmed
    | CaseOpened
    | CaseClosed
    | LineSettled
    | PaymentWindowOver
    | ConfirmationDue
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case OrderPlaced():
            return on(event, decide.place, ORDER.one(event.order_id), given(policy.at(event.occurred_at)))
        case PaymentSucceeded():
            return on(event, decide.pay, ORDER.one(event.order_id))
        case ParcelShipped():
            return on(event, decide.ship, ORDER.one(event.order_id))
        case ParcelSigned():
            return on(event, decide.deliver, ORDER.one(event.order_id))
        case ReceiptConfirmed():
            return on(event, decide.confirm, ORDER.one(event.order_id))
        case CaseOpened():
            return on(event, decide.hold, ORDER.one(event.order_id))
        case CaseClosed():
            return on(event, decide.free, ORDER.one(event.order_id))
        case LineSettled():
            return on(event, decide.settle, ORDER.one(event.order_id))
        case PaymentWindowOver():
            return on(event, decide.expire, ORDER.one(event.order_id))
        case ConfirmationDue():
            return on(event, decide.confirm_by_time, ORDER.one(event.order_id))
        case _:
            assert_never(event)


SERVICE = Service("order", Input, handle, (ORDER,))
