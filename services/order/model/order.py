"""An order: what was agreed, and where each of its lines stands. The order's state is derived from its lines'. Source: R2.1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from services.order.model.line import LineState, OrderLine, Parcel, confirmation, freed, held, reduced, restated, timed
from services.order.model.shipping import Dispute, Late, gifts_at, noted, ship_hours, unsent_at
from shared.contracts.chargeback import OrderDisputed, OrderUndisputed
from shared.contracts.hold import ParcelIntercepted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.order import (
    ConfirmationDue,
    ConfirmationExtended,
    LineFreed,
    LineHeld,
    LineRedeemed,
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    OrderSettled,
    OrderTerms,
    ParcelDelivered,
    ParcelFailed,
    ParcelSent,
    ParcelTaken,
    PaymentUnwanted,
    PaymentWindowOver,
    ReplacementNoted,
    RulingNoted,
    ShippingDue,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.suspension import OrderClosed, OrderUnderSuspension
from shared.contracts.types import Coupon, FreeShipping
from shared.messaging.shape import Kind

OrderFact = (
    OrderAccepted
    | OrderRejected
    | OrderPaid
    | OrderExpired
    | OrderCancelled
    | UnitsCancelled
    | PaymentUnwanted
    | ParcelSent
    | ParcelTaken
    | ParcelDelivered
    | ParcelFailed
    | ReplacementNoted
    | ShippingLate
    | ShippingSham
    | RulingNoted
    | LineRedeemed
    | ConfirmationExtended
    | OrderCompleted
    | LineHeld
    | LineFreed
    | OrderSettled
    | OrderClosed
    | OrderUnderSuspension
    | OrderDisputed
    | OrderUndisputed
    | ShipmentHoldGranted
    | ShipmentHoldRefused
    | ParcelIntercepted
)
Status = Literal["accepted", "rejected", "paid", "expired", "cancelled", "closed"]
State = Status | LineState
STEPS: tuple[LineState, ...] = ("paid", "shipped", "delivered", "completed", "settled", "closed")


@dataclass(frozen=True, slots=True)
class Order:
    """status: how far it got as a whole; its lines say the rest. payments, cancels: every payment_id and cancel_id known.

    terms and pay_by None: it was rejected. late: by seller. rulings: those that were noted. suspended: its parties that were found
    suspended after it was paid. trust_card_id, coupons: as placed; placed_at None: accepted before that was kept. received_at: when the
    buyer last confirmed all that was signed for by then, while the rest was under way. disputes: by chargeback.
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
    free_shipping: tuple[FreeShipping, ...] = ()
    cancels: tuple[str, ...] = ()
    late: dict[str, Late] = field(default_factory=dict)
    rulings: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    trust_card_id: str | None = None
    placed_at: datetime | None = None
    coupons: tuple[Coupon, ...] = ()
    received_at: datetime | None = None
    disputes: dict[str, Dispute] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Once paid: that of the line which is furthest behind. Lines cancelled or refunded in full are left aside while others
        are not; so is freight until it is owed, and a gift that nobody waits for. Source: R2.1.
        """
        if self.status != "paid":
            return self.status
        lines = (line for line in self.lines.values() if line.line.kind != "freight" or line.over)
        states = {line.state for line in lines if not self.goes_along(line)}
        return next((step for step in STEPS if step in states), "cancelled")

    @property
    def shut(self) -> bool:
        """It never became a paid order and never will."""
        return self.status in ("rejected", "expired", "cancelled", "closed")

    def goes_along(self, gift: OrderLine) -> bool:
        """A gift that cost nothing: once all of its line went back, what has not left is waited for no more. Source: R4.5."""
        free = gift.line.gift_of is not None and not gift.line.paid_minor
        waits = free and gift.sent_at is None and not gift.over and not gift.cases
        return waits and self.lines[gift.line.gift_of or 0].refunded_in_full

    def of_seller(self, seller_id: str) -> list[OrderLine]:
        return [line for line in self.lines.values() if line.line.seller_id == seller_id]


def evolve(order: Order | None, fact: OrderFact) -> Order:
    if isinstance(fact, OrderAccepted):
        lines = {line.line_no: OrderLine(line) for line in fact.lines}
        order = Order(fact.order_id, fact.buyer_id, "accepted", fact.currency, fact.due_minor, fact.pay_by, fact.terms, lines=lines)
        order = replace(order, free_shipping=fact.free_shipping, trust_card_id=fact.trust_card_id)
        return replace(order, placed_at=fact.placed_at, coupons=fact.coupons)
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
        case OrderCancelled():
            return replace(order, status="cancelled")
        case OrderClosed():
            return replace(order, status="closed")
        case OrderUnderSuspension():
            return replace(order, suspended=(*order.suspended, fact.subject_id))
        case OrderDisputed() | OrderUndisputed():
            return replace(order, disputes=noted(order.disputes, fact))
        case ParcelSent() | ParcelTaken() | ParcelDelivered() | ParcelFailed() | ParcelIntercepted() | ReplacementNoted():
            return _moved(order, fact)
        case ShippingLate() | ShippingSham() | RulingNoted():
            return _judged(order, fact)
        case _:
            return _with_lines(order, fact)


def due(order: Order) -> Iterable[PaymentWindowOver | ConfirmationDue | ShippingDue]:
    """Unpaid orders expire; sellers are to send; lines under way are confirmed, unless a case holds them. Source: R2.2, R2.4, R2.5."""
    if order.status == "accepted" and order.pay_by is not None:
        yield PaymentWindowOver(order_id=order.id, occurred_at=order.pay_by)
    if order.status == "paid" and order.terms is not None:
        for line_no, line in order.lines.items():
            look = confirmation(line, order.terms)
            if look is not None and not held(line, look[1]):
                yield ConfirmationDue(order_id=order.id, line_no=line_no, stage=look[0], occurred_at=look[1])
        yield from _shipping(order, order.terms)


def late_lines(order: Order, terms: OrderTerms, seller_id: str, hours: int) -> dict[int, int]:
    """Units by line that a seller had promised to send within so many hours and had not, at that deadline. Source: R2.4."""
    deadline = ship_by(order, hours)
    units = {
        line.line.line_no: _unsent_at(order, line, deadline) for line in order.of_seller(seller_id) if ship_hours(line.line, terms) == hours
    }
    return {line_no: quantity for line_no, quantity in units.items() if quantity}


def _unsent_at(order: Order, line: OrderLine, at: datetime) -> int:
    if line.line.gift_of is None or line.line.paid_minor:
        return unsent_at(line, order.parcels, order.disputes, at)
    return gifts_at(line, order.lines[line.line.gift_of], order.parcels, order.disputes, at)


def ship_by(order: Order, hours: int) -> datetime:
    if order.paid_at is None:
        raise ValueError(f"order {order.id} is paid without a time")
    return order.paid_at + timedelta(hours=hours)


def _shipping(order: Order, terms: OrderTerms) -> Iterable[ShippingDue]:
    if terms.late is None:
        return
    promises = sorted({(line.line.seller_id, ship_hours(line.line, terms)) for line in order.lines.values()})
    for seller_id, hours in promises:
        if hours not in order.late.get(seller_id, Late()).hours and late_lines(order, terms, seller_id, hours):
            yield ShippingDue(order_id=order.id, seller_id=seller_id, hours=hours, occurred_at=ship_by(order, hours))


def _moved(order: Order, fact: ParcelSent | ParcelTaken | ParcelDelivered | ParcelFailed | ParcelIntercepted | ReplacementNoted) -> Order:
    match fact:
        case ParcelSent() | ParcelIntercepted():
            parcel = Parcel({unit.line_no: unit.quantity for unit in fact.units}, fact.occurred_at)
            parcel = replace(parcel, failed="intercepted") if isinstance(fact, ParcelIntercepted) else parcel
        case ReplacementNoted():
            units = {fact.line_no: fact.units_sent} if fact.units_sent else {}
            parcel = Parcel(units, fact.occurred_at, replaces=fact.line_no)
        case ParcelTaken():
            parcel = replace(order.parcels[fact.parcel_id], collected_at=fact.occurred_at)
        case ParcelDelivered():
            parcel = order.parcels[fact.parcel_id]
            parcel = replace(parcel, signed_at=parcel.signed_at or fact.occurred_at)  # told again of lines that arrive without another
        case ParcelFailed():
            parcel = replace(order.parcels[fact.parcel_id], failed=fact.how, failed_at=fact.occurred_at)
        case _:
            assert_never(fact)
    after = replace(order, parcels={**order.parcels, fact.parcel_id: parcel})
    touched = {*parcel.units, parcel.replaces} - {0}
    return _lines(after, *(restated(order.lines[line_no], after.parcels) for line_no in sorted(touched)))


def _judged(order: Order, fact: ShippingLate | ShippingSham | RulingNoted) -> Order:
    if isinstance(fact, RulingNoted):
        return replace(order, rulings=(*order.rulings, fact.ruling_id))
    before = order.late.get(fact.seller_id, Late())  # a parcel of several sellers brings a fact for each of them
    amount = before.amount_minor + fact.amount_minor
    if isinstance(fact, ShippingSham):
        parcels = {**order.parcels, fact.parcel_id: replace(order.parcels[fact.parcel_id], sham=True)}
        owed = {**order.late, fact.seller_id: replace(before, amount_minor=amount)}
        rulings = tuple(dict.fromkeys((*order.rulings, fact.ruling_id)))
        return replace(order, rulings=rulings, parcels=parcels, late=owed)
    late = Late((*before.hours, fact.hours), before.base_minor + fact.base_minor, amount)
    return replace(order, late={**order.late, fact.seller_id: late})


def _with_lines(
    order: Order,
    fact: UnitsCancelled
    | OrderCompleted
    | LineHeld
    | LineFreed
    | LineRedeemed
    | ConfirmationExtended
    | OrderSettled
    | ShipmentHoldGranted
    | ShipmentHoldRefused,
) -> Order:
    match fact:
        case ShipmentHoldGranted() | ShipmentHoldRefused():
            line = order.lines[fact.line_no]
            units = fact.quantity if isinstance(fact, ShipmentHoldGranted) else line.holds.get(fact.case_id, 0)
            asked = {**line.asked, fact.case_id: fact.quantity}
            return _lines(order, replace(line, holds={**line.holds, fact.case_id: units}, asked=asked))
        case UnitsCancelled():
            cut = (reduced(order.lines[one.line_no], one.quantity, one.amount_minor, fact.occurred_at, order.parcels) for one in fact.lines)
            after = _let_go(_lines(order, *(timed(line, fact.occurred_at) for line in cut)), fact)
            return replace(after, cancels=(*order.cancels, fact.cancel_id) if fact.cancel_id else order.cancels)
        case OrderCompleted():
            done = (replace(order.lines[one.line_no], completed=True) for one in fact.lines)
            after = _lines(order, *(timed(line, fact.occurred_at) for line in done))
            return replace(after, received_at=max(fact.occurred_at, order.received_at or fact.occurred_at)) if fact.all_signed else after
        case LineHeld():
            line = order.lines[fact.line_no]
            applied = {fact.case_id: fact.occurred_at, **line.applied}
            return _lines(order, replace(line, cases={**line.cases, fact.case_id: fact.occurred_at}, applied=applied))
        case LineFreed():
            return _let_go(_lines(order, timed(freed(order.lines[fact.line_no], fact, order.parcels), fact.occurred_at)), fact)
        case LineRedeemed():
            line = order.lines[fact.line_no]
            return _lines(order, replace(line, uses={**line.uses, fact.redemption_id: fact.quantity}))
        case ConfirmationExtended():
            return _lines(order, *(replace(order.lines[line_no], extended_days=fact.days) for line_no in fact.line_nos))
        case OrderSettled():
            return _lines(order, replace(order.lines[fact.line_no], settled=True))
        case _:
            assert_never(fact)


def _let_go(order: Order, fact: UnitsCancelled | LineFreed) -> Order:
    return _lines(order, *(replace(order.lines[line_no], let_go=True) for line_no in fact.gifts or ()))


def _lines(order: Order, *lines: OrderLine) -> Order:
    return replace(order, lines={**order.lines, **{line.line.line_no: line for line in lines}})


ORDER: Kind[Order, OrderFact] = Kind("order", OrderFact, lambda fact: fact.order_id, evolve, due)
