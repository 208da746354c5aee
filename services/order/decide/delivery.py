"""Parcels: which units are on their way, which lines have arrived, and what will not arrive."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.order.decide.arrival import arrived
from services.order.decide.cancellation import Ends, ends
from services.order.decide.completion import received, used_up
from services.order.decide.interception import stopped
from services.order.model import Order, Parcel, evolve, restated
from services.order.model.order import ship_by
from services.order.model.shipping import ship_hours
from shared.contracts.logistics import ParcelCollected, ParcelLost, ParcelRefused, ParcelShipped, ParcelSigned
from shared.contracts.order import ParcelDelivered, ParcelFailed, ParcelSent, ParcelTaken
from shared.contracts.types import LineParties, Units
from shared.messaging.shape import Outcome, Reject, Wait


def ship(event: ParcelShipped, order: Order | None) -> Outcome:
    """Units of a paid order leave, never more than were bought and are still to be sent, from who has to send them; what a case has
    is announced for interception. Source: R2.1, R8.1, R4.8.
    """
    if order is None:
        return Wait("order.before_placed")
    if order.status == "accepted":
        return Wait("parcel.before_payment")
    if order.shut:
        return Reject("order.closed")
    if event.parcel_id in order.parcels:
        return Reject("parcel.known")
    units = Counter[int]()
    for one in event.lines:
        units[one.line_no] += one.quantity
    against = _unfit(event, order, units)
    if against is not None:
        return against
    against_a_hold = stopped(event, order, units)
    if against_a_hold is not None:
        return (against_a_hold,)
    parcels = {**order.parcels, event.parcel_id: Parcel(dict(units), event.occurred_at)}
    lines = [restated(order.lines[line_no], parcels) for line_no in sorted(units)]
    complete = [line.line.line_no for line in lines if line.sent_at is not None]
    left = {no: [one.sent_at for one in parcels.values() if no in one.units and not one.failed] for no in complete}
    return (
        ParcelSent(
            order_id=order.id,
            buyer_id=order.buyer_id,
            parcel_id=event.parcel_id,
            units=tuple(Units(line_no=line_no, quantity=quantity) for line_no, quantity in sorted(units.items())),
            shipped=tuple(_parties(order, line_no) for line_no in complete),
            on_time=all(max(left.get(no, [event.occurred_at])) < _ship_by(order, no) for no in units),
            occurred_at=event.occurred_at,
        ),
    )


def collect(event: ParcelCollected, order: Order | None) -> Outcome:
    """The carrier has it: its waybill is no pretence. Source: R2.4."""
    found = _on_its_way(order, event.parcel_id)
    if not isinstance(found, tuple):
        return found
    _, parcel = found
    if parcel.collected_at is not None:
        return Reject("parcel.collected_before")
    return (ParcelTaken(order_id=event.order_id, parcel_id=event.parcel_id, occurred_at=event.occurred_at),)


def deliver(event: ParcelSigned, order: Order | None) -> Outcome:
    """A line has arrived when its last parcel is signed for. Also after time confirmed it: it is true all the same. Source: R2.5."""
    found = _on_its_way(order, event.parcel_id)
    if not isinstance(found, tuple):
        return found
    order, parcel = found
    if parcel.signed_at is not None:
        return Reject("parcel.signed_before")
    if parcel.failed:
        return _failed(parcel)
    parcels = {**order.parcels, event.parcel_id: replace(parcel, signed_at=event.occurred_at)}
    lines = [restated(order.lines[line_no], parcels) for line_no in sorted(parcel.units)]
    complete = {line.line.line_no: line.signed_at for line in lines if line.signed_at is not None}
    fact = ParcelDelivered(
        order_id=order.id,
        buyer_id=order.buyer_id,
        parcel_id=event.parcel_id,
        delivered=tuple(complete) if parcel.units else (parcel.replaces,),
        signed_at=max([event.occurred_at, *complete.values()]),
        part_of=tuple(line_no for line_no in sorted(parcel.units) if line_no not in complete),
        replacement=parcel.replaces > 0,
        trust_card_id=order.trust_card_id if parcel.replaces else None,
        occurred_at=event.occurred_at,
    )
    return fact, *received(evolve(order, fact), complete)


def fail(event: ParcelRefused | ParcelLost, order: Order | None) -> Outcome:
    """Refused at the door or lost: at the seller's risk, its units are to be sent again or cancelled. Where they were paid back on their
    way, nothing may be left of their line to wait for, nor of a gift whose line went back. Source: R2.5, R2.6, R4.5, R4.8.
    """
    found = _on_its_way(order, event.parcel_id)
    if not isinstance(found, tuple):
        return found
    order, parcel = found
    if parcel.signed_at is not None:
        return Reject("parcel.signed_before")
    if parcel.failed:
        return _failed(parcel)
    how: Literal["refused", "lost"] = "refused" if isinstance(event, ParcelRefused) else "lost"
    units = tuple(Units(line_no=line_no, quantity=quantity) for line_no, quantity in sorted(parcel.units.items()))
    fact = ParcelFailed(
        order_id=event.order_id,
        parcel_id=event.parcel_id,
        how=how,
        units=units,
        replacement=parcel.replaces > 0,
        occurred_at=event.occurred_at,
    )
    after = evolve(order, fact)
    there = arrived(order, after, event.occurred_at)
    over: Ends = ()
    for one in units:
        for end in used_up(after, after.lines[one.line_no], event.occurred_at):
            after, over = evolve(after, end), (*over, end)
    return fact, *there, *over, *ends(after, "platform", event.occurred_at)


def _unfit(event: ParcelShipped, order: Order, units: Counter[int]) -> Reject | None:
    for line_no, quantity in sorted(units.items()):
        if line_no not in order.lines:
            return Reject("line.unknown", str(line_no))
        line = order.lines[line_no]
        if line.line.kind != "goods":
            return Reject("parcel.not_goods", f"line {line_no} is {line.line.kind}")
        if (event.shipper_id or line.line.seller_id) != line.line.answers:
            return Reject("parcel.shipper_differs", f"line {line_no} is sent by {line.line.answers}")
        if quantity > min(line.unsent + line.stopped, line.line.quantity - line.sent):
            return Reject("parcel.exceeds_ordered", f"line {line_no}")
    return None


def _on_its_way(order: Order | None, parcel_id: str) -> tuple[Order, Parcel] | Reject | Wait:
    if order is None:
        return Wait("order.before_placed")
    if order.shut:
        return Reject("order.closed")
    parcel = order.parcels.get(parcel_id)
    return (order, parcel) if parcel is not None else Wait("parcel.before_shipped")


def _failed(parcel: Parcel) -> Reject:
    return Reject("parcel.intercepted" if parcel.failed == "intercepted" else "parcel.failed_before")


def _parties(order: Order, line_no: int) -> LineParties:
    return order.lines[line_no].parties


def _ship_by(order: Order, line_no: int) -> datetime:
    if order.terms is None:
        raise ValueError(f"order {order.id} is paid without terms")
    return ship_by(order, ship_hours(order.lines[line_no].line, order.terms))
