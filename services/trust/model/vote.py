"""Who has voted on a day, and what a promoter came to. Source: R6.3.

A row a voter and day, and a row a promoter and day: none grows with time, and votes of different people wait for each other only in
their promoter's own lane.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.vote import VoteCounted, VoteNoted, VoteTallied
from shared.messaging.shape import Kind


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one account, or one identity, voted on one local day."""

    vote_id: str
    promoter_id: str


@dataclass(frozen=True, slots=True)
class Tally:
    votes: int


def evolve_ballot(ballot: Ballot | None, fact: VoteNoted) -> Ballot:
    return Ballot(fact.vote_id, fact.promoter_id)


def evolve_tally(tally: Tally | None, fact: VoteTallied) -> Tally:
    return Tally(fact.votes)


def evolve_poll(poll: Tally | None, fact: VoteCounted) -> Tally:
    return Tally(fact.in_all)


def day_key(name: str, day: str) -> str:
    """No id holds a slash."""
    return f"{name}/{day}"


BALLOT = Kind("ballot", VoteNoted, lambda fact: day_key(fact.voter, fact.day), evolve_ballot)
TALLY = Kind("tally", VoteTallied, lambda fact: day_key(fact.subject_id, fact.day), evolve_tally)
POLL = Kind("poll", VoteCounted, lambda fact: fact.subject_id, evolve_poll)
