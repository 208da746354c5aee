"""Why orders were refused, and that nothing stood against those that were accepted: by the cart, by suspensions, by the campaign.

Written from the rules' text and shares no code with the services. What was known at the moment of a refusal no topic says in full; a
reason that no knowledge of then could give is a difference. Of an acceptance the versions of what it drew on say what was known, so that
of a campaign it also bounds what was known of refusals before and behind it in its lane: whose orders are decided one after the other.
Source: R1.1, R1.5, R2.3, R2.7-R2.9, R3.3, R4.5.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.verify.allocation import commission_of, promoter_of, shares_of
from deploy.verify.campaigns import Product, connected, version
from deploy.verify.log import Entry, Lane, Log, cause
from deploy.verify.report import Check
from shared.contracts.campaign import (
    AllotmentReleased,
    AllotmentReviewed,
    AllotmentSized,
    AllotmentTaken,
    LimitMoved,
    LimitReleased,
    LimitTaken,
)
from shared.contracts.identity import ClusterGrew
from shared.contracts.member import IdentityLinked
from shared.contracts.order import OrderAccepted, OrderRejected
from shared.contracts.storefront import OrderPlaced, PlacedLine
from shared.contracts.suspension import SuspensionNoted
from shared.currencies import EXPONENTS
from shared.messaging.message import Message
from shared.policy import Policies, Policy

Reason = tuple[str, str]  # code, detail
Spans = Mapping[str, list[tuple[datetime, datetime | None]]]  # by subject, as they were told of; None: for good
GROSS_MAX = 10**15  # minor units of an order
DETAIL_MAX = 200  # characters
REVIEWS_MAX = 100  # of a product, that are remembered
ALLOTTING: tuple[type[Message], ...] = (AllotmentReviewed, AllotmentSized, AllotmentTaken, AllotmentReleased)
COUNTING: tuple[type[Message], ...] = (LimitTaken, LimitReleased, LimitMoved, ClusterGrew)


@dataclass(slots=True)
class Phase:
    """What a campaign may sell of a product, from one word of governance to the next. least, most: units left in between.

    since, until: the versions of the allotment that it is, 0 before the first.
    """

    since: int = 0
    until: int = 0
    reviews: tuple[tuple[datetime, bool], ...] = ()
    units: int | None = None
    limit: int | None = None
    least: int = 0
    most: int = 0

    def approved(self, at: datetime) -> bool:
        return next((approved for since, approved in reversed(self.reviews) if since <= at), False)


@dataclass(slots=True)
class Campaigns:
    """phases: of each product, the first one before anybody told of it. taking: the one in which an order took units. bought: units that
    the accounts of one person ever took, whatever they gave back. drawn: numbers and versions of what orders of a lane took and gave back.
    """

    phases: dict[Product, list[Phase]] = field(default_factory=lambda: defaultdict(lambda: [Phase()]))
    taking: dict[tuple[str, Product], Phase] = field(default_factory=dict)
    cluster: dict[str, str] = field(default_factory=dict)
    bought: Counter[tuple[str, Product]] = field(default_factory=Counter)
    drawn: dict[tuple[Lane, Product], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def known(self, refused: Entry, product: Product) -> Iterator[Phase]:
        """Those that may have held when that was decided: not before what its lane says already, nor after what it says next."""
        drawn = self.drawn.get(((refused.topic, refused.partition), product), [])
        place = bisect(drawn, (refused.sequence or 0, 0))
        least, next_version = drawn[place - 1][1] if place else 0, drawn[place][1] if place < len(drawn) else None
        for phase in self.phases.get(product, [Phase()]):
            if phase.until >= least and (next_version is None or phase.since < next_version):
                yield phase

    def person(self, account: str) -> str:
        """The cluster of that account; one that was never linked is its own."""
        return self.cluster.get(account, account)


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    campaigns = _campaigns(log)
    yield _rejected(log, policies, campaigns)
    yield _accepted(log, policies)
    yield _of_campaigns(log, campaigns)


def _rejected(log: Log, policies: Policies, campaigns: Campaigns) -> Check:
    """Of an id that came with several bodies any one counts."""
    check = Check("orders refused: for a reason that the cart, a suspension or the campaign could give, and told as it was")
    carts = log.bodies(OrderPlaced, "order")
    spans: defaultdict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for _, noted in log.of(SuspensionNoted):
        spans[noted.subject_id].append((noted.effective_from, noted.until))
    for entry, refused in log.of(OrderRejected):
        reasons: set[Reason] = set()
        for cart in carts.get((entry.header("ce_causationid"), entry.key), []):
            reasons |= {*_against(cart, policies.at(cart.occurred_at)), *_due(cart), *_suspended(cart, spans)}
            reasons |= {*_scarce(cart, campaigns, entry)}
        fine = (refused.code, refused.detail) in {(code, detail[:DETAIL_MAX]) for code, detail in reasons}
        words = f"{sorted(reasons) or 'nothing'} stands against it, told was {(refused.code, refused.detail)}"
        check.that(fine or any(log.starts.values()), f"{entry}: {words}")
    return check


def _accepted(log: Log, policies: Policies) -> Check:
    """What is due, and suspensions that were found late, are said elsewhere."""
    check = Check("orders accepted: nothing in the cart stood against it")
    carts = log.bodies(OrderPlaced, "order")
    for entry, accepted in log.of(OrderAccepted):
        cart = cause(carts, entry, due_minor=accepted.due_minor)
        against = sorted(_against(cart, policies.at(cart.occurred_at))) if cart is not None else []
        check.that(not against, f"{entry}: {against} stands against it")
    return check


def _against(cart: OrderPlaced, policy: Policy) -> Iterator[Reason]:
    if cart.currency not in EXPONENTS:
        yield "order.currency_unknown", cart.currency
    if _gross(cart) > GROSS_MAX:
        yield "order.too_large", ""
    lines = {line.line_no: line for line in cart.lines}
    for line in cart.lines:
        if unknown := sorted(set(line.tags) - set(policy.order.tags)):
            yield "order.tag_unknown", f"line {line.line_no}: {', '.join(unknown)}"
        if line.gift_of is not None and not _may_be_given(line, lines.get(line.gift_of)):
            yield "order.bad_gift", f"line {line.line_no}: of line {line.gift_of}"
        if commission_of(line, cart) + policy.payment.fee_bp > 10_000:
            yield "order.commission_too_high", f"line {line.line_no}: with the fee of {policy.payment.fee_bp} basis points"
        if line.kind == "freight":
            if line.quantity > 1 or line.promoter_id is not None or line.tags:
                yield "order.bad_freight", f"line {line.line_no}: one unit, no promoter, no tags"
            if ("goods", line.seller_id) not in {(one.kind, one.seller_id) for one in cart.lines}:
                yield "order.bad_freight", f"line {line.line_no}: {line.seller_id} has no goods in this order"
    yield from _coupons(cart, lines)


def _gross(cart: OrderPlaced) -> int:
    return sum(line.quantity * line.unit_price_minor for line in cart.lines)


def _may_be_given(line: PlacedLine, main: PlacedLine | None) -> bool:
    """Goods go with other goods of their seller. Source: R4.5."""
    return main is not None and main.gift_of is None and (line.kind, main.kind, main.seller_id) == ("goods", "goods", line.seller_id)


def _coupons(cart: OrderPlaced, lines: Mapping[int, PlacedLine]) -> Iterator[Reason]:
    """Whoever pays for one pays for its own lines, each once, and nobody for freight. Source: R1.5."""
    times = Counter((coupon.funder, coupon.coupon_id) for coupon in cart.coupons)
    for coupon in cart.coupons:
        covered = [lines[line_no] for line_no in coupon.line_nos]
        if times[(coupon.funder, coupon.coupon_id)] > 1 or len(covered) > len({*coupon.line_nos}):
            yield "order.coupon_repeated", coupon.coupon_id
        if any(line.kind == "freight" for line in covered):
            yield "order.coupon_of_freight", coupon.coupon_id
        payers: dict[str, set[str | None]] = {"seller": {line.seller_id for line in covered}}
        payers["promoter"] = {promoter_of(line, cart) for line in covered}
        if coupon.funder != "platform" and (len(payers[coupon.funder]) > 1 or None in payers[coupon.funder]):
            yield "order.coupon_of_another", coupon.coupon_id


def _due(cart: OrderPlaced) -> Iterator[Reason]:
    due = _gross(cart) - sum(sum(parts.values()) for parts in shares_of(cart).values())
    if due != cart.due_minor:
        yield "order.due_differs", f"{due} by our allocation"


def _suspended(cart: OrderPlaced, spans: Spans) -> Iterator[Reason]:
    """What was lifted later may have stood when it was refused. Source: R2.8."""
    promoters = {promoter_of(line, cart) for line in cart.lines}
    for code, subjects in (
        ("order.seller_suspended", {f"seller:{line.seller_id}" for line in cart.lines}),
        ("order.promoter_suspended", {f"promoter:{one}" for one in promoters if one is not None}),
    ):
        for subject in subjects:
            if any(since <= cart.occurred_at and (until is None or cart.occurred_at < until) for since, until in spans.get(subject, ())):
                yield code, subject


def _scarce(cart: OrderPlaced, campaigns: Campaigns, refused: Entry) -> Iterator[Reason]:
    """The order may have come before or after what was said of the product, as far as its lane does not say which. Source: R2.7."""
    if cart.campaign_id is None:
        return
    wanted = Counter[str]()
    for line in cart.lines:
        wanted[line.sku] += line.quantity if line.kind != "freight" else 0
    for sku, units in (+wanted).items():
        product, person = (cart.campaign_id, sku), campaigns.person(cart.buyer_id)
        for phase in campaigns.known(refused, product):
            if not phase.approved(cart.occurred_at):
                yield "campaign.not_reviewed", sku
            elif phase.units is None:
                yield "campaign.no_allotment", sku
            elif units > phase.least:
                yield "campaign.sold_out", sku
            if phase.limit is not None and units <= phase.most and campaigns.bought[(person, product)] + units > phase.limit:
                yield "campaign.limit_reached", sku


def _of_campaigns(log: Log, campaigns: Campaigns) -> Check:
    """The counts of an identity are in the order of their versions, as their facts lie in the lanes of many orders."""
    check = Check("campaign orders: each product was approved by then, and no identity held more than its limit when it was taken")
    if any(log.starts.values()):
        return check
    for entry, taken in log.of(AllotmentTaken):
        phase = campaigns.taking[(taken.order_id, (taken.campaign_id, taken.sku))]
        check.that(phase.approved(taken.occurred_at), f"{entry}: {taken.sku} was not approved at {taken.occurred_at}")
    counts: defaultdict[str, list[tuple[int, Entry, Any]]] = defaultdict(list)
    for kind in COUNTING:
        for entry, fact in log.of(kind):
            told: Any = fact
            counts[told.cluster].append((version(entry), entry, told))
    for cluster, found in counts.items():
        held: Counter[Product] = Counter()
        for _, entry, fact in sorted(found, key=lambda one: one[0]):
            if isinstance(fact, ClusterGrew):
                held.update({(one.product.partition("/")[0], one.product.partition("/")[2]): one.units for one in fact.counted})
                continue
            product = fact.campaign_id, fact.sku
            held[product] += -fact.units if isinstance(fact, LimitReleased) else fact.units
            limit = campaigns.taking[(fact.order_id, product)].limit if isinstance(fact, LimitTaken) else None
            check.that(limit is None or held[product] <= limit, f"{entry}: {cluster} holds {held[product]} of {product}, {limit} may be")
    return check


def _campaigns(log: Log) -> Campaigns:
    campaigns = Campaigns(cluster=connected(link for _, link in log.of(IdentityLinked)))
    facts: defaultdict[Product, list[tuple[int, Any]]] = defaultdict(list)
    for kind in ALLOTTING:
        for entry, fact in log.of(kind):
            told: Any = fact
            facts[(told.campaign_id, told.sku)].append((version(entry), told))
            if isinstance(fact, AllotmentTaken | AllotmentReleased):
                place = (entry.topic, entry.partition), (fact.campaign_id, fact.sku)
                insort(campaigns.drawn[place], (entry.sequence or 0, version(entry)))
    buyers = {fact.order_id: fact.buyer_id for _, fact in log.of(OrderAccepted)}
    for product, found in facts.items():
        left, phases = 0, campaigns.phases[product]
        for number, fact in sorted(found, key=lambda one: one[0]):
            now = phases[-1]
            if isinstance(fact, AllotmentReviewed):
                reviews = tuple(sorted((*now.reviews, (fact.occurred_at, fact.approved))))[-REVIEWS_MAX:]
                phases.append(Phase(number, number, reviews, now.units, now.limit, left, left))
            elif isinstance(fact, AllotmentSized):
                left += fact.units - (now.units or 0)
                phases.append(Phase(number, number, now.reviews, fact.units, fact.limit_per_identity, left, left))
            else:
                left += fact.units if isinstance(fact, AllotmentReleased) else -fact.units
                now.until, now.least, now.most = number, min(now.least, left), max(now.most, left)
                if isinstance(fact, AllotmentTaken):
                    campaigns.taking[(fact.order_id, product)] = now
                    campaigns.bought[(campaigns.person(buyers.get(fact.order_id, "")), product)] += fact.units
    return campaigns
