"""Trust cards: who gets one, who does not and why, who loses it. Source: R4.7, R5.7."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from services.trust.handlers import SERVICE
from services.trust.model import HOLDER, PERSON, REFUSED_MAX, Holder, Person
from shared.contracts.card import AbuseNoted, CardGranted, CardRefused, CardRevoked, NoCard
from shared.contracts.dispute import CaseAppealEnded
from shared.contracts.identity import MemberJoined
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.contracts.ruling import Finding
from shared.contracts.trust import Bucket, ScoreChanged
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.trust import facts

SUBJECT = f"buyer:{b.BUYER}"
BUCKETS = (Bucket(dimension="fulfilment", side="good", group=0, day="2026-05-01", weight=1),)


def trust(policies: Policies = b.POLICIES) -> Memory:
    return Memory(SERVICE, policies)


def answer(facts: tuple[Message, ...]) -> Any:
    """The one that is told in public."""
    return b.only(tuple(fact for fact in facts if not fact.topic.internal))


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
    granted: CardGranted = answer(trust().send(claimed()))
    assert (granted.subject_id, granted.buyer_id, granted.claim_id) == (SUBJECT, b.BUYER, "w1")


@pytest.mark.parametrize(("score", "new", "given"), [(700, False, True), (699, False, False), (1000, False, True), (780, True, True)])
def test_a_score_of_700_suffices_and_new_may_hold_a_card_r4_7_r5_7(score: int, new: bool, given: bool) -> None:
    memory = trust().given(scored(score, new))
    given_or_not = answer(memory.send(claimed()))
    assert isinstance(given_or_not, CardGranted) is given
    if isinstance(given_or_not, CardRefused):
        assert (given_or_not.code, given_or_not.card_id) == ("card.score_too_low", None)


def test_the_score_that_a_card_needs_is_the_policys_r9_1() -> None:
    memory = trust(b.with_policy("trust", card_score_min=801))
    assert isinstance(answer(memory.send(claimed())), CardRefused)


def test_a_claim_while_holding_is_answered_with_the_card_r4_7() -> None:
    memory = trust()
    granted: CardGranted = answer(memory.send(claimed()))
    again: CardRefused = answer(memory.send(claimed("w2")))
    assert (again.code, again.card_id) == ("card.held", granted.card_id)
    assert holder(memory).card_id == granted.card_id


def test_a_claim_told_again_changes_nothing_r4_7() -> None:
    memory = trust()
    memory.when(claimed(), claimed("w2"), claimed(when="06-02 10:00"), claimed("w2"))
    assert [code for _, code in memory.refused] == ["card.claim_known"] * 2
    assert b.types(memory.facts) == ["card.granted", "person.card", "card.refused"]


def test_refused_claims_are_remembered_within_a_bound_r4_7() -> None:
    memory = trust().given(scored(699))
    memory.when(*(claimed(f"w{n}") for n in range(REFUSED_MAX + 5)))
    assert len(holder(memory).refused) == REFUSED_MAX


@pytest.mark.parametrize("finding", ["swapped_parcel", "false_claim"])
def test_upheld_abuse_takes_the_card_back_from_its_verdict_r4_7(finding: Finding) -> None:
    memory = trust()
    granted: CardGranted = answer(memory.send(claimed()))
    noted, _, revoked, _ = memory.send(ruled_against(finding=finding))
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
    refused: CardRefused = answer(memory.send(before))
    assert refused.code == "card.abuse"
    then = claimed("w2").model_copy(update={"occurred_at": late})
    assert isinstance(answer(memory.send(then)), CardGranted)


def test_a_verdict_told_again_is_known_r4_7() -> None:
    memory = trust()
    memory.when(claimed(), ruled_against(), ruled_against())
    assert [code for _, code in memory.refused] == ["abuse.known"]


def test_a_buyer_that_is_right_in_part_loses_its_card_when_that_is_ruled_not_when_the_money_is_there_r4_7_r5_1() -> None:
    """Its claim is upheld, and the parcel that it sent back was swapped all the same: the case goes on for days."""
    memory = trust()
    memory.send(claimed())
    memory.send(facts.ruled(b.at("06-10 10:00"), order_id=b.ORDER, case_id=b.CASE, buyer_id=b.BUYER, finding="swapped_parcel"))
    assert (holder(memory).card_id, [*holder(memory).abuses.values()]) == (None, [b.at("06-10 10:00")])
    assert answer(memory.send(claimed("w2", when="06-11 10:00"))).code == "card.abuse"
    end = ruled_against(when="06-22 10:00").model_copy(update={"ruled_at": b.at("06-10 10:00")})
    assert memory.send(end) == ()
    assert memory.refused == []


def test_a_verdict_older_than_the_card_that_comes_late_ends_it_where_it_began_r4_7() -> None:
    memory = trust()
    granted: CardGranted = answer(memory.send(claimed(when="06-12 10:00")))
    _, _, revoked, _ = memory.send(ruled_against(when="06-10 10:00"))
    assert revoked.occurred_at == granted.occurred_at


def test_a_new_card_after_the_old_one_has_an_id_of_its_own_r4_7() -> None:
    memory = trust(b.with_policy("trust", card_clean_days=1))
    memory.when(claimed(), ruled_against(when="06-02 10:00"), claimed("w2", when="06-05 10:00"), claimed(when="06-06 10:00"))
    first, second = (fact.card_id for fact in memory.facts if isinstance(fact, CardGranted))
    assert first != second
    assert [code for _, code in memory.refused] == ["card.claim_known"]


def appealed(finding: Finding = "none", when: str = "06-20 10:00") -> CaseAppealEnded:
    return CaseAppealEnded(
        order_id=b.ORDER, case_id=b.CASE, line_no=1, state=70, turn="nobody", deadline=None, rule="R4.11", buyer_id=b.BUYER,
        seller_id=b.SELLER, side="buyer", won=finding == "none", by="ruling", ruling_id="r2", fault="nobody", finding=finding,
        occurred_at=b.at(when),
    )  # fmt: skip


def test_a_verdict_that_falls_on_appeal_speaks_against_no_new_card_r4_7_r4_11() -> None:
    memory = trust()
    memory.when(claimed(), ruled_against(), appealed())
    assert (holder(memory).card_id, dict(holder(memory).abuses)) == (None, {})
    assert isinstance(answer(memory.send(claimed("w2", when="06-21 10:00"))), CardGranted)


def test_a_verdict_that_stands_on_appeal_is_told_once_r4_7_r4_11() -> None:
    memory = trust()
    memory.when(claimed(), ruled_against())
    assert memory.send(appealed("swapped_parcel")) == ()
    assert memory.refused == []


def test_a_verdict_that_only_the_appeal_brings_counts_r4_7_r4_11() -> None:
    memory = trust()
    memory.when(claimed(), ruled_against(finding="none"))
    assert "card.revoked" in b.types(memory.send(appealed("false_claim")))


def joined(buyer_id: str, cluster: str, when: str = "05-20 10:00") -> MemberJoined:
    return MemberJoined(buyer_id=buyer_id, cluster=cluster, occurred_at=b.at(when))


def test_one_card_a_person_whichever_of_its_accounts_asks_r4_7_r5_7() -> None:
    memory = trust()
    memory.when(joined("b2", "b1"), claimed())
    refused: CardRefused = answer(memory.send(claimed("w2", "b2")))
    assert (refused.code, refused.card_id) == ("card.held_by_person", None)
    memory.send(ruled_against())
    barred: CardRefused = answer(memory.send(claimed("w3", "b2", when="06-11 10:00")))
    assert barred.code == "card.abuse_by_person", "the first was taken back"
    memory.send(appealed())
    given: CardGranted = answer(memory.send(claimed("w4", "b2", when="06-21 10:00")))
    assert given.buyer_id == "b2"


def test_a_card_goes_with_its_buyer_and_two_that_a_link_joins_both_stand_r4_7() -> None:
    memory = trust()
    memory.when(claimed("w2", "b2"), claimed("w3", "b3"), joined("b3", "b2"), joined("b2", "b1"), joined("b3", "b1"))
    person: Person = memory.entity(PERSON, "b1")
    assert len(person.cards) == 2
    assert memory.entity(PERSON, "b2") == Person()
    refused: CardRefused = answer(memory.send(claimed()))
    assert refused.code == "card.held_by_person"


def test_news_of_a_cluster_twice_or_late_changes_nothing_r4_7() -> None:
    memory = trust()
    memory.when(joined("b3", "b1"), claimed("w3", "b3"))
    assert memory.when(joined("b3", "b1"), joined("b3", "b2")) == ()


def test_every_reason_has_words_for_the_buyer() -> None:
    assert all(CATALOGUE[code].zh for code in get_args(NoCard))


def of_order(order_id: str, *events: Message) -> list[Message]:
    return [event.model_copy(update={"order_id": order_id}) for event in events]


def test_cases_of_one_name_in_two_orders_are_two_verdicts_r4_7_r4_11() -> None:
    """A shop counts the cases of each order anew: the second verdict was refused as known, and the appeal of the first voided both."""
    memory = trust()
    memory.when(claimed(), *of_order("o1", ruled_against()), *of_order("o2", ruled_against(when="06-12 10:00")))
    assert (memory.refused, len(holder(memory).abuses)) == ([], 2)
    memory.when(*of_order("o1", appealed()))
    assert dict(holder(memory).abuses) == {f"o2/{b.CASE}": b.at("06-12 10:00")}
    assert answer(memory.when(claimed("w2", when="07-01 10:00"))).code == "card.abuse"
    memory.when(*of_order("o2", appealed()))
    assert dict(holder(memory).abuses) == {}


def test_a_verdict_noted_by_an_earlier_program_falls_on_appeal_all_the_same_r4_11() -> None:
    noted = AbuseNoted(subject_id=SUBJECT, case_id=b.CASE, finding="swapped_parcel", occurred_at=b.at("06-10 10:00"))
    memory = trust().given(noted)
    memory.when(appealed())
    assert dict(holder(memory).abuses) == {}
