"""How each line's money is split, computed again: refunds by funder, the settlement, what is returned after it. Source: R1.4, R3.3-R3.6.

Written from the rule's text and shares no code with the services. The facts of an order lie in one lane, in order.
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
from shared.contracts.order import UnitsCancelled
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
Asked = tuple[int, int, int, datetime]  # line, units, amount, when the buyer asked


@dataclass(slots=True)
class Sold:
    """A line with all that was taken of it. refunds: by id, those under way or done. settled: what it was split into."""

    line: Line
    funded: EscrowFunded
    confirmed_at: datetime | None = None
    refunds: dict[str, RefundReserved] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    settled: LineSettled | None = None

    def of(self, funder: str) -> int:
        """What this funder put into escrow."""
        return sum(discount.amount_minor for discount in self.line.discounts if discount.funder == funder)

    @property
    def escrowed(self) -> tuple[int, int]:
        """What is left of the buyer's money, and of the subsidies, once the refunds out of escrow are done."""
        out = [one for name, one in self.refunds.items() if name in self.done and not one.fronted]
        paid = self.line.paid_minor - sum(one.buyer_minor for one in out)
        return paid, self.of("platform") + self.of("promoter") - sum(one.platform_minor + one.promoter_minor for one in out)


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    refunds = Check("refunds: each as it was granted, every funder's part of it in proportion, to the last unit")
    settlements = Check("settlements: commission and fee of what was paid and not refunded, all the rest to the seller")
    after = Check("refunds after settlement: promoter and platform return their shares within the window, the seller the rest")
    asked = _asked(log)
    lines: dict[Place, Sold] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, EscrowFunded):
            lines |= {(fact.order_id, line.line_no): Sold(line, fact) for line in fact.lines}
        if not isinstance(fact, OfLine) or fact.line_no is None or entry.topic != "payment.v1":
            continue
        sold = lines.get((fact.order_id, fact.line_no))
        if sold is None:
            settlements.that(any(log.starts.values()), f"{entry}: order {fact.order_id} has no line {fact.line_no} in escrow")
            continue
        match fact:
            case SettlementPlanned():
                sold.confirmed_at = fact.occurred_at
            case RefundReserved():
                request = asked.get((fact.order_id, fact.refund_id))
                _refund(refunds, entry, fact, sold, request)
                _returned(after, entry, fact, sold, request, policies)
                sold.refunds[fact.refund_id] = fact
            case RefundDone():
                sold.done.add(fact.refund_id)
            case RefundNotPaid():
                sold.refunds.pop(fact.refund_id, None)
            case LineSettled():
                _settled(settlements, entry, fact, sold)
    yield from (refunds, settlements, after, _told_on(log, lines))


def _asked(log: Log) -> dict[tuple[str, str], Asked]:
    """What every refund of a line was asked with first, by order and refund."""
    found: dict[tuple[str, str], Asked] = {}
    for _, granted in log.of(RefundGranted):
        when = granted.applied_at or granted.occurred_at
        found.setdefault((granted.order_id, granted.refund_id), (granted.line_no, granted.quantity, granted.amount_minor, when))
    for _, cancelled in log.of(UnitsCancelled):
        for part in cancelled.lines:
            asked = (part.line_no, part.quantity, part.amount_minor, cancelled.occurred_at)
            found.setdefault((cancelled.order_id, part.refund_id), asked)
    return found


def _refund(check: Check, entry: Entry, fact: RefundReserved, sold: Sold, asked: Asked | None) -> None:
    """Whole units' slices for the buyer slice every subsidy; any other amount takes the same part of it. Cumulative. Source: R1.4."""
    told = (fact.line_no, fact.quantity, fact.buyer_minor)
    check.that(
        asked is not None and asked[:3] == told, f"{entry}: {told} is set aside for {fact.refund_id}, asked was {asked and asked[:3]}"
    )
    line, earlier = sold.line, list(sold.refunds.values())
    units = fact.quantity + sum(one.quantity for one in earlier)
    paid = fact.buyer_minor + sum(one.buyer_minor for one in earlier)
    part = Fraction(units, line.quantity)
    if paid != floor(line.paid_minor * part):
        part = Fraction(paid, line.paid_minor)
    platform = max(0, floor(sold.of("platform") * part) - sum(one.platform_minor for one in earlier))
    promoter = max(0, floor(sold.of("promoter") * part) - sum(one.promoter_minor for one in earlier))
    funders = (fact.platform_minor, fact.promoter_minor)
    check.that(
        funders == (platform, promoter),
        f"{entry}: refund {fact.refund_id} returns {(platform, promoter)} to platform and promoter, told was {funders}",
    )


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


def _returned(check: Check, entry: Entry, fact: RefundReserved, sold: Sold, asked: Asked | None, policies: Policies) -> None:
    """Each returns the floor of its part of all that was refunded, the platform that of what is not the promoter's. Source: R3.6."""
    check.that(
        fact.fronted == (sold.settled is not None), f"{entry}: fronted is {fact.fronted}, though settled is {sold.settled is not None}"
    )
    if sold.settled is None or asked is None:
        return
    had_promoter, had_platform = sold.settled.promoter_minor, sold.settled.platform_minor
    total = sold.escrowed[0]  # what the buyer had paid of it, and the settlement was about
    earlier = [one for one in sold.refunds.values() if one.fronted]
    gone = sum(one.buyer_minor for one in earlier)
    gone_promoter, gone_platform = sum(one.commission_minor for one in earlier), sum(one.fee_minor for one in earlier)
    part = Fraction(gone + fact.buyer_minor, total) if total else Fraction(0)
    by_promoter = floor(had_promoter * part)
    by_platform = (
        floor(Fraction(had_platform * (gone + fact.buyer_minor - by_promoter), total - had_promoter)) if total > had_promoter else 0
    )
    left_seller = (total - had_promoter - had_platform) - (gone - gone_promoter - gone_platform)
    least = max(0, fact.buyer_minor - left_seller - (had_platform - gone_platform))
    promoter = min(max(by_promoter - gone_promoter, least), had_promoter - gone_promoter, fact.buyer_minor)
    least = max(0, fact.buyer_minor - promoter - left_seller)
    platform = min(max(by_platform - gone_platform, least), had_platform - gone_platform, fact.buyer_minor - promoter)
    told = (fact.commission_minor, fact.fee_minor)
    check.that(told == (promoter, platform), f"{entry}: promoter and platform had {(promoter, platform)} of it, told was {told}")
    within = _within(sold, asked[3], policies)
    check.that(fact.clawback == within, f"{entry}: asked for at {asked[3]}, within the window is {within}, told was {fact.clawback}")


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
    """Accounts learn of it in the same decision: credits of a settlement, charges of a refund."""
    check = Check("what a settlement gives and a refund takes is told to the accounts of exactly its parties")
    told: defaultdict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    messages: list[tuple[Entry, AccountCredited | AccountCharged]] = [*log.of(AccountCredited), *log.of(AccountCharged)]
    for entry, message in messages:
        if isinstance(message, AccountCredited) or message.reason != "compensation":
            place = (type(message).type, entry.header("ce_causationid"), f"{message.order_id}/{message.line_no}")
            told[place][message.party] += message.amount_minor
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, LineSettled):
            parties: Counter[str] = Counter({fact.seller_id: fact.seller_minor})
            parties[fact.promoter_id or fact.seller_id] += fact.promoter_minor
            kind = "account.credited"
        elif isinstance(fact, RefundDone) and fact.line_no is not None:
            parties, kind = _charged(lines.get((fact.order_id, fact.line_no)), fact.refund_id), "account.charged"
        else:
            continue
        found = told.pop((kind, entry.header("ce_causationid"), f"{fact.order_id}/{fact.line_no}"), Counter())
        check.that(+found == +parties, f"{entry}: {dict(+parties)} by party, told to accounts was {dict(found)}")
    for (kind, cause, line), found in told.items():
        check.that(False, f"{kind} of line {line} by event {cause}: {dict(found)}, and nothing was settled or refunded")
    return check


def _charged(sold: Sold | None, refund_id: str) -> Counter[str]:
    """The promoter its part within the window, the seller the rest; the platform's own part is asked of nobody."""
    refund = sold.refunds.get(refund_id) if sold is not None else None
    if sold is None or refund is None or not refund.fronted:
        return Counter()
    promoter, platform = (refund.commission_minor, refund.fee_minor) if refund.clawback else (0, 0)
    total = refund.buyer_minor + refund.platform_minor + refund.promoter_minor
    parties = Counter({sold.line.seller_id: total - promoter - platform})
    parties[sold.line.promoter_id or sold.line.seller_id] += promoter
    return parties
