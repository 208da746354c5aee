"""What the provider would not pay and a person settled: said by a person, once, after the provider's no, for what it had been told.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane, in order. Source: R3.5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log, cause
from deploy.verify.owed import Asked, Parts
from deploy.verify.owed import Line as Owed
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited, ChargebackReceived, RefundHeld
from shared.contracts.handling import HandlingNoted, MoneyHandled, PayoutSettled
from shared.contracts.payment import (
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    EscrowFunded,
    LineSettled,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundContradicted,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundReserved,
    UnwantedReceived,
)
from shared.messaging.message import Message

Item = tuple[str, str, str]  # order, refund or compensation, its id
WORDS = ("order_id", "handling_id", "of", "item_id", "how", "by", "reason", "reference")


def checks(log: Log) -> Iterator[Check]:
    yield _said(log)
    yield _paid(log)
    yield _kept(log)
    yield _both(log)


def _said(log: Log) -> Check:
    check = Check("settled by hand: a person said so, each time once, of what the provider had refused, or said to have come back")
    sent = log.bodies(MoneyHandled, "payment")
    refused: set[Item] = set()
    settled: set[Item] = set()
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, RefundNotPaid):
            refused.add((fact.order_id, "refund", fact.refund_id))
        elif isinstance(fact, CompensationNotPaid):
            refused.add((fact.order_id, "compensation", fact.compensation_id))
        elif isinstance(fact, RefundContradicted | CompensationContradicted):
            item = _contradicted(fact)
            check.that(fact.bounced == (item not in refused) or any(log.starts.values()), f"{entry}: {item} bounced, or was refused before")
            refused.add(item)
        elif isinstance(fact, HandlingNoted):
            item, said = (fact.order_id, fact.of, fact.item_id), cause(sent, entry)
            words = tuple(getattr(said, name, None) for name in WORDS)
            check.that(words == tuple(getattr(fact, name) for name in WORDS), f"{entry}: what a person said is {words}")
            check.that(item in refused or any(log.starts.values()), f"{entry}: the provider had not refused {fact.of} {fact.item_id}")
            check.that(item not in settled, f"{entry}: {fact.of} {fact.item_id} is settled again")
            settled.add(item)
    return check


def _contradicted(fact: RefundContradicted | CompensationContradicted) -> Item:
    if isinstance(fact, RefundContradicted):
        return fact.order_id, "refund", fact.refund_id
    return fact.order_id, "compensation", fact.compensation_id


def _paid(log: Log) -> Check:
    """Both ways: no word without its money, but that nobody could be paid where nothing was left; no money without a word."""
    check = Check("settled by hand: exactly what the provider had been told to pay is booked, once, as the person said")
    told: dict[Item, int] = {}
    for _, instructed in log.of(RefundInstructed):
        told[(instructed.order_id, "refund", instructed.refund_id)] = instructed.amount_minor
    for _, owed in log.of(CompensationInstructed):
        told[(owed.order_id, "compensation", owed.compensation_id)] = owed.amount_minor
    instead = {(one.order_id, one.refund_id): one.again_of for _, one in log.of(RefundReserved) if one.again_of is not None}
    booked: dict[str, list[tuple[Item, str, int]]] = {}
    for entry, done in log.of(RefundDone):
        if done.by_hand:
            item = (done.order_id, "refund", instead.get((done.order_id, done.refund_id), done.refund_id))
            booked.setdefault(entry.header("ce_causationid"), []).append((item, done.by_hand, done.amount_minor))
    for entry, paid in log.of(CompensationDone):
        if paid.by_hand:
            item = (paid.order_id, "compensation", paid.compensation_id)
            booked.setdefault(entry.header("ce_causationid"), []).append((item, paid.by_hand, paid.amount_minor))
    gone = _gone(log)
    for entry, noted in log.of(HandlingNoted):
        item = (noted.order_id, noted.of, noted.item_id)
        if noted.moves is not None or noted.how == "arrived":
            continue  # it bounced: what is booked of that is compared with the transactions
        if entry.id in gone and noted.how == "unclaimed" and entry.header("ce_causationid") not in booked:
            continue
        found = booked.pop(entry.header("ce_causationid"), [])
        whole = (item, noted.how, told.get(item, 0))
        least = 0 if noted.of == "refund" and noted.how == "unclaimed" else 1  # what is left may all be the fund's
        part = [one for one in found if one[:2] == whole[:2] and least <= one[2] <= whole[2]]  # a bank may have taken of it
        check.that(len(found) == len(part) == 1, f"{entry}: {whole} was to be settled, booked is {found}")
    for cause_id, left in booked.items():
        check.that(False, f"event {cause_id}: {left} is booked as settled by hand, and nobody said so")
    return check


def _kept(log: Log) -> Check:
    """No case holds money of cancelled units, so this does, as long as a person or the end of a chargeback may pay them back."""
    check = Check("no line is settled while cancelled units of it are not paid back and still may be")
    for entry, fact, lines in _walked(log):
        if isinstance(fact, LineSettled):
            line = lines[fact.line_no]
            fits = [name for name, one in line.open.items() if line.owed.by_hand(one) is not None]
            check.that(not fits, f"{entry}: line {fact.line_no} of {fact.order_id} is settled, {fits} may still be paid back")
    return check


def _both(log: Log) -> Check:
    """All facts of a party lie in one lane, in their order; what a person said of it is compared with its event among the echoes."""
    check = Check("a payout is contradicted once, after it came back or was paid, and settled once, after that, with what was instructed")
    told: dict[str, tuple[str, int, str | None]] = {}
    steps: dict[str, str] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, PayoutInstructed):
            told[fact.payout_id] = fact.currency, fact.amount_minor, fact.of
        elif isinstance(fact, PayoutDone | PayoutReturned):
            steps[fact.payout_id] = fact.type
        elif isinstance(fact, PayoutContradicted | PayoutSettled) and not any(log.starts.values()):
            before, right = steps.get(fact.payout_id), told.get(fact.payout_id, ("", 0, None))
            check.that(before == _before(fact).type, f"{entry}: {fact.payout_id} is told so after {before}")
            said = fact.currency, fact.amount_minor, getattr(fact, "of", right[2])
            check.that(said == right, f"{entry}: {right} was instructed, told is {said}")
            steps[fact.payout_id] = fact.type
    return check


def _before(fact: PayoutContradicted | PayoutSettled) -> type[Message]:
    if isinstance(fact, PayoutSettled):
        return PayoutContradicted
    return PayoutDone if fact.bounced else PayoutReturned


def _gone(log: Log) -> set[str]:
    """The ids of the words on refunds of which nothing was left: banks or other refunds had all."""
    unwanted: dict[tuple[str, str], int] = {}  # by order and payment: what banks left of it
    named: dict[tuple[str, str], tuple[str, str]] = {}
    found: set[str] = set()
    for entry, fact, lines in _walked(log):
        if isinstance(fact, UnwantedReceived):
            named[fact.order_id, fact.refund_id] = fact.order_id, fact.payment_id
            unwanted[fact.order_id, fact.payment_id] = fact.amount_minor
        elif isinstance(fact, ChargebackReceived):
            named[fact.order_id, fact.chargeback_id] = fact.order_id, fact.payment_id
        elif isinstance(fact, ChargebackDebited) and named.get((fact.order_id, fact.chargeback_id)) in unwanted:
            unwanted[named[fact.order_id, fact.chargeback_id]] -= fact.amount_minor
        elif isinstance(fact, HandlingNoted):
            asked = [(line, line.open[fact.item_id]) for line in lines.values() if fact.item_id in line.open]
            if any(line.owed.by_hand(one) is None for line, one in asked) or not unwanted.get(
                named.get((fact.order_id, fact.item_id), ("", "")), 1
            ):
                found.add(entry.id)
    return found


def _walked(log: Log) -> Iterator[tuple[Entry, Followed, dict[int, Line]]]:
    """Each fact, with the lines of its order as they were before it."""
    orders: dict[str, dict[int, Line]] = defaultdict(lambda: defaultdict(Line))
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, Followed):
            yield entry, fact, orders[fact.order_id]
            _follow(orders[fact.order_id], fact)


@dataclass(slots=True)
class Line:
    """owed: what of it went back. open: cancelled units that are not paid back, and what the fund was to pay, by id. under_way: what
    would be asked for again.
    """

    owed: Owed = field(default_factory=Owed)
    open: dict[str, Asked] = field(default_factory=dict)
    under_way: dict[str, Asked] = field(default_factory=dict)


Followed = (
    EscrowFunded
    | LineSettled
    | UnwantedReceived
    | RefundHeld
    | RefundReserved
    | RefundNotPaid
    | HandlingNoted
    | ChargebackReceived
    | ChargebackDebited
)


def _follow(lines: dict[int, Line], fact: Followed) -> None:
    match fact:
        case EscrowFunded():
            for bought in fact.lines:
                lines[bought.line_no].owed = Owed(bought.paid_minor, bought.quantity)
        case LineSettled():
            lines[fact.line_no].owed.settled = True
        case RefundHeld(cancelled=True):
            lines[fact.line_no].open[fact.refund_id] = Asked(fact.line_no, fact.amount_minor, fact.quantity, cancelled=True)
        case RefundReserved():
            line = lines[fact.line_no]
            line.open.pop(fact.refund_id, None)
            if fact.cancelled_at is not None:
                minor, units = fact.buyer_minor + fact.fund_minor, fact.quantity + fact.fund_quantity
                line.under_way[fact.refund_id] = Asked(fact.line_no, minor, units, cancelled=True)
            elif fact.funder == "platform":
                line.under_way[fact.refund_id] = Asked(fact.line_no, fact.buyer_minor, fact.quantity, by_fund=True)
            parts = Parts(fact.buyer_minor, fact.quantity, fact.fund_minor, fact.fund_quantity)
            line.owed.gone[fact.refund_id] = parts, fact.funder == "platform"
        case RefundNotPaid(line_no=int(line_no)):
            line = lines[line_no]
            line.owed.gone.pop(fact.refund_id, None)
            if fact.refund_id in line.under_way:
                line.open[fact.refund_id] = line.under_way[fact.refund_id]
        case HandlingNoted():
            for line in lines.values():
                line.open.pop(fact.item_id, None)
        case ChargebackDebited():
            for part in fact.parts:
                lines[part.line_no].owed.banks += part.amount_minor
