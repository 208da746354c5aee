"""The shop app: a buyer orders, confirms, asks for money back."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.topics import STOREFRONT
from shared.contracts.types import (
    BasisPoints,
    Broadcast,
    Category,
    Channel,
    Coupon,
    Currency,
    Domain,
    FreeShipping,
    Id,
    LineKind,
    LineNo,
    Minor,
    Moment,
    Part,
    Quantity,
    Text,
    Units,
)
from shared.messaging.message import Message, Topic

CaseKind = Literal["refund_only", "return_and_refund", "exchange", "resend", "claim"]
Ground = Literal[
    "not_shipped", "no_reason", "first_order", "trust_card", "quality", "damaged", "wrong_item", "counterfeit", "not_received", "negotiated"
]


class PlacedLine(Part):
    """One line of the cart. commission_bp: what the seller agreed to pay the promoter, of what the buyer pays.

    kind virtual: used by voucher.redeemed, nothing is sent; freight: the seller's freight, one unit. category: custom_made, fresh and
    newspaper have no return without a reason, digital only sealed; custom_made and digital have no instant refund, as virtual lines have
    none; food and fresh have food safety (R4.5, R4.8, R4.9). no_reason_waived: the buyer confirmed at purchase that there is no return
    without a reason for this line. tags: what the seller promises beside the law, of those of the
    policy's order.tags (R2.4, R4.7). fulfiller_id: who ships and answers in the seller's place (R8.1).
    gift_of: given with that line, and goes back with it; its price is its list price, which a coupon of the seller takes over (R4.5). Where
    nothing was paid for it and all of that line went back, it is neither waited for nor late any more (R2.4).
    without_return_cap_minor: the most that the tag refund_without_return gives back; None, what was paid (R4.7).
    """

    line_no: LineNo
    sku: Id
    seller_id: Id
    promoter_id: Id | None = None
    kind: LineKind = "goods"
    quantity: Quantity
    unit_price_minor: Minor
    commission_bp: BasisPoints = 0
    category: Category = "standard"
    no_reason_waived: bool = False
    tags: tuple[Id, ...] = Field(default=(), max_length=20)
    fulfiller_id: Id | None = None
    gift_of: LineNo | None = None
    without_return_cap_minor: Minor | None = None


class Visit(Part):
    """A page that the buyer saw before ordering; the last one counts. promoter_id None: a merchant's own page.

    seller_id: only that seller's lines were offered there; None, anybody's. domain private: by following or as a fan; public: by
    recommendation, search or ads. ad: it was reached by clicking an ad. Source: R2.9.
    """

    at: Moment
    promoter_id: Id | None = None
    seller_id: Id | None = None
    domain: Domain
    channel: Channel
    broadcast: Broadcast | None = None
    ad: bool = False


class OrderPlaced(Message):
    """A buyer committed to buy. No money has moved yet.

    due_minor: what the checkout showed: quantity times unit_price_minor of all lines, less the coupons, of each at most what those of
    the seller, then of the platform, then of a promoter, by coupon_id, left of the lines that it covers (R1.5, R2.3).
    campaign_id: every line but freight takes its units from an allotment of this campaign, or the order is refused (R2.7); None: none does.
    visits: the trail that decides who is paid a commission; without one the lines' promoter_id stands as it is (R2.9).
    trust_card_id: the buyer's trust card, with the rights of which it orders (R4.7).
    Producer: storefront. Consumers: order.
    """

    type: ClassVar[str] = "order.placed"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    buyer_id: Id
    currency: Currency
    lines: tuple[PlacedLine, ...] = Field(min_length=1, max_length=200)
    coupons: tuple[Coupon, ...] = Field(default=(), max_length=20)
    due_minor: Minor
    campaign_id: Id | None = None
    visits: tuple[Visit, ...] = Field(default=(), max_length=200)
    free_shipping: tuple[FreeShipping, ...] = Field(default=(), max_length=200)
    trust_card_id: Id | None = None

    @model_validator(mode="after")
    def _lines_are_distinct(self) -> Self:
        numbers = [line.line_no for line in self.lines]
        if len(set(numbers)) != len(numbers):
            raise ValueError("line numbers repeat")
        unknown = {number for coupon in self.coupons for number in coupon.line_nos} - set(numbers)
        if unknown:
            raise ValueError(f"a coupon covers lines that are not in the order: {sorted(unknown)}")
        return self


class ReceiptConfirmed(Message):
    """The buyer has the goods and says so. line_nos empty: all lines that were signed for by then, whichever is told first.

    Producer: storefront. Consumers: order.
    """

    type: ClassVar[str] = "receipt.confirmed"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    buyer_id: Id
    line_nos: tuple[LineNo, ...] = Field(default=(), max_length=200)


class OrderCancelRequested(Message):
    """The buyer wants units not sent any more. lines empty: everything that has not left yet.

    cancel_id: the storefront's; names this request for good, among all of the order, those of its sellers too: another of the same id
    changes nothing (`cancel.known`). payment_id: of the payment that the buyer sees, which is waited for; None: it sees none. An order that
    is unpaid when this comes falls as a whole; one that is paid gives up the units, named payment or not, but for lines that are
    custom_made or digital: those take a case.
    Producer: storefront. Consumers: order.
    """

    type: ClassVar[str] = "order.cancel_requested"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    cancel_id: Id
    buyer_id: Id
    payment_id: Id | None = None
    lines: tuple[Units, ...] = Field(default=(), max_length=200)
    reason: Text = ""


class ReceiptExtended(Message):
    """The buyer asks for more time before receipt is confirmed by time. line_nos empty: all lines under way. Source: R2.5.

    Producer: storefront. Consumers: order.
    """

    type: ClassVar[str] = "receipt.extended"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    buyer_id: Id
    line_nos: tuple[LineNo, ...] = Field(default=(), max_length=200)


class VoucherRedeemed(Message):
    """Units of a virtual line were used. redemption_id: names this use for good. Source: R2.5.

    Producer: storefront. Consumers: order.
    """

    type: ClassVar[str] = "voucher.redeemed"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    redemption_id: Id
    line_no: LineNo
    quantity: Quantity


class RefundRequested(Message):
    """The buyer asks for money back for units of one line; case_id is the storefront's and names the case for good.

    kind, ground: which go together is on the page beside asyncapi.json (`What can be claimed`); what the line's certificate does not
    grant is refused. amount_minor: money instead of the units' whole share (R1.4); with refund_only nothing but money. unsealed: the
    buyer opened what was sealed (R4.5). evidence_ids: of what the storefront keeps, pictures most often.
    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "refund.requested"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id
    line_no: LineNo
    kind: CaseKind
    ground: Ground
    quantity: Quantity
    amount_minor: Minor | None = None
    unsealed: bool = False
    reason: Text = ""
    evidence_ids: tuple[Id, ...] = Field(default=(), max_length=20)


class RefundWithdrawn(Message):
    """The buyer takes the request back.

    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "refund.withdrawn"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id


class ReturnPosted(Message):
    """The buyer sent the goods back; the waybill shows it. freight_minor: what that cost, None: not said (R4.7).

    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "return.posted"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id
    carrier: Text
    waybill: Id
    freight_minor: Minor | None = None


class EvidenceSubmitted(Message):
    """The buyer shows something; evidence_id names what the storefront keeps. Source: R4.9, R4.11.

    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "evidence.submitted"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id
    evidence_id: Id
    note: Text = ""


class DisputeRaised(Message):
    """The buyer does not accept the seller's refusal: the platform is to judge. Source: R4.11.

    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "dispute.raised"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id
    reason: Text


class DisputeAppealed(Message):
    """The buyer does not accept the ruling. Source: R4.11.

    Producer: storefront. Consumers: refund.
    """

    type: ClassVar[str] = "dispute.appealed"
    topic: ClassVar[Topic] = STOREFRONT

    order_id: Id
    case_id: Id
    buyer_id: Id
    reason: Text
