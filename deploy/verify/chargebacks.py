"""Chargebacks: taken and ended as the bank told of them, frozen meanwhile, and debited to the last fen. Source: R3.8."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.chargeback import (
    ChargebackContested,
    ChargebackDebited,
    ChargebackEnded,
    ChargebackOverdue,
    ChargebackReceived,
    OrderUndisputed,
    RefundHeld,
)
from shared.contracts.order import UnitsCancelled
from shared.contracts.payment import EscrowFunded, RefundDone, RefundNotPaid, RefundRefused, RefundReserved, UnwantedReceived
from shared.contracts.psp import ChargebackClosed, ChargebackOpened
from shared.contracts.types import Moves


@dataclass(slots=True)
class Unwanted:
    """A payment that goes back at once. left: what could not. lies: of it, by chargeback; 0 once that has ended."""

    refund_id: str
    amount_minor: int
    left: int = 0
    taken: int = 0
    lies: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """left: by line, what was paid and neither refunded, being refunded, nor charged back. frozen: by open chargeback, then by line.

    free: lines that cost nothing. ended: chargebacks that are not debited. asked: refunds that the provider has not answered, with their
    lines; held: those that are not submitted. unwanted: payments.
    """

    payment_id: str = ""
    left: Counter[int] = field(default_factory=Counter)
    refunds: dict[str, tuple[int, int]] = field(default_factory=dict)
    frozen: dict[str, Counter[int]] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)
    ended: dict[str, tuple[Entry, ChargebackEnded]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    unwanted: dict[str, Unwanted] = field(default_factory=dict)

    def of(self, chargeback_id: str) -> Unwanted | None:
        return next((one for one in self.unwanted.values() if chargeback_id in one.lies), None)

    @property
    def unclaimed(self) -> int:
        claimed = sum(self.frozen.values(), Counter[int]())
        return sum(max(0, amount - claimed[line_no]) for line_no, amount in self.left.items())


def checks(log: Log, moves: list[tuple[Entry, Moves]]) -> Iterator[Check]:
    yield _told(log)
    yield _silent(log)
    yield _frozen(log)
    yield _debited(log, moves)


def _told(log: Log) -> Check:
    """By the causation id; what was refused or waits has no such fact, and `nothing vanished` looks after it."""
    check = Check("every chargeback was taken and ended as the bank told of it, once")
    opened, closed = log.bodies(ChargebackOpened, "payment"), log.bodies(ChargebackClosed, "payment")
    seen: Counter[tuple[str, str, str]] = Counter()
    disputed: dict[tuple[str, str], ChargebackReceived] = {}
    debited = {(entry.header("ce_causationid"), fact.chargeback_id): fact.parts for entry, fact in log.of(ChargebackDebited)}
    funded = {(fact.order_id, fact.payment_id) for _, fact in log.of(EscrowFunded)}
    for entry, fact in log.of(ChargebackReceived):
        event = cause(opened, entry, chargeback_id=fact.chargeback_id, payment_id=fact.payment_id, amount_minor=fact.amount_minor)
        said = (event.chargeback_id, event.payment_id, event.amount_minor, event.currency) if event is not None else None
        took = (fact.chargeback_id, fact.payment_id, fact.amount_minor, fact.currency)
        check.that(said == took, f"{entry}: the bank told of {said}, {took} was taken")
        of_order = (fact.order_id, fact.payment_id) in funded
        check.that(fact.of_order in (None, of_order), f"{entry}: of what paid the order is {of_order}, told was {fact.of_order}")
        disputed[(fact.order_id, fact.chargeback_id)] = fact
        seen[(entry.type, fact.order_id, fact.chargeback_id)] += 1
    for entry, ended in log.of(ChargebackEnded):
        opening = disputed.get((ended.order_id, ended.chargeback_id))
        amount = opening.amount_minor if opening is not None else None
        whole = None if ended.outcome == "won" or ended.taken_minor == amount else ended.taken_minor
        end = cause(closed, entry, chargeback_id=ended.chargeback_id, outcome=ended.outcome, amount_minor=whole)
        taken = 0 if end is None or end.outcome == "won" else end.amount_minor or amount
        expected = (end.outcome, taken, amount) if end is not None and end.chargeback_id == ended.chargeback_id else None
        check.that(expected == (ended.outcome, ended.taken_minor, ended.disputed_minor), f"{entry}: expected {expected}")
        alike = opening is None or ended.currency == opening.currency
        check.that(alike, f"{entry}: its end is told in {ended.currency}")
        lies = opening.lines if opening is not None and ended.outcome == "won" else ()
        lies = debited.get((entry.header("ce_causationid"), ended.chargeback_id), lies)
        right = [(opening.payment_id if opening is not None else ""), *((one.line_no, one.amount_minor) for one in lies)]
        of = [ended.payment_id, *((one.line_no, one.amount_minor) for one in ended.lines)]
        of_order = (ended.order_id, ended.payment_id) in funded
        check.that(ended.of_order in (None, of_order), f"{entry}: of what paid the order is {of_order}, told was {ended.of_order}")
        check.that(of == right, f"{entry}: payment and lines are {right}, told was {of}")
        seen[(entry.type, ended.order_id, ended.chargeback_id)] += 1
    _contested(check, log, disputed)
    _noted(check, log)
    for (kind, order_id, chargeback_id), times in seen.items():
        check.that(times == 1, f"chargeback {chargeback_id} of {order_id}: {times} times {kind}")
    return check


def _noted(check: Check, log: Log) -> None:
    """By the order, of which lines it has nothing to await any more."""
    ends = {entry.id: fact for entry, fact in log.of(ChargebackEnded)}
    for entry, fact in log.of(OrderUndisputed):
        ended = ends.get(entry.header("ce_causationid"))
        right = (ended.order_id, ended.chargeback_id, ended.nothing_left or ()) if ended is not None else None
        told = (fact.order_id, fact.chargeback_id, fact.taken)
        check.that(told == right or (ended is None and any(log.starts.values())), f"{entry}: {right} has ended, told was {told}")


def _contested(check: Check, log: Log, disputed: Mapping[tuple[str, str], ChargebackReceived]) -> None:
    """What it lies on, beside what is contested, is all that is left of the payment; the rest of it went back."""
    paid = {(fact.order_id, fact.payment_id): sum(line.paid_minor for line in fact.lines) for _, fact in log.of(EscrowFunded)}
    paid |= {(fact.order_id, fact.payment_id): fact.amount_minor for _, fact in log.of(UnwantedReceived)}
    for entry, fact in log.of(ChargebackContested):
        opening = disputed.get((fact.order_id, fact.chargeback_id))
        if opening is None:
            check.that(any(log.starts.values()), f"{entry}: nothing tells of {fact.chargeback_id}")
            continue
        whole = paid.get((fact.order_id, opening.payment_id), 0)
        right = (opening.payment_id, opening.currency, whole, whole - (opening.amount_minor - fact.amount_minor))
        told = (fact.payment_id, fact.currency, fact.paid_minor, fact.returned_minor)
        check.that(told == right, f"{entry}: payment, currency, what it paid and what went back are {right}, told was {told}")


def _silent(log: Log) -> Check:
    """An end that came before the deadline fired is no silence, whenever the bank says that it decided: it is in the lane before."""
    check = Check("a bank that did not say the end of a chargeback in time is announced at that time, once")
    due = {(fact.order_id, fact.chargeback_id): fact.answer_by for _, fact in log.of(ChargebackReceived)}
    seen: Counter[tuple[str, str]] = Counter()
    ended: set[tuple[str, str]] = set()
    for entry in log.facts():
        fact = entry.event
        if isinstance(fact, ChargebackEnded):
            ended.add((fact.order_id, fact.chargeback_id))
        elif isinstance(fact, ChargebackOverdue):
            place = (fact.order_id, fact.chargeback_id)
            seen[place] += 1
            check.that(due.get(place) == fact.occurred_at, f"{entry}: its time is over at {due.get(place)}, not at {fact.occurred_at}")
            check.that(seen[place] == 1 and place not in ended, f"{entry}: {fact.chargeback_id} is announced again, or has ended")
    return check


def _frozen(log: Log) -> Check:
    """Facts of one order lie in one lane, in order."""
    check = Check(
        "while a chargeback is open no refund is submitted; what refunds left too little for is contested, what it took last is told"
    )
    cancelled = {(fact.order_id, one.refund_id) for _, fact in log.of(UnitsCancelled) for one in fact.lines}
    orders: dict[str, Order] = defaultdict(Order)
    contested = {(fact.order_id, fact.chargeback_id): fact.amount_minor for _, fact in log.of(ChargebackContested)}
    for entry in log.facts():
        event: Any = entry.event
        if entry.topic == "payment.v1" and event is not None:
            order = orders[event.order_id]
            _step(check, entry, order, event, contested)
            _step_unwanted(check, entry, order, event, contested)
            if isinstance(event, RefundHeld):
                right = (event.order_id, event.refund_id) in cancelled
                known = event.cancelled == right or "cancelled" not in event.model_fields_set
                check.that(
                    known or any(log.starts.values()), f"{entry}: that its units were cancelled is {right}, told was {event.cancelled}"
                )
                waits = (event.order_id, event.refund_id) in cancelled and event.line_no in order.asked.values()
                check.that(bool(order.frozen) or waits, f"{entry}: refund {event.refund_id} is held for nothing")
    for order_id, order in orders.items():
        free = [name for name, line_no in order.held.items() if line_no not in order.asked.values() or (order_id, name) not in cancelled]
        check.that(bool(order.frozen) or not free, f"order {order_id}: {sorted(free)} are held and nothing is disputed or under way")
    return check


def _step(check: Check, entry: Entry, order: Order, event: Any, contested: dict[tuple[str, str], int]) -> None:
    match event:
        case EscrowFunded():
            order.payment_id = event.payment_id
            order.left = Counter({line.line_no: line.paid_minor for line in event.lines})
            order.free = {line.line_no for line in event.lines if not line.paid_minor}
        case RefundReserved():
            check.that(not order.frozen, f"{entry}: refund {event.refund_id} is submitted while a chargeback is open")
            order.refunds[event.refund_id] = (event.line_no, event.buyer_minor)
            order.left[event.line_no] -= event.buyer_minor
            order.asked[event.refund_id] = event.line_no
            order.held.pop(event.refund_id, None)
        case RefundRefused():
            order.held.pop(event.refund_id, None)
        case RefundHeld():
            order.held[event.refund_id] = event.line_no
        case RefundDone():
            order.asked.pop(event.refund_id, None)
        case RefundNotPaid() if event.refund_id in order.refunds:
            line_no, amount = order.refunds[event.refund_id]
            order.asked.pop(event.refund_id, None)
            order.left[line_no] += amount
        case ChargebackReceived() if event.payment_id == order.payment_id:
            lies = Counter({line.line_no: line.amount_minor for line in event.lines})
            within = min(event.amount_minor, order.unclaimed)
            said = (lies.total(), contested.get((event.order_id, event.chargeback_id), 0))
            check.that(said == (within, event.amount_minor - within), f"{entry}: lies on {said[0]} and contests {said[1]}, not {within}")
            order.frozen[event.chargeback_id] = lies
        case ChargebackEnded():
            order.frozen.pop(event.chargeback_id, None)
            if event.outcome == "lost" and event.payment_id == order.payment_id:
                order.ended[event.chargeback_id] = entry, event
            else:
                check.that(event.nothing_left is None, f"{entry}: it took nothing of the order's lines, told was {event.nothing_left}")
        case ChargebackDebited():
            whole = min(order.left.total(), event.amount_minor + event.excess_minor)
            fine = not order.payment_id or order.of(event.chargeback_id) is not None or event.amount_minor == whole
            check.that(fine, f"{entry}: {whole} of it is left, debited is {event.amount_minor}")
            for part in event.parts:
                order.left[part.line_no] -= part.amount_minor
                check.that(order.left[part.line_no] >= 0, f"{entry}: line {part.line_no} is charged back beyond what was left of it")
            _emptied(check, order, event)


def _emptied(check: Check, order: Order, debited: ChargebackDebited) -> None:
    """Of which lines it took the last by its end; what it takes of a refund that fails later is told no more."""
    if debited.chargeback_id not in order.ended:
        return
    entry, ended = order.ended.pop(debited.chargeback_id)
    took = {part.line_no for part in debited.parts}
    if not +order.left:
        took |= order.free
    right = tuple(line_no for line_no in sorted(took) if not order.left[line_no])
    told = ended.nothing_left if ended.nothing_left is not None else right
    check.that(told == right, f"{entry}: nothing is left of lines {right}, told was {told}")


def _step_unwanted(check: Check, entry: Entry, order: Order, event: Any, contested: Mapping[tuple[str, str], int]) -> None:
    """It has one refund, which no case asked for; of what that could not pay back a bank takes what others leave."""
    match event:
        case UnwantedReceived():
            order.unwanted[event.payment_id] = Unwanted(event.refund_id, event.amount_minor)
        case RefundNotPaid() | RefundDone():
            for one in order.unwanted.values():
                if one.refund_id == event.refund_id:
                    one.left = one.amount_minor - one.taken if isinstance(event, RefundNotPaid) else 0
        case ChargebackReceived() if event.payment_id in order.unwanted:
            unwanted = order.unwanted[event.payment_id]
            within = min(event.amount_minor, max(0, unwanted.left - sum(unwanted.lies.values())))
            said = contested.get((event.order_id, event.chargeback_id), 0)
            fine = not event.lines and said == event.amount_minor - within
            check.that(fine, f"{entry}: of what was unwanted {within} is left, contested is {said}")
            unwanted.lies[event.chargeback_id] = within
        case ChargebackEnded() if (ended := order.of(event.chargeback_id)) is not None:
            ended.lies[event.chargeback_id] = 0
        case ChargebackDebited() if (debited := order.of(event.chargeback_id)) is not None:
            within = min(debited.left, event.amount_minor + event.excess_minor)
            check.that(event.amount_minor == within, f"{entry}: of what was unwanted {within} is left, debited is {event.amount_minor}")
            debited.left, debited.taken = debited.left - event.amount_minor, debited.taken + event.amount_minor


def _debited(log: Log, moves: list[tuple[Entry, Moves]]) -> Check:
    """psp:contested is what all of them took beyond what was left, and still is."""
    check = Check("what a lost chargeback took was debited, or is asked back; a won one took nothing")
    ended = {(fact.order_id, fact.chargeback_id): fact for _, fact in log.of(ChargebackEnded)}
    excess = Counter({place: fact.taken_minor for place, fact in ended.items()})
    debited = set()
    for entry, fact in log.of(ChargebackDebited):
        place = (fact.order_id, fact.chargeback_id)
        debited.add(place)
        left = excess[place] - fact.amount_minor
        check.that(
            left == fact.excess_minor >= 0, f"{entry}: {excess[place]} was taken, {fact.amount_minor} and {fact.excess_minor} booked"
        )
        excess[place] = left
        parts = sum(part.amount_minor for part in fact.parts)
        check.that(parts in (0, fact.amount_minor), f"{entry}: its lines make {parts}, not {fact.amount_minor}")
    currencies: Counter[str] = Counter()
    for place, end in ended.items():
        known = (end.outcome == "lost") == (end.taken_minor > 0) == (place in debited)
        check.that(known, f"chargeback {place[1]} of {place[0]}: {end.outcome}, {end.taken_minor} taken, debited: {place in debited}")
        currencies[end.currency] -= excess[place]
    posted: Counter[str] = Counter()
    for _, one in moves:
        posted[one.currency] += sum(posting.amount_minor for posting in one.postings if posting.account == "psp:contested")
    for currency in posted.keys() | currencies.keys():
        check.that(posted[currency] == currencies[currency], f"psp:contested in {currency}: {posted[currency]}, not {currencies[currency]}")
    return check
