"""Placement, computed again from the cart: what every funder takes over of every line, who promoted it. Source: R1.5, R2.3, R2.9, R3.2.

Written from the rule's text and shares no code with the services: exact fractions, floors first, then one minor unit each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from math import floor

from deploy.verify.log import Log, cause
from deploy.verify.report import Check
from shared.contracts.order import OrderAccepted, OrderPaid
from shared.contracts.payment import EscrowFunded
from shared.contracts.storefront import OrderPlaced, PlacedLine, Visit
from shared.contracts.trust import TierChanged
from shared.contracts.types import Line
from shared.policy import Policies, Policy

FUNDERS = ("seller", "platform", "promoter")  # in the order in which they are allocated
BOUND = ("sku", "kind", "category", "tags", "no_reason_waived", "fulfiller_id", "gift_of", "without_return_cap_minor")
Shares = dict[str, int]  # by funder


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    yield _accepted(log, policies)
    yield _bound(log)
    yield _frozen(log)
    yield _escrow_days(log, policies)


def _accepted(log: Log, policies: Policies) -> Check:
    check = Check("allocation: every accepted line is what its cart, its coupons and its visits come to")
    carts = log.bodies(OrderPlaced, "order")
    for entry, accepted in log.of(OrderAccepted):
        cart = cause(carts, entry, due_minor=accepted.due_minor)
        policy = policies.named(accepted.terms.policy_version)
        if cart is None or policy is None:
            check.that(cart is None and any(log.starts.values()), f"{entry}: its cart or its policy is not there")
            continue
        shares = shares_of(cart)
        told = {line.line_no: line for line in accepted.lines}
        check.that(sorted(told) == sorted(shares), f"{entry}: lines {sorted(told)} of {sorted(shares)} in the cart")
        for line in cart.lines:
            if line.line_no in told:
                expected, found = _expected(line, shares[line.line_no], cart, policy), _told(told[line.line_no])
                check.that(found == expected, f"{entry}, line {line.line_no}: {_differences(expected, found)}")
        due = sum(line.paid_minor for line in accepted.lines)
        agreed = due == accepted.due_minor == cart.due_minor and accepted.currency == cart.currency
        check.that(agreed, f"{entry}: {due} {cart.currency} is due, told was {accepted.due_minor}, shown was {cart.due_minor}")
    return check


def _bound(log: Log) -> Check:
    """What the line says beside its money decides later what goes back with it, and how much at most. Source: R4.5, R4.7, R8.1."""
    check = Check(
        "allocation: every accepted line is of the kind, the gift and the cap that its cart says; gifts go with their seller's goods"
    )
    carts = log.bodies(OrderPlaced, "order")
    for entry, accepted in log.of(OrderAccepted):
        cart = cause(carts, entry, due_minor=accepted.due_minor)
        placed = {line.line_no: line for line in cart.lines} if cart is not None else {}
        lines = {line.line_no: line for line in accepted.lines}
        for number, line in lines.items():
            if number in placed:
                said = {name: getattr(placed[number], name) for name in BOUND}
                told = {name: getattr(line, name) for name in BOUND}
                check.that(said == told, f"{entry}, line {number}: {_differences(said, told)}")
            main = lines.get(line.gift_of or 0)
            if line.gift_of is not None:
                sound = main is not None and (main.gift_of, main.seller_id, main.kind, line.kind) == (
                    None,
                    line.seller_id,
                    "goods",
                    "goods",
                )
                check.that(sound, f"{entry}: line {number} cannot be a gift of line {line.gift_of}")
    return check


def shares_of(cart: OrderPlaced) -> dict[int, Shares]:
    """By line: what each funder takes over of it, in the order seller, platform, promoter."""
    gross = {line.line_no: line.quantity * line.unit_price_minor for line in cart.lines}
    left = dict(gross)
    found: dict[int, Shares] = {number: {} for number in gross}
    for coupon in sorted(cart.coupons, key=lambda one: (FUNDERS.index(one.funder), one.coupon_id)):
        dealt = deal(coupon.amount_minor, {number: gross[number] for number in coupon.line_nos}, left)
        for number, part in dealt.items():
            left[number] -= part
            if part:
                found[number][coupon.funder] = found[number].get(coupon.funder, 0) + part
    return found


def deal(amount: int, weights: Mapping[int, int], room: Mapping[int, int]) -> dict[int, int]:
    """By largest remainder, ties to the lowest line; what is above a line's room goes on, one unit each, in that order."""
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    exact = {number: Fraction(amount * weight, total) for number, weight in weights.items()}
    free = {number: max(0, room[number] - floor(exact[number])) for number in weights}
    parts = {number: min(floor(exact[number]), room[number]) for number in weights}
    rest = min(amount, sum(room[number] for number in weights)) - sum(parts.values())
    low, high = 0, rest  # whole rounds that can be dealt
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if sum(min(middle, one) for one in free.values()) <= rest else (low, middle - 1)
    rest -= sum(min(low, one) for one in free.values())
    for number in sorted(weights, key=lambda number: (-(exact[number] - floor(exact[number])), number)):
        parts[number] += min(low, free[number])
        if rest and free[number] > low:
            parts[number] += 1
            rest -= 1
    return parts


def _expected(line: PlacedLine, shares: Shares, cart: OrderPlaced, policy: Policy) -> dict[str, object]:
    last, promoter = _last_page(line, cart), promoter_of(line, cart)
    gross = line.quantity * line.unit_price_minor
    return {
        "quantity": line.quantity,
        "seller": line.seller_id,
        "gross": gross,
        "discounts": shares,
        "paid": gross - sum(shares.values()),
        "promoter": promoter,
        "commission": commission_of(line, cart),
        "fee": policy.payment.fee_bp,
        "visit": (last.at, last.domain, last.channel, last.broadcast) if last is not None else None,
        "ad": _last_ad(line, cart, policy) if last is not None else None,
    }


def promoter_of(line: PlacedLine, cart: OrderPlaced) -> str | None:
    """Whose page was visited last; of a line that no visit led to, whom the cart names."""
    last = _last_page(line, cart)
    return last.promoter_id if last is not None else line.promoter_id


def commission_of(line: PlacedLine, cart: OrderPlaced) -> int:
    return line.commission_bp if promoter_of(line, cart) is not None else 0


def _told(line: Line) -> dict[str, object]:
    visit = line.attribution
    return {
        "quantity": line.quantity,
        "seller": line.seller_id,
        "gross": line.gross_minor,
        "discounts": {discount.funder: discount.amount_minor for discount in line.discounts},
        "paid": line.paid_minor,
        "promoter": line.promoter_id,
        "commission": line.commission_bp,
        "fee": line.fee_bp,
        "visit": (visit.visited_at, visit.domain, visit.channel, visit.broadcast) if visit is not None else None,
        "ad": visit.ad_at if visit is not None else None,
    }


def _differences(expected: dict[str, object], found: dict[str, object]) -> str:
    return "; ".join(f"{name} is {expected[name]}, told was {found[name]}" for name in expected if expected[name] != found[name])


def _trail(line: PlacedLine, cart: OrderPlaced) -> list[Visit]:
    """The pages that led to the line, in time; freight is led to by none."""
    seen = [visit for visit in cart.visits if visit.at <= cart.occurred_at and visit.seller_id in (None, line.seller_id)]
    return sorted(seen, key=lambda visit: visit.at) if line.kind != "freight" else []


def _last_page(line: PlacedLine, cart: OrderPlaced) -> Visit | None:
    return next(reversed(_trail(line, cart)), None)


def _last_ad(line: PlacedLine, cart: OrderPlaced, policy: Policy) -> object:
    since = cart.occurred_at - timedelta(days=policy.order.ad_days)
    return next((visit.at for visit in reversed(_trail(line, cart)) if visit.ad and visit.at > since), None)


def _frozen(log: Log) -> Check:
    """Nothing between acceptance and escrow changes a line, a promise or an amount."""
    check = Check("what was accepted is what was paid for, and what escrow was funded for")
    accepted = {fact.order_id: fact for _, fact in log.of(OrderAccepted)}
    paid = {entry.id: fact for entry, fact in log.of(OrderPaid)}
    for entry, fact in log.of(OrderPaid):
        order = accepted.get(fact.order_id)
        if order is None:
            check.that(any(log.starts.values()), f"{entry}: order {fact.order_id} was never accepted")
            continue
        same = (order.lines, order.terms, order.currency, order.free_shipping) == (
            fact.lines,
            fact.terms,
            fact.currency,
            fact.free_shipping,
        )
        check.that(same, f"{entry}: order {fact.order_id} was accepted with other lines, terms or currency")
        check.that(fact.amount_minor == order.due_minor, f"{entry}: {fact.amount_minor} was paid, {order.due_minor} was due")
    for entry, funded in log.of(EscrowFunded):
        paid_fact = paid.get(entry.header("ce_causationid"))
        if paid_fact is None:
            check.that(any(log.starts.values()), f"{entry}: no order was paid by {funded.payment_id}")
            continue
        same = (paid_fact.lines, paid_fact.currency, paid_fact.payment_id) == (funded.lines, funded.currency, funded.payment_id)
        days = (paid_fact.terms.settle_days, paid_fact.terms.settle_days_of, paid_fact.terms.zone)
        kept = days == (funded.settle_days, funded.settle_days_of, funded.zone)
        check.that(same and kept, f"{entry}: escrow of {funded.order_id} was funded for other lines or terms than were paid")
    return check


def _escrow_days(log: Log, published: Policies) -> Check:
    """Which tier counted is said in the terms; by the table in force when it was ordered. Source: R5.7, R9.1."""
    check = Check("escrow days: of a tier that was told of its seller and had begun when the order was placed, by the table of then")
    told = {(fact.subject_id, fact.tier, fact.effective_from): fact.escrow_days for _, fact in log.of(TierChanged)}
    for entry, accepted in log.of(OrderAccepted):
        policy = published.named(accepted.terms.policy_version)
        table = {tier.name: tier.escrow_days for tier in (*policy.trust.tiers, policy.trust.tier_new)} if policy is not None else {}
        wrong = []
        for one in accepted.terms.settle_days_of:
            if one.effective_from is None and one.tier and policy is not None:
                if (one.tier, one.days) != (policy.trust.tier_new.name, policy.trust.tier_new.escrow_days):
                    wrong.append(f"{one.days} d of {one.tier}, of whom nothing was told")
            elif one.effective_from is not None:
                as_told = told.get((f"seller:{one.seller_id}", one.tier, one.effective_from))
                if as_told is None or one.days != table.get(one.tier, as_told) or one.effective_from > accepted.occurred_at:
                    wrong.append(f"{one.days} d of {one.tier} since {one.effective_from}, told was {as_told}")
        check.that(not wrong or any(log.starts.values()), f"{entry}: {wrong}")
    return check
