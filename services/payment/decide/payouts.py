"""A party's balance: credited by settlements, paid out by the daily sweep. Source: R3.1."""

from __future__ import annotations

import uuid
from datetime import datetime

from services.payment import ledger
from services.payment.model import Account, Payout, Purse
from shared.contracts.payment import AccountCredited, BalanceCredited, PayoutDone, PayoutInstructed, PayoutReturned, SweepDue
from shared.contracts.psp import PayoutFailed, PayoutSucceeded
from shared.days import day_after
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy

OUT = uuid.UUID("b7f0c1de-7a8c-5d7b-9f3d-0c6f4f3f9a52")  # namespace of payout ids


def credit(event: AccountCredited, account: Account | None, policy: Policy) -> Outcome:
    """The party may draw on it; swept at the next local midnight. It was posted when the line was settled. Source: R3.1."""
    purse = account.purses.get(event.currency, Purse()) if account is not None else Purse()
    return (
        BalanceCredited(
            party=event.party,
            currency=event.currency,
            amount_minor=event.amount_minor,
            balance_minor=purse.available_minor + event.amount_minor,
            order_id=event.order_id,
            line_no=event.line_no,
            zone=event.zone,
            sweep_at=_next_sweep(event.occurred_at, purse, event.zone) if policy.payment.sweep else None,
            occurred_at=event.occurred_at,
        ),
    )


def sweep(event: SweepDue, account: Account | None) -> Outcome:
    """All but what came in for later sweeps, whatever was told first; the id is spelled from party, currency and the payout's number.

    Source: R3.1.
    """
    if account is None:
        raise ValueError(f"a sweep of {event.party}, who has no account")
    purse = account.purses[event.currency]
    amount = purse.available_minor - sum(purse.after(event.occurred_at).values())
    entries = [(ledger.balance(event.party), -amount), (ledger.payout(event.party), amount)]
    return (
        PayoutInstructed(
            party=event.party,
            payout_id=str(uuid.uuid5(OUT, f"{event.party}|{event.currency}|{purse.swept + 1}")),
            currency=event.currency,
            amount_minor=amount,
            moves=ledger.certain(ledger.moves(event.currency, entries)),
            occurred_at=event.occurred_at,
        ),
    )


def paid_out(event: PayoutSucceeded, account: Account | None) -> Outcome:
    payout = account.payouts.get(event.payout_id) if account is not None else None
    if payout is None:
        return Reject("payout.unknown")
    if payout.state != "instructed":
        return Reject("payout.closed" if payout.state == "done" else "payout.contradicted")
    entries = [(ledger.payout(event.party), -payout.amount_minor), (ledger.CASH, payout.amount_minor)]
    return (
        PayoutDone(
            party=event.party,
            payout_id=event.payout_id,
            amount_minor=payout.amount_minor,
            moves=ledger.certain(ledger.moves(payout.currency, entries)),
            occurred_at=event.occurred_at,
        ),
    )


def returned(event: PayoutFailed, account: Account | None) -> Outcome:
    """Back in the balance, swept again the next day. Source: R3.1."""
    payout: Payout | None = account.payouts.get(event.payout_id) if account is not None else None
    if account is None or payout is None:
        return Reject("payout.unknown")
    if payout.state != "instructed":
        return Reject("payout.closed" if payout.state == "returned" else "payout.contradicted")
    purse = account.purses[payout.currency]
    entries = [(ledger.payout(event.party), -payout.amount_minor), (ledger.balance(event.party), payout.amount_minor)]
    return (
        PayoutReturned(
            party=event.party,
            payout_id=event.payout_id,
            amount_minor=payout.amount_minor,
            reason=event.reason,
            sweep_at=_next_sweep(event.occurred_at, purse, purse.zone),
            moves=ledger.certain(ledger.moves(payout.currency, entries)),
            occurred_at=event.occurred_at,
        ),
    )


def _next_sweep(at: datetime, purse: Purse, zone: str) -> datetime:
    """The next local midnight that no sweep has used: a credit may be told late, and one sweep is one payout."""
    return day_after(max(at, purse.swept_at or at), 1, zone)
