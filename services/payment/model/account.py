"""The account of one party: its money per currency, and what is on its way to it. Source: R3.1, R3.6, R3.7."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from services.payment.model.purse import Purse, PurseFact, moved
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
    PayoutDone,
    PayoutInstructed,
    PayoutOverdue,
    PayoutReturned,
    SweepDue,
    WithdrawalRefused,
)
from shared.contracts.subsidy import (
    PrefundReceived,
    PrefundReleased,
    PrefundReleaseDue,
    PrefundReleaseNoted,
    SubsidyDrawn,
    SubsidyRestored,
)
from shared.messaging.shape import Kind

ANSWERED_KEPT = 64  # answered payouts that are still known by id; what is said of older ones is about a payout unknown
ASKED_KEPT = 64  # requests of a seller that are still known by id; older ones are refused by their time
UNDER_WAY_MAX = 64  # payouts without an answer; no withdrawal beyond

AccountFact = PurseFact | PayoutDone | PayoutOverdue | WithdrawalRefused


@dataclass(frozen=True, slots=True)
class Payout:
    """answer_by None: its silence is announced already, or never is."""

    state: Literal["instructed", "done", "returned"]
    currency: str
    amount_minor: int
    answer_by: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """asked: the party's requests that took effect, `deposit/<id>`, `prefund/<id>` and `withdrawal/<id>`, with their times.
    forgotten_at: the latest time of those that are not among them any more.
    """

    party: str
    purses: dict[str, Purse] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    forgotten_at: datetime | None = None

    @property
    def under_way(self) -> int:
        return sum(payout.state == "instructed" for payout in self.payouts.values())


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
            return _asked(_moved(account, fact.currency, fact), f"prefund/{fact.prefund_id}", fact.occurred_at)
        case DepositReceived():
            return _asked(_moved(account, fact.currency, fact), f"deposit/{fact.deposit_id}", fact.occurred_at)
        case PayoutInstructed():
            payout = Payout("instructed", fact.currency, fact.amount_minor, fact.answer_by, fact.withdrawal_id is not None)
            after = _moved(replace(account, payouts={**account.payouts, fact.payout_id: payout}), fact.currency, fact)
            return after if fact.withdrawal_id is None else _asked(after, f"withdrawal/{fact.withdrawal_id}", fact.occurred_at)
        case PayoutDone():
            return replace(account, payouts=_answered(account, fact.payout_id, "done"))
        case PayoutReturned():
            after = _moved(account, account.payouts[fact.payout_id].currency, fact)
            return replace(after, payouts=_answered(account, fact.payout_id, "returned"))
        case PayoutOverdue():
            payout = replace(account.payouts[fact.payout_id], answer_by=None)
            return replace(account, payouts={**account.payouts, fact.payout_id: payout})
        case WithdrawalRefused():  # told to the seller; the same request may come again, but for one that waited and found nothing left
            purse = account.purses.get(fact.currency)
            if purse is None or fact.withdrawal_id not in purse.releases:
                return account
            left = {known: release for known, release in purse.releases.items() if known != fact.withdrawal_id}
            return replace(account, purses={**account.purses, fact.currency: replace(purse, releases=left)})
        case _:
            assert_never(fact)


def due(account: Account) -> Iterable[SweepDue | ClawbackDue | PayoutAnswerDue | PrefundReleaseDue]:
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
    for payout_id, payout in account.payouts.items():
        if payout.state == "instructed" and payout.answer_by is not None:
            yield PayoutAnswerDue(party=account.party, payout_id=payout_id, occurred_at=payout.answer_by)


def _moved(account: Account, currency: str, fact: PurseFact) -> Account:
    return replace(account, purses={**account.purses, currency: moved(account.purses.get(currency, Purse()), fact)})


def _asked(account: Account, request: str, at: datetime) -> Account:
    """The oldest by their own time are forgotten; what is not later than those is refused from then on."""
    asked = {**account.asked, request: at}
    forgotten = sorted(asked, key=lambda known: asked[known])[:-ASKED_KEPT]
    times = [asked.pop(known) for known in forgotten]
    return replace(
        account, asked=asked, forgotten_at=max([*times, *([account.forgotten_at] if account.forgotten_at else [])], default=None)
    )


def _answered(account: Account, payout_id: str, state: Literal["done", "returned"]) -> dict[str, Payout]:
    """The answered one goes last; the oldest answered beyond ANSWERED_KEPT are forgotten, those under way never."""
    payouts = {known: payout for known, payout in account.payouts.items() if known != payout_id}
    payouts[payout_id] = replace(account.payouts[payout_id], state=state)
    answered = [known for known, payout in payouts.items() if payout.state != "instructed"]
    for known in answered[:-ANSWERED_KEPT]:
        del payouts[known]
    return payouts


ACCOUNT: Kind[Account, AccountFact] = Kind("account", AccountFact, lambda fact: fact.party, evolve, due)
