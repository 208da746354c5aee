"""`laotie verify` comes to the same scores as the service, item by item, and would notice a wrong one. Source: R5.1-R5.7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from deploy.verify import evidence
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.scores import checks
from shared.contracts.explained import ScoreExplained
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreChanged, ScoreLooked, TierChanged
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit.builders import POLICIES, with_policy
from tests.unit.town import Town
from tests.unit.trust.asked import request
from tests.unit.trust.market import TODAY, ago, completed, noon, parties, shipped
from tests.unit.trust.test_voids import market, tombstone
from tests.unit.trust.test_voids import told as item
from tests.unit.verify.recorded import index, log_of

NAMES = ("scores", "tiers", "looks")


def life(*events: Message, until: int = 0, policies: Policies = POLICIES) -> Log:
    town = Town(policies, services=("trust",))
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    town.advance(noon(TODAY).replace(hour=23) + (noon(TODAY) - ago(until)))
    return log_of(town)


def busy() -> list[Message]:
    """Several counterparties and some above the cap, days and dimensions, tombstones before and after their items, a ceiling."""
    many: list[Message] = [completed(f"o{n}", buyer=f"b{n % 7}") for n in range(60)]
    parcels = [shipped(f"p{n}", parties(), buyer=f"b{n}") for n in range(20)]
    return [
        *many,
        *parcels,
        *market("seller", Random(3), 50),
        item("seller", 99, "counterfeit", "c9", 0),
        request("seller:s1", name="q1"),
        request("seller:x", name="q2"),
    ]


@pytest.fixture(scope="module")
def told() -> Log:
    return life(*busy(), until=200)


def check(log: Log, policies: Policies = POLICIES) -> dict[str, Check]:
    return dict(zip(NAMES, checks(log, policies), strict=True))


def test_every_score_tier_and_look_of_the_service_is_recomputed(told: Log) -> None:
    found = check(told)
    assert [one.first for one in found.values() if not one.holds] == []
    assert found["scores"].counted > 400
    assert found["looks"].counted > 20
    kinds = {name.partition(":")[0] for _, fact in told.of(ScoreChanged) for name in [fact.subject_id]}
    assert kinds >= {"seller", "buyer"}
    assert any(bucket.group for _, fact in told.of(ScoreChanged) for bucket in fact.added), "one counterparty has a cap of its own"
    assert any(fact.ceiling for _, fact in told.of(ScoreChanged))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("role", ["seller", "promoter", "buyer"])
def test_markets_of_all_kinds_in_any_order_are_recomputed(role: str, seed: int) -> None:
    events = market(role, Random(seed), 30)
    Random(seed).shuffle(events)
    found = check(life(*events, until=100))
    assert [one.first for one in found.values() if not one.holds] == []


def forged(log: Log, kind: type[Message], which: Callable[[Any], bool] = lambda _: True, **changes: Any) -> Log:
    """The last of that kind says something else."""
    place, old = next(
        (lane, entry)
        for lane, entries in log.lanes.items()
        for entry in reversed(entries)
        if isinstance(entry.event, kind) and which(entry.event)
    )
    assert old.event is not None
    new = replace(old, event=old.event.model_copy(update=changes))
    return changed(log, place, old, [new])


def changed(log: Log, place: tuple[str, int], old: Entry, instead: list[Entry]) -> Log:
    told = [one for entry in log.lanes[place] for one in (instead if entry is old else [entry])]
    copy = replace(log, lanes={**log.lanes, place: told})
    copy._of = defaultdict(list)
    index(copy)
    return copy


@pytest.mark.parametrize(
    ("by", "kind", "change"),
    [
        ("scores", ScoreChanged, {"score": 999}),
        ("scores", ScoreChanged, {"rule_version": "none"}),
        ("scores", ScoreChanged, {"as_of": "2027-01-01"}),
        ("scores", ScoreChanged, {"items": 1}),
        ("scores", ScoreChanged, {"new": True, "items": 3}),
        ("scores", ScoreChanged, {"ceiling": 500}),
        ("scores", EvidenceFound, {"weight": 9}),
        ("scores", EvidenceFound, {"counterparty": "another", "weight": -1}),
        ("scores", EvidenceVoided, {"evidence_id": "seller:x/completed/nothing"}),
        ("tiers", TierChanged, {"tier": "excellent"}),
        ("tiers", TierChanged, {"escrow_days": 1}),
        ("tiers", TierChanged, {"before": "nobody"}),
        ("looks", ScoreLooked, {"as_of": "2028-06-17"}),
    ],
)
def test_what_was_told_wrongly_is_named(told: Log, by: str, kind: type[Message], change: dict[str, Any]) -> None:
    assert not check(forged(told, kind, lambda fact: fact.subject_id in ("seller:s1", "seller:x"), **change))[by].holds


def test_an_account_of_a_capped_item_that_is_another_changes_the_cap_r5_2() -> None:
    """Caps come from the items: six by one buyer, of which one is said to be another's."""
    log = life(*(item("seller", n, "completed", "b1", 0) for n in range(7)))
    assert check(log)["scores"].holds
    assert not check(forged(log, EvidenceFound, counterparty="b2"))["scores"].holds


def test_a_tier_that_was_not_told_is_missed() -> None:
    log = life(*(shipped(f"p{n}", parties(), buyer=f"b{n}") for n in range(10)))
    place, entry = next((lane, one) for lane, entries in log.lanes.items() for one in entries if isinstance(one.event, TierChanged))
    missing = check(changed(log, place, entry, []))["tiers"]
    assert missing.first.endswith("seller:s1 is good and was never told so")


def test_who_is_new_under_another_name_is_told_so_at_once_r5_7() -> None:
    """With the first item, not the second; and verify says the same."""
    another = POLICIES.versions[0].trust.tier_new.model_copy(update={"name": "novice", "escrow_days": 20})
    policies = with_policy("trust", tier_new=another)
    log = life(*(shipped(f"p{n}", parties(), buyer=f"b{n}") for n in range(10)), policies=policies)
    assert [one.first for one in check(log, policies).values() if not one.holds] == []
    told = [(fact.before, fact.tier, fact.escrow_days) for _, fact in log.of(TierChanged)]
    assert told == [("new", "novice", 20), ("novice", "good", 7)]
    first = life(shipped("p1", parties()), policies=policies)
    assert [fact.tier for _, fact in first.of(TierChanged)] == ["novice"]


@pytest.mark.parametrize("items", [1, 10])
def test_an_earned_tier_that_bears_the_name_of_who_was_told_nothing_is_told_once_r5_7(items: int) -> None:
    """Whoever was told nothing goes by the tier of who is new, which the policy calls otherwise by then: from the beginning, or amid it."""
    first, trust = POLICIES.versions[0], POLICIES.versions[0].trust
    tiers = tuple(one.model_copy(update={"name": "new"}) if one.name == "good" else one for one in trust.tiers)
    fresh = trust.tier_new.model_copy(update={"name": "fresh"})
    named = trust.model_copy(update={"tiers": tiers, "tier_new": fresh, "shown_from_items": items})
    other = first.model_copy(update={"version": "2", "effective_from": noon(TODAY) - timedelta(days=3), "trust": named})
    policies = Policies([other] if items == 1 else [first, other])
    days = [0] if items == 1 else [9] * 9 + [0] * 3
    log = life(
        *(shipped(f"p{n}", parties(), buyer=f"b{n}", parcel=f"w{n}", when=ago(day)) for n, day in enumerate(days)),
        until=3,
        policies=policies,
    )
    assert [(fact.before, fact.tier) for _, fact in log.of(TierChanged)] == [("new", "new")]
    assert [one.first for one in check(log, policies).values() if not one.holds] == []


def test_who_is_new_no_more_by_another_rule_and_is_passed_over_is_named_r5_3_r9_1() -> None:
    log = life(*(shipped(f"p{n}", parties(), buyer=f"b{n}", when=ago(730)) for n in range(5)), until=40)
    terms = POLICIES.versions[0].trust.model_copy(update={"shown_from_items": 3})
    second = POLICIES.versions[0].model_copy(update={"version": "2", "effective_from": ago(-20), "trust": terms})
    found = check(log, Policies([POLICIES.versions[0], second]))
    assert [name for name, one in found.items() if not one.holds] == ["looks"]
    assert "comes to (800, False, " in found["looks"].first


def test_an_explanation_that_was_asked_for_before_a_look_and_answered_after_it_is_of_the_looks_day_r5_6() -> None:
    """The look is told on another topic: nothing but the day of the answer says which came first."""
    town = Town(POLICIES, services=("trust",))
    town.tell([("e1", shipped("p1", parties()))])
    town.tell([("q1", request("seller:s1", name="q1"))])
    town.advance(ago(-2))
    town.tell([("q2", request("seller:s1", name="q2")), ("q3", request("seller:s1", when=ago(-3), name="q3"))])
    town.tell([("e2", shipped("p2", parties(), when=ago(-3)))])
    log = log_of(town)
    answers = [fact.explanation.as_of for _, fact in log.of(ScoreExplained)]
    assert answers == ["2026-06-16", "2026-06-17", "2026-06-19"]
    assert [fact.as_of for _, fact in log.of(ScoreLooked)] == ["2026-06-17"]
    assert [one.first for one in check(log).values() if not one.holds] == []
    said = next(fact for _, fact in log.of(ScoreExplained)).explanation.model_copy(update={"as_of": "2026-06-18"})
    assert not check(forged(log, ScoreExplained, lambda fact: fact.request_id == "q2", explanation=said))["scores"].holds


def test_an_explanation_that_a_later_look_of_the_same_day_followed_was_given_by_the_policy_of_before_it_r5_6_r9_1() -> None:
    """A zone ahead makes it the day of that look already, and a version begins between the two."""
    (first,), begins = POLICIES.versions, ago(0) + timedelta(hours=3)
    second = first.model_copy(update={"version": "2", "zone": "Pacific/Kiritimati", "effective_from": ago(0) + timedelta(hours=1)})
    third = first.model_copy(update={"version": "3", "effective_from": begins})
    policies = Policies([first, second, third])
    town = Town(policies, services=("trust",))
    town.tell([("e1", shipped("p1", parties()))])
    town.tell([("q1", request("seller:s1", when=begins - timedelta(minutes=1)))])
    town.advance(ago(-2))
    log = log_of(town)
    said = next(fact for _, fact in log.of(ScoreExplained)).explanation
    assert (said.as_of, said.rule_version) == ("2026-06-17", "2")
    assert [(fact.as_of, fact.occurred_at > begins) for _, fact in log.of(ScoreLooked)] == [("2026-06-17", True)]
    assert [one.first for one in check(log, policies).values() if not one.holds] == []
    said = said.model_copy(update={"rule_version": "1"})
    assert not check(forged(log, ScoreExplained, lambda fact: fact.request_id == "q1", explanation=said), policies)["scores"].holds


def test_a_score_from_nowhere_and_an_item_counted_twice_are_named() -> None:
    log = life(item("seller", 1, "completed", "c", 0), tombstone(item("seller", 2, "completed", "c", 0), 0))
    place, entry = next((lane, one) for lane, entries in log.lanes.items() for one in entries if isinstance(one.event, ScoreChanged))
    strange = replace(entry, headers={**entry.headers, "ce_causationid": b"nobody"})
    assert "nothing is known of what it follows from" in check(changed(log, place, entry, [strange]))["scores"].first
    twice = replace(entry, headers={**entry.headers, "ce_entityversion": b"9"})
    assert "is counted again" in check(changed(log, place, entry, [entry, twice]))["scores"].first


def test_a_thousand_told_scores_of_one_day_cost_their_items_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not n squared: a day's worth is computed once, then each item adds its own."""

    calls: list[int] = []
    whole = evidence.Asked.worth

    def counted(asked: evidence.Asked, days: evidence.Days) -> int:
        calls.append(len(days))
        return whole(asked, days)

    monkeypatch.setattr(evidence.Asked, "worth", counted)
    log = life(*(item("seller", n, "completed", f"b{n % 300}", 0) for n in range(1_000)))
    calls.clear()
    assert check(log)["scores"].holds
    assert sum(calls) < 200
