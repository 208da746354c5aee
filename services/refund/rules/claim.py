"""What a guarantee is judged by: the claim, as far as any of them looks, and what was known of the buyer at purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.storefront import CaseKind


@dataclass(frozen=True, slots=True)
class Bought:
    """The order around a line, at its placement. card: a trust card came with it. buyer_score None: not known; R5.3's start counts."""

    placed_at: datetime
    card_id: str | None = None
    buyer_score: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """at: of the application. signed_at None: the line was not signed for, as far as is known. zone: where its days are counted.

    sent: units that left. failed: units of parcels that were refused at the door or lost. minor: what the claimed units come to.
    card: whether the order's trust card was valid at placement; None, it is not known yet.
    """

    at: datetime
    signed_at: datetime | None
    zone: str
    kind: CaseKind = "return_and_refund"
    quantity: int = 1
    minor: int = 0
    sent: int = 0
    failed: int = 0
    unsealed: bool = False
    card: bool | None = None
