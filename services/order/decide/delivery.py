"""Parcels: which units are on their way, and which lines have arrived."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from services.order.model import Order, Parcel, restated
from shared.contracts.logistics import ParcelShipped, ParcelSigned
from shared.contracts.order import ParcelDelivered, ParcelSent
from shared.contracts.types import Units
from shared.messaging.shape import Outcome, Reject, Wait


def ship(event: ParcelShipped, order: Order | None) -> Outcome:
    """Units of a paid order leave, never more than were bought and are still to be sent. Source: R2.1, R2.4."""
    if order is None:
        return Wait("order.before_placed")
    if order.status == "accepted":
        return Wait("parcel.before_payment")
    if order.status != "paid":
        return Reject("order.closed")
    if event.parcel_id in order.parcels:
        return Reject("parcel.known")
    units = Counter[int]()
    for one in event.lines:
        units[one.line_no] += one.quantity
    for line_no, quantity in sorted(units.items()):
        if line_no not in order.lines:
            return Reject("line.unknown", str(line_no))
        if quantity > order.lines[line_no].unsent:
            return Reject("parcel.exceeds_ordered", f"line {line_no}")
    parcels = {**order.parcels, event.parcel_id: Parcel(dict(units), event.occurred_at)}
    complete = [line for line in (restated(order.lines[line_no], parcels) for line_no in sorted(units)) if line.sent_at is not None]
    last = max([event.occurred_at, *(line.sent_at for line in complete if line.sent_at is not None)])
    return (
        ParcelSent(
            order_id=order.id,
            buyer_id=order.buyer_id,
            parcel_id=event.parcel_id,
            units=tuple(Units(line_no=line_no, quantity=quantity) for line_no, quantity in sorted(units.items())),
            shipped=tuple(line.parties for line in complete),
            on_time=last < _ship_by(order),
            occurred_at=event.occurred_at,
        ),
    )


def deliver(event: ParcelSigned, order: Order | None) -> Outcome:
    """A line has arrived when its last parcel is signed for. Also after time confirmed it: it is true all the same. Source: R2.5."""
    if order is None:
        return Wait("order.before_placed")
    if order.ended:
        return Reject("order.closed")
    parcel = order.parcels.get(event.parcel_id)
    if parcel is None:
        return Wait("parcel.before_shipped")
    if parcel.signed_at is not None:
        return Reject("parcel.signed_before")
    parcels = {**order.parcels, event.parcel_id: replace(parcel, signed_at=event.occurred_at)}
    lines = [restated(order.lines[line_no], parcels) for line_no in sorted(parcel.units)]
    arrived = {line.line.line_no: line.signed_at for line in lines if line.signed_at is not None}
    return (
        ParcelDelivered(
            order_id=order.id,
            buyer_id=order.buyer_id,
            parcel_id=event.parcel_id,
            delivered=tuple(arrived),
            signed_at=max([event.occurred_at, *arrived.values()]),
            occurred_at=event.occurred_at,
        ),
    )


def _ship_by(order: Order) -> datetime:
    if order.paid_at is None or order.terms is None:
        raise ValueError(f"order {order.id} is paid without a time or terms")
    return order.paid_at + timedelta(hours=order.terms.ship_hours)
