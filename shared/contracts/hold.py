"""Units that refund and shipment both want: refund asks for them, the order decides who has them. Source: R4.8."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.topics import ORDER, REFUND, REFUND_INTERNAL
from shared.contracts.types import Id, LineNo, Quantity, Text, Units
from shared.messaging.message import Message, Topic

Unheld = Literal["case.shipped", "case.units_cancelled", "line.refunded"]


class HoldFact(Message):
    """What each fact of a hold says: these units, for this case. again: it ended, and goes on after an appeal (R4.11). standing: their
    money is granted, so those that are away are kept as well, should they come back.
    """

    order_id: Id
    case_id: Id
    line_no: LineNo
    quantity: Quantity
    again: bool = False
    standing: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


class ShipmentHoldRequested(HoldFact):
    """A case wants these units' money back: they are not to leave any more. Told with the case's opening, and once more if its buyer wins
    on appeal; of lost units when they are lost, or before they are paid for in place of others; of all that is granted without a return,
    with its grant. A later one of a case is for all its units, those that it asked for before included. anew: it was refused those
    or more, as some had left before it was opened; these had not, or may be here again. Source: R4.8, R4.10, R4.11.

    Producer: refund. Consumers: order.
    """

    type: ClassVar[str] = "shipment_hold.requested"
    topic: ClassVar[Topic] = REFUND

    anew: Annotated[bool, Field(exclude_if=lambda value: not value)] = False


class ShipmentHoldGranted(HoldFact):
    """The units have not left, and do not while the case is open: its refund wins. Of standing ones so many do not leave, or not again.
    late: when the buyer applied they should have left: the seller's deadline had passed, which is its fault; not said again.
    Source: R4.8, R2.4.

    Producer: order. Consumers: refund.
    """

    type: ClassVar[str] = "shipment_hold.granted"
    topic: ClassVar[Topic] = ORDER

    late: bool = False


class ShipmentHoldRefused(HoldFact):
    """Fewer units than that are still here: nothing is held, and the case ends with this code, unless some had left before it was opened
    and it may go on without: what had not it asks for anew. Not of standing ones. Source: R4.8, R1.2.

    Producer: order. Consumers: refund.
    """

    type: ClassVar[str] = "shipment_hold.refused"
    topic: ClassVar[Topic] = ORDER

    code: Unheld


class ParcelIntercepted(Message):
    """A parcel left with units that are refunded, or held for a refund: it is to be stopped and counts as not sent. Source: R4.8.

    units: all that is in it. stopped: the lines for whose units it is stopped; what else is in it can be sent again.
    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "parcel.intercepted"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    buyer_id: Id
    parcel_id: Id
    carrier: Text
    waybill: Id
    units: tuple[Units, ...] = Field(min_length=1)
    stopped: tuple[LineNo, ...] = Field(min_length=1)


class HoldNoted(HoldFact):
    """The order's word on the units of a case, as the refund service keeps it. left: they, or some of them, had left
    before, and none is kept. Source: R4.8, R2.4.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "hold.noted"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    late: bool = False
    left: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
