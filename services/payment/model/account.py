"""The account of one party: its money per currency, and what is on its way to it. Source: R3.1, R3.6, R3.7."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.payment.model import payout, put_in
from services.payment.model.payout import Payout, PayoutFact, Payouts
from services.payment.model.purse import Purse, PurseFact, moved
from services.payment.model.put_in import PutInFact, PutIns
from services.payment.model.statement import Statement
from shared.contracts.handling import PayoutSettled
from shared.contracts.payment import (
    BalanceCredited,
    BalanceDebited,
    ClawbackDelayed,
    ClawbackDue,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    DepositRequired,
    PayoutAnswerDue,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutOverdue,
    PayoutReturned,
    SweepDue,
    WithdrawalRefused,
)
from shared.contracts.stated import (
    PayoutBreakExplained,
    PayoutBreakFound,
    PayoutStated,
    PayoutStatementDue,
    PutInBreakExplained,
    PutInBreakFound,
    PutInStated,
    PutInStatementDue,
)
from shared.contracts.subsidy import (
    PrefundReceived,
    PrefundReleased,
    PrefundReleaseDue,
    PrefundReleaseNoted,
    SubsidyDrawn,
    SubsidyRestored,
)
from shared.messaging.message import Message
from shared.messaging.shape import Kind

ASKED_KEPT = 64  # requests of a seller that are still known by id; older ones are refused by their time
UNDER_WAY_MAX = 64  # payouts without an answer; no withdrawal beyond
AWAITED_MAX = 512  # payouts that are still to be stated; no withdrawal beyond

Due = SweepDue | ClawbackDue | PayoutAnswerDue | PrefundReleaseDue | PayoutStatementDue | PutInStatementDue
AccountFact = PurseFact | PayoutFact | PutInFact | WithdrawalRefused


@dataclass(frozen=True, slots=True)
class Account:
    """asked: the party's requests that took effect, `deposit/<id>`, `prefund/<id>` and `withdrawal/<id>`, with their times.
    forgotten_at: the latest time of those that are not among them any more. stated, forgotten_day: of payout.Payouts. put_in: its own.
    """

    party: str
    purses: dict[str, Purse] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    forgotten_at: datetime | None = None
    stated: Statement = field(default_factory=Statement)
    forgotten_day: str = ""
    put_in: PutIns = field(default_factory=PutIns)

    @property
    def paying(self) -> Payouts:
        return Payouts(self.payouts, self.stated, self.forgotten_day)

    @property
    def crowded(self) -> bool:
        """More payouts than a party needs are under way, or on no statement yet."""
        return sum(payout.state == "instructed" for payout in self.payouts.values()) >= UNDER_WAY_MAX or self.paying.awaited >= AWAITED_MAX

    def made(self, payout_id: str) -> bool:
        """It is one of its payouts, be it one that is forgotten. Source: R3.9."""
        numbers = ((currency, number) for currency, purse in self.purses.items() for number in range(1, purse.swept + 1))
        return any(payout.numbered(self.party, currency, number) == payout_id for currency, number in numbers)


def evolve(account: Account | None, fact: AccountFact) -> Account:
    account = account or Account(fact.party)
    match fact:
        case BalanceCredited() | BalanceDebited() | ClawbackDelayed() | DebtRepaid() | DepositFilled() | DepositRequired():
            return _moved(account, fact.currency, fact)
        case SubsidyDrawn() | SubsidyRestored():
            return _moved(account, fact.currency, fact)
        case PrefundReleaseNoted():
            return _asked(_moved(account, fact.currency, fact), f"withdrawal/{fact.withdrawal_id}", fact.occurred_at)
        case PrefundReleased():
            return _moved(account, fact.currency, fact)
        case PrefundReceived():
            return _asked(_put_in(_moved(account, fact.currency, fact), fact), f"prefund/{fact.prefund_id}", fact.occurred_at)
        case DepositReceived():
            return _asked(_put_in(_moved(account, fact.currency, fact), fact), f"deposit/{fact.deposit_id}", fact.occurred_at)
        case PutInStated() | PutInBreakFound() | PutInBreakExplained():
            return _put_in(account, fact)
        case PayoutInstructed():
            after = _moved(_with(account, payout.evolve(account.paying, fact)), fact.currency, fact)
            return after if fact.withdrawal_id is None else _asked(after, f"withdrawal/{fact.withdrawal_id}", fact.occurred_at)
        case PayoutReturned() | PayoutContradicted() | PayoutSettled():
            after = _moved(account, account.payouts[fact.payout_id].currency, fact)
            return _with(after, payout.evolve(after.paying, fact))
        case PayoutDone() | PayoutOverdue() | PayoutStated() | PayoutBreakFound() | PayoutBreakExplained():
            return _with(account, payout.evolve(account.paying, fact))
        case WithdrawalRefused():  # told to the seller; the same request may come again, but for one that waited and found nothing left
            purse = account.purses.get(fact.currency)
            if purse is None or fact.withdrawal_id not in purse.releases:
                return account
            left = {known: release for known, release in purse.releases.items() if known != fact.withdrawal_id}
            return replace(account, purses={**account.purses, fact.currency: replace(purse, releases=left)})
        case _:
            assert_never(fact)


def folded(account: Account, facts: Iterable[Message]) -> Account:
    """After these."""
    for fact in facts:
        if isinstance(fact, AccountFact):
            account = evolve(account, fact)
    return account


def due(account: Account) -> Iterable[Due]:
    """A balance that nothing holds back is swept; what could not be taken is tried again; silence is announced; what was asked for of
    prefunded money is free. Source: R3.1, R3.6.
    """
    for currency, purse in account.purses.items():
        if purse.sweep_at is not None and purse.hindrance is None:
            yield SweepDue(party=account.party, currency=currency, occurred_at=purse.sweep_at)
        if purse.try_at is not None:
            yield ClawbackDue(party=account.party, currency=currency, occurred_at=purse.try_at)
        for withdrawal_id, (_, release_at) in purse.releases.items():
            yield PrefundReleaseDue(party=account.party, withdrawal_id=withdrawal_id, currency=currency, occurred_at=release_at)
    yield from payout.due(account.party, account.paying)
    yield from put_in.due(account.party, account.put_in)


def _moved(account: Account, currency: str, fact: PurseFact) -> Account:
    return replace(account, purses={**account.purses, currency: moved(account.purses.get(currency, Purse()), fact)})


def looked_at(account: Account, payout_id: str) -> Account:
    """It is known from one side only, and its time is over. Source: R3.9."""
    return _with(account, payout.looked_at(account.paying, payout_id))


def put_in_looked_at(account: Account, event: PutInStatementDue) -> Account:
    """It is known from one side only, and its time is over. Source: R3.9."""
    return replace(account, put_in=put_in.looked_at(account.put_in, event))


def _put_in(account: Account, fact: PutInFact) -> Account:
    return replace(account, put_in=put_in.evolve(account.put_in, fact))


def _with(account: Account, now: Payouts) -> Account:
    return replace(account, payouts=now.by_id, stated=now.stated, forgotten_day=now.forgotten_day)


def _asked(account: Account, request: str, at: datetime) -> Account:
    """The oldest by their own time are forgotten; what is not later than those is refused from then on."""
    asked = {**account.asked, request: at}
    forgotten = sorted(asked, key=lambda known: asked[known])[:-ASKED_KEPT]
    times = [asked.pop(known) for known in forgotten]
    return replace(
        account, asked=asked, forgotten_at=max([*times, *([account.forgotten_at] if account.forgotten_at else [])], default=None)
    )


ACCOUNT: Kind[Account, AccountFact] = Kind("account", AccountFact, lambda fact: fact.party, evolve, due)
