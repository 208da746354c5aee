"""What a party put in, as it was booked and as the provider's statement says: both go with time. Source: R3.9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from services.payment.model import statement
from services.payment.model.statement import Booked, Moving, Stated, Statement
from shared.contracts.payment import DepositReceived
from shared.contracts.stated import PutInBreakExplained, PutInBreakFound, PutInStated, PutInStatementDue
from shared.contracts.subsidy import PrefundReceived
from shared.contracts.types import PutIn

KEPT = 64  # sums on which the statement agrees, or of which none is expected, that are still known; older ones are not compared again
BROKEN_KEPT = 256  # of those that it does not agree with; what it says of older ones is refused, and their breaks stand

Received = DepositReceived | PrefundReceived
PutInFact = Received | PutInStated | PutInBreakFound | PutInBreakExplained


@dataclass(frozen=True, slots=True)
class PutIns:
    """forgotten_day: the latest on which one came in that is forgotten; empty: none is."""

    stated: Statement = field(default_factory=Statement)
    forgotten_day: str = ""


def evolve(put_ins: PutIns, fact: PutInFact) -> PutIns:
    """What was booked before such lines were compared is not known here. Source: R3.9."""
    now = put_ins.stated
    match fact:
        case DepositReceived() | PrefundReceived():
            if fact.day is None:
                return put_ins
            what: tuple[PutIn, str] = ("deposit", fact.deposit_id) if isinstance(fact, DepositReceived) else ("prefund", fact.prefund_id)
            now = statement.booked(now, Booked(*what, fact.amount_minor, fact.currency, fact.day, fact.stated_by))
        case PutInStated():
            said = (fact.movement, fact.reference, fact.statement_id, fact.day, fact.amount_minor, fact.currency, fact.known_by)
            now = statement.noted(now, fact.line_id, Stated(*said, told_at=fact.occurred_at), fact.occurred_at)
        case PutInBreakFound():
            now = statement.broken(now, fact, fact.movement, fact.reference)
        case PutInBreakExplained():
            now = statement.explained(now, fact.break_id)
        case _:
            assert_never(fact)
    return _forgotten(PutIns(now, put_ins.forgotten_day))


def of(movement: Moving) -> PutIn:
    """What a party put in; raises ValueError for all else."""
    match movement:
        case "deposit" | "prefund":
            return movement
        case _:
            raise ValueError(f"a {movement} among what a party put in")


def due(party: str, put_ins: PutIns) -> Iterable[PutInStatementDue]:
    """What only one side knows of is looked at once. Source: R3.9."""
    for one, look_at in _awaited(put_ins.stated):
        yield PutInStatementDue(party=party, movement=of(one.movement), reference=one.reference, occurred_at=look_at)


def looked_at(put_ins: PutIns, due: PutInStatementDue) -> PutIns:
    """It is known from one side only, and its time is over."""
    return PutIns(statement.looked_at(put_ins.stated, due.movement, due.reference), put_ins.forgotten_day)


def _awaited(stated: Statement) -> Iterable[tuple[Booked | Stated, datetime]]:
    return ((one, one.look_at) for one in statement.alone(stated) if one.look_at is not None and not one.looked)


def _forgotten(put_ins: PutIns) -> PutIns:
    """The oldest booked ones beyond what is kept, with all that was stated of them: never one that is still to be stated, or of which a
    break is about to be told.
    """
    now = put_ins.stated
    if len(now.booked) <= KEPT:
        return put_ins
    ended, new = statement.news(now)
    told = {statement.key_of(one.movement, one.reference) for one in now.breaks.values()}
    telling = [*new, *(now.breaks[break_id] for break_id in ended)]
    busy = {statement.key_of(one.movement, one.reference) for one in telling} | {one.key for one, _ in _awaited(now)}
    quiet = [key for key in now.booked if key not in busy and key not in told]
    broken = [key for key in now.booked if key not in busy and key in told]
    gone = {*quiet[:-KEPT], *broken[:-BROKEN_KEPT]}
    days = [now.booked[key].day or "" for key in gone] + [line.day for line in now.lines.values() if line.key in gone]
    kept = Statement(
        booked={key: one for key, one in now.booked.items() if key not in gone},
        lines={line_id: line for line_id, line in now.lines.items() if line.key not in gone},
        breaks={break_id: one for break_id, one in now.breaks.items() if statement.key_of(one.movement, one.reference) not in gone},
        found=now.found,
    )
    return PutIns(kept, max([*days, put_ins.forgotten_day]))
