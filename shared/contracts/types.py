"""Words that messages share: ids, money, parts of an order. No names, phones or addresses: the contract has no field for them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]{1,64}$")]
Minor = Annotated[int, Field(ge=0, le=10**15, description="minor units (fen) of the order's currency")]
Signed = Annotated[int, Field(ge=-(10**15), le=10**15, description="minor units; positive into the account, negative out of it")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
LineNo = Annotated[int, Field(ge=1, le=200)]
Quantity = Annotated[int, Field(ge=1, le=10_000)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
Text = Annotated[str, StringConstraints(max_length=200)]

Funder = Literal["seller", "platform", "promoter"]
Category = Literal["standard", "custom_made", "fresh", "digital", "newspaper"]


class Part(BaseModel):
    """A part of a message: strict and frozen like the message itself."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Discount(Part):
    """What one funder takes over of one line, frozen at placement. Source: R1.5."""

    funder: Funder
    amount_minor: Minor


class Line(Part):
    """One line as accepted: the allocation and the points that every later decision reads. Source: R1.4, R1.5, R3.3.

    paid_minor = gross_minor - all discounts; for all units together. campaign_id: whose allotment its units were taken from (R2.7).
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
    campaign_id: Id | None = None


class LineParties(Part):
    """Who a line is about, so that a reader of one fact needs no other."""

    line_no: LineNo
    seller_id: Id
    promoter_id: Id | None = None


class Units(Part):
    """Units of a line."""

    line_no: LineNo
    quantity: Quantity


class Posting(Part):
    """One entry of the ledger: positive into the account, negative out of it.

    Accounts: `psp:cash` (negative: the provider holds it for us), `escrow:<order>`, `unwanted:<order>`, `balance:<party>`,
    `payout:<party>` (under way), `platform:commission`, `platform:subsidy`, `promoter_subsidy:<party>`. Source: R3.1.
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
