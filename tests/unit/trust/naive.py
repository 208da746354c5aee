"""The score computed from its published definition alone, item by item; shares no code with the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache

EXACT = Context(prec=40, rounding=ROUND_FLOOR)
ROLES = {
    "seller": (90, {"goods": 40, "logistics": 20, "after_sales": 25, "content": 15}),
    "promoter": (90, {"content": 40, "goods": 40, "service": 20}),
    "buyer": (180, {"fulfilment": 40, "after_sales": 40, "disputes": 20}),
}


WEIGHTS = {
    "completed": 1, "shipped_on_time": 1, "late": -2, "sham": -5, "quality_refund": -3, "counterfeit": -10, "answered": 1,
    "timed_out": -1, "dispute_lost": -3, "violation_c": -2, "violation_b": -5, "violation_a": -15, "chargeback_lost": -6,
    "false_claim": -4, "swapped_parcel": -10,
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One item. weight: signed. grave: it caps the score. voided: the day from which it does not count, None: it does."""

    name: str
    day: date
    dimensions: tuple[str, ...]
    weight: int
    counterparty: str
    grave: bool = False
    voided: date | None = None


@cache
def half(age: int, half_life: int) -> int:
    """floor(10^6 * 2^(-age/H)) by 40 digits."""
    exponent = EXACT.divide(Decimal(-age), Decimal(half_life))
    return int(EXACT.multiply(Decimal(1_000_000), EXACT.power(Decimal(2), exponent)).to_integral_value(ROUND_FLOOR))


def explain(facts: list[Fact], role: str, as_of: date) -> tuple[int, list[tuple[str, int, int, int]]]:
    """The score and (dimension, P, N, weight) of each dimension."""
    half_life, weights = ROLES[role]
    known = {fact.name: fact for fact in facts if fact.day <= as_of and (fact.voided is None or fact.voided > as_of)}
    total = Fraction(0)
    rows = []
    for dimension, percent in weights.items():
        by_account: dict[str, int] = {}
        bad = 0
        for fact in known.values():
            worth = abs(fact.weight) * half((as_of - fact.day).days, half_life)
            if dimension in fact.dimensions and fact.weight < 0:
                bad += worth
            elif dimension in fact.dimensions:
                by_account[fact.counterparty] = by_account.get(fact.counterparty, 0) + worth
        good = sum(min(5_000_000, worth) for worth in by_account.values())
        total += Fraction(percent, 100) * Fraction(8_000_000 + good, 10_000_000 + good + bad)
        rows.append((dimension, good, bad, percent))
    shown = int(1000 * total + Fraction(1, 2))
    if any(fact.grave and (as_of - fact.day).days < 90 for fact in known.values()):
        shown = min(shown, 399)
    return shown, rows
