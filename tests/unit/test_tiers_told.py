"""The tier by which a seller's next order is held is that of its score, in whatever order the evidence came. Source: R5.7, R2.8."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.order.handlers import SERVICE
from services.order.model import PARTY
from services.order.model.party import Escrow
from shared.contracts.trust import EvidenceFound, TierChanged
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit.builders import POLICIES, POLICY
from tests.unit.trust.market import TODAY, ago, evidence, noon, score_of, trust

SELLER = "seller:s1"
GOODS = [evidence(f"g{n}", "after_sales", counterparty=f"b{n}", when=ago(3)) for n in range(10)]


def held_by(*found: EvidenceFound, policies: Policies = POLICIES, days: int = 1) -> tuple[Escrow | None, str]:
    """What order goes by so many days after all of it, and the tier of the score that came of it."""
    memory = trust(*found, policies=policies)
    order = Memory(SERVICE, policies)
    order.when(*(fact for fact in memory.facts if isinstance(fact, TierChanged)))
    told = order.entity(PARTY, SELLER)
    return (told.escrow_at(noon(TODAY + timedelta(days=days))) if told else None), score_of(memory).tier


def test_a_good_item_that_comes_after_a_later_bad_one_gives_the_tier_back() -> None:
    bad = evidence("bad", "after_sales", weight=-3, counterparty="x", when=ago(1))
    good = [evidence(f"h{n}", "after_sales", counterparty=f"c{n}", when=ago(2)) for n in range(40)]
    escrow, tier = held_by(*GOODS, bad)
    assert escrow is not None
    assert (escrow.tier, tier) == ("fair", "fair"), "below the bound"
    for found in ([*GOODS, *good, bad], [*GOODS, bad, *good]):
        escrow, tier = held_by(*found)
        assert escrow is not None
        assert (escrow.tier, tier) == ("good", "good")


@pytest.mark.parametrize("days", [1, 6, 30])
def test_a_tier_that_was_told_to_begin_later_than_the_next_one_does_not_come_back_r5_7(days: int) -> None:
    """A policy shortens the minutes between telling and beginning from a week to ten."""
    slow = POLICY.model_copy(update={"trust": POLICY.trust.model_copy(update={"suspension_lead_minutes": 10_080})})
    policies = Policies([slow, POLICY.model_copy(update={"version": "2", "effective_from": ago(1)})])
    bad = evidence("bad", "after_sales", weight=-3, counterparty="x", when=ago(2))
    good = [evidence(f"h{n}", "after_sales", counterparty=f"c{n}", when=ago(0)) for n in range(40)]
    escrow, tier = held_by(*GOODS, bad, *good, policies=policies, days=days)
    assert escrow is not None
    assert (escrow.tier, tier) == ("good", "good")


@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.tuples(some.integers(-3, 1).filter(bool), some.integers(0, 6)), max_size=12),
    some.randoms(use_true_random=False),
)
def test_whatever_comes_last_order_goes_by_the_tier_of_the_score(items: list[tuple[int, int]], dice: Random) -> None:
    found = [evidence(f"i{n}", "after_sales", weight=w, counterparty=f"d{n}", when=ago(day)) for n, (w, day) in enumerate(items)]
    found += GOODS
    dice.shuffle(found)
    escrow, tier = held_by(*found)
    assert (escrow.tier if escrow is not None else "new") == tier
