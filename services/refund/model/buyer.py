"""What refund knows of buyers from the trust service: their scores, and whose trust cards are valid when. Source: R4.1, R4.7, R4.8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.card import CardNoted, ScoreNoted
from shared.messaging.shape import Kind

SCORES_MAX = 32  # of a buyer, the latest; an order is paid minutes after it was placed, so few are ever looked for


@dataclass(frozen=True, slots=True)
class Buyer:
    """scores: as shown from each time on, oldest first."""

    scores: tuple[tuple[datetime, int], ...] = ()

    @property
    def score(self) -> int | None:
        return self.scores[-1][1] if self.scores else None

    def score_at(self, at: datetime) -> int | None:
        """None: none was shown then, as far as is known. Before all that is still kept, the oldest of it."""
        shown = [score for since, score in self.scores if since <= at]
        if shown:
            return shown[-1]
        return self.scores[0][1] if len(self.scores) == SCORES_MAX else None


@dataclass(frozen=True, slots=True)
class Card:
    """A trust card. since, until: from when to when it is valid, as far as is known."""

    buyer_id: str
    since: datetime | None = None
    until: datetime | None = None

    def valid(self, buyer_id: str, at: datetime) -> bool:
        """For an order that this buyer placed then; what became of it later does not count. Source: R4.1."""
        begun = self.since is not None and self.since <= at
        return buyer_id == self.buyer_id and begun and (self.until is None or at < self.until)


def evolve_buyer(buyer: Buyer | None, fact: ScoreNoted) -> Buyer:
    """Scores are told in order, but some of the past: they are shown from when they are told."""
    before = buyer.scores if buyer is not None else ()
    since = max(fact.occurred_at, before[-1][0]) if before else fact.occurred_at
    return Buyer((*before, (since, fact.score))[-SCORES_MAX:])


def evolve_card(card: Card | None, fact: CardNoted) -> Card:
    known = card or Card(fact.buyer_id)
    return replace(known, until=fact.occurred_at) if fact.ended else replace(known, since=fact.occurred_at)


BUYER = Kind("buyer", ScoreNoted, lambda fact: fact.buyer_id, evolve_buyer)
CARD = Kind("card", CardNoted, lambda fact: fact.card_id, evolve_card)
