"""Carriers: where the parcels are."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.topics import LOGISTICS
from shared.contracts.types import Id, Text, Units
from shared.messaging.message import Message, Topic


class ParcelShipped(Message):
    """A parcel with units of these lines left, of one seller or several.

    shipper_id: who handed it in; must be said where another party fulfils (R8.1).

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.shipped"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id
    carrier: Text
    waybill: Id
    lines: tuple[Units, ...] = Field(min_length=1, max_length=200)
    shipper_id: Id | None = None


class ParcelCollected(Message):
    """The carrier has the parcel in hand. Source: R2.4.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.collected"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id


class ParcelSigned(Message):
    """The buyer signed for the parcel.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.signed"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id


class ParcelRefused(Message):
    """The buyer refused the parcel at the door: it goes back. Source: R2.5.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.refused"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id


class ParcelLost(Message):
    """The carrier lost the parcel. Source: R2.5.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.lost"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id


class ReturnSigned(Message):
    """The seller's door signed for what a buyer sent back. Source: R4.4.

    Producer: logistics. Consumers: refund.
    """

    type: ClassVar[str] = "return.signed"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    carrier: Text
    waybill: Id
