"""Every legal claim in every state of its line, and whoever is silent: `make cases-table` writes the page that people read.

Kinds and grounds are the catalogue's; each row is a life, run once through the refund service in memory. Source: R4.2, R4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from services.refund import rules
from services.refund.model import Case
from shared.contracts.refund import CaseClosed, CaseFact, RefundGranted
from shared.contracts.storefront import CaseKind, Ground
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import CASE, ORDER
from tests.unit.refund import acts as a
from tests.unit.refund import life as l

TABLE = Path(__file__).parents[3] / "services" / "refund" / "CASES.md"
HEAD = """# Every case that can be asked for, and who is silent

Kinds x grounds x state of the line x who is silent, all that the catalogue of guarantees offers; each row is a life that was run through
the refund service. Silent: `nobody` (each side does its part in time), `seller`, `buyer` (asks, and does nothing more), `platform` (the
seller refuses, the buyer disputes, nobody rules). `refused` and `waits`: the claim is not taken in that state of the line, with its code.
The states are R4.2's codes in order; then the end: how it came out, for whose fault, and what is refunded of 100.00.
Written by `make cases-table`; tests/unit/refund/test_table.py runs it again.
"""
LineState = Literal["paid", "shipped", "lost", "signed"]
Silent = Literal["nobody", "seller", "buyer", "platform"]
LINES: dict[LineState, tuple[Message, ...]] = {
    "paid": (l.paid(),),
    "shipped": (l.paid(), a.sent()),
    "lost": (l.paid(), a.sent(), a.failed()),
    "signed": (l.paid(), a.sent(), l.delivered()),
}
STEPS_MAX = 12  # of one life
APPLIED = "06-17 09:00"


class Row(NamedTuple):
    kind: CaseKind
    ground: Ground
    line: LineState
    silent: Silent


def rows() -> Iterator[Row]:
    """What the catalogue has a rule for."""
    for ground in get_args(Ground):
        for kind in get_args(CaseKind):
            if rules.find(kind, ground) is not None:
                yield from (Row(kind, ground, line, silent) for line in LINES for silent in get_args(Silent))


def life(row: Row) -> Memory:
    """The claim, and what both sides do until it ends or nobody does anything more."""
    memory = l.shop(*LINES[row.line], l.requested(kind=row.kind, ground=row.ground, when=APPLIED))
    for _ in range(STEPS_MAX):
        case = l.purchase_of(memory).cases.get(CASE)
        if case is None or case.ended or case.stuck:
            break
        step = _step(row, case)
        if step is not None:
            memory.send(step)
        elif case.deadline is None or not memory.advance(case.deadline + timedelta(seconds=5)):
            break
    return memory


def told(row: Row) -> str:
    """The row's end, in words of the table."""
    memory = life(row)
    if not l.purchase_of(memory).cases:
        waits = [held.reason for held in memory.held(ORDER)]
        return f"waits: {waits[0]} | |" if waits else f"refused: {memory.refused[0][1]} | |"
    way: list[str] = []
    case = l.case_of(memory)
    for fact in memory.facts:
        if isinstance(fact, CaseFact) and (not way or way[-1] != str(fact.state)):
            way.append(str(fact.state))
    end = next((fact for fact in memory.facts if isinstance(fact, CaseClosed)), None)
    grant = next((fact for fact in reversed(memory.facts) if isinstance(fact, RefundGranted)), None)
    if end is None:
        return f"{' → '.join(way)} | waits for the order to keep the goods back, then {case.agreed or 'as the case goes'} | 0.00"
    by = f", by {grant.by}" if grant is not None else ""
    fault = f", fault: {end.fault}" if end.fault else ""
    return f"{' → '.join(way)} | {end.outcome} ({end.code}){by}{fault} | {end.refunded_minor // 100}.{end.refunded_minor % 100:02}"


def lines() -> Iterator[str]:
    """One for all silences where the claim is not taken."""
    for row in rows():
        if l.purchase_of(life(row)).cases:
            yield f"| {' | '.join(row)} | {told(row)} |"
        elif row.silent == "nobody":
            yield f"| {row.kind} | {row.ground} | {row.line} | anybody | {told(row)} |"


def table() -> str:
    head = ["kind", "ground", "line", "silent", "states", "end", "refunded"]
    return HEAD + "\n" + "\n".join([f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |", *lines()]) + "\n"


def _step(row: Row, case: Case) -> Message | None:
    """What is done next, a minute after the last; None: whoever has the turn is silent."""
    when = case.since + timedelta(minutes=1)
    match case.state:
        case 10 if case.turn == "buyer":
            return None if row.silent == "buyer" else a.shown(when=when)
        case 10 if case.turn == "seller":
            if row.silent == "seller":
                return None
            return l.declined(when=when) if row.silent == "platform" else l.accepted(when=when)
        case 12:
            return a.disputed(when=when) if row.silent == "platform" else None
        case 20:
            return None
        case 30:
            return None if row.silent == "buyer" else l.posted(when=when)
        case 40 if case.sending:
            return None if row.silent == "seller" else a.replaced(when=when)
        case 40:
            return None if row.silent == "seller" else l.confirmed(when=when)
        case 45:
            return None if row.silent == "buyer" else a.arrived(when=when)
        case 50:
            return l.done(when=when)
        case _:
            return None


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
