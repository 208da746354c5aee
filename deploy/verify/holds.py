"""Refund or shipment: what the order kept back for a case neither left nor was used, and nothing was refunded without. Source: R4.8.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane, in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.dispute import CaseReopened
from shared.contracts.exchange import CaseReplaced, ParcelNoted
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested
from shared.contracts.order import LineFreed, LineRedeemed, OrderAccepted, ParcelFailed, ParcelSent, ReplacementNoted, UnitsCancelled
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted

Place = tuple[str, int]  # order, line


@dataclass(slots=True)
class Line:
    """Units of a line, by what became of them. kept: by case. gone: they are not to leave, be it again. returned: paid back after that."""

    quantity: int = 0
    sent: int = 0
    gone: int = 0
    used: int = 0
    returned: int = 0
    kept: Counter[str] = field(default_factory=Counter)

    @property
    def unsent(self) -> int:
        return max(0, self.quantity - self.sent - self.gone)

    @property
    def here(self) -> int:
        return self.unsent - self.used - sum(self.kept.values())

    def refund(self, units: int, without_return: bool | None) -> None:
        """None: told before it was said. What is with the buyer without a return does not leave again; what was used never does."""
        away = self.sent - self.returned if without_return is False else 0
        kept = without_return and not self.used
        gone = units if kept else min(max(0, self.unsent - self.used), max(0, units - away))
        self.gone += gone
        self.returned += 0 if without_return else units - gone


def checks(log: Log) -> Iterator[Check]:
    yield _units(log)
    yield _refunds(log)
    yield _faults(log)
    yield _away(log)


def _units(log: Log) -> Check:
    check = Check("refund or shipment: no unit kept back for a case or refunded left or was used, each case was answered once")
    lines: dict[Place, Line] = defaultdict(Line)
    answered: set[tuple[Any, ...]] = set()
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "order.v1" or fact is None:
            continue
        if isinstance(fact, ShipmentHoldGranted | ShipmentHoldRefused):
            asking = (fact.order_id, fact.case_id, fact.again, fact.quantity, entry.header("ce_causationid"))
            check.that(asking not in answered, f"{entry}: case {fact.case_id} is answered again")
            answered.add(asking)
        for units in fact.units if isinstance(fact, ParcelSent) else ():
            left = lines[(fact.order_id, units.line_no)].unsent
            check.that(units.quantity <= left, f"{entry}: {units.quantity} units of line {units.line_no} leave, {left} may")
        for line_no in _fold(lines, fact):
            here = lines[(fact.order_id, line_no)].here
            check.that(here >= 0, f"{entry}: {-here} units of line {line_no} of {fact.order_id} are both kept back and sent")
    return check


def _fold(lines: dict[Place, Line], fact: Any) -> list[int]:
    """The lines of which units are kept or sent by this. What is kept of units whose money is granted may be away."""
    match fact:
        case OrderAccepted():
            lines.update({(fact.order_id, line.line_no): Line(line.quantity) for line in fact.lines})
        case ParcelSent():
            for units in fact.units:
                lines[(fact.order_id, units.line_no)].sent += units.quantity
            return [units.line_no for units in fact.units]
        case ParcelFailed():
            for units in fact.units:
                lines[(fact.order_id, units.line_no)].sent -= units.quantity
        case UnitsCancelled():
            for part in fact.lines:
                lines[(fact.order_id, part.line_no)].gone += part.quantity
        case LineRedeemed():
            lines[(fact.order_id, fact.line_no)].used += fact.quantity
            return [fact.line_no]
        case ReplacementNoted():
            lines[(fact.order_id, fact.line_no)].sent += fact.units_sent
            return [fact.line_no]
        case ShipmentHoldGranted():
            lines[(fact.order_id, fact.line_no)].kept[fact.case_id] = fact.quantity
            return [] if fact.standing else [fact.line_no]
        case LineFreed():
            line = lines[(fact.order_id, fact.line_no)]
            line.kept.pop(fact.case_id, None)
            line.refund(fact.refunded_quantity, fact.without_return)
    return []


def _refunds(log: Log) -> Check:
    """So was what is refunded by agreement, or for others not sent in time, of the units that the order was asked to keep. What was kept
    before a case ended is no more when it goes on after an appeal: it asks again. What is granted the case asks for as well, and has that
    money whatever is answered; and what had left before its buyer applied is agreed on without. A replacement that was lost and that the
    order counts as the line's own may leave again. Source: R4.8, R4.10, R4.11, R1.2.
    """
    check = Check("refund or shipment: what was refunded as not shipped was kept back before, for that case")
    unshipped = {(case.order_id, case.case_id) for _, case in log.of(CaseOpened) if case.ground == "not_shipped"}
    kept = {(hold.order_id, hold.case_id, hold.again): hold.quantity for _, hold in log.of(ShipmentHoldGranted) if not hold.standing}
    again = {
        (case.order_id, case.case_id) for _, case in log.of(CaseReopened) if case.kind != "return_and_refund" and case.amount_minor is None
    }
    lost = {(one.order_id, one.parcel_id) for _, one in log.of(ParcelFailed) if one.replacement and one.units}
    others = {(one.order_id, one.case_id): one.quantity for _, one in log.of(CaseReplaced) if (one.order_id, one.parcel_id) in lost}
    asked: dict[tuple[str, str], int] = {}
    left, paid = _left(log), set[tuple[str, str]]()
    for entry in log.facts():
        granted: Any = entry.event
        if isinstance(granted, ShipmentHoldRequested):
            place = (granted.order_id, granted.case_id)
            if place not in paid and entry.id not in left:
                asked[place] = granted.quantity
        if not isinstance(granted, RefundGranted):
            continue
        place = (granted.order_id, granted.case_id)
        paid.add(place)
        if place in unshipped or place in asked or place in others:
            wanted = granted.quantity if place in unshipped else max(asked.get(place, 0), others.get(place, 0))
            found = kept.get((*place, place in again), 0)
            check.that(wanted <= found or any(log.starts.values()), f"{entry}: {wanted} units are to be kept, {found} were")
    return check


def _left(log: Log) -> set[str]:
    """Requests, by id, for units of cases of money by agreement that the order refused, as some had left before those were opened."""
    agreed = {
        (case.order_id, case.case_id): case.occurred_at
        for _, case in log.of(CaseOpened)
        if (case.ground, case.kind) == ("negotiated", "refund_only")
    }
    last: dict[Place, datetime] = {}
    found = set[str]()
    for entry in log.facts():
        fact: Any = entry.event
        for units in fact.units if isinstance(fact, ParcelSent) else ():
            place = fact.order_id, units.line_no
            last[place] = max(fact.occurred_at, last.get(place, fact.occurred_at))
        if isinstance(fact, ShipmentHoldRefused) and fact.code == "case.shipped" and not fact.again:
            opened, sent = agreed.get((fact.order_id, fact.case_id)), last.get((fact.order_id, fact.line_no))
            if opened is not None and sent is not None and sent < opened:
                found.add(entry.header("ce_causationid"))
    return found


def _faults(log: Log) -> Check:
    """A person may have said whose it was: what was ruled is left aside. Source: R2.4, R4.8."""
    check = Check("refund or shipment: what was not shipped is the seller's fault exactly if it should have been when the buyer applied")
    late = {(hold.order_id, hold.case_id) for _, hold in log.of(ShipmentHoldGranted) if hold.late}
    for entry, closed in log.of(CaseClosed):
        if closed.ground == "not_shipped" and closed.outcome == "refunded" and not closed.ruled:
            expected = "seller" if (closed.order_id, closed.case_id) in late else "nobody"
            check.same(f"{entry}: whose fault case {closed.case_id} was", expected, closed.fault)
    return check


def _away(log: Log) -> Check:
    """Parcels as claims look at them, and what had left before its case was opened, which is asked for anew after that alone."""
    check = Check("refund or shipment: what left is known to have left, what had left before a case is told so, and asked for anew alone")
    if any(log.starts.values()):
        return check
    sent, refused = ({entry.id for entry, _ in log.of(kind)} for kind in (ParcelSent, ShipmentHoldRefused))
    for entry, noted in log.of(ParcelNoted):
        left = entry.header("ce_causationid") in sent
        check.that((noted.how == "sent") == left, f"{entry}: {noted.parcel_id} has left: {left}, told was {noted.how}")
    before = set[tuple[str, str]]()
    for entry, kept in log.of(HoldNoted):
        left = entry.header("ce_causationid") in refused
        check.that(kept.left == left, f"{entry}: units of {kept.case_id} had left: {left}, told was {kept.left}")
        before |= {(kept.order_id, kept.case_id)} if left else set()
    for entry, asked in log.of(ShipmentHoldRequested):
        known = (asked.order_id, asked.case_id) in before
        check.that(known or not asked.anew, f"{entry}: units of {asked.case_id} are asked for anew that had not left before")
    return check
