"""Money leaves to a party: by the daily sweep, or because a seller asks for it; done, returned, or without an answer. Source: R3.1."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.payment import ledger
from services.payment.decide.contradicted import bounced, contradicted
from services.payment.decide.income import deposited, used
from services.payment.decide.stated import paying
from services.payment.model import Account, Payout
from services.payment.model.account import evolve
from services.payment.model.payout import numbered
from services.payment.model.purse import next_sweep
from shared.contracts.payment import PaidOf, PayoutAnswerDue, PayoutDone, PayoutInstructed, PayoutOverdue, PayoutReturned, SweepDue
from shared.contracts.psp import PayoutFailed, PayoutSucceeded
from shared.days import local_date
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


@paying
def sweep(event: SweepDue, account: Account | None, policy: Policy) -> Outcome:
    """All but what came in for later sweeps, whatever was told first. None stands while debt, deposit or a clawback holds it back.

    Source: R3.1, R3.7.
    """
    if account is None:
        raise ValueError(f"a sweep of {event.party}, who has no account")
    amount = account.purses[event.currency].payable(event.occurred_at)
    return (paid_to(account, event.currency, amount, event.occurred_at, policy, None),)


def paid_to(
    account: Account,
    currency: str,
    amount: int,
    at: datetime,
    policy: Policy,
    withdrawal_id: str | None,
    of: PaidOf = None,
) -> PayoutInstructed:
    purse = account.purses[currency]
    entries = [(_source(account.party, of), -amount), (ledger.payout(account.party), amount)]
    return PayoutInstructed(
        party=account.party,
        payout_id=numbered(account.party, currency, purse.swept + 1),
        currency=currency,
        amount_minor=amount,
        moves=ledger.certain(ledger.moves(currency, entries)),
        withdrawal_id=withdrawal_id,
        answer_by=at + timedelta(hours=policy.payment.provider_silent_hours),
        of=of,
        occurred_at=at,
    )


def _source(party: str, of: PaidOf) -> str:
    return ledger.deposit(party) if of == "deposit" else ledger.balance(party)


@paying
def paid_out(event: PayoutSucceeded, account: Account | None, policy: Policy) -> Outcome:
    """The provider's statement is to show it within the policy's days of that. Said of what came back, it moves nothing, and who settles
    that is told of it, once. Source: R3.1, R3.5, R3.9.

    Errors: payout.unknown, payout.too_old, payout.closed, payout.contradicted.
    """
    payout = account.payouts.get(event.payout_id) if account is not None else None
    if account is None or payout is None:
        return _unknown(account, event.payout_id)
    if payout.state == "returned" and not payout.contradicted:
        return (contradicted(event, account, payout),)
    if payout.state != "instructed":
        return Reject("payout.contradicted" if payout.state == "returned" else "payout.closed")
    entries = [(ledger.payout(event.party), -payout.amount_minor), (ledger.CASH, payout.amount_minor)]
    days, zone = policy.payment.statement_days, account.purses[payout.currency].zone or policy.zone
    return (
        PayoutDone(
            party=event.party,
            payout_id=event.payout_id,
            amount_minor=payout.amount_minor,
            moves=ledger.certain(ledger.moves(payout.currency, entries)),
            day=local_date(event.occurred_at, zone).isoformat(),
            stated_by=event.occurred_at + timedelta(days=days) if days else None,
            occurred_at=event.occurred_at,
        ),
    )


@paying
def returned(event: PayoutFailed, account: Account | None, policy: Policy) -> Outcome:
    """Back where it was taken from: in the balance like other income, swept again the next day; or in the deposit. Said of what was paid,
    it moves nothing, and who settles that is told of it, once. Source: R3.1, R3.5, R3.7.

    Errors: payout.unknown, payout.too_old, payout.closed, payout.contradicted.
    """
    payout: Payout | None = account.payouts.get(event.payout_id) if account is not None else None
    if account is None or payout is None:
        return _unknown(account, event.payout_id)
    if payout.state == "done" and not payout.contradicted:
        return (bounced(event, account, payout),)
    if payout.state != "instructed":
        return Reject("payout.closed" if payout.state == "returned" else "payout.contradicted")
    purse = account.purses[payout.currency]
    entries = [(ledger.payout(event.party), -payout.amount_minor), (_source(event.party, payout.of), payout.amount_minor)]
    back = PayoutReturned(
        party=event.party,
        payout_id=event.payout_id,
        amount_minor=payout.amount_minor,
        reason=event.reason,
        sweep_at=next_sweep(event.occurred_at, purse, purse.zone or policy.zone),
        moves=ledger.certain(ledger.moves(payout.currency, entries)),
        swept_again=payout.of is None and (policy.payment.sweep or not payout.withdrawn),
        of=payout.of,
        occurred_at=event.occurred_at,
    )
    if payout.of == "deposit":
        return (back, *deposited(evolve(account, back), payout.currency, event.occurred_at))
    return (back, *used(evolve(account, back), payout.currency, payout.amount_minor, event.occurred_at))


def _unknown(account: Account | None, payout_id: str) -> Reject:
    return Reject("payout.too_old" if account is not None and account.made(payout_id) else "payout.unknown")


def payout_unanswered(event: PayoutAnswerDue, account: Account | None) -> Outcome:
    """Announced once; the money stays under way, and a late answer counts. Source: R3.1."""
    return (PayoutOverdue(party=event.party, payout_id=event.payout_id, occurred_at=event.occurred_at),)
