"""What goes back for units, computed again: their slice of what was paid, cumulative, to the last unit. Source: R1.4, R3.10.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane of each service, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

from deploy.verify.log import Log, cause
from deploy.verify.report import Check
from shared.contracts.certificate import CertificateIssued
from shared.contracts.dispute import CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.merchant import ReturnConfirmed
from shared.contracts.order import LineFreed, OrderPaid, UnitsCancelled
from shared.contracts.refund import CaseClosed, CaseOpened, LineReduced, RefundGranted
from shared.contracts.types import FreeShipping

Place = tuple[str, int]  # order, line


@dataclass(slots=True)
class Bought:
    """A line, and what went back or will of it. gift_of: it was given with that line; gift: its list price, less what was paid for it."""

    seller_id: str
    kind: str
    quantity: int
    paid: int
    units: int = 0
    minor: int = 0
    deducted: int = 0
    gift_of: int | None = None
    gift: int = 0

    def slice(self, units: int) -> int:
        """The rest where nothing is left to claim, never more."""
        cut = floor(Fraction(self.paid * (self.units + units), self.quantity)) - floor(Fraction(self.paid * self.units, self.quantity))
        return min(cut, self.paid - self.minor)

    def share(self, units: int) -> int:
        """The last take what is left; freight that was deducted stays deducted. No units: money alone, of what is left."""
        left = max(0, self.paid - self.minor - self.deducted)
        return left if not units or self.units + units >= self.quantity else min(self.slice(units), left)


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


@dataclass(slots=True)
class Told:
    """What an order's certificate and cases said so far. asked: by case, the units and the money (None: all of their share). blamed:
    whether a ruling found the seller at fault.
    """

    lines: dict[int, Bought] = field(default_factory=dict)
    waived: tuple[FreeShipping, ...] = ()
    caps: dict[tuple[int, str], int] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    asked: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    blamed: dict[str, bool] = field(default_factory=dict)
    grants: dict[str, RefundGranted] = field(default_factory=dict)
    used: defaultdict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    deducted: dict[str, str] = field(default_factory=dict)


def _caps(issued: CertificateIssued) -> Iterator[tuple[tuple[int, str], int]]:
    """By line and guarantee."""
    paid = {line.line_no: line.paid_minor for line in issued.lines}
    for one in issued.guarantees:
        for line_no in (one.line_no, *one.more_lines):
            yield (line_no, str(one.guarantee)), paid[line_no] if one.cap_of_line else one.cap_minor


def _granted(log: Log) -> Check:
    """At most what was asked for and promised, less the freight that a seller had waived, once, where what is kept of its goods does
    not come to the threshold any more. A further attempt grants what the one before it did.
    """
    check = Check("refunds granted: the slice of the units accepted, less waived freight that fell due and gifts that stay")
    orders: defaultdict[str, Told] = defaultdict(Told)
    inspections = log.bodies(ReturnConfirmed, "refund")
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            lines = {one.line_no: Bought(one.seller_id, one.kind, one.quantity, one.paid_minor) for one in fact.lines}
            for gift in fact.lines:
                lines[gift.line_no].gift_of, lines[gift.line_no].gift = gift.gift_of, gift.gift_minor
            orders[fact.order_id] = Told(lines, fact.free_shipping, dict(_caps(fact)))
        if isinstance(fact, CaseRuled | CaseAppealEnded):
            orders[fact.order_id].blamed[fact.case_id] = fact.fault == "seller"
        if not isinstance(fact, LineReduced | CaseOpened | CaseRuled | CaseReopened | RefundGranted | CaseClosed):
            continue
        told = orders[fact.order_id]
        line = told.lines.get(fact.line_no)
        if line is None:
            check.that(any(log.starts.values()), f"{entry}: order {fact.order_id} has no certificate, or no line {fact.line_no}")
        elif isinstance(fact, LineReduced):
            line.units += fact.quantity
            line.minor += fact.amount_minor
        elif isinstance(fact, CaseOpened | CaseRuled | CaseReopened):
            told.asked[fact.case_id], told.kinds[fact.case_id] = (fact.quantity, fact.amount_minor), fact.kind
            if isinstance(fact, CaseOpened):
                told.grounds[fact.case_id] = fact.ground
        elif isinstance(fact, RefundGranted):
            inspected = cause(inspections, entry)
            expected = _expected(told, line, fact, gifts_kept=inspected is not None and not inspected.gifts_returned)
            said = (fact.amount_minor, fact.freight_minor, fact.gifts_minor)
            check.that(said == expected, f"{entry}: {expected} is granted and deducted, told was {said}")
            _takes(told, line, fact)
        else:
            _closed(fact, line, told)
    return check


def _expected(told: Told, line: Bought, fact: RefundGranted, *, gifts_kept: bool) -> tuple[int, int, int]:
    before = told.grants.get(fact.case_id)
    if before is not None:
        return before.amount_minor, before.freight_minor, before.gifts_minor
    place = (fact.line_no, told.grounds.get(fact.case_id, ""))
    cap = (fact.line_no, {"trust_card": "refund_without_return", "counterfeit": "authenticity"}.get(place[1], place[1]))
    claimed, asked = told.asked.get(fact.case_id, (fact.quantity, None))
    whole = line.share(fact.quantity or min(claimed, line.quantity - line.units))
    whole = min([whole, *([max(0, told.caps[cap] - told.used[place])] if cap in told.caps else []), *([] if asked is None else [asked])])
    if place[1] != "no_reason" or told.blamed.get(fact.case_id):
        return whole, 0, 0
    gone = line.units + fact.quantity
    gifts = [one for one in told.lines.values() if one.gift_of == fact.line_no]
    there = [one.gift - one.gift * one.units // one.quantity for one in gifts]  # what was cancelled or went back is not kept
    given = sum(one * gone // line.quantity - one * line.units // line.quantity for one in there)
    returned = told.kinds.get(fact.case_id) != "exchange" and line.seller_id not in told.deducted
    due = _freight(told.lines, line, fact.quantity, told.waived, whole) if returned else 0
    kept = min(given, whole - due) if gifts_kept else 0
    return whole - due - kept, due, kept


def _takes(told: Told, line: Bought, fact: RefundGranted) -> None:
    if fact.case_id not in told.grants:
        line.units += fact.quantity
        line.minor += fact.amount_minor
        line.deducted += fact.freight_minor + fact.gifts_minor
        told.used[(fact.line_no, told.grounds.get(fact.case_id, ""))] += fact.amount_minor
        if fact.freight_minor:
            told.deducted[line.seller_id] = fact.case_id
    told.grants[fact.case_id] = fact


def _freight(lines: dict[int, Bought], line: Bought, units: int, waived: tuple[FreeShipping, ...], refund: int) -> int:
    """Where the return of these units breaks the threshold, never more than the refund. Where not even all that was bought comes to it
    at what was paid, the shop counted otherwise, and any return does. Source: R3.10.
    """
    goods = [one for one in lines.values() if one.seller_id == line.seller_id and one.kind == "goods"]
    before = sum(one.paid - floor(Fraction(one.paid * one.units, one.quantity)) for one in goods)
    line.units += units
    after = sum(one.paid - floor(Fraction(one.paid * one.units, one.quantity)) for one in goods)
    line.units -= units
    whole = sum(one.paid for one in goods)
    promised = [one for one in waived if one.seller_id == line.seller_id][:1]
    broken = [one for one in promised if after < one.threshold_minor and not before < one.threshold_minor <= whole]
    return sum(min(one.freight_minor, refund) for one in broken)


def _closed(fact: CaseClosed, line: Bought, told: Told) -> None:
    """What was granted and did not go back can be claimed again, but for what a bank gave of it."""
    grant = told.grants.pop(fact.case_id, None)
    if grant is not None and fact.state == 60:
        line.minor -= fact.bank_minor
        line.deducted += fact.bank_minor
        told.used[(fact.line_no, told.grounds.get(fact.case_id, ""))] -= fact.bank_minor
    if grant is not None and fact.state == 70:
        line.units -= grant.quantity
        line.minor -= grant.amount_minor
        line.deducted -= grant.freight_minor + grant.gifts_minor
        told.used[(fact.line_no, told.grounds.get(fact.case_id, ""))] -= grant.amount_minor
        if told.deducted.get(line.seller_id) == fact.case_id:
            del told.deducted[line.seller_id]
