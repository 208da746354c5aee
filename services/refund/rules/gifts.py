"""Gifts go back with the line that they were given with; those that do not are paid for. Source: R4.5."""

from __future__ import annotations

from collections.abc import Iterable

from shared.money import unit_slice


def deducted(gifts_minor: Iterable[int], quantity: int, before: int, units: int, refund_minor: int) -> int:
    """What a return loses of its refund if the gifts were not sent along: their list price, less what was paid for them.

    gifts_minor: of each gift line of the line. Units of the line that go back take their slice of the gifts with them, behind those
    that went before. Never more than the refund itself. Source: R4.5, R1.4.
    """
    return min(refund_minor, sum(unit_slice(gift, quantity, before, units) for gift in gifts_minor))
