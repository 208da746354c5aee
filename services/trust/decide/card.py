"""Trust cards (小店信任卡): free, for buyers of good score and without upheld abuse; taken back on abuse. Source: R4.7.

A person is a person: abuse by one of its accounts stands against all that are known to be the same, and takes back what they hold.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from services.trust.model import Holder, Person, Score
from services.trust.model.holder import AGAIN, abuse_of
from shared.contracts.card import (
    AbuseNoted,
    AbuseVoided,
    CardForfeited,
    CardGranted,
    CardRefused,
    CardRevoked,
    NoCard,
    PersonAbuse,
    PersonCard,
)
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.contracts.ruling import Finding
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

ABUSE: frozenset[Finding] = frozenset({"swapped_parcel", "false_claim"})
CARDS = uuid.UUID("7be1a5a0-3c0e-5d53-9f0f-5a2f2c1f6a11")  # namespace of card ids


def claim(event: TrustCardClaimed, holder: Holder | None, person: Person | None, score: Score | None, policy: Policy) -> Outcome:
    """Granted or refused, by the score as it is shown and the abuse that is known; each claim is answered once. One card a person, as
    is known now who is one. Source: R4.7.
    """
    if holder is not None and event.claim_id in (*holder.claims, *holder.refused):
        return Reject("card.claim_known")
    said = {"subject_id": subject_of(event.buyer_id), "claim_id": event.claim_id}
    against = _against(event, holder, person, score, policy)
    if against is not None:
        held = holder.card_id if holder is not None else None
        return (CardRefused(**said, code=against, card_id=held, occurred_at=event.occurred_at),)
    card_id = card_id_of(event)
    granted = CardGranted(**said, buyer_id=event.buyer_id, card_id=card_id, occurred_at=event.occurred_at)
    return granted, holds(cluster_of(holder, event.buyer_id), event.buyer_id, card_id, event.occurred_at, event.occurred_at)


def abused(event: CaseRuled | CaseClosed | CaseAppealEnded, holder: Holder | None, person: Person | None) -> Outcome:
    """A swapped parcel or a false claim, upheld, takes the person's cards back from the moment of its verdict, and is remembered against
    the next one; a verdict that fell on appeal no more, but for one that was made since. No facts for any other verdict, or an end that
    repeats one. Source: R4.7, R4.11.
    """
    if event.buyer_id is None:
        return ()
    cluster = cluster_of(holder, event.buyer_id)
    said: dict[str, Any] = {"subject_id": subject_of(event.buyer_id), "case_id": event.case_id, "order_id": event.order_id}
    voided = AbuseVoided(**said, cluster=cluster, occurred_at=event.occurred_at)
    if holder is not None and abuse_of(voided) not in holder.abuses and event.case_id in holder.abuses:
        voided = voided.model_copy(update={"order_id": None})  # noted by an earlier program
    place = abuse_of(voided)
    known = {one for one in (place, f"{place}/{AGAIN}") if holder is not None and one in holder.abuses}
    if isinstance(event, CaseAppealEnded) and event.won and event.finding not in ABUSE and place in known:
        return voided, _of_person(event, event.buyer_id, cluster, voided=True)
    repeats = isinstance(event, CaseAppealEnded) or (isinstance(event, CaseClosed) and event.ruled_at is not None)
    if event.finding not in ABUSE or (known and repeats):
        return ()
    if (f"{place}/{AGAIN}" if _again(event) else place) in known:
        return Reject("abuse.known")
    said |= {"finding": event.finding}
    noted = AbuseNoted(**said, cluster=cluster, again=_again(event), occurred_at=event.occurred_at)
    abuse = _of_person(event, event.buyer_id, cluster, voided=False)
    others = forfeited(abuse, person or Person(), event.occurred_at)
    if holder is None or holder.card_id is None or holder.granted_at is None:
        return noted, abuse, *others
    since = max(event.occurred_at, holder.granted_at)
    revoked = CardRevoked(**said, buyer_id=event.buyer_id, card_id=holder.card_id, occurred_at=since)
    return noted, abuse, revoked, ended(cluster, holder.card_id, event.occurred_at), *others


def forfeit(event: CardForfeited, holder: Holder | None, person: Person | None) -> Outcome:
    """Nothing where the buyer holds that card no more. Source: R4.7."""
    if holder is None or holder.card_id != event.card_id or holder.granted_at is None:
        return ()
    since = max(event.occurred_at, holder.granted_at)
    said = event.model_dump(exclude={"occurred_at"})
    revoked = CardRevoked(**said, by_person=True, occurred_at=since)
    return revoked, ended(cluster_of(holder, event.buyer_id), event.card_id, event.occurred_at)


def forfeited(abuse: PersonAbuse, person: Person, since: datetime, until: datetime | None = None) -> Iterator[CardForfeited]:
    """To each other account of the person that holds a card. until: only for cards granted by then."""
    said: dict[str, Any] = abuse.model_dump(include={"order_id", "case_id", "finding"})
    for card_id, card in person.held.items():
        if card.buyer_id != abuse.buyer_id and (until is None or card.granted_at <= until):
            subject_id = subject_of(card.buyer_id)
            yield CardForfeited(subject_id=subject_id, buyer_id=card.buyer_id, card_id=card_id, **said, occurred_at=since)


def holds(cluster: str, buyer_id: str, card_id: str, granted_at: datetime, at: datetime) -> PersonCard:
    return PersonCard(cluster=cluster, card_id=card_id, ended=False, buyer_id=buyer_id, granted_at=granted_at, occurred_at=at)


def ended(cluster: str, card_id: str, at: datetime) -> PersonCard:
    return PersonCard(cluster=cluster, card_id=card_id, ended=True, occurred_at=at)


def cluster_of(holder: Holder | None, buyer_id: str) -> str:
    """Of a buyer of whom nothing was told: its own."""
    return buyer_id if holder is None or holder.cluster is None else holder.cluster


def subject_of(buyer_id: str) -> str:
    return f"buyer:{buyer_id}"


def card_id_of(event: TrustCardClaimed) -> str:
    """A claim is granted once at most, so its card is named after it."""
    return str(uuid.uuid5(CARDS, f"{event.buyer_id}|{event.claim_id}"))


def _of_person(event: CaseRuled | CaseClosed | CaseAppealEnded, buyer_id: str, cluster: str, *, voided: bool) -> PersonAbuse:
    said: dict[str, Any] = {"order_id": event.order_id, "case_id": event.case_id, "finding": event.finding, "voided": voided}
    said |= {"again": _again(event)}
    return PersonAbuse(cluster=cluster, buyer_id=buyer_id, **said, said_at=event.occurred_at, occurred_at=event.occurred_at)


def _again(event: CaseRuled | CaseClosed | CaseAppealEnded) -> bool:
    return isinstance(event, CaseRuled) and event.again


def _against(event: TrustCardClaimed, holder: Holder | None, person: Person | None, score: Score | None, policy: Policy) -> NoCard | None:
    terms, at = policy.trust, event.occurred_at
    if holder is not None and holder.card_id is not None:
        return "card.held"
    if person is not None and person.cards:
        return "card.held_by_person"
    clean = timedelta(days=terms.card_clean_days)
    if holder is not None and any(at < upheld + clean for upheld in holder.abuses.values()):
        return "card.abuse"
    if person is not None and any(at < one.at + clean for one in person.abuses.values() if not one.voided):
        return "card.abuse_by_person"  # its own are held against it above
    shown = score.shown if score is not None else terms.score_at_start
    return "card.score_too_low" if shown < terms.card_score_min else None
