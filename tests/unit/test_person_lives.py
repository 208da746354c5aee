"""Random lives of cards, votes, abuse and appeals while accounts turn out to be one, against a union of our own. Source: R4.7, R6.3.

Whatever comes first within a round; once all is told, the next claim and the next vote of each account are what the person is due.
"""

from __future__ import annotations

from random import Random

import pytest

from services.trust.model import HOLDER, Holder
from shared.contracts.card import CardGranted, CardRefused, CardRevoked
from shared.contracts.member import TrustCardClaimed, VoteCast
from shared.contracts.vote import VoteGiven
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.town import Town
from tests.unit.trust.facts import appealed, closed
from tests.unit.verify.recorded import checked, wrong

ACCOUNTS = [f"a{number}" for number in range(4)]
DAYS = (3, 4, 5)


class Lives:
    """of: who is whom, as far as it was told. abuses: by order, whose and when, while it stands. votes: whose each is, and of which day."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.town = chance, Town(b.POLICIES, chance, ("order", "payment", "trust"))
        self.of = {account: {account} for account in ACCOUNTS}
        self.abuses: dict[str, tuple[str, str]] = {}
        self.votes: dict[str, tuple[str, int]] = {}
        self.tokens: dict[str, str] = {}
        self._count = 0

    def round(self) -> None:
        """All of it in any order, each event twice; links are told days late."""
        events = [event for _ in range(self.chance.randint(6, 14)) for event in self._something()]
        self.tell(*events)

    def tell(self, *events: Message) -> None:
        self._count += len(events)
        self.town.tell([(f"e{self._count}-{number}", event) for number, event in enumerate(events) for _ in range(2)])

    def _something(self) -> list[Message]:
        account, day = self.chance.choice(ACCOUNTS), self.chance.choice(DAYS)
        match self.chance.choice(("link", "claim", "vote", "abuse")):
            case "link":
                token = f"t{self.chance.randrange(2)}"
                self._unite(account, self.tokens.setdefault(token, account))
                return [linked(account, token, when=f"06-0{self.chance.randint(1, 9)} 09:00")]
            case "claim":
                return [self.claim(account, f"06-{self.chance.randint(10, 28)} 10:00")]
            case "vote":
                return [self.vote(account, day)]
            case _:
                return self._abuse(account)

    def claim(self, account: str, when: str) -> TrustCardClaimed:
        return TrustCardClaimed(buyer_id=account, claim_id=self._name("w"), occurred_at=b.at(when))

    def vote(self, account: str, day: int) -> VoteCast:
        name = self._name("v")
        self.votes[name] = account, day
        return VoteCast(buyer_id=account, vote_id=name, promoter_id="k1", occurred_at=b.at(f"06-0{day} 10:00"))

    def _abuse(self, account: str) -> list[Message]:
        order, when = self._name("o"), f"06-{self.chance.randint(10, 28)} 12:00"
        verdict = closed(b.at(when), buyer_id=account, order_id=order, finding="false_claim")
        if self.chance.random() < 0.5:
            return [verdict, appealed(b.at("06-29 10:00"), buyer_id=account, order_id=order)]
        self.abuses[order] = account, when
        return [verdict]

    def _unite(self, one: str, other: str) -> None:
        both = self.of[one] | self.of[other]
        self.of.update(dict.fromkeys(both, both))

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def holder(self, account: str) -> Holder:
        found: Holder | None = self.town.entity("trust", HOLDER, f"buyer:{account}")
        return found or Holder()

    def due(self, account: str) -> str:
        """What the next claim comes to."""
        person = self.of[account]
        if self.holder(account).card_id is not None:
            return "card.held"
        if any(self.holder(one).card_id is not None for one in person):
            return "card.held_by_person"
        guilty = {whose for whose, _ in self.abuses.values()} & person
        if not guilty:
            return "card.granted"
        return "card.abuse" if account in guilty else "card.abuse_by_person"

    def answered(self) -> list[str]:
        told = [fact for _, fact in self.town.services["trust"].out if isinstance(fact, CardGranted | CardRefused)]
        return [fact.code if isinstance(fact, CardRefused) else fact.type for fact in told]

    def given(self) -> set[str]:
        return {fact.vote_id for _, fact in self.town.services["trust"].out if isinstance(fact, VoteGiven)}


@pytest.mark.parametrize("seed", range(16))
def test_a_person_is_a_person_r4_7_r4_11_r6_3(seed: int) -> None:
    lives = Lives(Random(seed))
    for _ in range(3):
        lives.round()
        _cards(lives)
        _votes(lives)
    told = wrong(checked(lives.town))
    assert [line for line in told if line.startswith(("trust cards", "votes"))] == []


def _cards(lives: Lives) -> None:
    """None is held that another account's standing abuse ended; none was taken back but for abuse of the person."""
    for account in ACCOUNTS:
        since = lives.holder(account).granted_at
        if since is not None:
            assert [when for whose, when in lives.abuses.values() if whose in lives.of[account] and b.at(when) >= since] == []
    for _, fact in lives.town.services["trust"].out:
        assert not isinstance(fact, CardRevoked) or fact.by_person is None or len(lives.of[fact.buyer_id]) > 1
    for account in lives.chance.sample(ACCOUNTS, 3):
        due = lives.due(account)
        lives.tell(lives.claim(account, "06-09 12:00"))
        assert lives.answered()[-1] == due


def _votes(lives: Lives) -> None:
    """One a person and day; those that a later link joined stand."""
    for account in lives.chance.sample(ACCOUNTS, 3):
        for day in DAYS:
            had = any(lives.votes[name][0] in lives.of[account] and lives.votes[name][1] == day for name in lives.given())
            lives.tell(vote := lives.vote(account, day))
            assert (vote.vote_id in lives.given()) is not had
