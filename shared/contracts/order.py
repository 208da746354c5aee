"""Facts of the order service: it alone decides the state of a line."""

from operator import not_
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.topics import ORDER, ORDER_TIMER
from shared.contracts.types import (
    BasisPoints,
    Coupon,
    Currency,
    FreeShipping,
    Id,
    Line,
    LineNo,
    LineParties,
    Minor,
    Part,
    Quantity,
    SettleDays,
    Text,
    Units,
)
from shared.messaging.message import Message, Topic

Party = Literal["buyer", "seller", "platform"]


class Penalty(Part):
    """What a broken promise costs: basis points of what was paid, within bounds in the order's minor units. Source: R2.4."""

    bp: BasisPoints
    min_minor: Minor
    max_minor: Minor


class OrderTerms(Part):
    """The policy's values at placement, frozen: later policies change later orders only. Source: R9.1, R2.2, R2.4-R2.6.

    ship_hours_24h: of lines with the tag ship_24h. late, sham None: nothing was promised. settle_days_of: of sellers whose tier was
    known at placement, in place of settle_days.
    """

    policy_version: str
    zone: str
    pay_minutes: int
    ship_hours: int
    confirm_signed_days: int
    confirm_check_days: int
    confirm_latest_days: int
    settle_days: int
    ship_hours_24h: int | None = None
    late: Penalty | None = None
    sham: Penalty | None = None
    collect_hours: int | None = None
    extend_days: int = 0
    settle_days_of: tuple[SettleDays, ...] = ()


class OrderAccepted(Message):
    """The order stands; it is to be paid before pay_by. Source: R2.1, R1.5.

    placed_at None: as occurred_at. trust_card_id, coupons: as placed.
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
    free_shipping: tuple[FreeShipping, ...] = ()
    trust_card_id: Id | None = None
    placed_at: AwareDatetime | None = None
    coupons: tuple[Coupon, ...] = ()


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
    """Exactly what was due was paid in time. Carries all that escrow and promises need. Source: R2.3, R4.1.

    placed_at: what is promised is judged by then; None, it was not kept. trust_card_id, coupons: as placed.
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
    free_shipping: tuple[FreeShipping, ...] = ()
    trust_card_id: Id | None = None
    placed_at: AwareDatetime | None = None
    coupons: tuple[Coupon, ...] = ()


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


class OrderCancelled(Message):
    """An unpaid order will not be paid any more: it is one checkout and falls as a whole. Source: R2.1.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.cancelled"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    by: Party
    reason: Text = ""


class CancelledUnits(Part):
    """Units of a paid line that will not be sent. amount_minor: their share of what was paid, which goes back as refund_id (R1.4)."""

    line_no: LineNo
    seller_id: Id
    promoter_id: Id | None
    quantity: Quantity
    refund_id: Id
    amount_minor: Minor


class UnitsCancelled(Message):
    """Units of a paid order will not be sent; what was paid for them goes back. Source: R2.1, R3.10.

    A seller's freight goes with the last of its units if nothing of it was sent, or if the seller was at fault: then also after it was
    confirmed or settled. cancel_id: of the request; None, nobody asked, it is freight that nothing is left for. order_cancelled: nothing
    else is left of the order. applied_at: when the buyer applied for what it follows from; None: it follows from no case. Source: R3.6.
    gifts: lines whose units of a campaign nobody waits for any more, as all of their line went back (R2.7, R4.5); else left out.
    at_fault: of freight that would have stayed, as something was sent, the cases whose fault brings it back (R3.10); else left out.
    Producer: order. Consumers: payment, refund.
    """

    type: ClassVar[str] = "units.cancelled"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    by: Party
    cancel_id: Id | None
    lines: tuple[CancelledUnits, ...] = Field(min_length=1)
    order_cancelled: bool
    reason: Text = ""
    applied_at: AwareDatetime | None = None
    gifts: Annotated[tuple[LineNo, ...] | None, Field(exclude_if=lambda value: value is None)] = None
    at_fault: Annotated[tuple[Id, ...] | None, Field(exclude_if=lambda value: value is None)] = None


class ParcelTaken(Message):
    """The carrier has the parcel in hand. Source: R2.4.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "parcel.taken"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    parcel_id: Id


class ParcelFailed(Message):
    """The parcel will not arrive; its units have not been sent any more: they can be sent again, or cancelled. Source: R2.5.

    replacement: of what a case sent in place of the first; units is empty where the first ones had arrived (R4.10).
    Producer: order. Consumers: refund.
    """

    type: ClassVar[str] = "parcel.failed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    parcel_id: Id
    how: Literal["refused", "lost"]
    units: tuple[Units, ...]
    replacement: bool = False


class ReplacementNoted(Message):
    """A parcel with other goods left for a case; its line is confirmed by time from now on anew. Source: R4.10.

    units_sent: how many of the line's own units are in it, because those sent before did not arrive; 0: it comes on top of them.
    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "replacement.noted"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    case_id: Id
    parcel_id: Id
    units_sent: int = Field(ge=0)


class BrokenPromise(Message):
    """What the facts of a broken shipping promise share. base_minor: what was paid for the units that it is about."""

    order_id: Id
    buyer_id: Id
    seller_id: Id
    compensation_id: Id
    currency: Currency
    line_nos: tuple[LineNo, ...]
    base_minor: Minor
    amount_minor: Minor
    rule: str


class ShippingLate(BrokenPromise):
    """Units of a seller were not sent in time: the buyer is due this, once, from the seller. Source: R2.4, R4.12.

    hours: what was promised, from payment. line_nos: lines with units unsent at the deadline, but for those that a case or the dispute of
    the buyer's bank held then. base_minor: what was paid for those units. amount_minor: may be 0 where an earlier deadline of the same
    order and seller came to the highest amount.
    Producer: order. Consumers: payment, trust.
    """

    type: ClassVar[str] = "shipping.late"
    topic: ClassVar[Topic] = ORDER

    hours: int


class ShippingSham(BrokenPromise):
    """A waybill was a pretence, upheld by a ruling: the buyer is due this, in place of what lateness came to. Source: R2.4.

    amount_minor: beyond what lateness and earlier pretences came to already. reason: what who ruled wrote; left out where that is nothing.
    Producer: order. Consumers: payment, trust.
    """

    type: ClassVar[str] = "shipping.sham"
    topic: ClassVar[Topic] = ORDER

    parcel_id: Id
    ruling_id: Id
    reason: Annotated[Text, Field(exclude_if=not_)] = ""


class RulingNoted(Message):
    """A ruling that changes nothing here: the claim was not upheld. reason: as in shipping.sham. Source: R2.4.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "ruling.noted"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    parcel_id: Id
    ruling_id: Id
    reason: Annotated[Text, Field(exclude_if=not_)] = ""


class ConfirmationExtended(Message):
    """The buyer has so many more days for these lines. Source: R2.5.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "confirmation.extended"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_nos: tuple[LineNo, ...] = Field(min_length=1)
    days: int


class LineRedeemed(Message):
    """Units of a virtual line were used. Source: R2.5.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.redeemed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    redemption_id: Id
    quantity: Quantity


class ParcelSent(Message):
    """A parcel of this order is on its way. shipped: lines of which all units are now on their way.

    on_time: within R2.4's hours of payment: this parcel, and every earlier one of the lines in shipped.

    Producer: order. Consumers: trust, refund.
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
    """A parcel was signed for. delivered: lines of which all parcels are now. It is told again, by a line's last parcel, when what was
    missing of that line is waited for no more: cancelled, refunded, or lost and paid back. Source: R2.5, R1.3.

    signed_at: the latest signature for any of those lines, from which their windows run; carriers may report out of order.
    part_of: lines of which this is a part and others are awaited; left out where it is of none. replacement: of what a case sent in place
    of the first (R4.10); trust_card_id: then, the card with which the order came, if any; else left out (R4.7).
    Producer: order. Consumers: refund.
    """

    type: ClassVar[str] = "order.delivered"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    parcel_id: Id
    delivered: tuple[LineNo, ...]
    signed_at: AwareDatetime
    part_of: Annotated[tuple[LineNo, ...], Field(exclude_if=not_)] = ()
    replacement: bool = False
    trust_card_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class OrderCompleted(Message):
    """These lines are confirmed, by the buyer, by time, or by having been used. A seller's freight comes with its last line. Source: R2.5.

    all_signed True: the buyer confirmed all that was signed for by then while the rest was under way; of that what turns out to have been
    signed for by then as well is confirmed as of then. Else left out.
    Producer: order. Consumers: payment, trust.
    """

    type: ClassVar[str] = "order.completed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    how: Literal["confirmed", "auto", "redeemed"]
    lines: tuple[LineParties, ...] = Field(min_length=1)
    all_signed: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


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
    """The case on the line ended. refunded_quantity, refunded_minor: what was refunded by it out of the line's money (R4.6), with what
    the buyer has of it from its bank instead (R3.8). seller_at_fault: and the seller was to blame for that: its freight goes back with
    the last of its lines (R3.10). without_return: those units are not to come back, nor to leave again if they are lost on their way
    (R4.8); False: they came back, so that as many had left, as far as there were (R4.4); None: there are none, or it was told before.
    gifts: lines whose units of a campaign nobody waits for any more, as all of their line went back (R2.7, R4.5); else left out.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.freed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    line_no: LineNo
    case_id: Id
    refunded_quantity: int = Field(ge=0)
    refunded_minor: Minor
    seller_at_fault: bool = False
    without_return: bool | None = None
    gifts: Annotated[tuple[LineNo, ...] | None, Field(exclude_if=lambda value: value is None)] = None


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


class ShippingDue(Message):
    """Timer: what a seller promised to send within so many hours of payment. Source: R2.4."""

    type: ClassVar[str] = "shipping.due"
    topic: ClassVar[Topic] = ORDER_TIMER

    order_id: Id
    seller_id: Id
    hours: int

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.seller_id}/{self.hours}"


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
