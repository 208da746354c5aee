"""Of a person, all accounts of one identity: abuse by any of them stands against each, and takes its card. Source: R4.7, R4.11.

Written from the rule's text and shares no code with the services. What an earlier program told names no person and no holder, and is
not asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.card import AbuseNoted, AbuseVoided, CardForfeited, CardGranted, CardRevoked, MemberNoted, PersonAbuse, PersonCard
from shared.contracts.identity import MemberJoined
from shared.policy import Policies
from shared.policy.section import WINDOW_MAX

Place = tuple[str, str]  # order, case, by place_of
Word = tuple[str, str, str, datetime, bool]  # buyer, order, case, when, voided
PersonOf = Callable[[str], str]


@dataclass(slots=True)
class Person:
    """said: the last word on each case; cards: those held of whose holder was told; last: when something was told."""

    said: dict[Place, PersonAbuse] = field(default_factory=dict)
    cards: dict[str, PersonCard] = field(default_factory=dict)
    last: datetime | None = None


def place_of(order_id: str, case_id: str, again: bool = False) -> Place:
    """again: ruled on after an appeal, which is a verdict of its own. Source: R4.11."""
    return order_id, f"{case_id}/again" if again else case_id


def person_of(log: Log) -> PersonOf:
    """The account by which all those are named that are one with an account, by all that was told of identities."""
    above: dict[str, str] = {}

    def top(account: str) -> str:
        while account in above:
            account = above[account]
        return account

    for _, joined in log.of(MemberJoined):
        one, other = top(joined.buyer_id), top(joined.cluster)
        if one != other:
            above[max(one, other)] = min(one, other)
    return top


def persons(check: Check, log: Log, tables: Tables, policies: Policies, words: set[Word], of: PersonOf) -> None:
    """words: what came of the cases."""
    known = defaultdict[str, Person](Person)
    granted = {(fact.card_id, entry.header("ce_causationid")) for entry, fact in log.of(CardGranted)}
    told: set[tuple[str, str, Place, bool]] = set()  # cause, cluster, case, voided
    for entry in in_order(log, PersonCard, PersonAbuse):
        fact: Any = entry.event
        person = known[fact.cluster]
        person.last = max(fact.occurred_at, person.last or fact.occurred_at)
        if isinstance(fact, PersonAbuse):
            place = place_of(fact.order_id, fact.case_id, fact.again)
            word = (fact.buyer_id, *place, fact.said_at, fact.voided)
            check.that(word in words, f"{entry}: no case said so of {fact.buyer_id}")
            check.that(of(fact.buyer_id) == of(fact.cluster), f"{entry}: {fact.buyer_id} is another person than {fact.cluster}")
            person.said[place] = fact
            told.add((entry.header("ce_causationid"), fact.cluster, place, fact.voided))
            continue
        if (fact.card_id, entry.header("ce_causationid")) in granted:
            against = [one.case_id for one in _standing(person, fact.occurred_at, policies)]
            check.that(not against, f"{entry}: a card for {fact.cluster} in spite of {against}")
            held = sorted(person.cards.keys() - {fact.card_id})
            check.that(not held, f"{entry}: a card for {fact.cluster}, which holds {held}")
        person.cards.pop(fact.card_id, None)
        if not fact.ended and fact.granted_at is not None:
            person.cards[fact.card_id] = fact
    _held(check, log)
    _noted(check, log, known, told)
    _taken_back(check, log, tables, policies, known)


def _held(check: Check, log: Log) -> None:
    """A card is held by who was granted it, since then; its holder takes it to another identity, and it ends where it was, or once it is
    taken back. What an earlier program told names no holder.
    """
    grants = {fact.card_id: (fact.buyer_id, fact.occurred_at) for _, fact in log.of(CardGranted)}
    revoked = {(fact.card_id, entry.header("ce_causationid")) for entry, fact in log.of(CardRevoked)}
    joined = {entry.id: fact.cluster for entry, fact in log.of(MemberJoined)}
    for entry, fact in log.of(PersonCard):
        by = entry.header("ce_causationid")
        ended = (fact.card_id, by) in revoked or joined.get(by, fact.cluster) != fact.cluster
        right, told = None if ended else grants.get(fact.card_id), None if fact.ended else (fact.buyer_id, fact.granted_at)
        known = told in (right, (None, None)) or any(log.starts.values())
        check.that(known, f"{entry}: {fact.card_id} is held by {right}, told was {told}")


def _noted(check: Check, log: Log, known: dict[str, Person], told: set[tuple[str, str, Place, bool]]) -> None:
    """The person is told with the account, and whoever the account turns out to be knows its last word."""
    cluster: dict[str, str] = {fact.subject_id: fact.cluster for _, fact in _facts(log, MemberNoted)}
    last: dict[tuple[str, Place], tuple[Entry, AbuseNoted | AbuseVoided]] = {}
    for entry, fact in _facts(log, AbuseNoted, AbuseVoided):
        if fact.cluster is not None and fact.order_id is not None:
            place = place_of(fact.order_id, fact.case_id, isinstance(fact, AbuseNoted) and fact.again)
            said = (entry.header("ce_causationid"), fact.cluster, place, isinstance(fact, AbuseVoided))
            check.that(said in told, f"{entry}: {fact.cluster} was not told")
            last[(fact.subject_id, place)] = entry, fact
    now = max((one.last for one in known.values() if one.last is not None), default=None)
    for (subject_id, place), (entry, fact) in last.items():
        person = cluster.get(subject_id, subject_id.removeprefix("buyer:"))
        if now is not None and now < fact.occurred_at + timedelta(days=WINDOW_MAX):
            word = known[person].said.get(place)
            right = word is not None and (word.said_at, word.voided) == (fact.occurred_at, isinstance(fact, AbuseVoided))
            check.that(right, f"{entry}: {person} knows {word}")


def _taken_back(check: Check, log: Log, tables: Tables, policies: Policies, known: dict[str, Person]) -> None:
    """Nobody holds a card that another account's abuse ended since it was granted, unless its holder is yet to hear of it."""
    taken = tables.taken["trust"]
    unheard = {
        fact.card_id
        for entry, fact in log.of(CardForfeited)
        if (entry.sequence or 0) > taken.lasts.get((entry.topic, entry.partition), 0) or entry.ref in taken.held
    }
    for name, person in known.items():
        standing = _standing(person, person.last, policies) if person.last is not None else []
        for card_id, card in person.cards.items():
            others = (one for one in standing if one.buyer_id != card.buyer_id)
            ends = [one.case_id for one in others if card.granted_at is not None and card.granted_at <= one.said_at]
            check.that(not ends or card_id in unheard, f"{name} holds {card_id} of {card.buyer_id} in spite of {ends}")


def _standing(person: Person, at: datetime, policies: Policies) -> list[PersonAbuse]:
    clean = timedelta(days=policies.at(at).trust.card_clean_days)
    return [one for one in person.said.values() if not one.voided and at < one.said_at + clean]


def _facts(log: Log, *kinds: Any) -> Iterator[tuple[Entry, Any]]:
    return ((entry, entry.event) for entry in in_order(log, *kinds))


def in_order(log: Log, *kinds: Any) -> list[Entry]:
    """Of each entity in the order of its versions."""
    return sorted((entry for kind in kinds for entry, _ in log.of(kind)), key=lambda one: int(one.header("ce_entityversion") or 0))
