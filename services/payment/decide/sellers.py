"""What a seller's back office asks of its account: a deposit that is to be held, money for it, a withdrawal. Source: R3.1, R3.7."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.payment import ledger
from services.payment.decide.income import deposited, purse_of
from services.payment.decide.payouts import paid_to
from services.payment.decide.put_in import expected, put_in_changes
from services.payment.decide.stated import paying
from services.payment.model import Account
from services.payment.model.account import UNDER_WAY_MAX, evolve
from shared.contracts.payment import DepositReceived, DepositRequired, PaidOf, WithdrawalRefused
from shared.contracts.seller import DepositToppedUp, SellerRegistered, WithdrawalRequested
from shared.contracts.subsidy import PrefundReleaseNoted
from shared.errors import Code
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy


def register(event: SellerRegistered, account: Account | None) -> Outcome:
    """What is required from now on; it is filled by what comes in next, not from what is there. An older word than the one that
    stands, told again, changes nothing. Source: R3.7, R1.2.
    """
    purse = purse_of(account, event.currency)
    if purse.required_minor == event.deposit_required_minor:
        return Reject("seller.known")
    if purse.required_at is not None and event.occurred_at < purse.required_at:
        return Reject("seller.registered_since")
    return (
        DepositRequired(
            party=event.seller_id,
            currency=event.currency,
            required_minor=event.deposit_required_minor,
            occurred_at=event.occurred_at,
        ),
    )


def top_up(event: DepositToppedUp, account: Account | None, policy: Policy) -> Outcome:
    """Money for the deposit, once per id; an open debt is repaid from it. Source: R3.6, R3.7, R3.9."""
    if account is None or all(purse.required_minor is None for purse in account.purses.values()):
        return Wait("deposit.before_registration")
    purse = purse_of(account, event.currency)
    if purse.required_minor is None:
        return Reject("deposit.currency_differs", event.currency)
    known = known_request(account, f"deposit/{event.deposit_id}", event.occurred_at, "deposit.known")
    if known is not None:
        return known
    party, held = event.seller_id, purse.deposit_minor + event.amount_minor
    entries = [(ledger.CASH, -event.amount_minor), (ledger.deposit(party), event.amount_minor)]
    received = DepositReceived(
        party=party,
        deposit_id=event.deposit_id,
        currency=event.currency,
        amount_minor=event.amount_minor,
        deposit_minor=held,
        moves=ledger.certain(ledger.moves(event.currency, entries)),
        **expected(event.occurred_at, purse, policy),
        occurred_at=event.occurred_at,
    )
    after = evolve(account, received)
    repaid = deposited(after, event.currency, event.occurred_at)
    return received, *repaid, *put_in_changes(after, "ledger", event.occurred_at)


@paying
def withdraw(event: WithdrawalRequested, account: Account | None, policy: Policy) -> Outcome:
    """Paid out like a sweep if nothing holds it back, once per id; of prefunded money, noted. Of a deposit, what is above the required.

    withdrawal.refused with: withdrawal.debt_open, withdrawal.deposit_short, withdrawal.clawback_open, withdrawal.exceeds_balance,
    withdrawal.exceeds_deposit, withdrawal.exceeds_prefunded, withdrawal.payout_contradicted, withdrawal.too_many. Source: R3.1, R3.5, R3.7.
    """
    known = known_request(account, f"withdrawal/{event.withdrawal_id}", event.occurred_at, "withdrawal.known")
    if known is not None:
        return known
    code = _refusal(event, account)
    if account is None or code is not None:
        return (
            WithdrawalRefused(
                party=event.seller_id,
                withdrawal_id=event.withdrawal_id,
                currency=event.currency,
                amount_minor=event.amount_minor,
                code=code or "withdrawal.exceeds_balance",
                occurred_at=event.occurred_at,
            ),
        )
    if event.of == "prefunded":
        return (
            PrefundReleaseNoted(
                party=event.seller_id,
                withdrawal_id=event.withdrawal_id,
                currency=event.currency,
                amount_minor=event.amount_minor,
                release_at=event.occurred_at + timedelta(hours=policy.payment.prefund_release_hours),
                occurred_at=event.occurred_at,
            ),
        )
    of: PaidOf = "deposit" if event.of == "deposit" else None
    return (paid_to(account, event.currency, event.amount_minor, event.occurred_at, policy, event.withdrawal_id, of),)


def _refusal(event: WithdrawalRequested, account: Account | None) -> Code | None:
    purse = purse_of(account, event.currency)
    if event.of == "prefunded":  # what is owed was repaid of it before: there is none while a debt is open
        if event.amount_minor > purse.prefunded_minor - sum(amount for amount, _ in purse.releases.values()):
            return "withdrawal.exceeds_prefunded"
        return "withdrawal.too_many" if len(purse.releases) >= UNDER_WAY_MAX else None
    if purse.hindrance is not None:
        return purse.hindrance
    of_deposit = event.of == "deposit"
    if event.amount_minor > (purse.surplus_minor if of_deposit else purse.available_minor):
        return "withdrawal.exceeds_deposit" if of_deposit else "withdrawal.exceeds_balance"
    if event.amount_minor > (purse.free_surplus_minor if of_deposit else purse.free_minor):
        return "withdrawal.payout_contradicted"
    return "withdrawal.too_many" if account is not None and account.crowded else None


def known_request(account: Account | None, request: str, at: datetime, code: Code) -> Reject | None:
    """Done before; or so old that it may have been. Source: R3.1: once per id, in bounded memory."""
    if account is None:
        return None
    if request in account.asked:
        return Reject(code)
    return Reject("seller.request_too_old") if account.forgotten_at is not None and at <= account.forgotten_at else None
