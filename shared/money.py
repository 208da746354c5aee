"""How money is split: integers of minor units, nothing lost, nothing made. Source: R1.1, R1.4, R1.5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.contracts.types import Funder

FUNDERS: tuple[Funder, ...] = ("seller", "platform", "promoter")  # the order in which they are allocated
Allocation = dict[int, dict[Funder, int]]


@dataclass(frozen=True, slots=True)
class Reduction:
    """An amount that one funder takes over of the lines it covers. name orders those of one funder, and nothing else."""

    name: str
    funder: Funder
    amount_minor: int
    line_nos: tuple[int, ...]


def allocate(gross: Mapping[int, int], reductions: Iterable[Reduction]) -> Allocation:
    """What each funder takes over of each line, by line number; funders that take nothing of a line are left out. Source: R1.5.

    gross: minor units by line number. What a reduction is worth beyond the lines it covers is lost. The order in which
    lines and reductions are given does not matter.
    """
    left = dict(gross)
    found: Allocation = {line_no: {} for line_no in sorted(gross)}
    for reduction in sorted(reductions, key=lambda one: (FUNDERS.index(one.funder), one.name, one.line_nos, one.amount_minor)):
        covered = {line_no: gross[line_no] for line_no in reduction.line_nos}
        for line_no, share in largest_remainder(reduction.amount_minor, covered, left).items():
            if share:
                left[line_no] -= share
                found[line_no][reduction.funder] = found[line_no].get(reduction.funder, 0) + share
    return found


def largest_remainder(amount: int, weights: Mapping[int, int], room: Mapping[int, int]) -> dict[int, int]:
    """`amount` split over the keys by weight, to the last unit; no share is above the key's room. Source: R1.5.

    Units that flooring leaves go one each to the largest remainders, ties to the lowest key; a unit for which a key has
    no room goes to the next largest remainder that has, round after round. Less than `amount` only if there is no room for it.
    """
    if amount < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("amounts and weights are not negative")
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    shares = {key: min(amount * weight // total, room[key]) for key, weight in weights.items()}
    order = sorted(weights, key=lambda key: (-(amount * weights[key] % total), key))
    rest = min(amount, sum(room[key] for key in weights)) - sum(shares.values())
    while rest:
        open_keys = [key for key in order if shares[key] < room[key]]
        rounds = min(rest // len(open_keys), *(room[key] - shares[key] for key in open_keys), rest)
        for key in open_keys if rounds else open_keys[:rest]:
            shares[key] += rounds or 1
            rest -= rounds or 1
    return shares


def unit_slice(amount: int, quantity: int, before: int, units: int) -> int:
    """The part of `amount` for `units` of `quantity` units, `before` being gone: cumulative, so all slices sum up. Source: R1.4."""
    if not 0 <= before <= before + units <= quantity or quantity < 1:
        raise ValueError(f"no units {before} to {before + units} of {quantity}")
    return amount * (before + units) // quantity - amount * before // quantity


def basis_points(amount: int, points: int) -> int:
    """Hundredths of a percent, floored. Source: R3.3."""
    return amount * points // 10_000
