"""The arithmetic of the score against its published definition. Source: R5.1-R5.5."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trust.model import Buckets
from services.trust.rules.score import Rule, Sums, half, rule_of, score, sums
from services.trust.rules.tier import ceiling
from tests.unit.builders import POLICIES
from tests.unit.trust import naive
from tests.unit.trust.market import TODAY

POLICY = POLICIES.versions[0]
SELLER, BUYER = rule_of(POLICY, "seller"), rule_of(POLICY, "buyer")


def shown(rule: Rule, ceiling: int = 1000, **dimensions: Buckets) -> int:
    return score({name: sums(buckets, TODAY, rule) for name, buckets in dimensions.items()}, rule, ceiling)


def on(age: int, weight: int) -> dict[str, int]:
    return {(TODAY - timedelta(days=age)).isoformat(): weight}


def test_nothing_known_is_800() -> None:
    assert (shown(SELLER), shown(BUYER), shown(rule_of(POLICY, "promoter"))) == (800, 800, 800)


@pytest.mark.parametrize(("age", "expected"), [(0, 827), (90, 820), (180, 813)])
def test_twenty_on_time_from_twenty_buyers(age: int, expected: int) -> None:
    assert shown(SELLER, logistics=Buckets(pooled=on(age, 20))) == expected


def test_fifty_completions_by_one_buyer_count_like_five_and_by_fifty_buyers_in_full() -> None:
    assert shown(SELLER, goods=Buckets(grouped={1: on(0, 50)})) == 827
    assert shown(SELLER, goods=Buckets(pooled=on(0, 5))) == 827
    assert shown(SELLER, goods=Buckets(pooled=on(0, 50))) == 867


def test_one_upheld_counterfeit_is_640_raw_and_399_under_its_ceiling_and_693_after_90_days() -> None:
    assert shown(SELLER, goods=Buckets(bad=on(0, 10))) == 640
    assert shown(SELLER, 399, goods=Buckets(bad=on(0, 10))) == 399
    assert shown(SELLER, goods=Buckets(bad=on(90, 10))) == 693


def test_a_ceiling_lifts_nobody() -> None:
    assert shown(SELLER, 900, goods=Buckets(bad=on(0, 10))) == 640


def test_a_buyer_with_one_false_claim_is_709_and_neutral_returns_change_nothing() -> None:
    assert shown(BUYER) == 800
    assert shown(BUYER, after_sales=Buckets(bad=on(0, 4))) == 709


@pytest.mark.parametrize("half_life", [1, 7, 90, 180])  # 90 and 180 are in force
def test_the_table_is_the_floor_of_the_real_power(half_life: int) -> None:
    """R5.2: against 40 digits, every age of the first half-life and each seventh until nothing is left."""
    ages = [*range(half_life), *range(half_life, 21 * half_life, 7)]
    assert [half(age, half_life) for age in ages] == [naive.half(age, half_life) for age in ages]


@given(st.integers(0, 8_000), st.integers(1, 365))
def test_the_table_is_exact_for_any_half_life(age: int, half_life: int) -> None:
    assert half(age, half_life) == naive.half(age, half_life)


def test_the_table_at_its_marks() -> None:
    assert [half(age, 90) for age in (0, 1, 89, 90, 180, 1800)] == [1_000_000, 992_327, 503_865, 500_000, 250_000, 0]
    with pytest.raises(ValueError, match="younger than today"):
        half(-1, 90)


def test_items_after_the_as_of_date_do_not_count() -> None:
    """R5.1."""
    buckets = Buckets(pooled={**on(-1, 7), **on(0, 2)}, grouped={1: on(-5, 9)}, bad=on(-2, 3))
    assert sums(buckets, TODAY, SELLER) == Sums(2_000_000, 0)


def test_the_cap_is_per_counterparty_and_on_aged_weight() -> None:
    """R5.2: eight items half a life old are worth four, so nothing is capped."""
    assert sums(Buckets(grouped={1: on(90, 8)}), TODAY, SELLER) == Sums(4_000_000, 0)
    assert sums(Buckets(grouped={1: on(0, 8), 2: on(0, 9)}), TODAY, SELLER) == Sums(10_000_000, 0)


def test_bad_evidence_has_no_cap() -> None:
    assert sums(Buckets(bad=on(0, 30)), TODAY, SELLER) == Sums(0, 30_000_000)


@given(st.dictionaries(st.sampled_from(sorted(SELLER.weights_pct)), st.tuples(st.integers(0, 10**12), st.integers(0, 10**12))))
def test_the_score_stays_between_0_and_1000(found: dict[str, tuple[int, int]]) -> None:
    assert 0 <= score({name: Sums(*pair) for name, pair in found.items()}, SELLER) <= 1000


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 400))
def test_age_moves_a_score_towards_800(good: int, bad: int, age: int) -> None:
    young = shown(SELLER, goods=Buckets(pooled=on(age, good)), logistics=Buckets(bad=on(age, bad)))
    older = shown(SELLER, goods=Buckets(pooled=on(age + 90, good)), logistics=Buckets(bad=on(age + 90, bad)))
    if not bad:
        assert young >= older >= 800
    if not good:
        assert young <= older <= 800


def test_the_half_unit_rounds_up() -> None:
    """R5.3: floor(x + 1/2), exactly: 799.5 is 800."""
    rule = Rule(90, {"goods": 100}, good=1599, total=2000, cap=5_000_000)
    assert score({}, rule) == 800
    assert score({}, Rule(90, {"goods": 100}, good=15_989_999, total=20_000_000, cap=5_000_000)) == 799


def test_days_to_come_count_nothing_r5_1() -> None:
    assert shown(SELLER, goods=Buckets(pooled=on(-1, 5), bad=on(-1, 10))) == 800
    assert ceiling(on(-1, 1), TODAY, POLICY) is None
    assert ceiling(on(0, 1), TODAY, POLICY) == 399


def test_dates_are_local_days_not_hours() -> None:
    assert date.fromisoformat(next(iter(on(1, 1)))) == TODAY - timedelta(days=1)
