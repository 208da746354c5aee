"""Trust cards: who gets one, who does not and why, who loses it. Source: R4.7, R5.7."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.trust.handlers import SERVICE
from services.trust.model import HOLDER, REFUSED_MAX, Holder
from shared.contracts.card import AbuseNoted, CardGranted, CardRefused, CardRevoked
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.contracts.ruling import Finding
from shared.contracts.trust import Bucket, ScoreChanged
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit import builders as b

SUBJECT = f"buyer:{b.BUYER}"
BUCKETS = (Bucket(dimension="fulfilment", side="good", group=0, day="2026-05-01", weight=1),)


def trust(policies: Policies = b.POLICIES) -> Memory:
    return Memory(SERVICE, policies)


def claimed(claim_id: str = "w1", buyer_id: str = b.BUYER, when: str = "06-01 10:00") -> TrustCardClaimed:
    return TrustCardClaimed(buyer_id=buyer_id, claim_id=claim_id, occurred_at=b.at(when))


def ruled_against(case_id: str = b.CASE, finding: Finding = "swapped_parcel", when: str = "06-10 10:00") -> CaseClosed:
    return b.case_closed(case_id, when=when).model_copy(update={"buyer_id": b.BUYER, "finding": finding})


def scored(score: int, new: bool = False, when: str = "05-01 10:00") -> ScoreChanged:
    return ScoreChanged(
        subject_id=SUBJECT, score=score, new=new, items=9 if new else 10, as_of="2026-05-01", dimensions=(), rule_version="1",
        added=BUCKETS,
        occurred_at=b.at(when),
    )  # fmt: skip


def holder(memory: Memory) -> Holder:
    found: Holder = memory.entity(HOLDER, SUBJECT)
    return found


def test_a_buyer_of_whom_nothing_is_known_counts_as_800_and_gets_a_card_r4_7_r5_3() -> None:
    granted: CardGranted = b.only(trust().send(claimed()))
    assert (granted.subject_id, granted.buyer_id, granted.claim_id) == (SUBJECT, b.BUYER, "w1")


@pytest.mark.parametrize(("score", "new", "given"), [(700, False, True), (699, False, False), (1000, False, True), (780, True, True)])
def test_a_score_of_700_suffices_and_new_may_hold_a_card_r4_7_r5_7(score: int, new: bool, given: bool) -> None:
    memory = trust().given(scored(score, new))
    answer = b.only(memory.send(claimed()))
    assert isinstance(answer, CardGranted) is given
    if isinstance(answer, CardRefused):
        assert (answer.code, answer.card_id) == ("card.score_too_low", None)


def test_the_score_that_a_card_needs_is_the_policys_r9_1() -> None:
    memory = trust(b.with_policy("trust", card_score_min=801))
    assert isinstance(b.only(memory.send(claimed())), CardRefused)


def test_a_claim_while_holding_is_answered_with_the_card_r4_7() -> None:
    memory = trust()
    granted: CardGranted = b.only(memory.send(claimed()))
    again: CardRefused = b.only(memory.send(claimed("w2")))
    assert (again.code, again.card_id) == ("card.held", granted.card_id)
    assert holder(memory).card_id == granted.card_id


def test_a_claim_told_again_changes_nothing_r4_7() -> None:
    memory = trust()
    memory.when(claimed(), claimed("w2"), claimed(when="06-02 10:00"), claimed("w2"))
    assert [code for _, code in memory.refused] == ["card.claim_known"] * 2
    assert b.types(memory.facts) == ["card.granted", "card.refused"]


def test_refused_claims_are_remembered_within_a_bound_r4_7() -> None:
    memory = trust().given(scored(699))
    memory.when(*(claimed(f"w{n}") for n in range(REFUSED_MAX + 5)))
    assert len(holder(memory).refused) == REFUSED_MAX


@pytest.mark.parametrize("finding", ["swapped_parcel", "false_claim"])
def test_upheld_abuse_takes_the_card_back_from_its_verdict_r4_7(finding: Finding) -> None:
    memory = trust()
    granted: CardGranted = b.only(memory.send(claimed()))
    noted, revoked = memory.send(ruled_against(finding=finding))
    assert isinstance(noted, AbuseNoted)
    assert isinstance(revoked, CardRevoked)
    assert (revoked.card_id, revoked.buyer_id, revoked.case_id, revoked.finding) == (granted.card_id, b.BUYER, b.CASE, finding)
    assert revoked.occurred_at == b.at("06-10 10:00")
    assert holder(memory).card_id is None


@pytest.mark.parametrize("finding", ["none", "counterfeit", "unsafe_food"])
def test_any_other_end_of_a_case_says_nothing_of_the_buyer_r4_7(finding: Finding) -> None:
    memory = trust()
    memory.send(claimed())
    assert memory.send(ruled_against(finding=finding)) == ()
    assert memory.refused == []


def test_no_card_until_90_days_after_the_verdict_to_the_second_r4_7() -> None:
    memory = trust()
    memory.send(ruled_against())
    late = b.at("06-10 10:00") + timedelta(days=90)
    before = claimed().model_copy(update={"occurred_at": late - timedelta(seconds=1)})
    refused: CardRefused = b.only(memory.send(before))
    assert refused.code == "card.abuse"
    then = claimed("w2").model_copy(update={"occurred_at": late})
    assert isinstance(b.only(memory.send(then)), CardGranted)


def test_a_verdict_told_again_is_known_r4_7() -> None:
    memory = trust()
    memory.when(claimed(), ruled_against(), ruled_against())
    assert [code for _, code in memory.refused] == ["abuse.known"]


def test_a_verdict_older_than_the_card_that_comes_late_ends_it_where_it_began_r4_7() -> None:
    memory = trust()
    granted: CardGranted = b.only(memory.send(claimed(when="06-12 10:00")))
    _, revoked = memory.send(ruled_against(when="06-10 10:00"))
    assert revoked.occurred_at == granted.occurred_at


def test_a_new_card_after_the_old_one_has_an_id_of_its_own_r4_7() -> None:
    memory = trust(b.with_policy("trust", card_clean_days=1))
    memory.when(claimed(), ruled_against(when="06-02 10:00"), claimed("w2", when="06-05 10:00"), claimed(when="06-06 10:00"))
    first, second = (fact.card_id for fact in memory.facts if isinstance(fact, CardGranted))
    assert first != second
    assert [code for _, code in memory.refused] == ["card.claim_known"]


def test_every_reason_has_words_for_the_buyer() -> None:
    assert all(CATALOGUE[code].zh for code in ("card.abuse", "card.held", "card.score_too_low"))
