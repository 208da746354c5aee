"""Facts of the refund service about goods: what came back, what is sent in its place, which waybills were used. Source: R4.4, R4.10."""

from typing import ClassVar, Literal

from shared.contracts.refund import By, CaseFact, CaseTimer
from shared.contracts.storefront import CaseKind
from shared.contracts.topics import REFUND, REFUND_INTERNAL, REFUND_TIMER
from shared.contracts.types import Id, Quantity, Text, Units
from shared.messaging.message import Message, Topic


class CaseReceived(CaseFact):
    """40: the seller's door signed for the goods; they are still to be inspected, until the same deadline. Source: R4.4.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.received"
    topic: ClassVar[Topic] = REFUND

    carrier: Text
    waybill: Id


class CaseExchanging(CaseFact):
    """40: the seller is to send so many units in place of the first ones, or they are refunded. Source: R4.10, R4.2.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.exchanging"
    topic: ClassVar[Topic] = REFUND

    quantity: Quantity
    by: By


class CaseReplaced(CaseFact):
    """45: the replacement is on its way. Source: R4.10.

    Producer: refund. Consumers: order.
    """

    type: ClassVar[str] = "case.replaced"
    topic: ClassVar[Topic] = REFUND

    seller_id: Id
    kind: CaseKind
    quantity: Quantity
    parcel_id: Id
    carrier: Text
    waybill: Id


class WaybillUsed(Message):
    """A case has this waybill; no other ever does. Source: R4.4, R4.10.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "waybill.used"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    case_id: Id
    carrier: Text
    waybill: Id


class ParcelNoted(Message):
    """What the order service told of a parcel, as far as claims look: units that left, or will not arrive. Source: R4.2, R2.5.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "parcel.noted"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    parcel_id: Id
    how: Literal["sent", "refused", "lost"]
    units: tuple[Units, ...]


class ReplacementDue(CaseTimer):
    """Timer: the seller has not sent the replacement. Source: R4.10."""

    type: ClassVar[str] = "replacement.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class ReplacementOver(CaseTimer):
    """Timer: the replacement counts as arrived, though nobody signed. Source: R4.2."""

    type: ClassVar[str] = "replacement.over"
    topic: ClassVar[Topic] = REFUND_TIMER
