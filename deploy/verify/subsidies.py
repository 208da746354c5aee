"""Promoters' subsidies: what orders took is asked of their promoters once, and what comes back is theirs again. Source: R3.1, R3.4, R3.6.

Written from the rules' text and shares no code with the services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited, ChargebackPart
from shared.contracts.payment import DebtRepaid, EscrowFunded, RefundDone, RefundReserved
from shared.contracts.seller import PrefundToppedUp
from shared.contracts.subsidy import (
    PrefundReceived,
    PrefundReleased,
    PrefundReleaseNoted,
    SubsidyCharged,
    SubsidyDrawn,
    SubsidyRestored,
    SubsidyReturned,
)
from shared.contracts.types import Moves

Told = tuple[str, str, str, str]  # event that caused it, order, party, currency
Promoters = dict[tuple[str, int], str]  # by order and line, of orders that ask their promoters


def checks(log: Log, moves: list[tuple[Entry, Moves]]) -> Iterator[Check]:
    promoters = {
        (funded.order_id, line.line_no): line.promoter_id
        for _, funded in log.of(EscrowFunded)
        for line in funded.lines
        if funded.prefunded and line.promoter_id is not None
    }
    yield _asked(log, promoters)
    yield _booked(log)
    yield _left(log, promoters, moves)
    yield _prefunded(log)
    yield _released(log)


def _asked(log: Log, promoters: Promoters) -> Check:
    """In the same decision, by the causation id."""
    check = Check("what promoters' subsidies an order takes is asked of each once, and each part of a refund is theirs again")
    shortened = any(log.starts.values())
    told, due = Counter[Told](), Counter[Told]()
    messages: list[tuple[Entry, SubsidyCharged | SubsidyReturned]] = [*log.of(SubsidyCharged), *log.of(SubsidyReturned)]
    names = Counter(one.charge_id if isinstance(one, SubsidyCharged) else one.return_id for _, one in messages)
    for entry, one in messages:
        name = one.charge_id if isinstance(one, SubsidyCharged) else one.return_id
        check.that(names[name] == 1, f"{entry}: {name} is told again")
        sign = 1 if isinstance(one, SubsidyCharged) else -1
        told[(entry.header("ce_causationid"), one.order_id, one.party, one.currency)] += sign * one.amount_minor
    currencies: dict[str, str] = {}
    for entry, funded in log.of(EscrowFunded):
        currencies[funded.order_id] = funded.currency
        for line in funded.lines if funded.prefunded else ():
            given = sum(discount.amount_minor for discount in line.discounts if discount.funder == "promoter")
            due[(entry.header("ce_causationid"), funded.order_id, line.promoter_id or "", funded.currency)] += given
    for entry, order_id, one_part in _back(log):
        party = promoters.get((order_id, one_part.line_no))
        if party is not None:
            due[(entry.header("ce_causationid"), order_id, party, currencies[order_id])] -= one_part.promoter_minor
    for place in sorted(told.keys() | due.keys()):
        held = told[place] == due[place] or (shortened and place[1] not in currencies)
        check.that(
            held, f"{place[2]} of order {place[1]} by event {place[0]}: {due[place]} {place[3]} is its subsidy, told was {told[place]}"
        )
    return check


def _back(log: Log) -> Iterator[tuple[Entry, str, RefundReserved | ChargebackPart]]:
    """Of each line that something went back of, in or after escrow: the fact by which it did, the order, who bears it."""
    reserved = {(fact.order_id, fact.refund_id): fact for _, fact in log.of(RefundReserved)}
    for entry, done in log.of(RefundDone):
        if (done.order_id, done.refund_id) in reserved:
            yield entry, done.order_id, reserved[(done.order_id, done.refund_id)]
    for entry, debited in log.of(ChargebackDebited):
        yield from ((entry, debited.order_id, part) for part in debited.parts)


def _booked(log: Log) -> Check:
    check = Check("promoters' accounts book the subsidies that they were told of")
    causes: dict[str, tuple[object, ...]] = {}
    for entry, charge in log.of(SubsidyCharged):
        causes[entry.id] = (charge.party, charge.charge_id, charge.currency, charge.amount_minor, charge.order_id)
    for entry, back in log.of(SubsidyReturned):
        causes[entry.id] = (back.party, back.return_id, back.currency, back.amount_minor, back.order_id)
    facts: list[tuple[Entry, SubsidyDrawn | SubsidyRestored]] = [*log.of(SubsidyDrawn), *log.of(SubsidyRestored)]
    seen = Counter(entry.header("ce_causationid") for entry, _ in facts)
    for entry, fact in facts:
        name = fact.charge_id if isinstance(fact, SubsidyDrawn) else fact.return_id
        found = (fact.party, name, fact.currency, fact.amount_minor, fact.order_id)
        cause = entry.header("ce_causationid")
        check.that(causes.get(cause) == found, f"{entry}: {found} is booked, told was {causes.get(cause)}")
        check.that(seen[cause] == 1, f"{entry}: {name} is booked again")
    return check


def _left(log: Log, promoters: Promoters, moves: list[tuple[Entry, Moves]]) -> Check:
    """What orders gave for a promoter less what came back lies on no account but its own, once its account was told."""
    check = Check("what was given for a promoter is what its account gave, or is about to be told")
    asking = {order_id for order_id, _ in promoters}
    expected: Counter[tuple[str, str]] = Counter()
    posted: Counter[tuple[str, str]] = Counter()
    for entry, one in moves:
        event: Any = entry.event
        for posting in one.postings:
            name, _, party = posting.account.partition(":")
            if name == "promoter_subsidy":
                posted[(party, one.currency)] += posting.amount_minor
                old = entry.topic == "payment.v1" and event.order_id not in asking
                expected[(party, one.currency)] += posting.amount_minor if old else 0
    booked = {entry.header("ce_causationid") for kind in (SubsidyDrawn, SubsidyRestored) for entry, _ in log.of(kind)}
    for entry, charge in log.of(SubsidyCharged):
        expected[(charge.party, charge.currency)] -= charge.amount_minor if entry.id not in booked else 0
    for entry, back in log.of(SubsidyReturned):
        expected[(back.party, back.currency)] += back.amount_minor if entry.id not in booked else 0
    for party, currency in sorted(expected.keys() | posted.keys()):
        place = (party, currency)
        check.that(posted[place] == expected[place], f"promoter_subsidy:{party} holds {posted[place]} {currency}, not {expected[place]}")
    return check


def _prefunded(log: Log) -> Check:
    check = Check("money for subsidies counts once, as the promoter's app told of it")
    told = {(event.promoter_id, event.prefund_id, event.amount_minor, event.currency) for _, event in log.of(PrefundToppedUp)}
    seen: Counter[tuple[str, str]] = Counter()
    for entry, fact in log.of(PrefundReceived):
        seen[(fact.party, fact.prefund_id)] += 1
        check.that(seen[(fact.party, fact.prefund_id)] == 1, f"{entry}: {fact.prefund_id} counts again")
        prefund = (fact.party, fact.prefund_id, fact.amount_minor, fact.currency)
        check.that(prefund in told, f"{entry}: nobody told of {prefund}")
    return check


def _released(log: Log) -> Check:
    """All facts of a party lie in one lane, in order."""
    check = Check("prefunded money is its promoter's again at the time that it was told, once: what it asked for, or what is left")
    left: Counter[tuple[str, str]] = Counter()
    asked: dict[tuple[str, str], PrefundReleaseNoted] = {}
    for entry in log.facts():
        fact: Any = entry.event
        match fact:
            case PrefundReceived() | SubsidyDrawn() | SubsidyRestored():
                left[(fact.party, fact.currency)] = fact.prefunded_minor
            case DebtRepaid(source="prefunded"):
                left[(fact.party, fact.currency)] -= fact.amount_minor
            case PrefundReleaseNoted():
                asked[(fact.party, fact.withdrawal_id)] = fact
            case PrefundReleased():
                noted, place = asked.pop((fact.party, fact.withdrawal_id), None), (fact.party, fact.currency)
                due = (noted.release_at, min(noted.amount_minor, left[place])) if noted is not None else None
                told = (fact.occurred_at, fact.amount_minor)
                check.that(told == due or any(log.starts.values()), f"{entry}: due and left is {due}, released was {told}")
                left[place] = fact.prefunded_minor
    return check
