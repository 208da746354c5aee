"""What comes in to a party: open debt first, then the deposit, the rest to the balance, and what waited for it. Source: R3.6, R3.7."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.payment import ledger
from services.payment.model import Account, Clawback, Purse
from services.payment.model.account import evolve
from services.payment.model.purse import next_sweep, next_try
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    BalanceCredited,
    BalanceDebited,
    ClawbackDelayed,
    ClawbackDue,
    DebtRepaid,
    DepositFilled,
)
from shared.messaging.shape import Outcome
from shared.policy import Policy

Source = Literal["balance", "deposit", "prefunded"]


def credit(event: AccountCredited, account: Account | None, policy: Policy) -> Outcome:
    """Posted to the balance when the line was settled; what debt and deposit take of it is posted here. Source: R3.1, R3.7."""
    purse = purse_of(account, event.currency)
    credited = BalanceCredited(
        party=event.party,
        currency=event.currency,
        amount_minor=event.amount_minor,
        balance_minor=purse.available_minor + event.amount_minor,
        order_id=event.order_id,
        line_no=event.line_no,
        zone=event.zone,
        sweep_at=next_sweep(event.occurred_at, purse, event.zone) if policy.payment.sweep else None,
        occurred_at=event.occurred_at,
    )
    return (credited, *used(evolve(account, credited), event.currency, event.amount_minor, event.occurred_at))


def charge(event: AccountCharged, account: Account | None) -> Outcome:
    """A seller's share is always taken; a clawback as a whole, or not at all until the balance suffices. Source: R3.5, R3.6."""
    purse = purse_of(account, event.currency)
    if event.reason != "clawback":
        return (_debited(event, purse),)
    clawback = Clawback(event.amount_minor, event.order_id, event.line_no, event.zone)
    if not purse.clawbacks and purse.available_minor >= event.amount_minor:
        return (_taken(event.party, event.currency, event.charge_id, clawback, purse, event.occurred_at),)
    return (_delayed(event.party, event.currency, event.charge_id, clawback, purse, event.occurred_at),)


def try_again(event: ClawbackDue, account: Account | None) -> Outcome:
    """Daily: the oldest first, none overtakes; for the first that is still too much it is tried again tomorrow. Source: R3.6."""
    if account is None:
        raise ValueError(f"a deadline of {event.party}, who has no account")
    taken = _clawed_back(account, event.currency, event.occurred_at)
    for fact in taken:
        account = evolve(account, fact)
    purse = account.purses[event.currency]
    rest = [
        _delayed(event.party, event.currency, charge_id, clawback, purse, event.occurred_at)
        for charge_id, clawback in list(purse.clawbacks.items())[:1]
    ]
    return (*taken, *rest)


def used(account: Account, currency: str, income: int, at: datetime) -> tuple[DebtRepaid | DepositFilled | BalanceDebited, ...]:
    """What becomes of `income`, which is in the balance already. Source: R3.7: debt, then deposit; R3.6: clawbacks at each credit."""
    party, purse = account.party, account.purses[currency]
    facts: list[DebtRepaid | DepositFilled] = []
    repaid = min(income, purse.debt_minor)
    if repaid:
        facts.append(debt_repaid(party, currency, repaid, purse, "balance", at))
    filled = min(income - repaid, purse.short_minor)
    if filled:
        entries = [(ledger.balance(party), -filled), (ledger.deposit(party), filled)]
        facts.append(
            DepositFilled(
                party=party,
                currency=currency,
                amount_minor=filled,
                deposit_minor=purse.deposit_minor + filled,
                moves=ledger.certain(ledger.moves(currency, entries)),
                occurred_at=at,
            )
        )
    for fact in facts:
        account = evolve(account, fact)
    return (*facts, *_clawed_back(account, currency, at))


def deposited(account: Account, currency: str, at: datetime) -> tuple[DebtRepaid, ...]:
    """What came into the deposit repays an open debt, as it would have been drawn from it. Source: R3.6, R3.7."""
    purse = account.purses[currency]
    repaid = min(purse.deposit_minor, purse.debt_minor)
    return (debt_repaid(account.party, currency, repaid, purse, "deposit", at),) if repaid else ()


def debt_repaid(party: str, currency: str, amount: int, purse: Purse, source: Source, at: datetime) -> DebtRepaid:
    """purse: as it was before."""
    paying = {"balance": ledger.balance, "deposit": ledger.deposit, "prefunded": ledger.prefunded}[source](party)
    return DebtRepaid(
        party=party,
        currency=currency,
        amount_minor=amount,
        debt_minor=purse.debt_minor - amount,
        source=source,
        moves=ledger.certain(ledger.moves(currency, [(paying, -amount), (ledger.debt(party), amount)])),
        occurred_at=at,
    )


def purse_of(account: Account | None, currency: str) -> Purse:
    """An empty one where nothing of that currency came yet."""
    return account.purses.get(currency, Purse()) if account is not None else Purse()


def _debited(event: AccountCharged, purse: Purse) -> BalanceDebited:
    """From the balance, then the deposit, the rest is owed. Source: R3.5, R3.6."""
    balance = min(event.amount_minor, purse.available_minor)
    deposit = min(event.amount_minor - balance, purse.deposit_minor)
    owed = event.amount_minor - balance - deposit
    entries = [
        (ledger.balance(event.party), -balance),
        (ledger.deposit(event.party), -deposit),
        (ledger.debt(event.party), -owed),
        (ledger.ADVANCE, event.amount_minor),
    ]
    return BalanceDebited(
        party=event.party,
        charge_id=event.charge_id,
        currency=event.currency,
        amount_minor=event.amount_minor,
        from_balance_minor=balance,
        from_deposit_minor=deposit,
        as_debt_minor=owed,
        debt_minor=purse.debt_minor + owed,
        reason=event.reason,
        order_id=event.order_id,
        line_no=event.line_no,
        zone=event.zone,
        moves=ledger.certain(ledger.moves(event.currency, entries)),
        occurred_at=event.occurred_at,
    )


def _clawed_back(account: Account, currency: str, at: datetime) -> list[BalanceDebited]:
    """The oldest ones, as far as the balance suffices for each as a whole. Source: R3.6."""
    taken: list[BalanceDebited] = []
    purse = account.purses[currency]
    for charge_id, clawback in purse.clawbacks.items():
        if account.purses[currency].available_minor < clawback.amount_minor:
            break
        taken.append(_taken(account.party, currency, charge_id, clawback, account.purses[currency], at))
        account = evolve(account, taken[-1])
    return taken


def _taken(party: str, currency: str, charge_id: str, clawback: Clawback, purse: Purse, at: datetime) -> BalanceDebited:
    entries = [(ledger.balance(party), -clawback.amount_minor), (ledger.ADVANCE, clawback.amount_minor)]
    return BalanceDebited(
        party=party,
        charge_id=charge_id,
        currency=currency,
        amount_minor=clawback.amount_minor,
        from_balance_minor=clawback.amount_minor,
        from_deposit_minor=0,
        as_debt_minor=0,
        debt_minor=purse.debt_minor,
        reason="clawback",
        order_id=clawback.order_id,
        line_no=clawback.line_no,
        zone=clawback.zone,
        moves=ledger.certain(ledger.moves(currency, entries)),
        occurred_at=at,
    )


def _delayed(party: str, currency: str, charge_id: str, clawback: Clawback, purse: Purse, at: datetime) -> ClawbackDelayed:
    return ClawbackDelayed(
        party=party,
        charge_id=charge_id,
        currency=currency,
        amount_minor=clawback.amount_minor,
        order_id=clawback.order_id,
        line_no=clawback.line_no,
        zone=clawback.zone,
        try_at=next_try(at, purse, clawback.zone),
        occurred_at=at,
    )
