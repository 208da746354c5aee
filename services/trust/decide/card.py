"""Trust cards (小店信任卡): free, for buyers of good score and without upheld abuse; taken back on abuse. Source: R4.7."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.trust.model import Holder, Person, Score
from services.trust.model.holder import abuse_of
from shared.contracts.card import AbuseNoted, AbuseVoided, CardGranted, CardRefused, CardRevoked, MemberNoted, NoCard, PersonCard
from shared.contracts.dispute import CaseAppealEnded
from shared.contracts.identity import MemberJoined
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
    against = _against(holder, person, score, event.occurred_at, policy)
    if against is not None:
        held = holder.card_id if holder is not None else None
        return (CardRefused(**said, code=against, card_id=held, occurred_at=event.occurred_at),)
    card_id = card_id_of(event)
    granted = CardGranted(**said, buyer_id=event.buyer_id, card_id=card_id, occurred_at=event.occurred_at)
    cluster = cluster_of(holder, event.buyer_id)
    return granted, PersonCard(cluster=cluster, card_id=card_id, ended=False, occurred_at=event.occurred_at)


def abused(event: CaseClosed | CaseAppealEnded, holder: Holder | None, person: Person | None) -> Outcome:
    """A swapped parcel or a false claim, upheld, takes the card back from the moment of its verdict, and is remembered against the
    next one; a verdict that fell on appeal no more. No facts for any other end of a case. Source: R4.7, R4.11.
    """
    if event.buyer_id is None:
        return ()
    said: dict[str, Any] = {"subject_id": subject_of(event.buyer_id), "case_id": event.case_id, "order_id": event.order_id}
    voided = AbuseVoided(**said, occurred_at=event.occurred_at)
    if holder is not None and abuse_of(voided) not in holder.abuses and event.case_id in holder.abuses:
        voided = voided.model_copy(update={"order_id": None})  # noted by an earlier program
    known = holder is not None and abuse_of(voided) in holder.abuses
    if known and isinstance(event, CaseAppealEnded) and event.finding not in ABUSE:
        return (voided,)
    if event.finding not in ABUSE or (known and isinstance(event, CaseAppealEnded)):
        return ()
    if known:
        return Reject("abuse.known")
    said |= {"finding": event.finding}
    noted = AbuseNoted(**said, occurred_at=event.occurred_at)
    if holder is None or holder.card_id is None or holder.granted_at is None:
        return (noted,)
    since = max(event.occurred_at, holder.granted_at)
    revoked = CardRevoked(**said, buyer_id=event.buyer_id, card_id=holder.card_id, occurred_at=since)
    cluster = cluster_of(holder, event.buyer_id)
    return noted, revoked, PersonCard(cluster=cluster, card_id=holder.card_id, ended=True, occurred_at=event.occurred_at)


def join(event: MemberJoined, holder: Holder | None, persons: Mapping[str, Person]) -> Outcome:
    """The buyer brings its card; two that a link joins both stand, but there is no third. Only ever to a lesser cluster. Source: R4.7."""
    before = cluster_of(holder, event.buyer_id)
    if before <= event.cluster:
        return ()
    noted = MemberNoted(subject_id=subject_of(event.buyer_id), cluster=event.cluster, occurred_at=event.occurred_at)
    if holder is None or holder.card_id is None:
        return (noted,)
    moved = ((before, True), (event.cluster, False))
    cards = (PersonCard(cluster=at, card_id=holder.card_id, ended=ended, occurred_at=event.occurred_at) for at, ended in moved)
    return (noted, *cards)


def cluster_of(holder: Holder | None, buyer_id: str) -> str:
    """Of a buyer of whom nothing was told: its own."""
    return buyer_id if holder is None or holder.cluster is None else holder.cluster


def subject_of(buyer_id: str) -> str:
    return f"buyer:{buyer_id}"


def card_id_of(event: TrustCardClaimed) -> str:
    """A claim is granted once at most, so its card is named after it."""
    return str(uuid.uuid5(CARDS, f"{event.buyer_id}|{event.claim_id}"))


def _against(holder: Holder | None, person: Person | None, score: Score | None, at: datetime, policy: Policy) -> NoCard | None:
    terms = policy.trust
    if holder is not None and holder.card_id is not None:
        return "card.held"
    if person is not None and person.cards:
        return "card.held_by_person"
    clean = timedelta(days=terms.card_clean_days)
    if holder is not None and any(at < upheld + clean for upheld in holder.abuses.values()):
        return "card.abuse"
    shown = score.shown if score is not None else terms.score_at_start
    return "card.score_too_low" if shown < terms.card_score_min else None
