"""What a seller has back that won on appeal, computed again: what the case cost it, and freight. Source: R4.11, R3.3-R3.6, R3.10, R4.6.

Written from the rules' text and shares no code with the services. The facts of an order lie in one lane, in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited, RefundHeld
from shared.contracts.dispute import CaseAppealEnded
from shared.contracts.handling import HandlingNoted, MoneyHandled
from shared.contracts.order import LineFreed, OrderAccepted, ParcelFailed, ParcelSent, ReplacementNoted, UnitsCancelled
from shared.contracts.owed import ReimbursementGranted, ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import (
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    EscrowFunded,
    RefundDecided,
    RefundDone,
    RefundNotPaid,
    RefundRefused,
    RefundReserved,
)
from shared.contracts.refund import LineReduced
from shared.contracts.types import Line

ASKED = (RefundHeld, RefundReserved, CompensationInstructed)
ANSWERED = (RefundRefused, RefundDone, RefundNotPaid, CompensationDone, CompensationNotPaid)
FLOORS = 2  # minor units: commission and fee are floored, and by how much depends on what else went back when it was reckoned


@dataclass(slots=True)
class Order:
    """reserved, done: refunds by id. banks: by line, what they took out of escrow. compensations: those that were paid. instead: what a
    person settled in the place of a refund. open: refunds and compensations that the provider has not answered, or is not asked for yet.
    refused: what it did not pay, and waits for a person. outstanding: of that, what a seller has back once it is settled, by refund or
    compensation; made_good: what it has back.
    """

    lines: dict[int, Line] = field(default_factory=dict)
    reserved: dict[str, RefundReserved] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    banks: Counter[int] = field(default_factory=Counter)
    compensations: dict[str, int] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    instead: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    outstanding: dict[str, ReimbursementOutstanding] = field(default_factory=dict)
    made_good: set[str] = field(default_factory=set)

    def cost(self, granted: ReimbursementGranted) -> tuple[int, int]:
        """Of its refund and of its compensations; what was not paid cost nothing."""
        return self.refund(self.settled_as(granted.refund_id)), sum(self.compensations.get(name, 0) for name in granted.compensation_ids)

    def item(self, name: str) -> tuple[int, int]:
        """The same of one refund or compensation that was outstanding."""
        return self.refund(self.settled_as(name)), self.compensations.get(name, 0)

    def settled_as(self, refund_id: str | None) -> str:
        return self.instead.get(refund_id or "", refund_id or "")

    def refund(self, refund_id: str) -> int:
        refund = self.reserved.get(refund_id) if refund_id in self.done else None
        return self._of(refund) if refund is not None and refund.funder == "seller" else 0

    def _of(self, refund: RefundReserved) -> int:
        """What the seller was charged; of escrow, what its settlement comes to less by."""
        gone = _from_buyer(refund) + refund.platform_minor + refund.promoter_minor
        if refund.fronted:
            return gone - (refund.commission_minor + refund.fee_minor if refund.clawback else 0)
        line = self.lines[refund.line_no]
        others = [self.reserved[name] for name in self.done]
        drawn = [one for one in others if (one.line_no, one.funder, one.fronted) == (refund.line_no, "seller", False)]
        left = line.paid_minor - self.banks[refund.line_no] - sum(_from_buyer(one) for one in drawn)
        return max(0, gone - _points(line, left + _from_buyer(refund)) + _points(line, left))


def checks(log: Log) -> Iterator[Check]:
    yield _paid(log)
    yield _later(log)
    yield _at_fault(log)
    yield _freight(log)


def _paid(log: Log) -> Check:
    check = Check("a seller that won on appeal has what the case cost it, once")
    orders: defaultdict[str, Order] = defaultdict(Order)
    granted = log.bodies(ReimbursementGranted, "payment")
    for entry in log.facts():
        if entry.event is not None and entry.topic == "payment.v1":
            _step(check, entry, orders, cause(granted, entry))
    if not any(log.starts.values()):
        for _, one in log.of(ReimbursementGranted):
            order = orders[one.order_id]
            waits = not order.open.isdisjoint((order.settled_as(one.refund_id), *one.compensation_ids))
            missing = sum(order.cost(one)) if not (waits or _told(order, one)) else 0
            check.that(missing <= FLOORS, f"{one.reimbursement_id} of {one.order_id}: the case cost {missing}, nothing is told")
    return check


def _told(order: Order, granted: ReimbursementGranted) -> bool:
    """An older release told nothing of freight that a person had settled by hand before; what is outstanding is looked at by itself."""
    outstanding = any(one.reimbursement_id == granted.reimbursement_id for one in order.outstanding.values())
    return bool(order.told[granted.reimbursement_id]) or outstanding or (granted.refund_id or "") in order.instead


def _later(log: Log) -> Check:
    """What an older release did not say to be outstanding is not asked for."""
    check = Check("what the provider refused of a case that fell is outstanding, and the seller has it back once a person settled it, once")
    orders: defaultdict[str, Order] = defaultdict(Order)
    granted, words = log.bodies(ReimbursementGranted, "payment"), log.bodies(MoneyHandled, "payment")
    for entry in log.facts():
        fact: Any = entry.event
        if entry.event is None or entry.topic != "payment.v1":
            continue
        order = orders[fact.order_id]
        if isinstance(fact, ReimbursementOutstanding):
            asked = cause(granted, entry)
            named = {asked.refund_id, *asked.compensation_ids} & order.refused if asked is not None else set()
            told = {*fact.compensation_ids, *((fact.refund_id,) if fact.refund_id is not None else ())}
            again = any(one.reimbursement_id == fact.reimbursement_id for one in order.outstanding.values())
            check.that(told == named and not again, f"{entry}: {sorted(map(str, named))} waits for a person, told was {sorted(told)}")
            order.outstanding |= dict.fromkeys(told, fact)
        elif isinstance(fact, SellerReimbursed) and fact.granted_as is not None:
            said = cause(words, entry)
            _made_good(check, entry, fact, order, said.item_id if said is not None else "")
        else:
            _follow(order, fact)
    if not any(log.starts.values()):
        for order_id, order in orders.items():
            missing = {name: sum(order.item(name)) for name in order.outstanding if name not in order.made_good}
            check.that(
                all(minor <= FLOORS for minor in missing.values()), f"{order_id}: {missing} was settled, the seller has none of it back"
            )
    return check


def _made_good(check: Check, entry: Entry, fact: SellerReimbursed, order: Order, name: str) -> None:
    due = order.outstanding.get(name) if name not in order.made_good else None
    order.made_good.add(name)
    whose = (due.reimbursement_id, due.case_id, due.line_no, due.seller_id, *order.item(name)) if due is not None else None
    said = fact.granted_as, fact.case_id, fact.line_no, fact.seller_id, fact.refund_minor, fact.compensations_minor
    check.that(said == whose, f"{entry}: {whose} is outstanding and was settled, told was {said}")


@dataclass(slots=True)
class Sold:
    """sent: units by line, less those whose parcel failed. back: units and money by line. faults: by line, the cases that gave some of it
    back, each with whether the seller was at fault.
    """

    lines: dict[int, Line]
    sent: Counter[int] = field(default_factory=Counter)
    units: Counter[int] = field(default_factory=Counter)
    minor: Counter[int] = field(default_factory=Counter)
    faults: defaultdict[int, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))

    def gone(self, line_no: int, units: int, minor: int) -> None:
        self.units[line_no] += units
        self.minor[line_no] += minor

    def at_fault(self, freight: int) -> tuple[str, ...] | None:
        """The cases whose fault brings freight back that would have stayed: of lines that went back whole. A gift that did not is none."""
        own = [number for number, line in self.lines.items() if line.seller_id == self.lines[freight].seller_id]
        if not any(self.sent[number] > 0 for number in own):
            return None
        whole = [number for number in own if number != freight and self._whole(self.lines[number])]
        return tuple(sorted(case for number in whole for case, its in self.faults[number].items() if its))

    def _whole(self, line: Line) -> bool:
        return self.minor[line.line_no] >= line.paid_minor if line.paid_minor else self.units[line.line_no] >= line.quantity


def _at_fault(log: Log) -> Check:
    """Told of freight alone that goes back by itself, with when the buyer applied; an older release told none."""
    check = Check("freight that goes back for a seller's fault says for which cases'")
    orders: dict[str, Sold] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, OrderAccepted):
            orders[fact.order_id] = Sold({line.line_no: line for line in fact.lines})
        elif (sold := orders.get(getattr(fact, "order_id", ""))) is not None:
            if isinstance(fact, UnitsCancelled):
                blamed = fact.applied_at is not None
                for part in fact.lines:
                    expected = sold.at_fault(part.line_no) if blamed else None
                    check.that(fact.at_fault in (None, expected), f"{entry}: it is for the fault of {expected}, told was {fact.at_fault}")
                    sold.gone(part.line_no, part.quantity, part.amount_minor)
            else:
                _sold(sold, fact)
    return check


def _sold(sold: Sold, fact: Any) -> None:
    match fact:
        case ParcelSent() | ParcelFailed():
            for units in fact.units:
                sold.sent[units.line_no] += units.quantity if isinstance(fact, ParcelSent) else -units.quantity
        case ReplacementNoted():
            sold.sent[fact.line_no] += fact.units_sent
        case LineFreed():
            sold.gone(fact.line_no, fact.refunded_quantity, fact.refunded_minor)
            if fact.refunded_quantity or fact.refunded_minor:
                sold.faults[fact.line_no][fact.case_id] = fact.seller_at_fault


def _freight(log: Log) -> Check:
    """Each fact of a decision stands in its lane before the next decision: what is due is told by the end of it."""
    check = Check("freight that went back for faults that all fell is granted to its seller, once, and no other")
    fallen: set[tuple[str, str]] = set()
    faults: dict[tuple[str, str], LineReduced] = {}
    granted: Counter[tuple[str, str]] = Counter()
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CaseAppealEnded) and fact.won and fact.side == "seller":
            fallen.add((fact.order_id, fact.case_id))
        elif isinstance(fact, LineReduced):
            faults[(fact.order_id, fact.refund_id)] = fact
        elif isinstance(fact, ReimbursementGranted) and (cut := faults.get((fact.order_id, fact.refund_id or ""))) is not None:
            granted[(fact.order_id, cut.refund_id)] += 1
            due = fact.case_id in (cut.at_fault or ()) and _all(cut, fallen)
            check.that(due, f"{entry}: freight went back for {cut.at_fault}, told was {fact.case_id}, and not all of them fell")
    for place, cut in faults.items():
        check.same(f"freight {place}", int(_all(cut, fallen)), granted[place])
    return check


def _all(cut: LineReduced, fallen: set[tuple[str, str]]) -> bool:
    return bool(cut.at_fault) and all((cut.order_id, case_id) in fallen for case_id in cut.at_fault or ())


def _step(check: Check, entry: Entry, orders: defaultdict[str, Order], granted: ReimbursementGranted | None) -> None:
    fact: Any = entry.event
    order = orders[fact.order_id]
    match fact:
        case ReimbursementOutstanding():
            order.outstanding |= dict.fromkeys((fact.refund_id or "", *fact.compensation_ids), fact)
        case SellerReimbursed():
            order.told[fact.reimbursement_id] += 1
            if fact.granted_as is None or order.told[fact.reimbursement_id] > 1:
                expected = (order.cost(granted), 1) if granted is not None else None
                said = (fact.refund_minor, fact.compensations_minor), order.told[fact.reimbursement_id]
                check.that(said == expected, f"{entry}: {expected} (refund and compensations, times) is the seller's, told was {said}")
        case _:
            _follow(order, fact)


def _follow(order: Order, fact: Any) -> None:
    if isinstance(fact, ASKED):
        order.open |= _named(fact)
    elif isinstance(fact, ANSWERED):
        order.open -= _named(fact)
    match fact:
        case EscrowFunded():
            order.lines = {line.line_no: line for line in fact.lines}
        case RefundReserved():
            order.reserved[fact.refund_id] = fact
            if fact.again_of is not None:
                order.instead[fact.again_of] = fact.refund_id
        case RefundNotPaid():
            order.refused.add(fact.refund_id)
        case CompensationNotPaid():
            order.refused.add(fact.compensation_id)
        case HandlingNoted():
            order.refused.discard(fact.item_id)
        case RefundDecided():
            order.refused.discard(fact.refund_id)
        case RefundDone() if fact.refund_id in order.reserved:
            order.done.add(fact.refund_id)
        case ChargebackDebited():
            for part in fact.parts:
                order.banks[part.line_no] += 0 if part.fronted else part.amount_minor
        case CompensationDone():
            order.compensations[fact.compensation_id] = fact.amount_minor


def _named(fact: Any) -> set[str]:
    return {getattr(fact, "refund_id", None) or fact.compensation_id}


def _from_buyer(refund: RefundReserved) -> int:
    """Of what the buyer paid; a part may be the guarantee fund's again."""
    return refund.buyer_minor + refund.fund_minor


def _points(line: Line, minor: int) -> int:
    """Commission and fee of so much."""
    commission = line.commission_bp if line.promoter_id is not None else 0
    return sum(floor(Fraction(minor * points, 10_000)) for points in (commission, line.fee_bp))
