"""A buyer wins on appeal and is to send the goods back: what is ruled on those is a verdict of its own. Source: R4.11, R5.1, R5.5, R4.7."""

from __future__ import annotations

import pytest

from services.trust.model import HOLDER, PERSON, SCORE
from services.trust.rules.reasons import reason
from shared.contracts.card import AbuseNoted
from shared.contracts.ruling import Finding
from shared.contracts.trust import EvidenceFound
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts, life
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

BUYER = f"buyer:{b.BUYER}"
CASE = f"{b.ORDER}/{b.CASE}"


def ruled_again(first: Finding, *, upheld: bool = False, finding: Finding = "none") -> Town:
    """The ruling that fell found something of the buyer, or nothing; the one on what came back."""
    return told(
        acts.ruled(False, finding=first),
        acts.appealed(),
        acts.appeal_ruled(remedy="return_and_refund"),
        life.posted(when="06-27 10:00"),
        acts.contested(when="06-28 10:00"),
        acts.ruled(upheld, "rl3", when="07-02 10:00", finding=finding),
    )


def told(*of_dispute: Message) -> Town:
    steps = [
        b.placed(b.cart(1, 100_00, 3), when="06-10 11:50"),
        b.succeeded(300_00, when="06-10 12:00"),
        b.shipped(units={1: 3}, when="06-12 10:00"),
        b.collected(when="06-12 11:00"),
        b.signed(when="06-16 10:00"),
        life.requested(),
        life.declined(),
        acts.disputed(),
        *of_dispute,
    ]
    town = Town(b.POLICIES)
    for number, event in enumerate(steps):
        town.advance(event.occurred_at)
        town.tell([(f"e{number}", event)])
    town.advance(b.at("07-03 12:00"))
    assert (town.waiting(), wrong(checked(town))) == ([], [])
    return town


def against(town: Town) -> list[str]:
    """What stands against the buyer."""
    items = {fact.evidence_id: fact for _, fact in town.services["trust"].out if isinstance(fact, EvidenceFound)}
    items = {name: fact for name, fact in items.items() if fact.subject_id == BUYER and fact.weight < 0}
    entities = town.services["trust"].entities
    return sorted(name for name in items if not entities["item", name][1].voided)


@pytest.mark.parametrize("first", ["none", "false_claim", "swapped_parcel"])
def test_a_swapped_parcel_counts_though_what_was_found_before_fell_r4_11_r5_3(first: Finding) -> None:
    town = ruled_again(first, finding="swapped_parcel")
    assert against(town) == [f"{BUYER}/swapped_parcel/{CASE}/again"]
    assert town.entity("trust", SCORE, BUYER).shown == 399
    assert any(isinstance(fact, AbuseNoted) for _, fact in town.services["trust"].out)


def test_a_dispute_that_is_lost_then_counts_r5_5() -> None:
    assert against(ruled_again("none")) == [f"{BUYER}/dispute_lost/{CASE}/again"]


def test_a_seller_that_wins_its_appeal_later_does_not_undo_what_was_found_meanwhile_r4_11() -> None:
    """It lost, appealed, and found other goods in the parcel; a ruling said so before the one on the appeal."""
    town = told(
        acts.ruled(),
        acts.appealed_by_seller(),
        life.posted(when="06-24 12:00"),
        acts.contested(when="06-24 14:00"),
        acts.ruled(False, "rl3", when="06-27 10:00", finding="swapped_parcel"),
        acts.appeal_ruled(when="06-28 10:00"),
    )
    assert f"{BUYER}/swapped_parcel/{CASE}/again" in against(town)
    assert town.entity("trust", SCORE, BUYER).shown == 399


@pytest.mark.parametrize("first", ["none", "false_claim"])
def test_nor_does_it_bring_its_buyer_a_card_r4_7(first: Finding) -> None:
    """What the first ruling found of the buyer, if anything, falls; what the second found stands, to its own day."""
    town = told(
        acts.ruled(finding=first),
        acts.appealed_by_seller(),
        life.posted(when="06-24 12:00"),
        acts.contested(when="06-24 14:00"),
        acts.ruled(False, "rl3", when="06-27 10:00", finding="swapped_parcel"),
        acts.appeal_ruled(when="06-28 10:00"),
    )
    for service_kind in (HOLDER, PERSON):
        known = town.entity("trust", service_kind, BUYER if service_kind is HOLDER else b.BUYER)
        standing = [one for one in known.abuses.values() if not getattr(one, "voided", False)]
        assert [getattr(one, "at", one) for one in standing] == [b.at("06-27 10:00")]


def test_an_appeal_that_is_lost_voids_no_abuse_r4_11() -> None:
    """The second ruling found nothing of the buyer; the first one, which did, stands."""
    town = told(
        acts.ruled(finding="false_claim"),
        acts.appealed_by_seller(),
        life.posted(when="06-24 12:00"),
        acts.contested(when="06-24 14:00"),
        acts.ruled(False, "rl3", when="06-27 10:00"),
        acts.appeal_ruled(False, when="06-28 10:00"),
    )
    assert len(town.entity("trust", HOLDER, BUYER).abuses) == 1


def test_who_wins_then_has_nothing_against_it_r4_11() -> None:
    """Its seller and the promoter, who lost the case on appeal, lose it once."""
    town = ruled_again("false_claim", upheld=True)
    assert against(town) == []
    assert town.refused() == [("evidence.found", "evidence.known")] * 2


def test_its_reason_names_order_and_case_r5_6() -> None:
    assert reason("swapped_parcel", f"{BUYER}/swapped_parcel/o1/c1/again") == reason("swapped_parcel", f"{BUYER}/swapped_parcel/o1/c1")
    assert reason("swapped_parcel", "strange/again").endswith(": strange/again")
