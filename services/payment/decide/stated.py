"""The provider's statement against a party's payouts: as orders are compared, by party and day. Source: R3.9."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from services.payment.decide.reconciliation import LINES_MAX, By, told
from services.payment.model import Account
from services.payment.model.account import evolve, folded, looked_at
from services.payment.model.statement import Break, news
from shared.contracts.psp import PayoutLine
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound, PayoutStated, PayoutStatementDue
from shared.errors import Code
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

FOUND = uuid.UUID("c2b1f0a4-7d1e-5c55-8b0e-3e0b5f6a9d21")  # namespace of the ids of breaks of payouts

M = TypeVar("M", bound=Message)
P = ParamSpec("P")


def compare_payout(event: PayoutLine, account: Account | None, policy: Policy) -> Outcome:
    """With what is known of the payout now; nothing known, or known not to be paid, is no break yet. Source: R3.9.

    Errors: statement.known, statement.stated_since, statement.too_old, statement.too_many_lines.
    """
    account = account or Account(event.party)
    against = _against(event, account)
    if against is not None:
        return Reject(against)
    noted = PayoutStated(
        **event.model_dump(exclude={"occurred_at"}),
        known_by=event.occurred_at + timedelta(hours=policy.payment.known_hours),
        occurred_at=event.occurred_at,
    )
    return (noted, *_changes(evolve(account, noted), "statement", event.occurred_at))


def look_payout(event: PayoutStatementDue, account: Account | None) -> Outcome:
    """The timer stands only while one side knows nothing of the payout. Source: R3.9."""
    if account is None:
        raise ValueError(f"a deadline of {event.party}, who has no account")
    return tuple(_changes(looked_at(account, event.payout_id), "ledger", event.occurred_at))


def paying(
    decide: Callable[Concatenate[M, Account | None, P], Outcome],
) -> Callable[Concatenate[M, Account | None, P], Outcome]:
    """For every decision about a payout: what it makes of the lines stated so far follows. Source: R3.9."""

    @wraps(decide)
    def decided(event: M, account: Account | None, /, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        outcome = decide(event, account, *args, **kwargs)
        if account is None or not (account.stated.lines or account.stated.breaks) or not isinstance(outcome, tuple):
            return outcome
        return (*outcome, *_changes(folded(account, outcome), "ledger", event.occurred_at))

    return decided


def _against(event: PayoutLine, account: Account) -> Code | None:
    """Why the line is not compared: of what is forgotten nobody can say whether it agrees."""
    lines = account.stated.lines
    before = lines.get(event.line_id)
    said = ("payout", event.payout_id, event.statement_id, event.day, event.amount_minor, event.currency)
    against = before.stands(said, event.occurred_at) if before is not None else None
    if against is not None:
        return against
    corrects = before is not None and before.reference == event.payout_id  # of what came back a line may be left, alone
    if not corrects and event.payout_id not in account.payouts and (event.day <= account.forgotten_day or account.made(event.payout_id)):
        return "statement.too_old"
    return "statement.too_many_lines" if before is None and len(lines) >= LINES_MAX else None


def _changes(account: Account, by: By, at: datetime) -> Iterator[PayoutBreakFound | PayoutBreakExplained]:
    """From the breaks that were announced to those that stand."""
    ended, new = news(account.paying.statement)
    for break_id in ended:
        yield PayoutBreakExplained(party=account.party, break_id=break_id, by=by, occurred_at=at)
    for number, one in enumerate(new, account.stated.found + 1):
        yield _found(account.party, number, one, at)


def _found(party: str, number: int, one: Break, at: datetime) -> PayoutBreakFound:
    """number: how many breaks of the party this makes, from which its id is spelled."""
    return PayoutBreakFound(
        party=party,
        break_id=str(uuid.uuid5(FOUND, f"{party}|{number}")),
        payout_id=one.reference,
        **told(one),
        occurred_at=at,
    )
