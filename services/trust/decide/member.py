"""What a buyer brings to the identity that it is found to be of: its card, the abuse of those it was one with, and the vote that it had.

Source: R4.7, R6.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from services.trust.decide.card import cluster_of, ended, forfeited, holds, subject_of
from services.trust.decide.vote import brought
from services.trust.model import ABUSE_KEPT, Ballot, Holder, Person, Said
from shared.contracts.card import CardRevoked, MemberNoted, PersonAbuse, PersonCard
from shared.contracts.identity import MemberJoined
from shared.messaging.message import Message
from shared.messaging.shape import Outcome
from shared.policy import Policy


def joined(
    event: MemberJoined, holder: Holder | None, persons: Mapping[str, Person], ballots: Mapping[str, Ballot], policy: Policy
) -> Outcome:
    """Only ever to a lesser identity."""
    before = cluster_of(holder, event.buyer_id)
    if before <= event.cluster:
        return ()
    noted = MemberNoted(subject_id=subject_of(event.buyer_id), cluster=event.cluster, occurred_at=event.occurred_at)
    left, there = (persons.get(cluster, Person()) for cluster in (before, event.cluster))
    clean = timedelta(days=policy.trust.card_clean_days)
    brings = (*_card(event, before, holder, there, clean), *_abuses(event, left, there, clean), *brought(event, holder, ballots, policy))
    return noted, *brings


def _card(event: MemberJoined, before: str, holder: Holder | None, there: Person, clean: timedelta) -> Iterator[PersonCard | CardRevoked]:
    """Two that a link joins both stand, but there is no third; one ends by what another account did since it was granted."""
    if holder is None or holder.card_id is None or holder.granted_at is None:
        return
    yield ended(before, holder.card_id, event.occurred_at)
    others = [one for one in there.abuses.values() if one.buyer_id != event.buyer_id and holder.granted_at <= one.at]
    last = max((one for one in others if _counts(one, event, clean)), key=lambda one: one.at, default=None)
    if last is None:
        yield holds(event.cluster, event.buyer_id, holder.card_id, holder.granted_at, event.occurred_at)
        return
    said: dict[str, Any] = {"subject_id": subject_of(event.buyer_id), "buyer_id": event.buyer_id, "card_id": holder.card_id}
    yield CardRevoked(**said, **_case(last), by_person=True, occurred_at=max(event.occurred_at, last.at))


def _abuses(event: MemberJoined, left: Person, there: Person, clean: timedelta) -> Iterator[Message]:
    """Whoever comes first brings what is known of all of them: identities merge whole. A card that is held there ends by abuse since it
    was granted, as if it had been told afterwards.
    """
    for place, one in left.abuses.items():
        known = there.abuses.get(place)
        if event.occurred_at >= one.at + ABUSE_KEPT or (known is not None and known.at >= one.at):
            continue
        said = {"cluster": event.cluster, "buyer_id": one.buyer_id, **_case(one)}
        yield (abuse := PersonAbuse(**said, said_at=one.at, voided=one.voided, again=one.again, occurred_at=event.occurred_at))
        if _counts(one, event, clean):
            yield from forfeited(abuse, there, max(event.occurred_at, one.at), until=one.at)


def _case(one: Said) -> dict[str, Any]:
    return {"order_id": one.order_id, "case_id": one.case_id, "finding": one.finding}


def _counts(one: Said, event: MemberJoined, clean: timedelta) -> bool:
    return not one.voided and event.occurred_at < one.at + clean
