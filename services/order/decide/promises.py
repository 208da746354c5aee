"""What a seller owes for a broken shipping promise: one compensation, once, from the seller. Source: R2.4, R4.12."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.order.model import Order, Parcel
from services.order.model.order import late_lines
from services.order.model.shipping import Late
from shared.contracts.order import Penalty, RulingNoted, ShippingDue, ShippingLate, ShippingSham
from shared.contracts.ruling import RulingMade
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import basis_points, unit_slice

OWED = uuid.UUID("c4d1f0a6-0d0b-5b44-9a56-7d2e5f8a1c33")  # namespace of compensation ids


def late(event: ShippingDue, order: Order | None) -> Outcome:
    """Per order and seller, on what was paid for the units unsent at the deadline; bounds hold for all its deadlines together."""
    if order is None or order.terms is None or order.terms.late is None:
        raise ValueError(f"a shipping deadline of order {event.order_id}, which promises nothing")
    units = late_lines(order, order.terms, event.seller_id, event.hours)
    before = order.late.get(event.seller_id, Late())
    owed = _penalty(order.terms.late, before.base_minor + _base(order, units))
    common = _broken(order, event.seller_id, f"late|{event.hours}", units, owed, event.occurred_at)
    return (ShippingLate(**common, hours=event.hours),)


def judge(event: RulingMade, order: Order | None) -> Outcome:
    """Sham shipping, upheld: 30% of what the parcel's units cost in place of lateness. A parcel collected in time is none, one that can
    still be is none yet. A replacement that comes on top holds none of the units that were paid for. Source: R2.4, R4.10.
    """
    if event.parcel_id is None:
        raise ValueError(f"ruling {event.ruling_id} is of no parcel")
    if order is None:
        return Wait("order.before_placed")
    if order.shut:
        return Reject("order.closed")
    if event.ruling_id in order.rulings:
        return Reject("ruling.known")
    parcel = order.parcels.get(event.parcel_id)
    if parcel is None:
        return Wait("parcel.before_shipped")
    if parcel.failed == "intercepted":
        return Reject("parcel.intercepted")
    if not event.upheld:
        noted = {"order_id": order.id, "parcel_id": event.parcel_id, "ruling_id": event.ruling_id, "reason": event.reason}
        return (RulingNoted(**noted, occurred_at=event.occurred_at),)
    if not parcel.units or order.terms is None or order.terms.sham is None or order.terms.collect_hours is None:
        return Reject("sham.not_promised")
    if parcel.sham:
        return Reject("ruling.known")
    until = parcel.sent_at + timedelta(hours=order.terms.collect_hours)
    if parcel.collected_at is not None and parcel.collected_at < until:
        return Reject("sham.collected_in_time")
    if event.occurred_at < until:  # the carrier may still collect it, or has and is not heard of yet
        return Reject("ruling.too_early", numbers(until=until))
    return tuple(_sham(event, event.parcel_id, order, order.terms.sham))


def _sham(ruling: RulingMade, parcel_id: str, order: Order, penalty: Penalty) -> Iterable[ShippingSham]:
    """One fact a seller of the parcel; a parcel has one, but for a fulfiller who packs for several.

    Bounds hold for all of a seller's pretences together, each unit once however often it was pretended to leave.
    """
    parcel = order.parcels[parcel_id]
    for seller_id in sorted({order.lines[line_no].line.seller_id for line_no in parcel.units}):
        units = {line_no: units for line_no, units in parcel.units.items() if order.lines[line_no].line.seller_id == seller_id}
        owed = _penalty(penalty, _base(order, _pretended(order, seller_id, parcel)))
        common = _broken(order, seller_id, f"sham|{parcel_id}", units, owed, ruling.occurred_at)
        yield ShippingSham(**common, parcel_id=parcel_id, ruling_id=ruling.ruling_id, reason=ruling.reason)


def _broken(order: Order, seller_id: str, what: str, units: Mapping[int, int], owed: int, at: datetime) -> dict[str, Any]:
    """The fields of shared.contracts.order.BrokenPromise. what: names the promise. owed: by the seller in all, with what it owed before."""
    return {
        "order_id": order.id,
        "buyer_id": order.buyer_id,
        "seller_id": seller_id,
        "compensation_id": str(uuid.uuid5(OWED, f"{order.id}|{seller_id}|{what}")),
        "currency": order.currency,
        "line_nos": tuple(sorted(units)),
        "base_minor": _base(order, units),
        "amount_minor": max(0, owed - order.late.get(seller_id, Late()).amount_minor),
        "rule": "R2.4",
        "occurred_at": at,
    }


def _pretended(order: Order, seller_id: str, parcel: Parcel) -> dict[int, int]:
    """Units by line in the seller's sham parcels, this one included."""
    units = Counter[int]()
    for one in [*(known for known in order.parcels.values() if known.sham), parcel]:
        units.update({line_no: quantity for line_no, quantity in one.units.items() if order.lines[line_no].line.seller_id == seller_id})
    return {line_no: min(quantity, order.lines[line_no].line.quantity) for line_no, quantity in units.items()}


def _base(order: Order, units: Mapping[int, int]) -> int:
    """What was paid for so many of the last units of each line. Source: R1.4."""
    lines = ((order.lines[line_no].line, quantity) for line_no, quantity in units.items())
    return sum(unit_slice(line.paid_minor, line.quantity, line.quantity - quantity, quantity) for line, quantity in lines)


def _penalty(terms: Penalty, base: int) -> int:
    """Nothing where nothing was paid."""
    return min(max(basis_points(base, terms.bp), terms.min_minor), terms.max_minor) if base else 0
