"""Freight that a seller waived for a basket which a return makes too small. Source: R3.10."""

from __future__ import annotations

from shared.contracts.types import FreeShipping


def waived(promised: FreeShipping | None, kept_minor: int, refund_minor: int) -> int:
    """What a no-reason return loses of its refund: the waived freight, if what the buyer keeps of the seller's goods no longer comes
    to the threshold. Never more than the refund itself. kept_minor: what was paid for the goods that are kept.
    """
    if promised is None or kept_minor >= promised.threshold_minor:
        return 0
    return min(promised.freight_minor, refund_minor)
