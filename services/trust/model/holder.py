"""Who holds a trust card, what speaks against it, and when the account voted. Source: R4.7, R6.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.contracts.card import (
    AbuseNoted,
    AbuseVoided,
    CardGranted,
    CardRefused,
    CardRevoked,
    MemberNoted,
    PersonAbuse,
    PersonCard,
)
from shared.contracts.ruling import Finding
from shared.contracts.vote import VoterNoted
from shared.messaging.shape import Kind
from shared.policy.section import WINDOW_MAX

AGAIN = "again"  # behind a case: what was ruled on it after an earlier ruling was appealed
REFUSED_MAX = 20  # claims of a buyer that are remembered to have been refused; an older one is decided anew
VOTED_MAX = 31  # days of an account that are remembered: so many votes a link that is told late brings to its identity
ABUSE_KEPT = timedelta(days=WINDOW_MAX)  # what is older speaks against no card under any policy that may be published

HolderFact = CardGranted | CardRefused | CardRevoked | AbuseNoted | AbuseVoided | MemberNoted | VoterNoted
PersonFact = PersonCard | PersonAbuse


@dataclass(frozen=True, slots=True)
class Holder:
    """A buyer's trust card. card_id None: none is held. claims: those that were granted; refused: the latest of the others.

    abuses: verdicts against the buyer by order and case, each with when; of a ruling after an appeal by itself. cluster None:
    nothing was told, a person alone. voted: its latest local days with a vote. Source: R4.7, R6.3.
    """

    card_id: str | None = None
    granted_at: datetime | None = None
    claims: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    abuses: Mapping[str, datetime] = field(default_factory=dict)
    cluster: str | None = None
    voted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Whose card, and since when."""

    buyer_id: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on abuse by one of the person's accounts: upheld at that moment, or fallen. again: by a ruling after an appeal."""

    buyer_id: str
    order_id: str
    case_id: str
    finding: Finding
    at: datetime
    voided: bool
    again: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """What the accounts of one identity cluster hold, and did. cards: one, but for those granted before a link joined them; held: of
    those, what was told of their holders.

    abuses: as of a holder, of those who are or will be in the cluster. What fell on appeal keeps its place, so that whoever comes late
    with the older word does not bring it back. Source: R4.7, R4.11.
    """

    cards: tuple[str, ...] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    abuses: Mapping[str, Said] = field(default_factory=dict)


def abuse_of(fact: AbuseNoted | AbuseVoided | PersonAbuse) -> str:
    """Each order may have a case of that name. Of facts of an earlier program the order is not known. What is ruled after an appeal
    has a place of its own, which that appeal does not void.
    """
    place = fact.case_id if fact.order_id is None else f"{fact.order_id}/{fact.case_id}"
    return f"{place}/{AGAIN}" if not isinstance(fact, AbuseVoided) and fact.again else place


def evolve_holder(holder: Holder | None, fact: HolderFact) -> Holder:
    known = holder or Holder()
    match fact:
        case CardGranted():
            return replace(known, card_id=fact.card_id, granted_at=fact.occurred_at, claims=(*known.claims, fact.claim_id))
        case CardRefused():
            return replace(known, refused=(*known.refused, fact.claim_id)[-REFUSED_MAX:])
        case CardRevoked():
            return replace(known, card_id=None, granted_at=None)
        case AbuseNoted():
            return replace(known, abuses={**known.abuses, abuse_of(fact): fact.occurred_at})
        case AbuseVoided():
            return replace(known, abuses={case: at for case, at in known.abuses.items() if case != abuse_of(fact)})
        case MemberNoted():
            return replace(known, cluster=fact.cluster)
        case VoterNoted():
            return replace(known, voted=tuple(sorted({*known.voted, fact.day}))[-VOTED_MAX:])


def evolve_person(person: Person | None, fact: PersonFact) -> Person:
    known = person or Person()
    match fact:
        case PersonCard():
            others = tuple(card for card in known.cards if card != fact.card_id)
            held = {card: one for card, one in known.held.items() if card != fact.card_id}
            if not fact.ended and fact.buyer_id is not None and fact.granted_at is not None:
                held[fact.card_id] = Held(fact.buyer_id, fact.granted_at)
            return replace(known, cards=others if fact.ended else (*others, fact.card_id), held=held)
        case PersonAbuse():
            said = Said(fact.buyer_id, fact.order_id, fact.case_id, fact.finding, fact.said_at, fact.voided, fact.again)
            abuses = {**known.abuses, abuse_of(fact): said}
            return replace(known, abuses={at: one for at, one in abuses.items() if fact.occurred_at < one.at + ABUSE_KEPT})


HOLDER = Kind("holder", HolderFact, lambda fact: fact.subject_id, evolve_holder)
PERSON = Kind("person", PersonFact, lambda fact: fact.cluster, evolve_person)
