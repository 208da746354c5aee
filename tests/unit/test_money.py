"""Money is split to the last unit, and never made or lost. Source: R1.1, R1.4, R1.5."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.types import Funder
from shared.money import FUNDERS, Reduction, allocate, basis_points, largest_remainder, unit_slice

QUICK = settings(max_examples=40, deadline=None)
GROSS = st.dictionaries(st.integers(1, 200), st.integers(0, 10**9), min_size=1, max_size=8)


def reduction(amount: int, *line_nos: int, funder: Funder = "platform", name: str = "c") -> Reduction:
    return Reduction(name, funder, amount, line_nos)


@st.composite
def carts(draw: st.DrawFn) -> tuple[dict[int, int], list[Reduction]]:
    gross = draw(GROSS)
    covered = st.lists(st.sampled_from(sorted(gross)), min_size=1, unique=True).map(tuple)
    one = st.builds(
        Reduction, st.sampled_from("abcd"), st.sampled_from(FUNDERS), st.integers(0, 2 * sum(gross.values()) // len(gross) + 10), covered
    )
    return gross, draw(st.lists(one, max_size=5, unique_by=lambda each: (each.name, each.funder)))


def test_a_coupon_of_20_over_lines_of_100_and_110_leaves_90_48_and_99_52_r1_5() -> None:
    found = allocate({1: 100_00, 2: 110_00}, [reduction(20_00, 1, 2)])
    assert {line_no: gross - sum(found[line_no].values()) for line_no, gross in {1: 100_00, 2: 110_00}.items()} == {1: 90_48, 2: 99_52}


def test_ties_go_to_the_lowest_line_number_r1_5() -> None:
    assert largest_remainder(1, {3: 50, 2: 50, 7: 50}, {2: 50, 3: 50, 7: 50}) == {2: 1, 3: 0, 7: 0}


def test_the_largest_remainder_goes_before_the_lowest_number_r1_5() -> None:
    assert largest_remainder(10, {1: 33, 2: 34, 3: 33}, {1: 33, 2: 34, 3: 33}) == {1: 3, 2: 4, 3: 3}
    assert largest_remainder(100, {1: 1_00, 2: 2_00, 3: 3_50}, {1: 100, 2: 200, 3: 350}) == {1: 15, 2: 31, 3: 54}


def test_only_covered_lines_are_reduced_r1_5() -> None:
    assert allocate({1: 10_00, 2: 10_00, 3: 10_00}, [reduction(6_00, 1, 3)]) == {1: {"platform": 3_00}, 2: {}, 3: {"platform": 3_00}}


def test_funders_are_kept_apart_and_served_in_their_order_r1_5() -> None:
    """The seller's 8 come first, though it is named last: 2 are left of line 1 for the platform, 0 for the promoter."""
    found = allocate(
        {1: 10_00},
        [reduction(9_00, 1, funder="promoter"), reduction(2_00, 1), reduction(8_00, 1, funder="seller")],
    )
    assert found == {1: {"seller": 8_00, "platform": 2_00}}


def test_two_coupons_of_one_funder_add_up() -> None:
    assert allocate({1: 10_00}, [reduction(2_00, 1, name="a"), reduction(3_00, 1, name="b")]) == {1: {"platform": 5_00}}


def test_a_share_is_never_above_what_is_left_of_a_line_and_the_rest_goes_to_the_next_r1_5() -> None:
    found = allocate({1: 10_00, 2: 90_00}, [reduction(9_50, 1, funder="seller"), reduction(20_00, 1, 2)])
    assert found == {1: {"seller": 9_50, "platform": 50}, 2: {"platform": 19_50}}


def test_the_unit_without_room_goes_to_the_next_largest_remainder_r1_5() -> None:
    """Remainders of 4 over 5, 4, 3: line 1 has 20/12, line 2 16/12, line 3 0: the unit of line 1 falls to line 2."""
    assert largest_remainder(4, {1: 5, 2: 4, 3: 3}, {1: 5, 2: 4, 3: 3}) == {1: 2, 2: 1, 3: 1}
    assert largest_remainder(4, {1: 5, 2: 4, 3: 3}, {1: 1, 2: 4, 3: 3}) == {1: 1, 2: 2, 3: 1}


def test_an_overflow_beyond_one_unit_goes_round_after_round() -> None:
    assert largest_remainder(90, {1: 30, 2: 30, 3: 30}, {1: 5, 2: 100, 3: 100}) == {1: 5, 2: 43, 3: 42}


def test_what_a_coupon_is_worth_beyond_its_lines_is_lost() -> None:
    assert allocate({1: 5_00, 2: 5_00}, [reduction(30_00, 1)]) == {1: {"platform": 5_00}, 2: {}}


def test_lines_that_cost_nothing_take_nothing() -> None:
    assert allocate({1: 0, 2: 5_00}, [reduction(3_00, 1, 2)]) == {1: {}, 2: {"platform": 3_00}}
    assert allocate({1: 0}, [reduction(3_00, 1)]) == {1: {}}


def test_amounts_of_the_largest_size_are_split_at_once() -> None:
    found = largest_remainder(10**15, {1: 1, 2: 1, 3: 10**15}, {1: 1, 2: 1, 3: 10**15})
    assert sum(found.values()) == 10**15


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        largest_remainder(-1, {1: 1}, {1: 1})


def test_slices_of_a_line_are_cumulative_r1_4() -> None:
    assert [unit_slice(100_00, 3, before, 1) for before in range(3)] == [33_33, 33_33, 33_34]
    assert unit_slice(100_00, 3, 0, 2) == 66_66
    assert unit_slice(2, 3, 0, 1) == 0


@pytest.mark.parametrize(("before", "units"), [(-1, 1), (0, 4), (3, 1), (2, -1)])
def test_slices_outside_the_line_are_refused(before: int, units: int) -> None:
    with pytest.raises(ValueError, match="no units"):
        unit_slice(100, 3, before, units)


def test_basis_points_are_floored_r3_3() -> None:
    assert (basis_points(60_00, 2_000), basis_points(60_00, 500), basis_points(99, 500), basis_points(1, 9_999)) == (12_00, 3_00, 4, 0)


def test_every_funder_has_its_place() -> None:
    assert sorted(FUNDERS) == sorted(get_args(Funder))


@QUICK
@given(carts())
def test_what_is_taken_is_what_the_coupons_are_worth_as_far_as_there_is_room(cart: tuple[dict[int, int], list[Reduction]]) -> None:
    gross, reductions = cart
    found = allocate(gross, reductions)
    for line_no, shares in found.items():
        assert all(share > 0 for share in shares.values())
        assert sum(shares.values()) <= gross[line_no]
    for one in reductions:
        taken = sum(found[line_no].get(one.funder, 0) for line_no in one.line_nos)
        full = all(sum(found[line_no].values()) == gross[line_no] for line_no in one.line_nos)
        assert taken >= one.amount_minor or full
    total = sum(sum(shares.values()) for shares in found.values())
    assert total <= sum(one.amount_minor for one in reductions)


@QUICK
@given(carts(), st.randoms())
def test_the_order_of_lines_and_coupons_does_not_matter(cart: tuple[dict[int, int], list[Reduction]], chance: Random) -> None:
    gross, reductions = cart
    lines = list(gross.items())
    shuffled = list(reductions)
    chance.shuffle(lines)
    chance.shuffle(shuffled)
    assert allocate(dict(lines), shuffled) == allocate(gross, reductions)


@given(GROSS, st.data())
def test_one_coupon_with_room_is_spent_exactly_and_each_share_is_within_one_of_its_quota(
    gross: dict[int, int], data: st.DataObject
) -> None:
    total = sum(gross.values())
    amount = data.draw(st.integers(0, total))
    shares = largest_remainder(amount, gross, gross)
    assert sum(shares.values()) == amount
    for key, share in shares.items():
        assert amount * gross[key] // max(total, 1) <= share <= amount * gross[key] // max(total, 1) + 1


@given(st.integers(0, 10**12), st.integers(1, 1_000), st.data())
def test_slices_sum_up_however_they_are_cut(amount: int, quantity: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, quantity), max_size=6)))
    edges = [0, *cuts, quantity]
    slices = [unit_slice(amount, quantity, low, high - low) for low, high in pairwise(edges)]
    assert sum(slices) == amount
    assert all(one >= 0 for one in slices)
