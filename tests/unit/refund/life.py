"""One purchase of one line and the events of its case, valid by default and in time. Times are Shanghai's of 2026."""

from __future__ import annotations

from datetime import datetime

from services.refund.handlers import SERVICE
from services.refund.model import PURCHASE, Case, Purchase, refund_id_of
from shared.contracts.certificate import CertificateIssued, Guarantee
from shared.contracts.merchant import CaseAccepted, CaseRefused, ReturnConfirmed
from shared.contracts.order import OrderPaid, ParcelDelivered
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.storefront import CaseKind, Ground, RefundRequested, RefundWithdrawn, ReturnPosted
from shared.contracts.types import Category, Line, Moves, Posting
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders
from tests.unit.builders import BUYER, CASE, ORDER, POLICIES, SELLER, TERMS, at, moment


def promise(memory: Memory, name: str, line_no: int = 1) -> Guarantee:
    """As the certificate has it for the line."""
    (issued,) = (fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    (found,) = (one for one in issued.each() if (one.guarantee, one.line_no) == (name, line_no))
    return found


def in_zone(zone: str) -> Policies:
    return Policies(policy.model_copy(update={"zone": zone}) for policy in POLICIES.versions)


def shop(*events: Message, policies: Policies = POLICIES) -> Memory:
    memory = Memory(SERVICE, policies)
    memory.when(*events)
    return memory


def codes(memory: Memory) -> list[str]:
    """Of what was refused."""
    return [code for _, code in memory.refused]


def case_of(memory: Memory, case_id: str = CASE) -> Case:
    return purchase_of(memory).cases[case_id]


def purchase_of(memory: Memory) -> Purchase:
    purchase: Purchase = memory.entity(PURCHASE, ORDER)
    return purchase


def line(
    line_no: int = 1,
    quantity: int = 3,
    paid_minor: int = 100_00,
    category: Category = "standard",
    *,
    waived: bool = False,
    seller: str = SELLER,
) -> Line:
    return builders.line(line_no, paid_minor, quantity, category=category, no_reason_waived=waived, seller_id=seller)


def paid(*lines: Line, when: str = "06-10 12:00", policy_version: str = "1") -> OrderPaid:
    terms = TERMS.model_copy(update={"policy_version": policy_version})
    return builders.order_paid(*(lines or (line(),)), when=when, terms=terms)


def delivered(*line_nos: int, when: str = "06-16 10:00", zone: str = "Asia/Shanghai") -> ParcelDelivered:
    signed_at = at(when, zone)
    return ParcelDelivered(
        order_id=ORDER, buyer_id=BUYER, parcel_id="w1", delivered=line_nos or (1,), signed_at=signed_at, occurred_at=signed_at
    )


def requested(
    case_id: str = CASE,
    *,
    line_no: int = 1,
    quantity: int = 3,
    buyer: str = BUYER,
    kind: CaseKind = "return_and_refund",
    ground: Ground = "no_reason",
    when: str | datetime = "06-17 10:00",
) -> RefundRequested:
    return RefundRequested(
        order_id=ORDER,
        case_id=case_id,
        buyer_id=buyer,
        line_no=line_no,
        kind=kind,
        ground=ground,
        quantity=quantity,
        occurred_at=moment(when),
    )


def withdrawn(case_id: str = CASE, *, buyer: str = BUYER, when: str | datetime = "06-17 18:00") -> RefundWithdrawn:
    return RefundWithdrawn(order_id=ORDER, case_id=case_id, buyer_id=buyer, occurred_at=moment(when))


def accepted(case_id: str = CASE, *, seller: str = SELLER, when: str | datetime = "06-18 10:00") -> CaseAccepted:
    return CaseAccepted(order_id=ORDER, case_id=case_id, seller_id=seller, occurred_at=moment(when))


def declined(case_id: str = CASE, *, seller: str = SELLER, when: str | datetime = "06-18 10:00") -> CaseRefused:
    return CaseRefused(order_id=ORDER, case_id=case_id, seller_id=seller, reason="worn", occurred_at=moment(when))


def posted(
    case_id: str = CASE, *, buyer: str = BUYER, waybill: str | None = None, when: str | datetime = "06-20 10:00", order_id: str = ORDER
) -> ReturnPosted:
    """waybill None: the case's own."""
    number = waybill or f"SF{case_id.removeprefix('c')}"
    return ReturnPosted(order_id=order_id, case_id=case_id, buyer_id=buyer, carrier="sf", waybill=number, occurred_at=moment(when))


def confirmed(
    case_id: str = CASE, quantity: int = 3, *, seller: str = SELLER, when: str | datetime = "06-22 10:00", gifts: bool = True
) -> ReturnConfirmed:
    """gifts: they came back too."""
    return ReturnConfirmed(
        order_id=ORDER, case_id=case_id, seller_id=seller, accepted_quantity=quantity, gifts_returned=gifts, occurred_at=moment(when)
    )


def done(case_id: str = CASE, amount_minor: int = 100_00, *, when: str | datetime = "06-22 10:01") -> RefundDone:
    postings = (
        Posting(account=f"escrow:{ORDER}", amount_minor=-amount_minor),
        Posting(account="psp:cash", amount_minor=amount_minor),
    )
    return RefundDone(
        order_id=ORDER,
        refund_id=refund_id_of(ORDER, case_id),
        line_no=1,
        amount_minor=amount_minor,
        moves=Moves(currency="CNY", postings=postings),
        occurred_at=moment(when),
    )


def money_refused(case_id: str = CASE, *, when: str | datetime = "06-22 10:01") -> RefundRefused:
    return RefundRefused(order_id=ORDER, refund_id=refund_id_of(ORDER, case_id), code="refund.line_settled", occurred_at=moment(when))


def not_paid(case_id: str = CASE, *, when: str | datetime = "06-22 10:01") -> RefundNotPaid:
    return RefundNotPaid(
        order_id=ORDER, refund_id=refund_id_of(ORDER, case_id), line_no=1, reason="account closed", occurred_at=moment(when)
    )


SIGNED = (paid(), delivered())
OPEN = (*SIGNED, requested())
DECLINED = (*OPEN, declined())
APPROVED = (*OPEN, accepted())
RETURNED = (*APPROVED, posted())
GRANTED = (*RETURNED, confirmed())
STUCK = (*GRANTED, not_paid())
DONE = (*GRANTED, done())
WITHDRAWN = (*OPEN, withdrawn())
