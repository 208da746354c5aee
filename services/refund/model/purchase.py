"""One purchase: what was promised for each line, and the cases in which that is claimed.

Certificate, attempts, the one open case of a line and the units granted must agree under one lock, so they are one entity.
It is bounded: at most 200 lines with a handful of attempts each.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from shared.contracts.certificate import CertificateIssued, CertifiedLine, Guarantee
from shared.contracts.hold import HoldNoted, ShipmentHoldRequested
from shared.contracts.owed import CompensationGranted, CouponRestored, ReimbursementGranted
from shared.contracts.refund import (
    AnswerDue,
    CaseApproved,
    CaseClosed,
    CaseDeclined,
    CaseOpened,
    CaseReturned,
    CaseState,
    CaseTerms,
    CaseTimer,
    InspectionDue,
    LineReduced,
    PostingDue,
    RefundGranted,
    RefundStuck,
    RefusalOver,
    WindowOpened,
)
from shared.contracts.types import Coupon, FreeShipping, LineKind
from shared.messaging.shape import Kind

CaseStep = CaseOpened | CaseApproved | CaseDeclined | CaseReturned | RefundGranted | RefundStuck | CaseClosed
PurchaseFact = (
    CertificateIssued
    | WindowOpened
    | LineReduced
    | CaseStep
    | ShipmentHoldRequested
    | HoldNoted
    | CompensationGranted
    | ReimbursementGranted
    | CouponRestored
)

TIMERS: Mapping[CaseState, type[CaseTimer]] = {10: AnswerDue, 12: RefusalOver, 30: PostingDue, 40: InspectionDue}
ENDED: frozenset[CaseState] = frozenset({60, 70})


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """A line with its promises. paid_minor: for all units. granted: units and money of refunds that are under way or done.

    answers: who answers to its cases: the seller, or who fulfils in its place (R8.1). gift_of: given with that line; gift_minor: its
    list price, less what was paid for it (R4.5).
    """

    seller_id: str
    quantity: int
    paid_minor: int
    promises: tuple[Guarantee, ...]
    answers: str = ""
    kind: LineKind = "goods"
    signed_at: datetime | None = None
    attempts: int = 0
    open_case: str | None = None
    granted_quantity: int = 0
    granted_minor: int = 0
    gift_of: int | None = None
    gift_minor: int = 0

    @property
    def left(self) -> int:
        """Units that can still be claimed."""
        return self.quantity - self.granted_quantity


@dataclass(frozen=True, slots=True)
class Case:
    """One claim. quantity: units claimed. deadline None: none runs. since: when its last fact happened. granted: 0 until state 50.

    applied_at None: opened before this was kept. hold: what the order said of its units, empty: it was not asked.
    """

    id: str
    line_no: int
    ground: str
    quantity: int
    state: CaseState
    deadline: datetime | None
    turn: str
    since: datetime
    granted_quantity: int = 0
    granted_minor: int = 0
    applied_at: datetime | None = None
    hold: Literal["", "asked", "granted"] = ""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def overdue(self, at: datetime) -> bool:
        """At its deadline or later: what happens then is the deadline's to decide. Source: R1.2."""
        return self.deadline is not None and at >= self.deadline


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid order as the refund service sees it. lines: by line number. cases: by case id, ended ones too.

    cancelled: refund ids of units that were cancelled before they left; no case is about them. deducted: sellers whose waived
    freight was deducted, each with the case that it was deducted from. coupons: the platform's; restored: those that came back.
    compensations, reimbursed: ids of all that were granted. currency empty: the certificate does not say it.
    """

    order_id: str
    buyer_id: str
    terms: CaseTerms
    lines: Mapping[int, BoughtLine]
    cases: Mapping[str, Case]
    cancelled: tuple[str, ...] = ()
    free_shipping: tuple[FreeShipping, ...] = ()
    deducted: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    trust_card_id: str | None = None
    coupons: tuple[Coupon, ...] = ()
    restored: tuple[str, ...] = ()
    compensations: tuple[str, ...] = ()
    reimbursed: tuple[str, ...] = ()

    def line_of(self, case: Case) -> BoughtLine:
        return self.lines[case.line_no]

    def refunded_by(self, refund_id: str) -> Case | None:
        """The case whose refund has, or would have, that id."""
        return next((case for case in self.cases.values() if refund_id_of(self.order_id, case.id) == refund_id), None)


def refund_id_of(order_id: str, case_id: str) -> str:
    """A case is refunded at most once, so its refund is named after it: one of a kind everywhere, and no longer than an id may be."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"laotie/refund|{order_id}|{case_id}"))


def evolve(purchase: Purchase | None, fact: PurchaseFact) -> Purchase:
    match fact:
        case CertificateIssued():
            return _certified(fact)
        case WindowOpened():
            known = _known(purchase, fact)
            signed = {number: replace(known.lines[number], signed_at=fact.signed_at) for number in fact.line_nos}
            return replace(known, lines={**known.lines, **signed})
        case LineReduced():
            return _reduced(_known(purchase, fact), fact)
        case CaseOpened():
            return _opened(_known(purchase, fact), fact)
        case CaseApproved() | CaseDeclined() | CaseReturned() | RefundStuck():
            known = _known(purchase, fact)
            return _with(known, _stepped(known, fact), known.lines[fact.line_no])
        case RefundGranted():
            return _granted(_known(purchase, fact), fact)
        case ShipmentHoldRequested() | HoldNoted():
            known = _known(purchase, fact)
            case = replace(known.cases[fact.case_id], hold="asked" if isinstance(fact, ShipmentHoldRequested) else "granted")
            return _with(known, case, known.lines[fact.line_no])
        case CaseClosed():
            return _closed(_known(purchase, fact), fact)
        case CompensationGranted() | ReimbursementGranted() | CouponRestored():
            return _beside(_known(purchase, fact), fact)
        case _:
            assert_never(fact)


def due(purchase: Purchase) -> Iterable[CaseTimer]:
    """Each open case that someone is to act on has one deadline. Source: R4.2-R4.4."""
    for case in purchase.cases.values():
        if case.deadline is not None:
            yield TIMERS[case.state](order_id=purchase.order_id, case_id=case.id, occurred_at=case.deadline)


PURCHASE = Kind("purchase", PurchaseFact, lambda fact: fact.order_id, evolve, due)


def _known(purchase: Purchase | None, fact: PurchaseFact) -> Purchase:
    if purchase is None:
        raise AssertionError(f"{fact.type} before the certificate of order {fact.order_id}")
    return purchase


def _certified(fact: CertificateIssued) -> Purchase:
    lines = {line.line_no: _bought(line, fact.guarantees) for line in fact.lines}
    purchase = Purchase(fact.order_id, fact.buyer_id, fact.terms, lines, {}, free_shipping=fact.free_shipping)
    return replace(purchase, currency=fact.currency, trust_card_id=fact.trust_card_id, coupons=fact.coupons)


def _bought(line: CertifiedLine, guarantees: tuple[Guarantee, ...]) -> BoughtLine:
    promises = tuple(guarantee for guarantee in guarantees if guarantee.line_no == line.line_no)
    known = BoughtLine(line.seller_id, line.quantity, line.paid_minor, promises, line.answers_id or line.seller_id, line.kind)
    return replace(known, gift_of=line.gift_of, gift_minor=line.gift_minor)


def _beside(purchase: Purchase, fact: CompensationGranted | ReimbursementGranted | CouponRestored) -> Purchase:
    """What came beside a refund comes once."""
    match fact:
        case CompensationGranted():
            return replace(purchase, compensations=(*purchase.compensations, fact.compensation_id))
        case ReimbursementGranted():
            return replace(purchase, reimbursed=(*purchase.reimbursed, fact.reimbursement_id))
        case CouponRestored():
            return replace(purchase, restored=(*purchase.restored, fact.coupon_id))
        case _:
            assert_never(fact)


def _reduced(purchase: Purchase, fact: LineReduced) -> Purchase:
    line = purchase.lines[fact.line_no]
    quantity, minor = line.granted_quantity + fact.quantity, line.granted_minor + fact.amount_minor
    reduced = replace(line, granted_quantity=quantity, granted_minor=minor)
    return replace(purchase, lines={**purchase.lines, fact.line_no: reduced}, cancelled=(*purchase.cancelled, fact.refund_id))


def _opened(purchase: Purchase, fact: CaseOpened) -> Purchase:
    line = purchase.lines[fact.line_no]
    at = fact.occurred_at
    case = Case(fact.case_id, fact.line_no, fact.ground, fact.quantity, fact.state, fact.deadline, fact.turn, at, applied_at=at)
    return _with(purchase, case, replace(line, attempts=line.attempts + 1, open_case=fact.case_id))


def _granted(purchase: Purchase, fact: RefundGranted) -> Purchase:
    line = purchase.lines[fact.line_no]
    case = replace(_stepped(purchase, fact), granted_quantity=fact.quantity, granted_minor=fact.amount_minor)
    quantity, minor = line.granted_quantity + fact.quantity, line.granted_minor + fact.amount_minor
    if fact.freight_minor:
        purchase = replace(purchase, deducted={**purchase.deducted, line.seller_id: fact.case_id})
    return _with(purchase, case, replace(line, granted_quantity=quantity, granted_minor=minor))


def _closed(purchase: Purchase, fact: CaseClosed) -> Purchase:
    """What was granted and is not refunded can be claimed again."""
    line, case = purchase.lines[fact.line_no], _stepped(purchase, fact)
    lost_quantity, lost_minor = case.granted_quantity - fact.refunded_quantity, case.granted_minor - fact.refunded_minor
    quantity, minor = line.granted_quantity - lost_quantity, line.granted_minor - lost_minor
    case = replace(case, granted_quantity=fact.refunded_quantity, granted_minor=fact.refunded_minor)
    if not fact.refunded_quantity and purchase.deducted.get(line.seller_id) == case.id:  # nothing came of it
        purchase = replace(purchase, deducted={seller: by for seller, by in purchase.deducted.items() if by != case.id})
    return _with(purchase, case, replace(line, open_case=None, granted_quantity=quantity, granted_minor=minor))


def _stepped(purchase: Purchase, fact: CaseStep) -> Case:
    case = purchase.cases[fact.case_id]
    since = max(case.since, fact.occurred_at)
    return replace(case, state=fact.state, deadline=fact.deadline, turn=fact.turn, since=since)


def _with(purchase: Purchase, case: Case, line: BoughtLine) -> Purchase:
    return replace(purchase, cases={**purchase.cases, case.id: case}, lines={**purchase.lines, case.line_no: line})
