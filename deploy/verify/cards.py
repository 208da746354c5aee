"""Trust cards: who had one, who did not get one, and why, judged again from what trust told and cases came to. Source: R4.7.

Written from the rule's text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.evidence import score_at_start
from deploy.verify.log import Entry, Log, cause
from deploy.verify.persons import PersonOf, Place, Word, person_of, persons, place_of
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.card import CardGranted, CardNoted, CardRefused, CardRevoked
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.contracts.trust import ScoreChanged
from shared.policy import Policies

ABUSE = ("swapped_parcel", "false_claim")


@dataclass(slots=True)
class Holder:
    """card: the one in force. score: as told last; None: none was. revoked: the verdicts for which cards were taken back, by
    case.
    """

    card: str = ""
    score: int | None = None
    revoked: dict[Place, datetime] = field(default_factory=dict)


def checks(log: Log, tables: Tables, policies: Policies) -> Iterator[Check]:
    check = Check(
        "trust cards: one a person, by its score, none with abuse by its accounts, each claim answered once, taken back on abuse alone"
    )
    holders: defaultdict[str, Holder] = defaultdict(Holder)
    abuses, fallen, of, answered = _abuses(log), _fallen(log), person_of(log), Counter[tuple[str, str]]()
    claims = log.bodies(TrustCardClaimed, "trust")
    granted, abusers = _by_person((fact.buyer_id for _, fact in log.of(CardGranted)), of), _by_person(abuses, of)
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "trust.v1" or not isinstance(fact, ScoreChanged | CardGranted | CardRefused | CardRevoked):
            continue
        holder, buyer = holders[fact.subject_id], fact.subject_id.removeprefix("buyer:")
        if isinstance(fact, ScoreChanged):
            holder.score = fact.score
        elif isinstance(fact, CardRevoked):
            check.that(fact.card_id == holder.card, f"{entry}: {buyer} has {holder.card or 'no card'}, taken back is {fact.card_id}")
            accounts = [one for one in abusers[of(buyer)] if one != buyer] if fact.by_person else [buyer]
            cases = [(one, place) for one in accounts for place in abuses[one] if _is(fact, place)]
            check.that(bool(cases), f"{entry}: case {fact.case_id} found no abuse of {buyer}")
            holder.card = ""
            said = {place: abuses[one][place] for one, place in cases if place not in fallen[one]}
            holder.revoked |= {place: at for place, at in said.items() if at <= fact.occurred_at}
        else:
            answered[(buyer, fact.claim_id)] += 1
            check.that(answered[(buyer, fact.claim_id)] == 1, f"{entry}: claim {fact.claim_id} of {buyer} is answered again")
            claim = cause(_of_buyer(claims, entry, buyer), entry)
            check.that(claim is not None and claim.claim_id == fact.claim_id, f"{entry}: {buyer} did not claim {fact.claim_id}")
            holds = any(one != buyer for one in granted[of(buyer)])
            others = [at for one in abusers[of(buyer)] if one != buyer for at in abuses[one].values()]
            _judge(check, entry, fact, holder, [*abuses[buyer].values()], policies, of_person=(holds, others))
    persons(check, log, tables, policies, _words(log), of)
    _noted(check, log)
    yield check


def _noted(check: Check, log: Log) -> None:
    """By refund, which promises by it: a card that was granted is valid from then on, one that was taken back is no more."""
    revoked = {entry.id for entry, _ in log.of(CardRevoked)}
    for entry, noted in log.of(CardNoted):
        ended = entry.header("ce_causationid") in revoked
        right = noted.ended == ended or any(log.starts.values())
        check.that(right, f"{entry}: {noted.card_id} has ended: {ended}, told was {noted.ended}")


def _judge(
    check: Check,
    entry: Entry,
    fact: CardGranted | CardRefused,
    holder: Holder,
    abuses: list[datetime],
    policies: Policies,
    *,
    of_person: tuple[bool, list[datetime]],
) -> None:
    """of_person: whether another account was ever granted a card, and its abuse."""
    terms = policies.at(fact.occurred_at).trust
    clean = timedelta(days=terms.card_clean_days)
    score = score_at_start(terms) if holder.score is None else holder.score
    if isinstance(fact, CardGranted):
        lately = any(fact.occurred_at < at + clean for at in holder.revoked.values())
        fine = not holder.card and score >= terms.card_score_min and not lately
        check.that(fine, f"{entry}: {fact.buyer_id} has {holder.card or 'no card'}, score {score}, taken back {holder.revoked}")
        holder.card = fact.card_id
        return
    reasons = {
        "card.held": bool(holder.card),
        "card.held_by_person": of_person[0],
        "card.abuse": any(fact.occurred_at < at + clean for at in abuses),
        "card.abuse_by_person": any(fact.occurred_at < at + clean for at in of_person[1]),
        "card.score_too_low": score < terms.card_score_min,
    }
    right = reasons[fact.code] and fact.card_id == (holder.card if fact.code == "card.held" else None)
    check.that(right, f"{entry}: claim {fact.claim_id} was refused as {fact.code}, by {fact.card_id}: card {holder.card}, score {score}")


def _by_person(accounts: Iterable[str], of: PersonOf) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for account in accounts:
        found[of(account)].append(account)
    return found


def _of_buyer(claims: Any, entry: Entry, buyer: str) -> Any:
    """The member app's key is the buyer, trust's the subject."""
    found = claims.get((entry.header("ce_causationid"), buyer.encode()), [])
    return {(entry.header("ce_causationid"), entry.key): found}


def _abuses(log: Log) -> defaultdict[str, dict[Place, datetime]]:
    """By buyer: cases that found abuse, and when first, once more after an appeal; one that fell on appeal did all the same, until then."""
    found: defaultdict[str, dict[Place, datetime]] = defaultdict(dict)
    for buyer, *place, at in sorted(_verdicts(log), key=lambda one: one[3]):
        found[buyer].setdefault((place[0], place[1]), at)
    return found


def _verdicts(log: Log) -> Iterator[tuple[str, str, str, datetime]]:
    """Buyer, order, case and when. An older program heard of it by the case's end."""
    facts: list[tuple[Entry, CaseRuled | CaseClosed | CaseAppealEnded]]
    facts = [*log.of(CaseRuled), *log.of(CaseClosed), *log.of(CaseAppealEnded)]
    for _, fact in facts:
        if fact.finding in ABUSE and fact.buyer_id is not None:
            again = isinstance(fact, CaseRuled) and fact.again
            yield fact.buyer_id, *place_of(fact.order_id, fact.case_id, again), fact.occurred_at


def _fallen(log: Log) -> defaultdict[str, set[Place]]:
    """By buyer: cases whose verdict fell on appeal, whenever: it speaks against no new card, unlike one made since. Source: R4.11."""
    found: defaultdict[str, set[Place]] = defaultdict(set)
    for _, fact in log.of(CaseAppealEnded):
        if fact.won and fact.finding not in ABUSE:
            found[fact.buyer_id].add((fact.order_id, fact.case_id))
    return found


def _words(log: Log) -> set[Word]:
    """What may be said of abuse, and when."""
    found: set[Word] = {(*verdict, False) for verdict in _verdicts(log)}
    for _, fact in log.of(CaseAppealEnded):
        if fact.finding not in ABUSE:
            found.add((fact.buyer_id, fact.order_id, fact.case_id, fact.occurred_at, True))
    return found


def _is(fact: CardRevoked, place: Place) -> bool:
    """An earlier program did not tell the order."""
    cases = [place_of(place[0], fact.case_id, again) for again in (False, True)]
    return place in cases and fact.order_id in (None, place[0])
