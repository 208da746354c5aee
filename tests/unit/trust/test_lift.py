"""What would lift a subject to the next tier: it does, and nothing less would. Source: R5.6, R5.7."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import combinations_with_replacement
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.trust.rules.lift import FACTS_MAX, Good, good_kinds, least, lift
from services.trust.rules.score import Sums, rule_of
from shared.contracts.explained import Lift
from shared.contracts.trust import EvidenceFound
from shared.messaging.message import Message
from shared.policy import Policies, Policy
from tests.unit.builders import POLICIES
from tests.unit.trust import naive_explain as naive
from tests.unit.trust.asked import items_of, told
from tests.unit.trust.market import TODAY, trust
from tests.unit.trust.test_voids import market
from tests.unit.trust.test_voids import told as item

POLICY = POLICIES.versions[0]
TIERS = {tier.name: number for number, tier in enumerate([*POLICY.trust.tiers[::-1]])}


def of(*events: Message, policies: Policies = POLICIES, role: str = "seller") -> Lift:
    return told(trust(*events, policies=policies), f"{role}:x").lift


def done(lift: Lift, role: str = "seller") -> list[Message]:
    """The facts that it asks for, each from somebody new, of today."""
    kinds = [fact.kind for fact in lift.facts for _ in range(fact.count)]
    return [item(role, 10_000 + number, kind, f"new-{number}", 0) for number, kind in enumerate(kinds)]


def parcels(count: int) -> list[Message]:
    return [item("seller", n, "shipped_on_time", f"b{n}", 0) for n in range(count)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from(("seller", "promoter", "buyer")), st.integers(0, 10**6), st.integers(10, 40))
def test_it_lifts_and_no_smaller_set_does(role: str, seed: int, size: int) -> None:
    """R5.6: by recomputation of all evidence with the facts in it; by trying every smaller set up to four facts."""
    events = market(role, Random(seed), size)
    before = told(trust(*events), f"{role}:x")
    assume(before.lift.by == "facts")
    after = told(trust(*events, *done(before.lift, role)), f"{role}:x")
    assert after.score >= (before.lift.least or 0) > before.score
    assert (after.tier, TIERS[after.tier]) == (before.lift.tier, TIERS[before.tier] + 1)
    count = sum(fact.count for fact in before.lift.facts)
    smaller = naive.fewest(items_of(events), role, TODAY, min(count, 4))
    assert smaller == (count if count <= 4 else None)
    assert before.lift.proven


@pytest.mark.parametrize(
    ("events", "by", "tier", "facts"),
    [
        (parcels(20), "facts", "excellent", {"completed": 24, "shipped_on_time": 0, "answered": 11}),
        (
            [*parcels(10), item("seller", 99, "dispute_lost", "c", 0)],
            "facts",
            "good",
            {"completed": 2, "shipped_on_time": 0, "answered": 3},
        ),
        (parcels(10), "facts", "excellent", {}),
        ([*parcels(9)], "shown", None, {"completed": 1}),
        (parcels(1), "shown", None, {"completed": 6, "answered": 3}),
        ([*parcels(10), item("seller", 99, "counterfeit", "c", 0)], "ceiling", "weak", {}),
        ([*parcels(10), *(item("seller", 90 + n, "violation_a", "c", 0) for n in range(6))], "facts", "good", {}),
    ],
)
def test_worked_lifts(events: list[Message], by: str, tier: str | None, facts: dict[str, int]) -> None:
    said = of(*events)
    assert (said.by, said.tier) == (by, tier)
    if by == "shown":
        assert sum(fact.count for fact in said.facts) == 10 - len(events)
        assert told(trust(*events, *done(said))).new is False
        assert told(trust(*events, *done(said)[1:])).new is True
    if by == "facts":
        assert told(trust(*events, *done(said))).tier == tier
        assert told(trust(*events, *done(said)[1:])).tier != tier


def test_a_ceiling_says_until_when_and_the_day_after_facts_lift_again_r5_3() -> None:
    bad = [*parcels(10), item("seller", 99, "counterfeit", "c", 89)]
    today = told(trust(*bad))
    assert (today.lift.by, today.lift.tier, today.ceiling, today.ceiling_until) == ("ceiling", "weak", 399, TODAY.isoformat())
    tomorrow = told(trust(*parcels(10), item("seller", 99, "counterfeit", "c", 90)))
    assert (tomorrow.lift.by, tomorrow.ceiling, tomorrow.ceiling_until) == ("facts", None, None)


@pytest.mark.parametrize(("ceiling", "by"), [(599, "ceiling"), (600, "facts")])
def test_a_ceiling_that_is_a_tiers_first_score_keeps_nobody_out_of_it_r5_3_r5_7(ceiling: int, by: str) -> None:
    """Three counterfeits and eight parcels in time: 578 without a ceiling."""
    terms = POLICY.trust.model_copy(update={"ceiling": POLICY.trust.ceiling.model_copy(update={"score": ceiling})})
    policies = Policies([POLICY.model_copy(update={"trust": terms})])
    bad = [*(item("seller", 90 + n, "counterfeit", f"c{n}", 0) for n in range(3)), *parcels(8)]
    said = of(*bad, policies=policies)
    assert (said.by, said.tier) == (by, "weak")
    if by == "facts":
        assert told(trust(*bad, *done(said), policies=policies)).tier == "weak"


@pytest.mark.parametrize(("least_score", "by"), [(612, "facts"), (613, "never")])
def test_what_good_facts_only_come_close_to_is_never_reached_r5_6(least_score: int, by: str) -> None:
    """A promoter's content at 8 / 256, and nothing good is ever said of it: 12.5 points, and less than 600 by the rest."""
    tiers = (*POLICY.trust.tiers[:3], POLICY.trust.tiers[3].model_copy(update={"least": least_score}), POLICY.trust.tiers[4])
    policy = POLICY.model_copy(update={"trust": POLICY.trust.model_copy(update={"tiers": tiers})})
    found = {"content": Sums(0, 246_000_000)}
    assert lift(found, 200, 0, None, "promoter", rule_of(policy, "promoter"), policy).by == ("many" if by == "facts" else by)


def test_where_too_much_speaks_against_a_subject_no_number_of_good_facts_helps() -> None:
    """R5.4: nothing good is ever said of content; at 0.15 * 8 / 1510 and 0.85 for the rest the score stays below 900."""
    said = of(*parcels(10), *(item("seller", 100 + n, "violation_a", "c", 0) for n in range(100)))
    assert said.by == "facts" or said.by == "many"
    high = [item("seller", 200 + n, "completed", f"d{n}", 0) for n in range(60)]
    answered = [item("seller", 400 + n, "answered", f"e{n}", 0) for n in range(60)]
    top = told(trust(*parcels(60), *high, *answered, *(item("seller", 100 + n, "violation_a", "c", 0) for n in range(100))))
    assert (top.tier, top.lift.by, top.lift.facts) == ("good", "never", ())


def test_the_highest_tier_has_no_next() -> None:
    kinds = ("completed", "shipped_on_time", "answered")
    top = told(trust(*(item("seller", n, kinds[n % 3], f"b{n}", 0) for n in range(150))))
    assert (top.tier, top.lift.by, top.lift.tier, top.lift.facts) == ("excellent", "highest", None, ())


def test_more_than_a_thousand_facts_are_not_counted_out() -> None:
    bad = [item("seller", n, "quality_refund", f"b{n}", 0) for n in range(400)]
    late = [item("seller", 1000 + n, "late", f"b{n}", 0) for n in range(600)]
    said = of(*bad, *late, *(item("seller", 3000 + n, "dispute_lost", f"b{n}", 0) for n in range(600)))
    assert (said.by, said.tier, said.facts, FACTS_MAX) == ("many", "weak", (), 1_000)


def with_kinds(**kinds: tuple[int, tuple[str, ...]]) -> Policy:
    """Good kinds of a seller: weight and dimensions."""
    evidence: dict[Any, Any] = dict(POLICY.trust.evidence)
    for name, (weight, dimensions) in kinds.items():
        known = evidence[name]
        evidence[name] = known.model_copy(update={"weight": weight, "counts_for": {**known.counts_for, "seller": dimensions}})
    return POLICY.model_copy(update={"trust": POLICY.trust.model_copy(update={"evidence": evidence})})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.data())
def test_the_least_set_is_the_least_of_any_policy(data: st.DataObject) -> None:
    """R5.6, R9.1: also where kinds share dimensions, by trying all smaller ones."""
    dimensions = ("goods", "logistics", "after_sales")
    some = st.lists(st.sampled_from(dimensions), min_size=1, max_size=3, unique=True).map(tuple)
    names = ("completed", "shipped_on_time", "answered")
    policy = with_kinds(**{name: (data.draw(st.integers(1, 7)), data.draw(some)) for name in names})
    rule = rule_of(policy, "seller")
    bad = st.integers(0, 12).map(lambda weight: weight * 1_000_000)
    found = {name: Sums(data.draw(bad), data.draw(bad)) for name in (*dimensions, "content")}
    kinds = good_kinds("seller", rule, policy)
    wanted = data.draw(st.integers(300, 900))
    taken, proven = least(found, kinds, wanted, rule)
    assume(taken is not None and 0 < taken.total() <= 5)
    assert taken is not None
    assert proven
    every = [
        (kind, min(rule.cap, weight.weight * 1_000_000), weight.counts_for["seller"])
        for kind, weight in policy.trust.evidence.items()
        if weight.weight > 0
    ]
    assert reach(found, dict(taken), every, rule.weights_pct) >= wanted
    for size in range(taken.total()):
        for chosen in combinations_with_replacement(sorted(kind for kind, _, _ in every), size):
            assert reach(found, {kind: chosen.count(kind) for kind in chosen}, every, rule.weights_pct) < wanted


def test_where_kinds_share_a_dimension_the_one_that_adds_most_may_be_none_of_the_least_set_r5_6() -> None:
    """Taking the best each time takes three."""
    policy = with_kinds(completed=(2, ("goods", "logistics")), shipped_on_time=(4, ("goods",)), answered=(2, ("logistics", "after_sales")))
    rule = rule_of(policy, "seller")
    found = {"logistics": Sums(0, 5_000_000), "after_sales": Sums(0, 20_000_000)}
    assert least(found, good_kinds("seller", rule, policy), 659, rule) == ({"shipped_on_time": 1, "answered": 1}, True)


def reach(found: dict[str, Sums], taken: dict[Any, int], every: list[Any], weights: Any) -> int:
    total = Fraction(1, 2)
    for name, percent in weights.items():
        more = sum(gain * taken.get(kind, 0) for kind, gain, where in every if name in where)
        good, bad = found[name].positive + more, found[name].negative
        total += 10 * percent * Fraction(8_000_000 + good, 10_000_000 + good + bad)
    return int(total)


def test_a_kind_that_another_one_covers_is_never_asked_for() -> None:
    policy = with_kinds(completed=(2, ("goods", "logistics")), shipped_on_time=(2, ("logistics",)), answered=(7, ("after_sales",)))
    kinds = good_kinds("seller", rule_of(policy, "seller"), policy)
    assert kinds == (
        Good("completed", frozenset(("goods", "logistics")), 2_000_000),
        Good("answered", frozenset(("after_sales",)), 5_000_000),  # one counterparty gives no more than the cap
    )


def test_of_two_kinds_of_the_same_dimensions_the_heavier_is_asked_for_and_of_equals_the_first_r5_6() -> None:
    where = ("goods", "logistics")
    policy = with_kinds(completed=(2, where), shipped_on_time=(3, where), answered=(3, where))
    assert good_kinds("seller", rule_of(policy, "seller"), policy) == (Good("shipped_on_time", frozenset(where), 3_000_000),)


def test_of_a_role_without_good_kinds_nothing_is_asked() -> None:
    evidence: dict[Any, Any] = {
        kind: one.model_copy(update={"counts_for": {"buyer": ("fulfilment",)}}) if one.weight > 0 else one
        for kind, one in POLICY.trust.evidence.items()
    }
    policy = POLICY.model_copy(update={"trust": POLICY.trust.model_copy(update={"evidence": evidence})})
    events = [item("seller", n, "late", f"c{n}", 0) for n in range(12)]
    assert of(*events, policies=Policies([policy])).by == "never"
    assert of(*events[:3], policies=Policies([policy])) == Lift(by="shown", tier=None, least=None, facts=(), proven=True)


def test_it_is_of_that_day() -> None:
    """What is bad ages: later, fewer are needed."""
    counts = []
    for age in (0, 90, 180):
        found = [item("seller", n, "shipped_on_time", f"b{n}", 0) for n in range(10)]
        said = of(*found, *(item("seller", 50 + n, "dispute_lost", "c", age) for n in range(2)))
        counts.append(sum(fact.count for fact in said.facts))
    assert counts == sorted(counts, reverse=True)
    assert isinstance(found[0], EvidenceFound)
    assert date.fromisoformat(TODAY.isoformat()) == TODAY
