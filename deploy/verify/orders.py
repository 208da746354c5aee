"""Orders: refolded here, naively and only in what matters, and compared with what is stored. Sources: R2.1, R2.4, R2.5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from deploy.verify.tables import Stored, Tables
from shared.contracts.chargeback import OrderDisputed, OrderUndisputed
from shared.contracts.hold import ParcelIntercepted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.order import (
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
    ParcelDelivered,
    ParcelFailed,
    ParcelSent,
    PaymentUnwanted,
    ReplacementNoted,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.suspension import OrderClosed, OrderUnderSuspension


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _orders(log, tables.entities["order"])


@dataclass(slots=True)
class Line:
    quantity: int
    sent: int = 0
    forgone: int = 0
    returned: int = 0
    cancelled: int = 0
    used: int = 0
    extended_days: int = 0
    refunded_minor: int = 0
    cases: set[str] = field(default_factory=set)
    kept: dict[str, int] = field(default_factory=dict)
    completed: bool = False
    settled: bool = False


@dataclass(slots=True)
class Order:
    """disputes: by chargeback the lines that it took whole; None: it is open."""

    status: str
    due_minor: int = 0
    payments: set[str] = field(default_factory=set)
    lines: dict[int, Line] = field(default_factory=dict)
    parcels: dict[str, dict[int, int]] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    owed: Counter[str] = field(default_factory=Counter)
    suspended: set[str] = field(default_factory=set)
    disputes: dict[str, list[int] | None] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "due": self.due_minor,
            "payments": sorted(self.payments),
            "signed parcels": sorted(self.signed),
            "failed parcels": sorted(self.failed),
            "suspended": sorted(self.suspended),
            "disputes": self.disputes,
            "owed for shipping": {seller: amount for seller, amount in sorted(self.owed.items()) if amount},
        } | {
            f"line {number}": (
                line.sent, self._arrived(number), line.completed, line.settled, line.refunded_minor, sorted(line.cases),
                line.cancelled, line.used, line.extended_days, line.kept,
            )
            for number, line in sorted(self.lines.items())
        }  # fmt: skip

    def _arrived(self, number: int) -> bool:
        """All units sent or given up before, and all parcels of the line signed for that did not fail."""
        parcels = {parcel for parcel, units in self.parcels.items() if number in units} - self.failed
        line = self.lines[number]
        return bool(parcels) and parcels <= self.signed and line.sent + line.forgone >= line.quantity


def _orders(log: Log, stored: Mapping[str, Stored]) -> Check:
    check = Check("orders: paid, lines sent, delivered, cancelled, used, completed, settled, refunded as stored")
    orders: dict[str, Order] = {}
    for entry in log.facts():
        if entry.topic == "order.v1" and entry.event is not None:
            event: Any = entry.event
            _fold(orders, event.order_id, event)
    for key in sorted(orders.keys() | stored.keys()):
        recomputed = orders[key].told() if key in orders else None
        known = _stored_order(stored[key].body) if key in stored else None
        check.counted += 1
        if recomputed != known:
            words = [word for word in (recomputed or {}) | (known or {}) if (recomputed or {}).get(word) != (known or {}).get(word)]
            word = words[0] if words else ""
            check.counted -= 1
            check.same(f"order {key}, {word}", (recomputed or {}).get(word), (known or {}).get(word))
    return check


def _fold(orders: dict[str, Order], key: str, event: Any) -> None:
    order = orders.setdefault(key, Order("unknown"))
    match event:
        case OrderAccepted():
            lines = {line.line_no: Line(line.quantity) for line in event.lines}
            orders[key] = Order("accepted", event.due_minor, lines=lines)
        case OrderRejected() | OrderExpired() | OrderCancelled() | OrderClosed():
            order.status = event.type.removeprefix("order.")
        case OrderUnderSuspension():
            order.suspended.add(event.subject_id)
        case OrderPaid():
            order.status = "paid"
            order.payments.add(event.payment_id)
        case PaymentUnwanted():
            order.payments.add(event.payment_id)
        case ParcelSent():
            order.parcels[event.parcel_id] = {one.line_no: one.quantity for one in event.units}
            for units in event.units:
                order.lines[units.line_no].sent += units.quantity
        case ReplacementNoted():  # of a line's own units where those sent before did not arrive, else on top of them
            order.parcels[event.parcel_id] = {event.line_no: event.units_sent} if event.units_sent else {}
            order.lines[event.line_no].sent += event.units_sent
        case ParcelDelivered():
            order.signed.add(event.parcel_id)
        case ParcelFailed():
            order.failed.add(event.parcel_id)
            for line_no, quantity in order.parcels[event.parcel_id].items():
                order.lines[line_no].sent -= quantity
        case ShippingLate() | ShippingSham():
            order.owed[event.seller_id] += event.amount_minor
        case OrderCompleted():
            for one in event.lines:
                order.lines[one.line_no].completed = True
        case OrderSettled():
            order.lines[event.line_no].settled = True
        case LineHeld():
            order.lines[event.line_no].cases.add(event.case_id)
        case LineFreed():
            _free(order.lines[event.line_no], event)
        case OrderDisputed():
            order.disputes[event.chargeback_id] = None
        case OrderUndisputed():
            order.disputes[event.chargeback_id] = list(event.taken)
        case UnitsCancelled() | LineRedeemed() | ConfirmationExtended():
            _fold_units(order, event)
        case ShipmentHoldGranted() | ShipmentHoldRefused() | ParcelIntercepted():
            _fold_hold(order, event)


def _free(line: Line, event: LineFreed) -> None:
    """What came back had left, as far as there were so many units."""
    line.cases.discard(event.case_id)
    line.kept.pop(event.case_id, None)
    line.refunded_minor += event.refunded_minor
    back, unsent = event.refunded_quantity, max(0, line.quantity - line.sent - line.forgone)
    away = 0 if event.without_return is None else line.sent - line.returned  # None: told before it was said
    gone = back if event.without_return else min(unsent, max(0, back - away))
    line.forgone, line.returned = line.forgone + gone, line.returned + back - gone


def _fold_hold(order: Order, event: ShipmentHoldGranted | ShipmentHoldRefused | ParcelIntercepted) -> None:
    if isinstance(event, ParcelIntercepted):
        order.failed.add(event.parcel_id)
    else:
        kept = order.lines[event.line_no].kept
        kept[event.case_id] = event.quantity if isinstance(event, ShipmentHoldGranted) else kept.get(event.case_id, 0)


def _fold_units(order: Order, event: UnitsCancelled | LineRedeemed | ConfirmationExtended) -> None:
    match event:
        case UnitsCancelled():
            for part in event.lines:
                line = order.lines[part.line_no]
                line.cancelled += part.quantity
                line.forgone += part.quantity
                line.refunded_minor += part.amount_minor
        case LineRedeemed():
            order.lines[event.line_no].used += event.quantity
        case ConfirmationExtended():
            for line_no in event.line_nos:
                order.lines[line_no].extended_days = event.days


def _stored_order(body: Mapping[str, Any]) -> dict[str, Any]:
    signed = sorted(parcel for parcel, one in body["parcels"].items() if one["signed_at"])
    told = {
        "status": body["status"],
        "due": body["due_minor"],
        "payments": sorted(body["payments"]),
        "signed parcels": signed,
        "failed parcels": sorted(parcel for parcel, one in body["parcels"].items() if one["failed"]),
        "suspended": sorted(body["suspended"]),
        "disputes": {name: one["taken"] if one["until"] else None for name, one in body.get("disputes", {}).items()},
        "owed for shipping": {seller: late["amount_minor"] for seller, late in sorted(body["late"].items()) if late["amount_minor"]},
    }
    return told | {
        f"line {number}": (
            line["sent"], bool(line["signed_at"]), line["completed"], line["settled"], line["refunded_minor"], sorted(line["cases"]),
            line["cancelled"], sum(line["uses"].values()), line["extended_days"], line.get("holds", {}),
        )
        for number, line in sorted(body["lines"].items(), key=lambda item: int(item[0]))
    }  # fmt: skip
