"""Facts of the refund service about what the platform is to judge: disputes, evidence, rulings, appeals. Source: R4.11, R4.9."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.refund import CaseFact, CaseTimer, Side
from shared.contracts.ruling import Fault, Finding
from shared.contracts.storefront import CaseKind
from shared.contracts.topics import REFUND, REFUND_TIMER
from shared.contracts.types import Id, Minor, Quantity, Text
from shared.messaging.message import Topic


class CaseDisputed(CaseFact):
    """20: both sides bring evidence until the deadline. by silence: of a claim, whoever had the turn said nothing. Source: R4.11, R4.9.

    claimed: what the seller says of goods that came back.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.disputed"
    topic: ClassVar[Topic] = REFUND

    by: Literal["buyer", "seller", "silence"]
    claimed: Literal["none", "swapped", "used", "incomplete"] = "none"


class EvidenceNoted(CaseFact):
    """A side showed something in time. evidence_id names what its app keeps. Source: R4.9, R4.11.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "evidence.noted"
    topic: ClassVar[Topic] = REFUND

    side: Side
    evidence_id: Id
    note: Text = ""


class CaseHeard(CaseFact):
    """20: the time for evidence is over; the platform rules until the deadline, or the buyer is right by default. Source: R4.11.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.heard"
    topic: ClassVar[Topic] = REFUND


class CaseRuled(CaseFact):
    """Judged, by a ruling or by default; what follows from it is told with it. Source: R4.11, R3.5.

    upheld: for the buyer. kind, quantity, amount_minor: of the case from now on. appeal_until: the loser may appeal before; None: it
    cannot be appealed, for it was about a refund that the provider failed, or the fund. ruling_id None: by default. seller_id, buyer_id
    None: from before they were told; promoter_id: whom the line is attributed to. found_before: by an earlier ruling of this case that the
    seller lost and that stands, of several a counterfeit; None: there is none (R5.1). again: an earlier ruling on the case was appealed
    before: what that appeal makes void is not of this one.
    Producer: refund. Consumers: trust.
    """

    type: ClassVar[str] = "case.ruled"
    topic: ClassVar[Topic] = REFUND

    by: Literal["ruling", "default"]
    ruling_id: Id | None
    upheld: bool
    kind: CaseKind
    quantity: Quantity
    amount_minor: Minor | None
    fault: Fault
    finding: Finding
    appraisal_minor: Minor
    appeal_until: AwareDatetime | None
    seller_id: Id | None = None
    buyer_id: Id | None = None
    promoter_id: Id | None = None
    found_before: Annotated[Finding | None, Field(exclude_if=lambda value: value is None)] = None
    again: Annotated[bool, Field(exclude_if=lambda value: not value)] = False


class CaseAppealed(CaseFact):
    """Who lost appeals. It runs beside the case, whose state, turn and deadline go on; the platform rules before appeal_until.

    Source: R4.11.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.appealed"
    topic: ClassVar[Topic] = REFUND

    side: Side
    appeal_until: AwareDatetime


class CaseAppealEnded(CaseFact):
    """The appeal is over. won: the ruling before it falls, and with it what it said of anybody's score. Source: R4.11.

    by silence: no ruling came in time, the first stands. fault, finding: as they stand now. found_before: of an appeal that its buyer won,
    as of `case.ruled`.
    Producer: refund. Consumers: trust.
    """

    type: ClassVar[str] = "case.appeal_ended"
    topic: ClassVar[Topic] = REFUND

    buyer_id: Id
    seller_id: Id
    side: Side
    won: bool
    by: Literal["ruling", "silence"]
    ruling_id: Id | None
    fault: Fault
    finding: Finding
    appraisal_minor: Minor = 0
    promoter_id: Id | None = None
    found_before: Annotated[Finding | None, Field(exclude_if=lambda value: value is None)] = None


class CaseReopened(CaseFact):
    """A buyer won on appeal: its ended case goes on, and holds the line again. Source: R4.11.

    Producer: refund. Consumers: order, payment.
    """

    type: ClassVar[str] = "case.reopened"
    topic: ClassVar[Topic] = REFUND

    kind: CaseKind
    quantity: Quantity
    amount_minor: Minor | None


class EvidenceDue(CaseTimer):
    """Timer: the time for evidence is over. Source: R4.11."""

    type: ClassVar[str] = "evidence.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class RulingDue(CaseTimer):
    """Timer: the platform has not ruled. Source: R4.11."""

    type: ClassVar[str] = "ruling.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class AppealOver(CaseTimer):
    """Timer: the platform has not ruled on the appeal. Source: R4.11."""

    type: ClassVar[str] = "appeal.over"
    topic: ClassVar[Topic] = REFUND_TIMER
