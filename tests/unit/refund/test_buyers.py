"""What an order's certificate says of its buyer's card and score, and what later news changes. Source: R4.1, R4.7, R4.8, R5.3."""

from __future__ import annotations

from typing import Any

import pytest

from services.refund.model import BUYER, CARD, SCORES_MAX, Buyer, Card
from shared.contracts.card import CardGranted, CardNoted, CardRefused, CardRevoked
from shared.contracts.certificate import CertificateIssued, Guarantee
from shared.contracts.member import TrustCardClaimed
from shared.contracts.order import OrderPaid
from shared.contracts.trust import Bucket, ScoreChanged
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund.life import shop
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

CARD_ID, RIGHT, INSTANT = "card1", "refund_without_return", "instant_refund"


def granted(card_id: str = CARD_ID, buyer_id: str = b.BUYER, when: str = "05-01 10:00") -> CardGranted:
    return CardGranted(subject_id=f"buyer:{buyer_id}", buyer_id=buyer_id, card_id=card_id, claim_id="w1", occurred_at=b.at(when))


def revoked(card_id: str = CARD_ID, buyer_id: str = b.BUYER, when: str = "06-20 10:00") -> CardRevoked:
    said: dict[str, Any] = {"subject_id": f"buyer:{buyer_id}", "buyer_id": buyer_id, "card_id": card_id, "case_id": "c9"}
    return CardRevoked(**said, finding="false_claim", occurred_at=b.at(when))


def scored(score: int, when: str = "05-01 10:00", subject: str = f"buyer:{b.BUYER}") -> ScoreChanged:
    added = (Bucket(dimension="fulfilment", side="good", group=0, day="2026-05-01", weight=1),)
    return ScoreChanged(
        subject_id=subject, score=score, new=False, items=10, as_of="2026-05-01", dimensions=(), rule_version="1", added=added,
        occurred_at=b.at(when),
    )  # fmt: skip


def paid(card_id: str | None = CARD_ID) -> OrderPaid:
    line = b.line(tags=(RIGHT, "damaged_refund", "authentic_x10"))
    return b.order_paid(line).model_copy(update={"trust_card_id": card_id, "placed_at": b.at(b.PLACED)})


def certificate(*news: Message, card_id: str | None = CARD_ID) -> CertificateIssued:
    memory = shop(*news, paid(card_id))
    return next(fact for fact in memory.facts if isinstance(fact, CertificateIssued))


def promised(issued: CertificateIssued, name: str) -> Guarantee:
    return next(one for one in issued.guarantees if one.guarantee == name)


def reason(issued: CertificateIssued) -> str:
    """Why the card's rights are withheld, of each the same; the multiple that the card would bring goes with them."""
    rights = {promised(issued, name).withheld for name in (RIGHT, "damaged_refund")}
    assert len(rights) == 1
    assert (promised(issued, "authenticity").multiple == 10) is (rights == {""})
    return rights.pop()


def test_a_card_that_was_valid_at_placement_has_its_rights_r4_7() -> None:
    assert reason(certificate(granted())) == ""


def test_no_card_no_rights_r4_7() -> None:
    assert reason(certificate(granted(), card_id=None)) == "trust_card.no_card"


def test_another_buyers_card_gives_no_rights_r4_7() -> None:
    assert reason(certificate(granted(buyer_id="b2"))) == "trust_card.of_another"


@pytest.mark.parametrize(
    ("news", "against"),
    [
        ((granted(when="06-01 10:00"),), ""),
        ((granted(when="06-01 10:00:01"),), "trust_card.not_valid"),
        ((granted(), revoked(when="06-01 10:00")), "trust_card.not_valid"),
        ((granted(), revoked(when="06-01 10:00:01")), ""),
    ],
)
def test_what_counts_is_the_moment_of_placement_to_the_second_r4_1_r4_7(news: tuple[Message, ...], against: str) -> None:
    """The order was placed at 06-01 10:00:00 and paid ten minutes later."""
    assert reason(certificate(*news)) == against


def test_a_card_of_which_nothing_is_known_yet_is_promised_and_looked_at_when_claimed_r4_7() -> None:
    issued = certificate()
    assert reason(issued) == ""
    assert promised(issued, RIGHT).conditions == ("trust_card",)
    assert issued.trust_card_id == CARD_ID


def test_news_of_a_card_again_is_known_and_may_come_in_any_order_r4_7() -> None:
    memory = shop(granted(), revoked(), granted(), revoked())
    assert [code for _, code in memory.refused] == ["card.known"] * 2
    assert memory.entity(CARD, CARD_ID) == Card(b.BUYER, b.at("05-01 10:00"), b.at("06-20 10:00"))
    assert [fact.ended for fact in memory.facts if isinstance(fact, CardNoted)] == [False, True]
    assert shop(revoked(), granted()).entity(CARD, CARD_ID) == memory.entity(CARD, CARD_ID)


@pytest.mark.parametrize(("score", "against"), [(600, ""), (599, "instant_refund.score_too_low"), (0, "instant_refund.score_too_low")])
def test_the_score_at_placement_is_frozen_in_the_certificate_r4_1_r4_8(score: int, against: str) -> None:
    issued = certificate(scored(score))
    assert (issued.buyer_score, promised(issued, INSTANT).withheld) == (score, against)
    assert CertificateIssued.model_validate_json(issued.to_json()) == issued


@pytest.mark.parametrize(("good", "against"), [(8, ""), (6, ""), (5, "instant_refund.score_too_low")])
def test_a_buyer_without_a_score_counts_as_what_the_policy_gives_whom_nobody_knows_r5_3_r9_1(good: int, against: str) -> None:
    """Good ones of ten: 800, 600, 500. For instant refunds and for trust cards alike; verify says the same."""
    policies = b.with_policy("trust", prior_good=good, card_score_min=600)
    town = Town(policies)
    claim = TrustCardClaimed(buyer_id=b.BUYER, claim_id="w1", occurred_at=b.at(b.PLACED))
    town.tell((event.type, event) for event in (claim, b.placed(), b.succeeded()))
    (issued,) = (fact for _, fact in town.services["refund"].out if isinstance(fact, CertificateIssued))
    assert (issued.buyer_score, promised(issued, INSTANT).withheld) == (None, against)
    codes = [fact.code for _, fact in town.services["trust"].out if isinstance(fact, CardRefused)]
    assert codes == (["card.score_too_low"] if against else [])
    assert wrong(checked(town, policies)) == []


def test_a_score_of_after_placement_says_nothing_of_this_order_r4_1() -> None:
    issued = certificate(scored(700), scored(100, when="06-01 10:00:01"))
    assert issued.buyer_score == 700
    assert certificate(scored(100, when="06-01 10:05")).buyer_score is None


def test_only_buyers_scores_are_kept_and_only_where_they_differ_r4_8() -> None:
    memory = shop(scored(700), scored(700, "05-02 10:00"), scored(650, "05-03 10:00"), scored(1, subject="seller:s1"))
    assert b.types(memory.facts) == ["score.noted"] * 2
    assert memory.entity(BUYER, b.BUYER) == Buyer(((b.at("05-01 10:00"), 700), (b.at("05-03 10:00"), 650)))


def test_a_score_of_older_evidence_is_shown_from_when_it_is_told_r4_1() -> None:
    memory = shop(scored(700, "05-03 10:00"), scored(650, "05-01 10:00"))
    assert memory.entity(BUYER, b.BUYER).score_at(b.at("05-03 10:00")) == 650


def test_scores_are_kept_within_a_bound_r4_8() -> None:
    memory = shop(*(scored(600 + n, f"05-01 10:00:{n:02}") for n in range(SCORES_MAX + 3)))
    buyer: Buyer = memory.entity(BUYER, b.BUYER)
    assert len(buyer.scores) == SCORES_MAX
    assert buyer.score_at(b.at("04-01 10:00")) == 603
