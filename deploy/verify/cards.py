"""Trust cards: who had one, who did not get one, and why, judged again from what trust told and cases came to. Source: R4.7.

Written from the rule's text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.evidence import score_at_start
from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.card import CardGranted, CardRefused, CardRevoked
from shared.contracts.dispute import CaseAppealEnded
from shared.contracts.identity import MemberJoined
from shared.contracts.member import TrustCardClaimed
from shared.contracts.refund import CaseClosed
from shared.contracts.trust import ScoreChanged
from shared.policy import Policies

ABUSE = ("swapped_parcel", "false_claim")
Place = tuple[str, str]  # order, case


@dataclass(slots=True)
class Holder:
    """card: the one in force. score: as told last; None: none was. revoked: when cards were taken back, by the case that found
    abuse.
    """

    card: str = ""
    score: int | None = None
    revoked: dict[Place, datetime] = field(default_factory=dict)


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    check = Check("trust cards: one a buyer, by its score and without abuse, each claim answered once, taken back on abuse alone")
    holders: defaultdict[str, Holder] = defaultdict(Holder)
    abuses, fallen, cluster, answered = _abuses(log), _fallen(log), _clusters(log), Counter[tuple[str, str]]()
    claims = log.bodies(TrustCardClaimed, "trust")
    granted = {fact.buyer_id for _, fact in log.of(CardGranted)}
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "trust.v1" or not isinstance(fact, ScoreChanged | CardGranted | CardRefused | CardRevoked):
            continue
        holder, buyer = holders[fact.subject_id], fact.subject_id.removeprefix("buyer:")
        if isinstance(fact, ScoreChanged):
            holder.score = fact.score
        elif isinstance(fact, CardRevoked):
            check.that(fact.card_id == holder.card, f"{entry}: {buyer} has {holder.card or 'no card'}, taken back is {fact.card_id}")
            cases = [
                (order_id, case_id) for order_id, case_id in abuses[buyer] if case_id == fact.case_id and fact.order_id in (None, order_id)
            ]
            check.that(bool(cases), f"{entry}: case {fact.case_id} found no abuse of {buyer}")
            holder.card = ""
            holder.revoked |= {case: fact.occurred_at for case in cases if case not in fallen[buyer]}
        else:
            answered[(buyer, fact.claim_id)] += 1
            check.that(answered[(buyer, fact.claim_id)] == 1, f"{entry}: claim {fact.claim_id} of {buyer} is answered again")
            claim = cause(_of_buyer(claims, entry, buyer), entry)
            check.that(claim is not None and claim.claim_id == fact.claim_id, f"{entry}: {buyer} did not claim {fact.claim_id}")
            others = any(one != buyer and cluster.get(one, one) == cluster.get(buyer, buyer) for one in granted)
            _judge(check, entry, fact, holder, abuses[buyer], policies, of_person=others)
    yield check


def _judge(
    check: Check,
    entry: Entry,
    fact: CardGranted | CardRefused,
    holder: Holder,
    abuses: dict[Place, datetime],
    policies: Policies,
    *,
    of_person: bool,
) -> None:
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
        "card.held_by_person": of_person,
        "card.abuse": any(fact.occurred_at < at + clean for at in abuses.values()),
        "card.score_too_low": score < terms.card_score_min,
    }
    check.that(reasons[fact.code], f"{entry}: claim {fact.claim_id} was refused as {fact.code}: card {holder.card}, score {score}")


def _of_buyer(claims: Any, entry: Entry, buyer: str) -> Any:
    """The member app's key is the buyer, trust's the subject."""
    found = claims.get((entry.header("ce_causationid"), buyer.encode()), [])
    return {(entry.header("ce_causationid"), entry.key): found}


def _abuses(log: Log) -> defaultdict[str, dict[Place, datetime]]:
    """By buyer: cases that found abuse, and when; one that fell on appeal did all the same, until then."""
    found: defaultdict[str, dict[Place, datetime]] = defaultdict(dict)
    verdicts: list[tuple[Entry, CaseClosed | CaseAppealEnded]] = [*log.of(CaseClosed), *log.of(CaseAppealEnded)]
    for _, fact in verdicts:
        if fact.finding in ABUSE and fact.buyer_id is not None:
            found[fact.buyer_id][(fact.order_id, fact.case_id)] = fact.occurred_at
    return found


def _fallen(log: Log) -> defaultdict[str, set[Place]]:
    """By buyer: cases whose verdict fell on appeal, whenever: it speaks against no new card. Source: R4.11."""
    found: defaultdict[str, set[Place]] = defaultdict(set)
    for _, fact in log.of(CaseAppealEnded):
        if fact.won and fact.finding not in ABUSE:
            found[fact.buyer_id].add((fact.order_id, fact.case_id))
    return found


def _clusters(log: Log) -> dict[str, str]:
    least: dict[str, str] = {}
    for _, joined in log.of(MemberJoined):
        least[joined.buyer_id] = min(joined.cluster, least.get(joined.buyer_id, joined.buyer_id))
    return least
