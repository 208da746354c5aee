"""Who holds a trust card, and what speaks against it. Source: R4.7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.contracts.card import AbuseNoted, AbuseVoided, CardGranted, CardRefused, CardRevoked, MemberNoted, PersonCard
from shared.messaging.shape import Kind

REFUSED_MAX = 20  # claims of a buyer that are remembered to have been refused; an older one is decided anew

HolderFact = CardGranted | CardRefused | CardRevoked | AbuseNoted | AbuseVoided | MemberNoted


@dataclass(frozen=True, slots=True)
class Holder:
    """A buyer's trust card. card_id None: none is held. claims: those that were granted; refused: the latest of the others.

    abuses: verdicts against the buyer by order and case, each with when. cluster None: nothing was told, a person alone. Source: R4.7.
    """

    card_id: str | None = None
    granted_at: datetime | None = None
    claims: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    abuses: Mapping[str, datetime] = field(default_factory=dict)
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The cards that the accounts of one identity cluster hold: one, but for those granted before a link joined them. Source: R4.7."""

    cards: tuple[str, ...] = ()


def abuse_of(fact: AbuseNoted | AbuseVoided) -> str:
    """Each order may have a case of that name. Of facts of an earlier program the order is not known."""
    return fact.case_id if fact.order_id is None else f"{fact.order_id}/{fact.case_id}"


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


def evolve_person(person: Person | None, fact: PersonCard) -> Person:
    others = tuple(card for card in (person.cards if person else ()) if card != fact.card_id)
    return Person(others if fact.ended else (*others, fact.card_id))


HOLDER = Kind("holder", HolderFact, lambda fact: fact.subject_id, evolve_holder)
PERSON = Kind("person", PersonCard, lambda fact: fact.cluster, evolve_person)
