"""Violations with points, study points, removal. Source: R6.1."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.trust.handlers import SERVICE
from shared.contracts.standing import PointsChanged, SubjectReinstated, SubjectSuspended
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from shared.policy.violations import ViolationPolicy
from tests.unit import builders as b
from tests.unit.town import Town
from tests.unit.trust.market import changes, feed
from tests.unit.trust.rulebook import AT, codes, in_force, lesson, points, standing, violation, void
from tests.unit.verify.recorded import checked, wrong


def trust() -> Memory:
    return Memory(SERVICE, b.POLICIES)


def five(*, of: int = 20) -> list[Message]:
    """One a day, from 1 June 10:00."""
    return [violation(f"v{day}", of, when=f"06-0{day} 10:00") for day in range(1, 6)]


@pytest.mark.parametrize("kind", sorted(b.POLICY.trust.violations.kinds))
def test_every_kind_of_the_catalogue_is_taken_with_its_first_points_and_its_level_r6_1(kind: str) -> None:
    memory, terms = trust(), b.POLICY.trust.violations.kinds[kind]
    memory.send(violation(points=None, level=None, kind=kind))
    assert points(memory)[0] == terms.points[0]
    levels = [fact.level for fact in memory.facts if isinstance(fact, SubjectSuspended) and fact.cause == "violation"]
    assert levels == ([terms.level] if terms.level else [])


def test_off_platform_dealing_is_a_kind_and_all_points_are_the_four_of_the_rule_r6_1() -> None:
    kinds = b.POLICY.trust.violations.kinds
    assert "off_platform" in kinds
    assert {of for kind in kinds.values() for of in kind.points} == {5, 10, 20, 100}


def test_a_kind_that_the_catalogue_does_not_have_is_refused_and_changes_nothing_r6_1() -> None:
    memory = trust()
    assert memory.send(violation(kind="bad_mood")) == ()
    assert (codes(memory), memory.entities) == (["violation.kind_unknown"], {})
    memory.send(violation())
    assert points(memory)[0] == 20


@pytest.mark.parametrize(("kind", "of"), [("poor_show", 20), ("counterfeit_sale", 20), ("off_platform", 7), ("off_platform", 99)])
def test_points_that_the_kind_cannot_have_are_refused_r6_1(kind: str, of: int) -> None:
    memory = trust()
    assert memory.send(violation(points=of, kind=kind)) == ()
    assert codes(memory) == ["violation.points_differ"]


def test_a_violation_of_no_points_adds_none_and_tells_nobody_r6_1() -> None:
    memory = trust()
    assert b.types(memory.send(violation(points=0))) == ["violation.noted"]


def test_points_add_up_and_each_change_is_told_with_its_cause_r6_1() -> None:
    memory = trust()
    memory.when(violation(), violation("v2", 5), lesson(), void())
    told = [
        (fact.points, fact.violations, fact.study, fact.cause, fact.cause_id) for fact in memory.facts if isinstance(fact, PointsChanged)
    ]
    assert told == [(20, 20, 0, "violation", "v1"), (25, 25, 0, "violation", "v2"), (15, 25, 10, "study", "l1"), (0, 5, 10, "void", "v1")]


def test_points_are_never_shown_below_0_and_study_earned_early_counts_later_r6_1() -> None:
    memory = trust()
    memory.when(lesson(points=30))
    assert points(memory) == (0, 0, 30, False)
    memory.when(violation(), violation("v2"))
    assert points(memory) == (10, 40, 30, False)


def test_study_takes_off_a_hundred_at_most_r6_1() -> None:
    memory = trust()
    memory.when(lesson(points=80), lesson("l2", 80), violation())
    assert points(memory) == (0, 20, 100, False)


def test_a_hundred_points_remove_for_good_some_minutes_after_r6_1_r2_8() -> None:
    memory = trust()
    memory.when(*five())
    (removal,) = in_force(memory.facts).values()
    assert points(memory) == (100, 100, 0, True)
    assert (removal.level, removal.until, removal.cause, removal.brought_by) == (5, None, "points", "v5")
    assert removal.effective_from == b.at("06-05 10:10")
    assert removal.violation_id not in {"v1", "v2", "v3", "v4", "v5"}


def test_ninety_five_remove_nobody_r6_1() -> None:
    memory = trust()
    memory.when(lesson(points=5), *five())
    assert (points(memory), in_force(memory.facts)) == ((95, 100, 5, False), {})


def test_study_after_the_removal_gives_nothing_back_r6_1() -> None:
    memory = trust()
    memory.when(*five(), lesson(points=50, when="06-06 10:00"))
    assert points(memory) == (50, 100, 50, True)
    assert len(in_force(memory.facts)) == 1


def test_study_from_before_that_is_told_late_means_there_was_no_removal_r6_1() -> None:
    memory = trust()
    memory.when(*five(), lesson(when="06-03 10:00"))
    assert (points(memory), in_force(memory.facts)) == ((90, 100, 10, False), {})


def test_a_lesson_beyond_what_study_takes_off_still_means_there_was_no_removal_and_that_is_told_r6_1() -> None:
    """The sums stay as they were; what they came to on the fifth does not."""
    memory = trust()
    memory.when(*five(), lesson(points=100, when="06-06 10:00"))
    assert points(memory) == (0, 100, 100, True)
    memory.when(lesson("l2", when="06-03 10:00"))
    assert (points(memory), in_force(memory.facts)) == ((0, 100, 100, False), {})


def test_one_hit_of_a_hundred_removes_and_voids_study_points_and_its_void_gives_them_back_r6_1() -> None:
    memory = trust()
    memory.when(lesson(points=60), violation("a", 100, when="06-02 10:00"))
    assert points(memory) == (100, 100, 0, True)
    memory.when(violation("v2", 20, when="06-03 10:00"), void("a"))
    assert (points(memory), in_force(memory.facts)) == ((0, 20, 60, False), {})


@pytest.mark.parametrize("name", ["v1", "v3", "v5"])
def test_a_void_restores_points_score_and_freedom_together_r6_2_r6_1(name: str) -> None:
    memory = trust()
    feed(memory, [*five(), void(name, "06-07 10:00")])
    assert (points(memory), in_force(memory.facts)) == ((80, 80, 0, False), {})
    assert (changes(memory)[-1].items, standing(memory).removal) == (4, "")
    (lifted,) = [fact for fact in memory.facts if isinstance(fact, SubjectReinstated) and fact.cause == "points"]
    assert lifted.occurred_at == b.at("06-07 10:00")


def test_who_is_free_again_and_offends_again_is_removed_again_under_another_id_r6_1() -> None:
    memory = trust()
    memory.when(*five(), void("v1", "06-06 10:00"), violation("v6", when="06-07 10:00"))
    removals = [fact for fact in memory.facts if isinstance(fact, SubjectSuspended)]
    assert [(one.brought_by, one.effective_from) for one in removals] == [("v5", b.at("06-05 10:10")), ("v6", b.at("06-07 10:10"))]
    assert list(in_force(memory.facts)) == [removals[1].violation_id]


def test_of_two_of_one_moment_the_lesser_name_brings_the_removal_r6_1() -> None:
    memory = trust()
    memory.when(*five()[:4], violation("a", when="06-05 10:00"), violation("b", when="06-05 10:00"))
    (removal,) = in_force(memory.facts).values()
    assert (removal.brought_by, removal.effective_from) == ("a", b.at("06-05 10:10"))


def test_one_without_points_brings_no_removal_and_verify_agrees_r6_1_r6_2() -> None:
    town = Town(b.POLICIES)
    told = violation("a", 0, 2, when="06-05 10:00"), *five()
    town.tell((f"e{number}", event) for number, event in enumerate(told))
    assert [one.brought_by for one in in_force(town.services["trust"].facts).values() if one.cause == "points"] == ["v5"]
    assert wrong(checked(town)) == []


def test_an_earlier_violation_told_late_moves_the_removal_to_when_it_was_due_r6_1() -> None:
    memory = trust()
    memory.when(*five(), violation("v0", when="05-30 10:00"))
    (removal,) = in_force(memory.facts).values()
    assert (removal.brought_by, removal.effective_from) == ("v4", b.at("06-04 10:10"))


def test_a_removal_leaves_a_violations_own_suspension_alone_r6_2() -> None:
    memory = trust()
    memory.when(*five(), violation("own", 0, 2, when="06-06 10:00"), void("v1", "06-07 10:00"))
    (left,) = in_force(memory.facts).values()
    assert (left.violation_id, left.level, left.until) == ("own", 2, b.at("06-06 10:10") + timedelta(days=30))


def test_told_again_under_another_event_id_nothing_counts_twice_r6_1() -> None:
    memory = trust()
    memory.when(violation(), violation(points=5), lesson(), lesson(points=50), void(), void())
    assert codes(memory) == ["violation.known", "study.known", "violation.void_known"]
    assert points(memory) == (0, 0, 10, False)


def test_a_void_of_nothing_is_legal_and_the_violation_that_comes_later_counts_nothing_r6_2() -> None:
    memory = trust()
    memory.when(void(), violation(level=3))
    assert (points(memory), in_force(memory.facts), codes(memory)) == ((0, 0, 0, False), {}, [])


def test_the_limits_are_the_policys_r6_1() -> None:
    terms = b.POLICY.trust.violations.model_copy(update={"remove_points": 40, "study_points_max": 5})
    memory = Memory(SERVICE, b.with_policy("trust", violations=terms))
    memory.when(lesson(points=50), violation(), violation("v2"))
    assert points(memory) == (35, 40, 5, False)
    memory.when(violation("v3", 5, when=AT))
    assert points(memory) == (40, 45, 5, True)


def test_a_policy_that_removes_at_fewer_points_does_so_with_the_next_violation_r6_1_r9_1() -> None:
    terms = b.POLICY.trust.violations.model_copy(update={"remove_points": 40})
    stricter = b.POLICY.trust.model_copy(update={"violations": terms})
    second = b.POLICY.model_copy(update={"version": "2", "effective_from": b.at("06-03 10:00"), "trust": stricter})
    memory = Memory(SERVICE, Policies([b.POLICY, second]))
    memory.when(*five()[:2], lesson(when="06-04 09:00", points=1))
    assert points(memory) == (39, 40, 1, False)
    memory.send(violation("v5", when="06-04 10:00", points=5))
    (removal,) = in_force(memory.facts).values()
    assert (removal.brought_by, removal.effective_from) == ("v5", b.at("06-04 10:10"))


def test_a_policy_of_before_the_catalogue_takes_any_kind_as_it_is_told_r6_1_r9_1() -> None:
    """And verify finds nothing amiss, but for points that are others."""
    policies = b.with_policy("trust", violations=ViolationPolicy.model_validate({"b_points": 10, "a_points": 100}))
    town = Town(policies)
    told = violation(points=7, level=None, kind="bad_mood"), violation("v2", None, kind="bad_mood"), violation("v3", 1, 2, kind="odd")
    town.tell((f"e{number}", event) for number, event in enumerate(told))
    memory = town.services["trust"]
    assert (points(memory), set(in_force(memory.facts)), codes(memory)) == ((8, 8, 0, False), {"v3"}, ["violation.kind_unknown"])
    assert wrong(checked(town, policies)) == []
    town.sent[0] = ("e0", violation(points=6, level=None, kind="bad_mood"))
    assert "v1 is not what" in " ".join(wrong(checked(town, policies)))
