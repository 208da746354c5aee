"""Which lines' windows run, and from what: the signing that completed them, the payment of virtual goods, what came in their place, and
what was signed for after that.

Written from the rules' text and shares no code with the services. All facts of an order lie in one lane of the refund service, in order.
Source: R1.3, R4.10.
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
from shared.contracts.refund import CaseFact, WindowOpened

ENDED = 60  # done


@dataclass(slots=True)
class Order:
    """opened: lines whose windows run, and since when. parcels: by what a case sent, the line in whose place. cases: their lines and
    states. sent: those that sent something.
    """

    opened: dict[int, datetime] = field(default_factory=dict)
    parcels: dict[str, int] = field(default_factory=dict)
    cases: dict[str, tuple[int, int]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def begin(self, cause: ParcelDelivered) -> set[int]:
        """Lines whose windows it begins: for the first time, or anew as others of theirs had come in place of a part before."""
        replaced = {line for case, (line, state) in self.cases.items() if state == ENDED and case in self.sent}
        later = {line for line in replaced & self.opened.keys() if self.opened[line] < cause.signed_at}
        return ({*cause.delivered} - self.opened.keys()) | (later & {*cause.delivered, *cause.part_of})


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
            right = _lines(order, causes.get(entry.header("ce_causationid")), fact)
            if check.fails({*fact.line_nos} == right):
                check.differ(f"{entry}: the windows of lines {sorted(right)} run, told was {fact.line_nos}")
            order.opened |= dict.fromkeys(right, fact.signed_at)
        elif isinstance(fact, CaseFact):
            order = orders[fact.order_id]
            order.cases[fact.case_id] = (fact.line_no, fact.state)
            if isinstance(fact, CaseReplaced):
                order.sent.add(fact.case_id)
                order.parcels[fact.parcel_id] = fact.line_no
    yield check


def _lines(order: Order, cause: Any, fact: WindowOpened) -> set[int]:
    match cause:
        case OrderPaid():
            return {line.line_no for line in cause.lines if line.kind == "virtual"}
        case ParcelDelivered() if fact.restarted:
            return {order.parcels[cause.parcel_id]} if cause.parcel_id in order.parcels else set()
        case ParcelDelivered():
            again = {order.parcels.get(cause.parcel_id)} - {*fact.line_nos} if cause.replacement else set()
            return order.begin(cause) - again  # what came in the place of another line's is told by itself
        case ReplacementOver():
            return {order.cases[cause.case_id][0]} if cause.case_id in order.cases else set()
        case _:
            return set()
