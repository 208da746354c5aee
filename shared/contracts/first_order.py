"""Facts of the refund service about first orders: whose they are, which one has used the guarantee, and the fund that pays for it.

Source: R4.6. A cluster bears the least buyer id in it, as in `member.joined`.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.refund import CaseFact
from shared.contracts.topics import REFUND, REFUND_INTERNAL, REFUND_REKEYED
from shared.contracts.types import Currency, Day, Id, Minor, Part
from shared.messaging.message import Message, Topic

OrderState = Literal["open", "stands", "void"]
FundReason = Literal["fund.budget_spent", "fund.stopped"]


class ClusterOrder(Part):
    """A paid order of a cluster. open: its seller may still give it up; stands: not any more; void: it did, and it counts for nothing."""

    order_id: Id
    payment_id: Id
    paid_at: AwareDatetime
    state: OrderState = "open"


class ClusterUse(Part):
    """An order that has used the guarantee, and its buyer."""

    order_id: Id
    buyer_id: Id


class ClusterElsewhere(Part):
    """What was said last of a buyer's first order elsewhere. first_paid_at None: there was none."""

    buyer_id: Id
    first_paid_at: AwareDatetime | None
    told_at: AwareDatetime


class FirstOrderUsed(Message):
    """The cluster has used its guarantee for this order, whatever becomes of the claim; nothing takes that back. Source: R4.6.

    Further lines of the same order may be claimed.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "first_order.used"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    case_id: Id
    buyer_id: Id
    cluster: Id
    payment_id: Id


class FirstOrderDoubled(Message):
    """It came out that this order's buyer is one with another order's, and each has used the guarantee: both stand. Source: R4.6.

    Told when the two clusters became one here, of each use that came to an earlier one.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "first_order.doubled"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    buyer_id: Id
    other_order_id: Id
    other_buyer_id: Id


class ClaimWaitsForFund(CaseFact):
    """10: the platform would pay, but its fund pays no more by itself today: a person decides, by a ruling. Source: R4.6.

    code: fund.budget_spent, the day's budget does not suffice; fund.stopped, too much was asked for within an hour.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "claim.waits_for_fund"
    topic: ClassVar[Topic] = REFUND

    code: FundReason
    currency: Currency
    amount_minor: Minor


class FundAsked(Message):
    """A claim was won that the platform pays for: its fund is asked. Source: R4.6.

    Producer: refund. Consumers: refund.
    """

    type: ClassVar[str] = "fund.asked"
    topic: ClassVar[Topic] = REFUND_REKEYED

    order_id: Id
    case_id: Id


class FundDrawn(Message):
    """So much of the day's budget is promised. hour: of the local day, 0 to 23, in which it was asked for.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "fund.drawn"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    case_id: Id
    day: Day
    currency: Currency
    hour: Annotated[int, Field(ge=0, le=23)]
    amount_minor: Minor


class FundStopped(Message):
    """Too much was asked for within an hour: for the rest of the day people decide. Source: R4.6.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "fund.stopped"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    case_id: Id
    day: Day
    currency: Currency
    hour: Annotated[int, Field(ge=0, le=23)]


class OrderCounted(Message):
    """A paid order that may be its cluster's first.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "first_order.counted"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    cluster: Id
    payment_id: Id
    paid_at: AwareDatetime


class OrderMarked(Message):
    """What became of an order that may be its cluster's first.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "first_order.marked"
    topic: ClassVar[Topic] = REFUND_INTERNAL

    order_id: Id
    cluster: Id
    state: Literal["stands", "void"]


class OrderedElsewhere(Message):
    """The buyer's first paid order was elsewhere. first_paid_at None: it was not, as was said before. Source: R4.6.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "first_order.elsewhere"
    topic: ClassVar[Topic] = REFUND_INTERNAL
    key_field: ClassVar[str] = "buyer_id"

    buyer_id: Id
    cluster: Id
    first_paid_at: AwareDatetime | None


class MemberKnown(Message):
    """The buyer's orders count in this cluster from now on.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "member.known"
    topic: ClassVar[Topic] = REFUND_INTERNAL
    key_field: ClassVar[str] = "buyer_id"

    buyer_id: Id
    cluster: Id


class ClusterEnlarged(Message):
    """What the cluster of a new member knew of, this one knows from now on.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "cluster.enlarged"
    topic: ClassVar[Topic] = REFUND_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    orders: tuple[ClusterOrder, ...] = ()
    uses: tuple[ClusterUse, ...] = ()
    elsewhere: tuple[ClusterElsewhere, ...] = ()
