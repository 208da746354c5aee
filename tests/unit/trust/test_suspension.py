"""From a violation with a level to a suspension that takes effect a little later. Source: R6.2, R2.8."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.trust.handlers import SERVICE
from shared.contracts.governance import ViolationRecorded, ViolationVoided
from shared.contracts.standing import SubjectReinstated, SubjectSuspended
from shared.contracts.trust import EvidenceFound
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.trust.market import changes, feed

AT = "06-01 10:00"


def violation(level: int | None, violation_id: str = "v1", when: str = AT, **fields: Any) -> ViolationRecorded:
    values: dict[str, Any] = {"subject_id": "seller:s1", "kind": "off_platform", "points": 20, **fields}
    return ViolationRecorded(violation_id=violation_id, level=level, occurred_at=b.at(when), **values)  # type: ignore[arg-type]


def suspended(facts: tuple[Message, ...]) -> SubjectSuspended:
    (fact,) = [fact for fact in facts if isinstance(fact, SubjectSuspended)]
    return fact


def trust() -> Memory:
    return Memory(SERVICE, b.POLICIES)


@pytest.mark.parametrize(("level", "days"), [(1, 7), (2, 30), (3, 120), (4, 360), (5, None)])
def test_a_level_suspends_for_its_days_from_ten_minutes_after_r6_2(level: int, days: int | None) -> None:
    fact = suspended(trust().send(violation(level)))
    since = b.at("06-01 10:10")
    assert (fact.subject_id, fact.level, fact.violation_id) == ("seller:s1", level, "v1")
    assert (fact.effective_from, fact.until) == (since, since + timedelta(days=days) if days else None)


@pytest.mark.parametrize("level", [None, 0])
def test_points_alone_suspend_nobody_r6_1(level: int | None) -> None:
    memory = trust()
    assert b.types(memory.send(violation(level))) == ["violation.noted", "points.changed", "evidence.found"]
    assert memory.refused == []


@pytest.mark.parametrize(("points", "kind", "weight"), [(5, "c", -2), (10, "b", -5), (20, "b", -5), (100, "a", -15)])
@pytest.mark.parametrize("level", [None, 1])
def test_its_points_say_what_it_weighs_r5_5_r6_1(points: int, kind: str, weight: int, level: int | None) -> None:
    (item,) = [fact for fact in trust().send(violation(level, points=points)) if isinstance(fact, EvidenceFound)]
    assert (item.evidence_id, item.kind, item.weight) == ("seller:s1/violation/v1", f"violation_{kind}", weight)
    assert item.dimensions == ("content",)


def test_a_violation_without_points_is_no_evidence_r5_5() -> None:
    assert b.types(trust().send(violation(None, points=0))) == ["violation.noted"]


def test_a_violation_suspends_once_however_often_it_is_told_r6_2() -> None:
    memory = trust()
    facts = memory.when(violation(1), violation(2, when="06-01 11:00"), violation(2, "v2"))
    assert b.types(facts) == ["violation.noted", "subject.suspended", "points.changed", "evidence.found"] * 2
    assert [code for _, code in memory.refused] == ["violation.known"]


def test_violations_of_an_earlier_program_that_told_of_suspensions_alone_are_known_r6_2() -> None:
    memory = trust()
    memory.given(*(fact for fact in trust().when(violation(1), violation(1, "v2")) if isinstance(fact, SubjectSuspended)))
    assert memory.when(violation(1), violation(1, "v2")) == ()
    assert [code for _, code in memory.refused] == ["violation.known"] * 2


def test_minutes_and_days_are_the_policys_r2_8() -> None:
    memory = Memory(SERVICE, b.with_policy("trust", suspension_lead_minutes=60, suspension_days=(1, 2, 3, 4)))
    fact = suspended(memory.send(violation(2)))
    assert (fact.effective_from, fact.until) == (b.at("06-01 11:00"), b.at("06-03 11:00"))


def acquitted(violation_id: str = "v1", when: str = "06-05 10:00") -> ViolationVoided:
    return ViolationVoided(subject_id="seller:s1", violation_id=violation_id, occurred_at=b.at(when))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_void_gives_back_score_and_freedom_together_in_any_order_r6_2_r5_1(order: tuple[int, ...]) -> None:
    events = (violation(2), acquitted())
    memory = trust()
    feed(memory, [events[place] for place in order])
    last = changes(memory)[-1]
    assert (last.score, last.items, memory.refused) == (800, 0, [])
    told = [fact for fact in memory.facts if isinstance(fact, SubjectSuspended | SubjectReinstated)]
    assert [type(fact) for fact in told] == ([SubjectSuspended, SubjectReinstated] if order == (0, 1) else [SubjectReinstated])


def test_a_void_told_twice_is_refused_and_touches_no_other_violation_r6_2() -> None:
    memory = trust()
    feed(memory, [violation(1), violation(1, "v2"), acquitted(), acquitted()])
    assert [code for _, code in memory.refused] == ["violation.void_known"]
    assert changes(memory)[-1].items == 1
