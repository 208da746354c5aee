"""Every transaction of the ledger, computed again from what its fact says and rests on: each posting is where it belongs. Source: R3.1.

Written from the rules' text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited, ChargebackPart
from shared.contracts.handling import HandlingNoted, PayoutSettled
from shared.contracts.owed import SellerReimbursed
from shared.contracts.payment import (
    BalanceDebited,
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    EscrowFunded,
    LineSettled,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundContradicted,
    RefundDone,
    RefundInstructed,
    RefundReserved,
    UnwantedReceived,
)
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, SubsidyDrawn, SubsidyRestored
from shared.contracts.types import Moves

Moved = Counter[str]  # minor units by account
TO = {"": "psp:cash", "paid": "platform:by_hand", "unclaimed": "platform:unclaimed"}  # from where the buyer has it: R3.5


@dataclass(slots=True)
class Known:
    """What transactions rest on: refunds and unwanted money by order and refund, promoters by order and line, currencies; sources: what
    payouts were taken from, and come back to; done: those that were paid. back: by order and item, what came back to the provider.
    """

    refunds: dict[tuple[str, str], RefundReserved | UnwantedReceived] = field(default_factory=dict)
    promoters: dict[tuple[str, int], str] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    back: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    chargebacks: set[tuple[str, str]] = field(default_factory=set)  # debited before


def checks(log: Log) -> Iterator[Check]:
    check = Check("every transaction moves exactly what its fact says, between the accounts that it concerns")
    known = _known(log)
    for entry in log.facts():
        fact: Any = entry.event
        expected = _expected(fact, known) if fact is not None else None
        if expected is None:
            continue
        moves: Moves | None = fact.moves
        found = Counter({one.account: one.amount_minor for one in moves.postings}) if moves is not None else Counter()
        wanted = Counter({account: amount for account, amount in expected.items() if amount})
        if check.fails(found == wanted):
            check.differ(f"{entry} ({fact.key}): {_differences(wanted, found)}")
        currency = _currency(fact, known)
        told = moves.currency if moves is not None else currency
        check.that(currency in ("", told), f"{entry} ({fact.key}): is of {currency}, its postings of {told}")
    yield check


def _known(log: Log) -> Known:
    known = Known()
    for _, funded in log.of(EscrowFunded):
        known.currencies[funded.order_id] = funded.currency
        known.promoters |= {(funded.order_id, line.line_no): line.promoter_id for line in funded.lines if line.promoter_id is not None}
    refunds: list[tuple[Entry, RefundReserved | UnwantedReceived]] = [*log.of(RefundReserved), *log.of(UnwantedReceived)]
    for _, refund in refunds:
        known.refunds[(refund.order_id, refund.refund_id)] = refund
    for _, payout in log.of(PayoutInstructed):
        known.currencies[payout.payout_id] = payout.currency
        known.sources[payout.payout_id] = payout.of or "balance"
    amounts = {(one.order_id, "refund", one.refund_id): (one.amount_minor, one.currency) for _, one in log.of(RefundInstructed)}
    amounts |= {
        (one.order_id, "compensation", one.compensation_id): (one.amount_minor, one.currency) for _, one in log.of(CompensationInstructed)
    }
    back = [(one.order_id, "refund", one.refund_id) for _, one in log.of(RefundContradicted) if one.bounced]
    back += [(one.order_id, "compensation", one.compensation_id) for _, one in log.of(CompensationContradicted) if one.bounced]
    known.back = {item: amounts.get(item, (0, "")) for item in back}
    known.done = {fact.payout_id for _, fact in log.of(PayoutDone)}
    return known


def _expected(fact: Any, known: Known) -> Moved | None:
    """None: it moves nothing, ever."""
    match fact:
        case EscrowFunded():
            return _funded(fact)
        case UnwantedReceived():
            return Counter({"psp:cash": -fact.amount_minor, f"unwanted:{fact.order_id}": fact.amount_minor})
        case RefundDone():
            return _refunded(fact, known)
        case ChargebackDebited():
            return _charged_back(fact, known)
        case CompensationDone():
            return Counter({"platform:advance": -fact.amount_minor, TO[fact.by_hand]: fact.amount_minor})
        case HandlingNoted():
            amount, _ = known.back.get((fact.order_id, fact.of, fact.item_id), (0, ""))
            return Counter({"psp:cash": -amount, TO[fact.how]: amount}) if fact.how != "arrived" else Counter()
        case SellerReimbursed():
            amount = fact.refund_minor + fact.compensations_minor
            return Counter({"platform:guarantee_fund": -amount, f"balance:{fact.seller_id}": amount})
        case LineSettled():
            moved = Counter({f"escrow:{fact.order_id}": -(fact.seller_minor + fact.promoter_minor + fact.platform_minor)})
            moved[f"balance:{fact.seller_id}"] += fact.seller_minor
            moved[f"balance:{fact.promoter_id}"] += fact.promoter_minor
            moved["platform:commission"] += fact.platform_minor
            return moved
        case _:
            return _of_party(fact, known)


def _funded(fact: EscrowFunded) -> Moved:
    """The buyer's money, the platform's and the promoters' subsidies; a seller's own reduction brings nothing in. Source: R3.2."""
    moved: Moved = Counter()
    for line in fact.lines:
        sources = Counter({"psp:cash": line.paid_minor})
        for discount in line.discounts:
            if discount.funder != "seller":
                source = "platform:subsidy" if discount.funder == "platform" else f"promoter_subsidy:{line.promoter_id}"
                sources[source] += discount.amount_minor
        moved.subtract(sources)
        moved[f"escrow:{fact.order_id}"] += sum(sources.values())
    return moved


def _refunded(fact: RefundDone, known: Known) -> Moved:
    """Out of escrow; or, once the line is settled, fronted but for the fee that the platform returns itself; or of the fund. What
    that had paid of units that went back is its own again. Source: R3.2, R3.4, R3.6, R4.6.
    """
    refund = known.refunds.get((fact.order_id, fact.refund_id))
    if refund is None:
        return Counter({f"nothing was set aside for {fact.refund_id}": fact.amount_minor})
    if isinstance(refund, UnwantedReceived):
        amount = fact.amount_minor if fact.by_hand else refund.amount_minor
        return Counter({f"unwanted:{fact.order_id}": -amount, TO[fact.by_hand]: amount})
    restored = Counter({f"escrow:{fact.order_id}": -fact.restored_minor, "platform:guarantee_fund": fact.restored_minor})
    if refund.funder == "platform":
        restored.update({"platform:guarantee_fund": -refund.buyer_minor, "psp:cash": refund.buyer_minor})
        return restored
    restored.update(_from_line(TO[fact.by_hand], refund.buyer_minor, refund, fact.order_id, known))
    return restored


def _from_line(to: str, amount: int, part: RefundReserved | ChargebackPart, order_id: str, known: Known) -> Moved:
    moved = Counter({to: amount, "platform:subsidy": part.platform_minor})
    moved[f"promoter_subsidy:{known.promoters.get((order_id, part.line_no))}"] += part.promoter_minor
    total = sum(moved.values())
    if not part.fronted:
        moved[f"escrow:{order_id}"] -= total
        return moved
    own = part.fee_minor if part.clawback else 0
    moved["platform:commission"] -= own
    moved["platform:advance"] -= total - own
    return moved


def _charged_back(fact: ChargebackDebited, known: Known) -> Moved:
    """The provider took all of it, once; what something was left for is not asked back. Source: R3.8."""
    moved: Moved = Counter()
    if (fact.order_id, fact.chargeback_id) not in known.chargebacks:
        known.chargebacks.add((fact.order_id, fact.chargeback_id))
        moved.update({"psp:cash": fact.amount_minor + fact.excess_minor, "psp:contested": -(fact.amount_minor + fact.excess_minor)})
    for part in fact.parts:
        moved.update(_from_line("psp:contested", part.amount_minor, part, fact.order_id, known))
    if not fact.parts:
        moved.update({"psp:contested": fact.amount_minor, f"unwanted:{fact.order_id}": -fact.amount_minor})
    return moved


def _of_party(fact: Any, known: Known) -> Moved | None:
    match fact:
        case PayoutInstructed():
            return Counter({f"{fact.of or 'balance'}:{fact.party}": -fact.amount_minor, f"payout:{fact.party}": fact.amount_minor})
        case PayoutDone():
            return Counter({f"payout:{fact.party}": -fact.amount_minor, "psp:cash": fact.amount_minor})
        case PayoutReturned():
            source = known.sources.get(fact.payout_id, fact.of or "balance")
            return Counter({f"payout:{fact.party}": -fact.amount_minor, f"{source}:{fact.party}": fact.amount_minor})
        case PayoutSettled(how="not_paid") if fact.payout_id in known.done:
            return Counter(
                {"psp:cash": -fact.amount_minor, f"{known.sources.get(fact.payout_id, 'balance')}:{fact.party}": fact.amount_minor}
            )
        case PayoutSettled() if fact.how == "not_paid" or fact.payout_id in known.done:
            return Counter()
        case BalanceDebited() | PayoutSettled():
            parts = {"balance": fact.from_balance_minor, "deposit": fact.from_deposit_minor, "debt": fact.as_debt_minor}
            moved = Counter({f"{kind}:{fact.party}": -amount for kind, amount in parts.items()})
            moved["psp:cash" if isinstance(fact, PayoutSettled) else "platform:advance"] += fact.amount_minor
            return moved
        case DebtRepaid():
            return Counter({f"{fact.source}:{fact.party}": -fact.amount_minor, f"debt:{fact.party}": fact.amount_minor})
        case DepositFilled():
            return Counter({f"balance:{fact.party}": -fact.amount_minor, f"deposit:{fact.party}": fact.amount_minor})
        case PrefundReceived():
            return Counter({"psp:cash": -fact.amount_minor, f"prefunded:{fact.party}": fact.amount_minor})
        case PrefundReleased():
            return Counter({f"prefunded:{fact.party}": -fact.amount_minor, f"balance:{fact.party}": fact.amount_minor})
        case SubsidyRestored():
            return Counter({f"promoter_subsidy:{fact.party}": -fact.amount_minor, f"prefunded:{fact.party}": fact.amount_minor})
        case SubsidyDrawn():
            moved = Counter({f"prefunded:{fact.party}": -fact.from_prefunded_minor, f"debt:{fact.party}": -fact.as_debt_minor})
            moved[f"promoter_subsidy:{fact.party}"] += fact.amount_minor
            return moved
        case DepositReceived():
            return Counter({"psp:cash": -fact.amount_minor, f"deposit:{fact.party}": fact.amount_minor})
        case _:
            return None


def _currency(fact: Any, known: Known) -> str:
    """Empty: nothing tells."""
    if isinstance(fact, RefundDone) and fact.line_no is None:
        unwanted = known.refunds.get((fact.order_id, fact.refund_id))
        return unwanted.currency if unwanted is not None else ""
    if isinstance(fact, HandlingNoted):
        return known.back.get((fact.order_id, fact.of, fact.item_id), (0, ""))[1]
    if isinstance(fact, PayoutDone | PayoutReturned):
        return known.currencies.get(fact.payout_id, "")
    told: str | None = getattr(fact, "currency", None)
    return told or known.currencies.get(fact.key, "")


def _differences(wanted: Moved, found: Moved) -> str:
    accounts = [account for account in sorted(wanted.keys() | found.keys()) if wanted[account] != found[account]]
    return "; ".join(f"{found[account]} is posted to {account}, {wanted[account]} belongs there" for account in accounts)
