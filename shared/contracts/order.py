"""Facts of the order service: it alone decides the state of a line."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.topics import ORDER, ORDER_TIMER
from shared.contracts.types import Currency, Id, Line, LineNo, LineParties, Minor, Part, Text, Units
from shared.messaging.message import Message, Topic


class OrderTerms(Part):
    """The policy's values at placement, frozen: later policies change later orders only. Source: R9.1, R2.2, R2.4-R2.6."""

    policy_version: str
    zone: str
    pay_minutes: int
    ship_hours: int
    confirm_signed_days: int
    confirm_check_days: int
    confirm_latest_days: int
    settle_days: int


class OrderAccepted(Message):
    """The order stands; it is to be paid before pay_by. Source: R2.1, R1.5.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.accepted"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    currency: Currency
    lines: tuple[Line, ...]
    due_minor: Minor
    pay_by: AwareDatetime
    terms: OrderTerms


class OrderRejected(Message):
    """The order was understood and is not taken; code is from the catalogue. Source: R2.1, R2.3.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.rejected"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    code: str
    detail: Text = ""


class OrderPaid(Message):
    """Exactly what was due was paid in time. Carries all that escrow and promises need. Source: R2.3.

    Producer: order. Consumers: payment, refund.
    """

    type: ClassVar[str] = "order.paid"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    payment_id: Id
    currency: Currency
    amount_minor: Minor
    lines: tuple[Line, ...]
    terms: OrderTerms


class PaymentUnwanted(Message):
    """Money that counts for nothing and goes back in full, once. Source: R2.2, R2.3.

    Producer: order. Consumers: payment.
    """

    type: ClassVar[str] = "payment.unwanted"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    payment_id: Id
    currency: Currency
    amount_minor: Minor
    reason: Literal["order.closed", "payment.amount_differs", "payment.currency_differs", "payment.late", "payment.second"]


class OrderExpired(Message):
    """Not paid in time. Effective at the deadline itself. Source: R2.2.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.expired"
    topic: ClassVar[Topic] = ORDER

    order_id: Id


class ParcelSent(Message):
    """A parcel of this order is on its way. shipped: lines of which all units are now on their way.

    on_time: within R2.4's hours of payment: this parcel, and every earlier one of the lines in shipped.

    Producer: order. Consumers: trust.
    """

    type: ClassVar[str] = "order.shipped"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    parcel_id: Id
    units: tuple[Units, ...]
    shipped: tuple[LineParties, ...]
    on_time: bool


class ParcelDelivered(Message):
    """A parcel was signed for. delivered: lines of which all parcels are now. Source: R2.5, R1.3.

    signed_at: the latest signature for any of those lines, from which their windows run; carriers may report out of order.
    Producer: order. Consumers: refund.
    """

    type: ClassVar[str] = "order.delivered"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    parcel_id: Id
    delivered: tuple[LineNo, ...]
    signed_at: AwareDatetime


class ShippingLate(Message):
    """These lines of one seller were not shipped in time: the buyer is owed amount_minor by the seller, once. Source: R2.4, R4.12.

    base_minor: what was paid for what was unshipped at the deadline. amount_minor: may be 0.
    Producer: order. Consumers: payment.
    """

    type: ClassVar[str] = "shipping.late"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    seller_id: Id
    compensation_id: Id
    currency: Currency
    line_nos: tuple[LineNo, ...]
    base_minor: Minor
    amount_minor: Minor
    rule: str


class OrderCompleted(Message):
    """These lines are confirmed, by the buyer or by time. Source: R2.5.

    Producer: order. Consumers: payment, trust.
    """

    type: ClassVar[str] = "order.completed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    how: Literal["confirmed", "auto"]
    lines: tuple[LineParties, ...] = Field(min_length=1)


class LineHeld(Message):
    """An after-sale case is open on the line: it is not confirmed by time meanwhile. Source: R2.5.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.held"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    case_id: Id


class LineFreed(Message):
    """The case on the line ended. refunded_quantity, refunded_minor: what was refunded by it.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.freed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    case_id: Id
    refunded_quantity: int = Field(ge=0)
    refunded_minor: Minor


class OrderSettled(Message):
    """The line's money left escrow for good; settled is true once that holds for all lines. Source: R2.1.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.settled"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    order_settled: bool


class PaymentWindowOver(Message):
    """Timer: unpaid until now. Source: R2.2."""

    type: ClassVar[str] = "payment_window.over"
    topic: ClassVar[Topic] = ORDER_TIMER

    order_id: Id


class ConfirmationDue(Message):
    """Timer: the line's receipt is looked at. stage 1: signed by now? 2: look again. 3: in any case. Source: R2.5."""

    type: ClassVar[str] = "confirmation.due"
    topic: ClassVar[Topic] = ORDER_TIMER

    order_id: Id
    line_no: LineNo
    stage: Literal[1, 2, 3]

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.line_no}"
