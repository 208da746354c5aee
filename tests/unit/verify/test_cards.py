"""One card a person: `laotie verify` would notice a second one that a claim was granted. Source: R4.7, R5.7."""

from __future__ import annotations

from dataclasses import replace

from deploy.verify.cards import checks
from shared.contracts.card import CardGranted, CardRefused, PersonCard
from shared.contracts.member import TrustCardClaimed
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.town import Town
from tests.unit.verify.damaged import Copy
from tests.unit.verify.recorded import log_of, tables_of

SECOND = "second"


def claims() -> Town:
    town = Town(b.POLICIES)
    town.tell((f"link-{buyer}", linked(buyer, "phone")) for buyer in ("b1", "b2"))
    town.tell((buyer, TrustCardClaimed(buyer_id=buyer, claim_id="w", occurred_at=b.at("05-02 10:00"))) for buyer in ("b1", "b2"))
    return town


def test_a_second_card_of_a_person_that_was_granted_is_found_r4_7() -> None:
    copy = Copy(log_of(town := claims()), tables_of(town))
    assert all(check.holds for check in checks(copy.log, copy.tables, b.POLICIES))
    refused, held = copy.find(CardRefused), copy.find(PersonCard)
    said = refused.event
    assert isinstance(said, CardRefused)
    assert said.code == "card.held_by_person"
    told = {"claim_id": said.claim_id, "subject_id": said.subject_id, "buyer_id": "b2", "card_id": SECOND}
    granted = CardGranted(**told, occurred_at=said.occurred_at)
    copy.put(refused, [replace(refused, event=granted, value=granted.to_json(), type=granted.type)])
    mine = PersonCard(cluster="b1", card_id=SECOND, ended=False, buyer_id="b2", granted_at=said.occurred_at, occurred_at=said.occurred_at)
    headers = {**refused.headers, "ce_entityversion": b"2"}
    more = replace(held, event=mine, value=mine.to_json(), id="person-2", headers=headers, sequence=10**6)
    copy.put(held, [held, more])
    (found,) = copy.checks(["cards"])
    assert found.first.endswith(f"a card for b1, which holds {[held.event.card_id]}")  # type: ignore[union-attr]
