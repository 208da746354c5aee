"""An order: what was agreed, and where each of its lines stands. The order's state is derived from its lines'. Source: R2.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from shared.contracts.order import (
    ConfirmationDue,
    LineFreed,
    LineHeld,
    OrderAccepted,
    OrderCompleted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    OrderSettled,
    OrderTerms,
    ParcelDelivered,
    ParcelSent,
    PaymentUnwanted,
    PaymentWindowOver,
)
from shared.contracts.suspension import OrderClosed, OrderUnderSuspension
from shared.contracts.types import Line, LineParties
from shared.messaging.shape import Kind

OrderFact = (
    OrderAccepted
    | OrderRejected
    | OrderPaid
    | OrderExpired
    | PaymentUnwanted
    | ParcelSent
    | ParcelDelivered
    | OrderCompleted
    | LineHeld
    | LineFreed
    | OrderSettled
    | OrderClosed
    | OrderUnderSuspension
)
Status = Literal["accepted", "rejected", "paid", "expired", "closed"]
LineState = Literal["paid", "shipped", "delivered", "completed", "settled", "closed"]
State = Status | LineState
Stage = Literal[1, 2, 3]
STEPS: tuple[LineState, ...] = ("paid", "shipped", "delivered", "completed", "settled")


@dataclass(frozen=True, slots=True)
class Parcel:
    """units by line number. signed_at None: under way."""

    units: dict[int, int]
    sent_at: datetime
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a paid order.

    sent: units that left. sent_at: when the last unit did (R2.5's clock), None before. signed_at: when all its parcels were.
    forgone: units refunded before they were sent; they are waited for no more, and forgone_at is when.
    cases: open after-sale cases, each with its beginning. ended: closed ones. freed_at: when the latest of them ended.
    """

    line: Line
    sent: int = 0
    sent_at: datetime | None = None
    signed_at: datetime | None = None
    forgone: int = 0
    forgone_at: datetime | None = None
    refunded: int = 0
    refunded_minor: int = 0
    cases: dict[str, datetime] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    freed_at: datetime | None = None
    completed: bool = False
    settled: bool = False

    @property
    def state(self) -> LineState:
        if self.settled:
            return "settled"
        if self.refunded_in_full:
            return "closed"
        if self.completed:
            return "completed"
        if self.signed_at is not None:
            return "delivered"
        return "shipped" if self.sent_at is not None else "paid"

    @property
    def refunded_in_full(self) -> bool:
        """Nothing of what was paid is left; where nothing was paid, no unit is. Source: R1.4."""
        return self.refunded_minor >= self.line.paid_minor and (self.line.paid_minor > 0 or self.refunded >= self.line.quantity)

    @property
    def unsent(self) -> int:
        return self.line.quantity - self.sent - self.forgone

    @property
    def parties(self) -> LineParties:
        return LineParties(line_no=self.line.line_no, seller_id=self.line.seller_id, promoter_id=self.line.promoter_id)


@dataclass(frozen=True, slots=True)
class Order:
    """status: how far it got as a whole; its lines say the rest. payments: every payment_id known.

    terms and pay_by None: it was rejected. suspended: its parties that were found suspended after it was paid.
    """

    id: str
    buyer_id: str
    status: Status
    currency: str = ""
    due_minor: int = 0
    pay_by: datetime | None = None
    terms: OrderTerms | None = None
    paid_at: datetime | None = None
    payments: tuple[str, ...] = ()
    lines: dict[int, OrderLine] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    suspended: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """It was never paid and never will be."""
        return self.status in ("rejected", "expired", "closed")

    @property
    def state(self) -> State:
        """Once paid: that of the line which is furthest behind, those refunded in full left aside; closed if all are. Source: R2.1."""
        if self.status != "paid":
            return self.status
        states = {line.state for line in self.lines.values()}
        return next((step for step in STEPS if step in states), "closed")


def evolve(order: Order | None, fact: OrderFact) -> Order:
    if isinstance(fact, OrderAccepted):
        lines = {line.line_no: OrderLine(line) for line in fact.lines}
        return Order(fact.order_id, fact.buyer_id, "accepted", fact.currency, fact.due_minor, fact.pay_by, fact.terms, lines=lines)
    if isinstance(fact, OrderRejected):
        return Order(fact.order_id, fact.buyer_id, "rejected")
    if order is None:
        raise ValueError(f"{fact.type} before order {fact.order_id} was placed")
    match fact:
        case OrderPaid():
            return replace(order, status="paid", paid_at=fact.occurred_at, payments=(*order.payments, fact.payment_id))
        case PaymentUnwanted():
            return replace(order, payments=(*order.payments, fact.payment_id))
        case OrderExpired():
            return replace(order, status="expired")
        case OrderClosed():
            return replace(order, status="closed")
        case OrderUnderSuspension():
            return replace(order, suspended=(*order.suspended, fact.subject_id))
        case ParcelSent():
            parcel = Parcel({unit.line_no: unit.quantity for unit in fact.units}, fact.occurred_at)
            return _with_parcel(order, fact.parcel_id, parcel)
        case ParcelDelivered():
            return _with_parcel(order, fact.parcel_id, replace(order.parcels[fact.parcel_id], signed_at=fact.occurred_at))
        case OrderCompleted():
            return _with_lines(order, *(replace(order.lines[one.line_no], completed=True) for one in fact.lines))
        case LineHeld():
            line = order.lines[fact.line_no]
            return _with_lines(order, replace(line, cases={**line.cases, fact.case_id: fact.occurred_at}))
        case LineFreed():
            return _with_lines(order, _freed(order.lines[fact.line_no], fact, order.parcels))
        case OrderSettled():
            return _with_lines(order, replace(order.lines[fact.line_no], settled=True))
        case _:
            assert_never(fact)


def due(order: Order) -> Iterable[PaymentWindowOver | ConfirmationDue]:
    """Unpaid orders expire; lines under way are confirmed, unless a case holds them. Source: R2.2, R2.5."""
    if order.status == "accepted" and order.pay_by is not None:
        yield PaymentWindowOver(order_id=order.id, occurred_at=order.pay_by)
    if order.status == "paid" and order.terms is not None:
        for line_no, line in order.lines.items():
            look = confirmation(line, order.terms)
            if look is not None and not held(line, look[1]):
                yield ConfirmationDue(order_id=order.id, line_no=line_no, stage=look[0], occurred_at=look[1])


def confirmation(line: OrderLine, terms: OrderTerms) -> tuple[Stage, datetime] | None:
    """When time confirms the line as things stand, cases left aside; None: not under way, confirmed already, or refunded in full.

    A look that would find nothing signed does nothing, so only the one that will confirm is named. Source: R2.5.
    """
    if line.sent_at is None or line.completed or line.refunded_in_full:
        return None
    stage, days = _look(line, line.sent_at, terms)
    deadline = line.sent_at + timedelta(days=days)
    return stage, max(deadline, line.freed_at or deadline)


def held(line: OrderLine, at: datetime) -> bool:
    """A case that was opened before that moment is still open. Source: R2.5."""
    return any(since < at for since in line.cases.values())


def restated(line: OrderLine, parcels: Mapping[str, Parcel]) -> OrderLine:
    """How far the line got, by all its parcels; they may have been reported in any order. Source: R2.5."""
    own = [parcel for parcel in parcels.values() if line.line.line_no in parcel.units]
    sent = sum(parcel.units[line.line.line_no] for parcel in own)
    if not own or sent + line.forgone < line.line.quantity:
        return replace(line, sent=sent, sent_at=None, signed_at=None)
    rest = [line.forgone_at] if line.forgone_at is not None else []
    signed = [parcel.signed_at for parcel in own if parcel.signed_at is not None]
    return replace(
        line,
        sent=sent,
        sent_at=max([parcel.sent_at for parcel in own] + rest),
        signed_at=max(signed + rest) if len(signed) == len(own) else None,
    )


def _look(line: OrderLine, sent_at: datetime, terms: OrderTerms) -> tuple[Stage, int]:
    if line.signed_at is None:
        return 3, terms.confirm_latest_days
    if line.signed_at < sent_at + timedelta(days=terms.confirm_signed_days):
        return 1, terms.confirm_signed_days
    if line.signed_at < sent_at + timedelta(days=terms.confirm_check_days):
        return 2, terms.confirm_check_days
    return 3, terms.confirm_latest_days


def _freed(line: OrderLine, fact: LineFreed, parcels: Mapping[str, Parcel]) -> OrderLine:
    forgone = min(fact.refunded_quantity, line.unsent)
    freed = replace(
        line,
        cases={case_id: since for case_id, since in line.cases.items() if case_id != fact.case_id},
        ended=(*line.ended, fact.case_id),
        freed_at=max(fact.occurred_at, line.freed_at or fact.occurred_at),
        refunded=line.refunded + fact.refunded_quantity,
        refunded_minor=line.refunded_minor + fact.refunded_minor,
        forgone=line.forgone + forgone,
        forgone_at=fact.occurred_at if forgone else line.forgone_at,
    )
    return restated(freed, parcels)


def _with_parcel(order: Order, parcel_id: str, parcel: Parcel) -> Order:
    after = replace(order, parcels={**order.parcels, parcel_id: parcel})
    return _with_lines(after, *(restated(order.lines[line_no], after.parcels) for line_no in parcel.units))


def _with_lines(order: Order, *lines: OrderLine) -> Order:
    return replace(order, lines={**order.lines, **{line.line.line_no: line for line in lines}})


ORDER: Kind[Order, OrderFact] = Kind("order", OrderFact, lambda fact: fact.order_id, evolve, due)
