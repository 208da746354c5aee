"""What verify keeps of a subject from item to item and from day to day is what the definition says of all its items. Source: R5.1-R5.3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.verify.evidence import Evidence, score
from deploy.verify.found import _said, _said_before
from services.trust.decide.found import OF_BUYERS, OF_SELLERS
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.trust import EvidenceFound
from shared.policy import EvidenceKind
from tests.unit.builders import POLICIES
from tests.unit.trust import naive
from tests.unit.trust.facts import appealed, ruled

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


@pytest.mark.parametrize(
    ("fact", "older"),
    [
        (ruled(finding="swapped_parcel"), {("seller:s1", "dispute_lost", "b1")}),
        (appealed(), {*(("seller:s1", kind, "appeal_won") for kind in OF_SELLERS), ("buyer:b1", "dispute_lost", "s1")}),
        (
            appealed(side="buyer", finding="swapped_parcel"),
            {*(("buyer:b1", kind, "appeal_won") for kind in OF_BUYERS), ("seller:s1", "dispute_lost", "b1")},
        ),
        (appealed(side="buyer"), None),
        (ruled(upheld=False, finding="swapped_parcel"), None),
    ],
)
def test_what_an_older_program_said_of_a_ruling_holds_where_it_took_no_more_of_it_r4_11_r5_5(
    fact: CaseRuled | CaseAppealEnded, older: set[tuple[str, str, str]] | None
) -> None:
    """None: the same as today's."""
    now, before = ({(one[0], one[1], one[3]) for one in said} for said in (_said(fact), _said_before(fact)))
    assert before == (now if older is None else older)
    assert (now == before) == (older is None)
