"""The seller's back office: its answers to after-sale cases."""

from typing import Annotated, ClassVar, Literal

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
    """The seller inspected the returned goods and accepts this many units of them. Source: R4.4, R4.5.

    gifts_returned: what was given with them came back too, as far as it was asked for.
    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "return.confirmed"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    accepted_quantity: Annotated[int, Field(ge=0, le=10_000)]
    gifts_returned: bool = True


class ReturnDisputed(Message):
    """What came back is not what was sent, says the seller: the platform is to judge. Source: R4.11.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "return.disputed"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    reason: Text
    finding: Literal["none", "swapped", "used", "incomplete"] = "none"


class ReplacementSent(Message):
    """The seller sent other goods in their place. Source: R4.10.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "replacement.sent"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    parcel_id: Id
    carrier: Text
    waybill: Id


class SellerEvidenceSubmitted(Message):
    """The seller shows something; evidence_id names what the back office keeps. Source: R4.9, R4.11.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "evidence.submitted"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    evidence_id: Id
    note: Text = ""


class SellerDisputeRaised(Message):
    """The seller neither accepts nor refuses: the platform is to judge. Source: R4.11.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "dispute.raised"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    reason: Text


class SellerDisputeAppealed(Message):
    """The seller does not accept the ruling. Source: R4.11.

    Producer: merchant. Consumers: refund.
    """

    type: ClassVar[str] = "dispute.appealed"
    topic: ClassVar[Topic] = MERCHANT

    order_id: Id
    case_id: Id
    seller_id: Id
    reason: Text


class SellerCancelled(Message):
    """The seller, or who fulfils in its place, will not send these units. lines empty: all of theirs that have not left yet.

    cancel_id: the back office's; names this decision for good, among all of the order, those of its buyer and other sellers too: another
    of the same id changes nothing (`cancel.known`). payment_id: of the payment that they see, which is waited for; None: they see none. An
    order that is unpaid when this comes falls as a whole.
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
