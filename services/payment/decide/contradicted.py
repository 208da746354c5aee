"""A payout of which the provider says both, that it paid it and that it came back: a person finds which holds. Source: R3.5, R3.1, R3.6.

What it says was paid after all is held until then; what it says came back after all is nowhere yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.payment import ledger
from services.payment.decide.income import deposited, used
from services.payment.decide.stated import paying
from services.payment.model import Account, Payout
from services.payment.model.account import evolve
from services.payment.model.purse import next_sweep
from shared.contracts.handling import PayoutHandled, PayoutSettled
from shared.contracts.payment import PayoutContradicted
from shared.contracts.psp import PayoutFailed, PayoutSucceeded
from shared.days import local_date
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


def contradicted(event: PayoutSucceeded, account: Account, payout: Payout) -> PayoutContradicted:
    """Nothing moves. Of where it came back to so much is held as is there: all or part of it may have been paid out again."""
    purse = account.purses[payout.currency]
    there = purse.deposit_minor - sum(purse.held_deposit.values()) if payout.of == "deposit" else purse.free_minor
    return PayoutContradicted(
        party=event.party,
        payout_id=event.payout_id,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        held_minor=min(payout.amount_minor, there),
        of=payout.of,
        occurred_at=event.occurred_at,
    )


def bounced(event: PayoutFailed, account: Account, payout: Payout) -> PayoutContradicted:
    """Nothing moves, and nothing is there to be held: it counts as paid until a person has found that it came back."""
    return PayoutContradicted(
        party=event.party,
        payout_id=event.payout_id,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        held_minor=0,
        of=payout.of,
        bounced=True,
        reason=event.reason,
        occurred_at=event.occurred_at,
    )


@paying
def handle_payout(event: PayoutHandled, account: Account | None, policy: Policy) -> Outcome:
    """Paid: what the party had too much is taken from where it came back to, then from the other of balance and deposit, the rest is owed.
    Not paid: nothing moves, and what was held goes like other income. Of what bounced the other way round: paid, nothing moves; not paid,
    it is back where it was taken from, as what is returned. Once. Source: R3.5-R3.7, R3.9.

    Errors: handling.known, handling.unknown, handling.not_contradicted.
    """
    payouts = account.payouts if account is not None else {}
    if any(one.handled == event.handling_id for one in payouts.values()):
        return Reject("handling.known")
    if account is None or event.payout_id not in payouts:
        return Reject("handling.unknown")
    payout = payouts[event.payout_id]
    if not payout.waits:
        return Reject("handling.not_contradicted", payout.state)
    if payout.state == "bounced":
        return (_stays(event, account, payout),) if event.how == "paid" else _back(event, account, payout, policy)
    settled = _paid if event.how == "paid" else _not_paid
    return (settled(event, account, payout, policy),)


def _paid(event: PayoutHandled, account: Account, payout: Payout, policy: Policy) -> PayoutSettled:
    purse, amount, days = account.purses[payout.currency], payout.amount_minor, policy.payment.statement_days
    if payout.of == "deposit":
        deposit = min(amount, purse.deposit_minor)
        balance = min(amount - deposit, purse.available_minor)
    else:
        balance = min(amount, purse.available_minor)
        deposit = min(amount - balance, purse.deposit_minor)
    owed = amount - balance - deposit
    entries = [
        (ledger.balance(event.party), -balance),
        (ledger.deposit(event.party), -deposit),
        (ledger.debt(event.party), -owed),
        (ledger.CASH, amount),
    ]
    return PayoutSettled(
        **event.model_dump(),
        currency=payout.currency,
        amount_minor=amount,
        from_balance_minor=balance,
        from_deposit_minor=deposit,
        as_debt_minor=owed,
        debt_minor=purse.debt_minor + owed,
        moves=ledger.moves(payout.currency, entries),
        day=local_date(event.occurred_at, purse.zone or policy.zone).isoformat(),
        stated_by=event.occurred_at + timedelta(days=days) if days else None,
    )


def _not_paid(event: PayoutHandled, account: Account, payout: Payout, policy: Policy) -> PayoutSettled:
    return PayoutSettled(
        **event.model_dump(),
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        debt_minor=account.purses[payout.currency].debt_minor,
        sweep_at=_swept_at(event, account, payout, policy),
    )


def _stays(event: PayoutHandled, account: Account, payout: Payout) -> PayoutSettled:
    return PayoutSettled(
        **event.model_dump(),
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        debt_minor=account.purses[payout.currency].debt_minor,
    )


def _back(event: PayoutHandled, account: Account, payout: Payout, policy: Policy) -> Outcome:
    currency, amount = payout.currency, payout.amount_minor
    deposit = amount if payout.of == "deposit" else 0
    entries = [
        (ledger.CASH, -amount),
        (ledger.balance(event.party), amount - deposit),
        (ledger.deposit(event.party), deposit),
    ]
    back = PayoutSettled(
        **event.model_dump(),
        currency=currency,
        amount_minor=amount,
        to_balance_minor=amount - deposit,
        to_deposit_minor=deposit,
        debt_minor=account.purses[currency].debt_minor,
        moves=ledger.moves(currency, entries),
        sweep_at=_swept_at(event, account, payout, policy),
    )
    after = evolve(account, back)
    if deposit:
        return (back, *deposited(after, currency, event.occurred_at))
    return (back, *used(after, currency, amount, event.occurred_at))


def _swept_at(event: PayoutHandled, account: Account, payout: Payout, policy: Policy) -> datetime | None:
    if payout.of is not None or (payout.withdrawn and not policy.payment.sweep):
        return None
    purse = account.purses[payout.currency]
    return next_sweep(event.occurred_at, purse, purse.zone or policy.zone)
