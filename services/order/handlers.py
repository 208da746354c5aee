"""Table of contents: each event the order service takes, what it touches, and what decides."""

from __future__ import annotations

from typing import assert_never

from services.order import decide
from services.order.model import ORDER
from shared.contracts.logistics import ParcelCollected, ParcelLost, ParcelRefused, ParcelShipped, ParcelSigned
from shared.contracts.merchant import SellerCancelled
from shared.contracts.order import ConfirmationDue, PaymentWindowOver, ShippingDue
from shared.contracts.payment import LineSettled
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.ruling import RulingMade
from shared.contracts.storefront import OrderCancelRequested, OrderPlaced, ReceiptConfirmed, ReceiptExtended, VoucherRedeemed
from shared.messaging.shape import Plan, Service, given, on
from shared.policy import Policies

Input = (
    OrderPlaced
    | OrderCancelRequested
    | SellerCancelled
    | PaymentSucceeded
    | ParcelShipped
    | ParcelCollected
    | ParcelSigned
    | ParcelRefused
    | ParcelLost
    | RulingMade
    | ReceiptConfirmed
    | ReceiptExtended
    | VoucherRedeemed
    | CaseOpened
    | CaseClosed
    | LineSettled
    | PaymentWindowOver
    | ShippingDue
    | ConfirmationDue
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case OrderPlaced():
            return on(event, decide.place, ORDER.one(event.order_id), given(policy.at(event.occurred_at)))
        case OrderCancelRequested():
            return on(event, decide.cancel, ORDER.one(event.order_id))
        case SellerCancelled():
            return on(event, decide.give_up, ORDER.one(event.order_id))
        case PaymentSucceeded():
            return on(event, decide.pay, ORDER.one(event.order_id))
        case ParcelShipped():
            return on(event, decide.ship, ORDER.one(event.order_id))
        case ParcelCollected():
            return on(event, decide.collect, ORDER.one(event.order_id))
        case ParcelSigned():
            return on(event, decide.deliver, ORDER.one(event.order_id))
        case ParcelRefused() | ParcelLost():
            return on(event, decide.fail, ORDER.one(event.order_id))
        case RulingMade():
            return on(event, decide.judge, ORDER.one(event.order_id))
        case ReceiptConfirmed():
            return on(event, decide.confirm, ORDER.one(event.order_id))
        case ReceiptExtended():
            return on(event, decide.extend, ORDER.one(event.order_id))
        case VoucherRedeemed():
            return on(event, decide.redeem, ORDER.one(event.order_id))
        case CaseOpened():
            return on(event, decide.hold, ORDER.one(event.order_id))
        case CaseClosed():
            return on(event, decide.free, ORDER.one(event.order_id))
        case LineSettled():
            return on(event, decide.settle, ORDER.one(event.order_id))
        case PaymentWindowOver():
            return on(event, decide.expire, ORDER.one(event.order_id))
        case ShippingDue():
            return on(event, decide.late, ORDER.one(event.order_id))
        case ConfirmationDue():
            return on(event, decide.confirm_by_time, ORDER.one(event.order_id))
        case _:
            assert_never(event)


SERVICE = Service("order", Input, handle, (ORDER,))
