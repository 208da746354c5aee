"""Facts of the order service about suspended sellers and promoters, and about the orders that a late finding meets. Source: R2.8."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.governance import Suspendable
from shared.contracts.topics import ORDER, ORDER_INTERNAL, ORDER_REKEYED
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic


class OrderClosed(Message):
    """An unpaid order that should never have been accepted: its seller or promoter was suspended when it was placed.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.closed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    code: Literal["order.seller_suspended", "order.promoter_suspended"]
    subject_id: Suspendable
    violation_id: Id


class OrderUnderSuspension(Message):
    """A paid order of which it was found too late that its seller or promoter was suspended: it stands, and is listed by this.

    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.under_suspension"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    subject_id: Suspendable
    violation_id: Id


class SuspensionNoted(Message):
    """Orders of this seller or promoter placed from effective_from until `until` are not accepted. until None: for good.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "suspension.noted"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    effective_from: AwareDatetime
    until: AwareDatetime | None


class SuspensionLifted(Message):
    """Orders placed from occurred_at on are accepted again, as far as this violation goes. Source: R6.2.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "suspension.lifted"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id


class TierNoted(Message):
    """Lines of this seller ordered from effective_from on stay so many days in escrow after confirmation. Source: R5.7, R2.8.

    tier: it is by its name that a later table of tiers changes the days; empty, they stay as told.
    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "tier.noted"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    escrow_days: int = Field(ge=1, le=3_650)
    effective_from: AwareDatetime
    tier: str = ""


class OrderAttributed(Message):
    """An order of this seller or promoter was accepted, placed at occurred_at.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "order.attributed"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    order_id: Id


class OrderRemembered(Message):
    """Kept so that a suspension that is found late finds the order.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "order.remembered"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    order_id: Id


class OrdersReached(Message):
    """Orders of this seller or promoter are remembered up to this second (from 1970, UTC; the last of its hour), so far none placed later.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "orders.reached"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    second: int = Field(ge=0)


class OrdersSought(Message):
    """Look through the orders of these seconds (counted from 1970, UTC) for those that the suspension covers, then go on.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "orders.sought"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    effective_from: AwareDatetime
    until: AwareDatetime | None
    second: int = Field(ge=0)
    second_last: int = Field(ge=0)


class SuspensionFound(Message):
    """The order was accepted though its seller or promoter was suspended when it was placed.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "suspension.found"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "order_id"

    order_id: Id
    subject_id: Suspendable
    violation_id: Id
