"""What verify keeps of a subject from item to item and from day to day is what the definition says of all its items. Source: R5.1-R5.3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deploy.verify.evidence import Evidence, score
from shared.contracts.trust import EvidenceFound, EvidenceKind
from tests.unit.builders import POLICIES
from tests.unit.trust import naive

POLICY = POLICIES.versions[0]
BEGAN = datetime(2026, 6, 1, 4, tzinfo=UTC)  # noon in Shanghai
KINDS: tuple[EvidenceKind, ...] = ("completed", "shipped_on_time", "answered", "late", "quality_refund", "counterfeit")
Step = tuple[EvidenceKind, int, int, bool]  # kind, days later, account, whether the item before the last is voided


def item(number: int, kind: EvidenceKind, account: int, at: datetime) -> EvidenceFound:
    terms = POLICY.trust.evidence[kind]
    return EvidenceFound(
        subject_id="seller:s1",
        evidence_id=f"seller:s1/{kind}/o{number}",
        kind=kind,
        dimensions=terms.counts_for["seller"],
        weight=terms.weight,
        counterparty=f"b{account}",
        zone=POLICY.zone,
        policy_version=POLICY.version,
        grave=kind in POLICY.trust.ceiling.kinds,
        occurred_at=at,
    )


STEP = st.tuples(st.sampled_from(KINDS), st.sampled_from([0, 0, 0, 0, 1, 30, 100]), st.integers(1, 3), st.booleans())


@given(st.lists(STEP, min_size=1, max_size=40), st.sampled_from([5_000_000, 7_500_000]))
def test_item_by_item_and_day_by_day_it_comes_to_the_whole_r5_1(steps: list[Step], other_cap: int) -> None:
    """Accounts pass the cap and fall below it again; asked between by another cap, too."""
    evidence, facts, at = Evidence(), dict[str, naive.Fact](), BEGAN
    other = POLICY.trust.model_copy(update={"cap_per_counterparty": other_cap})
    for number, (kind, days, account, voided) in enumerate(steps):
        at += timedelta(days=days)
        found = item(number, kind, account, at)
        evidence.add(found, POLICY.trust)
        facts[found.evidence_id] = naive.Fact(
            found.evidence_id, at.date(), found.dimensions, found.weight, found.counterparty, bool(found.grave)
        )
        if voided and len(facts) > 1:
            name = list(facts)[-2]
            evidence.void(name, POLICY.trust)
            del facts[name]
        day = at.date().isoformat()
        evidence.rows("seller", day, other)
        rows, ceiling = evidence.rows("seller", day, POLICY.trust), evidence.ceiling(day, POLICY.trust)
        assert (score(rows, ceiling, POLICY.trust), rows) == naive.explain(list(facts.values()), "seller", at.date())
