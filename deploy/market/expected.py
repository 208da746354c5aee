"""What must have become of an order in the end, as the market expects it and as the services' facts tell it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Expected:
    """Amounts in minor units of the order's currency.

    state: rejected, expired, cancelled (unpaid), settled, closed (all refunded), or held: something is in a person's hands.
    captured: all that the buyer paid, unwanted money too. returned: all that the buyer got back, compensations left aside. lines: for
    each settled line what seller, promoter and platform got. refunds: by line. cases: the code with which each ended, empty: open.
    compensated: what the buyer got for broken promises, by seller. charged_back: what its bank took
    back. listed: found under suspension too late. fund: what the platform's guarantee fund paid for it, to the buyer or the seller.
    """

    state: str = "held"
    captured_minor: int = 0
    returned_minor: int = 0
    escrow_minor: int = 0
    lines: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    refunds: dict[int, int] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    charged_back_minor: int = 0
    compensated: dict[str, int] = field(default_factory=dict)
    listed: bool = False
    fund_minor: int = 0


@dataclass(slots=True)
class Score:
    """As a subject was told last. items: of evidence that stands. Source: R5.3."""

    score: int
    new: bool
    items: int
