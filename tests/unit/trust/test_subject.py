"""A subject's score as evidence comes in. Source: R5.1-R5.3, R5.6."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.trust.model import COUNTERPARTY, GROUPS, SCORE, Buckets, add, groups_key
from services.trust.rules.score import rule_of, score, sums
from shared.contracts.trust import EvidenceFound, ScoreChanged
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit.builders import POLICIES
from tests.unit.trust import naive
from tests.unit.trust.market import TODAY, ago, changes, completed, evidence, noon, parties, score_of, shipped, trust

DIMENSIONS = ("goods", "logistics", "after_sales", "content")


def test_twenty_parcels_in_time_to_twenty_buyers_are_827() -> None:
    memory = trust(*(shipped(f"o{number}", parties(), buyer=f"b{number}") for number in range(20)))
    last = changes(memory)[-1]
    assert (last.score, last.new, last.items) == (827, False, 20)
    assert [(row.dimension, row.positive, row.negative, row.weight_pct) for row in last.dimensions] == [
        ("goods", 0, 0, 40),
        ("logistics", 20_000_000, 0, 20),
        ("after_sales", 0, 0, 25),
        ("content", 0, 0, 15),
    ]


def test_fifty_completions_by_one_buyer_are_827_and_by_fifty_buyers_867() -> None:
    one = trust(*(completed(f"o{number}") for number in range(50)))
    many = trust(*(completed(f"o{number}", buyer=f"b{number}") for number in range(50)))
    assert (changes(one)[-1].score, changes(many)[-1].score) == (827, 867)


def test_a_subject_is_shown_as_new_below_ten_items() -> None:
    """R5.3."""
    memory = trust(*(completed(f"o{number}", buyer=f"b{number}") for number in range(10)))
    assert [fact.new for fact in changes(memory)] == [True] * 9 + [False]


def test_evidence_of_an_earlier_day_that_comes_late_does_not_turn_the_date_back() -> None:
    memory = trust(evidence("e1"), evidence("e2", when=ago(90)))
    assert [fact.as_of for fact in changes(memory)] == ["2026-06-16", "2026-06-16"]
    assert changes(memory)[-1].dimensions[0].positive == 1_500_000


def test_earlier_items_have_aged_when_a_new_one_comes() -> None:
    memory = trust(evidence("e1", when=ago(180)), evidence("e2", when=ago(90)), evidence("e3", counterparty="b2"))
    assert [fact.dimensions[0].positive for fact in changes(memory)] == [1_000_000, 1_500_000, 1_750_000]


def test_one_subjects_evidence_is_nobody_elses() -> None:
    memory = trust(evidence("e1"), evidence("e1", subject="seller:s2"), evidence("e1", subject="promoter:s1"))
    assert [len(changes(memory, subject)) for subject in ("seller:s1", "seller:s2", "promoter:s1")] == [1, 1, 1]


def test_hundreds_of_buyers_on_one_day_take_one_entry() -> None:
    """A hot seller's entity does not grow with its buyers."""
    memory = trust(*(evidence(f"e{number}", counterparty=f"b{number % 80}") for number in range(200)))
    assert score_of(memory).buckets["goods"] == Buckets(pooled={"2026-06-16": 200})


def test_the_sixth_item_of_a_counterparty_moves_it_into_a_group_of_its_own() -> None:
    """R5.2: five cannot reach the cap, six can."""
    memory = trust(*(evidence(f"e{number}", when=ago(10 - number)) for number in range(5)), evidence("other", counterparty="b2"))
    assert score_of(memory).buckets["goods"].grouped == {}
    memory.send(evidence("e5"))
    buckets = score_of(memory).buckets["goods"]
    assert buckets.pooled == {"2026-06-16": 1}
    assert buckets.grouped == {}, "not in the subject's own row, which every item reads and writes"
    groups = memory.entity(GROUPS, groups_key("seller:s1", 0)).buckets["goods"].grouped
    assert {group: sum(days.values()) for group, days in groups.items()} == {1: 6}
    assert memory.entity(COUNTERPARTY, "seller:s1/b1").groups == {"goods": 1}
    assert memory.entity(COUNTERPARTY, "seller:s1/b1").pooled == {}


def test_what_outsiders_are_told_names_no_counterparty() -> None:
    memory = trust(*(evidence(f"e{number}", counterparty="some-buyer") for number in range(7)))
    assert all("some-buyer" not in fact.model_dump_json() for fact in changes(memory))


def test_a_policy_that_comes_meanwhile_makes_no_difference_to_the_order_of_arrival() -> None:
    """R5.1: the rule is that of the latest evidence."""
    old = POLICIES.versions[0]
    roles = {**old.trust.roles, "seller": old.trust.roles["seller"].model_copy(update={"half_life_days": 30})}
    new = old.model_copy(update={"version": "2", "effective_from": ago(45), "trust": old.trust.model_copy(update={"roles": roles})})
    policies = Policies([old, new])
    before, after = evidence("e1", when=ago(60)), evidence("e2", when=ago(0))
    ends = [changes(trust(*events, policies=policies))[-1] for events in ((before, after), (after, before))]
    assert shown_of(ends[0]) == shown_of(ends[1])
    assert (ends[0].rule_version, ends[0].dimensions[0].positive) == ("2", 1_250_000)


def shown_of(fact: ScoreChanged) -> bytes:
    """The score and its explanation, as bytes."""
    return fact.model_dump_json(exclude={"occurred_at", "added"}).encode()


@st.composite
def items(draw: st.DrawFn) -> list[EvidenceFound]:
    """Evidence on one seller: few counterparties, so that caps bind; days from today to long ago."""
    found = []
    for number in range(draw(st.integers(1, 15))):
        dimensions = draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=3, unique=True))
        weight = draw(st.integers(-10, 6).filter(bool))
        day = ago(draw(st.one_of(st.integers(0, 3), st.integers(0, 2_500))))
        found.append(evidence(f"e{number}", *dimensions, weight=weight, counterparty=draw(st.sampled_from(("b1", "b2", "b3"))), when=day))
    return found


def as_naive(found: list[EvidenceFound]) -> list[naive.Fact]:
    return [naive.Fact(item.evidence_id, item.occurred_at.date(), item.dimensions, item.weight, item.counterparty) for item in found]


@settings(max_examples=20, deadline=None)
@given(items())
def test_score_and_explanation_are_those_of_the_definition(found: list[EvidenceFound]) -> None:
    """Each on the way, too, as of the latest day so far."""
    memory = trust(*found)
    for count, fact in enumerate(changes(memory), start=1):
        known = as_naive(found[:count])
        as_of = max(item.day for item in known)
        expected, rows = naive.explain(known, "seller", as_of)
        assert (fact.score, fact.items, fact.as_of) == (expected, count, as_of.isoformat())
        assert [(row.dimension, row.positive, row.negative, row.weight_pct) for row in fact.dimensions] == rows


@settings(max_examples=20, deadline=None)
@given(items().flatmap(lambda found: st.tuples(st.just(found), st.permutations(found * 2))))
def test_shuffled_duplicated_evidence_gives_the_same_bytes(both: tuple[list[EvidenceFound], list[EvidenceFound]]) -> None:
    """R5.1."""
    straight, shuffled = (trust(*found) for found in both)
    assert shown_of(changes(shuffled)[-1]) == shown_of(changes(straight)[-1])
    assert len(changes(shuffled)) == len(changes(straight))


@settings(max_examples=12, deadline=None)
@given(items(), st.data())
def test_evidence_split_over_partitions_that_are_read_in_any_interleaving_gives_the_same_bytes(
    found: list[EvidenceFound], data: st.DataObject
) -> None:
    """R5.1: each partition keeps its own order, and nothing else is kept."""
    places = [data.draw(st.integers(0, 2)) for _ in found]
    queues = [[item for item, place in zip(found, places, strict=True) if place == number] for number in range(3)]
    merged = []
    while any(queues):
        merged.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    assert shown_of(changes(trust(*merged))[-1]) == shown_of(changes(trust(*found))[-1])


@settings(max_examples=12, deadline=None)
@given(items(), st.integers(0, 400))
def test_anyone_can_recompute_the_score_of_any_later_date_from_the_announcements(found: list[EvidenceFound], later: int) -> None:
    """R5.6: the buckets add up from score.changed alone."""
    buckets: dict[str, Buckets] = {}
    for fact in changes(trust(*found)):
        buckets = add(buckets, fact.added)
    day = TODAY + timedelta(days=later)
    rule = rule_of(POLICIES.versions[0], "seller")
    told = {name: sums(buckets.get(name, Buckets()), day, rule) for name in rule.weights_pct}
    rows = [(name, told[name].positive, told[name].negative, weight) for name, weight in rule.weights_pct.items()]
    assert (score(told, rule), rows) == naive.explain(as_naive(found), "seller", day)


@settings(max_examples=12, deadline=None)
@given(items())
def test_the_facts_alone_give_the_same_state_and_the_snapshot_survives_storage(found: list[EvidenceFound]) -> None:
    """Law 1: state changes only by folding facts."""
    memory = trust(*found)
    own = [fact for fact in memory.facts if not isinstance(fact, EvidenceFound)]
    assert Memory(memory.service, memory.policies).given(*own).entities == memory.entities
    assert SCORE.body.validate_json(SCORE.body.dump_json(score_of(memory))) == score_of(memory)


def test_versions_of_a_subject_are_dense() -> None:
    memory = trust(*(evidence(f"e{number}") for number in range(8)))
    assert [after.items - before.items for before, after in pairwise(changes(memory))] == [1] * 7
    assert memory.entities[("score", "seller:s1")][0] == 8


def test_a_day_is_a_day_of_the_zone_even_if_two_hours_make_two_of_them() -> None:
    """R5.2: age in whole local days."""
    first = evidence("e1", when=noon(date(2026, 6, 15)) + timedelta(hours=3, minutes=30))
    second = evidence("e2", when=noon(date(2026, 6, 15)) + timedelta(hours=4, minutes=30))
    last = changes(trust(first, second))[-1]
    assert (last.as_of, last.dimensions[0].positive) == ("2026-06-16", 1_992_327)
