"""What broken shipping promises cost, computed again from what was sent until the deadline. Source: R2.4, R4.12, R3.5.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane, in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.chargeback import OrderDisputed, OrderUndisputed
from shared.contracts.hold import ShipmentHoldGranted
from shared.contracts.order import (
    LineFreed,
    LineHeld,
    OrderPaid,
    ParcelFailed,
    ParcelSent,
    Penalty,
    ReplacementNoted,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.owed import CompensationGranted
from shared.contracts.payment import CompensationDone, CompensationInstructed
from shared.contracts.types import Line

Span = tuple[datetime, datetime | None]


@dataclass(slots=True)
class Order:
    """By line: parcels (when sent, units), gone (when, units that will not be sent), returned (units), cases (from, until, with the
    chargebacks that took it whole), back (minor units), over (since when all of it has gone back). By chargeback: from when until
    when it was open. By seller: what it owes.
    """

    paid: OrderPaid
    lines: dict[int, Line]
    sent: defaultdict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    gone: defaultdict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    returned: Counter[int] = field(default_factory=Counter)
    cases: defaultdict[int, dict[str, Span]] = field(default_factory=lambda: defaultdict(dict))
    back: Counter[int] = field(default_factory=Counter)
    over: dict[int, datetime] = field(default_factory=dict)
    disputes: dict[str, Span] = field(default_factory=dict)
    parcels: dict[str, dict[int, int]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    sham: set[str] = field(default_factory=set)
    judged: set[tuple[str, object]] = field(default_factory=set)
    late: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)


def checks(log: Log) -> Iterator[Check]:
    check = Check("late and sham shipping: what is owed is what was paid for the units unsent, by the order's terms, once")
    kept = Check("late shipping: units kept back for a case are called late exactly if they should have left when the buyer applied")
    orders: dict[str, Order] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "order.v1" or fact is None:
            continue
        if isinstance(fact, OrderPaid):
            orders[fact.order_id] = Order(fact, {line.line_no: line for line in fact.lines})
        order = orders.get(fact.order_id)
        if order is not None:
            _fold(order, fact)
        if isinstance(fact, ShipmentHoldGranted) and order is not None:
            kept.same(f"{entry}: late units of line {fact.line_no}", not (fact.again or fact.standing) and _is_late(order, fact), fact.late)
        if isinstance(fact, ShippingLate | ShippingSham):
            if order is None:
                check.that(any(log.starts.values()), f"{entry}: order {fact.order_id} was not paid")
            else:
                _judge(check, entry, fact, order)
    yield check
    yield kept
    yield _instructed(log)


def _fold(order: Order, fact: Any) -> None:
    match fact:
        case ParcelSent():
            order.parcels[fact.parcel_id] = {one.line_no: one.quantity for one in fact.units}
            for one in fact.units:
                order.sent[one.line_no].append((fact.occurred_at, one.quantity))
        case ReplacementNoted() if fact.units_sent:
            order.parcels[fact.parcel_id] = {fact.line_no: fact.units_sent}
            order.sent[fact.line_no].append((fact.occurred_at, fact.units_sent))
        case ParcelFailed():
            order.failed.add(fact.parcel_id)
        case UnitsCancelled():
            for part in fact.lines:
                order.gone[part.line_no].append((fact.occurred_at, part.quantity))
                _back(order, part.line_no, part.amount_minor, fact.occurred_at)
        case OrderDisputed() | OrderUndisputed():
            _of_bank(order, fact)
        case LineHeld():
            order.cases[fact.line_no][fact.case_id] = (fact.occurred_at, None)
        case LineFreed():
            since = order.cases[fact.line_no].get(fact.case_id, (fact.occurred_at, None))[0]
            order.cases[fact.line_no][fact.case_id] = (since, fact.occurred_at)
            if fact.line_no in order.lines:
                gone = fact.refunded_quantity if fact.without_return else _not_sent(order, fact)
                order.gone[fact.line_no].append((fact.occurred_at, gone))
                order.returned[fact.line_no] += fact.refunded_quantity - gone
                _back(order, fact.line_no, fact.refunded_minor, fact.occurred_at)


def _of_bank(order: Order, fact: OrderDisputed | OrderUndisputed) -> None:
    if isinstance(fact, OrderDisputed):
        order.disputes[fact.chargeback_id] = (fact.occurred_at, None)
        return
    since = order.disputes.get(fact.chargeback_id, (fact.occurred_at, None))[0]
    order.disputes[fact.chargeback_id] = (since, fact.occurred_at)
    for line_no in fact.taken:
        order.cases[line_no][fact.chargeback_id] = (since, None)


def _back(order: Order, line_no: int, minor: int, at: datetime) -> None:
    """Where nothing was paid, all units."""
    order.back[line_no] += minor
    line, units = order.lines[line_no], order.returned[line_no] + sum(units for _, units in order.gone[line_no])
    if (order.back[line_no] >= line.paid_minor) if line.paid_minor else (units >= line.quantity):
        order.over.setdefault(line_no, at)


def _not_sent(order: Order, fact: LineFreed) -> int:
    """Of what was paid back for goods that came back the units beyond those that had left and not come back before, if there are any to be
    sent still; those of a parcel that failed are so again.
    """
    left = sum(units.get(fact.line_no, 0) for name, units in order.parcels.items() if name not in order.failed)
    waiting = order.lines[fact.line_no].quantity - left - sum(units for _, units in order.gone[fact.line_no])
    away = 0 if fact.without_return is None else left - order.returned[fact.line_no]  # None: told before it was said
    return max(0, min(waiting, fact.refunded_quantity - away))


def _unsent(order: Order, line_no: int, at: datetime) -> int:
    """At that moment; none under a case or a bank's dispute, nor of a line refunded in full or taken by a bank whole, and a parcel counts
    from its dispatch on, whatever became of it.
    """
    if line_no in order.over and order.over[line_no] < at:
        return 0
    spans = (*order.cases[line_no].values(), *order.disputes.values())
    if any(since < at and (until is None or at < until) for since, until in spans):
        return 0
    left = sum(units for when, units in (*order.sent[line_no], *order.gone[line_no]) if when < at)
    return max(0, order.lines[line_no].quantity - left)


def _awaited(order: Order, line: Line, at: datetime) -> int:
    """A gift for which nothing was paid is waited for as far as units of its line had left or were to; of one line refunded in full none.
    Source: R4.5.
    """
    unsent, main = _unsent(order, line.line_no, at), order.lines.get(line.gift_of or 0)
    if main is None or line.paid_minor:
        return unsent
    left = {no: sum(units for when, units in order.sent[no] if when < at) for no in (line.line_no, main.line_no)}
    undone = main.line_no in order.over and order.over[main.line_no] < at
    coming = 0 if undone else left[main.line_no] + _unsent(order, main.line_no, at)
    return min(unsent, max(0, ceil(Fraction(line.quantity * coming, main.quantity)) - left[line.line_no]))


def _is_late(order: Order, fact: ShipmentHoldGranted) -> bool:
    """By the deadline of its tag; only goods are sent."""
    line, terms = order.lines[fact.line_no], order.paid.terms
    hours = terms.ship_hours_24h if "ship_24h" in line.tags and terms.ship_hours_24h else terms.ship_hours
    deadline = order.paid.occurred_at + timedelta(hours=hours)
    return line.kind == "goods" and deadline <= fact.occurred_at and _unsent(order, fact.line_no, deadline) > 0


def _judge(check: Check, entry: Entry, fact: ShippingLate | ShippingSham, order: Order) -> None:
    terms, seller = order.paid.terms, fact.seller_id
    what: tuple[str, object]
    if isinstance(fact, ShippingLate):
        what, penalty = (seller, fact.hours), terms.late
        deadline = order.paid.occurred_at + timedelta(hours=fact.hours)
        check.that(fact.occurred_at == deadline, f"{entry}: judged at {fact.occurred_at}, the deadline was {deadline}")
        own = [line for line in order.lines.values() if line.seller_id == seller and line.kind == "goods"]
        units = {
            line.line_no: _awaited(order, line, deadline)
            for line in own
            if fact.hours == (terms.ship_hours_24h if "ship_24h" in line.tags and terms.ship_hours_24h else terms.ship_hours)
        }
    else:
        what, penalty = (seller, fact.parcel_id), terms.sham
        parcel = order.parcels.get(fact.parcel_id, {})
        units = {line_no: units for line_no, units in parcel.items() if line_no in order.lines and order.lines[line_no].seller_id == seller}
    check.that(what not in order.judged, f"{entry}: {what} of order {fact.order_id} is judged again")
    order.judged.add(what)
    base = _paid_for(order, units)
    whole = base + order.late[seller] if isinstance(fact, ShippingLate) else _paid_for(order, _pretended(order, fact))
    due = max(0, _due(penalty, whole) - order.owed[seller])
    expected = (sorted(line_no for line_no, quantity in units.items() if quantity), base, due)
    told = (sorted(fact.line_nos), fact.base_minor, fact.amount_minor)
    check.that(told == expected, f"{entry}: {seller} owes by lines, base and amount {expected}, told was {told}")
    if isinstance(fact, ShippingLate):
        order.late[seller] += base
    order.owed[seller] += due


def _pretended(order: Order, fact: ShippingSham) -> dict[int, int]:
    """Units by line in all parcels of the seller that were judged sham, each unit once."""
    order.sham.add(fact.parcel_id)
    units = Counter[int]()
    for parcel in order.sham:
        units.update({no: one for no, one in order.parcels.get(parcel, {}).items() if order.lines[no].seller_id == fact.seller_id})
    return {line_no: min(count, order.lines[line_no].quantity) for line_no, count in units.items()}


def _paid_for(order: Order, units: Mapping[int, int]) -> int:
    """So many of the last units of each line, by the cumulative slices. Source: R1.4."""
    found = 0
    for line_no, quantity in units.items():
        line = order.lines[line_no]
        found += line.paid_minor - floor(Fraction(line.paid_minor * (line.quantity - quantity), line.quantity))
    return found


def _due(penalty: Penalty | None, base: int) -> int:
    if penalty is None or not base:
        return 0
    return min(penalty.max_minor, max(penalty.min_minor, floor(Fraction(base * penalty.bp, 10_000))))


def _instructed(log: Log) -> Check:
    check = Check("every compensation is what its broken promise came to, from the seller to the buyer")
    owed: dict[tuple[str, str], tuple[int, str, str, str]] = {}
    promises: list[tuple[Entry, ShippingLate | ShippingSham]] = [*log.of(ShippingLate), *log.of(ShippingSham)]
    for _, fact in promises:
        owed[(fact.order_id, fact.compensation_id)] = (fact.amount_minor, fact.currency, fact.seller_id, fact.buyer_id)
    for _, granted in log.of(CompensationGranted):
        owed[(granted.order_id, granted.compensation_id)] = (granted.amount_minor, granted.currency, granted.payer, granted.payee)
    for entry, told in log.of(CompensationInstructed):
        expected = owed.get((told.order_id, told.compensation_id))
        found = (told.amount_minor, told.currency, told.payer, told.payee)
        check.that(found == expected, f"{entry}: {told.compensation_id} is {found}, owed is {expected}")
    payers = {(told.order_id, told.compensation_id): told.payer for _, told in log.of(CompensationInstructed)}
    for entry, done in log.of(CompensationDone):
        payer = payers.get((done.order_id, done.compensation_id))
        check.that(done.payer == payer or (payer is None and any(log.starts.values())), f"{entry}: {payer} pays it, told was {done.payer}")
    return check
