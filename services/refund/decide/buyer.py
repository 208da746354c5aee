"""Copies of what the trust service says of buyers, so that an order's certificate can be written without asking. Source: R4.1."""

from __future__ import annotations

from datetime import datetime

from services.refund.model import Buyer, Card
from shared.contracts.card import CardGranted, CardNoted, CardRevoked, ScoreNoted
from shared.contracts.certificate import Withheld
from shared.contracts.trust import ScoreChanged
from shared.messaging.shape import Outcome, Reject


def note_score(event: ScoreChanged, buyer: Buyer | None) -> Outcome:
    """No facts where the shown score is the same. Source: R4.1, R4.8."""
    if buyer is not None and buyer.score == event.score:
        return ()
    return (ScoreNoted(buyer_id=buyer_of(event.subject_id), score=event.score, occurred_at=event.occurred_at),)


def pass_over(event: ScoreChanged, nothing: None) -> Outcome:
    """The score of a seller or promoter: it promises buyers nothing."""
    return ()


def note_card(event: CardGranted | CardRevoked, card: Card | None) -> Outcome:
    """A card is granted once and revoked once. Source: R4.7."""
    ended = isinstance(event, CardRevoked)
    if card is not None and (card.until if ended else card.since) is not None:
        return Reject("card.known")
    return (CardNoted(buyer_id=event.buyer_id, card_id=event.card_id, ended=ended, occurred_at=event.occurred_at),)


def no_card(card_id: str | None, card: Card | None, buyer_id: str, placed_at: datetime) -> Withheld:
    """Why no card's rights are promised to an order; empty: they are, if the card turns out to be valid then. Source: R4.1, R4.7."""
    if card_id is None:
        return "trust_card.no_card"
    if card is None or card.valid(buyer_id, placed_at):
        return ""
    return "trust_card.of_another" if card.buyer_id != buyer_id else "trust_card.not_valid"


def role_of(subject_id: str) -> str:
    return subject_id.partition(":")[0]


def buyer_of(subject_id: str) -> str:
    return subject_id.partition(":")[2]
