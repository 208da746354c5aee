"""Trust cards (小店信任卡): who holds one, since when, and why not. Source: R4.7."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.ruling import Finding
from shared.contracts.topics import EVIDENCE, REFUND_BUYER, TRUST, TRUST_INTERNAL
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic

BuyerSubject = Annotated[
    str, StringConstraints(pattern=r"^buyer:[A-Za-z0-9_.:\-]{1,64}$"), Field(description="`buyer:` and the buyer's id")
]
NoCard = Literal["card.abuse", "card.abuse_by_person", "card.held", "card.held_by_person", "card.score_too_low"]


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

    card.abuse: of this buyer itself; card.abuse_by_person: of another account that is known to be the same person.
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

    order_id: whose case it is, as each order may have one of that name; not kept before. by_person: the case is of another account of
    the same person; None, of this buyer itself.
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
    by_person: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


class AbuseNoted(Message):
    """A verdict against this buyer: no card for some time, for any account of the same person. Source: R4.7.

    order_id: as of `card.revoked`. cluster: the person that was told of it; not told before. again: as of `case.ruled`; no appeal
    undoes it.
    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "abuse.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    case_id: Id
    finding: Finding
    order_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None
    cluster: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None
    again: Annotated[bool, Field(exclude_if=lambda value: not value)] = False


class AbuseVoided(Message):
    """The verdict fell on appeal: it speaks against no new card. What was taken back stays so; the buyer may claim anew. Source: R4.11.

    order_id: as it was noted. cluster: as of `abuse.noted`.
    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "abuse.voided"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    case_id: Id
    order_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None
    cluster: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class MemberNoted(Message):
    """The buyer is one person with all others of this cluster. Source: R4.7, R4.6.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "member.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: BuyerSubject
    cluster: Id


class PersonCard(Message):
    """A buyer of this cluster holds this card; or no longer, if ended. buyer_id, granted_at: of a card that is held. Source: R4.7.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "person.card"
    topic: ClassVar[Topic] = TRUST_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    card_id: Id
    ended: bool
    buyer_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None
    granted_at: Annotated[AwareDatetime | None, Field(exclude_if=lambda value: value is None)] = None


class PersonAbuse(Message):
    """What was said last of abuse by a buyer of this cluster: upheld, or fallen on appeal if voided. Clusters that merge carry it along.

    said_at: when that was decided; of two words the later counts. again: as of `abuse.noted`. Source: R4.7, R4.11.
    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "person.abuse"
    topic: ClassVar[Topic] = TRUST_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    buyer_id: Id
    order_id: Id
    case_id: Id
    finding: Finding
    said_at: AwareDatetime
    voided: bool
    again: Annotated[bool, Field(exclude_if=lambda value: not value)] = False


class CardForfeited(Message):
    """Another account of the person that holds this card abused: on its way to the holder. Source: R4.7.

    Producer: trust. Consumers: trust.
    """

    type: ClassVar[str] = "card.forfeited"
    topic: ClassVar[Topic] = EVIDENCE

    subject_id: BuyerSubject
    buyer_id: Id
    card_id: Id
    order_id: Id
    case_id: Id
    finding: Finding


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
