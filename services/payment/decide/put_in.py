"""The provider's statement against what sellers and promoters put in: as orders are compared, by party and day. Source: R3.9."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypedDict

from services.payment.decide.reconciliation import LINES_MAX, By, told
from services.payment.model import Account, Purse
from services.payment.model.account import evolve, put_in_looked_at
from services.payment.model.put_in import of
from services.payment.model.statement import key_of, news
from shared.contracts.psp import PutInLine
from shared.contracts.stated import PutInBreakExplained, PutInBreakFound, PutInStated, PutInStatementDue
from shared.days import local_date
from shared.errors import Code
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

FOUND = uuid.UUID("0f6b7c2e-5a43-5f0e-9d1c-7a2e84c1b3d5")  # namespace of the ids of breaks of what was put in


class Expected(TypedDict):
    day: str
    stated_by: datetime | None


def expected(at: datetime, purse: Purse, policy: Policy) -> Expected:
    """Of money that came in: its local day, and when the provider's statement must show it. Source: R3.9, R1.3."""
    days, day = policy.payment.put_in_statement_days, local_date(at, purse.zone or policy.zone)
    return {"day": day.isoformat(), "stated_by": at + timedelta(days=days) if days else None}


def compare_put_in(event: PutInLine, account: Account | None, policy: Policy) -> Outcome:
    """With what is known of that money now; news of it may be on its way, so nothing known is no break yet. Source: R3.9.

    Errors: statement.known, statement.stated_since, statement.too_old, statement.too_many_lines.
    """
    account = account or Account(event.party)
    against = _against(event, account)
    if against is not None:
        return Reject(against)
    noted = PutInStated(
        **event.model_dump(exclude={"kind", "occurred_at"}),
        movement=event.kind,
        known_by=event.occurred_at + timedelta(hours=policy.payment.known_hours),
        occurred_at=event.occurred_at,
    )
    return (noted, *put_in_changes(evolve(account, noted), "statement", event.occurred_at))


def look_put_in(event: PutInStatementDue, account: Account | None) -> Outcome:
    """The timer stands only while one side knows nothing of that money. Source: R3.9."""
    if account is None:
        raise ValueError(f"a deadline of {event.party}, who has no account")
    return tuple(put_in_changes(put_in_looked_at(account, event), "ledger", event.occurred_at))


def put_in_changes(account: Account, by: By, at: datetime) -> Iterator[PutInBreakFound | PutInBreakExplained]:
    """From the breaks that were announced to those that stand; an id is spelled from how many of the party this makes."""
    ended, new = news(account.put_in.stated)
    for break_id in ended:
        yield PutInBreakExplained(party=account.party, break_id=break_id, by=by, occurred_at=at)
    for number, one in enumerate(new, account.put_in.stated.found + 1):
        yield PutInBreakFound(
            party=account.party,
            break_id=str(uuid.uuid5(FOUND, f"{account.party}|{number}")),
            movement=of(one.movement),
            reference=one.reference,
            **told(one),
            occurred_at=at,
        )


def _against(event: PutInLine, account: Account) -> Code | None:
    """Why the line is not compared: of what is forgotten, or was booked before lines were compared, nobody can say whether it agrees."""
    stated, key = account.put_in.stated, key_of(event.kind, event.reference)
    before = stated.lines.get(event.line_id)
    said = (event.kind, event.reference, event.statement_id, event.day, event.amount_minor, event.currency)
    against = before.stands(said, event.occurred_at) if before is not None else None
    if against is not None:
        return against
    corrects = before is not None and before.key == key
    if not corrects and key not in stated.booked and (event.day <= account.put_in.forgotten_day or key in account.asked):
        return "statement.too_old"
    return "statement.too_many_lines" if before is None and len(stated.lines) >= LINES_MAX else None
