"""The provider's statement against the ledger: compared at once, and what was never stated by a deadline. Source: R3.9."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from services.payment.model import Payment
from services.payment.model.payment import evolve, folded
from services.payment.model.statement import Break, looked_at, news, of_order
from shared.contracts.payment import BreakExplained, BreakFound, StatementDue, StatementNoted
from shared.contracts.psp import StatementLine
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

LINES_MAX = 1_000  # of one order; more is no statement
FOUND = uuid.UUID("5b0b7c52-3f0e-5b7c-9a27-7f6f1a0c9d64")  # namespace of the ids of breaks

M = TypeVar("M", bound=Message)
P = ParamSpec("P")
By = Literal["statement", "ledger"]


def compare(event: StatementLine, payment: Payment | None, policy: Policy) -> Outcome:
    """With what is known of its movement now; news of it may be on its way, so nothing known is no break yet. Source: R3.9.

    Payouts are of a party, not of an order: refused here. Of two words on one line the later said stands, whichever is told first.
    """
    if event.kind == "payout":
        return Reject("statement.of_party")
    payment = payment or Payment(event.order_id)
    lines = payment.statement.lines
    before = lines.get(event.line_id)
    if before is None and len(lines) >= LINES_MAX:
        return Reject("statement.too_many_lines")
    said = (event.kind, event.reference, event.statement_id, event.day, event.amount_minor, event.currency)
    against = before.stands(said, event.occurred_at) if before is not None else None
    if against is not None:
        return Reject(against)
    noted = StatementNoted(
        order_id=payment.id,
        statement_id=event.statement_id,
        line_id=event.line_id,
        day=event.day,
        movement=event.kind,
        reference=event.reference,
        amount_minor=event.amount_minor,
        currency=event.currency,
        known_by=event.occurred_at + timedelta(hours=policy.payment.known_hours),
        occurred_at=event.occurred_at,
    )
    return (noted, *_changes(evolve(payment, noted), "statement", event.occurred_at))


def look(event: StatementDue, payment: Payment | None) -> Outcome:
    """The timer stands only while one side knows nothing of the movement. Source: R3.9."""
    if payment is None:
        raise ValueError(f"a deadline of order {event.order_id}, which has no payment")
    after = replace(payment, statement=looked_at(payment.statement, event.movement, event.reference))
    return tuple(_changes(after, "ledger", event.occurred_at))


def reconciled(
    decide: Callable[Concatenate[M, Payment | None, P], Outcome],
) -> Callable[Concatenate[M, Payment | None, P], Outcome]:
    """For every decision that books what the provider moves: what it makes of the lines stated so far follows. Source: R3.9."""

    @wraps(decide)
    def decided(event: M, payment: Payment | None, /, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        outcome = decide(event, payment, *args, **kwargs)
        if payment is None or not (payment.statement.lines or payment.statement.breaks) or not isinstance(outcome, tuple):
            return outcome
        return (*outcome, *_changes(folded(payment, outcome), "ledger", event.occurred_at))

    return decided


def _changes(payment: Payment, by: By, at: datetime) -> Iterator[BreakFound | BreakExplained]:
    """From the breaks that were announced to those that stand."""
    ended, new = news(payment.statement)
    for break_id in ended:
        yield BreakExplained(order_id=payment.id, break_id=break_id, by=by, occurred_at=at)
    for number, one in enumerate(new, payment.statement.found + 1):
        yield _found(payment, number, one, at)


def _found(payment: Payment, number: int, one: Break, at: datetime) -> BreakFound:
    """number: how many breaks of the order this makes, from which its id is spelled."""
    return BreakFound(
        order_id=payment.id,
        break_id=str(uuid.uuid5(FOUND, f"{payment.id}|{number}")),
        movement=of_order(one.movement),
        reference=one.reference,
        **told(one),
        occurred_at=at,
    )


def told(one: Break) -> dict[str, Any]:
    """What both sides say, as every announcement of a break has it."""
    return {
        "break_kind": one.kind,
        "day": one.day,
        "line_id": one.line_id,
        "ours_minor": one.ours[0] if one.ours else None,
        "ours_currency": one.ours[1] if one.ours else None,
        "theirs_minor": one.theirs[0] if one.theirs else None,
        "theirs_currency": one.theirs[1] if one.theirs else None,
    }
