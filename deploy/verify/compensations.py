"""What a case brought beside its refund, computed again from its certificate and its facts. Source: R4.7, R4.9, R4.12, R4.13.

Written from the rules' text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.certificate import CertificateIssued, Guarantee
from shared.contracts.dispute import CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.exchange import CaseExchanging
from shared.contracts.owed import CompensationGranted, CouponRestored
from shared.contracts.refund import CaseClosed, CaseFact, CaseOpened, CaseReturned

Place = tuple[str, str]  # order, case


@dataclass(slots=True)
class Case:
    """fallen: the seller won on appeal; what was not owed before is owed no more."""

    quantity: int = 0
    freight: int = 0
    appraisal: int = 0
    card: bool = False
    fallen: bool = False
    owed: dict[str, int] = field(default_factory=dict)  # by why
    granted: dict[str, int] = field(default_factory=dict)


def checks(log: Log) -> Iterator[Check]:
    yield _compensations(log)
    yield _coupons(log)


def _compensations(log: Log) -> Check:
    check = Check("compensations of cases: the multiple, the appraisal and the way back, as promised, each once")
    certificates: dict[str, CertificateIssued] = {}
    cases: defaultdict[Place, Case] = defaultdict(Case)
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            certificates[fact.order_id] = fact
        elif isinstance(fact, CompensationGranted):
            case = cases[(fact.order_id, fact.case_id)]
            check.that(fact.why not in case.granted, f"{entry}: {fact.why} is granted again")
            case.granted[fact.why] = fact.amount_minor
        elif isinstance(fact, CaseFact):
            _fold(cases[(fact.order_id, fact.case_id)], fact, certificates.get(fact.order_id))
    for (order_id, case_id), case in cases.items():
        owed = {why: amount for why, amount in case.owed.items() if amount}
        check.that(owed == case.granted, f"case {case_id} of {order_id}: {owed} is owed, granted was {case.granted}")
    return check


def _fold(case: Case, fact: Any, certificate: CertificateIssued | None) -> None:
    if isinstance(fact, CaseOpened | CaseRuled | CaseReopened | CaseExchanging):
        case.quantity = fact.quantity
    if isinstance(fact, CaseOpened):
        case.card = bool(fact.card)
    if isinstance(fact, CaseRuled | CaseAppealEnded):
        case.appraisal = fact.appraisal_minor
    if isinstance(fact, CaseAppealEnded):
        case.fallen = fact.won and fact.side == "seller"
    if isinstance(fact, CaseReturned):
        case.freight = fact.freight_minor
    if isinstance(fact, CaseClosed) and fact.state == 60 and not case.fallen and certificate is not None and certificate.currency:
        for why, amount in _owed(case, fact, certificate).items():
            case.owed[why] = case.owed.get(why) or amount


def _owed(case: Case, fact: CaseClosed, certificate: CertificateIssued) -> dict[str, int]:
    promised = {one.guarantee: one for one in certificate.each() if one.line_no == fact.line_no and one.granted}
    unsafe = fact.finding == "unsafe_food"
    fraud = unsafe or fact.finding == "counterfeit" or (fact.kind == "claim" and fact.finding == "none")
    owed: dict[str, int] = {}
    if fraud:
        (line,) = (one for one in certificate.lines if one.line_no == fact.line_no)
        paid = line.paid_minor * (fact.refunded_quantity or case.quantity) // line.quantity
        names = ("authenticity", "food_safety") if unsafe else ("authenticity",)
        owed |= _multiples([promised[name] for name in names if name in promised], paid, card=case.card)
        owed["appraisal"] = case.appraisal
    if case.freight:
        card, fault = promised.get("return_freight"), promised.get("fault_freight")
        if (fraud or fact.fault == "seller") and fault is not None:
            owed["return_freight"] = min(case.freight, fault.cap_minor)
        elif card is not None and case.card:
            owed["return_freight"] = min(case.freight, card.cap_minor)
    return owed


def _multiples(promised: list[Guarantee], paid: int, *, card: bool) -> dict[str, int]:
    """So often what was paid, the law's at least; more by the card, if it was valid."""
    law = max((max(one.multiple_by_law * paid, one.at_least_minor) for one in promised), default=0)
    more = max((one.multiple * paid for one in promised), default=0) if card else 0
    return {"authentic": more} if more > law else {"statutory": law}


def _coupons(log: Log) -> Check:
    check = Check("coupons come back once, the platform's alone, with their first expiry, and never a new user's")
    issued = {fact.order_id: {one.coupon_id: one for one in fact.coupons} for _, fact in log.of(CertificateIssued)}
    seen: Counter[tuple[str, str]] = Counter()
    for entry, fact in log.of(CouponRestored):
        coupon = issued.get(fact.order_id, {}).get(fact.coupon_id)
        seen[(fact.order_id, fact.coupon_id)] += 1
        fine = coupon is not None and coupon.funder == "platform" and not coupon.new_user and coupon.expires_at == fact.expires_at
        check.that(fine and seen[(fact.order_id, fact.coupon_id)] == 1, f"{entry}: {fact.coupon_id} is {coupon}, told {seen} times")
    return check
