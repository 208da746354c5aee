"""What of a part of a line goes back to the buyer, and what to the guarantee fund that had paid for it: computed again.

Written from the rules' text and shares no code with the services. The facts of an order lie in one lane, in order.
Source: R1.4, R3.2, R3.5, R3.8, R4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited
from shared.contracts.order import LineFreed, UnitsCancelled
from shared.contracts.payment import EscrowFunded, LineSettled, RefundDone, RefundNotPaid, RefundRefused, RefundReserved
from shared.contracts.refund import CaseClosed, RefundGranted

Place = tuple[str, int]  # order, line


class Parts(NamedTuple):
    """Minor units and units of the buyer; those that the fund had paid for, whose money is the fund's again."""

    minor: int
    units: int
    fund_minor: int = 0
    fund_units: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    line_no: int
    minor: int
    units: int
    by_fund: bool = False
    cancelled: bool = False


@dataclass(slots=True)
class Line:
    """gone: of refunds that are under way or done, each with whether it is the fund's. banks: what lost chargebacks took."""

    paid: int = 0
    quantity: int = 1
    banks: int = 0
    gone: dict[str, tuple[Parts, bool]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    restored: int = 0
    settled: bool = False

    def parts(self, asked: Asked) -> Parts | None:
        """None: nothing is left for it, or of a case's too little. Banks may have taken of it, of cancelled units the fund paid: the buyer
        has that; of more than is left of these all that is left goes back. Once the line's rest is taken, what the fund paid of the units
        that are gone is not settled: it is the fund's. Of cancelled units that is what would have gone back without it; of a case's,
        which cannot ask for it, the units' share.
        """
        own, fund = self._of(by_fund=False), self._of(by_fund=True)
        left = self.paid - self.banks - own.minor - fund.minor
        free = self.quantity - own.units - fund.units
        spare = Parts(0, 0) if self.settled else Parts(max(0, fund.minor - own.fund_minor), max(0, fund.units - own.fund_units))
        beyond = min(max(0, asked.units - free), spare.units) if asked.cancelled else 0
        minor, back = min(asked.minor, left), 0
        if minor == left and not asked.by_fund:
            upto = floor(Fraction(self.paid * (own.units + own.fund_units + asked.units), self.quantity))
            gone = asked.minor if asked.cancelled else upto - own.minor - own.fund_minor
            back = max(0, min(spare.minor, gone - minor))
        units = asked.units - beyond
        if asked.cancelled:
            units = min(units, free)
            nothing = minor + back == 0 if asked.minor else units + beyond == 0
        else:
            nothing = asked.minor > left + self.banks or asked.minor > left == 0 or units > free
        return None if nothing else Parts(minor, units, back, beyond)

    def resting(self) -> Parts:
        """What the buyer was to have from the fund of units that went back, and the fund does not pay."""
        own, fund = self._of(by_fund=False), self._of(by_fund=True)
        return Parts(max(0, own.fund_minor - fund.minor), max(0, own.fund_units - fund.units))

    def by_hand(self, asked: Asked) -> Parts | None:
        """Set aside once more by a person: as ever; of what the fund was to pay, what rests on it and no bank took."""
        if not asked.by_fund:
            return self.parts(asked)
        rest, own, fund = self.resting(), self._of(by_fund=False), self._of(by_fund=True)
        minor = min(rest.minor, asked.minor, self.paid - self.banks - own.minor - fund.minor)
        return Parts(minor, min(rest.units, asked.units)) if minor > 0 and not self.settled else None

    def due(self) -> int:
        """What the fund is to have back by now: both refunds are paid, and escrow has it."""
        done = {name: one for name, one in self.gone.items() if name in self.done}
        own, fund = replace(self, gone=done)._of(by_fund=False), replace(self, gone=done)._of(by_fund=True)
        return 0 if self.settled else min(own.fund_minor, fund.minor) - self.restored

    def _of(self, *, by_fund: bool) -> Parts:
        return Parts(*map(sum, zip((0, 0, 0, 0), *(one for one, theirs in self.gone.values() if theirs is by_fund), strict=True)))


def checks(log: Log) -> Iterator[Check]:
    back = Check(
        "what goes back is what was asked for, or what banks, of cancelled units anybody, left of it; nothing only where nothing was left"
    )
    fund = Check("the guarantee fund has back what it paid for units that went back, as soon as both are paid, and nothing of what settles")
    lines: dict[Place, Line] = {}
    asked = dict(_asked(log))
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, EscrowFunded):
            lines |= {(fact.order_id, one.line_no): Line(one.paid_minor, one.quantity) for one in fact.lines}
        elif isinstance(fact, RefundReserved | RefundRefused):
            _decided(back, entry, fact, asked, lines)
        elif isinstance(fact, ChargebackDebited):
            for part in fact.parts:
                lines.setdefault((fact.order_id, part.line_no), Line()).banks += part.amount_minor
        elif isinstance(fact, RefundDone | RefundNotPaid | LineSettled) and entry.topic == "payment.v1":
            line = lines.get((fact.order_id, fact.line_no)) if fact.line_no is not None else None
            if line is not None:
                _became(fund, entry, fact, line)
    return iter((back, fund, _told(log)))


def _told(log: Log) -> Check:
    """Of a case that ended with money: the last grant, what payment says of it, and what the order makes of that."""
    check = Check("cases: the buyer got what was paid of the grant, a bank gave the rest, and the order counts both as gone")
    grants = {(fact.order_id, fact.case_id): fact for _, fact in log.of(RefundGranted)}
    paid = {(fact.order_id, fact.refund_id): fact for _, fact in log.of(RefundDone)}
    freed = log.bodies(CaseClosed, "order")
    for entry, fact in log.of(CaseClosed):
        grant = grants.get((fact.order_id, fact.case_id))
        done = paid.get((fact.order_id, grant.refund_id)) if grant is not None else None
        if fact.state == 60 and fact.outcome == "refunded" and grant is not None and done is not None:
            expected = (done.amount_minor, grant.amount_minor - done.amount_minor)
            for said in ((done.amount_minor, done.bank_minor), (fact.refunded_minor, fact.bank_minor)):
                check.that(said == expected, f"{entry}: {expected} of {grant.refund_id} is paid and a bank's, told was {said}")
            units = fact.refunded_quantity
            check.that(units == grant.quantity, f"{entry}: {grant.quantity} units of {grant.refund_id} were granted, told was {units}")
    for entry, line in log.of(LineFreed):
        end = cause(freed, entry, case_id=line.case_id)
        if end is not None:
            gone = end.refunded_minor + end.bank_minor if end.funder == "seller" else 0
            check.that(gone == line.refunded_minor, f"{entry}: {gone} is gone by case {line.case_id}, told was {line.refunded_minor}")
            units = end.refunded_quantity if end.funder == "seller" else 0
            kept = end.kind in ("refund_only", "resend") if units else None
            blamed = end.seller_at_fault and end.funder == "seller" and "seller_at_fault" in line.model_fields_set
            right = (units, blamed, kept)
            without = line.without_return if "without_return" in line.model_fields_set else kept
            told = (line.refunded_quantity, line.seller_at_fault, without)
            check.that(told == right, f"{entry}: units, fault and whether without a return are {right}, told was {told}")
    return check


def _asked(log: Log) -> Iterator[tuple[tuple[str, str], Asked]]:
    for _, granted in log.of(RefundGranted):
        what = Asked(granted.line_no, granted.amount_minor, granted.quantity, granted.funder == "platform")
        yield (granted.order_id, granted.refund_id), what
    for _, fact in log.of(UnitsCancelled):
        for one in fact.lines:
            yield (fact.order_id, one.refund_id), Asked(one.line_no, one.amount_minor, one.quantity, cancelled=True)


def _decided(
    check: Check, entry: Entry, fact: RefundReserved | RefundRefused, asked: dict[tuple[str, str], Asked], lines: dict[Place, Line]
) -> None:
    """A person sets aside once more what the provider did not pay."""
    name = (fact.order_id, fact.again_of or fact.refund_id) if isinstance(fact, RefundReserved) else (fact.order_id, fact.refund_id)
    wanted = asked.get(name)
    line = lines.get((fact.order_id, wanted.line_no)) if wanted is not None else None
    again = isinstance(fact, RefundReserved) and fact.again_of is not None
    owed = (line.by_hand if again else line.parts)(wanted) if line is not None and wanted is not None else None
    if isinstance(fact, RefundRefused):
        if wanted is not None and line is not None and wanted.cancelled:  # nobody asks for these again
            owed = replace(line, gone={name: one for name, one in line.gone.items() if name in line.done}).parts(wanted)
        check.that(owed is None, f"{entry}: {fact.refund_id} is refused, and {owed} is owed of it")
        return
    told = Parts(fact.buyer_minor, fact.quantity, fact.fund_minor, fact.fund_quantity)
    if line is not None and wanted is not None:
        check.that(owed == told, f"{entry}: {owed} is owed for {fact.refund_id}, {told} is set aside")
        more = wanted.minor if wanted.minor > told.minor and not (again and wanted.by_fund) else None
        said = fact.asked_minor == more or (fact.asked_minor is None and wanted.cancelled)  # it was not said of these once
        check.that(said, f"{entry}: {wanted.minor} was asked for {fact.refund_id}, told was {fact.asked_minor}")
        asked[name] = replace(wanted, minor=told.minor + told.fund_minor, units=told.units + told.fund_units)
    lines.setdefault((fact.order_id, fact.line_no), Line()).gone[fact.refund_id] = told, fact.funder == "platform"


def _became(check: Check, entry: Entry, fact: RefundDone | RefundNotPaid | LineSettled, line: Line) -> None:
    match fact:
        case RefundDone():
            line.done.add(fact.refund_id)
            due = line.due()
            check.that(due == fact.restored_minor, f"{entry}: {due} is the fund's again, told was {fact.restored_minor}")
            line.restored += fact.restored_minor
        case RefundNotPaid():
            line.gone.pop(fact.refund_id, None)
        case LineSettled():
            line.settled = True
