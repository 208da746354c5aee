"""What the provider moved for one order or party: as we booked it, as its statement says, and where the two differ. Source: R3.9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived
from shared.contracts.handling import HandlingNoted
from shared.contracts.payment import (
    BreakExplained,
    BreakFound,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    EscrowFunded,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    StatementDue,
    StatementNoted,
    UnwantedReceived,
)
from shared.contracts.stated import PayoutBreakFound, PutInBreakFound
from shared.contracts.types import Movement, PutIn
from shared.days import local_date
from shared.errors import Code
from shared.messaging.message import Message

Compensating = CompensationInstructed | CompensationDone | CompensationNotPaid
Told = (
    EscrowFunded
    | UnwantedReceived
    | RefundInstructed
    | RefundDone
    | RefundNotPaid
    | Compensating
    | ChargebackReceived
    | ChargebackEnded
    | HandlingNoted
    | StatementNoted
    | BreakFound
    | BreakExplained
)
Moving = Movement | Literal["payout"] | PutIn  # of an order; of a party
BreakKind = Literal["missing_here", "missing_there", "amount", "currency", "duplicate"]


@dataclass(frozen=True, slots=True)
class Booked:
    """day, look_at None: instructed, and not known to have been moved. look_at None: no statement is expected.

    looked: it was not stated in time, which is not forgotten.
    """

    movement: Moving
    reference: str
    amount_minor: int
    currency: str
    day: str | None = None
    look_at: datetime | None = None
    looked: bool = False

    @property
    def key(self) -> str:
        return key_of(self.movement, self.reference)


@dataclass(frozen=True, slots=True)
class Stated:
    """An amount of 0: taken back. looked: nothing was known of it by look_at. told_at: when the provider said so; None: not kept."""

    movement: Moving
    reference: str
    statement_id: str
    day: str
    amount_minor: int
    currency: str
    look_at: datetime
    looked: bool = False
    told_at: datetime | None = None

    @property
    def key(self) -> str:
        return key_of(self.movement, self.reference)

    def stands(self, against: tuple[str, str, str, str, int, str], at: datetime) -> Code | None:
        """Why what is told in its place, from movement to currency, changes nothing: the same word for word, or an older word.

        Source: R3.9, R1.2.
        """
        if against == (self.movement, self.reference, self.statement_id, self.day, self.amount_minor, self.currency):
            return "statement.known"
        return "statement.stated_since" if self.told_at is not None and at < self.told_at else None


@dataclass(frozen=True, slots=True)
class Break:
    """line_id, theirs None: nothing was stated. ours None: nothing is known. Amount and currency together."""

    kind: BreakKind
    movement: Moving
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
            return booked(statement, _moved(statement, captured, fact)) if paid else statement
        case UnwantedReceived():
            statement = replace(statement, days=fact.statement_days, zone=fact.zone)
            captured = Booked("capture", fact.payment_id, fact.amount_minor, fact.currency)
            return booked(statement, _moved(statement, captured, fact))
        case RefundInstructed():
            return booked(statement, Booked("refund", fact.refund_id, fact.amount_minor, fact.currency))
        case CompensationInstructed():
            return booked(statement, Booked("compensation", fact.compensation_id, fact.amount_minor, fact.currency))
        case RefundDone():
            return _paid(statement, key_of("refund", fact.refund_id), fact)
        case CompensationDone():
            return _paid(statement, key_of("compensation", fact.compensation_id), fact)
        case RefundNotPaid():
            return _unpaid(statement, key_of("refund", fact.refund_id), fact.occurred_at)
        case CompensationNotPaid():
            return _unpaid(statement, key_of("compensation", fact.compensation_id), fact.occurred_at)
        case ChargebackReceived():
            return booked(statement, Booked("chargeback", fact.chargeback_id, fact.amount_minor, fact.currency))
        case ChargebackEnded(outcome="lost"):
            taken = Booked("chargeback", fact.chargeback_id, fact.taken_minor, fact.currency)
            return booked(statement, _moved(statement, taken, fact))
        case ChargebackEnded():
            return _unpaid(statement, key_of("chargeback", fact.chargeback_id), fact.occurred_at)
        case HandlingNoted():
            return _unpaid(statement, key_of(fact.of, fact.item_id), fact.occurred_at) if fact.moves is not None else statement
        case StatementNoted():
            said = (fact.movement, fact.reference, fact.statement_id, fact.day, fact.amount_minor, fact.currency, fact.known_by)
            return noted(statement, fact.line_id, Stated(*said, told_at=fact.occurred_at), fact.occurred_at)
        case BreakFound():
            return broken(statement, fact, fact.movement, fact.reference)
        case BreakExplained():
            return explained(statement, fact.break_id)
        case _:
            assert_never(fact)


def due(order_id: str, statement: Statement) -> Iterable[StatementDue]:
    """What only one side knows of is looked at once. Source: R3.9."""
    for one in alone(statement):
        if one.look_at is not None and not one.looked:
            yield StatementDue(order_id=order_id, movement=of_order(one.movement), reference=one.reference, occurred_at=one.look_at)


def differences(statement: Statement) -> Iterable[Break]:
    """All that stand, by what both sides say now. A movement is what its first agreeing line says, else its first; more are duplicates."""
    stated = _stated(statement)
    for key, one in statement.booked.items():
        if one.looked and one.day is not None and key not in stated:
            yield Break("missing_there", one.movement, one.reference, None, one.day, (one.amount_minor, one.currency), None)
    for key, lines in stated.items():
        known = statement.booked.get(key)
        ours = (known.amount_minor, known.currency) if known is not None else None
        agreeing = (line_id for line_id, line in lines.items() if (line.amount_minor, line.currency) == ours)
        counted = next(agreeing, next(iter(lines)))
        for line_id, line in lines.items():
            theirs = (line.amount_minor, line.currency)
            kind = _kind(ours, theirs, looked=line.looked) if line_id == counted else "duplicate"
            if kind is not None:
                yield Break(kind, line.movement, line.reference, line_id, line.day, ours, theirs)


def looked_at(statement: Statement, movement: Moving, reference: str) -> Statement:
    """It is known from one side only, and its time is over."""
    key = key_of(movement, reference)
    if key in statement.booked:
        return booked(statement, replace(statement.booked[key], looked=True))
    lines = {line_id: replace(line, looked=True) if line.key == key else line for line_id, line in statement.lines.items()}
    return replace(statement, lines=lines)


def news(statement: Statement) -> tuple[list[str], list[Break]]:
    """From the breaks that were announced to those that stand: ids of those that do no more, and those that are to be announced."""
    stand = {one.identity: one for one in differences(statement)}
    announced = {one.identity: break_id for break_id, one in statement.breaks.items()}
    ended = [break_id for identity, break_id in announced.items() if identity not in stand]
    return ended, [one for identity, one in stand.items() if identity not in announced]


def noted(statement: Statement, line_id: str, line: Stated, at: datetime) -> Statement:
    """A line as it came. A correction of what was looked at in vain gets no more time."""
    before = statement.lines.get(line_id)
    looked = before is not None and before.looked and before.key == line.key
    statement = replace(statement, lines={**statement.lines, line_id: replace(line, looked=looked)})
    return overdue(statement, before.key, at) if before is not None else statement


def broken(statement: Statement, fact: BreakFound | PayoutBreakFound | PutInBreakFound, movement: Moving, reference: str) -> Statement:
    ours = (fact.ours_minor, fact.ours_currency) if fact.ours_minor is not None and fact.ours_currency is not None else None
    theirs = (fact.theirs_minor, fact.theirs_currency) if fact.theirs_minor is not None and fact.theirs_currency is not None else None
    one = Break(fact.break_kind, movement, reference, fact.line_id, fact.day, ours, theirs)
    statement = replace(statement, breaks={**statement.breaks, fact.break_id: one}, found=statement.found + 1)
    return looked_at(statement, movement, reference) if fact.break_kind in ("missing_here", "missing_there") else statement


def explained(statement: Statement, break_id: str) -> Statement:
    return replace(statement, breaks={known: one for known, one in statement.breaks.items() if known != break_id})


def alone(statement: Statement) -> Iterable[Booked | Stated]:
    """Booked and not stated; stated and not booked, the first line of each."""
    stated = _stated(statement)
    yield from (one for key, one in statement.booked.items() if key not in stated)
    yield from (next(iter(lines.values())) for key, lines in stated.items() if key not in statement.booked)


def booked(statement: Statement, one: Booked) -> Statement:
    return replace(statement, booked={**statement.booked, one.key: one})


def of_order(movement: Moving) -> Movement:
    """Raises ValueError for what is of a party."""
    match movement:
        case "payout" | "deposit" | "prefund":
            raise ValueError(f"a {movement} on the statement of an order")
        case _:
            return movement


def _stated(statement: Statement) -> dict[str, dict[str, Stated]]:
    """By movement, its lines that were not taken back."""
    found: dict[str, dict[str, Stated]] = {}
    for line_id, line in statement.lines.items():
        if line.amount_minor:
            found.setdefault(line.key, {})[line_id] = line
    return found


def overdue(statement: Statement, key: str, at: datetime) -> Statement:
    """What is left alone after its time is looked at now: no deadline lies before its cause."""
    for one in alone(statement):
        if one.key == key and one.look_at is not None and one.look_at <= at:
            return looked_at(statement, one.movement, one.reference)
    return statement


def _paid(statement: Statement, key: str, fact: Message) -> Statement:
    instructed = statement.booked.get(key)
    return booked(statement, _moved(statement, instructed, fact)) if instructed is not None else statement


def _unpaid(statement: Statement, key: str, at: datetime) -> Statement:
    left = {other: one for other, one in statement.booked.items() if other != key}
    return overdue(replace(statement, booked=left), key, at)


def _kind(ours: tuple[int, str] | None, theirs: tuple[int, str], *, looked: bool) -> BreakKind | None:
    """None: they agree, or there is time left. Amounts of two currencies are not compared."""
    if ours is None:
        return "missing_here" if looked else None
    if ours[1] != theirs[1]:
        return "currency"
    return "amount" if ours[0] != theirs[0] else None


def _moved(statement: Statement, one: Booked, fact: Message) -> Booked:
    """Days are N times 24 h from when it happened. Source: R1.3."""
    day = local_date(fact.occurred_at, statement.zone or "UTC").isoformat()
    look_at = fact.occurred_at + timedelta(days=statement.days) if statement.days else None
    return replace(one, day=day, look_at=look_at)


def key_of(movement: Moving, reference: str) -> str:
    return f"{movement}/{reference}"
