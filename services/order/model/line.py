"""One line of an order: how many of its units are where, and when time confirms it. Source: R2.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.order import LineFreed, OrderTerms
from shared.contracts.types import Line, LineParties
from shared.days import after_spans
from shared.money import unit_slice

LineState = Literal["paid", "shipped", "delivered", "completed", "settled", "cancelled", "closed"]
Stage = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True)
class Parcel:
    """units by line number. None: not yet. failed: how it ended that did not arrive, empty while it may. failed_at: when it was refused
    or lost; None: it was not, or before that was kept.

    replaces: the line for which it brings other goods, 0: none. Where units is empty they come on top of those sent before (R4.10).
    """

    units: dict[int, int]
    sent_at: datetime
    signed_at: datetime | None = None
    collected_at: datetime | None = None
    failed: Literal["", "refused", "lost", "intercepted"] = ""
    sham: bool = False
    replaces: int = 0
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a paid order.

    sent: units on their way or there. sent_at: when the last unit left (R2.5's clock), None before. signed_at: when all its
    parcels were. gone: units that are waited for no more, cancelled or refunded, each with when; those that were refunded on
    their way without a return do not leave again where they are lost.
    refunded: units that were paid back or will be, with refunded_minor; cancelled of them without a case.
    cases: open after-sale cases, each with its beginning. ended: closed ones, with beginning and end. applied: when the buyer applied for
    each, however often it goes on after an appeal (R3.6). spans: from when until when they held the line.
    paid_back: of those the ones that refunded something, each with whether the seller was at fault.
    again_at: when the last replacement left that came on top, None: there is none; again_signed_at: when that was signed for.
    holds: units kept back for a case by its id while it is open, 0 where that was refused; those of which the money is granted even
    while they are away; asked: for how many it asked. stopped: units kept back until they were refunded, or refunded without a return: a
    parcel with them is to be stopped. uses: redeemed units by redemption id. extended_days: what the buyer added. over_at: when it was
    completed or refunded in full; None: it was not, or before this was kept. let_go: a gift that is waited for no more, as all of its line
    went back: what its campaign has back of it is all that it ever will.
    """

    line: Line
    sent: int = 0
    sent_at: datetime | None = None
    signed_at: datetime | None = None
    gone: tuple[tuple[datetime, int], ...] = ()
    refunded: int = 0
    refunded_minor: int = 0
    cancelled: int = 0
    cases: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    applied: dict[str, datetime] = field(default_factory=dict)
    spans: tuple[tuple[datetime, datetime], ...] = ()
    paid_back: dict[str, bool] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    stopped: int = 0
    again_at: datetime | None = None
    again_signed_at: datetime | None = None
    uses: dict[str, int] = field(default_factory=dict)
    extended_days: int = 0
    completed: bool = False
    settled: bool = False
    over_at: datetime | None = None
    asked: dict[str, int] = field(default_factory=dict)
    let_go: bool = False

    @property
    def state(self) -> LineState:
        if self.settled:
            return "settled"
        if self.cancelled >= self.line.quantity:
            return "cancelled"
        if self.refunded_in_full:
            return "closed"
        if self.completed:
            return "completed"
        if self.signed_at is not None:
            return "delivered"
        return "shipped" if self.sent_at is not None else "paid"

    @property
    def refunded_in_full(self) -> bool:
        """Nothing of what was paid is left; where nothing was paid, no unit is. Source: R1.4."""
        return self.refunded_minor >= self.line.paid_minor and (self.line.paid_minor > 0 or self.refunded >= self.line.quantity)

    @property
    def over(self) -> bool:
        """Nothing is to happen to it any more but settlement."""
        return self.completed or self.refunded_in_full

    @property
    def forgone(self) -> int:
        return sum(units for _, units in self.gone)

    @property
    def returned(self) -> int:
        """Units that were refunded after they came back."""
        return max(0, self.refunded - self.forgone)

    @property
    def unsent(self) -> int:
        return max(0, self.line.quantity - self.sent - self.forgone)

    @property
    def reserved(self) -> int:
        """Units of a campaign that have not left and nobody else may buy: none of a line that was refunded in full, be it by money alone,
        nor of a gift that went with its line. Source: R2.7.
        """
        return 0 if self.refunded_in_full or self.let_go else self.unsent

    @property
    def used(self) -> int:
        return sum(self.uses.values())

    @property
    def kept(self) -> int:
        """Units that are not to leave, for a case may refund them. Source: R4.8."""
        return sum(self.holds.values())

    @property
    def used_up(self) -> bool:
        """Confirmed by use, or as nothing is left that could be used or sent, though not all that was paid went back; no case holds it.
        Source: R2.5, R2.6.
        """
        nothing_left = not self.sent and bool(self.used or self.forgone) and self.used >= self.unsent
        return nothing_left and not self.over and not self.cases

    @property
    def parties(self) -> LineParties:
        line = self.line
        return LineParties(line_no=line.line_no, seller_id=line.seller_id, promoter_id=line.promoter_id, kind=line.kind)

    def back(self, units: int) -> int:
        """What was paid for so many more units, behind those refunded; the last take the rest. Source: R1.4."""
        left = self.line.paid_minor - self.refunded_minor
        if self.refunded + units >= self.line.quantity:
            return left
        return min(left, unit_slice(self.line.paid_minor, self.line.quantity, self.refunded, units))


def confirmation(line: OrderLine, terms: OrderTerms) -> tuple[Stage, datetime] | None:
    """When time confirms the line as things stand, cases left aside; None: not under way, confirmed already, or refunded in full.

    A look that would find nothing signed does nothing, so only the one that will confirm is named. A replacement begins it anew.

    Source: R2.5, R4.10.
    """
    sent_at, signed_at = (line.sent_at, line.signed_at) if line.again_at is None else (line.again_at, line.again_signed_at)
    if sent_at is None or line.over:
        return None
    stage, days = _look(sent_at, signed_at, line.extended_days, terms)
    deadline = sent_at + timedelta(days=days)
    return stage, after_spans(deadline, line.spans)


def held(line: OrderLine, at: datetime) -> bool:
    """A case that was opened before that moment is still open. Source: R2.5."""
    return any(since < at for since in line.cases.values())


def restated(line: OrderLine, parcels: Mapping[str, Parcel]) -> OrderLine:
    """How far the line got, by all its parcels; they may have been reported in any order. Source: R2.5."""
    line = _replaced(line, parcels)
    own = [parcel for parcel in parcels.values() if line.line.line_no in parcel.units and not parcel.failed]
    sent = sum(parcel.units[line.line.line_no] for parcel in own)
    if not own or sent + line.forgone < line.line.quantity:
        return replace(line, sent=sent, sent_at=None, signed_at=None)
    rest = _given_up(line, sent, parcels)
    signed = [parcel.signed_at for parcel in own if parcel.signed_at is not None]
    return replace(
        line,
        sent=sent,
        sent_at=max([parcel.sent_at for parcel in own] + rest),
        signed_at=max(signed + rest) if len(signed) == len(own) else None,
    )


def _given_up(line: OrderLine, sent: int, parcels: Mapping[str, Parcel]) -> list[datetime]:
    """When the units were that are not sent: of those refunded on their way none is, as long as they are, so not before they were lost."""
    found, missing = list[datetime](), line.line.quantity - sent
    for at, units in line.gone:
        if missing > 0:
            found.append(at)
            missing -= units
    lost = [one.failed_at for one in parcels.values() if line.line.line_no in one.units and one.failed_at is not None]
    return found + lost if found else []


def _replaced(line: OrderLine, parcels: Mapping[str, Parcel]) -> OrderLine:
    """The last replacement that came on top of its units and did not fail. Source: R4.10."""
    on_top = [one for one in parcels.values() if one.replaces == line.line.line_no and not one.units and not one.failed]
    if not on_top and line.again_at is None:
        return line
    last = max(on_top, key=lambda one: one.sent_at, default=None)
    return replace(line, again_at=last.sent_at if last else None, again_signed_at=last.signed_at if last else None)


def freed(line: OrderLine, fact: LineFreed, parcels: Mapping[str, Parcel]) -> OrderLine:
    """The case ended, and with it what was kept back for it; units that it refunded before they were sent are waited for no more, nor
    are those that need not come back, should they not arrive. What came back had been sent, as far as there were so many: the others
    are still to come. Source: R4.8, R4.4.
    """
    gone = _forgone(line, fact)
    after = replace(
        line,
        cases={case_id: since for case_id, since in line.cases.items() if case_id != fact.case_id},
        ended={**line.ended, fact.case_id: (line.cases[fact.case_id], fact.occurred_at)},
        spans=(*line.spans, (line.cases[fact.case_id], fact.occurred_at)),
        refunded=line.refunded + fact.refunded_quantity,
        refunded_minor=line.refunded_minor + fact.refunded_minor,
        gone=(*line.gone, (fact.occurred_at, gone)) if gone else line.gone,
        paid_back={**line.paid_back, fact.case_id: fact.seller_at_fault}
        if fact.refunded_quantity or fact.refunded_minor
        else line.paid_back,
        holds={case_id: units for case_id, units in line.holds.items() if case_id != fact.case_id},
        asked={case_id: units for case_id, units in line.asked.items() if case_id != fact.case_id},
        stopped=line.stopped + (gone if fact.without_return or line.holds.get(fact.case_id) else 0),
    )
    return restated(after, parcels)


def _forgone(line: OrderLine, fact: LineFreed) -> int:
    units = fact.refunded_quantity
    if fact.without_return is None:  # told before it was said
        return min(units, line.unsent)
    return units if fact.without_return else min(line.unsent, max(0, units - line.sent + line.returned))


def reduced(line: OrderLine, units: int, amount_minor: int, at: datetime, parcels: Mapping[str, Parcel]) -> OrderLine:
    """Units cancelled before they were sent."""
    after = replace(
        line,
        gone=(*line.gone, (at, units)),
        cancelled=line.cancelled + units,
        refunded=line.refunded + units,
        refunded_minor=line.refunded_minor + amount_minor,
    )
    return restated(after, parcels)


def timed(line: OrderLine, at: datetime) -> OrderLine:
    """When its end was told, the first time. Source: R2.6."""
    return replace(line, over_at=at) if line.over and line.over_at is None else line


def _look(sent_at: datetime, signed_at: datetime | None, added: int, terms: OrderTerms) -> tuple[Stage, int]:
    if signed_at is None:
        return 3, terms.confirm_latest_days + added
    if signed_at < sent_at + timedelta(days=terms.confirm_signed_days + added):
        return 1, terms.confirm_signed_days + added
    if signed_at < sent_at + timedelta(days=terms.confirm_check_days + added):
        return 2, terms.confirm_check_days + added
    return 3, terms.confirm_latest_days + added
