"""Who returns which part of what the buyer paid, once a line is settled. Source: R1.4, R3.6."""

from __future__ import annotations

from services.payment.model import Shares

NOTHING = Shares(0, 0, 0)


def shares(settled: Shares, before: Shares, amount: int) -> Shares:
    """How a refund of `amount`, after refunds that took `before`, lies on those who got `settled`.

    Cumulative: the promoter's is the floor of its part of all that is refunded, the platform's that of the rest; so in whatever
    steps, at the end each has returned what it got, and nobody ever more, though refunds may have failed in between.
    """
    total, upto = sum(settled), sum(before) + amount
    if not 0 <= sum(before) <= upto <= total:
        raise ValueError(f"{amount} after {before} of {settled}")
    by_promoter = settled.promoter * upto // total if total else 0
    not_promoters = total - settled.promoter
    by_platform = settled.platform * (upto - by_promoter) // not_promoters if not_promoters else 0
    promoter = _within(by_promoter - before.promoter, amount)
    platform = _within(by_platform - before.platform, amount - promoter)
    return Shares(amount - promoter - platform, promoter, platform)


def _within(wanted: int, most: int) -> int:
    return min(max(wanted, 0), most)
