"""Abuse by one account is the person's: no card for any of its accounts, whichever is told first. Source: R4.7, R4.11."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from services.trust.handlers import SERVICE
from services.trust.model import HOLDER, PERSON, Person
from shared.contracts.card import CardForfeited, CardGranted, CardRefused, CardRevoked, PersonAbuse, PersonCard
from shared.contracts.dispute import CaseAppealEnded
from shared.contracts.identity import MemberJoined
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.trust import facts


def claimed(buyer: str, when: str = "06-20 10:00", name: str = "") -> TrustCardClaimed:
    return TrustCardClaimed(buyer_id=buyer, claim_id=name or f"w-{buyer}-{when[:5]}", occurred_at=b.at(when))


def abused(buyer: str, when: str = "06-10 10:00", order: str = "o1") -> CaseClosed:
    return facts.closed(b.at(when), buyer_id=buyer, order_id=order, finding="swapped_parcel")


def fallen(buyer: str, when: str = "06-12 10:00", order: str = "o1") -> CaseAppealEnded:
    return facts.appealed(b.at(when), buyer_id=buyer, order_id=order)


def joined(buyer: str, cluster: str = "a0", when: str = "06-01 10:00") -> MemberJoined:
    return MemberJoined(buyer_id=buyer, cluster=cluster, occurred_at=b.at(when))


def told(*events: Message, policies: Policies = b.POLICIES) -> Memory:
    """What trust tells itself of cards comes back at once."""
    memory = Memory(SERVICE, policies)
    feed(memory, *events)
    return memory


def feed(memory: Memory, *events: Message) -> None:
    for event in events:
        for fact in memory.send(event):
            if isinstance(fact, CardForfeited):
                memory.send(fact)


def answers(memory: Memory) -> list[tuple[str, str]]:
    cards = [fact for fact in memory.facts if isinstance(fact, CardGranted | CardRefused | CardRevoked)]
    return [(fact.subject_id[6:], fact.code if isinstance(fact, CardRefused) else fact.type) for fact in cards]


def test_abuse_by_one_account_bars_every_other_of_the_person_r4_7() -> None:
    memory = told(joined("b1"), claimed("b1", "06-02 10:00"), abused("b1"), claimed("a0", "06-10 10:01"), claimed("b1"))
    assert answers(memory)[1:] == [("b1", "card.revoked"), ("a0", "card.abuse_by_person"), ("b1", "card.abuse")]


def test_what_the_other_account_is_told_accuses_it_of_nothing_r4_7() -> None:
    words = CATALOGUE["card.abuse_by_person"]
    assert ("其他账号" in (words.zh or ""), "another account" in (words.en or "")) == (True, True)


def test_the_other_account_waits_as_long_to_the_second_r4_7() -> None:
    late = b.at("06-10 10:00") + timedelta(days=90)
    memory = told(joined("b1"), abused("b1"))
    for name, at in (("w1", late - timedelta(seconds=1)), ("w2", late)):
        feed(memory, claimed("a0", name=name).model_copy(update={"occurred_at": at}))
    assert answers(memory) == [("a0", "card.abuse_by_person"), ("a0", "card.granted")]


def test_a_policy_that_lengthens_the_time_finds_what_it_needs_r4_7_r9_1() -> None:
    memory = told(joined("b1"), abused("b1"), abused("b1", "06-12 10:00", "o2"), policies=b.with_policy("trust", card_clean_days=3650))
    feed(memory, claimed("a0").model_copy(update={"occurred_at": b.at("06-12 09:59") + timedelta(days=3650)}))
    assert answers(memory) == [("a0", "card.abuse_by_person")]


def test_an_appeal_won_lifts_it_for_all_accounts_r4_7_r4_11() -> None:
    memory = told(joined("b1"), abused("b1"), fallen("b1"), claimed("a0"))
    assert answers(memory) == [("a0", "card.granted")]


def test_one_verdict_that_fell_leaves_the_other_standing_r4_7_r4_11() -> None:
    memory = told(joined("b1"), abused("b1"), abused("b1", "06-11 10:00", "o2"), fallen("b1"), claimed("a0"))
    assert answers(memory) == [("a0", "card.abuse_by_person")]


def test_a_card_of_another_account_is_taken_back_from_the_verdict_r4_7() -> None:
    memory = told(joined("b1"), claimed("b1", "06-02 10:00"), abused("a0"))
    revoked = b.only(tuple(fact for fact in memory.facts if isinstance(fact, CardRevoked)))
    assert (revoked.buyer_id, revoked.by_person, revoked.order_id) == ("b1", True, "o1")
    assert revoked.occurred_at == b.at("06-10 10:00")
    assert (memory.entity(HOLDER, "buyer:b1").card_id, memory.entity(PERSON, "a0").cards) == (None, ())


def test_two_cards_that_a_link_joined_are_both_taken_back_r4_7() -> None:
    cards = [claimed("b1", "06-02 10:00"), claimed("c2", "06-02 10:00"), joined("b1"), joined("c2")]
    assert answers(told(*cards, abused("a0")))[2:] == [("b1", "card.revoked"), ("c2", "card.revoked")]
    assert answers(told(*cards, abused("b1")))[2:] == [("b1", "card.revoked"), ("c2", "card.revoked")]


def test_a_card_of_which_an_earlier_program_told_no_holder_is_held_and_nobody_is_told_to_give_it_up_r4_7() -> None:
    memory = told(joined("b1"), joined("c2"))
    memory.given(PersonCard(cluster="a0", card_id="k1", ended=False, occurred_at=b.at("06-02 10:00")))
    feed(memory, claimed("b1", "06-03 10:00"), abused("c2"))
    assert answers(memory) == [("b1", "card.held_by_person")]
    assert memory.entity(PERSON, "a0").held == {}


def test_a_card_that_was_taken_back_meanwhile_is_taken_back_once_r4_7() -> None:
    memory = told(joined("b1"), claimed("b1", "06-02 10:00"))
    forfeits = [fact for fact in memory.send(abused("a0")) if isinstance(fact, CardForfeited)]
    feed(memory, abused("b1", order="o2"), *forfeits, *forfeits)
    assert [way for _, way in answers(memory)] == ["card.granted", "card.revoked"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_link_card_and_abuse_come_to_the_same_in_any_order_r4_7(order: tuple[int, ...]) -> None:
    """b1 has had a card since before the verdict against c2; both turn out to be a0. Whatever is told first, it is lost from the
    verdict, and no account gets another.
    """
    lanes: list[Message] = [joined("b1"), joined("c2"), abused("c2"), claimed("b1", "06-02 10:00")]
    memory = told(*(lanes[place] for place in order))
    held = [fact for fact in memory.facts if isinstance(fact, CardGranted)]
    lost = [fact for fact in memory.facts if isinstance(fact, CardRevoked)]
    assert [fact.occurred_at for fact in lost] == [b.at("06-10 10:00")] * len(held)
    assert held or order.index(3) > max(order.index(0), order.index(2))
    feed(memory, *(claimed(buyer) for buyer in ("a0", "b1", "c2")))
    assert [way for _, way in answers(memory)[-3:]] == ["card.abuse_by_person", "card.abuse_by_person", "card.abuse"]


def test_clusters_that_merge_later_carry_it_along_whoever_comes_first_r4_7() -> None:
    """c2 did it; of its two people d3 is the first of whom a0 hears."""
    memory = told(joined("d3", "c2"), abused("c2"), joined("d3", when="06-15 10:00"), claimed("a0"), claimed("d3"))
    assert [way for _, way in answers(memory)] == ["card.abuse_by_person"] * 2
    feed(memory, joined("c2", when="06-15 10:00"), fallen("c2", "06-21 10:00"), claimed("a0", "06-22 10:00"))
    assert answers(memory)[-1] == ("a0", "card.granted")


def test_what_one_of_them_has_brought_the_next_does_not_bring_again_r4_7() -> None:
    memory = told(joined("d3", "c2"), joined("e4", "c2"), abused("c2"), joined("d3"), joined("c2"), joined("e4"))
    assert b.types(memory.facts).count("person.abuse") == 2


def test_an_appeal_won_while_identities_merge_is_not_forgotten_r4_11() -> None:
    """a0 has it from d3, then it falls where c2 still is; c2 brings that, and e4, who comes last, does not bring it back."""
    memory = told(joined("d3", "c2"), joined("e4", "c2"), abused("c2"), joined("d3"), fallen("c2"), joined("c2"), joined("e4"))
    feed(memory, claimed("a0"))
    assert answers(memory) == [("a0", "card.granted")]


def test_a_card_that_was_granted_after_the_verdict_stands_when_a_link_comes_later_r4_7() -> None:
    memory = told(abused("c2"), claimed("b1", "06-11 10:00"), joined("b1", when="06-12 10:00"), joined("c2", when="06-12 10:00"))
    assert answers(memory) == [("b1", "card.granted")], "nobody knew"


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_card_of_the_very_moment_of_the_verdict_is_lost_whoever_joins_first_r4_7(order: tuple[int, ...]) -> None:
    links = joined("b1", when="06-12 10:00"), joined("c2", when="06-12 10:00")
    memory = told(claimed("b1", "06-10 10:00"), abused("c2"), *(links[place] for place in order))
    assert answers(memory) == [("b1", "card.granted"), ("b1", "card.revoked")]


def test_a_link_that_tells_of_abuse_of_long_ago_takes_nothing_back_r4_7() -> None:
    memory = told(claimed("b1", "06-02 10:00"), abused("c2"), joined("b1", when="10-12 10:00"), joined("c2", when="10-12 10:00"))
    assert answers(memory) == [("b1", "card.granted")]


def test_what_is_told_twice_changes_nothing_r4_7() -> None:
    lanes: list[Message] = [joined("b1"), joined("c2"), abused("c2"), fallen("c2"), joined("d3")]
    once = told(*lanes)
    memory = told(*(event for event in lanes for _ in range(2)), joined("b1"), joined("c2"))
    assert memory.entity(PERSON, "a0") == once.entity(PERSON, "a0")
    assert b.types(memory.facts).count("person.abuse") == 2


def test_a_person_forgets_what_no_policy_can_ask_for_r4_7() -> None:
    long_ago = abused("b1").model_copy(update={"occurred_at": b.at("06-10 10:00") - timedelta(days=3651)})
    memory = told(long_ago, abused("b1", order="o2"), joined("b1"))
    person: Person = memory.entity(PERSON, "a0")
    assert (list(person.abuses), len(memory.entity(PERSON, "b1").abuses)) == (["o2/c1"], 1)
    assert len([fact for fact in memory.facts if isinstance(fact, PersonAbuse)]) == 3
