"""Appeals against violations: in time and once, won or lost, in any order. Source: R6.2."""

from __future__ import annotations

from itertools import permutations

import pytest

from services.trust.handlers import SERVICE
from shared.contracts.standing import AppealEnded, AppealOpened
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.trust.market import changes, feed
from tests.unit.trust.rulebook import SUBJECT, appeal, codes, in_force, points, standing, uphold, violation, void


def trust(*events: Message) -> Memory:
    memory = Memory(SERVICE, b.POLICIES)
    feed(memory, events)
    return memory


def told(memory: Memory) -> list[str]:
    found = [fact for fact in memory.facts if isinstance(fact, AppealOpened | AppealEnded)]
    return ["opened" if isinstance(fact, AppealOpened) else "won" if fact.won else "lost" for fact in found]


def outcome(memory: Memory) -> str:
    return standing(memory).appeals["v1"].outcome


def test_an_appeal_in_time_is_announced_and_changes_nothing_else_r6_2() -> None:
    memory = trust(violation(level=2), appeal(when="06-08 09:59:59"))
    assert (told(memory), outcome(memory), list(in_force(memory.facts)), points(memory)[0]) == (["opened"], "open", ["v1"], 20)


@pytest.mark.parametrize("when", ["06-08 10:00", "06-20 10:00"])
def test_after_seven_days_of_the_violation_it_is_refused_with_its_deadline_r6_2(when: str) -> None:
    """Seven times 24 hours: R1.3."""
    memory = trust(violation(), appeal(when=when))
    assert (told(memory), codes(memory)) == ([], ["violation.appeal_too_late"])


def test_none_is_of_before_its_violation_nor_a_decision_of_before_the_appeal_r6_2_r1_2() -> None:
    memory = trust(violation(), appeal(when="06-01 09:59:59"))
    assert (told(memory), codes(memory)) == ([], ["violation.appeal_too_early"])
    feed(memory, [appeal(when="06-01 10:00"), uphold(when="06-01 09:59:59"), uphold(when="06-01 10:00")])
    assert (told(memory), codes(memory)) == (["opened", "lost"], ["violation.appeal_too_early"] * 2)


def test_the_days_are_those_of_the_policy_r6_2() -> None:
    terms = b.POLICY.trust.violations.model_copy(update={"appeal_days": 1})
    memory = Memory(SERVICE, b.with_policy("trust", violations=terms))
    memory.when(violation(), appeal(when="06-02 10:00"))
    assert codes(memory) == ["violation.appeal_too_late"]


def test_the_days_are_those_that_were_in_force_at_the_violation_r6_2_r9_1() -> None:
    """Whoever was told seven has seven, though ops shorten them meanwhile."""
    violations = b.POLICY.trust.violations.model_copy(update={"appeal_days": 1})
    shorter = {"version": "2", "effective_from": b.at("06-02 00:00"), "trust": b.POLICY.trust.model_copy(update={"violations": violations})}
    policies = Policies([b.POLICY, b.POLICY.model_copy(update=shorter)])
    memory = Memory(SERVICE, policies)
    memory.when(violation(), violation("v2", when="06-02 00:00"), appeal(when="06-08 09:59:59"), appeal("v2", when="06-03 00:00"))
    assert (told(memory), codes(memory)) == (["opened"], ["violation.appeal_too_late"])


def test_a_won_appeal_restores_points_score_and_freedom_together_r6_2() -> None:
    memory = trust(violation(level=3), appeal(), void())
    assert told(memory) == ["opened", "won"]
    assert (points(memory)[0], in_force(memory.facts), changes(memory)[-1].score) == (0, {}, 800)


def test_a_lost_appeal_is_announced_and_the_violation_stands_r6_2() -> None:
    memory = trust(violation(level=3), appeal(), uphold())
    assert told(memory) == ["opened", "lost"]
    assert (points(memory)[0], list(in_force(memory.facts))) == (20, ["v1"])


def test_a_violation_may_be_voided_after_its_appeal_was_lost_r6_2() -> None:
    memory = trust(violation(level=3), appeal(), uphold(), void())
    assert (told(memory), in_force(memory.facts)) == (["opened", "lost", "won"], {})


def test_there_is_one_appeal_a_violation_r6_2() -> None:
    memory = trust(violation(), appeal(), appeal(when="06-03 10:00"), uphold(), appeal(when="06-05 10:00"), uphold(when="06-06 10:00"))
    assert codes(memory) == ["violation.appeal_known", "violation.appeal_known", "violation.appeal_ended"]
    assert told(memory) == ["opened", "lost"]


def test_an_appeal_after_the_void_has_nothing_left_to_win_r6_2() -> None:
    memory = trust(violation(), void(), appeal(), uphold())
    assert (codes(memory), told(memory)) == (["violation.appeal_ended"] * 2, [])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_violation_appeal_and_decision_in_any_order_come_to_the_same_r6_2(order: tuple[int, ...]) -> None:
    events = (violation(level=2), appeal(), uphold())
    memory = trust(*(events[place] for place in order))
    assert (told(memory), codes(memory), memory.held(SUBJECT)) == (["opened", "lost"], [], [])
    assert outcome(memory) == "lost"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_with_a_void_among_them_nothing_stays_open_or_in_force_r6_2(order: tuple[int, ...]) -> None:
    events = (violation(level=2), appeal(), uphold(), void())
    memory = trust(*(events[place] for place in order))
    assert (in_force(memory.facts), points(memory)[0], memory.held(SUBJECT)) == ({}, 0, [])
    assert [one.outcome for one in standing(memory).appeals.values()] in ([], ["won"])


def test_an_appeal_against_a_violation_nobody_knows_waits_for_it_r6_2() -> None:
    memory = trust(appeal())
    (held,) = memory.held(SUBJECT)
    assert (held.state, held.reason, memory.entities) == ("waiting", "violation.before_recorded", {})


def test_a_decision_without_an_appeal_waits_for_it_r6_2() -> None:
    memory = trust(violation(), uphold())
    assert [held.reason for held in memory.held(SUBJECT)] == ["violation.before_appealed"]
