"""Explanations as they are asked for and told, and as the naive ones are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.explained import Explanation, ScoreExplained, ScoreExplanationRequested
from shared.contracts.trust import EvidenceFound, EvidenceVoided
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.trust.market import ago
from tests.unit.trust.naive_explain import Item


def request(subject: str = "seller:x", when: datetime | None = None, name: str = "q1") -> ScoreExplanationRequested:
    return ScoreExplanationRequested(subject_id=subject, request_id=name, occurred_at=when or ago(0))


def told(memory: Memory, subject: str = "seller:x", when: datetime | None = None) -> Explanation:
    """The answer to a request of today's noon, or of then."""
    (fact,) = memory.send(request(subject, when))
    assert isinstance(fact, ScoreExplained), fact
    return fact.explanation


def items_of(events: list[Message]) -> list[Item]:
    voids = {event.evidence_id: event.occurred_at.date() for event in events if isinstance(event, EvidenceVoided)}
    return [
        Item(
            item.evidence_id, item.occurred_at.date(), item.dimensions, item.weight, item.counterparty,
            item.kind in ("counterfeit", "swapped_parcel"), voids.get(item.evidence_id), item.kind, item.event_id, item.policy_version,
        )
        for item in events
        if isinstance(item, EvidenceFound)
    ]  # fmt: skip


def as_rows(said: Explanation) -> dict[str, Any]:
    """As naive_explain.explained writes it."""
    return {
        "score": said.score, "new": said.new, "items": said.items, "tier": said.tier, "as_of": said.as_of, "ceiling": said.ceiling,
        "ceiling_until": said.ceiling_until,
        "dimensions": [(one.dimension, one.positive, one.negative, one.capped, one.weight_pct) for one in said.dimensions],
        "heaviest": [
            (one.evidence_id, one.kind, one.event_id, one.dimensions, one.weight, one.day, one.age_days, one.worth, one.rule_version,
             one.score_without, one.effect, one.effect_millionths)
            for one in said.heaviest
        ],
        "complete": said.complete,
        "rest": [(row.since, row.until, [(one.dimension, one.positive, one.negative) for one in row.sums]) for row in said.rest],
    }  # fmt: skip
