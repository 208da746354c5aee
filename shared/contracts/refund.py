"""Facts of the refund service: promises, and the cases in which they are claimed. States carry Kuaishou's codes (R4.2)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.ruling import Finding
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.topics import REFUND, REFUND_TIMER
from shared.contracts.types import Id, LineNo, Minor, Part, Quantity, Text
from shared.messaging.message import Message, Topic

CaseState = Literal[10, 12, 30, 40, 50, 60, 70]
Turn = Literal["buyer", "seller", "platform", "provider", "nobody"]


class CaseTerms(Part):
    """How long each side has, by the policy in force at placement; frozen, in alphabetical order. Source: R4.1, R4.3, R4.4."""

    answer_hours: int
    attempts_max: int
    inspect_days: int
    policy_version: str
    post_days: int
    refused_days: int
    zone: str


class WindowOpened(Message):
    """These lines were signed for: their windows run from signed_at. Source: R1.3.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "window.opened"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    line_nos: tuple[LineNo, ...]
    signed_at: AwareDatetime


class CaseFact(Message):
    """What each fact of a case says: its state's code, whose turn it is, and until when. deadline None: none runs."""

    order_id: Id
    case_id: Id
    line_no: LineNo
    state: CaseState
    turn: Turn
    deadline: AwareDatetime | None
    rule: str


class CaseOpened(CaseFact):
    """10: a buyer claims. Source: R4.2, R4.3.

    Producer: refund. Consumers: order, payment.
    """

    type: ClassVar[str] = "case.opened"
    topic: ClassVar[Topic] = REFUND

    buyer_id: Id
    seller_id: Id
    kind: CaseKind
    ground: Ground
    quantity: Quantity


class CaseApproved(CaseFact):
    """30: the seller agreed, or was silent until the deadline; the buyer sends the goods. Source: R4.3, R4.4.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.approved"
    topic: ClassVar[Topic] = REFUND

    by: Literal["seller", "silence"]


class CaseDeclined(CaseFact):
    """12: the seller refused; open until its days pass or the buyer withdraws. Source: R4.2.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.declined"
    topic: ClassVar[Topic] = REFUND

    reason: Text


class CaseReturned(CaseFact):
    """40: the goods are on their way back. Source: R4.4.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.returned"
    topic: ClassVar[Topic] = REFUND

    carrier: Text
    waybill: Id


class RefundGranted(CaseFact):
    """50: this much is to be refunded, once per refund_id. Payment reserves and pays it. Source: R3.5, R4.4.

    quantity: units accepted on inspection. amount_minor: the buyer's part, after freight_minor: waived freight that is deducted (R3.10).
    applied_at: when the buyer asked for it; None: as occurred_at.
    Producer: refund. Consumers: payment.
    """

    type: ClassVar[str] = "refund.granted"
    topic: ClassVar[Topic] = REFUND

    refund_id: Id
    quantity: Quantity
    amount_minor: Minor
    by: Literal["seller", "silence"]
    freight_minor: Minor = 0
    applied_at: AwareDatetime | None = None


class RefundStuck(CaseFact):
    """50: the provider did not pay; the case stays open in a person's hands. Source: R3.5.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.stuck"
    topic: ClassVar[Topic] = REFUND

    refund_id: Id
    reason: Text


class LineReduced(Message):
    """Units were cancelled before they left: they can be claimed no more. Their money goes back as refund_id. Source: R1.4.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.reduced"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    line_no: LineNo
    refund_id: Id
    quantity: Quantity
    amount_minor: Minor


class CaseClosed(CaseFact):
    """60: done, or 70: ended without money. code says why. refunded: what the buyer got by it.

    seller_at_fault: the goods were not as they had to be: freight goes back too (R3.10).

    Producer: refund. Consumers: order, payment, trust.
    """

    type: ClassVar[str] = "case.closed"
    topic: ClassVar[Topic] = REFUND

    code: str
    refunded_minor: Minor
    refunded_quantity: int = Field(ge=0)
    seller_at_fault: bool = False
    buyer_id: Id | None = None
    finding: Finding = "none"


class CaseTimer(Message):
    """What the deadlines of a case share."""

    order_id: Id
    case_id: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.case_id}"


class AnswerDue(CaseTimer):
    """Timer: the seller has been silent. Source: R4.3."""

    type: ClassVar[str] = "answer.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class PostingDue(CaseTimer):
    """Timer: the buyer has not sent the goods. Source: R4.4."""

    type: ClassVar[str] = "posting.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class InspectionDue(CaseTimer):
    """Timer: the seller has not confirmed the return. Source: R4.4."""

    type: ClassVar[str] = "inspection.due"
    topic: ClassVar[Topic] = REFUND_TIMER


class RefusalOver(CaseTimer):
    """Timer: a refused case ends. Source: R4.2."""

    type: ClassVar[str] = "refusal.over"
    topic: ClassVar[Topic] = REFUND_TIMER
