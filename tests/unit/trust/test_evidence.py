"""What orders tell about whom. Source: R5.1, R5.4, R5.5."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.trust.model import ITEM
from shared.contracts.trust import EvidenceCounted, EvidenceFound
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit.builders import POLICIES
from tests.unit.trust.market import ago, changes, completed, evidence, parties, shipped, trust


def found(memory: Memory) -> list[EvidenceFound]:
    return [fact for fact in memory.facts if isinstance(fact, EvidenceFound)]


def test_a_completed_line_is_evidence_for_its_seller_its_buyer_and_its_promoter() -> None:
    """R5.5."""
    items = found(trust(completed("o1", parties(1, "s1", "p1"))))
    assert [(item.subject_id, item.dimensions, item.weight, item.counterparty) for item in items] == [
        ("seller:s1", ("goods",), 1, "b1"),
        ("buyer:b1", ("fulfilment", "after_sales"), 1, "s1"),
        ("promoter:p1", ("goods",), 1, "b1"),
    ]


def test_every_line_is_a_fact_of_its_own() -> None:
    items = found(trust(completed("o1", parties(1, "s1"), parties(2, "s1"))))
    assert [item.evidence_id for item in items if item.subject_id == "seller:s1"] == [
        "seller:s1/completed/o1/1",
        "seller:s1/completed/o1/2",
    ]


def test_a_line_without_a_promoter_says_nothing_about_one() -> None:
    assert {item.subject_id for item in found(trust(completed()))} == {"seller:s1", "buyer:b1"}


def test_a_parcel_in_time_is_one_item_for_each_seller_whose_lines_it_completed() -> None:
    """R5.1: keyed by the parcel."""
    items = found(trust(shipped("o1", parties(1, "s1"), parties(2, "s1"), parties(3, "s2"))))
    assert [(item.evidence_id, item.dimensions, item.weight, item.counterparty) for item in items] == [
        ("seller:s1/shipped_on_time/o1/w1", ("logistics",), 1, "b1"),
        ("seller:s2/shipped_on_time/o1/w1", ("logistics",), 1, "b1"),
    ]


def test_a_late_parcel_and_one_that_completes_no_line_are_no_evidence_yet() -> None:
    memory = trust(shipped("o1", parties(), on_time=False), shipped("o2"))
    assert (memory.facts, memory.refused, memory.entities) == ([], [], {})


def test_the_date_of_evidence_is_the_acts_local_day() -> None:
    """R5.1, R1.2: 16:30 UTC is past midnight in Shanghai."""
    memory = trust(
        completed(when=datetime(2026, 6, 16, 16, 30, tzinfo=UTC)), completed("o2", when=datetime(2026, 6, 16, 15, 59, 59, tzinfo=UTC))
    )
    days = {fact.evidence_id: fact.day for fact in memory.facts if isinstance(fact, EvidenceCounted)}
    assert (days["seller:s1/completed/o1/1"], days["seller:s1/completed/o2/1"]) == ("2026-06-17", "2026-06-16")


def test_a_second_telling_counts_nothing() -> None:
    """R5.1."""
    memory = trust(completed(), completed())
    assert len(changes(memory)) == 1
    assert memory.refused == [("evidence.found", "evidence.known")] * 2


def test_the_second_telling_of_the_same_fact_may_say_another_time() -> None:
    memory = trust(evidence("e1"), evidence("e1", when=ago(30), counterparty="b2"))
    assert [fact.items for fact in changes(memory)] == [1]


def test_each_item_of_the_set_is_kept_as_it_was_counted() -> None:
    item = trust(completed()).entity(ITEM, "buyer:b1/completed/o1/1")
    assert (item.kind, item.dimensions, item.weight, item.counterparty, item.day) == (
        "completed",
        ("fulfilment", "after_sales"),
        1,
        "s1",
        "2026-06-16",
    )


def test_ids_as_long_as_they_may_be_are_no_problem() -> None:
    long = "x" * 64
    memory = trust(completed(long, parties(200, long, long), buyer=long), shipped(long, parties(200, long), buyer=long, parcel=long))
    assert len(found(memory)) == 4
    assert memory.refused == []


@pytest.mark.parametrize("role", ["seller", "promoter", "buyer"])
def test_ids_that_hold_colons_are_never_taken_for_one_another(role: str) -> None:
    one = evidence("o1", subject=f"{role}:a", when=ago(0)).model_copy(update={"evidence_id": f"{role}:a/completed/b:completed:o1/1"})
    other = evidence("o1", subject=f"{role}:a:completed:b")
    memory = trust(one, other)
    assert memory.refused == []


def test_what_the_policy_counts_for_no_role_is_no_evidence() -> None:
    base = POLICIES.versions[0]
    kind = base.trust.evidence["completed"].model_copy(update={"counts_for": {"seller": ("goods",)}})
    changed = base.trust.model_copy(update={"evidence": {**base.trust.evidence, "completed": kind}})
    memory = trust(completed(), policies=Policies([base.model_copy(update={"trust": changed})]))
    assert [item.subject_id for item in found(memory)] == ["seller:s1"]
