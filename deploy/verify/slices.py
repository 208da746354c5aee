"""What goes back for units, computed again: their slice of what was paid, cumulative, to the last unit. Source: R1.4, R3.10.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane of each service, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.certificate import CertificateIssued
from shared.contracts.order import LineFreed, OrderPaid, UnitsCancelled
from shared.contracts.refund import CaseClosed, CaseOpened, LineReduced, RefundGranted
from shared.contracts.types import FreeShipping

Place = tuple[str, int]  # order, line


@dataclass(slots=True)
class Bought:
    """A line, and what went back or will of it."""

    seller_id: str
    kind: str
    quantity: int
    paid: int
    units: int = 0
    minor: int = 0

    def slice(self, units: int) -> int:
        """The rest where nothing is left to claim, never more."""
        cut = floor(Fraction(self.paid * (self.units + units), self.quantity)) - floor(Fraction(self.paid * self.units, self.quantity))
        return min(cut, self.paid - self.minor)


def checks(log: Log) -> Iterator[Check]:
    yield _cancelled(log)
    yield _granted(log)


def _cancelled(log: Log) -> Check:
    """The last units take the rest."""
    check = Check("units cancelled: what goes back is their slice of what was paid")
    lines: dict[Place, Bought] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, OrderPaid):
            lines |= {(fact.order_id, one.line_no): Bought(one.seller_id, one.kind, one.quantity, one.paid_minor) for one in fact.lines}
        elif isinstance(fact, LineFreed) and (freed := lines.get((fact.order_id, fact.line_no))) is not None:
            freed.units += fact.refunded_quantity
            freed.minor += fact.refunded_minor
        elif isinstance(fact, UnitsCancelled):
            for part in fact.lines:
                line = lines.get((fact.order_id, part.line_no))
                if line is None:
                    check.that(any(log.starts.values()), f"{entry}: order {fact.order_id} was not paid, or has no line {part.line_no}")
                    continue
                last = line.units + part.quantity >= line.quantity
                expected = line.paid - line.minor if last else line.slice(part.quantity)
                check.that(
                    part.amount_minor == expected, f"{entry}, line {part.line_no}: {expected} goes back, told was {part.amount_minor}"
                )
                line.units += part.quantity
                line.minor += part.amount_minor
    return check


def _granted(log: Log) -> Check:
    """Less the freight that a seller had waived, once, where what is kept of its goods does not come to the threshold any more."""
    check = Check("refunds granted: the slice of the units accepted, less waived freight that fell due")
    orders: defaultdict[str, dict[int, Bought]] = defaultdict(dict)
    waived: dict[str, tuple[FreeShipping, ...]] = {}
    deducted: dict[tuple[str, str], str] = {}
    grants: dict[tuple[str, str], RefundGranted] = {}
    grounds: dict[tuple[str, str], str] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            orders[fact.order_id] = {one.line_no: Bought(one.seller_id, one.kind, one.quantity, one.paid_minor) for one in fact.lines}
            waived[fact.order_id] = fact.free_shipping
        if not isinstance(fact, LineReduced | CaseOpened | RefundGranted | CaseClosed):
            continue
        lines = orders[fact.order_id]
        line = lines.get(fact.line_no)
        if line is None:
            check.that(any(log.starts.values()), f"{entry}: order {fact.order_id} has no certificate, or no line {fact.line_no}")
        elif isinstance(fact, LineReduced):
            line.units += fact.quantity
            line.minor += fact.amount_minor
        elif isinstance(fact, CaseOpened):
            grounds[(fact.order_id, fact.case_id)] = fact.ground
        elif isinstance(fact, RefundGranted):
            whole = line.slice(fact.quantity)
            line.units += fact.quantity
            due = 0
            if grounds.get((fact.order_id, fact.case_id)) == "no_reason" and (fact.order_id, line.seller_id) not in deducted:
                due = _freight(lines, line.seller_id, waived[fact.order_id], whole)
            told = (fact.amount_minor, fact.freight_minor)
            check.that(told == (whole - due, due), f"{entry}: {(whole - due, due)} is granted and deducted, told was {told}")
            line.minor += fact.amount_minor
            grants[(fact.order_id, fact.case_id)] = fact
            if due:
                deducted[(fact.order_id, line.seller_id)] = fact.case_id
        else:
            _closed(fact, line, grants.pop((fact.order_id, fact.case_id), None), deducted)
    return check


def _freight(lines: dict[int, Bought], seller_id: str, waived: tuple[FreeShipping, ...], refund: int) -> int:
    """lines: with the units of this refund. Never more than the refund. Source: R3.10."""
    goods = [line for line in lines.values() if line.seller_id == seller_id and line.kind == "goods"]
    kept = sum(line.paid - floor(Fraction(line.paid * line.units, line.quantity)) for line in goods)
    promised = [one for one in waived if one.seller_id == seller_id][:1]
    return sum(min(one.freight_minor, refund) for one in promised if kept < one.threshold_minor)


def _closed(fact: CaseClosed, line: Bought, grant: RefundGranted | None, deducted: dict[tuple[str, str], str]) -> None:
    """What was granted and did not go back can be claimed again."""
    if grant is not None:
        line.units -= grant.quantity - fact.refunded_quantity
        line.minor -= grant.amount_minor - fact.refunded_minor
        if not fact.refunded_quantity and deducted.get((fact.order_id, line.seller_id)) == fact.case_id:
            del deducted[(fact.order_id, line.seller_id)]
