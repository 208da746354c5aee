"""Which lines' windows run, and from what: the signing that completed them, the payment of virtual goods, or what came in their place;
where that came in the place of a part, also the signing of the rest.

Written from the rules' text and shares no code with the services. All facts of an order lie in one lane of the refund service, in order.
Source: R1.3, R4.10, R4.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.exchange import CaseReplaced, ReplacementOver
from shared.contracts.order import OrderPaid, ParcelDelivered
from shared.contracts.refund import CaseClosed, CaseFact, WindowOpened


@dataclass(slots=True)
class Order:
    """since: by line, when its windows began last. parcels: by what a case sent, the line in whose place. cases: their lines. replaced:
    cases that sent something; came: lines in whose place it came.
    """

    since: dict[int, datetime] = field(default_factory=dict)
    parcels: dict[str, int] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    came: set[int] = field(default_factory=set)


def checks(log: Log) -> Iterator[Check]:
    check = Check("windows run of the lines that a parcel completed, of virtual goods from payment, again of what came in their place")
    if any(log.starts.values()):
        yield check
        return
    kinds: tuple[type[Any], ...] = (OrderPaid, ParcelDelivered, ReplacementOver)
    causes: dict[str, Any] = {entry.id: event for kind in kinds for entry, event in log.of(kind)}
    orders: defaultdict[str, Order] = defaultdict(Order)
    for entry in (entry for lane in sorted(log.lanes) if lane[0] == WindowOpened.topic.name for entry in log.lanes[lane]):
        fact = entry.event
        if isinstance(fact, WindowOpened):
            order = orders[fact.order_id]
            cause = causes.get(entry.header("ce_causationid"))
            right, later = _lines(order, cause, fact), _later(order, cause, fact)
            if check.fails(right <= {*fact.line_nos} <= right | later):  # an older release began none with what came later
                check.differ(f"{entry}: the windows of lines {sorted(right | later)} run, told was {fact.line_nos}")
            order.since.update(dict.fromkeys((right | later) & {*fact.line_nos}, fact.signed_at))
        elif isinstance(fact, CaseFact):
            order = orders[fact.order_id]
            order.cases[fact.case_id] = fact.line_no
            if isinstance(fact, CaseReplaced):
                order.parcels[fact.parcel_id] = fact.line_no
                order.replaced.add(fact.case_id)
            elif isinstance(fact, CaseClosed) and fact.state == 60 and fact.case_id in order.replaced:
                order.came.add(fact.line_no)
    yield check


def _lines(order: Order, cause: Any, fact: WindowOpened) -> set[int]:
    match cause:
        case OrderPaid():
            return {line.line_no for line in cause.lines if line.kind == "virtual"}
        case ParcelDelivered() if fact.restarted:
            return {order.parcels[cause.parcel_id]} if cause.parcel_id in order.parcels else set()
        case ParcelDelivered():
            again = {order.parcels.get(cause.parcel_id)} - {*fact.line_nos} if cause.replacement else set()
            return {*cause.delivered} - order.since.keys() - again  # what came in the place of another line's is told by itself
        case ReplacementOver():
            return {order.cases[cause.case_id]} if cause.case_id in order.cases else set()
        case _:
            return set()


def _later(order: Order, cause: Any, fact: WindowOpened) -> set[int]:
    """Lines of which it is signed for later than what came in the place of others."""
    if not isinstance(cause, ParcelDelivered) or fact.restarted:
        return set()
    own = order.parcels.get(cause.parcel_id) if cause.replacement else None
    lines = {*cause.delivered, *cause.part_of} & order.came & order.since.keys() - {own}
    return {line_no for line_no in lines if order.since[line_no] < cause.signed_at}
