"""An order whose money the provider states, and the breaks that come of it. Source: R3.9."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.payment import BreakExplained, BreakFound, StatementDue
from shared.contracts.psp import StatementLine
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import bank, payment

DEADLINE = "06-08 10:10"
LATER = b.at("06-30 00:00")


def shop(*events: Message) -> Memory:
    """Paid 100.00 on 06-01 10:10; seven days for the statement."""
    return bank(b.order_paid(), *events, policies=b.POLICIES)


def refunding(*events: Message) -> Memory:
    """The same, and a refund of 40.00 is instructed on 06-08."""
    return shop(b.stated(), b.granted(amount_minor=40_00), *events)


def refund_stated(amount_minor: int = 40_00, when: str = "06-09 01:00", **fields: Any) -> StatementLine:
    return b.stated("l2", "r1", amount_minor, "refund", when=when, day="2026-06-08", **fields)


def found(memory: Memory) -> list[tuple[str, str, str | None, int | None, int | None]]:
    """Every break that was ever announced: kind, reference, line, ours, theirs."""
    breaks = [fact for fact in memory.facts if isinstance(fact, BreakFound)]
    return [(one.break_kind, one.reference, one.line_id, one.ours_minor, one.theirs_minor) for one in breaks]


def open_breaks(memory: Memory) -> list[str]:
    """What the facts leave open, which the state and the table must agree with: by kind and reference."""
    explained = [fact.break_id for fact in memory.facts if isinstance(fact, BreakExplained)]
    announced = {fact.break_id: fact for fact in memory.facts if isinstance(fact, BreakFound)}
    left = {break_id: fact for break_id, fact in announced.items() if break_id not in explained}
    assert len(announced) == len([fact for fact in memory.facts if isinstance(fact, BreakFound)]), "an id was announced twice"
    assert len(set(explained)) == len(explained)
    assert set(explained) <= set(announced)
    state = payment(memory)
    assert set(left) == (set(state.statement.breaks) if state is not None else set())
    rows = memory.rows.get("statement_break", [])
    tabled = {row[0] for row in rows if row[1] == "found"} - {row[0] for row in rows if row[1] == "explained"}
    assert set(left) == tabled
    return sorted(f"{fact.break_kind} {fact.reference}" for fact in left.values())


def looks(memory: Memory) -> list[tuple[str, datetime]]:
    return [(timer.reference, timer.occurred_at) for timer in memory.armed.values() if isinstance(timer, StatementDue)]
