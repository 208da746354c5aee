"""The explanation computed from its published definition alone, item by item and by trying; shares no code with the service. Source: R5.6.

Every score here comes from naive.explain or, without rounding, from one sum over all items.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from tests.unit.trust import naive
from tests.unit.trust.naive import ROLES, Fact, half

GOOD: dict[str, dict[str, tuple[str, ...]]] = {
    "seller": {"completed": ("goods",), "shipped_on_time": ("logistics",), "answered": ("after_sales",)},
    "promoter": {"completed": ("goods",), "answered": ("service",)},
    "buyer": {"completed": ("fulfilment", "after_sales")},
}
TIERS = [(900, "excellent"), (800, "good"), (700, "fair"), (600, "weak"), (0, "poor")]
KEPT, NAMED, DAYS = 50, 20, 90


@dataclass(frozen=True)
class Item(Fact):
    """event, rule: as they are told of it."""

    kind: str = "completed"
    event: str | None = None
    rule: str = "1"


def alive(items: list[Item], as_of: date) -> list[Item]:
    """One of each name; what was voided by then is gone, and what comes later is not here yet."""
    known: dict[str, Item] = {}
    for item in items:
        if item.day <= as_of:
            known.setdefault(item.name, item)
    return [item for item in known.values() if item.voided is None or item.voided > as_of]


def raw(items: list[Item], role: str, as_of: date, *, more: dict[str, int] | None = None) -> Fraction:
    """Neither rounded nor capped; more: good facts of today by kind, each from somebody new."""
    half_life, weights = ROLES[role]
    total = Fraction(0)
    for dimension, percent in weights.items():
        accounts: dict[str, int] = {}
        bad = 0
        for item in alive(items, as_of):
            if dimension in item.dimensions:
                worth = abs(item.weight) * half((as_of - item.day).days, half_life)
                bad += worth if item.weight < 0 else 0
                accounts[item.counterparty] = accounts.get(item.counterparty, 0) + (worth if item.weight > 0 else 0)
        good = sum(min(5_000_000, worth) for worth in accounts.values())
        good += sum(1_000_000 * count for kind, count in (more or {}).items() if dimension in GOOD[role][kind])
        total += 10 * percent * Fraction(8_000_000 + good, 10_000_000 + good + bad)
    return total


def capped(items: list[Item], as_of: date) -> bool:
    return any(item.grave and 0 <= (as_of - item.day).days < 90 for item in alive(items, as_of))


def shown(items: list[Item], role: str, as_of: date, more: dict[str, int] | None = None) -> int:
    value = int(raw(items, role, as_of, more=more) + Fraction(1, 2))
    return min(value, 399) if capped(items, as_of) else value


def named(items: list[Item], role: str, as_of: date) -> list[Item]:
    """Of the fifty newest of each weight, voided or not, the twenty heaviest that count."""
    ever = alive([replace(item, voided=None) for item in items], as_of)
    counting = {item.name for item in alive(items, as_of)}
    found = []
    for weight in {abs(item.weight) for item in ever}:
        newest = sorted((item for item in ever if abs(item.weight) == weight), key=lambda item: (-item.day.toordinal(), item.name))[:KEPT]
        found += [item for item in newest if item.name in counting]

    def order(item: Item) -> tuple[int, int, str]:
        return -abs(item.weight) * half((as_of - item.day).days, ROLES[role][0]), -item.day.toordinal(), item.name

    return sorted(found, key=order)[:NAMED]


def complete(items: list[Item], as_of: date) -> bool:
    ever = alive([replace(item, voided=None) for item in items], as_of)
    counting = {item.name for item in alive(items, as_of)}
    for weight in {abs(item.weight) for item in ever}:
        newest = sorted((item for item in ever if abs(item.weight) == weight), key=lambda item: (-item.day.toordinal(), item.name))[:KEPT]
        if len(newest) == KEPT and sum(item.name in counting for item in newest) < NAMED:
            return False
    return True


def effects(items: list[Item], role: str, as_of: date) -> list[tuple[Any, ...]]:
    """By leaving out each, and computing everything again."""
    rows = []
    for item in named(items, role, as_of):
        rest = [other for other in items if other.name != item.name]
        change = 1_000_000 * (raw(items, role, as_of) - raw(rest, role, as_of))
        without = shown(rest, role, as_of)
        worth = abs(item.weight) * half((as_of - item.day).days, ROLES[role][0])
        effect = shown(items, role, as_of) - without
        said = (
            item.name,
            item.kind,
            item.event,
            item.dimensions,
            item.weight,
            item.day.isoformat(),
            (as_of - item.day).days,
            worth,
            item.rule,
        )
        rows.append((*said, without, effect, (2 * change + 1) // 2))
    return rows


def rest(items: list[Item], role: str, as_of: date) -> list[tuple[str, str, list[tuple[str, int, int]]]]:
    """What is not named, by day; the days before the ninetieth together."""
    half_life, weights = ROLES[role]
    told = {item.name for item in named(items, role, as_of)}
    others = [item for item in alive(items, as_of) if item.name not in told and half((as_of - item.day).days, half_life)]
    days = sorted({item.day for item in others}, reverse=True)
    groups = [[day] for day in days[:DAYS]] + ([days[DAYS:]] if days[DAYS:] else [])
    rows = []
    for group in groups:
        sums = []
        for dimension in weights:
            worths = [
                item.weight * half((as_of - item.day).days, half_life)
                for item in others
                if item.day in group and dimension in item.dimensions
            ]
            good, bad = sum(worth for worth in worths if worth > 0), -sum(worth for worth in worths if worth < 0)
            if good or bad:
                sums.append((dimension, good, bad))
        rows.append((min(group).isoformat(), max(group).isoformat(), sums))
    return rows


def cut(items: list[Item], role: str, as_of: date) -> list[int]:
    """By dimension, what the cap a counterparty left out."""
    half_life, weights = ROLES[role]
    found = []
    for dimension in weights:
        accounts: dict[str, int] = {}
        for item in alive(items, as_of):
            if dimension in item.dimensions and item.weight > 0:
                accounts[item.counterparty] = accounts.get(item.counterparty, 0) + item.weight * half((as_of - item.day).days, half_life)
        found.append(sum(max(0, worth - 5_000_000) for worth in accounts.values()))
    return found


def until(items: list[Item], as_of: date) -> str | None:
    """The day before the first one without a ceiling, looked for day by day."""
    if not capped(items, as_of):
        return None
    day, counting = as_of, [replace(item, voided=None) for item in alive(items, as_of)]  # no tombstone of later days is known yet
    while capped(counting, day + timedelta(days=1)):
        day += timedelta(days=1)
    return day.isoformat()


def tier(items: list[Item], role: str, as_of: date) -> str:
    if len(alive(items, as_of)) < 10:
        return "new"
    return next(name for least, name in TIERS if shown(items, role, as_of) >= least)


def fewest(items: list[Item], role: str, as_of: date, at_most: int) -> int | None:
    """By trying all sets: the size of the least that brings the subject to the next tier; None: none of up to at_most does."""
    now = shown(items, role, as_of)
    above = [least for least, _ in TIERS if least > now]
    if not above:
        return None
    for size in range(1, at_most + 1):
        for chosen in combinations_with_replacement(sorted(GOOD[role]), size):
            if shown(items, role, as_of, {kind: chosen.count(kind) for kind in chosen}) >= min(above):
                return size
    return None


def explained(items: list[Item], role: str, as_of: date) -> dict[str, Any]:
    """All but the lift, and the words of a reason."""
    score, rows = naive.explain([*items], role, as_of)
    parts = [(name, good, bad, over, percent) for (name, good, bad, percent), over in zip(rows, cut(items, role, as_of), strict=True)]
    return {
        "score": score, "new": len(alive(items, as_of)) < 10, "items": len(alive(items, as_of)), "tier": tier(items, role, as_of),
        "as_of": as_of.isoformat(), "ceiling": 399 if capped(items, as_of) else None, "ceiling_until": until(items, as_of),
        "dimensions": parts, "heaviest": effects(items, role, as_of), "complete": complete(items, as_of), "rest": rest(items, role, as_of),
    }  # fmt: skip
