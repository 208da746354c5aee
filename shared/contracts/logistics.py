"""Carriers: where the parcels are."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.contracts.topics import LOGISTICS
from shared.contracts.types import Id, Text, Units
from shared.messaging.message import Message, Topic


class ParcelShipped(Message):
    """A parcel with units of these lines left the seller.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.shipped"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id
    carrier: Text
    waybill: Id
    lines: tuple[Units, ...] = Field(min_length=1, max_length=200)


class ParcelSigned(Message):
    """The buyer signed for the parcel.

    Producer: logistics. Consumers: order.
    """

    type: ClassVar[str] = "parcel.signed"
    topic: ClassVar[Topic] = LOGISTICS

    order_id: Id
    parcel_id: Id
