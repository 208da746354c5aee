"""What a case brought beside its refund, computed again from its certificate and its facts. Source: R4.7, R4.9, R4.12, R4.13.

Written from the rules' text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.card import CardGranted
from shared.contracts.certificate import CertificateIssued, CertifiedLine, Guarantee
from shared.contracts.dispute import CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.exchange import CaseExchanging
from shared.contracts.owed import CompensationGranted, CouponRestored
from shared.contracts.refund import CaseClosed, CaseFact, CaseOpened, CaseReturned, LineReduced, RefundGranted

Place = tuple[str, str]  # order, case


@dataclass(slots=True)
class Case:
    """fallen: the seller won on appeal; what was not owed before is owed no more."""

    quantity: int = 0
    freight: int = 0
    appraisal: int = 0
    card: bool = False
    fallen: bool = False
    food: bool = False  # and of which multiple's units it is
    fake: int = 0  # units that were no genuine goods
    owed: dict[str, int] = field(default_factory=dict)  # by why
    granted: dict[str, int] = field(default_factory=dict)

    @property
    def multiple(self) -> int:
        return self.owed.get("authentic", 0) + self.owed.get("statutory", 0)


def checks(log: Log) -> Iterator[Check]:
    yield _compensations(log)
    yield _coupons(log)


def _compensations(log: Log) -> Check:
    check = Check("compensations of cases: the multiple, the appraisal and the way back, as promised, each once")
    certificates: dict[str, CertificateIssued] = {}
    cases: defaultdict[Place, Case] = defaultdict(Case)
    lines: defaultdict[tuple[str, int], dict[str, Case]] = defaultdict(dict)
    cards = {fact.card_id: fact for _, fact in log.of(CardGranted)}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            certificates[fact.order_id] = fact
        elif isinstance(fact, CompensationGranted):
            case = cases[(fact.order_id, fact.case_id)]
            check.that(fact.why not in case.granted, f"{entry}: {fact.why} is granted again")
            case.granted[fact.why] = fact.amount_minor
        elif isinstance(fact, CaseFact):
            case, line = cases[(fact.order_id, fact.case_id)], lines[(fact.order_id, fact.line_no)]
            line[fact.case_id] = case
            _fold(case, fact, certificates.get(fact.order_id), [*line.values()])
            if isinstance(fact, CaseOpened | CaseClosed) and fact.card and fact.order_id in certificates:
                check.that(_held(certificates[fact.order_id], cards), f"{entry}: a card counts that its buyer had not at placement")
    for (order_id, case_id), case in cases.items():
        owed = {why: amount for why, amount in case.owed.items() if amount}
        check.that(owed == case.granted, f"case {case_id} of {order_id}: {owed} is owed, granted was {case.granted}")
    return check


def _held(certificate: CertificateIssued, cards: dict[str, CardGranted]) -> bool:
    """What took it back later, or was told later to have done so before, does not count."""
    card = cards.get(certificate.trust_card_id or "")
    return card is not None and card.buyer_id == certificate.buyer_id and card.occurred_at <= (certificate.placed_at or card.occurred_at)


def _fold(case: Case, fact: Any, certificate: CertificateIssued | None, line: list[Case]) -> None:
    if isinstance(fact, CaseOpened | CaseRuled | CaseReopened | CaseExchanging):
        case.quantity = fact.quantity
    if isinstance(fact, CaseOpened | CaseClosed):
        case.card = case.card if fact.card is None else fact.card
    if isinstance(fact, CaseRuled | CaseAppealEnded):
        case.appraisal = fact.appraisal_minor
    if isinstance(fact, CaseAppealEnded):
        case.fallen = fact.won and fact.side == "seller"
        case.fake = 0 if case.fallen and not case.multiple else case.fake  # what the buyer keeps counts
    if isinstance(fact, CaseReturned):
        case.freight = fact.freight_minor
    if isinstance(fact, CaseClosed) and fact.state == 60 and not case.fallen and certificate is not None and certificate.currency:
        for why, amount in _owed(case, fact, certificate, line).items():
            case.owed[why] = case.owed.get(why) or amount


def _owed(case: Case, fact: CaseClosed, certificate: CertificateIssued, line: list[Case]) -> dict[str, int]:
    promised = {one.guarantee: one for one in certificate.each() if one.line_no == fact.line_no and one.granted}
    unsafe = fact.finding == "unsafe_food"
    fraud = unsafe or fact.finding == "counterfeit" or (fact.kind == "claim" and fact.finding == "none")
    owed: dict[str, int] = {}
    if fraud:
        (bought,) = (one for one in certificate.lines if one.line_no == fact.line_no)
        case.fake, case.food = fact.refunded_quantity or case.quantity, unsafe
        owed |= _multiples(promised, bought, line)
        owed["appraisal"] = case.appraisal
    if case.freight:
        card, fault = promised.get("return_freight"), promised.get("fault_freight")
        if (fraud or fact.fault == "seller") and fault is not None:
            owed["return_freight"] = min(case.freight, fault.cap_minor)
        elif card is not None and case.card:
            owed["return_freight"] = min(case.freight, card.cap_minor)
    return owed


def _multiples(promised: dict[str, Guarantee], bought: CertifiedLine, line: list[Case]) -> dict[str, int]:
    """So often what was paid for all the line's fakes, the law's floor at least; more by the card, if it was valid; less what they were
    awarded before. Each unit that was bought is one fake at most.
    """
    law = more = floor = 0
    left = bought.quantity
    for food, card in sorted({(one.food, one.card) for one in line if one.fake}, reverse=True):
        names = ("authenticity", "food_safety") if food else ("authenticity",)
        units = min(left, sum(one.fake for one in line if (one.food, one.card) == (food, card)))
        left -= units
        paid, found = bought.paid_minor * units // bought.quantity, [promised[name] for name in names if name in promised]
        by_law = max((one.multiple_by_law * paid for one in found), default=0)
        law, more = law + by_law, more + max([by_law] + [one.multiple * paid for one in found if card])
        floor = max([floor] + [one.at_least_minor for one in found])
    law = max(law, floor)
    return {"authentic" if more > law else "statutory": max(0, max(more, law) - sum(one.multiple for one in line))}


@dataclass(slots=True)
class Used:
    """An order's lines, as far as its coupons look. back: units and money by line and what took them; open: cases by line."""

    certificate: CertificateIssued
    back: defaultdict[int, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    open: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    restored: Counter[str] = field(default_factory=Counter)

    def all_back(self, line_nos: tuple[int, ...]) -> bool:
        lines = {line.line_no: line for line in self.certificate.lines}
        return all(self._back(lines[line_no], lines) for line_no in line_nos)

    def _back(self, line: CertifiedLine, lines: dict[int, CertifiedLine]) -> bool:
        """Every unit or every fen, no case open; a gift that cost nothing with the line that it was given with."""
        units, minor = (sum(parts) for parts in zip((0, 0), *self.back[line.line_no].values(), strict=True))
        main = lines.get(line.gift_of or 0) if not line.paid_minor else None
        whole = units >= line.quantity or minor >= line.paid_minor > 0 or (main is not None and self._back(main, lines))
        return whole and not self.open[line.line_no]


def _coupons(log: Log) -> Check:
    check = Check("coupons come back once all that they covered is refunded, the platform's alone, with their first expiry, no new user's")
    orders: dict[str, Used] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            orders[fact.order_id] = Used(fact)
        elif isinstance(fact, CouponRestored):
            _restored(check, entry, fact, orders.get(fact.order_id))
        elif isinstance(fact, LineReduced | CaseFact) and fact.order_id in orders:
            _takes(orders[fact.order_id], fact)
    for order_id, used in orders.items():
        for coupon in used.certificate.coupons:
            owed = coupon.funder == "platform" and not coupon.new_user and used.all_back(coupon.line_nos)
            check.that(
                not owed or used.restored[coupon.coupon_id] > 0, f"{order_id}: all is refunded, {coupon.coupon_id} did not come back"
            )
    return check


def _restored(check: Check, entry: Entry, fact: CouponRestored, used: Used | None) -> None:
    coupons = {one.coupon_id: one for one in used.certificate.coupons} if used is not None else {}
    coupon = coupons.get(fact.coupon_id)
    if used is None or coupon is None:
        check.that(False, f"{entry}: {fact.coupon_id} was not used for {fact.order_id}")
        return
    used.restored[fact.coupon_id] += 1
    times = used.restored[fact.coupon_id]
    fine = coupon.funder == "platform" and not coupon.new_user and coupon.expires_at == fact.expires_at and times == 1
    check.that(fine, f"{entry}: {fact.coupon_id} is {coupon}, told {times} times")
    check.that(
        used.all_back(coupon.line_nos), f"{entry}: {fact.coupon_id} covers lines {coupon.line_nos}, and not all of them are refunded"
    )


def _takes(used: Used, fact: Any) -> None:
    """A further grant of a case stands in the place of the one before it, and its end in that of both."""
    line = used.back[fact.line_no]
    if isinstance(fact, LineReduced):
        line[fact.refund_id] = (fact.quantity, fact.amount_minor)
    elif isinstance(fact, RefundGranted):
        line[fact.case_id] = (fact.quantity, fact.amount_minor)
    elif isinstance(fact, CaseOpened | CaseReopened):
        used.open[fact.line_no].add(fact.case_id)
    elif isinstance(fact, CaseClosed):
        used.open[fact.line_no].discard(fact.case_id)
        line[fact.case_id] = (fact.refunded_quantity, fact.refunded_minor)
