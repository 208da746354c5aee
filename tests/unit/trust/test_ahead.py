"""The day on which time alone changes a score is the one that looking at each day in turn finds. Source: R5.1-R5.3."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.trust.model import Buckets
from services.trust.rules.ahead import LOOK_DAYS_MAX, ahead
from services.trust.rules.score import rule_of
from shared.contracts.trust import Role
from shared.policy import Policy
from tests.unit.builders import POLICIES, with_policy
from tests.unit.trust import naive
from tests.unit.trust.market import TODAY

POLICY = POLICIES.versions[0]
ROLES: tuple[Role, ...] = ("seller", "promoter", "buyer")
Item = tuple[str, int, int, int, bool]  # dimension, age in days, weight, account, whether it caps the score


@st.composite
def items(draw: st.DrawFn, role: Role) -> list[Item]:
    """Ages at which something happens soon: young, a ceiling's end, several half-lives; few accounts, so that caps bind."""
    age = st.one_of(st.integers(0, 40), st.integers(58, 92), st.integers(0, 4_000))
    one = st.tuples(st.sampled_from(sorted(naive.ROLES[role][1])), age, st.integers(-15, 6).filter(bool), st.integers(1, 4), st.booleans())
    return draw(st.lists(one, max_size=40))


def buckets(found: list[Item]) -> dict[str, Buckets]:
    """Accounts 1 and 2 are pooled while they cannot reach the cap, all others have a group."""
    pooled, grouped, bad = tally(), defaultdict[str, defaultdict[int, Counter[str]]](tally), tally()
    for dimension, age, weight, account, _ in found:
        whole = sum(w for name, _, w, by, _ in found if (name, by) == (dimension, account) and w > 0)
        days = bad[dimension] if weight < 0 else pooled[dimension] if account < 3 and whole <= 5 else grouped[dimension][account]
        days[(TODAY - timedelta(days=age)).isoformat()] += abs(weight)
    return {name: Buckets(pooled[name], grouped[name], bad[name]) for name, *_ in found}


def tally() -> defaultdict[Any, Counter[str]]:
    """Weight by day."""
    return defaultdict(Counter)


def grave(found: list[Item]) -> dict[str, int]:
    return {(TODAY - timedelta(days=age)).isoformat(): 1 for _, age, weight, _, capping in found if capping and weight < 0}


def facts(found: list[Item]) -> list[naive.Fact]:
    return [
        naive.Fact(f"{number}", TODAY - timedelta(days=age), (dimension,), weight, f"b{account}", capping and weight < 0)
        for number, (dimension, age, weight, account, capping) in enumerate(found)
    ]


def looked(found: list[Item], role: Role) -> tuple[int, date | None]:
    """Each day in turn, item by item, by the definition that shares no code with the service."""
    (now, rows), days = naive.explain(facts(found), role, TODAY), (TODAY + timedelta(days=n) for n in range(1, LOOK_DAYS_MAX + 1))
    for day in days:
        if naive.explain(facts(found), role, day)[0] != now:
            return now, day
    left = any(good or bad for _, good, bad, _ in rows) or any(TODAY - one.day < timedelta(days=90) for one in facts(found) if one.grave)
    return now, TODAY + timedelta(days=LOOK_DAYS_MAX) if left else None


@pytest.mark.parametrize("role", ROLES)
@given(st.data())
def test_the_next_change_is_the_one_that_each_day_in_turn_shows_r5_1(role: Role, data: st.DataObject) -> None:
    found = data.draw(items(role))
    assert ahead(buckets(found), grave(found), TODAY, rule_of(POLICY, role), POLICY) == looked(found, role)


@given(st.integers(1, 400), st.integers(1, 12), st.integers(0, 40))
@example(1, 8, 0)
def test_good_and_bad_that_fade_at_their_own_pace_are_found_out_r5_1(good: int, bad: int, age: int) -> None:
    """The score may rise and fall again in one turn: no end of a span says alone what is between."""
    found: list[Item] = [("goods", age, 1, 3 + n, False) for n in range(good % 40)] + [("logistics", 7, -bad, 1, False)]
    assert ahead(buckets(found), {}, TODAY, rule_of(POLICY, "seller"), POLICY) == looked(found, "seller")


def test_a_counterparty_above_the_cap_keeps_its_part_until_it_falls_below_r5_2() -> None:
    """Six items of one account are worth more than five for 23 days, and only then anything moves."""
    found: list[Item] = [("goods", 0, 6, 3, False)]
    now, day = looked(found, "seller")
    assert day is not None
    assert (now, day) == ahead(buckets(found), {}, TODAY, rule_of(POLICY, "seller"), POLICY)
    assert day > TODAY + timedelta(days=23)


def test_a_ceiling_that_outlives_all_that_is_known_is_looked_at_until_it_ends_r5_3() -> None:
    """A policy may halve weights daily: after three weeks nothing is left of the item, and its ceiling still holds."""
    roles = {role: one.model_copy(update={"half_life_days": 1}) for role, one in POLICY.trust.roles.items()}
    short: Policy = with_policy("trust", roles=roles).versions[0]
    day = (TODAY - timedelta(days=40)).isoformat()
    known, rule = {"goods": Buckets(bad={day: 10})}, rule_of(short, "seller")
    assert ahead(known, {day: 1}, TODAY, rule, short) == (399, TODAY + timedelta(days=LOOK_DAYS_MAX))
    later = TODAY + timedelta(days=LOOK_DAYS_MAX)
    assert ahead(known, {day: 1}, later, rule, short) == (399, TODAY + timedelta(days=50))
    assert ahead(known, {day: 1}, TODAY + timedelta(days=50), rule, short) == (800, None)


def test_of_nothing_known_nothing_is_ahead() -> None:
    assert ahead({}, {}, TODAY, rule_of(POLICY, "buyer"), POLICY) == (800, None)


def test_an_item_of_a_day_to_come_is_a_bug_r5_1() -> None:
    with pytest.raises(ValueError, match="younger than 2026"):
        ahead({"goods": Buckets({(TODAY + timedelta(days=1)).isoformat(): 1})}, {}, TODAY, rule_of(POLICY, "seller"), POLICY)
