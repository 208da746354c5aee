"""What a buyer is promised for an order, and the hash by which anybody can tell that nothing of it was changed. Source: R4.1."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from operator import not_
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AwareDatetime, Field

from shared.contracts.refund import CaseTerms
from shared.contracts.topics import REFUND
from shared.contracts.types import BasisPoints, Coupon, FreeShipping, Funder, Id, LineKind, LineNo, Minor, Part, Quantity
from shared.messaging.message import Message, Topic

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
Left = Annotated[
    T, Field(exclude_if=not_)
]  # left out where it says nothing: certificates are long; in C, as it is asked 700 times an order


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
    """One promise for a line, and for more_lines if the same is promised for those. guarantee: its id; its names are in
    guarantees.json. withheld: the catalogued reason why it is not given, empty if it is. Source: R4.1.

    cap_of_line: cap_minor is what was paid for the line, and for each of more_lines its own paid_minor is. days: from the day after
    signing (R1.3); hours: from signing, to the second, but of `late_shipping` within which the parcel leaves after payment, and of
    `sham_shipping` within which a carrier collects it (R2.4); both 0: no window of its own. cap_minor: the most that it gives.
    conditional: only the claim can tell (R4.6). multiple: of what was paid, beside the refund, with the trust card; multiple_by_law:
    without it; either at least at_least_minor (R4.9). bp: basis points of what was paid, at least at_least_minor (R2.4). pays_itself:
    nobody needs to claim it (R4.12). In alphabetical order, as canonical JSON is.
    """

    at_least_minor: Left[Minor] = 0
    at_once: Left[AtOnce | None] = None
    bp: Left[BasisPoints] = 0
    cap_minor: Minor
    cap_of_line: Left[bool] = False
    conditional: Left[bool] = False
    conditions: Left[tuple[Condition, ...]] = ()
    days: int
    funder: Funder
    granted: bool
    guarantee: str
    hours: Left[int] = 0
    line_no: LineNo
    more_lines: Left[tuple[LineNo, ...]] = ()
    multiple: Left[int] = 0
    multiple_by_law: Left[int] = 0
    pays_itself: Left[bool] = False
    rule: Left[str] = ""
    withheld: Left[Withheld] = ""


class CertifiedLine(Part):
    """What a case needs to know of a line. Amounts for all units together. answers_id: who answers in the seller's place (R8.1).

    gift_of: given with that line; gift_minor: its list price, less what was paid for it (R4.5). promoter_id: whom it is
    attributed to: its cases count for the promoter, too (R5.4). In alphabetical order.
    """

    answers_id: Left[Id | None] = None
    gift_minor: Left[Minor] = 0
    gift_of: Left[LineNo | None] = None
    kind: LineKind = "goods"
    line_no: LineNo
    paid_minor: Minor
    promoter_id: Left[Id | None] = None
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

    def each(self) -> Iterator[Guarantee]:
        """One for each line that it is promised for, or withheld from."""
        paid = {line.line_no: line.paid_minor for line in self.lines}
        for one in self.guarantees:
            for line_no in (one.line_no, *one.more_lines):
                yield of_line(one, line_no, paid[line_no])


def of_line(one: Guarantee, line_no: int, paid_minor: int) -> Guarantee:
    """As it is promised for that line, which is its own or one of its more_lines."""
    if line_no == one.line_no and not one.more_lines:
        return one
    cap = paid_minor if one.cap_of_line else one.cap_minor
    return one.model_copy(update={"cap_minor": cap, "cap_of_line": False, "line_no": line_no, "more_lines": ()})


NOT_HASHED = {"occurred_at", "terms_sha256"}


def sha256_of(issued: CertificateIssued) -> str:
    """Of all that it says but when it was written and this hash, as canonical JSON, in hex.

    Its fields, and those of its parts, stand in alphabetical order: what pydantic writes is canonical.
    """
    return sha256(issued.__pydantic_serializer__.to_json(issued, exclude=NOT_HASHED)).hexdigest()


def recomputed(value: Mapping[str, Any]) -> str:
    """From the JSON value of a certificate.issued; fields that this program does not know count too. Raises KeyError: it is none."""
    if value.get("hashed", "parts") == "parts":
        parts = [value["terms"], value["lines"], value["guarantees"]]
        return sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    hashed = {name: found for name, found in value.items() if name not in NOT_HASHED}
    return sha256(json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
