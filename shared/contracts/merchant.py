"""The seller's back office: its answers to after-sale cases."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.topics import MERCHANT
from shared.contracts.types import Id, Text, Units
from shared.messaging.message import Message, Topic


class CaseAccepted(Message):
    """The seller agrees to the case.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "case.accepted"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id


class CaseRefused(Message):
    """The seller refuses the case.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "case.refused"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    reason: Text


class ReturnConfirmed(Message):
    """The seller inspected the returned goods and accepts this many units of them. Source: R4.4.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "return.confirmed"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    accepted_quantity: Annotated[int, Field(ge=0, le=10_000)]


class SellerCancelled(Message):
    """The seller, or who fulfils in its place, will not send these units. lines empty: all of theirs that have not left yet.

    cancel_id: the back office's; names this decision for good. payment_id: of the payment that they see; None, the order is not paid.
    Producer: merchant. Consumers: order.
    """

    type: ClassVar[str] = "seller.cancelled"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    cancel_id: Id
    seller_id: Id
    payment_id: Id | None = None
    lines: Annotated[tuple[Units, ...], Field(max_length=200)] = ()
    reason: Text = ""
