"""What the provider moved for one order: as we booked it, as its statement says, and where the two differ. Source: R3.9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from shared.contracts.payment import (
    BreakExplained,
    BreakFound,
    EscrowFunded,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    StatementDue,
    StatementNoted,
    UnwantedReceived,
)
from shared.contracts.types import Movement
from shared.days import local_date
from shared.messaging.message import Message

Told = EscrowFunded | UnwantedReceived | RefundInstructed | RefundDone | RefundNotPaid | StatementNoted | BreakFound | BreakExplained
BreakKind = Literal["missing_here", "missing_there", "amount", "currency", "duplicate"]


@dataclass(frozen=True, slots=True)
class Booked:
    """day, look_at None: instructed, and not known to have been moved. look_at None: no statement is expected.

    looked: it was not stated in time.
    """

    movement: Movement
    reference: str
    amount_minor: int
    currency: str
    day: str | None = None
    look_at: datetime | None = None
    looked: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """An amount of 0: taken back."""

    movement: Movement
    reference: str
    statement_id: str
    day: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Break:
    """line_id, theirs None: nothing was stated. ours None: nothing is known. Amount and currency together."""

    kind: BreakKind
    movement: Movement
    reference: str
    line_id: str | None
    day: str
    ours: tuple[int, str] | None
    theirs: tuple[int, str] | None

    @property
    def identity(self) -> tuple[object, ...]:
        """Whatever else changes, it is the same break."""
        return self.kind, self.movement, self.reference, self.line_id, self.theirs


@dataclass(frozen=True, slots=True)
class Statement:
    """booked: by movement and reference. lines: by line id, in the order in which they came. breaks: open ones. found: so far."""

    days: int = 0
    zone: str = ""
    booked: dict[str, Booked] = field(default_factory=dict)
    lines: dict[str, Stated] = field(default_factory=dict)
    breaks: dict[str, Break] = field(default_factory=dict)
    found: int = 0


def evolve(statement: Statement, fact: Told) -> Statement:
    match fact:
        case EscrowFunded():
            statement = replace(statement, days=fact.statement_days, zone=fact.zone)
            paid = sum(line.paid_minor for line in fact.lines)
            captured = Booked("capture", fact.payment_id, paid, fact.currency)
            return _booked(statement, _moved(statement, captured, fact)) if paid else statement
        case UnwantedReceived():
            statement = replace(statement, days=fact.statement_days, zone=fact.zone)
            captured = Booked("capture", fact.payment_id, fact.amount_minor, fact.currency)
            return _booked(statement, _moved(statement, captured, fact))
        case RefundInstructed():
            return _booked(statement, Booked("refund", fact.refund_id, fact.amount_minor, fact.currency))
        case RefundDone():
            instructed = statement.booked.get(_key("refund", fact.refund_id))
            return _booked(statement, _moved(statement, instructed, fact)) if instructed is not None else statement
        case RefundNotPaid():
            gone = _key("refund", fact.refund_id)
            return replace(statement, booked={key: booked for key, booked in statement.booked.items() if key != gone})
        case StatementNoted():
            return _noted(statement, fact)
        case BreakFound():
            return _broken(statement, fact)
        case BreakExplained():
            breaks = {break_id: one for break_id, one in statement.breaks.items() if break_id != fact.break_id}
            return replace(statement, breaks=breaks)
        case _:
            assert_never(fact)


def due(order_id: str, statement: Statement) -> Iterable[StatementDue]:
    """What was moved and not stated is looked at once. Source: R3.9."""
    if any(one.look_at is not None and not one.looked for one in statement.booked.values()):
        stated = {_key(line.movement, line.reference) for line in statement.lines.values() if line.amount_minor}
        for key, one in statement.booked.items():
            if one.look_at is not None and not one.looked and key not in stated:
                yield StatementDue(order_id=order_id, movement=one.movement, reference=one.reference, occurred_at=one.look_at)


def differences(statement: Statement) -> Iterable[Break]:
    """All that stand, by what both sides say now. A movement is what its first agreeing line says, else its first; more are duplicates."""
    stated: dict[str, list[tuple[str, Stated]]] = {}
    for line_id, line in statement.lines.items():
        if line.amount_minor:
            stated.setdefault(_key(line.movement, line.reference), []).append((line_id, line))
    for key, one in statement.booked.items():
        if one.looked and key not in stated:
            yield unstated(one)
    for key, lines in stated.items():
        booked = statement.booked.get(key)
        ours = (booked.amount_minor, booked.currency) if booked is not None else None
        agreeing = (number for number, (_, line) in enumerate(lines) if (line.amount_minor, line.currency) == ours)
        counted = next(agreeing, 0)
        for number, (line_id, line) in enumerate(lines):
            theirs = (line.amount_minor, line.currency)
            kind = _kind(ours, theirs) if number == counted else "duplicate"
            if kind is not None:
                yield Break(kind, line.movement, line.reference, line_id, line.day, ours, theirs)


def unstated(booked: Booked) -> Break:
    if booked.day is None:
        raise ValueError(f"{booked.movement} {booked.reference} was not moved yet")
    ours = (booked.amount_minor, booked.currency)
    return Break("missing_there", booked.movement, booked.reference, None, booked.day, ours, None)


def _kind(ours: tuple[int, str] | None, theirs: tuple[int, str]) -> BreakKind | None:
    """None: they agree. Amounts of two currencies are not compared."""
    if ours is None:
        return "missing_here"
    if ours[1] != theirs[1]:
        return "currency"
    return "amount" if ours[0] != theirs[0] else None


def _moved(statement: Statement, booked: Booked, fact: Message) -> Booked:
    """Days are N times 24 h from when it happened. Source: R1.3."""
    day = local_date(fact.occurred_at, statement.zone or "UTC").isoformat()
    look_at = fact.occurred_at + timedelta(days=statement.days) if statement.days else None
    return replace(booked, day=day, look_at=look_at)


def _noted(statement: Statement, fact: StatementNoted) -> Statement:
    """What loses its last line after its time is unstated at once: the time to look at it has passed."""
    before = statement.lines.get(fact.line_id)
    line = Stated(fact.movement, fact.reference, fact.statement_id, fact.day, fact.amount_minor, fact.currency)
    statement = replace(statement, lines={**statement.lines, fact.line_id: line})
    key = _key(before.movement, before.reference) if before is not None else ""
    booked = statement.booked.get(key)
    left = any(one.amount_minor and _key(one.movement, one.reference) == key for one in statement.lines.values())
    if booked is None or booked.look_at is None or booked.look_at > fact.occurred_at or left:
        return statement
    return _booked(statement, replace(booked, looked=True))


def _broken(statement: Statement, fact: BreakFound) -> Statement:
    ours = (fact.ours_minor, fact.ours_currency) if fact.ours_minor is not None and fact.ours_currency is not None else None
    theirs = (fact.theirs_minor, fact.theirs_currency) if fact.theirs_minor is not None and fact.theirs_currency is not None else None
    one = Break(fact.break_kind, fact.movement, fact.reference, fact.line_id, fact.day, ours, theirs)
    statement = replace(statement, breaks={**statement.breaks, fact.break_id: one}, found=statement.found + 1)
    booked = statement.booked.get(_key(fact.movement, fact.reference))
    return _booked(statement, replace(booked, looked=True)) if booked is not None and fact.break_kind == "missing_there" else statement


def _booked(statement: Statement, booked: Booked) -> Statement:
    return replace(statement, booked={**statement.booked, _key(booked.movement, booked.reference): booked})


def _key(movement: Movement, reference: str) -> str:
    return f"{movement}/{reference}"
