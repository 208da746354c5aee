"""Facts of the refund service: promises, and the cases in which they are claimed. States carry Kuaishou's codes (R4.2)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.ruling import Fault, Finding
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.topics import REFUND, REFUND_TIMER
from shared.contracts.types import Bearer, Id, LineNo, Minor, Part, Quantity, SomeOrNone, Text
from shared.messaging.message import Message, Topic

CaseState = Literal[10, 12, 20, 30, 40, 45, 50, 60, 70]
STATES: dict[CaseState, str] = {
    10: "applied",
    12: "refused",
    20: "dispute",
    30: "awaiting return",
    40: "returned",
    45: "replacement sent",
    50: "executing",
    60: "done",
    70: "closed",
}
Turn = Literal["buyer", "seller", "both", "platform", "provider", "nobody"]
Side = Literal["buyer", "seller"]
By = Literal["seller", "silence", "promise", "carrier", "ruling", "default", "appeal"]
CaseOutcome = Literal["", "refunded", "exchanged", "resent", "rejected", "withdrawn", "lapsed", "agreed"]
WITHOUT_RETURN: frozenset[CaseKind] = frozenset({"refund_only", "resend"})  # no goods come back


class CaseTerms(Part):
    """How long each side has, by the policy in force at placement; frozen, in alphabetical order. Source: R4.1, R4.3, R4.4, R4.9-R4.11.

    Defaults: what held for certificates that were issued before they were kept. ruling_days: from the end of evidence; appeal_days:
    for the loser to appeal, and then for the platform to rule; replaced_days: from a replacement's dispatch until it counts as arrived.
    """

    answer_hours: int
    appeal_days: int = 7
    attempts_max: int
    claim_answer_days: int = 7
    claim_evidence_days: int = 14
    evidence_hours: int = 48
    inspect_days: int
    policy_version: str
    post_days: int
    refused_days: int
    replace_hours: int = 48
    replaced_days: int = 30
    ruling_days: int = 7
    zone: str


class WindowOpened(Message):
    """These lines were signed for: their windows run from signed_at, also where they ran already since others came in place of a part.
    restarted: a replacement came, and all windows but first_order's run again. Source: R1.3, R4.10.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "window.opened"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    line_nos: tuple[LineNo, ...]
    signed_at: AwareDatetime
    restarted: bool = False


class CaseFact(Message):
    """What each fact of a case says: its state's code, whose turn it is, and until when. deadline None: none runs.

    code: catalogued, why it came to this; empty in facts from before it was kept. reason: what who acted wrote.
    """

    order_id: Id
    case_id: Id
    line_no: LineNo
    state: CaseState = Field(description=", ".join(f"{state}: {name}" for state, name in STATES.items()))
    turn: Turn = Field(description="who is to act")
    deadline: AwareDatetime | None = Field(description="until when; null: none runs")
    rule: str = Field(description="of the rules, the one that it follows")
    code: str = Field(default="", description="why it came to this, of codes.json")
    reason: Text = Field(default="", description="what who acted wrote")


class CaseOpened(CaseFact):
    """10: a buyer claims. amount_minor None: the units' whole share. Source: R4.2, R4.3, R1.4, R4.1.

    card: the order's trust card was valid at placement; None: not known when the buyer applied, or there is none.

    Producer: refund. Consumers: order, payment.
    """

    type: ClassVar[str] = "case.opened"
    topic: ClassVar[Topic] = REFUND

    buyer_id: Id
    seller_id: Id
    kind: CaseKind
    ground: Ground
    quantity: Quantity
    amount_minor: Minor | None = None
    evidence_ids: tuple[Id, ...] = ()
    card: bool | None = None


class CaseApproved(CaseFact):
    """30: agreed to, by whom it says; the buyer sends the goods. 10: agreed to, and the money waits until the goods are kept back.

    Source: R4.3, R4.4, R4.8, R4.11.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.approved"
    topic: ClassVar[Topic] = REFUND

    by: By


class CaseDeclined(CaseFact):
    """12: the seller refused, or accepted nothing of what came back; open until its days pass, the buyer disputes it or withdraws.

    Source: R4.2, R4.4, R4.11.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.declined"
    topic: ClassVar[Topic] = REFUND

    reason: Text


class CaseReturned(CaseFact):
    """40: the goods are on their way back. freight_minor: what that cost, as the buyer said. Source: R4.4, R4.7.

    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "case.returned"
    topic: ClassVar[Topic] = REFUND

    carrier: Text
    waybill: Id
    freight_minor: Minor = 0


class RefundGranted(CaseFact):
    """50: this much is to be refunded, once per refund_id. Payment reserves and pays it. Source: R3.5, R4.4.

    quantity: units accepted on inspection; 0: money only. amount_minor: the buyer's part, after freight_minor: waived freight that is
    deducted (R3.10), and gifts_minor: gifts that were not sent back (R4.5). applied_at: when the buyer asked for it; None: as
    occurred_at. attempt: beyond the first, after the provider failed; each has its own refund_id; again_of: the one that it failed, in
    whose place this one stands. funder platform: its guarantee fund pays, the line is settled as if nothing had been refunded (R4.6).
    Producer: refund. Consumers: payment.
    """

    type: ClassVar[str] = "refund.granted"
    topic: ClassVar[Topic] = REFUND

    refund_id: Id
    quantity: SomeOrNone
    amount_minor: Minor
    by: By
    freight_minor: Minor = 0
    gifts_minor: Minor = 0
    applied_at: AwareDatetime | None = None
    attempt: int = Field(default=1, ge=1)
    funder: Bearer = "seller"
    again_of: Id | None = None


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

    at_fault: of freight that goes back for their fault, the cases; should they all fall, its seller has it back (R3.10, R4.11). Else left
    out.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "line.reduced"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    line_no: LineNo
    refund_id: Id
    quantity: Quantity
    amount_minor: Minor
    at_fault: Annotated[tuple[Id, ...] | None, Field(exclude_if=lambda value: value is None)] = None


class CaseClosed(CaseFact):
    """60: done, or 70: ended without money or goods. code says why. refunded: what the buyer got by it.

    seller_at_fault: the goods were not as they had to be: freight goes back too (R3.10). answer: how the request was
    answered, by the seller in time or its silence most often; empty: it was not. ruled: for whom, if it was. funder: who paid it; what the
    platform's fund paid leaves order and escrow as they were (R4.6). applied_at: since when the case was open; None: not kept. given_up:
    a refund that the provider failed and that a ruling does not grant again (R3.5). promoter_id: whom the line is attributed to.
    answered_at: when the first answer came, or should have; None: told before. ruled_at: when it was ruled on; of a ruling that fell, when
    the appeal was won (not told before). line_refunded: with it all units of the line are refunded. bank_minor: of what was granted, what
    the buyer has from its bank instead (R3.8). fell: whose fault it was by the ruling that granted it, where its seller won on appeal
    since; empty: it did not (R5.5). card: as in case.opened, where it became known since; else None.

    Producer: refund. Consumers: order, payment, trust.
    """

    type: ClassVar[str] = "case.closed"
    topic: ClassVar[Topic] = REFUND

    code: str
    refunded_minor: Minor
    refunded_quantity: int = Field(ge=0)
    seller_at_fault: bool = False
    kind: CaseKind | None = None
    ground: Ground | None = None
    seller_id: Id | None = None
    buyer_id: Id | None = None
    outcome: CaseOutcome = ""
    fault: Fault | Literal[""] = ""
    fell: Fault | Literal[""] = ""
    finding: Finding = "none"
    answer: By | Literal[""] = ""
    ruled: Side | Literal[""] = ""
    funder: Bearer = "seller"
    applied_at: AwareDatetime | None = None
    given_up: Id | None = None
    promoter_id: Id | None = None
    answered_at: AwareDatetime | None = None
    ruled_at: AwareDatetime | None = None
    line_refunded: bool = False
    bank_minor: Minor = 0
    card: bool | None = None


class CaseTimer(Message):
    """What the deadlines of a case share."""

    order_id: Id
    case_id: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.case_id}"


class AnswerDue(CaseTimer):
    """Timer: the seller has been silent; of a claim, whoever had the turn. Source: R4.3, R4.9."""

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
