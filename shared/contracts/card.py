"""Trust cards (小店信任卡): who holds one, since when, and why not. Source: R4.7."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shared.contracts.ruling import Finding
from shared.contracts.topics import REFUND_BUYER, TRUST, TRUST_INTERNAL
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic

BuyerSubject = Annotated[
    str, StringConstraints(pattern=r"^buyer:[A-Za-z0-9_.:\-]{1,64}$"), Field(description="`buyer:` and the buyer's id")
]
NoCard = Literal["card.abuse", "card.held", "card.held_by_person", "card.score_too_low"]


class CardGranted(Message):
    """The buyer holds this card from now on. Source: R4.7.

    Producer: trust. Consumers: refund.
    """

    type: ClassVar[str] = "card.granted"
    topic: ClassVar[Topic] = TRUST

    subject_id: BuyerSubject
    buyer_id: Id
    card_id: Id
    claim_id: Id


class CardRefused(Message):
    """No card for this claim. card_id: the one that the buyer holds already, if that is why. Source: R4.7.

    Producer: trust. Consumers: outsiders.
    """

    type: ClassVar[str] = "card.refused"
    topic: ClassVar[Topic] = TRUST

    subject_id: BuyerSubject
    claim_id: Id
    code: NoCard
    card_id: Id | None = None


class CardRevoked(Message):
    """The card is worth nothing for orders placed from now on; what it promised for earlier ones stands. Source: R4.7, R4.1.

    order_id: whose case it is, as each order may have one of that name; not kept before.
    Producer: trust. Consumers: refund.
    """

    type: ClassVar[str] = "card.revoked"
    topic: ClassVar[Topic] = TRUST

    subject_id: BuyerSubject
    buyer_id: Id
    card_id: Id
    case_id: Id
    finding: Finding
    order_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class AbuseNoted(Message):
    """A verdict against this buyer: no card for some time. order_id: as of `card.revoked`. Source: R4.7.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "abuse.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    case_id: Id
    finding: Finding
    order_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class AbuseVoided(Message):
    """The verdict fell on appeal: it speaks against no new card. What was taken back stays so; the buyer may claim anew. Source: R4.11.

    order_id: as it was noted.
    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "abuse.voided"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    case_id: Id
    order_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class MemberNoted(Message):
    """The buyer is one person with all others of this cluster. Source: R4.7, R4.6.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "member.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    cluster: Id


class PersonCard(Message):
    """A buyer of this cluster holds this card; or no longer, if ended. Source: R4.7.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "person.card"
    topic: ClassVar[Topic] = TRUST_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    card_id: Id
    ended: bool


class CardNoted(Message):
    """What refund knows of a card: whose it is, and valid from then on; or no longer, if ended. Source: R4.1, R4.7.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "card.noted"
    topic: ClassVar[Topic] = REFUND_BUYER

    buyer_id: Id
    card_id: Id
    ended: bool


class ScoreNoted(Message):
    """A buyer's score, as shown from then on. Source: R4.1, R4.8.

    Producer: refund. Consumers: nobody (private to refund).
    """

    type: ClassVar[str] = "score.noted"
    topic: ClassVar[Topic] = REFUND_BUYER

    buyer_id: Id
    score: int = Field(ge=0, le=1000)
