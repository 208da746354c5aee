"""The member app: what it knows of who is whose second account, as opaque tokens, and what members would like."""

from typing import ClassVar, Literal

from shared.contracts.topics import MEMBER
from shared.contracts.types import Id
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
