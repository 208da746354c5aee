"""Votes for sincere streamers (老铁票选): one an identity and local day, tallies announced, and never evidence. Source: R6.3.

Who is one person is taken as it is known when the vote is cast: two votes of accounts that a later link joins both stand. But an
account has one vote a day, whatever identity it was and is of, and whoever joins an identity brings the votes that it had, however late
that is told. A vote counts for whomever it names, a newcomer or a suspended one, too; only whoever is known to be the promoter cannot
vote for it: the account of that id, or another of the same person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from services.trust.decide.card import cluster_of, subject_of
from services.trust.model import Ballot, Holder, Tally, day_key
from shared.contracts.identity import MemberJoined
from shared.contracts.member import VoteCast
from shared.contracts.vote import VoteCounted, VoteGiven, VoteNoted, VoterNoted, VoteTallied
from shared.days import local_date
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


def vote(event: VoteCast, holders: Mapping[str, Holder], ballots: Mapping[str, Ballot], policy: Policy) -> Outcome:
    """The day is that of the policy's zone. Told again under another event id, or another vote of that day: refused. Source: R6.3."""
    if any(ballot.vote_id == event.vote_id for ballot in ballots.values()):
        return Reject("vote.known")
    if ballots:
        return Reject("vote.day_used")
    if _cluster(holders, event.promoter_id) == _cluster(holders, event.buyer_id):
        return Reject("vote.for_oneself")
    day, at = local_date(event.occurred_at, policy.zone).isoformat(), event.occurred_at
    said = {"vote_id": event.vote_id, "promoter_id": event.promoter_id}
    noted = (VoteNoted(voter=voter, day=day, **said, occurred_at=at) for voter in _voters(event, holders))
    voter = VoterNoted(subject_id=subject_of(event.buyer_id), day=day, occurred_at=at)
    return *noted, voter, VoteGiven(subject_id=f"promoter:{event.promoter_id}", vote_id=event.vote_id, day=day, occurred_at=at)


def accounts(event: VoteCast) -> Iterator[str]:
    """Whose identities matter: the voter's and, if it is an account, the promoter's."""
    return (subject_of(account) for account in (event.buyer_id, event.promoter_id))


def ballots_of(event: VoteCast, holders: Mapping[str, Holder], policy: Policy) -> Iterator[str]:
    """The keys of the day's ballots that the vote needs."""
    day = local_date(event.occurred_at, policy.zone).isoformat()
    return (day_key(voter, day) for voter in _voters(event, holders))


def ballots_of_member(event: MemberJoined, holder: Holder | None, policy: Policy) -> Iterator[str]:
    """Of the buyer, of the identity that it was of, and of the one that it joins: their ballots of the days that matter."""
    voters = {event.buyer_id, _before(event, holder), event.cluster}
    return (day_key(voter, day) for voter in sorted(voters) for day in _days(event, holder, policy))


def brought(event: MemberJoined, holder: Holder | None, ballots: Mapping[str, Ballot], policy: Policy) -> Iterator[VoteNoted]:
    """The identity has had its vote of a day on which its new member had one, as if they had been one before. Source: R6.3."""
    for day in _days(event, holder, policy):
        own = (ballots.get(day_key(voter, day)) for voter in (event.buyer_id, _before(event, holder)))
        ballot = next((one for one in own if one is not None), None)
        if ballot is not None and day_key(event.cluster, day) not in ballots:
            said = {"vote_id": ballot.vote_id, "promoter_id": ballot.promoter_id}
            yield VoteNoted(voter=event.cluster, day=day, **said, occurred_at=event.occurred_at)


def tally(event: VoteGiven, poll: Tally | None, day: Tally | None) -> Outcome:
    """One vote more, on its day and in all. Source: R6.3."""
    of_day, in_all = (day.votes if day else 0) + 1, (poll.votes if poll else 0) + 1
    said = {"subject_id": event.subject_id, "day": event.day}
    counted = VoteCounted(**said, vote_id=event.vote_id, of_day=of_day, in_all=in_all, occurred_at=event.occurred_at)
    return VoteTallied(**said, votes=of_day, occurred_at=event.occurred_at), counted


def _voters(event: VoteCast, holders: Mapping[str, Holder]) -> list[str]:
    """The account, and the identity that it is of."""
    return sorted({event.buyer_id, _cluster(holders, event.buyer_id)})


def _before(event: MemberJoined, holder: Holder | None) -> str:
    return cluster_of(holder, event.buyer_id)


def _days(event: MemberJoined, holder: Holder | None, policy: Policy) -> list[str]:
    """Those on which the buyer voted, and the link's and the next: whom it was one with may have voted then."""
    day = local_date(event.occurred_at, policy.zone)
    of_link = (day.isoformat(), (day + timedelta(days=1)).isoformat())
    return sorted({*of_link, *(holder.voted if holder is not None else ())})


def _cluster(holders: Mapping[str, Holder], account: str) -> str:
    return cluster_of(holders.get(subject_of(account)), account)
