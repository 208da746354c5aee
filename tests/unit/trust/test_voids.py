"""Tombstones, in any order, in the same bytes; and forty worked markets against the naive score. Source: R5.1-R5.5."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trust.model import SCORE
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreChanged
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import POLICIES
from tests.unit.trust import naive
from tests.unit.trust.market import TODAY, ago, changes, score_of, trust

COUNTS = {kind: evidence.counts_for for kind, evidence in POLICIES.versions[0].trust.evidence.items()}
AGES = (0, 0, 1, 44, 89, 90, 91)
KINDS = {role: sorted(kind for kind, counts in COUNTS.items() if role in counts) for role in naive.ROLES}


def told(role: str, number: int, kind: str, counterparty: str, age: int) -> EvidenceFound:
    subject = f"{role}:x"
    return EvidenceFound.model_validate(
        {
            "subject_id": subject,
            "evidence_id": f"{subject}/{kind}/{number}",
            "kind": kind,
            "dimensions": COUNTS[kind][role],  # type: ignore[index]
            "weight": naive.WEIGHTS[kind],
            "counterparty": counterparty,
            "zone": "Asia/Shanghai",
            "policy_version": "1",
            "occurred_at": ago(age),
        }
    )


def tombstone(item: EvidenceFound, age: int) -> EvidenceVoided:
    said = {"subject_id": item.subject_id, "evidence_id": item.evidence_id, "zone": item.zone, "policy_version": "1"}
    return EvidenceVoided.model_validate({**said, "reason": "appeal_won", "occurred_at": ago(age)})


def market(role: str, chance: Random, size: int) -> list[Message]:
    """Evidence of all kinds from few counterparties, so that caps bind; a third of it voided."""
    items = [
        told(
            role,
            number,
            chance.choice(KINDS[role]),
            f"c{chance.randrange(4)}",
            chance.choice((0, 0, 1, 44, 89, 90, 91, chance.randrange(900))),
        )
        for number in range(size)
    ]
    return [*items, *(tombstone(item, chance.randrange(30)) for item in items if not chance.randrange(3))]


def as_naive(events: list[Message]) -> list[naive.Fact]:
    voids = {event.evidence_id: event.occurred_at.date() for event in events if isinstance(event, EvidenceVoided)}
    return [
        naive.Fact(
            item.evidence_id, item.occurred_at.date(), item.dimensions, item.weight, item.counterparty,
            item.kind in ("counterfeit", "swapped_parcel"), voids.get(item.evidence_id),
        )
        for item in events
        if isinstance(item, EvidenceFound)
    ]  # fmt: skip


def shown_of(fact: ScoreChanged) -> bytes:
    return fact.model_dump_json(exclude={"occurred_at", "added", "grave"}).encode()


def last_of(events: list[Message], role: str) -> ScoreChanged:
    return changes(trust(*events), f"{role}:x")[-1]


@pytest.mark.parametrize("role", ["seller", "promoter", "buyer"])
@pytest.mark.parametrize("seed", range(14))
def test_a_market_of_all_kinds_scores_as_it_is_written(role: str, seed: int) -> None:
    """R5.1-R5.5: forty-two of them, by another program."""
    events = market(role, Random(f"{role}{seed}"), 4 + 3 * seed)
    last = last_of(events, role)
    as_of = max(event.occurred_at.date() for event in events)
    facts = as_naive(events)
    expected, rows = naive.explain(facts, role, as_of)
    assert (last.score, last.as_of) == (expected, as_of.isoformat())
    assert [(row.dimension, row.positive, row.negative, row.weight_pct) for row in last.dimensions] == rows
    assert last.items == sum(fact.voided is None for fact in facts)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(("seller", "promoter", "buyer")), st.integers(0, 10**6), st.integers(1, 14), st.data())
def test_shuffled_tripled_split_and_with_tombstones_first_it_is_the_same_bytes(
    role: str, seed: int, size: int, data: st.DataObject
) -> None:
    """R5.1."""
    events = market(role, Random(seed), size)
    straight = shown_of(last_of(events, role))
    assert shown_of(last_of(data.draw(st.permutations(events * 3)), role)) == straight
    first = [*(event for event in events if isinstance(event, EvidenceVoided)), *(e for e in events if isinstance(e, EvidenceFound))]
    assert shown_of(last_of(first, role)) == straight


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14))
def test_from_the_facts_alone_and_from_storage_it_is_the_same_state(seed: int, size: int) -> None:
    """Law 1; R5.1: from scratch or incrementally."""
    memory = trust(*market("seller", Random(seed), size))
    own = [fact for fact in memory.facts if not isinstance(fact, EvidenceFound | EvidenceVoided)]
    assert Memory(memory.service, memory.policies).given(*own).entities == memory.entities
    score = score_of(memory, "seller:x")
    assert SCORE.body.validate_json(SCORE.body.dump_json(score)) == score


def test_the_cost_of_a_subject_does_not_grow_with_its_items() -> None:
    """R5.1: a thousand items and four hundred tombstones of one day are one number."""
    items = [told("seller", n, "completed", f"c{n}", 0) for n in range(1000)]
    memory = trust(*items, *(tombstone(item, 0) for item in items[:400]))
    score = score_of(memory, "seller:x")
    assert {name: (dict(one.pooled), dict(one.grouped)) for name, one in score.buckets.items()} == {"goods": ({TODAY.isoformat(): 600}, {})}
    assert (score.items, len(SCORE.dump(score)) < 600) == (600, True)


@pytest.mark.parametrize(("age", "score"), [(0, 399), (89, 399), (90, 693)])
def test_a_counterfeit_caps_for_90_days_r5_3(age: int, score: int) -> None:
    bad = told("seller", 1, "counterfeit", "c1", age)
    later = tombstone(told("seller", 2, "late", "c1", 0), 0)
    assert last_of([bad, later], "seller").score == score
    assert naive.explain(as_naive([bad]), "seller", date(2026, 6, 16))[0] == score


def test_the_voided_item_of_a_capped_counterparty_leaves_its_group() -> None:
    """R5.2: eight by one, of which four are voided: four are worth four."""
    items = [told("seller", n, "completed", "c1", 0) for n in range(8)]
    last = last_of([*items, *(tombstone(item, 0) for item in items[:4])], "seller")
    assert last.dimensions[0].positive == 4_000_000
    assert timedelta(0) == TODAY - date.fromisoformat(last.as_of)
