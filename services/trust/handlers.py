"""What the trust service does with each event: order facts become evidence by subject, evidence becomes a score, a score
decides who may hold a trust card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from services.trust import decide
from services.trust.metrics import WATCHED
from services.trust.model import (
    BALLOT,
    COUNTERPARTY,
    GROUPS,
    HOLDER,
    ITEM,
    NEWEST,
    PERSON,
    POLL,
    SCORE,
    STANDING,
    TALLY,
    Ballot,
    Counterparty,
    Groups,
    Holder,
    Item,
    Newest,
    Person,
    Score,
    all_groups,
    counterparty_key,
    day_key,
    newest_key,
    newest_keys,
)
from shared.contracts.card import CardForfeited
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.explained import ScoreExplained, ScoreExplanationRequested
from shared.contracts.governance import StudyCredited, ViolationAppealed, ViolationRecorded, ViolationUpheld, ViolationVoided
from shared.contracts.identity import MemberJoined
from shared.contracts.member import TrustCardClaimed, VoteCast
from shared.contracts.order import OrderCompleted, ParcelSent, ShippingLate, ShippingSham
from shared.contracts.refund import CaseClosed
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreDue
from shared.contracts.vote import VoteGiven
from shared.messaging.shape import EVENT_ID, Plan, Service, Touch, both, given, on
from shared.policy import Policies

Input = (
    ParcelSent
    | ShippingLate
    | ShippingSham
    | OrderCompleted
    | CaseRuled
    | CaseClosed
    | CaseAppealEnded
    | ChargebackEnded
    | EvidenceFound
    | EvidenceVoided
    | ScoreDue
    | ScoreExplanationRequested
    | ViolationRecorded
    | ViolationVoided
    | ViolationAppealed
    | ViolationUpheld
    | StudyCredited
    | TrustCardClaimed
    | CardForfeited
    | VoteCast
    | VoteGiven
    | MemberJoined
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case ParcelSent():
            return on(event, decide.shipped, given(policy.at(event.occurred_at)), EVENT_ID)
        case ShippingLate():
            return on(event, decide.late, given(policy.at(event.occurred_at)), EVENT_ID)
        case ShippingSham():
            return on(event, decide.sham, given(policy.at(event.occurred_at)), EVENT_ID)
        case OrderCompleted():
            return on(event, decide.completed, given(policy.at(event.occurred_at)), EVENT_ID)
        case CaseRuled() | CaseClosed() | CaseAppealEnded():
            buyer = event.buyer_id or ""
            return on(event, decide.of_case, HOLDER.one(decide.subject_of(buyer)), _person(buyer), given(policy), EVENT_ID)
        case ChargebackEnded():
            return on(event, decide.charged_back, given(policy.at(event.occurred_at)), EVENT_ID)
        case EvidenceFound():

            def weighed(known: tuple[Score | None, Counterparty | None]) -> Touch[Mapping[str, Groups]]:
                return GROUPS.many(decide.groups_of_item(event, *known, policy))

            score, counterparty = SCORE.one(event.subject_id), COUNTERPARTY.one(counterparty_key(event.subject_id, event.counterparty))
            newest = NEWEST.one(newest_key(event.subject_id, event.weight))
            return on(event, decide.count, both(score, counterparty), ITEM.one(event.evidence_id), newest, given(policy), weighed)
        case EvidenceVoided():

            def giver(known: tuple[Item | None, Score | None]) -> Touch[Counterparty | None]:
                """Whose evidence the item was; before it comes, nobody's."""
                return COUNTERPARTY.one(counterparty_key(event.subject_id, known[0].counterparty if known[0] else ""))

            def among(known: tuple[Item | None, Score | None]) -> Touch[Mapping[str, Groups]]:
                return GROUPS.many(all_groups(event.subject_id, known[1]))

            item = both(ITEM.one(event.evidence_id), SCORE.one(event.subject_id))
            return on(event, decide.strike, item, giver, given(policy), among)
        case ScoreDue():
            score, now = SCORE.one(event.subject_id), given(policy.at(event.occurred_at))
            return on(event, decide.look, score, now, lambda known: GROUPS.many(all_groups(event.subject_id, known)))
        case ScoreExplanationRequested():

            def items(known: tuple[Mapping[str, Newest], Score | None]) -> Touch[Mapping[str, Item]]:
                return ITEM.many(evidence_id for one in known[0].values() for _, evidence_id, _ in one.items)

            def givers(known: tuple[Mapping[str, Newest], Score | None]) -> Touch[Mapping[str, Counterparty]]:
                accounts = (giver for one in known[0].values() for _, _, giver in one.items)
                return COUNTERPARTY.many(counterparty_key(event.subject_id, giver) for giver in accounts)

            def every(known: tuple[Mapping[str, Newest], Score | None]) -> Touch[Mapping[str, Groups]]:
                return GROUPS.many(all_groups(event.subject_id, known[1]))

            first = both(NEWEST.many(newest_keys(event.subject_id)), SCORE.one(event.subject_id))
            return on(event, decide.answer, first, items, givers, every, given(policy))
        case ViolationRecorded():
            return on(event, decide.violated, STANDING.one(event.subject_id), given(policy), EVENT_ID)
        case ViolationVoided():
            return on(event, decide.acquit, STANDING.one(event.subject_id), given(policy))
        case ViolationAppealed():
            return on(event, decide.appeal, STANDING.one(event.subject_id), given(policy))
        case ViolationUpheld():
            return on(event, decide.uphold, STANDING.one(event.subject_id))
        case StudyCredited():
            return on(event, decide.study, STANDING.one(event.subject_id), given(policy))
        case TrustCardClaimed():
            subject, terms = decide.subject_of(event.buyer_id), given(policy.at(event.occurred_at))
            return on(event, decide.claim, HOLDER.one(subject), _person(event.buyer_id), SCORE.one(subject), terms)
        case CardForfeited():
            return on(event, decide.forfeit, HOLDER.one(event.subject_id), _person(event.buyer_id))
        case VoteCast():
            in_force = policy.at(event.occurred_at)

            def ballots(holders: Mapping[str, Holder]) -> Touch[Mapping[str, Ballot]]:
                """Of the day: the account's, and its identity's."""
                return BALLOT.many(decide.ballots_of(event, holders, in_force))

            return on(event, decide.vote, HOLDER.many(decide.accounts(event)), ballots, given(in_force))
        case VoteGiven():
            return on(event, decide.tally, POLL.one(event.subject_id), TALLY.one(day_key(event.subject_id, event.day)))
        case MemberJoined():

            def persons(holder: Holder | None) -> Touch[Mapping[str, Person]]:
                """Whom the member was one with, and whom it is now."""
                return PERSON.many((decide.cluster_of(holder, event.buyer_id), event.cluster))

            then = policy.at(event.occurred_at)

            def voted(holder: Holder | None) -> Touch[Mapping[str, Ballot]]:
                return BALLOT.many(decide.ballots_of_member(event, holder, then))

            return on(event, decide.joined, HOLDER.one(decide.subject_of(event.buyer_id)), persons, voted, given(then))
        case _:
            assert_never(event)


def _person(buyer_id: str) -> Callable[[Holder | None], Touch[Person | None]]:
    """With whom the buyer is known to be one."""
    return lambda holder: PERSON.one(decide.cluster_of(holder, buyer_id))


KINDS = (SCORE, NEWEST, ITEM, COUNTERPARTY, GROUPS, STANDING, HOLDER, PERSON, BALLOT, POLL, TALLY)
SENDS = (EvidenceFound, EvidenceVoided, ScoreExplained, VoteGiven, CardForfeited)
SERVICE = Service("trust", Input, handle, KINDS, sends=SENDS, watched=(WATCHED,))
