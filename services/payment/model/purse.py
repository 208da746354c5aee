"""A party's money of one currency: what it may draw on, its deposit, what it prefunded, owes, is to give back. Source: R3.1, R3.6, R3.7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from shared.contracts.handling import PayoutSettled
from shared.contracts.payment import (
    BalanceCredited,
    BalanceDebited,
    ClawbackDelayed,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    DepositRequired,
    PayoutContradicted,
    PayoutInstructed,
    PayoutReturned,
)
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, PrefundReleaseNoted, SubsidyDrawn, SubsidyRestored
from shared.days import day_after

CLAWBACKS_KEPT = 64  # that wait for the balance one by one; what comes then joins the youngest of them

Hindrance = Literal["withdrawal.debt_open", "withdrawal.deposit_short", "withdrawal.clawback_open"]
PurseFact = (
    BalanceCredited
    | BalanceDebited
    | ClawbackDelayed
    | DebtRepaid
    | DepositFilled
    | DepositReceived
    | DepositRequired
    | PayoutInstructed
    | PayoutReturned
    | PayoutContradicted
    | PayoutSettled
    | PrefundReceived
    | SubsidyDrawn
    | SubsidyRestored
    | PrefundReleaseNoted
    | PrefundReleased
)


@dataclass(frozen=True, slots=True)
class Clawback:
    """A share that is taken as a whole or not at all. order_id, line_no: of the first, where several were put together."""

    amount_minor: int
    order_id: str
    line_no: int | None
    zone: str


@dataclass(frozen=True, slots=True)
class Purse:
    """sweeps: those that stand, by time, each with what came in for it; money that came while none was promised goes with any of them.
    swept: payouts so far, swept_at: the time of the latest sweep.

    required_minor None: the seller is not registered for this currency; required_at: when that was said. clawbacks: by charge id, the
    oldest first. try_at: when the oldest is tried again, tried_at: when one was tried last. prefunded_minor: for the subsidies of a
    promoter. releases: of that, by withdrawal id, what the promoter asked for, with the time from which it has it. held: by payout
    of which the provider said both, what of the balance is not paid out until a person has settled it; held_deposit: of the deposit.
    """

    available_minor: int = 0
    zone: str = ""
    sweeps: Mapping[datetime, int] = field(default_factory=dict)
    swept: int = 0
    swept_at: datetime | None = None
    deposit_minor: int = 0
    required_minor: int | None = None
    required_at: datetime | None = None
    debt_minor: int = 0
    clawbacks: dict[str, Clawback] = field(default_factory=dict)
    try_at: datetime | None = None
    tried_at: datetime | None = None
    prefunded_minor: int = 0
    releases: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    held_deposit: dict[str, int] = field(default_factory=dict)

    @property
    def free_minor(self) -> int:
        """Of the balance, what no contradicted payout holds. Source: R3.5."""
        return self.available_minor - sum(self.held.values())

    def payable(self, at: datetime) -> int:
        """What the sweep of that time pays out: all but what came in for later ones, whatever was told first. Source: R3.1."""
        return self.free_minor - sum(amount for sweep, amount in self.sweeps.items() if sweep > at)

    @property
    def sweep_at(self) -> datetime | None:
        """The first one that has something to pay out; None: none has."""
        return min((sweep for sweep in self.sweeps if self.payable(sweep) > 0), default=None)

    @property
    def short_minor(self) -> int:
        """What the deposit lacks."""
        return max(0, (self.required_minor or 0) - self.deposit_minor)

    @property
    def surplus_minor(self) -> int:
        """What the deposit holds above what is required, where it is not short."""
        return self.deposit_minor - (self.required_minor or 0)

    @property
    def free_surplus_minor(self) -> int:
        """Of that, what no contradicted payout holds. Source: R3.5."""
        return self.surplus_minor - sum(self.held_deposit.values())

    @property
    def hindrance(self) -> Hindrance | None:
        """Why nothing is paid out at present, withdrawals and sweeps alike. Source: R3.6, R3.7."""
        if self.debt_minor:
            return "withdrawal.debt_open"
        if self.short_minor:
            return "withdrawal.deposit_short"
        return "withdrawal.clawback_open" if self.clawbacks else None


def next_sweep(at: datetime, purse: Purse, zone: str) -> datetime:
    """The next local midnight that no sweep has used: a credit may be told late, and one sweep is one payout."""
    return day_after(max(at, purse.swept_at or at), 1, zone)


def next_try(at: datetime, purse: Purse, zone: str) -> datetime:
    """The one that stands, else the next local midnight after the last one."""
    if purse.try_at is not None and purse.try_at > at:
        return purse.try_at
    return day_after(max(at, purse.tried_at or at), 1, zone)


def moved(purse: Purse, fact: PurseFact) -> Purse:
    """What is taken from a balance is taken from its latest sweeps first, so that each pays out what is there. What was held back is
    swept at the next midnight once it is free. Source: R3.7.
    """
    after = _moved(purse, fact)
    held, of_deposit = _within(after.held, after.available_minor), _within(after.held_deposit, after.deposit_minor)
    after = replace(after, held=held, held_deposit=of_deposit)
    sweeps, left = dict[datetime, int](), after.free_minor
    for sweep in sorted(after.sweeps):
        if left > 0:
            sweeps[sweep] = min(after.sweeps[sweep], left)
            left -= sweeps[sweep]
    if sweeps and purse.hindrance is not None and after.hindrance is None:
        sweeps = _put_off(sweeps, next_sweep(fact.occurred_at, after, after.zone))
    return replace(after, sweeps=sweeps)


def _moved(purse: Purse, fact: PurseFact) -> Purse:
    available = purse.available_minor
    match fact:
        case BalanceCredited():
            return replace(_credited(purse, fact.amount_minor, fact.sweep_at), zone=fact.zone)
        case BalanceDebited():
            return _debited(purse, fact)
        case ClawbackDelayed():
            clawbacks = _delayed(purse.clawbacks, fact)
            return replace(
                purse, clawbacks=clawbacks, zone=fact.zone, try_at=fact.try_at, tried_at=_later(purse.tried_at, fact.occurred_at)
            )
        case DebtRepaid(source="balance"):
            return replace(purse, available_minor=available - fact.amount_minor, debt_minor=fact.debt_minor)
        case DebtRepaid(source="prefunded"):
            return replace(purse, prefunded_minor=purse.prefunded_minor - fact.amount_minor, debt_minor=fact.debt_minor)
        case DebtRepaid():
            return replace(purse, deposit_minor=purse.deposit_minor - fact.amount_minor, debt_minor=fact.debt_minor)
        case DepositFilled():
            return replace(purse, available_minor=available - fact.amount_minor, deposit_minor=fact.deposit_minor)
        case DepositReceived():
            return replace(purse, deposit_minor=fact.deposit_minor)
        case PrefundReceived() | SubsidyRestored():
            return replace(purse, prefunded_minor=fact.prefunded_minor)
        case SubsidyDrawn():
            return replace(purse, prefunded_minor=fact.prefunded_minor, debt_minor=fact.debt_minor, zone=fact.zone)
        case PrefundReleaseNoted():
            return replace(purse, releases={**purse.releases, fact.withdrawal_id: (fact.amount_minor, fact.release_at)})
        case PrefundReleased():
            left = {known: release for known, release in purse.releases.items() if known != fact.withdrawal_id}
            released = replace(purse, prefunded_minor=fact.prefunded_minor, releases=left, zone=fact.zone)
            return _credited(released, fact.amount_minor, fact.sweep_at)
        case DepositRequired():
            return replace(purse, required_minor=fact.required_minor, required_at=fact.occurred_at)
        case PayoutInstructed(of="deposit"):
            return replace(purse, deposit_minor=purse.deposit_minor - fact.amount_minor, swept=purse.swept + 1)
        case PayoutInstructed():
            return _paid_out(purse, fact)
        case PayoutReturned(of="deposit"):
            return replace(purse, deposit_minor=purse.deposit_minor + fact.amount_minor)
        case PayoutReturned():
            return _credited(purse, fact.amount_minor, fact.sweep_at if fact.swept_again else None)
        case PayoutContradicted():
            return _holding(purse, fact)
        case PayoutSettled():
            return _settled(purse, fact)
        case _:
            assert_never(fact)


def _paid_out(purse: Purse, fact: PayoutInstructed) -> Purse:
    paid = replace(purse, available_minor=purse.available_minor - fact.amount_minor, swept=purse.swept + 1)
    if fact.withdrawal_id is not None:
        return paid
    later = {sweep: amount for sweep, amount in purse.sweeps.items() if sweep > fact.occurred_at}
    return replace(paid, sweeps=later, swept_at=fact.occurred_at)


def _holding(purse: Purse, fact: PayoutContradicted) -> Purse:
    if fact.bounced:
        return purse
    if fact.of == "deposit":
        return replace(purse, held_deposit={**purse.held_deposit, fact.payout_id: fact.held_minor})
    return replace(purse, held={**purse.held, fact.payout_id: fact.held_minor})


def _settled(purse: Purse, fact: PayoutSettled) -> Purse:
    """What it held is free; it was paid: what it took is gone; it was not, or it bounced: swept again, if it may be. Source: R3.5, R3.6."""
    freed = purse.held.get(fact.payout_id, 0) + fact.to_balance_minor
    after = replace(
        purse,
        available_minor=purse.available_minor - fact.from_balance_minor + fact.to_balance_minor,
        deposit_minor=purse.deposit_minor - fact.from_deposit_minor + fact.to_deposit_minor,
        debt_minor=fact.debt_minor,
        held={known: minor for known, minor in purse.held.items() if known != fact.payout_id},
        held_deposit={known: minor for known, minor in purse.held_deposit.items() if known != fact.payout_id},
    )
    if fact.sweep_at is None or not freed:
        return after
    return replace(after, sweeps={**after.sweeps, fact.sweep_at: after.sweeps.get(fact.sweep_at, 0) + freed})


def _within(held: dict[str, int], there: int) -> dict[str, int]:
    """Of what is held, the first first, no more than is there."""
    kept = dict[str, int]()
    for payout_id, minor in held.items():
        kept[payout_id] = min(minor, there - sum(kept.values()))
    return kept


def _credited(purse: Purse, amount: int, sweep_at: datetime | None) -> Purse:
    purse = replace(purse, available_minor=purse.available_minor + amount)
    if sweep_at is None:
        return purse
    return replace(purse, sweeps={**purse.sweeps, sweep_at: purse.sweeps.get(sweep_at, 0) + amount})


def _put_off(sweeps: Mapping[datetime, int], at: datetime) -> dict[datetime, int]:
    """None of them before that time."""
    later = Counter[datetime]()
    for sweep, amount in sweeps.items():
        later[max(sweep, at)] += amount
    return dict(later)


def _debited(purse: Purse, fact: BalanceDebited) -> Purse:
    after = replace(
        purse,
        available_minor=purse.available_minor - fact.from_balance_minor,
        deposit_minor=purse.deposit_minor - fact.from_deposit_minor,
        debt_minor=fact.debt_minor,
        zone=fact.zone,
    )
    if fact.reason != "clawback":
        return after
    left = {charge_id: clawback for charge_id, clawback in purse.clawbacks.items() if charge_id != fact.charge_id}
    return replace(after, clawbacks=left, try_at=purse.try_at if left else None, tried_at=_later(purse.tried_at, fact.occurred_at))


def _delayed(clawbacks: dict[str, Clawback], fact: ClawbackDelayed) -> dict[str, Clawback]:
    if fact.charge_id in clawbacks:
        return clawbacks
    if len(clawbacks) < CLAWBACKS_KEPT:
        return {**clawbacks, fact.charge_id: Clawback(fact.amount_minor, fact.order_id, fact.line_no, fact.zone)}
    youngest = list(clawbacks)[-1]
    joined = replace(clawbacks[youngest], amount_minor=clawbacks[youngest].amount_minor + fact.amount_minor)
    return {**clawbacks, youngest: joined}


def _later(before: datetime | None, at: datetime) -> datetime:
    return max(before or at, at)
