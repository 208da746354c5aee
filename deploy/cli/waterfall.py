"""Who paid what of one case, by which rule, from which account: for `laotie explain CASE`. Knows the contract and no service.

Made of the transactions that the case caused, nothing else: they sum to zero each, so what the accounts gave is what the buyer and
the funders of subsidies got. Source: R3.1, R3.4-R3.6, R4.6, R4.9, R4.11.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from deploy.cli.story import Step, currency_of
from shared.contracts.chargeback import RefundHeld
from shared.contracts.handling import HandlingNoted
from shared.contracts.owed import CompensationGranted, SellerReimbursed
from shared.contracts.payment import (
    AccountCharged,
    BalanceDebited,
    ClawbackDelayed,
    CompensationContradicted,
    CompensationDone,
    CompensationNotPaid,
    RefundContradicted,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundRefused,
    RefundReserved,
)
from shared.contracts.refund import RefundGranted
from shared.contracts.subsidy import SubsidyRestored, SubsidyReturned
from shared.contracts.types import Moves

BUYER = ("psp:cash", "platform:by_hand")  # what they get the buyer has, by the provider or otherwise
DONE, BY_HAND, OWED, BACK = "done", "paid, as a person found", "owed to the buyer: nobody could be paid", "paid, and back at the provider"
HANDLED = {"": DONE, "arrived": DONE, "paid": BY_HAND, "unclaimed": OWED}
MEANS = {
    "psp:cash": "to the buyer, by the provider",
    "platform:by_hand": "to the buyer, as a person found",
    "platform:unclaimed": "owed to the buyer: nobody could be paid",
    "escrow": "escrow of the order",
    "balance": "balance",
    "deposit": "deposit",
    "debt": "owed to the platform, which advanced it",
    "prefunded": "prefunded subsidies",
    "promoter_subsidy": "subsidy of the promoter",
    "platform:advance": "fronted by the platform, not taken from its party yet",
    "platform:commission": "the platform's fee, given back",
    "platform:subsidy": "subsidy of the platform",
    "platform:guarantee_fund": "the platform's guarantee fund",
}
OUTCOMES: tuple[tuple[Any, str], ...] = (  # what became of a refund, the last word wins
    (RefundInstructed, "with the provider"),
    (RefundHeld, "held until a chargeback has ended, or a refund is answered"),
    (RefundRefused, "refused"),
    (RefundNotPaid, "not paid by the provider"),
)


@dataclass(frozen=True, slots=True)
class Share:
    """What one account gave (below zero) or got, in minor units, and by which facts and rules."""

    account: str
    party: str
    role: str
    amount_minor: int
    facts: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def means(self) -> str:
        kind = self.account.partition(":")[0]
        said = MEANS.get(self.account) or MEANS.get(kind, self.account)
        return f"{said} of the {self.role}" if self.role and kind in ("balance", "deposit") else said


@dataclass(slots=True)
class Waterfall:
    """refunds: id, amount, funder, what became of it. compensations: id, why, amount, what became of it.

    delayed: what a promoter is still to give back. steps: numbers of those that moved money.
    """

    currency: str = ""
    shares: list[Share] = field(default_factory=list)
    refunds: list[tuple[str, int, str, str]] = field(default_factory=list)
    compensations: list[tuple[str, str, int, str]] = field(default_factory=list)
    delayed_minor: int = 0
    refunded_minor: int = 0
    compensated_minor: int = 0
    reimbursed_minor: int = 0
    steps: set[int] = field(default_factory=set)

    @property
    def gave(self) -> list[Share]:
        return [one for one in self.shares if one.amount_minor < 0]

    @property
    def got(self) -> list[Share]:
        return [one for one in self.shares if one.amount_minor > 0]

    @property
    def buyer_minor(self) -> int:
        """What the buyer got: refunds and compensations of the case together."""
        return sum(one.amount_minor for one in self.shares if one.account in BUYER)

    def of(self, *kinds: str, role: str = "") -> int:
        """What accounts of these kinds (`escrow`, `platform:subsidy`) gave, less what they got."""
        mine = [one for one in self.shares if one.account in kinds or one.account.partition(":")[0] in kinds]
        return -sum(one.amount_minor for one in mine if not role or one.role == role)


def waterfall(steps: Iterable[Step], case_id: str, seller_id: str = "") -> Waterfall:
    """Of one case, from all steps of its order. seller_id: who sold the line, to tell its accounts from a promoter's."""
    steps = [step for step in steps if step.copy_of is None]
    found = Waterfall(currency=currency_of(steps))
    _granted(found, steps, case_id)
    refunds, compensations = {one[0] for one in found.refunds}, {one[0] for one in found.compensations}
    paying = [step for step in steps if _pays(step.entry.event, case_id, refunds, compensations)]
    paying += _passed_on(found, steps, {step.entry.header("ce_causationid") for step in paying})
    found.steps = {step.number for step in paying}
    totals: dict[str, int] = {}
    by: dict[str, tuple[list[str], list[str]]] = {}
    for step in paying:
        for posting in step.moves.postings if step.moves is not None else ():
            totals[posting.account] = totals.get(posting.account, 0) + posting.amount_minor
            facts, rules = by.setdefault(posting.account, ([], []))
            facts.append(step.entry.type)
            rules.extend(step.rules)
    for account, minor in sorted(totals.items(), key=lambda one: (one[1], one[0])):
        if minor:
            facts, rules = by[account]
            party, role = _whose(account, seller_id)
            found.shares.append(Share(account, party, role, minor, tuple(dict.fromkeys(facts)), tuple(dict.fromkeys(rules))))
    return found


def _granted(found: Waterfall, steps: list[Step], case_id: str) -> None:
    """What was granted in the case, and what became of it as far as is known; of what was set aside, that: a bank may have taken of it."""
    became: dict[str, str] = {}
    left: dict[str, int] = {}
    for step in steps:
        event = step.entry.event
        for kind, what in OUTCOMES:
            if isinstance(event, kind):
                became[event.refund_id] = what
        if isinstance(event, RefundReserved):
            left[event.refund_id] = event.buyer_minor
        if isinstance(event, CompensationNotPaid):
            became[event.compensation_id] = "not paid by the provider"
        became |= _settled(event)
    for step in steps:
        event = step.entry.event
        if isinstance(event, RefundGranted) and event.case_id == case_id:
            minor = left.get(event.refund_id, event.amount_minor)
            found.refunds.append((event.refund_id, minor, event.funder, became.get(event.refund_id, "granted")))
        elif isinstance(event, CompensationGranted) and event.case_id == case_id:
            state = became.get(event.compensation_id, "with the provider")
            found.compensations.append((event.compensation_id, event.why, event.amount_minor, state))
        elif isinstance(event, SellerReimbursed) and event.case_id == case_id:
            found.reimbursed_minor += event.refund_minor + event.compensations_minor
    found.refunded_minor = sum(minor for _, minor, _, state in found.refunds if state in (DONE, BY_HAND, BACK))
    found.compensated_minor = sum(minor for _, _, minor, state in found.compensations if state in (DONE, BY_HAND, BACK))


def _settled(event: object) -> dict[str, str]:
    """By refund or compensation: that it was paid, that it came back, and how a person settled it. Source: R3.5."""
    match event:
        case RefundDone():
            return {event.refund_id: HANDLED[event.by_hand]}
        case CompensationDone():
            return {event.compensation_id: HANDLED[event.by_hand]}
        case RefundContradicted(bounced=True):
            return {event.refund_id: BACK}
        case CompensationContradicted(bounced=True):
            return {event.compensation_id: BACK}
        case HandlingNoted(how="arrived") | HandlingNoted(moves=Moves()):
            return {event.item_id: HANDLED[event.how]}
        case _:
            return {}


def _pays(event: object, case_id: str, refunds: set[str], compensations: set[str]) -> bool:
    match event:
        case RefundDone():
            return event.refund_id in refunds
        case CompensationDone():
            return event.compensation_id in compensations
        case HandlingNoted():
            return event.item_id in (refunds if event.of == "refund" else compensations)
        case SellerReimbursed():
            return event.case_id == case_id
        case _:
            return False


def _passed_on(found: Waterfall, steps: list[Step], causes: set[str]) -> list[Step]:
    """What the parties gave back of what was fronted for them, and subsidies that came to their promoter: asked for by the same event."""
    charges, returns = set(), set()
    for step in steps:
        event = step.entry.event
        if step.entry.header("ce_causationid") in causes and isinstance(event, AccountCharged):
            charges.add(event.charge_id)
        elif step.entry.header("ce_causationid") in causes and isinstance(event, SubsidyReturned):
            returns.add(event.return_id)
    taken = [step for step in steps if isinstance(step.entry.event, BalanceDebited) and step.entry.event.charge_id in charges]
    given = [step for step in steps if isinstance(step.entry.event, SubsidyRestored) and step.entry.event.return_id in returns]
    late = {one.charge_id: one.amount_minor for step in steps if isinstance(one := step.entry.event, ClawbackDelayed)}
    done = {step.entry.event.charge_id for step in taken if isinstance(step.entry.event, BalanceDebited)}
    found.delayed_minor = sum(minor for charge, minor in late.items() if charge in charges - done)
    return taken + given


def _whose(account: str, seller_id: str) -> tuple[str, str]:
    """Party and role; both empty for the platform's own accounts and an order's."""
    kind, _, party = account.partition(":")
    if kind in ("prefunded", "promoter_subsidy"):
        return party, "promoter"
    if kind not in ("balance", "deposit", "debt"):
        return "", ""
    return party, "seller" if party == seller_id else "promoter"
