"""How each line's money is split, computed again: refunds by funder, the settlement, what is returned after it.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane, in order. Source: R1.4, R3.3-R3.8.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited, ChargebackPart, ChargebackReceived
from shared.contracts.order import UnitsCancelled
from shared.contracts.owed import SellerReimbursed
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    EscrowFunded,
    LineSettled,
    RefundDone,
    RefundNotPaid,
    RefundReserved,
    SettlementPlanned,
)
from shared.contracts.refund import RefundGranted
from shared.contracts.types import Line
from shared.policy import Policies

OfLine = SettlementPlanned | RefundReserved | RefundDone | RefundNotPaid | LineSettled
Place = tuple[str, int]  # order, line
Told = tuple[str, str, str]  # message to accounts, event that caused it, order/line
Share = tuple[str, str]  # party, and why it is charged; empty: it is credited
Asked = tuple[int, int, int, str, datetime]  # line, units, amount, who pays, when the buyer asked


@dataclass(slots=True)
class Gone:
    """What goes back to the buyer, by a refund or by the bank, and who bears it; as it was told. units: with those that the guarantee
    fund had paid for; fund_minor: that.
    """

    units: int
    minor: int
    told: RefundReserved | ChargebackPart
    done: bool = False
    fund_minor: int = 0


@dataclass(slots=True)
class Sold:
    """A line with all that was taken of it. gone: by refund or chargeback, under way or done. settled: what it was split into.
    restored: to the guarantee fund.
    """

    line: Line
    funded: EscrowFunded
    confirmed_at: datetime | None = None
    gone: dict[str, Gone] = field(default_factory=dict)
    settled: LineSettled | None = None
    restored: int = 0

    def of(self, funder: str) -> int:
        """What this funder put into escrow."""
        return sum(discount.amount_minor for discount in self.line.discounts if discount.funder == funder)

    @property
    def escrowed(self) -> tuple[int, int]:
        """What is left of the buyer's money, and of the subsidies, once the refunds out of escrow are done."""
        out = [one for one in self.gone.values() if one.done and not one.told.fronted]
        paid = self.line.paid_minor - self.restored - sum(one.minor for one in out)
        return paid, self.of("platform") + self.of("promoter") - sum(one.told.platform_minor + one.told.promoter_minor for one in out)


@dataclass(slots=True)
class Splits:
    """The lines as they stand, and the statements about them."""

    policies: Policies
    asked: dict[tuple[str, str], Asked]
    opened: dict[tuple[str, str], datetime]
    shortened: bool
    lines: dict[Place, Sold] = field(default_factory=dict)
    refunds: Check = field(
        default_factory=lambda: Check("refunds: each as it was granted, every funder's part of it in proportion, to the last unit")
    )
    settlements: Check = field(
        default_factory=lambda: Check("settlements: commission and fee of what was paid and not refunded, all the rest to the seller")
    )
    after: Check = field(
        default_factory=lambda: Check(
            "refunds after settlement: promoter and platform return their shares within the window, the seller the rest"
        )
    )


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    opened = {(fact.order_id, fact.chargeback_id): fact.occurred_at for _, fact in log.of(ChargebackReceived)}
    splits = Splits(policies, _asked(log), opened, any(log.starts.values()))
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, EscrowFunded):
            splits.lines |= {(fact.order_id, line.line_no): Sold(line, fact) for line in fact.lines}
        elif isinstance(fact, ChargebackDebited):
            for part in fact.parts:
                _step(splits, entry, fact, part.line_no, part)
        elif isinstance(fact, OfLine) and fact.line_no is not None and entry.topic == "payment.v1":
            _step(splits, entry, fact, fact.line_no, None)
    yield from (splits.refunds, splits.settlements, splits.after, _told_on(log, splits.lines))


def _step(splits: Splits, entry: Entry, fact: Any, line_no: int, part: ChargebackPart | None) -> None:
    sold = splits.lines.get((fact.order_id, line_no))
    if sold is None:
        splits.settlements.that(splits.shortened, f"{entry}: order {fact.order_id} has no line {line_no} in escrow")
        return
    match fact:
        case SettlementPlanned():
            sold.confirmed_at = fact.occurred_at
        case RefundReserved():
            asked = splits.asked.get((fact.order_id, fact.again_of or fact.refund_id))
            units = fact.quantity + fact.fund_quantity
            told, request = (line_no, units, fact.buyer_minor, fact.funder), asked[:4] if asked is not None else None
            again = fact.again_of is not None and fact.funder == "platform"
            if request is not None and (fact.asked_minor is not None or fact.cancelled_at is not None or again):  # by `what goes back`
                request = (request[0], min(request[1], units) if again else request[1], min(request[2], fact.buyer_minor), request[3])
            splits.refunds.that(told == request, f"{entry}: {told} is set aside for {fact.refund_id}, asked was {request}")
            if fact.funder == "platform":
                _untouched(splits.refunds, entry, fact)
            else:
                since = asked[4] if asked is not None else None
                _goes(splits, entry, sold, fact.refund_id, Gone(units, fact.buyer_minor, fact, fund_minor=fact.fund_minor), since)
        case ChargebackDebited() if part is not None:
            since = splits.opened.get((fact.order_id, fact.chargeback_id))
            _goes(splits, entry, sold, f"{fact.chargeback_id}/{entry.id}", Gone(0, part.amount_minor, part, done=True), since)
        case RefundDone():
            sold.restored += fact.restored_minor
            if fact.refund_id in sold.gone:
                sold.gone[fact.refund_id].done = True
        case RefundNotPaid():
            sold.gone.pop(fact.refund_id, None)
        case LineSettled():
            _settled(splits.settlements, entry, fact, sold)


def _goes(splits: Splits, entry: Entry, sold: Sold, name: str, gone: Gone, since: datetime | None) -> None:
    """since: when it was asked for; None: nobody did, which is named elsewhere."""
    _funders(splits.refunds, entry, sold, gone)
    told = gone.told.fronted
    splits.after.that(told == (sold.settled is not None), f"{entry}: fronted is {told}, settled is {sold.settled is not None}")
    borne = gone.told.commission_minor, gone.told.fee_minor, gone.told.clawback
    splits.after.that(told or not any(borne), f"{entry}: nothing is settled, promoter and platform return {borne}")
    if sold.settled is not None and since is not None:
        _shares(splits.after, entry, sold, sold.settled, gone)
        within = _within(sold, since, splits.policies)
        splits.after.that(borne[2] == within, f"{entry}: asked for at {since}, within the window is {within}, told was {borne[2]}")
    sold.gone[name] = gone


def _untouched(check: Check, entry: Entry, fact: RefundReserved) -> None:
    """What the guarantee fund pays takes nothing of the line and nobody's part. Source: R4.6."""
    had = (fact.commission_minor, fact.fee_minor, fact.clawback)
    parts = (fact.platform_minor, fact.promoter_minor, *had, fact.fronted, fact.fund_minor)
    check.that(not any(parts), f"{entry}: paid by the platform's fund, and of the line's money {parts}")


def _asked(log: Log) -> dict[tuple[str, str], Asked]:
    """What every refund of a line was asked with first, by order and refund."""
    found: dict[tuple[str, str], Asked] = {}
    for _, granted in log.of(RefundGranted):
        when = granted.applied_at or granted.occurred_at
        found.setdefault(
            (granted.order_id, granted.refund_id), (granted.line_no, granted.quantity, granted.amount_minor, granted.funder, when)
        )
    for _, cancelled in log.of(UnitsCancelled):
        for part in cancelled.lines:
            when = cancelled.applied_at or cancelled.occurred_at
            asked = (part.line_no, part.quantity, part.amount_minor, "seller", when)
            found.setdefault((cancelled.order_id, part.refund_id), asked)
    return found


def _funders(check: Check, entry: Entry, sold: Sold, gone: Gone) -> None:
    """Whole units' slices for the buyer slice every subsidy; any other amount takes the same part of it. Cumulative. Source: R1.4."""
    line, earlier = sold.line, list(sold.gone.values())
    units = sum(one.units for one in (gone, *earlier))
    paid = sum(one.minor + one.fund_minor for one in (gone, *earlier))
    part = Fraction(units, line.quantity)
    if paid != floor(line.paid_minor * part):
        part = min(Fraction(1), Fraction(paid, line.paid_minor))
    platform = max(0, floor(sold.of("platform") * part) - sum(one.told.platform_minor for one in earlier))
    promoter = max(0, floor(sold.of("promoter") * part) - sum(one.told.promoter_minor for one in earlier))
    told = (gone.told.platform_minor, gone.told.promoter_minor)
    where = f"{entry}: line {line.line_no} of {sold.funded.order_id}"
    check.that(told == (platform, promoter), f"{where}: {(platform, promoter)} goes back to platform and promoter, told was {told}")


def _settled(check: Check, entry: Entry, fact: LineSettled, sold: Sold) -> None:
    line, (paid, subsidies) = sold.line, sold.escrowed
    commission = floor(Fraction(paid * line.commission_bp, 10_000)) if line.promoter_id is not None else 0
    fee = floor(Fraction(paid * line.fee_bp, 10_000))
    expected = (paid + subsidies - commission - fee, commission, fee)
    told = (fact.seller_minor, fact.promoter_minor, fact.platform_minor)
    where = f"{entry}: line {fact.line_no} of {fact.order_id}"
    check.that(told == expected, f"{where}: seller, promoter and platform get {expected}, told was {told}")
    parties = (fact.seller_id, fact.promoter_id) == (line.seller_id, line.promoter_id)
    check.that(parties, f"{where}: it is of {line.seller_id} and {line.promoter_id}, not of {fact.seller_id} and {fact.promoter_id}")
    check.that(sold.settled is None, f"{where}: it is settled again")
    sold.settled = fact


def _shares(check: Check, entry: Entry, sold: Sold, settled: LineSettled, gone: Gone) -> None:
    """Each returns the floor of its part of all that went back, the platform that of what is not the promoter's. Source: R3.6.

    Never more than it has left; what the seller has not left is the others'.
    """
    had_promoter, had_platform = settled.promoter_minor, settled.platform_minor
    total, amount = sold.escrowed[0], gone.minor  # what the settlement was about, of the buyer's money
    earlier = [one for one in sold.gone.values() if one.told.fronted]
    before = sum(one.minor for one in earlier)
    left_promoter = had_promoter - sum(one.told.commission_minor for one in earlier)
    left_platform = had_platform - sum(one.told.fee_minor for one in earlier)
    left_seller = total - before - left_promoter - left_platform
    by_promoter = floor(Fraction(had_promoter * (before + amount), total)) if total else 0
    rest = total - had_promoter
    by_platform = floor(Fraction(had_platform * (before + amount - by_promoter), rest)) if rest else 0
    promoter = max(by_promoter - (had_promoter - left_promoter), amount - left_seller - left_platform, 0)
    promoter = min(promoter, left_promoter, amount)
    platform = max(by_platform - (had_platform - left_platform), amount - promoter - left_seller, 0)
    platform = min(platform, left_platform, amount - promoter)
    told = (gone.told.commission_minor, gone.told.fee_minor)
    check.that(told == (promoter, platform), f"{entry}: promoter and platform had {(promoter, platform)} of it, told was {told}")


def _within(sold: Sold, applied_at: datetime, policies: Policies) -> bool:
    """So many days from the day after confirmation, from 00:00 on; fresh and virtual lines have fewer. Source: R1.3, R3.6."""
    if sold.confirmed_at is None:
        return False
    days = sold.funded.clawback
    short = sold.line.category == "fresh" or sold.line.kind == "virtual"
    policy = policies.at(sold.funded.occurred_at).payment
    usual, fewer = (days.usual, days.short) if days is not None else (policy.clawback_days, policy.clawback_days_short)
    zone = ZoneInfo(sold.funded.zone)
    next_day = sold.confirmed_at.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone).timestamp()
    return applied_at.timestamp() < midnight + (fewer if short else usual) * 86_400


def _told_on(log: Log, lines: dict[Place, Sold]) -> Check:
    """Accounts learn of it in the same decision: credits of a settlement, charges of a refund or a chargeback."""
    check = Check("what a settlement gives and a refund takes is told to the accounts of exactly its parties")
    told, due = defaultdict[Told, Counter[Share]](Counter), defaultdict[Told, Counter[Share]](Counter)
    messages: list[tuple[Entry, AccountCredited | AccountCharged]] = [*log.of(AccountCredited), *log.of(AccountCharged)]
    for entry, message in messages:
        if isinstance(message, AccountCredited) or message.reason != "compensation":
            place = (type(message).type, entry.header("ce_causationid"), f"{message.order_id}/{message.line_no}")
            told[place][(message.party, getattr(message, "reason", ""))] += message.amount_minor
    kinds: tuple[type[Any], ...] = (LineSettled, SellerReimbursed, RefundDone, ChargebackDebited)
    for entry, fact in (one for kind in kinds for one in log.of(kind)):
        by = entry.header("ce_causationid")
        if isinstance(fact, LineSettled):
            credits = due["account.credited", by, f"{fact.order_id}/{fact.line_no}"]
            credits[(fact.seller_id, "")] += fact.seller_minor
            credits[(fact.promoter_id or fact.seller_id, "")] += fact.promoter_minor
        if isinstance(fact, SellerReimbursed):
            credits = due["account.credited", by, f"{fact.order_id}/{fact.line_no}"]
            credits[(fact.seller_id, "")] += fact.refund_minor + fact.compensations_minor
        for line_no, name in _names(entry):
            sold = lines.get((fact.order_id, line_no))
            gone = sold.gone.get(name) if sold is not None else None
            if sold is not None and gone is not None and gone.told.fronted:
                due["account.charged", by, f"{fact.order_id}/{line_no}"].update(_charged(sold, gone, fact))
    for (kind, cause, line), place in sorted((place, place) for place in told.keys() | due.keys()):
        found, expected = dict(+told[place]), dict(+due[place])
        check.that(found == expected, f"{kind} of line {line} by event {cause}: {expected} by party and why, told to accounts was {found}")
    return check


def _names(entry: Entry) -> list[tuple[int, str]]:
    """What went back by this fact: lines, and as what."""
    if isinstance(entry.event, ChargebackDebited):
        return [(part.line_no, f"{entry.event.chargeback_id}/{entry.id}") for part in entry.event.parts]
    if isinstance(entry.event, RefundDone) and entry.event.line_no is not None:
        return [(entry.event.line_no, entry.event.refund_id)]
    return []


def _charged(sold: Sold, gone: Gone, by: Any) -> Counter[Share]:
    """The promoter its part within the window, the seller the rest; the platform's own part is asked of nobody."""
    promoter, platform = (gone.told.commission_minor, gone.told.fee_minor) if gone.told.clawback else (0, 0)
    total = gone.minor + gone.told.platform_minor + gone.told.promoter_minor
    parties = Counter({(sold.line.seller_id, "chargeback" if isinstance(by, ChargebackDebited) else "refund"): total - promoter - platform})
    parties[(sold.line.promoter_id or sold.line.seller_id, "clawback")] += promoter
    return parties
