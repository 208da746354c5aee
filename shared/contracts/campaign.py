"""Facts of the order service about campaigns: what may be sold, what is taken of it, and by which identity. Source: R2.7."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.topics import ORDER, ORDER_INTERNAL, ORDER_REKEYED
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic

Taken = Annotated[int, Field(ge=1, le=2_000_000, description="units of one product in one order")]


class AllotmentReviewed(Message):
    """The product may be sold in the campaign from now on, or no longer.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "allotment.reviewed"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "campaign_id"

    campaign_id: Id
    sku: Id
    approved: bool


class AllotmentSized(Message):
    """So many units may be sold in all; never fewer than are taken.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "allotment.sized"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "campaign_id"

    campaign_id: Id
    sku: Id
    units: int = Field(ge=0)
    limit_per_identity: int | None


class AllotmentTaken(Message):
    """The order holds these units of the campaign's allotment. left: for others, after it.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "allotment.taken"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    campaign_id: Id
    sku: Id
    units: Taken
    left: int = Field(ge=0)


class AllotmentReleased(Message):
    """These units can be sold again: their order gave them up before they were sent. left: for others, after it.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "allotment.released"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    campaign_id: Id
    sku: Id
    units: Taken
    left: int = Field(ge=0)


class LimitTaken(Message):
    """The order's units count toward its identity's limit. cluster: the identity as it was known at acceptance.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "limit.taken"
    topic: ClassVar[Topic] = ORDER_INTERNAL

    order_id: Id
    cluster: Id
    campaign_id: Id
    sku: Id
    units: Taken


class LimitReleased(Message):
    """The order's units count no more.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "limit.released"
    topic: ClassVar[Topic] = ORDER_INTERNAL

    order_id: Id
    cluster: Id
    campaign_id: Id
    sku: Id
    units: Taken


class LimitShifted(Message):
    """Units counted or given back at a cluster that has become part of this one; negative: given back.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "limit.shifted"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    order_id: Id
    campaign_id: Id
    sku: Id
    units: int


class LimitMoved(Message):
    """What was counted or given back elsewhere has arrived in this identity's count; negative: given back.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "limit.moved"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    order_id: Id
    campaign_id: Id
    sku: Id
    units: int
