"""Money: nothing is made, nothing is lost, nothing is paid twice. Sources: R3.1, R3.2, R3.5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from deploy.verify import chargebacks, owed, parties, subsidies
from deploy.verify.log import TOPICS, Entry, Log, moment
from deploy.verify.report import Check
from deploy.verify.tables import Posting, Tables
from shared.contracts.chargeback import ChargebackDebited
from shared.contracts.order import OrderPaid, PaymentUnwanted
from shared.contracts.payment import (
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    EscrowFunded,
    LineSettled,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundReserved,
    UnwantedReceived,
)
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.types import Moves

Account = tuple[str, str]  # account, currency
Answer = tuple[Entry, str, int | None]  # of which instruction, and what was moved; None: nothing
SUMMED = ("deposit:", "payout:", "prefunded:", "debt:")
BOUNDED = ("escrow:", "unwanted:", "balance:", "deposit:", "payout:", "prefunded:")
OWED = ("debt:",)


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    moves = list(_moves(log))
    yield _zero(moves)
    yield _bounds(moves)
    yield _escrow(log, moves)
    yield _refunds(log)
    yield _captured(log)
    yield _payouts(log)
    yield from parties.checks(log, tables, moves)
    yield from subsidies.checks(log, moves)
    yield _compensations(log)
    yield from chargebacks.checks(log, moves)
    yield from owed.checks(log)
    yield _posted(moves, tables)


def _moves(log: Log) -> Iterator[tuple[Entry, Moves]]:
    moving = {kind for topic in TOPICS.values() for kind in topic.types.values() if "moves" in kind.model_fields}
    for entry in log.facts():
        moves = getattr(entry.event, "moves", None) if type(entry.event) in moving else None
        if isinstance(moves, Moves):
            yield entry, moves


def _zero(moves: list[tuple[Entry, Moves]]) -> Check:
    check = Check("the ledger sums to zero: every transaction, every currency")
    totals: Counter[str] = Counter()
    for entry, one in moves:
        total = sum(posting.amount_minor for posting in one.postings)
        totals[one.currency] += total
        check.that(total == 0, f"{entry}: its postings sum to {total} {one.currency}")
    for currency, total in totals.items():
        check.that(total == 0, f"all postings in {currency} sum to {total}")
    return check


def _sums(moves: list[tuple[Entry, Moves]]) -> Counter[Account]:
    found: Counter[Account] = Counter()
    for _, one in moves:
        for posting in one.postings:
            found[(posting.account, one.currency)] += posting.amount_minor
    return found


def _bounds(moves: list[tuple[Entry, Moves]]) -> Check:
    """Those of one order along its lane; those of a party, whose facts lie in several lanes, at the end."""
    check = Check("no account went past its bound: none below zero, a debt not above")
    running: Counter[Account] = Counter()
    for entry, one in moves:
        for posting in one.postings:
            account = (posting.account, one.currency)
            running[account] += posting.amount_minor
            if posting.account.startswith(("escrow:", "unwanted:")):
                check.that(running[account] >= 0, f"{entry}: {posting.account} stands at {running[account]} {one.currency}")
    for (name, currency), amount in running.items():
        if name.startswith(BOUNDED):
            check.that(amount >= 0, f"{name} ends at {amount} {currency}")
        if name.startswith(OWED):
            check.that(amount <= 0, f"{name} ends at {amount} {currency}: more was repaid than was owed")
    return check


def _escrow(log: Log, moves: list[tuple[Entry, Moves]]) -> Check:
    """In: what buyer, platform and promoters gave for its lines. Out: refunds and chargebacks before settlement, lines settled, what is
    the guarantee fund's again.
    """
    check = Check("escrow of every order = in - out, and not below zero")
    held: Counter[Account] = Counter()
    for _, funded in log.of(EscrowFunded):
        given = [discount.amount_minor for line in funded.lines for discount in line.discounts if discount.funder != "seller"]
        held[(f"escrow:{funded.order_id}", funded.currency)] += sum(line.paid_minor for line in funded.lines) + sum(given)
    reserved = {fact.refund_id: fact for _, fact in log.of(RefundReserved) if not fact.fronted}
    for _, done in log.of(RefundDone):
        if done.line_no is not None and done.refund_id in reserved:
            one = reserved[done.refund_id]
            out = one.buyer_minor + one.platform_minor + one.promoter_minor if one.funder == "seller" else 0
            held[(f"escrow:{one.order_id}", one.currency)] -= out + done.restored_minor
    for _, debited in log.of(ChargebackDebited):
        for part in (part for part in debited.parts if not part.fronted):
            held[(f"escrow:{debited.order_id}", debited.currency)] -= part.amount_minor + part.platform_minor + part.promoter_minor
    currencies = {funded.order_id: funded.currency for _, funded in log.of(EscrowFunded)}
    for _, settled in log.of(LineSettled):
        out = settled.seller_minor + settled.promoter_minor + settled.platform_minor
        held[(f"escrow:{settled.order_id}", currencies.get(settled.order_id, ""))] -= out
    sums = _sums(moves)
    for account in held.keys() | {account for account in sums if account[0].startswith("escrow:")}:
        check.that(held[account] == sums[account] >= 0, f"{account[0]}: in - out is {held[account]}, its postings sum to {sums[account]}")
    return check


def _refunds(log: Log) -> Check:
    check = Check("every refund is paid at most once, and never above what was paid")
    instructed, done = Counter[str](), Counter[str]()
    asked: dict[str, int] = {}
    for entry, told in log.of(RefundInstructed):
        instructed[told.refund_id] += 1
        asked[told.refund_id] = told.amount_minor
        check.that(instructed[told.refund_id] == 1, f"{entry}: refund {told.refund_id} is instructed again")
    for entry, paid in log.of(RefundDone):
        done[paid.refund_id] += 1
        check.that(done[paid.refund_id] == 1, f"{entry}: refund {paid.refund_id} is done again")
        instructed_so = paid.by_hand or asked.get(paid.refund_id, 0) == paid.amount_minor  # by hand: compared by `settled by hand`
        check.that(bool(instructed_so), f"{entry}: {paid.amount_minor} is not what was instructed")
    ended = {fact.refund_id for _, fact in log.of(RefundNotPaid)}
    bought = {(funded.order_id, line.line_no): line for _, funded in log.of(EscrowFunded) for line in funded.lines}
    minor: Counter[tuple[str, int]] = Counter()
    units: Counter[tuple[str, int]] = Counter()
    for entry, granted in log.of(RefundReserved):
        if granted.refund_id in ended:
            continue
        place = (granted.order_id, granted.line_no)
        minor[place] += granted.buyer_minor
        units[place] += granted.quantity
        line = bought.get(place)
        within = line is not None and minor[place] <= line.paid_minor and units[place] <= line.quantity
        check.that(
            within, f"{entry}: granted + done of line {granted.line_no} is {minor[place]} for {units[place]} units, more than bought"
        )
    return check


def _captured(log: Log) -> Check:
    """Each payment that an order decided on counts once, with the provider's amount: for the order, or to go back."""
    check = Check("every captured payment counts once: for its order, or on its way back")
    told = {(event.order_id, event.payment_id, event.amount_minor, event.currency) for _, event in log.of(PaymentSucceeded)}
    seen: Counter[tuple[str, str]] = Counter()
    decided: list[tuple[Entry, OrderPaid | PaymentUnwanted]] = [*log.of(OrderPaid), *log.of(PaymentUnwanted)]
    for entry, fact in decided:
        seen[(fact.order_id, fact.payment_id)] += 1
        check.that(seen[(fact.order_id, fact.payment_id)] == 1, f"{entry}: payment {fact.payment_id} counts again")
        payment = (fact.order_id, fact.payment_id, fact.amount_minor, fact.currency)
        check.that(payment in told or fact.amount_minor == 0, f"{entry}: the provider told of no payment {payment}")
    back = {(fact.order_id, fact.payment_id): fact.amount_minor for _, fact in log.of(PaymentUnwanted)}
    for entry, received in log.of(UnwantedReceived):
        amount = back.get((received.order_id, received.payment_id))
        check.that(amount == received.amount_minor, f"{entry}: {received.amount_minor} goes back of {amount}")
    return check


def _payouts(log: Log) -> Check:
    check = Check("every payout is instructed once and answered at most once")
    instructed = [(entry, told.payout_id, told.amount_minor) for entry, told in log.of(PayoutInstructed)]
    told_back: list[tuple[Entry, PayoutDone | PayoutReturned]] = [*log.of(PayoutDone), *log.of(PayoutReturned)]
    answers = [(entry, told.payout_id, told.amount_minor) for entry, told in told_back]
    _once(check, "payout", instructed, answers)
    return check


def _compensations(log: Log) -> Check:
    check = Check("every compensation is instructed once and answered at most once, with what was instructed")
    instructed = [(entry, told.compensation_id, told.amount_minor) for entry, told in log.of(CompensationInstructed)]
    answers: list[Answer] = [
        (entry, told.compensation_id, told.amount_minor) for entry, told in log.of(CompensationDone) if not told.by_hand
    ]
    answers += [(entry, told.compensation_id, None) for entry, told in log.of(CompensationNotPaid)]
    _once(check, "compensation", instructed, answers)
    return check


def _once(check: Check, what: str, instructed: Iterable[Answer], answers: Iterable[Answer]) -> None:
    amounts: dict[str, int | None] = {}
    for entry, name, amount in instructed:
        check.that(name not in amounts, f"{entry}: {what} {name} is instructed again")
        amounts[name] = amount
    seen: Counter[str] = Counter()
    for entry, name, amount in answers:
        seen[name] += 1
        check.that(seen[name] == 1, f"{entry}: {what} {name} is answered again")
        if amount is not None:
            check.that(amounts.get(name) == amount, f"{entry}: {amount} is not what was instructed")


def _posted(moves: list[tuple[Entry, Moves]], tables: Tables) -> Check:
    check = Check("the table of postings is that of the facts, row by row, and the sums that the ledger's check goes by are of it")
    told: dict[tuple[str, int], Posting] = {}
    for entry, one in moves:
        event: Any = entry.event
        party = getattr(event, "party", None)
        order_id = None if party is not None else event.order_id
        for ordinal, posting in enumerate(one.postings):
            at, amount = moment(entry), posting.amount_minor
            told[(entry.id, ordinal)] = Posting(entry.id, ordinal, posting.account, one.currency, amount, order_id, party, at, entry.type)
    stored = {(row.tx, row.ordinal): row for row in tables.postings}
    for place, row in told.items():
        if place in stored and stored[place].kind is None:  # written before postings named their kind
            told[place] = replace(row, kind=None)
    for place in sorted(told.keys() | stored.keys()):
        check.same(f"posting {place[1]} of transaction {place[0]}", told.get(place), stored.get(place))
    sums: Counter[tuple[str, str]] = Counter()
    for held in tables.postings:
        if held.account.startswith(SUMMED):
            sums[(held.account, held.currency)] += held.amount_minor
    kept = sums if tables.sums is None else tables.sums
    for account in sorted(sums.keys() | kept.keys()):
        check.same(f"what {account[0]} holds in {account[1]}", sums[account], kept.get(account, 0))
    return check
