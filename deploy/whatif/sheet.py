"""What one order, and one subject of trust, came to. Source: R9.2."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.contracts.certificate import Guarantee

UNKNOWN_TIER = "new"


class Said(NamedTuple):
    """One decision about an order. way: how it went; minor: what it gives, 0: nothing; detail: a code, a funder, a day."""

    rule: str
    line_no: int
    way: str
    minor: int = 0
    detail: str = ""
    seller: str = ""


class Flow(NamedTuple):
    """Money that reached somebody. what: refund, compensation, reimbursement, seller, commission, fee."""

    rule: str
    what: str
    currency: str
    seller: str
    promoter: str
    tier: str


@dataclass(slots=True)
class Sheet:
    """An order. lines: seller and promoter of each. said: by kind and id. money: by account, minor units of its currency."""

    buyer: str = ""
    tier: str = UNKNOWN_TIER
    currency: str = ""
    placed_at: datetime | None = None
    lines: dict[int, tuple[str, str]] = field(default_factory=dict)
    said: dict[tuple[str, str], Said] = field(default_factory=dict)
    cases: dict[str, tuple[str, int]] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    funders: dict[str, str] = field(default_factory=dict)
    owed: dict[str, tuple[str, str]] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)
    promised: tuple[Guarantee, ...] = ()

    def party(self, line_no: int) -> tuple[str, str]:
        return self.lines.get(line_no, ("", ""))


@dataclass(slots=True)
class Standing:
    """A subject of trust at the end of the span. told: how often its score was; tiers: those it went through."""

    score: int | None = None
    new: bool = True
    told: int = 0
    tiers: tuple[str, ...] = ()
