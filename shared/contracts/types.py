"""Words that messages share: ids, money, parts of an order. No names, phones or addresses: the contract has no field for them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

AS_BEFORE = "as an older release read it"


def _written_out(value: object, info: ValidationInfo) -> object:
    """In the context AS_BEFORE also what an older release took: verify and what-ifs read what it decided on."""
    if isinstance(value, datetime) or (isinstance(value, str) and (value[4:5] == "-" or info.context == AS_BEFORE)):
        return value
    raise ValueError("not an RFC 3339 time")


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]{1,64}$")]
Minor = Annotated[int, Field(ge=0, le=10**15, description="minor units (fen) of the order's currency")]
Signed = Annotated[int, Field(ge=-(10**15), le=10**15, description="minor units; positive into the account, negative out of it")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
LineNo = Annotated[int, Field(ge=1, le=200)]
Quantity = Annotated[int, Field(ge=1, le=10_000)]
SomeOrNone = Annotated[int, Field(ge=0, le=10_000, description="units; 0: money only")]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, description="basis points: 500 is 5 %")]
Text = Annotated[str, StringConstraints(max_length=200)]
Moment = Annotated[AwareDatetime, Strict(False), BeforeValidator(_written_out)]  # of an app: digits in quotes are no Unix time
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), Field(description="local date, ISO 8601")]

Funder = Literal["seller", "platform", "promoter"]
Bearer = Literal["seller", "platform"]  # whose guarantee pays a refund
Movement = Literal["capture", "refund", "compensation", "chargeback"]  # how the provider moves money for an order
PutIn = Literal["deposit", "prefund"]  # what a party puts in: a seller for its deposit, a promoter for its subsidies
Category = Literal["standard", "custom_made", "fresh", "digital", "newspaper", "food"]
LineKind = Literal["goods", "virtual", "freight"]
Domain = Literal["private", "public"]  # following and fans, or recommendation, search and ads
Channel = Literal["live", "short_video", "search", "shop"]
Broadcast = Literal["self_broadcast", "store_broadcast"]


class Part(BaseModel):
    """A part of a message: strict and frozen like the message itself."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", defer_build=True)


class Discount(Part):
    """What one funder takes over of one line, frozen at placement. Source: R1.5."""

    funder: Funder
    amount_minor: Minor


class Attribution(Part):
    """Who and what brought the buyer to a line, frozen at placement: the certificate of who earns what of it. Source: R2.9.

    promoter_id None: the merchant's own page was last, or nobody's; no commission. ad_at: the last click on an ad within its days.
    """

    promoter_id: Id | None
    domain: Domain
    channel: Channel
    broadcast: Broadcast | None = None
    visited_at: AwareDatetime
    ad_at: AwareDatetime | None = None


class Line(Part):
    """One line as accepted: the allocation and the points that every later decision reads. Source: R1.4, R1.5, R3.3.

    paid_minor = gross_minor - all discounts; for all units together. campaign_id: whose allotment its units were taken from (R2.7).
    fulfiller_id: the party that ships and answers for it in
    the seller's place, None for the seller itself (R8.1). attribution None: the storefront sent no visits.
    gift_of, without_return_cap_minor: as in the cart (R4.5, R4.7).
    """

    line_no: LineNo
    sku: Id
    seller_id: Id
    promoter_id: Id | None = None
    quantity: Quantity
    gross_minor: Minor
    discounts: tuple[Discount, ...] = ()
    paid_minor: Minor
    commission_bp: BasisPoints = 0
    fee_bp: BasisPoints = 0
    category: Category = "standard"
    no_reason_waived: bool = False
    kind: LineKind = "goods"
    tags: tuple[Id, ...] = ()
    fulfiller_id: Id | None = None
    attribution: Attribution | None = None
    campaign_id: Id | None = None
    gift_of: LineNo | None = None
    without_return_cap_minor: Minor | None = None

    @property
    def answers(self) -> str:
        """Who ships this line and answers for it; liable is the seller all the same. Source: R8.1."""
        return self.fulfiller_id or self.seller_id


class LineParties(Part):
    """Who a line is about, so that a reader of one fact needs no other."""

    line_no: LineNo
    seller_id: Id
    promoter_id: Id | None = None
    kind: LineKind = "goods"


class SettleDays(Part):
    """Of a seller whose tier has days of its own. tier, effective_from: which one counted, of those that were told by then; a tier that
    is told in the moment of the placement may count or not, and this says which. effective_from None: none was told, who is new has
    these days. tier empty: accepted before that was said. Source: R5.7.
    """

    days: int
    seller_id: Id
    tier: str = ""
    effective_from: AwareDatetime | None = None


class FreeShipping(Part):
    """A seller waived its freight because its goods came to the threshold. Both in minor units; in alphabetical order. Source: R3.10."""

    freight_minor: Minor
    seller_id: Id
    threshold_minor: Minor


class Coupon(Part):
    """A reduction over the lines it covers (at least one), paid for by its funder.

    new_user: it never comes back. expires_at: until when it can be used; it comes back with that, None: it does not expire (R4.13).
    In alphabetical order, as a certificate has it.
    """

    amount_minor: Minor
    coupon_id: Id
    expires_at: Moment | None = None
    funder: Funder
    line_nos: tuple[LineNo, ...] = Field(min_length=1, max_length=200)
    new_user: bool = False


class Units(Part):
    """Units of a line."""

    line_no: LineNo
    quantity: Quantity


class Posting(Part):
    """One entry of the ledger: positive into the account, negative out of it.

    Accounts: `psp:cash` (negative: the provider holds it for us), `escrow:<order>`, `unwanted:<order>`, `balance:<party>`,
    `deposit:<party>`, `prefunded:<party>` (a promoter's money for subsidies), `debt:<party>` (negative: the party owes it),
    `payout:<party>` (under way), `platform:commission`, `platform:subsidy`, `platform:advance` (negative: fronted, and not taken from a
    party yet), `promoter_subsidy:<party>`, `platform:guarantee_fund` (negative: what the platform paid for guarantees of its own),
    `platform:by_hand` (paid by another way, as the provider would not: it still holds that money), `platform:unclaimed` (nobody could be
    paid: owed), `psp:contested` (negative: charged back twice over, and asked back from the provider). Source: R3.1.
    """

    account: Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[A-Za-z0-9_.:\-]{1,64}$")]
    amount_minor: Signed


class Moves(Part):
    """A balanced transaction of the ledger. Source: R3.1."""

    currency: Currency
    postings: tuple[Posting, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _sums_to_zero(self) -> Self:
        if sum(posting.amount_minor for posting in self.postings) != 0:
            raise ValueError("postings do not sum to zero")
        return self
