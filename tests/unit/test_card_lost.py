"""A trust card that a buyer's own case costs it, from the order to the ruling, over all services; one a person. Source: R4.7, R4.11."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.trust.model import SCORE
from shared.contracts.card import CardGranted, CardRefused, CardRevoked
from shared.contracts.member import TrustCardClaimed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.refund import acts, life
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong


def wish(name: str, when: str, buyer: str = b.BUYER) -> TrustCardClaimed:
    return TrustCardClaimed(buyer_id=buyer, claim_id=name, occurred_at=b.at(when))


def lied(*more: Message) -> list[Message]:
    """The buyer says that the goods are bad, the seller refuses, and the ruling finds a false claim."""
    return [
        *(b.placed(), b.succeeded(100_00), b.shipped("w1", {1: 1}, "06-02 10:00"), b.signed("w1", "06-04 12:00")),
        life.requested("c1", quantity=1, ground="quality", when="06-05 10:00"),
        life.declined("c1", when="06-06 10:00"),
        acts.disputed("c1", when="06-06 12:00"),
        acts.ruled(False, case_id="c1", when="06-09 10:00", fault="buyer", finding="false_claim"),
        *more,
    ]


def town(events: Iterable[Message]) -> Town:
    found = Town(b.POLICIES)
    for number, event in enumerate(sorted(events, key=lambda event: event.occurred_at)):
        found.advance(event.occurred_at)
        found.tell([(f"e{number}", event)] * 2)
    return found


def cards(found: Town) -> list[tuple[str, str]]:
    """What was told of cards: of whom, and the code where there is none."""
    told = [fact for _, fact in found.services["trust"].out if isinstance(fact, CardGranted | CardRefused | CardRevoked)]
    return [(fact.subject_id, fact.code if isinstance(fact, CardRefused) else fact.type) for fact in told]


def test_a_false_claim_takes_the_card_and_the_next_one_for_ninety_days_r4_7() -> None:
    found = town([wish("w1", "05-20 10:00"), *lied(wish("w2", "06-10 10:00"), wish("w3", "09-07 09:59:59"), wish("w4", "09-07 10:00:00"))])
    me = f"buyer:{b.BUYER}"
    granted, refused = (me, "card.granted"), (me, "card.abuse")
    assert cards(found) == [granted, (me, "card.revoked"), refused, refused, granted]


def test_a_verdict_that_falls_on_appeal_leaves_the_way_open_to_another_r4_7_r4_11() -> None:
    appeal = acts.appealed("c1", when="06-10 10:00")
    won = acts.appeal_ruled(case_id="c1", when="06-12 10:00")
    found = town([wish("w1", "05-20 10:00"), *lied(appeal, won, wish("w2", "06-13 10:00"))])
    assert [code for _, code in cards(found)] == ["card.granted", "card.revoked", "card.granted"]
    assert wrong(checked(found)) == []


@pytest.mark.parametrize("late", [False, True])
def test_another_account_of_the_person_gets_none_while_one_is_held_r4_7(late: bool) -> None:
    """Unless the link that joins them comes later: then both stand, and there is no third."""
    links = [linked(buyer, "t1", when="05-19 10:00" if not late else "05-22 10:00") for buyer in (b.BUYER, "b2")]
    third = linked("b3", "t1", when="05-23 10:00")
    found = town([*links, third, wish("w1", "05-20 10:00"), wish("w2", "05-21 10:00", "b2"), wish("w3", "05-24 10:00", "b3")])
    second = "card.granted" if late else "card.held_by_person"
    assert [code for _, code in cards(found)] == ["card.granted", second, "card.held_by_person"]


def test_what_one_account_did_costs_the_other_its_card_and_the_next_r4_7() -> None:
    """One account lies, the other loses the card, and neither has another until the ruling falls on appeal."""
    links = [linked(buyer, "t1", when="05-19 10:00") for buyer in (b.BUYER, "a0")]
    appeal = acts.appealed("c1", when="06-10 10:00"), acts.appeal_ruled(case_id="c1", when="06-12 10:00")
    wishes = [wish("w1", "05-20 10:00", "a0"), wish("w2", "06-09 10:01", "a0"), wish("w3", "06-09 10:02"), wish("w4", "06-13 10:00", "a0")]
    found = town([*links, *lied(*appeal), *wishes])
    me, other = f"buyer:{b.BUYER}", "buyer:a0"
    granted = (other, "card.granted")
    assert cards(found) == [granted, (other, "card.revoked"), (other, "card.abuse_by_person"), (me, "card.abuse"), granted]
    assert wrong(checked(found)) == []


def test_a_swap_found_of_one_unit_of_three_costs_card_and_score_though_the_others_are_refunded_r4_7_r5_3() -> None:
    returned = [
        *(b.placed(b.cart(quantity=3)), b.succeeded(300_00), b.shipped("w1", {1: 3}, "06-02 10:00"), b.signed("w1", "06-04 12:00")),
        life.requested("c1", when="06-05 10:00"),
        *(life.accepted("c1", when="06-05 11:00"), life.posted("c1", when="06-05 12:00"), acts.contested("c1", when="06-07 10:00")),
        acts.ruled(True, case_id="c1", when="06-10 10:00", quantity=2, finding="swapped_parcel"),
    ]
    found = town([wish("w1", "05-20 10:00"), *returned])
    assert [code for _, code in cards(found)] == ["card.granted", "card.revoked"]
    assert found.entity("trust", SCORE, f"buyer:{b.BUYER}").shown == 399
    assert wrong(checked(found)) == []
