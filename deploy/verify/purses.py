"""Accounts, decided again: where income goes, what a charge is taken from, what was asked for. Source: R3.1, R3.5-R3.7.

Written from the rules' text and shares no code with the services. All facts of a party lie in one lane, in their order; those of
one decision follow each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.handling import PayoutSettled
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    BalanceCredited,
    BalanceDebited,
    ClawbackDelayed,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    DepositRequired,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
)
from shared.contracts.seller import SellerRegistered, WithdrawalRequested
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, PrefundReleaseNoted, SubsidyDrawn, SubsidyRestored
from shared.messaging.message import Message

Place = tuple[str, str]  # party, currency
Income = BalanceCredited | PayoutReturned | PrefundReleased | DepositReceived | PrefundReceived | SubsidyRestored
Follows = tuple[str, int]  # what has to be told next, and its amount


@dataclass(slots=True)
class Purse:
    """waiting: clawbacks by charge, the oldest first. of_deposit: payouts from there; done: payouts that were paid.
    next: what the last income has to be used for, in order; cause: its event.
    """

    available: int = 0
    deposit: int = 0
    required: int = 0
    debt: int = 0
    prefunded: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    of_deposit: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    next: list[Follows] = field(default_factory=list)
    cause: str = ""


def checks(log: Log) -> Iterator[Check]:
    used = Check(
        "income repays debt, fills the deposit, then what was fronted; charges take balance, deposit, debt; subsidies what is prefunded"
    )
    purses: dict[Place, Purse] = defaultdict(Purse)
    payouts = {told.payout_id: told.currency for _, told in log.of(PayoutInstructed)}
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "party.v1" or fact is None:
            continue
        currency = getattr(fact, "currency", None) or payouts.get(getattr(fact, "payout_id", ""), "")
        purse = purses[(fact.party, currency)]
        told = _told(fact)
        if purse.next and entry.header("ce_causationid") != purse.cause:
            used.that(False, f"{entry} ({fact.party}): before it {purse.next[0]} should have been told")
            purse.next.clear()
        if told is not None:
            expected = purse.next.pop(0) if purse.next else None
            used.that(told == expected, f"{entry} ({fact.party}): {told} is told, {expected} should be")
        _taken(used, entry, fact, purse)
        _fold(purse, fact)
        if isinstance(fact, Income) or (isinstance(fact, PayoutSettled) and _bounced(fact, purse)):
            purse.next, purse.cause = _uses(fact, purse), entry.header("ce_causationid")
    for (party, _), purse in purses.items():
        used.that(not purse.next, f"{party}: {purse.next[:1]} should have been told at the end")
    yield used
    yield _asked(log)


def _told(fact: Any) -> Follows | None:
    """None: it is no use of income."""
    if isinstance(fact, DebtRepaid):
        return f"{fact.source} repays debt", fact.amount_minor
    return ("deposit filled", fact.amount_minor) if isinstance(fact, DepositFilled) else None


def _bounced(fact: PayoutSettled, purse: Purse) -> bool:
    return fact.how == "not_paid" and fact.payout_id in purse.done


def _uses(fact: Income | PayoutSettled, purse: Purse) -> list[Follows]:
    """Of what is in a deposit, or there again, and of what is for subsidies, debt alone. Source: R3.1, R3.7."""
    if isinstance(fact, PrefundReceived | SubsidyRestored):
        uses = [("prefunded repays debt", min(purse.debt, purse.prefunded))]
    elif isinstance(fact, DepositReceived) or getattr(fact, "of", None) == "deposit" or getattr(fact, "to_deposit_minor", 0):
        uses = [("deposit repays debt", min(purse.debt, purse.deposit))]
    else:
        repaid = min(purse.debt, fact.amount_minor)
        uses = [("balance repays debt", repaid)]
        uses.append(("deposit filled", min(fact.amount_minor - repaid, max(0, purse.required - purse.deposit))))
    return [use for use in uses if use[1]]


def _taken(check: Check, entry: Entry, fact: Any, purse: Purse) -> None:
    """A clawback as a whole, the oldest first; any other charge wholly, whatever there is. Source: R3.5, R3.6."""
    if isinstance(fact, BalanceDebited) and fact.reason != "clawback":
        balance = min(fact.amount_minor, purse.available)
        deposit = min(fact.amount_minor - balance, purse.deposit)
        expected = (balance, deposit, fact.amount_minor - balance - deposit, purse.debt + fact.amount_minor - balance - deposit)
        told = (fact.from_balance_minor, fact.from_deposit_minor, fact.as_debt_minor, fact.debt_minor)
        check.that(told == expected, f"{entry} ({fact.party}): balance, deposit, debt and all debt are {expected}, told was {told}")
    elif isinstance(fact, PayoutSettled):
        _after_all(check, entry, fact, purse)
    elif isinstance(fact, BalanceDebited):
        sums = list(accumulate(purse.waiting.values())) or [fact.amount_minor]  # small ones may have been put together
        whole = (fact.from_balance_minor, fact.from_deposit_minor, fact.as_debt_minor) == (fact.amount_minor, 0, 0)
        first = next(iter(purse.waiting), fact.charge_id)
        fair = whole and fact.charge_id == first and fact.amount_minor in sums and fact.amount_minor <= purse.available
        check.that(fair, f"{entry} ({fact.party}): {fact.amount_minor} of {purse.available} is clawed back, {dict(purse.waiting)} wait")
    elif isinstance(fact, SubsidyDrawn):
        given = min(fact.amount_minor, purse.prefunded)
        expected = (given, fact.amount_minor - given, purse.prefunded - given, purse.debt + fact.amount_minor - given)
        told = (fact.from_prefunded_minor, fact.as_debt_minor, fact.prefunded_minor, fact.debt_minor)
        check.that(told == expected, f"{entry} ({fact.party}): given, owed, left and all debt are {expected}, told was {told}")
    elif isinstance(fact, ClawbackDelayed):
        again = fact.charge_id == next(iter(purse.waiting), "")
        right = not again or fact.amount_minor in accumulate(purse.waiting.values())  # with what was put together with it
        late = purse.available < fact.amount_minor if again or not purse.waiting else True
        check.that(right and late, f"{entry} ({fact.party}): {fact.amount_minor} waits though {purse.available} is there")


def _after_all(check: Check, entry: Entry, fact: PayoutSettled, purse: Purse) -> None:
    """A payout that was paid after all: from where it had come back to, then from the other, the rest is owed. One that came back after
    all: all of it is where it was taken from. Source: R3.5-R3.7.
    """
    there = {"balance": purse.available, "deposit": purse.deposit}
    taken, left = {"balance": 0, "deposit": 0}, fact.amount_minor if fact.how == "paid" and fact.payout_id not in purse.done else 0
    for kind in ("deposit", "balance") if fact.payout_id in purse.of_deposit else ("balance", "deposit"):
        taken[kind] = min(left, there[kind])
        left -= taken[kind]
    expected = (*taken.values(), left, purse.debt + left)
    told = (fact.from_balance_minor, fact.from_deposit_minor, fact.as_debt_minor, fact.debt_minor)
    check.that(told == expected, f"{entry} ({fact.party}): balance, deposit, debt and all debt are {expected}, told was {told}")
    back = fact.amount_minor if _bounced(fact, purse) else 0
    again = (0, back) if fact.payout_id in purse.of_deposit else (back, 0)
    said = (fact.to_balance_minor, fact.to_deposit_minor)
    check.that(said == again, f"{entry} ({fact.party}): back in balance and deposit are {again}, told was {said}")


def _fold(purse: Purse, fact: Any) -> None:
    match fact:
        case PayoutDone():
            purse.done.add(fact.payout_id)
        case PayoutSettled():
            purse.available += fact.to_balance_minor - fact.from_balance_minor
            purse.deposit += fact.to_deposit_minor - fact.from_deposit_minor
            purse.debt += fact.as_debt_minor
        case PrefundReleased():
            purse.prefunded -= fact.amount_minor
            purse.available += fact.amount_minor
        case PayoutReturned(of="deposit"):
            purse.deposit += fact.amount_minor
        case BalanceCredited() | PayoutReturned():
            purse.available += fact.amount_minor
        case BalanceDebited():
            purse.available -= fact.from_balance_minor
            purse.deposit -= fact.from_deposit_minor
            purse.debt += fact.as_debt_minor
            left = fact.amount_minor if fact.reason == "clawback" else 0
            while left > 0 and purse.waiting:
                left -= purse.waiting.pop(next(iter(purse.waiting)))
        case ClawbackDelayed():
            purse.waiting.setdefault(fact.charge_id, fact.amount_minor)
        case DebtRepaid(source="balance"):
            purse.available -= fact.amount_minor
            purse.debt -= fact.amount_minor
        case DebtRepaid(source="prefunded"):
            purse.prefunded -= fact.amount_minor
            purse.debt -= fact.amount_minor
        case PrefundReceived() | SubsidyRestored():
            purse.prefunded += fact.amount_minor
        case SubsidyDrawn():
            purse.prefunded -= fact.from_prefunded_minor
            purse.debt += fact.as_debt_minor
        case DebtRepaid():
            purse.deposit -= fact.amount_minor
            purse.debt -= fact.amount_minor
        case DepositFilled():
            purse.available -= fact.amount_minor
            purse.deposit += fact.amount_minor
        case DepositReceived():
            purse.deposit += fact.amount_minor
        case DepositRequired():
            purse.required = fact.required_minor
        case PayoutInstructed(of="deposit"):
            purse.deposit -= fact.amount_minor
            purse.of_deposit.add(fact.payout_id)
        case PayoutInstructed():
            purse.available -= fact.amount_minor


def _asked(log: Log) -> Check:
    """By the causation ids."""
    check = Check("accounts book what they were told: the share, the charge, the required deposit, the withdrawal")
    causes: dict[tuple[str, type[Message]], set[tuple[object, ...]]] = defaultdict(set)  # an id that came with several bodies has several
    for entry, credit in log.of(AccountCredited):
        causes[(entry.id, BalanceCredited)].add((credit.party, credit.currency, credit.amount_minor, credit.order_id, credit.line_no))
    for entry, charge in log.of(AccountCharged):
        told = (charge.party, charge.currency, charge.amount_minor, charge.charge_id)
        causes[(entry.id, BalanceDebited)].add(told)
        causes[(entry.id, ClawbackDelayed)].add(told)
    for entry, seller in log.of(SellerRegistered):
        causes[(entry.id, DepositRequired)].add((seller.seller_id, seller.currency, seller.deposit_required_minor))
    for entry, wish in log.of(WithdrawalRequested):
        kind = PrefundReleaseNoted if wish.of == "prefunded" else PayoutInstructed
        causes[(entry.id, kind)].add((wish.seller_id, wish.currency, wish.amount_minor, wish.withdrawal_id, wish.of))
    for entry in log.facts():
        fact: Any = entry.event
        told_of = causes.get((entry.header("ce_causationid"), type(fact)), set())
        match fact:
            case BalanceCredited():
                found: tuple[object, ...] = (fact.party, fact.currency, fact.amount_minor, fact.order_id, fact.line_no)
            case BalanceDebited() | ClawbackDelayed():
                if not told_of and (isinstance(fact, ClawbackDelayed) or fact.reason == "clawback"):
                    continue  # one that waited: income or its daily try is the cause
                found = (fact.party, fact.currency, fact.amount_minor, fact.charge_id)
            case DepositRequired():
                found = (fact.party, fact.currency, fact.required_minor)
            case PayoutInstructed() if fact.withdrawal_id is not None:
                found = (fact.party, fact.currency, fact.amount_minor, fact.withdrawal_id, fact.of or "balance")
            case PrefundReleaseNoted():
                found = (fact.party, fact.currency, fact.amount_minor, fact.withdrawal_id, "prefunded")
            case _:
                continue
        known = found in told_of or (not told_of and any(log.starts.values()))
        check.that(known, f"{entry}: {found} is booked, told was {next(iter(told_of), None)}")
    return check
