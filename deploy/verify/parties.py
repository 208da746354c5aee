"""Parties: what each may draw on, its deposit, what it owes, and what the platform has fronted for it. Sources: R3.1, R3.5-R3.7."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.chargeback import ChargebackDebited, ChargebackPart
from shared.contracts.handling import PayoutSettled
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    BalanceCredited,
    BalanceDebited,
    ClawbackDelayed,
    CompensationDone,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    DepositRequired,
    LineSettled,
    PayoutContradicted,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    RefundReserved,
)
from shared.contracts.seller import DepositToppedUp
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, SubsidyDrawn, SubsidyRestored
from shared.contracts.types import Moves

Place = tuple[str, str]  # party (or account), currency
Stored = tuple[int, int, int | None, int, int, int]  # balance, deposit, required, debt, waiting, prefunded
Fronting = RefundDone | CompensationDone | ChargebackDebited


@dataclass(slots=True)
class Purse:
    """waiting: clawbacks that were too much for the balance, together; delayed: their charges. held, spared: by contradicted payout, what
    of balance and deposit is not paid out.
    """

    available: int = 0
    deposit: int = 0
    required: int | None = None
    debt: int = 0
    prefunded: int = 0
    waiting: int = 0
    delayed: set[str] = field(default_factory=set)
    held: dict[str, int] = field(default_factory=dict)
    spared: dict[str, int] = field(default_factory=dict)

    def told(self) -> Stored:
        return self.available, self.deposit, self.required, self.debt, self.waiting, self.prefunded

    def said(self) -> dict[str, int]:
        """As facts name it that say what it comes to with them."""
        sums = {"balance": self.available, "deposit": self.deposit, "debt": self.debt, "prefunded": self.prefunded}
        return {f"{name}_minor": amount for name, amount in sums.items()}

    @property
    def free(self) -> bool:
        return not self.debt and not self.waiting and self.deposit >= (self.required or 0)


def checks(log: Log, tables: Tables, moves: list[tuple[Entry, Moves]]) -> Iterator[Check]:
    sums: Counter[Place] = Counter()
    for _, one in moves:
        for posting in one.postings:
            sums[(posting.account, one.currency)] += posting.amount_minor
    free = Check(
        "nothing is paid out while a debt is open, a deposit short or a clawback waits, nor what a deposit or a contradicted payout is to "
        "hold; what goes is there"
    )
    balances = Check(
        "every balance = credits - payouts - what was taken; every deposit, debt and what is prefunded likewise, as told and stored"
    )
    purses = _folded(log, free, balances)
    yield free
    _balances(balances, log, tables, sums, purses)
    yield balances
    yield _fronted(log, sums, purses)
    yield _shared(log)
    yield _deposits(log)


def _folded(log: Log, check: Check, balances: Check) -> dict[Place, Purse]:
    """All facts of a party are in one lane, in their order."""
    purses: dict[Place, Purse] = defaultdict(Purse)
    currencies: dict[str, str] = {}
    for entry in log.facts():
        if entry.topic != "party.v1" or entry.event is None:
            continue
        event: Any = entry.event
        if isinstance(event, PayoutInstructed):
            currencies[event.payout_id] = event.currency
            held = purses[(event.party, event.currency)]
            check.that(held.free, f"{entry}: {event.party} is paid while something holds it back")
            spared = event.of is None or held.deposit - event.amount_minor >= (held.required or 0)
            check.that(spared, f"{entry}: {event.amount_minor} of a deposit of {held.deposit} leaves less than {held.required}")
            left = held.deposit - (held.required or 0) if event.of else held.available
            kept = sum((held.spared if event.of else held.held).values())
            check.that(left - event.amount_minor >= kept, f"{entry}: {event.amount_minor} of {left} is paid, {kept} is held back")
        currency = getattr(event, "currency", None) or currencies.get(getattr(event, "payout_id", ""), "")
        purse = purses[(event.party, currency)]
        _hold(check, entry, purse)
        _fold(purse, event)
        _shrink(purse.held, purse.available)
        _shrink(purse.spared, purse.deposit)
        said = {name: (getattr(event, name), right) for name, right in purse.said().items() if hasattr(event, name)}
        wrong = {name: pair for name, pair in said.items() if pair[0] != pair[1]}
        balances.that(not wrong, f"{entry}: told and right are {wrong}")
        check.that(
            min(purse.available, purse.deposit, purse.debt, purse.prefunded) >= 0, f"{entry}: leaves {event.party} with {purse.told()}"
        )
    return purses


def _hold(check: Check, entry: Entry, purse: Purse) -> None:
    """What a contradicted payout has come back to keeps so much as is there, until that is settled. Source: R3.5."""
    fact: Any = entry.event
    if isinstance(fact, PayoutContradicted):
        held, there = (purse.spared, purse.deposit) if fact.of else (purse.held, purse.available)
        right = 0 if fact.bounced else min(fact.amount_minor, there - sum(held.values()))
        check.that(fact.held_minor == right, f"{entry}: {right} is to be held back, told was {fact.held_minor}")
        held[fact.payout_id] = fact.held_minor
    elif isinstance(fact, PayoutSettled):
        purse.held.pop(fact.payout_id, None)
        purse.spared.pop(fact.payout_id, None)


def _shrink(held: dict[str, int], there: int) -> None:
    """What is gone is held no more, the latest first."""
    gone = max(0, sum(held.values()) - there)
    for payout_id in reversed(held):
        taken = min(gone, held[payout_id])
        held[payout_id] -= taken
        gone -= taken


def _fold(purse: Purse, event: Any) -> None:
    match event:
        case PayoutSettled():
            purse.available += event.to_balance_minor - event.from_balance_minor
            purse.deposit += event.to_deposit_minor - event.from_deposit_minor
            purse.debt += event.as_debt_minor
        case BalanceCredited():
            purse.available += event.amount_minor
        case BalanceDebited():
            purse.available -= event.from_balance_minor
            purse.deposit -= event.from_deposit_minor
            purse.debt += event.as_debt_minor
            if event.charge_id in purse.delayed:
                purse.waiting -= event.amount_minor
        case ClawbackDelayed():
            if event.charge_id not in purse.delayed:
                purse.delayed.add(event.charge_id)
                purse.waiting += event.amount_minor
        case DebtRepaid():
            purse.debt -= event.amount_minor
            if event.source == "balance":
                purse.available -= event.amount_minor
            elif event.source == "deposit":
                purse.deposit -= event.amount_minor
            else:
                purse.prefunded -= event.amount_minor
        case DepositFilled():
            purse.available -= event.amount_minor
            purse.deposit += event.amount_minor
        case PrefundReceived() | SubsidyRestored():
            purse.prefunded += event.amount_minor
        case SubsidyDrawn():
            purse.prefunded -= event.from_prefunded_minor
            purse.debt += event.as_debt_minor
        case PrefundReleased():
            purse.prefunded -= event.amount_minor
            purse.available += event.amount_minor
        case DepositReceived():
            purse.deposit += event.amount_minor
        case DepositRequired():
            purse.required = event.required_minor
        case PayoutInstructed(of="deposit"):
            purse.deposit -= event.amount_minor
        case PayoutReturned(of="deposit"):
            purse.deposit += event.amount_minor
        case PayoutInstructed():
            purse.available -= event.amount_minor
        case PayoutReturned():
            purse.available += event.amount_minor


def _balances(check: Check, log: Log, tables: Tables, sums: Counter[Place], purses: dict[Place, Purse]) -> None:
    """As stored, and as posted; but for credits that are on their way to their account."""
    credited = {entry.header("ce_causationid") for entry, _ in log.of(BalanceCredited)}
    coming: Counter[Place] = Counter()
    for entry, told in log.of(AccountCredited):
        coming[(told.party, told.currency)] += told.amount_minor if entry.id not in credited else 0
    stored = {
        (party, currency): purse
        for party, account in tables.entities["account"].items()
        for currency, purse in account.body["purses"].items()
    }
    named = {
        (name.partition(":")[2], currency) for name, currency in sums if name.startswith(("balance:", "deposit:", "debt:", "prefunded:"))
    }
    for place in {place for place in purses if place[1]} | stored.keys() | named:
        party, currency = place
        purse = purses.get(place, Purse())
        check.same(
            f"account of {party} in {currency} (balance, deposit, required, debt, waiting, prefunded)",
            purse.told(),
            _stored(stored.get(place)),
        )
        expected = {"balance": purse.available + coming[place], "deposit": purse.deposit, "debt": -purse.debt, "prefunded": purse.prefunded}
        for kind, amount in expected.items():
            posted = sums[(f"{kind}:{party}", currency)]
            check.that(posted == amount, f"{kind}:{party}: postings sum to {posted}, not to {amount} {currency}")


def _stored(purse: Any) -> Stored:
    if purse is None:
        return 0, 0, None, 0, 0, 0
    waiting = sum(one["amount_minor"] for one in purse["clawbacks"].values()) if "clawbacks" in purse else 0
    deposit, debt, prefunded = (purse.get(f"{name}_minor", 0) for name in ("deposit", "debt", "prefunded"))
    return purse["available_minor"], deposit, purse.get("required_minor"), debt, waiting, prefunded


def _fronted(log: Log, sums: Counter[Place], purses: dict[Place, Purse]) -> Check:
    """What left the platform's advance is what its parties were asked for, in the same decision; and they gave it, or still are to."""
    check = Check("what the platform fronted was asked for once, and is taken once or waits")
    asked, waiting, out = Counter[str](), Counter[str](), Counter[str]()
    told: Counter[str] = Counter()
    for entry, charge in log.of(AccountCharged):
        told[charge.charge_id] += 1
        check.that(told[charge.charge_id] == 1, f"{entry}: {charge.charge_id} is asked for again")
        asked[entry.header("ce_causationid")] += charge.amount_minor
    done: list[tuple[Entry, Fronting]] = [*log.of(RefundDone), *log.of(CompensationDone), *log.of(ChargebackDebited)]
    for entry, fact in done:
        postings = fact.moves.postings if fact.moves is not None else ()
        out[entry.header("ce_causationid")] -= sum(one.amount_minor for one in postings if one.account == "platform:advance")
    for cause in asked.keys() | out.keys():
        check.that(asked[cause] == out[cause], f"by event {cause} {out[cause]} was fronted and {asked[cause]} asked for")
    answered = {entry.header("ce_causationid") for entry, _ in log.of(BalanceDebited)}
    answered |= {entry.header("ce_causationid") for entry, _ in log.of(ClawbackDelayed)}
    coming: Counter[str] = Counter()
    for entry, charge in log.of(AccountCharged):
        coming[charge.currency] += charge.amount_minor if entry.id not in answered else 0
    for (_, currency), purse in purses.items():
        waiting[currency] += purse.waiting
    for currency in {currency for name, currency in sums if name == "platform:advance"}:
        expected, posted = -(coming[currency] + waiting[currency]), sums[("platform:advance", currency)]
        check.that(posted == expected, f"platform:advance in {currency}: postings sum to {posted}, {-expected} is still to be taken")
    once = Counter(debited.charge_id for _, debited in log.of(BalanceDebited))
    for entry, debited in log.of(BalanceDebited):
        check.that(once[debited.charge_id] == 1, f"{entry}: {debited.charge_id} is taken again")
    return check


def _shared(log: Log) -> Check:
    """Promoter and platform return at most what they got of a line; when all of it is refunded, exactly that."""
    check = Check("after settlement everyone returns at most what it got, and in the end exactly that")
    reserved = {fact.refund_id: fact for _, fact in log.of(RefundReserved) if fact.fronted}
    gone: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    refunds = [reserved[done.refund_id] for _, done in log.of(RefundDone) if done.refund_id in reserved]
    fronted: list[tuple[str, int, RefundReserved | ChargebackPart]] = [(fact.order_id, fact.buyer_minor, fact) for fact in refunds]
    for _, debited in log.of(ChargebackDebited):
        fronted += [(debited.order_id, part.amount_minor, part) for part in debited.parts if part.fronted]
    for order_id, buyer_minor, one in fronted:
        total = buyer_minor + one.platform_minor + one.promoter_minor
        for at, amount in enumerate((total, one.commission_minor, one.fee_minor)):
            gone[(order_id, one.line_no)][at] += amount
    for entry, settled in log.of(LineSettled):
        total, commission, fee = gone.get((settled.order_id, settled.line_no), (0, 0, 0))
        had = settled.seller_minor + settled.promoter_minor + settled.platform_minor
        within = total <= had and commission <= settled.promoter_minor and fee <= settled.platform_minor
        exact = total < had or (commission, fee) == (settled.promoter_minor, settled.platform_minor)
        check.that(within and exact, f"{entry}: of {had} {total} went back, {commission} of the promoter's, {fee} of the platform's")
    return check


def _deposits(log: Log) -> Check:
    check = Check("money for a deposit counts once, as the seller's app told of it")
    told = {(event.seller_id, event.deposit_id, event.amount_minor, event.currency) for _, event in log.of(DepositToppedUp)}
    seen: Counter[Place] = Counter()
    for entry, fact in log.of(DepositReceived):
        seen[(fact.party, fact.deposit_id)] += 1
        check.that(seen[(fact.party, fact.deposit_id)] == 1, f"{entry}: deposit {fact.deposit_id} counts again")
        deposit = (fact.party, fact.deposit_id, fact.amount_minor, fact.currency)
        check.that(deposit in told, f"{entry}: nobody told of a deposit {deposit}")
    return check
