"""Votes for sincere streamers (老铁票选): who has voted on a day, and what a promoter came to. Never evidence. Source: R6.3."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.contracts.card import BuyerSubject
from shared.contracts.topics import EVIDENCE, TRUST, TRUST_INTERNAL
from shared.contracts.types import Day, Id
from shared.messaging.message import Message, Topic

Promoter = Annotated[
    str, StringConstraints(pattern=r"^promoter:[A-Za-z0-9_.:\-]{1,64}$"), Field(description="`promoter:` and the promoter's id")
]


class VoteNoted(Message):
    """This voter has had its vote of that local day. voter: an account, or the cluster that it was known to be in. Source: R6.3.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "vote.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL
    key_field: ClassVar[str] = "voter"

    voter: Id
    day: Day
    vote_id: Id
    promoter_id: Id


class VoterNoted(Message):
    """This account voted on that local day: a link that is told late brings that vote to its identity. Source: R6.3.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "voter.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    day: Day


class VoteGiven(Message):
    """A vote on its way to its promoter's tally: on this topic for its key, and evidence of nothing. Source: R6.3.

    Producer: trust. Consumers: trust.
    """

    type: ClassVar[str] = "vote.given"
    topic: ClassVar[Topic] = EVIDENCE

    subject_id: Promoter
    vote_id: Id
    day: Day


class VoteTallied(Message):
    """One vote more for the promoter on that day. Source: R6.3.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "vote.tallied"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Promoter
    day: Day
    votes: int = Field(ge=1)


class VoteCounted(Message):
    """A vote counts: so many for the promoter on its local day now, so many in all. Its score is another matter. Source: R6.3.

    Producer: trust. Consumers: outsiders.
    """

    type: ClassVar[str] = "vote.counted"
    topic: ClassVar[Topic] = TRUST

    subject_id: Promoter
    vote_id: Id
    day: Day
    of_day: int = Field(ge=1)
    in_all: int = Field(ge=1)
