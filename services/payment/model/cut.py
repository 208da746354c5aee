"""What of a part of a line that is to go back is the buyer's, and what is the guarantee fund's, which paid for it before.

Source: R1.4, R3.5, R3.8, R4.6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import Code

if TYPE_CHECKING:
    from services.payment.model.payment import Payment


class Cut(NamedTuple):
    """Minor units and units: those that the buyer gets back now, and those that it has from the fund, whose money is the fund's again.

    short: of cancelled units, and cases have of their money what neither banks nor fund gave.
    """

    minor: int
    units: int = 0
    fund_minor: int = 0
    fund_units: int = 0
    short: bool = False

    @property
    def money(self) -> int:
        return self.minor + self.fund_minor


def cut(payment: Payment, line_no: int, minor: int, units: int, *, cancelled: bool = False) -> Cut | Code:
    """Never beyond what is left of the line; what banks took of it the buyer has, and gets the rest. cancelled: no case asks for it,
    units were cancelled, so that of their money the fund may have paid as well: that is the fund's again, as far as they would have
    gone back had it paid nothing. Nobody asks for it again: of more than is left, all that is left goes back. Else, where nothing is
    left, or of a case's where it were too much without banks, why nothing goes back.

    Codes: line.unknown, refund.exceeds_paid, refund.quantity_exceeds.
    """
    if line_no not in payment.lines:
        return "line.unknown"
    left, free = payment.left_of(line_no)
    given, given_units = _given(payment, line_no)
    fund_units = min(max(0, units - free), given_units)
    found = Cut(min(minor, left), min(units, free) if cancelled else units, 0, fund_units)
    if found.minor == left:
        gone = minor if cancelled else _unsettled(payment, line_no, units)
        found = found._replace(fund_minor=max(0, min(given, gone - found.minor)))
    short = minor > left + _banks(payment, line_no) + (_fund(payment, line_no)[0] if cancelled else 0)
    if minor > left and (not found.money if cancelled else short or not left):
        return "refund.exceeds_paid"
    if found.units > free or (units and not (minor or found.units or fund_units)):
        return "refund.quantity_exceeds"
    return found._replace(short=short or found.units + fund_units < units)


def in_the_way(payment: Payment, line_no: int, minor: int, units: int) -> bool:
    """A refund that the provider has not answered has something of what these cancelled units are to get: if it is not paid, that is
    there again. Source: R3.5, R3.8.
    """
    answered = {name: one for name, one in payment.refunds.items() if one.state != "reserved"}
    now, then = (cut(of, line_no, minor, units, cancelled=True) for of in (payment, replace(payment, refunds=answered)))
    return isinstance(then, Cut) and (not isinstance(now, Cut) or (now.short and now.money < then.money))


def owes(payment: Payment, line_no: int) -> bool:
    """Units were cancelled, for which no case is open, and are not paid back: the provider refused, so that a person is to, or they
    are held. What went back otherwise meanwhile is owed no more. So is what the fund was to pay of them.
    Source: R2.6, R3.5, R3.8, R4.6.
    """
    if resting(payment, line_no)[0] and any(one.waits and one.funder == "platform" for one in payment.refunds_of(line_no)):
        return True
    waits = [one for one in payment.refunds_of(line_no) if one.cancelled and (one.waits or one.state == "held")]
    return any(isinstance(cut(payment, line_no, one.drawn_minor, one.units, cancelled=True), Cut) for one in waits)


def resting(payment: Payment, line_no: int) -> tuple[int, int]:
    """Minor units and units of what went back that the buyer was to have from the fund, whose refund the provider did not pay: the
    line's own money, and the buyer's. Source: R4.6, R3.5.
    """
    if payment.lines[line_no].settled:
        return 0, 0
    back = [one for one in payment.refunds_of(line_no) if one.counts]
    minor, units = _fund(payment, line_no)
    return max(0, sum(one.fund_minor for one in back) - minor), max(0, sum(one.fund_quantity for one in back) - units)


def _banks(payment: Payment, line_no: int) -> int:
    """What lost chargebacks took of the line."""
    return sum(gone.buyer_minor for one in payment.chargebacks.values() for gone in one.debited if gone.line_no == line_no)


def restorable(payment: Payment, line_no: int) -> int:
    """What the fund has paid by now of units that went back by now, and has not back yet: while it is in escrow. Source: R3.2, R4.6."""
    line, done = payment.lines[line_no], [one for one in payment.refunds_of(line_no) if one.state == "done"]
    paid = sum(one.buyer_minor for one in done if one.funder == "platform")
    return 0 if line.settled else min(paid, sum(one.fund_minor for one in done)) - line.restored_minor


def _fund(payment: Payment, line_no: int) -> tuple[int, int]:
    """What the fund pays of the line: minor units and units, done or under way."""
    paid = [one for one in payment.refunds_of(line_no) if one.counts and one.funder == "platform"]
    return sum(one.buyer_minor for one in paid), sum(one.quantity for one in paid)


def _given(payment: Payment, line_no: int) -> tuple[int, int]:
    """Of that, what no refund has given back to it; nothing of a settled line, whose parties have it. Source: R4.6."""
    if payment.lines[line_no].settled:
        return 0, 0
    back = [one for one in payment.refunds_of(line_no) if one.counts]
    minor, units = _fund(payment, line_no)
    return max(0, minor - sum(one.fund_minor for one in back)), max(0, units - sum(one.fund_quantity for one in back))


def _unsettled(payment: Payment, line_no: int, units: int) -> int:
    """What was paid for these units, behind those that went back before: it is settled for none of them. Source: R1.4."""
    line = payment.lines[line_no]
    before = [one for one in payment.refunds_of(line_no) if one.counts and one.funder == "seller"]
    upto = line.paid_minor * (units + sum(one.units for one in before)) // line.quantity
    return upto - sum(one.drawn_minor for one in before)
