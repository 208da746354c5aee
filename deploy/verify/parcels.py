"""What an order says of its parcels and of the ends of its lines, told again from what left, arrived, was given up and paid back.

Written from the rules' text and shares no code with the services. The facts of an order lie in one lane, in order. Of an order whose
payment is not told nothing is known. Sources: R2.1, R2.4, R2.5, R3.6, R3.10, R4.8, R4.10.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.log import Bodies, Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts import hold, order
from shared.contracts import types as bought
from shared.contracts.logistics import ParcelShipped


@dataclass(slots=True)
class Parcel:
    """replaces: the line for which it brings other goods, on top of its units where there are none of them in it (R4.10). lost: when."""

    units: dict[int, int]
    sent: datetime
    signed: datetime | None = None
    failed: bool = False
    replaces: int = 0
    lost: datetime | None = None


@dataclass(slots=True)
class Line:
    """gone: units that are waited for no more, each with since when; returned: paid back after they came back. applied: when the buyer
    applied for each of its cases; blamed: of those that paid something back, whether the seller was to blame. kept: by case.
    """

    bought: bought.Line
    gone: list[tuple[datetime, int]] = field(default_factory=list)
    returned: int = 0
    cancelled: int = 0
    used: int = 0
    back: int = 0
    back_minor: int = 0
    applied: dict[str, datetime] = field(default_factory=dict)
    blamed: dict[str, bool] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)
    completed: bool = False
    settled: bool = False

    @property
    def forgone(self) -> int:
        return sum(units for _, units in self.gone)

    @property
    def refunded(self) -> bool:
        """In full: all that was paid; where nothing was, all units."""
        whole = self.bought.paid_minor
        return self.back_minor >= whole and (whole > 0 or self.back >= self.bought.quantity)

    @property
    def over(self) -> bool:
        return self.completed or self.settled or self.refunded

    @property
    def counts(self) -> bool:
        """For the order's state: freight does only once it is decided on."""
        return self.bought.kind != "freight" or self.over


@dataclass(slots=True)
class Order:
    paid: order.OrderPaid
    lines: dict[int, Line]
    parcels: dict[str, Parcel] = field(default_factory=dict)

    def given_up(self, gift: Line) -> bool:
        """Nothing was paid for it, all of the line that it was given with went back, and it has not left: it is over with that (R4.5)."""
        main = self.lines.get(gift.bought.gift_of or 0) if not gift.bought.paid_minor else None
        return main is not None and main.refunded and not gift.over and not self.whole(gift.bought.line_no)

    def own(self, line_no: int) -> list[Parcel]:
        return [one for one in self.parcels.values() if line_no in one.units and not one.failed]

    def sent(self, line_no: int) -> int:
        return sum(one.units[line_no] for one in self.own(line_no))

    def whole(self, line_no: int) -> bool:
        """All its units have left that are to."""
        line = self.lines[line_no]
        return bool(self.own(line_no)) and self.sent(line_no) + line.forgone >= line.bought.quantity

    def arrived(self, line_no: int, *, though_lost: bool = False) -> datetime | None:
        """When nothing was missing any more: the last parcel, or what is waited for no longer, not before it is known not to come (R2.5).
        None: something is. though_lost: as older releases told it, by when what was lost then was paid back.
        """
        own = self.own(line_no)
        signed = [one.signed for one in own if one.signed is not None]
        if not self.whole(line_no) or len(signed) < len(own):
            return None
        missing = self.lines[line_no].bought.quantity - self.sent(line_no)
        if missing > 0 and not though_lost:
            signed += [one.lost for one in self.parcels.values() if line_no in one.units and one.lost is not None]
        for at, units in self.lines[line_no].gone:
            if missing > 0:
                signed.append(at)
                missing -= units
        return max(signed)

    def in_time(self, line_no: int, at: datetime) -> bool:
        line, terms = self.lines[line_no].bought, self.paid.terms
        quick = terms.ship_hours_24h if "ship_24h" in line.tags else None
        return at < self.paid.occurred_at + timedelta(hours=terms.ship_hours if quick is None else quick)

    def here(self, line_no: int) -> int:
        """Units that may leave."""
        line = self.lines[line_no]
        unsent = max(0, line.bought.quantity - self.sent(line_no) - line.forgone)
        return 0 if line.over else unsent - line.used - sum(line.kept.values())


def checks(log: Log) -> Iterator[Check]:
    left = Check("parcels: what is in each, which lines have left with it, in time or not, and what is stopped for a case")
    there = Check("parcels: which lines have arrived with each, and since when nothing of them is missing")
    ends = Check("lines: since when the buyer wants what freight goes back with them, and whether all of an order is cancelled or settled")
    shipped = log.bodies(ParcelShipped, "order")
    orders: dict[str, Order] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "order.v1" or fact is None:
            continue
        if isinstance(fact, order.OrderPaid):
            orders[fact.order_id] = Order(fact, {line.line_no: Line(line) for line in fact.lines})
        known = orders.get(fact.order_id)
        if known is None:
            continue
        match fact:
            case order.ParcelSent() | hold.ParcelIntercepted():
                _left(left, entry, fact, known, shipped)
            case order.ParcelDelivered():
                _there(there, entry, fact, known)
            case order.UnitsCancelled() | order.OrderSettled():
                _fold(known, fact)
                _ends(ends, entry, fact, known)
            case _:
                _fold(known, fact)
    yield from (left, there, ends)


def _left(check: Check, entry: Entry, fact: Any, known: Order, shipped: Bodies[ParcelShipped]) -> None:
    """Folds it, too."""
    said, units = cause(shipped, entry, parcel_id=fact.parcel_id), {one.line_no: one.quantity for one in fact.units}
    told_units = sorted((one.line_no, one.quantity) for one in fact.units)
    in_it = Counter[int]()
    for one in said.lines if said is not None else fact.units:
        in_it[one.line_no] += one.quantity
    check.that(
        sorted(in_it.items()) == told_units, f"{entry}: in parcel {fact.parcel_id} are {sorted(in_it.items())}, told was {told_units}"
    )
    if isinstance(fact, hold.ParcelIntercepted):
        stopped = tuple(line_no for line_no, quantity in sorted(units.items()) if quantity > known.here(line_no))
        check.that(fact.stopped == stopped, f"{entry}: it is stopped for lines {stopped}, told was {fact.stopped}")
        known.parcels[fact.parcel_id] = Parcel(units, fact.occurred_at, failed=True)
        return
    known.parcels[fact.parcel_id] = Parcel(units, fact.occurred_at)
    whole = [line_no for line_no in sorted(units) if known.whole(line_no)]
    told = [one.line_no for one in fact.shipped]
    check.that(told == whole, f"{entry}: with it lines {whole} have left, told was {told}")
    lasts = {line_no: max([fact.occurred_at, *(one.sent for one in known.own(line_no) if line_no in whole)]) for line_no in units}
    in_time = all(known.in_time(line_no, at) for line_no, at in lasts.items())
    check.that(fact.on_time == in_time, f"{entry}: lines left last at {lasts}, in time: {in_time}, told was {fact.on_time}")


def _there(check: Check, entry: Entry, fact: order.ParcelDelivered, known: Order) -> None:
    """Of a parcel that was signed for before: one line of it arrives without the rest, which is waited for no more. Folds it, too."""
    parcel = known.parcels[fact.parcel_id]
    again, at = parcel.signed is not None, fact.occurred_at
    if not again:
        parcel.signed = at
    whole = {line_no: since for line_no in sorted(parcel.units) if (since := known.arrived(line_no)) is not None}
    told = (fact.delivered, fact.signed_at, fact.replacement)
    if "part_of" in fact.model_fields_set:  # an older release did not say it
        rest = tuple(line_no for line_no in sorted(parcel.units) if line_no not in whole)
        check.that(fact.part_of == rest, f"{entry}: it is a part of lines {rest}, told was {fact.part_of}")
    if again:
        line_no = fact.delivered[0] if len(fact.delivered) == 1 else 0
        older = known.arrived(line_no, though_lost=True) if line_no in whole else None
        since = older if fact.signed_at == older else whole.get(line_no)
        right: tuple[tuple[int, ...], datetime | None, bool] = ((line_no,), since, False)
    else:
        lines = tuple(whole) if parcel.units else (parcel.replaces,)
        right = (lines, max([at, *whole.values()]), parcel.replaces > 0 and "replacement" in fact.model_fields_set)
    check.that(told == right, f"{entry}: lines, since when and whether in place of others are {right}, told was {told}")


def _ends(check: Check, entry: Entry, fact: order.UnitsCancelled | order.OrderSettled, known: Order) -> None:
    """As it is with the fact."""
    lines = [line for line in known.lines.values() if line.counts and not known.given_up(line)]
    if isinstance(fact, order.OrderSettled):
        all_of_it = all(line.settled or line.cancelled >= line.bought.quantity or line.refunded for line in lines)
        check.that(fact.order_settled == all_of_it, f"{entry}: all of it is settled: {all_of_it}")
        return
    nothing = all(line.cancelled >= line.bought.quantity and not line.settled for line in lines)
    check.that(fact.order_cancelled == nothing, f"{entry}: nothing else is left: {nothing}")
    sellers = {one.seller_id for one in fact.lines}
    goods = [line for line in known.lines.values() if line.bought.seller_id in sellers and line.bought.kind != "freight"]
    since = [line.applied[case] for line in goods for case in line.blamed] if fact.reason == "seller at fault" else []
    right = max(since) if since and fact.cancel_id is None else None
    told = fact.applied_at if "applied_at" in fact.model_fields_set else right
    check.that(told == right, f"{entry}: the buyer applied for it at {right}, told was {told}")


def _fold(known: Order, fact: Any) -> None:
    match fact:
        case order.ReplacementNoted():
            units = {fact.line_no: fact.units_sent} if fact.units_sent else {}
            known.parcels[fact.parcel_id] = Parcel(units, fact.occurred_at, replaces=fact.line_no)
        case order.ParcelFailed():
            known.parcels[fact.parcel_id].failed, known.parcels[fact.parcel_id].lost = True, fact.occurred_at
        case order.UnitsCancelled():
            for part in fact.lines:
                line = known.lines[part.line_no]
                line.gone.append((fact.occurred_at, part.quantity))
                line.cancelled += part.quantity
                line.back += part.quantity
                line.back_minor += part.amount_minor
        case order.LineRedeemed():
            known.lines[fact.line_no].used += fact.quantity
        case order.OrderCompleted():
            for one in fact.lines:
                known.lines[one.line_no].completed = True
        case order.OrderSettled():
            known.lines[fact.line_no].settled = True
        case order.LineHeld():
            known.lines[fact.line_no].applied.setdefault(fact.case_id, fact.occurred_at)
        case order.LineFreed():
            _freed(known, fact)
        case hold.ShipmentHoldGranted():
            known.lines[fact.line_no].kept[fact.case_id] = fact.quantity


def _freed(known: Order, fact: order.LineFreed) -> None:
    """What came back had left, as far as there were so many units; None: told before it was said."""
    line, back = known.lines[fact.line_no], fact.refunded_quantity
    sent = known.sent(fact.line_no)
    unsent = max(0, line.bought.quantity - sent - line.forgone)
    away = 0 if fact.without_return is None else sent - line.returned
    gone = back if fact.without_return else min(unsent, max(0, back - away))
    if gone:
        line.gone.append((fact.occurred_at, gone))
    line.returned += back - gone
    line.back += back
    line.back_minor += fact.refunded_minor
    line.kept.pop(fact.case_id, None)
    if back or fact.refunded_minor:
        line.blamed[fact.case_id] = fact.seller_at_fault
