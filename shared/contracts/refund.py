"""Facts of the refund service: promises, and the cases in which they are claimed. States carry Kuaishou's codes (R4.2)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AwareDatetime, Field

from shared.contracts.ruling import Finding
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.topics import REFUND, REFUND_TIMER
from shared.contracts.types import BasisPoints, Coupon, FreeShipping, Funder, Id, LineKind, LineNo, Minor, Part, Quantity, Text
from shared.messaging.message import Message, Topic

CaseState = Literal[10, 12, 30, 40, 50, 60, 70]
Turn = Literal["buyer", "seller", "platform", "provider", "nobody"]
Withheld = Literal[
    "",
    "instant_refund.not_for_line",
    "instant_refund.score_too_low",
    "no_reason.excluded",
    "no_reason.waived",
    "promise.currency",
    "promise.freight",
    "promise.gift",
    "promise.goods_only",
    "promise.not_food",
    "promise.not_offered",
    "trust_card.no_card",
    "trust_card.not_offered",
    "trust_card.not_valid",
    "trust_card.of_another",
]
Condition = Literal["buyer_evidence", "first_paid_order", "gifts_back", "goods_back", "ruling", "sealed", "shipment_hold", "trust_card"]


T = TypeVar("T")
Left = Annotated[T, Field(exclude_if=lambda value: not value)]  # left out where it says nothing: certificates are long


class AtOnce(Part):
    """Granted without anybody's answer, by the guarantee of that name. Source: R4.7, R4.8.

    hours: from signing; None: at any time. below_minor: what the order's instant refunds together stay below; None: any amount.
    card: only with the order's trust card.
    """

    below_minor: Minor | None = None
    card: bool = False
    guarantee: str
    hours: int | None = None


class Guarantee(Part):
    """One promise for one line. withheld: the catalogued reason why it is not given, empty if it is. Source: R4.1.

    days: from the day after signing (R1.3); hours: from signing, to the second; both 0: no window of its own. cap_minor: the most that
    it gives. conditional: only the claim can tell (R4.6). multiple: of what was paid, beside the refund, with the trust card;
    multiple_by_law: without it; either at least at_least_minor (R4.9). bp: basis points of what was paid, at least at_least_minor
    (R2.4). pays_itself: nobody needs to claim it (R4.12). In alphabetical order, as canonical JSON is.
    """

    at_least_minor: Left[Minor] = 0
    at_once: Left[AtOnce | None] = None
    bp: Left[BasisPoints] = 0
    cap_minor: Minor
    conditional: Left[bool] = False
    conditions: Left[tuple[Condition, ...]] = ()
    days: int
    funder: Funder
    granted: bool
    guarantee: str
    hours: Left[int] = 0
    line_no: LineNo
    multiple: Left[int] = 0
    multiple_by_law: Left[int] = 0
    pays_itself: Left[bool] = False
    rule: Left[str] = ""
    withheld: Left[Withheld] = ""


class CaseTerms(Part):
    """How long each side has, by the policy in force at placement; frozen, in alphabetical order. Source: R4.1, R4.3, R4.4."""

    answer_hours: int
    attempts_max: int
    inspect_days: int
    policy_version: str
    post_days: int
    refused_days: int
    zone: str


class CertifiedLine(Part):
    """What a case needs to know of a line. Amounts for all units together. answers_id: who answers in the seller's place (R8.1).

    gift_of: given with that line; gift_minor: its list price, less what was paid for it (R4.5). In alphabetical order.
    """

    answers_id: Left[Id | None] = None
    gift_minor: Left[Minor] = 0
    gift_of: Left[LineNo | None] = None
    kind: LineKind = "goods"
    line_no: LineNo
    paid_minor: Minor
    quantity: Quantity
    seller_id: Id


class CertificateIssued(Message):
    """What the buyer was promised for this order; claims are judged by it alone. Source: R4.1.

    buyer_score: at placement; None: none was shown yet. currency: empty where it was not kept. coupons: the platform's, which a full
    refund restores (R4.13).
    terms_sha256: hex. hashed `value`: of this value without occurred_at and terms_sha256, as canonical JSON: UTF-8, keys sorted, no
    blanks; `parts`: of the compact JSON `[terms,lines,guarantees]`, each as in this message. `laotie certificate verify` computes it.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "certificate.issued"
    topic: ClassVar[Topic] = REFUND

    buyer_id: Id
    buyer_score: Annotated[int | None, Field(exclude_if=lambda value: value is None)] = None
    coupons: tuple[Coupon, ...] = ()
    currency: str = ""
    free_shipping: tuple[FreeShipping, ...] = ()
    guarantees: tuple[Guarantee, ...]
    hashed: Literal["parts", "value"] = "parts"
    lines: tuple[CertifiedLine, ...]
    order_id: Id
    payment_id: Id
    placed_at: AwareDatetime | None = None
    terms: CaseTerms
    terms_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    trust_card_id: Id | None = None


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
