"""What the simulated market expects of broken promises, before anything is played."""

from __future__ import annotations

import pytest

from deploy.market.fates import FATES
from deploy.market.life import Life
from deploy.market.market import build
from deploy.market.reckoning import LATE, penalty


def fated(name: str) -> list[Life]:
    return [life for seed in range(20) for life in build(seed, len(FATES)).lives if life.fate == name]


@pytest.mark.parametrize(("paid", "owed"), [(100_00, 10_00), (20_00, 5_00), (9_999_00, 500_00), (0, 0)])
def test_a_late_seller_owes_a_tenth_within_bounds_r2_4(paid: int, owed: int) -> None:
    assert (penalty(LATE, paid, "CNY"), penalty(LATE, paid, "HKD")) == (owed, paid // 10)


def test_nobody_owes_for_what_left_in_time_or_was_cancelled_and_all_do_for_what_left_late_r2_4() -> None:
    late = [life for name in ("sent late", "never sent, then cancelled") for life in fated(name)]
    assert {frozenset(life.expected.compensated) for life in late} == {frozenset(life.cart.sellers) for life in late}
    in_time = [
        life for name in ("cancelled", "sent within 24 hours", "lost, then cancelled", "refused at the door") for life in fated(name)
    ]
    assert [life.expected.compensated for life in in_time if life.expected.compensated] == []


def test_a_sham_waybill_costs_more_than_a_late_one_and_in_place_of_it_r2_4() -> None:
    for life in fated("sham waybill"):
        if life.cart.currency == "CNY":
            assert all(5_00 <= amount <= 500_00 for amount in life.expected.compensated.values())
        assert set(life.expected.compensated) == set(life.cart.sellers)
