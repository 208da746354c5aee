"""The member app: what it knows of who is whose second account, as opaque tokens, and what members would like."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.topics import MEMBER
from shared.contracts.types import Id, Moment
from shared.messaging.message import Message, Topic

TokenKind = Literal["phone", "device", "payout_account", "address"]


class IdentityLinked(Message):
    """This buyer uses this phone, device, payout account or address; the token stands for it and tells nothing. Source: R4.6.

    Buyers who share a token are one identity, and so are those who share one with any of them.
    Producer: member. Consumers: order.
    """

    type: ClassVar[str] = "identity.linked"
    topic: ClassVar[Topic] = MEMBER

    buyer_id: Id
    kind: TokenKind
    token: Id


class MemberOrderedBefore(Message):
    """The buyer's first paid order was elsewhere: in the system from which its shop moves here. Source: R4.6.

    An order here that was paid at that moment or later is no first one, neither this buyer's nor that of who is the same person. Only
    orders that were paid count, and not those that their seller cancelled. Of orders that are brought in nothing is said: they count here.
    What is dated last holds, in whatever order it comes, and for claims that come after it: what was granted stays.
    Producer: member. Consumers: refund.
    """

    type: ClassVar[str] = "member.ordered_before"
    topic: ClassVar[Topic] = MEMBER

    buyer_id: Id
    first_paid_at: Moment | None = Field(
        description="when it was paid; where only a later one is known, that one; null: there was none, what was said was wrong"
    )

    @model_validator(mode="after")
    def _was_before(self) -> Self:
        if self.first_paid_at is not None and self.first_paid_at > self.occurred_at:
            raise ValueError("first_paid_at is after occurred_at")
        return self


class TrustCardClaimed(Message):
    """The buyer would like the platform's trust card (小店信任卡); it costs nothing. claim_id: of this wish, once. Source: R4.7.

    Producer: member. Consumers: trust.
    """

    type: ClassVar[str] = "trust_card.claimed"
    topic: ClassVar[Topic] = MEMBER

    buyer_id: Id
    claim_id: Id


class VoteCast(Message):
    """The buyer votes for a sincere streamer (老铁票选): one an identity and local day, for anybody but itself. Source: R6.3.

    vote_id: of this vote; told again it is dated as before, else it is another day's.
    promoter_id: any; one of whom nothing was heard may be voted for too.
    Producer: member. Consumers: trust.
    """

    type: ClassVar[str] = "vote.cast"
    topic: ClassVar[Topic] = MEMBER

    buyer_id: Id
    vote_id: Id
    promoter_id: Id
