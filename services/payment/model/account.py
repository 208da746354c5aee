"""The account of one party: what it may draw on, per currency, and what is on its way to it. Source: R3.1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from shared.contracts.payment import BalanceCredited, PayoutDone, PayoutInstructed, PayoutReturned, SweepDue
from shared.messaging.shape import Kind

ANSWERED_KEPT = 64  # answered payouts that are still known by id; what is said of older ones is about a payout unknown

AccountFact = BalanceCredited | PayoutInstructed | PayoutDone | PayoutReturned


@dataclass(frozen=True, slots=True)
class Payout:
    state: Literal["instructed", "done", "returned"]
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Purse:
    """Money of one currency. sweep_at None: no sweep stands. swept: payouts so far, swept_at: the time of the latest."""

    available_minor: int = 0
    zone: str = ""
    sweep_at: datetime | None = None
    swept: int = 0
    swept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    party: str
    purses: dict[str, Purse] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)


def evolve(account: Account | None, fact: AccountFact) -> Account:
    account = account or Account(fact.party)
    match fact:
        case BalanceCredited():
            purse = account.purses.get(fact.currency, Purse())
            purse = replace(purse, available_minor=fact.balance_minor, zone=fact.zone, sweep_at=purse.sweep_at or fact.sweep_at)
            return replace(account, purses={**account.purses, fact.currency: purse})
        case PayoutInstructed():
            purse = account.purses[fact.currency]
            left = purse.available_minor - fact.amount_minor
            purse = replace(purse, available_minor=left, sweep_at=None, swept=purse.swept + 1, swept_at=fact.occurred_at)
            payout = Payout("instructed", fact.currency, fact.amount_minor)
            return replace(account, purses={**account.purses, fact.currency: purse}, payouts={**account.payouts, fact.payout_id: payout})
        case PayoutDone():
            return replace(account, payouts=_answered(account, fact.payout_id, "done"))
        case PayoutReturned():
            currency = account.payouts[fact.payout_id].currency
            purse = account.purses[currency]
            back = purse.available_minor + fact.amount_minor
            purse = replace(purse, available_minor=back, sweep_at=purse.sweep_at or fact.sweep_at)
            payouts = _answered(account, fact.payout_id, "returned")
            return replace(account, purses={**account.purses, currency: purse}, payouts=payouts)
        case _:
            assert_never(fact)


def due(account: Account) -> Iterable[SweepDue]:
    """A balance is paid out at the sweep that was promised with its first credit. Source: R3.1."""
    for currency, purse in account.purses.items():
        if purse.sweep_at is not None and purse.available_minor > 0:
            yield SweepDue(party=account.party, currency=currency, occurred_at=purse.sweep_at)


def _answered(account: Account, payout_id: str, state: Literal["done", "returned"]) -> dict[str, Payout]:
    """The answered one goes last; the oldest answered beyond ANSWERED_KEPT are forgotten, those under way never."""
    payouts = {known: payout for known, payout in account.payouts.items() if known != payout_id}
    payouts[payout_id] = replace(account.payouts[payout_id], state=state)
    answered = [known for known, payout in payouts.items() if payout.state != "instructed"]
    for known in answered[:-ANSWERED_KEPT]:
        del payouts[known]
    return payouts


ACCOUNT: Kind[Account, AccountFact] = Kind("account", AccountFact, lambda fact: fact.party, evolve, due)
