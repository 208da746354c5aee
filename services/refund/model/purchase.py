"""One purchase: what was promised for each line, and the cases in which that is claimed.

Certificate, attempts, the one open case of a line and the units granted must agree under one lock, so they are one entity.
It is bounded: at most 200 lines with a handful of attempts each.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.refund.model.case import Case, CaseStep, opened, stepped
from services.refund.model.deadlines import deadlines
from services.refund.model.line import BoughtLine, bought, forgone, moved, reduced, signed
from services.refund.model.promised import promised, written
from shared.contracts.certificate import CertificateIssued, Guarantee
from shared.contracts.dispute import (
    CaseAppealed,
    CaseAppealEnded,
    CaseDisputed,
    CaseHeard,
    CaseReopened,
    CaseRuled,
    EvidenceNoted,
)
from shared.contracts.exchange import CaseExchanging, CaseReceived, CaseReplaced, ParcelNoted
from shared.contracts.first_order import ClaimWaitsForFund
from shared.contracts.hold import HoldNoted, ShipmentHoldRequested
from shared.contracts.owed import CompensationGranted, CouponRestored, ReimbursementGranted
from shared.contracts.refund import (
    CaseApproved,
    CaseClosed,
    CaseDeclined,
    CaseOpened,
    CaseReturned,
    CaseTerms,
    CaseTimer,
    LineReduced,
    RefundGranted,
    RefundStuck,
    WindowOpened,
)
from shared.contracts.types import Coupon, FreeShipping
from shared.messaging.shape import Kind

MULTIPLES = frozenset({"authentic", "statutory"})  # compensations that are a multiple of what was paid (R4.9)
Beside = CompensationGranted | ReimbursementGranted | CouponRestored
PurchaseFact = (
    CertificateIssued | WindowOpened | LineReduced | ParcelNoted | CaseOpened | CaseStep | ShipmentHoldRequested | HoldNoted | Beside
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid order as the refund service sees it. lines: by line number. cases: by case id, ended ones too.

    cancelled: refund ids of units that were cancelled before they left; no case is about them. deducted: sellers whose waived
    freight was deducted, each with the case that it was deducted from. parcels: ids of all that were sent, replacements too.
    coupons: the platform's; restored: those that came back. compensations, reimbursed: ids of all that were granted. currency empty:
    the certificate does not say it. placed_at None: it was not kept. promises: the certificate's guarantees, as JSON; empty: stored
    before they were kept here, each line has its own.
    """

    order_id: str
    buyer_id: str
    terms: CaseTerms
    lines: Mapping[int, BoughtLine]
    cases: Mapping[str, Case]
    cancelled: tuple[str, ...] = ()
    free_shipping: tuple[FreeShipping, ...] = ()
    deducted: Mapping[str, str] = field(default_factory=dict)
    parcels: tuple[str, ...] = ()
    currency: str = ""
    placed_at: datetime | None = None
    trust_card_id: str | None = None
    coupons: tuple[Coupon, ...] = ()
    restored: tuple[str, ...] = ()
    compensations: tuple[str, ...] = ()
    reimbursed: tuple[str, ...] = ()
    promises: str = ""

    def promise(self, line_no: int, guarantee: str) -> Guarantee | None:
        """By the certificate, for that line. None: it does not know of such a guarantee."""
        line = self.lines[line_no]
        if self.promises:
            return promised(self.promises, line_no, line.paid_minor, guarantee)
        return next((one for one in line.promises if one.guarantee == guarantee), None)

    def line_of(self, case: Case) -> BoughtLine:
        return self.lines[case.line_no]

    def unsent(self, line_no: int) -> int:
        """Units of the line that may still leave: what was sent again for a case does so no more. Source: R4.8, R4.10."""
        return max(0, self.lines[line_no].unsent - self._resent(line_no))

    def lost(self, line_no: int) -> int:
        """Units that the carrier lost or brought back, of which nobody was paid or sent others: none of them twice. Source: R2.5, R4.2."""
        claimed = (one for one in self.cases.values() if (one.line_no, one.ground) == (line_no, "not_received"))
        refunded = sum(one.granted_quantity for one in claimed)
        return max(0, min(self.lines[line_no].failed - refunded - self._resent(line_no), self.unsent(line_no)))

    def away(self, line_no: int) -> int:
        """Units that can be claimed and left, whatever became of them since. Source: R4.2, R4.8."""
        line, unsent = self.lines[line_no], self.unsent(line_no)
        return line.left - max(0, unsent - line.failed)

    def _resent(self, line_no: int) -> int:
        """Units that did not arrive and were sent again, and that parcel did not fail."""
        cases = (one for one in self.cases.values() if (one.line_no, one.ground, one.kind) == (line_no, "not_received", "resend"))
        there = (one for one in cases if one.state in (45, 60) and one.parcel_id is not None and not one.astray)
        return sum(one.quantity for one in there if not one.granted_quantity)

    def refunded_by(self, refund_id: str) -> tuple[Case, int] | None:
        """The case and the attempt whose refund has, or would have next, that id."""
        for case in self.cases.values():
            for attempt in range(1, case.grants + 2):
                if refund_id_of(self.order_id, case.id, attempt) == refund_id:
                    return case, attempt
        return None

    def appealed(self, line_no: int) -> Case | None:
        """An ended case of the line that may go on by its buyer's appeal."""
        return next((case for case in self.cases.values() if case.line_no == line_no and case.may_reopen), None)


def refund_id_of(order_id: str, case_id: str, attempt: int = 1) -> str:
    """A refund is named after its case, and after the first one by its attempt: one of a kind everywhere, no longer than an id may be."""
    again = f"|{attempt}" if attempt > 1 else ""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"laotie/refund|{order_id}|{case_id}{again}"))


def evolve(purchase: Purchase | None, fact: PurchaseFact) -> Purchase:
    match fact:
        case CertificateIssued():
            return _certified(fact)
        case WindowOpened():
            known = _known(purchase, fact)
            return _lines(known, {number: signed(known.lines[number], fact) for number in fact.line_nos})
        case LineReduced():
            known = _known(purchase, fact)
            known = replace(known, cancelled=(*known.cancelled, fact.refund_id))
            return _lines(known, {fact.line_no: reduced(known.lines[fact.line_no], fact)})
        case ParcelNoted():
            return _parcel(_known(purchase, fact), fact)
        case CaseOpened():
            known = _known(purchase, fact)
            line = known.lines[fact.line_no]
            return _with(known, opened(fact), replace(line, attempts=line.attempts + 1, open_case=fact.case_id))
        case CaseReopened():
            known = _known(purchase, fact)
            case = stepped(known.cases[fact.case_id], fact)
            return _with(known, case, replace(known.lines[fact.line_no], open_case=fact.case_id))
        case ShipmentHoldRequested():
            known = _known(purchase, fact)
            asking = replace(known.cases[fact.case_id], hold="asked", held=fact.quantity, again=fact.again)
            return _with(known, asking, known.lines[fact.line_no])
        case HoldNoted():
            known = _known(purchase, fact)
            case = known.cases[fact.case_id]
            kept = replace(case, hold="granted", late=case.late or fact.late)
            return _with(known, replace(case, hold="left", held=0) if fact.left else kept, known.lines[fact.line_no])
        case CompensationGranted() | ReimbursementGranted() | CouponRestored():
            return _beside(_known(purchase, fact), fact)
        case RefundGranted():
            return _granted(_known(purchase, fact), fact)
        case CaseClosed():
            return _closed(_known(purchase, fact), fact)
        case CaseReplaced():
            known = _known(purchase, fact)
            return replace(_stepped(known, fact), parcels=(*known.parcels, fact.parcel_id))
        case (
            CaseApproved()
            | CaseDeclined()
            | CaseReturned()
            | CaseReceived()
            | CaseExchanging()
            | CaseDisputed()
            | EvidenceNoted()
            | CaseHeard()
            | CaseRuled()
            | CaseAppealed()
            | CaseAppealEnded()
            | ClaimWaitsForFund()
            | RefundStuck()
        ):
            return _stepped(_known(purchase, fact), fact)
        case _:
            assert_never(fact)


def due(purchase: Purchase) -> Iterable[CaseTimer]:
    """Each open case that someone is to act on has one deadline, and an open appeal another. Source: R4.2-R4.4, R4.9-R4.11."""
    for case in purchase.cases.values():
        yield from deadlines(purchase.order_id, case)


PURCHASE = Kind("purchase", PurchaseFact, lambda fact: fact.order_id, evolve, due)


def _certified(fact: CertificateIssued) -> Purchase:
    return Purchase(
        fact.order_id,
        fact.buyer_id,
        fact.terms,
        {line.line_no: bought(line) for line in fact.lines},
        {},
        free_shipping=fact.free_shipping,
        currency=fact.currency,
        placed_at=fact.placed_at or fact.occurred_at,
        trust_card_id=fact.trust_card_id,
        coupons=fact.coupons,
        promises=written(fact),
    )


def _known(purchase: Purchase | None, fact: PurchaseFact) -> Purchase:
    if purchase is None:
        raise AssertionError(f"{fact.type} before the certificate of order {fact.order_id}")
    return purchase


def _beside(purchase: Purchase, fact: Beside) -> Purchase:
    """What came beside a refund comes once."""
    match fact:
        case CompensationGranted():
            after = replace(purchase, compensations=(*purchase.compensations, fact.compensation_id))
            case = purchase.cases.get(fact.case_id)
            if case is None or fact.why not in MULTIPLES:
                return after
            awarded = replace(case, awarded=(fact.amount_minor, case.finding))
            return replace(after, cases={**purchase.cases, case.id: awarded})
        case ReimbursementGranted():
            return replace(purchase, reimbursed=(*purchase.reimbursed, fact.reimbursement_id))
        case CouponRestored():
            return replace(purchase, restored=(*purchase.restored, fact.coupon_id))
        case _:
            assert_never(fact)


def _parcel(purchase: Purchase, fact: ParcelNoted) -> Purchase:
    """What was in a case's replacement is counted with the case."""
    for case in purchase.cases.values():
        if case.parcel_id == fact.parcel_id and fact.how != "sent":
            return replace(purchase, cases={**purchase.cases, case.id: replace(case, astray=True)})
    lines = {one.line_no: moved(purchase.lines[one.line_no], fact.how, one.quantity, fact.occurred_at) for one in fact.units}
    parcels = (*purchase.parcels, fact.parcel_id) if fact.how == "sent" else purchase.parcels
    return replace(_lines(purchase, lines), parcels=parcels)


def _granted(purchase: Purchase, fact: RefundGranted) -> Purchase:
    """A further attempt stands in the place of the one before it."""
    line, before = purchase.lines[fact.line_no], purchase.cases[fact.case_id]
    case = replace(
        stepped(before, fact),
        granted_quantity=fact.quantity,
        granted_minor=fact.amount_minor,
        deducted_minor=fact.freight_minor + fact.gifts_minor,
        gifts_minor=fact.gifts_minor,
    )
    if fact.freight_minor:
        purchase = replace(purchase, deducted={**purchase.deducted, line.seller_id: fact.case_id})
    return _with(purchase, case, _exchanged(line, before, case))


def _closed(purchase: Purchase, fact: CaseClosed) -> Purchase:
    """What was granted and is not refunded can be claimed again, but for what the buyer has from its bank. Source: R3.8."""
    line, before = purchase.lines[fact.line_no], purchase.cases[fact.case_id]
    case = replace(stepped(before, fact), granted_quantity=fact.refunded_quantity, granted_minor=fact.refunded_minor)
    case = replace(case, deducted_minor=before.deducted_minor + fact.bank_minor)
    if fact.state == 70:  # nothing came of it
        case = replace(case, deducted_minor=0, gifts_minor=0)
        purchase = replace(purchase, deducted={seller: by for seller, by in purchase.deducted.items() if by != case.id})
    line = replace(_exchanged(line, before, case), open_case=None)
    return _with(purchase, case, forgone(line, fact))


def _exchanged(line: BoughtLine, before: Case, after: Case) -> BoughtLine:
    """The line, with what the case has of it now in place of what it had."""
    return replace(
        line,
        granted_quantity=line.granted_quantity + after.granted_quantity - before.granted_quantity,
        granted_minor=line.granted_minor + after.granted_minor - before.granted_minor,
        deducted_minor=line.deducted_minor + after.deducted_minor - before.deducted_minor,
    )


def _stepped(purchase: Purchase, fact: CaseStep) -> Purchase:
    case = stepped(purchase.cases[fact.case_id], fact)
    return replace(purchase, cases={**purchase.cases, case.id: case})


def _with(purchase: Purchase, case: Case, line: BoughtLine) -> Purchase:
    return replace(purchase, cases={**purchase.cases, case.id: case}, lines={**purchase.lines, case.line_no: line})


def _lines(purchase: Purchase, lines: Mapping[int, BoughtLine]) -> Purchase:
    return replace(purchase, lines={**purchase.lines, **lines})
