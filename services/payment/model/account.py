"""The account of one party: what it may draw on, per currency, and what is on its way to it. Source: R3.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Money of one currency. sweeps: those that stand, by time, each with what came in for it. available_minor: these, and what
    came in while no sweep was promised. swept: payouts so far, swept_at: the time of the latest.
    """

    available_minor: int = 0
    zone: str = ""
    sweeps: Mapping[datetime, int] = field(default_factory=dict)
    swept: int = 0
    swept_at: datetime | None = None

    def after(self, at: datetime) -> dict[datetime, int]:
        """The sweeps that come later."""
        return {sweep: amount for sweep, amount in self.sweeps.items() if sweep > at}


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
            purse = replace(_credited(purse, fact.amount_minor, fact.sweep_at), zone=fact.zone)
            return replace(account, purses={**account.purses, fact.currency: purse})
        case PayoutInstructed():
            purse = account.purses[fact.currency]
            left = purse.available_minor - fact.amount_minor
            later = purse.after(fact.occurred_at)
            purse = replace(purse, available_minor=left, sweeps=later, swept=purse.swept + 1, swept_at=fact.occurred_at)
            payout = Payout("instructed", fact.currency, fact.amount_minor)
            return replace(account, purses={**account.purses, fact.currency: purse}, payouts={**account.payouts, fact.payout_id: payout})
        case PayoutDone():
            return replace(account, payouts=_answered(account, fact.payout_id, "done"))
        case PayoutReturned():
            currency = account.payouts[fact.payout_id].currency
            purse = _credited(account.purses[currency], fact.amount_minor, fact.sweep_at)
            payouts = _answered(account, fact.payout_id, "returned")
            return replace(account, purses={**account.purses, currency: purse}, payouts=payouts)
        case _:
            assert_never(fact)


def due(account: Account) -> Iterable[SweepDue]:
    """What came in is paid out at the sweep that was promised with it; they come one after the other. Source: R3.1."""
    for currency, purse in account.purses.items():
        if purse.sweeps:
            yield SweepDue(party=account.party, currency=currency, occurred_at=min(purse.sweeps))


def _credited(purse: Purse, amount: int, sweep_at: datetime | None) -> Purse:
    purse = replace(purse, available_minor=purse.available_minor + amount)
    if sweep_at is None:
        return purse
    return replace(purse, sweeps={**purse.sweeps, sweep_at: purse.sweeps.get(sweep_at, 0) + amount})


def _answered(account: Account, payout_id: str, state: Literal["done", "returned"]) -> dict[str, Payout]:
    """The answered one goes last; the oldest answered beyond ANSWERED_KEPT are forgotten, those under way never."""
    payouts = {known: payout for known, payout in account.payouts.items() if known != payout_id}
    payouts[payout_id] = replace(account.payouts[payout_id], state=state)
    answered = [known for known, payout in payouts.items() if payout.state != "instructed"]
    for known in answered[:-ANSWERED_KEPT]:
        del payouts[known]
    return payouts


ACCOUNT: Kind[Account, AccountFact] = Kind("account", AccountFact, lambda fact: fact.party, evolve, due)
