"""Refund or shipment: each unit has one of them, and the order says which. Source: R4.8.

A case asks for units that have not left. What it got is kept back until the case ends: refunded, or free to leave again. A parcel
may have left all the same before its sender heard of it: then it is to be stopped, and counts as not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.order.decide.completion import of_case
from services.order.model import Order, OrderLine
from services.order.model.order import ship_by
from services.order.model.shipping import ship_hours, unsent_at
from shared.contracts.hold import ParcelIntercepted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested, Unheld
from shared.contracts.logistics import ParcelShipped
from shared.contracts.types import Units
from shared.messaging.shape import Outcome, Reject, Wait


def keep_back(event: ShipmentHoldRequested, order: Order | None) -> Outcome:
    """All the units asked for are still here, or lost though time confirmed them; or none is kept beyond those that it has. The case is
    known by then: it was told just before. One that goes on after an appeal asks anew, for its end had freed them, and so may one that
    went on after it was refused them; one of which more is lost meanwhile asks for more.
    Once its money is granted it has those that are here, and those that come back. Source: R4.8, R2.4, R2.5, R4.11.
    """
    found = of_case(event, order)
    if not isinstance(found, tuple):
        return found
    order, line = found
    units = line.holds.get(event.case_id)
    anew = event.anew and not units
    if units is not None and not anew and event.quantity <= line.asked.get(event.case_id, units):
        return Reject("hold.known")
    if event.case_id not in line.cases:
        return Reject("case.closed") if event.case_id in line.ended else Wait("case.before_opened")
    asked: dict[str, Any] = {"order_id": event.order_id, "case_id": event.case_id, "line_no": event.line_no}
    asked |= {"quantity": event.quantity, "again": event.again, "standing": event.standing, "occurred_at": event.occurred_at}
    line = replace(line, holds={**line.holds, event.case_id: 0})
    if event.standing or event.quantity <= _back(line):
        first = not event.again and not event.standing
        return (ShipmentHoldGranted(**asked, late=first and _late(order, line, event.occurred_at)),)
    return (ShipmentHoldRefused(**asked, code=_why_not(line, event.quantity)),)


def stopped(event: ParcelShipped, order: Order, units: Mapping[int, int]) -> ParcelIntercepted | None:
    """None: the parcel takes nothing that a case has. units: by line, no more than are here or were kept back. Source: R4.8."""
    lines = tuple(line_no for line_no, quantity in sorted(units.items()) if quantity > _here(order.lines[line_no]))
    if not lines:
        return None
    return ParcelIntercepted(
        order_id=order.id,
        buyer_id=order.buyer_id,
        parcel_id=event.parcel_id,
        carrier=event.carrier,
        waybill=event.waybill,
        units=tuple(Units(line_no=line_no, quantity=quantity) for line_no, quantity in sorted(units.items())),
        stopped=lines,
        occurred_at=event.occurred_at,
    )


def _here(line: OrderLine) -> int:
    """Units that may leave: they have not, were not used, and are no case's; below 0 where a case has some that are away. A line that is
    over has none.
    """
    return 0 if line.over else _back(line)


def _back(line: OrderLine) -> int:
    """Units that did not leave, or were lost, be it after their line was confirmed: they are paid back like any. Source: R2.5."""
    return 0 if line.refunded_in_full else line.unsent - line.used - line.kept


def _late(order: Order, line: OrderLine, at: datetime) -> bool:
    """Some of it should have been sent by then, and was not, by the rule that makes the seller pay for that. Source: R2.4."""
    if order.terms is None:
        return False
    deadline = ship_by(order, ship_hours(line.line, order.terms))
    return deadline <= at and unsent_at(line, order.parcels, order.disputes, deadline) > 0


def _why_not(line: OrderLine, quantity: int) -> Unheld:
    if _back(line) + line.cancelled >= quantity:
        return "case.units_cancelled"
    return "line.refunded" if line.refunded_in_full else "case.shipped"
