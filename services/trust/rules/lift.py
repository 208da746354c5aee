"""What would lift a subject to the next tier: the least set of good facts. Source: R5.6, R5.7.

A good fact of a kind, from a counterparty that gave nothing before, adds min(cap, weight) to P in each dimension where the kind counts;
so a kind whose dimensions and weight another one covers is never needed. T grows with P, ever slower: where no two kinds share a
dimension, taking again and again the kind that now adds most gives the highest score for each number of facts, so the first number
that reaches the tier is the least. Where kinds do share one, smaller sets are tried until none reaches it, or there are too many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import comb
from typing import Any

from services.trust.rules.score import HALF, Rule, Sums, exact, trust
from shared.contracts.explained import GoodFacts, Lift
from shared.contracts.trust import Role
from shared.policy import EvidenceKind, Policy
from shared.policy.document import TierPolicy

FACTS_MAX = 1_000  # looked for; nobody counts on more
TRIED_MAX = 1_000  # smaller sets


@dataclass(frozen=True, slots=True)
class Good:
    """A kind of good facts: what one of them adds to P, in millionths, in each of these dimensions."""

    kind: EvidenceKind
    dimensions: frozenset[str]
    gain: int


def lift(found: Mapping[str, Sums], items: int, shown: int, ceiling: int | None, role: Role, rule: Rule, policy: Policy) -> Lift:
    """From this state of the evidence; ceiling: in force that day, None: none."""
    kinds = good_kinds(role, rule, policy)
    missing = policy.trust.shown_from_items - items
    if missing > 0:
        first = _counted(_first(found, kinds, missing, rule), kinds)
        return Lift(by="shown", tier=None, least=None, facts=first, proven=True)
    above = _above(shown, policy)
    if above is None:
        return Lift(by="highest", tier=None, least=None, facts=(), proven=True)
    said: dict[str, Any] = {"tier": above.name, "least": above.least}
    if ceiling is not None and ceiling < above.least:
        return Lift(by="ceiling", **said, facts=(), proven=True)
    if _highest(found, kinds, rule) + HALF <= above.least:
        return Lift(by="never", **said, facts=(), proven=True)
    taken, proven = least(found, kinds, above.least, rule)
    if taken is None:
        return Lift(by="many", **said, facts=(), proven=proven)
    return Lift(by="facts", **said, facts=_counted(taken, kinds), proven=proven)


def good_kinds(role: Role, rule: Rule, policy: Policy) -> tuple[Good, ...]:
    """In the policy's order; of two where one does all that the other does, the better."""
    every = [
        Good(kind, frozenset(evidence.counts_for[role]).intersection(rule.weights_pct), min(rule.cap, evidence.weight * 1_000_000))
        for kind, evidence in policy.trust.evidence.items()
        if evidence.weight > 0 and role in evidence.counts_for
    ]

    def needless(at: int) -> bool:
        one, others = every[at], (other for place, other in enumerate(every) if place != at)
        return any(_covers(other, one) and (not _covers(one, other) or every.index(other) < at) for other in others)

    return tuple(one for at, one in enumerate(every) if one.dimensions and not needless(at))


def least(found: Mapping[str, Sums], kinds: tuple[Good, ...], wanted: int, rule: Rule) -> tuple[Counter[EvidenceKind] | None, bool]:
    """The fewest facts that bring the score to `wanted`, and whether that is proven; None: it takes more than FACTS_MAX."""
    apart = not any(one.dimensions & other.dimensions for one, other in combinations(kinds, 2))
    now, taken, reached = dict(found), Counter[EvidenceKind](), exact(found, rule)
    while reached + HALF < wanted:
        if taken.total() == FACTS_MAX:
            return None, apart
        gained, best = _best(now, kinds, rule)
        now, reached = _with(now, best, 1), reached + gained
        taken[best.kind] += 1
    if apart:
        return taken, True
    while taken and comb(taken.total() + len(kinds) - 2, len(kinds) - 1) <= TRIED_MAX:
        smaller = next(_reaching(found, kinds, taken.total() - 1, wanted, rule), None)
        if smaller is None:
            return taken, True
        taken = smaller
    return taken, not taken


def _covers(one: Good, other: Good) -> bool:
    return other.dimensions <= one.dimensions and other.gain <= one.gain


def _best(now: Mapping[str, Sums], kinds: tuple[Good, ...], rule: Rule) -> tuple[Fraction, Good]:
    """What the best kind adds to the score; the first of equals."""
    gains = [(_gain(now, one, rule), one) for one in kinds]
    return max(gains, key=lambda pair: pair[0])


def _gain(now: Mapping[str, Sums], one: Good, rule: Rule) -> Fraction:
    after = _with(now, one, 1)
    parts = (10 * rule.weights_pct[name] * (trust(after[name], rule) - trust(now.get(name, Sums(0, 0)), rule)) for name in one.dimensions)
    return sum(parts, start=Fraction(0))


def _with(now: Mapping[str, Sums], one: Good, count: int) -> dict[str, Sums]:
    before = {name: now.get(name, Sums(0, 0)) for name in one.dimensions}
    return {**now, **{name: Sums(known.positive + count * one.gain, known.negative) for name, known in before.items()}}


def _first(found: Mapping[str, Sums], kinds: tuple[Good, ...], count: int, rule: Rule) -> Counter[EvidenceKind]:
    """So many facts, the best one each time; of more than FACTS_MAX the rest of the last kind."""
    now, taken = dict(found), Counter[EvidenceKind]()
    for number in range(min(count, FACTS_MAX) if kinds else 0):
        _, best = _best(now, kinds, rule)
        now = _with(now, best, 1)
        taken[best.kind] += count - number if number == FACTS_MAX - 1 else 1
    return taken


def _reaching(found: Mapping[str, Sums], kinds: tuple[Good, ...], count: int, wanted: int, rule: Rule) -> Iterator[Counter[EvidenceKind]]:
    """All sets of so many facts that reach it."""
    for chosen in combinations_with_replacement(kinds, count):
        now = dict(found)
        for one, times in Counter(chosen).items():
            now = _with(now, one, times)
        if exact(now, rule) + HALF >= wanted:
            yield Counter(one.kind for one in chosen)


def _highest(found: Mapping[str, Sums], kinds: tuple[Good, ...], rule: Rule) -> Fraction:
    """What the score comes close to with ever more good facts, and never reaches while anything speaks against the subject."""
    full = {name for one in kinds for name in one.dimensions}

    def most(name: str) -> Fraction:
        return Fraction(1) if name in full else trust(found.get(name, Sums(0, 0)), rule)

    return sum((10 * weight * most(name) for name, weight in rule.weights_pct.items()), start=Fraction(0))


def _above(shown: int, policy: Policy) -> TierPolicy | None:
    """The next tier; None: it is in the highest."""
    higher = [tier for tier in policy.trust.tiers if tier.least > shown]
    return higher[-1] if higher else None


def _counted(taken: Counter[EvidenceKind], kinds: tuple[Good, ...]) -> tuple[GoodFacts, ...]:
    return tuple(GoodFacts(kind=one.kind, count=taken[one.kind]) for one in kinds if taken[one.kind])
