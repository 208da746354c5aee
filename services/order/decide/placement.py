"""From the cart to a paid order, or to money that goes back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from services.order.decide import campaign, suspension
from services.order.model import Allotment, Cluster, Member, Order, Party
from services.order.rules.attribution import Attributions, attribute
from shared.contracts.order import (
    OrderAccepted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    OrderTerms,
    PaymentUnwanted,
    PaymentWindowOver,
    Penalty,
)
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.storefront import OrderPlaced, PlacedLine
from shared.contracts.types import Attribution, Coupon, Discount, Line, SettleDays
from shared.currencies import EXPONENTS
from shared.errors import Code
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import FUNDERS, Reduction, allocate
from shared.policy import Policy
from shared.policy.document import PenaltyPolicy

GROSS_MAX = 10**15  # minor units an order; what the contract's amounts can hold
FREE = uuid.UUID("3f6e3e0a-6d6e-5a0c-9a55-3d1f8f5d9f10")  # namespace of the payment ids of orders of which nothing is due


def place(event: OrderPlaced, order: Order | None, parties: Mapping[str, Party], policy: Policy) -> Outcome:
    """Accepted with the allocation and the terms of the day, or rejected with a code. Source: R2.1, R1.5, R2.3, R2.8."""
    if order is not None:
        return Reject("order.exists")
    return _placed(event, parties, policy, None)


def place_in_campaign(
    event: OrderPlaced,
    member: Member | None,
    order: Order | None,
    allotments: Mapping[str, Allotment],
    cluster: Cluster | None,
    parties: Mapping[str, Party],
    policy: Policy,
) -> Outcome:
    """As any order, and each product of it must be had from the campaign; what is refused takes nothing. Source: R2.7."""
    if order is not None:
        return Reject("order.exists")
    facts = _placed(event, parties, policy, campaign.refused(event, allotments, cluster))
    if any(isinstance(fact, OrderRejected) for fact in facts):
        return facts
    at = member.cluster if member else event.buyer_id
    return (*facts, *campaign.taken(event, allotments, at, cluster))


def _placed(
    event: OrderPlaced, parties: Mapping[str, Party], policy: Policy, not_to_be_had: tuple[Code, str] | None
) -> tuple[Message, ...]:
    """An order of which nothing is due is paid by being placed: no provider captures 0."""
    attributions = attribute(event, policy.order.ad_days)
    promoters = {_promoter(line, attributions.get(line.line_no)) for line in event.lines}
    refused = _unsound(event, policy, attributions) or _bad_coupon(event, attributions)
    refused = refused or suspension.suspended(event, promoters, parties) or not_to_be_had
    if refused:
        return (_rejected(event, *refused),)
    lines = _lines(event, policy, attributions)
    due = sum(line.paid_minor for line in lines)
    if due != event.due_minor:
        return (_rejected(event, "order.due_differs", f"{due} by our allocation"),)
    accepted = OrderAccepted(
        order_id=event.order_id,
        buyer_id=event.buyer_id,
        currency=event.currency,
        lines=lines,
        due_minor=due,
        pay_by=event.occurred_at + timedelta(minutes=policy.order.pay_minutes),
        terms=_terms(policy, event.currency, suspension.settle_days(event, parties, policy)),
        free_shipping=event.free_shipping,
        trust_card_id=event.trust_card_id,
        placed_at=event.occurred_at,
        coupons=event.coupons,
        occurred_at=event.occurred_at,
    )
    paid = () if due else (_free(accepted),)
    return accepted, *paid, *suspension.attributed(event.order_id, lines, event.occurred_at)


def pay(event: PaymentSucceeded, order: Order | None) -> Outcome:
    """Exactly what is due, in time, once; anything else goes back in full. Source: R2.2, R2.3."""
    if order is None:
        return Wait("payment.before_order")
    if event.payment_id in order.payments:
        return Reject("payment.known")
    if event.amount_minor == 0:
        return Reject("payment.of_nothing")
    reason = _unwanted(event, order)
    if reason is not None:
        return (
            PaymentUnwanted(
                order_id=order.id,
                payment_id=event.payment_id,
                currency=event.currency,
                amount_minor=event.amount_minor,
                reason=reason,
                occurred_at=event.occurred_at,
            ),
        )
    if order.terms is None:
        raise ValueError(f"order {order.id} was accepted without terms")
    return (
        OrderPaid(
            order_id=order.id,
            buyer_id=order.buyer_id,
            payment_id=event.payment_id,
            currency=order.currency,
            amount_minor=event.amount_minor,
            lines=tuple(line.line for line in order.lines.values()),
            terms=order.terms,
            free_shipping=order.free_shipping,
            trust_card_id=order.trust_card_id,
            placed_at=order.placed_at,
            coupons=order.coupons,
            occurred_at=event.occurred_at,
        ),
    )


def expire(event: PaymentWindowOver, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """Unpaid until the deadline; what it held of a campaign can be sold again. Source: R2.2, R2.7."""
    if order is None:
        raise ValueError(f"a deadline of order {event.order_id}, which does not exist")
    expired = OrderExpired(order_id=event.order_id, occurred_at=event.occurred_at)
    return expired, *campaign.released(order, campaign.unsent(order), allotments, cluster, event.occurred_at)


def _unwanted(
    event: PaymentSucceeded, order: Order
) -> Literal["order.closed", "payment.late", "payment.second", "payment.currency_differs", "payment.amount_differs"] | None:
    if order.shut:
        return "order.closed"
    if order.status == "paid":
        return "payment.second"
    if order.pay_by is None or event.occurred_at >= order.pay_by:
        return "payment.late"
    if event.currency != order.currency:
        return "payment.currency_differs"
    if event.amount_minor != order.due_minor:
        return "payment.amount_differs"
    return None


def _unsound(event: OrderPlaced, policy: Policy, attributions: Attributions) -> tuple[Code, str] | None:
    """The code and its detail, if the order cannot stand for what it is."""
    if event.currency not in EXPONENTS:
        return "order.currency_unknown", event.currency
    for line in event.lines:
        unknown = set(line.tags) - set(policy.order.tags)
        if unknown:
            return "order.tag_unknown", f"line {line.line_no}: {', '.join(sorted(unknown))}"
        if line.gift_of is not None and not _is_gift(line, event):
            return "order.bad_gift", f"line {line.line_no}: of line {line.gift_of}"
        if line.kind == "freight" and (line.quantity != 1 or line.promoter_id is not None or line.tags):
            return "order.bad_freight", f"line {line.line_no}: one unit, no promoter, no tags"
        if line.kind == "freight" and not any(one.kind == "goods" and one.seller_id == line.seller_id for one in event.lines):
            return "order.bad_freight", f"line {line.line_no}: {line.seller_id} has no goods in this order"
        if _commission(line, attributions.get(line.line_no)) + policy.payment.fee_bp > 10_000:
            return "order.commission_too_high", f"line {line.line_no}: with the fee of {policy.payment.fee_bp} basis points"
    if sum(_gross(line) for line in event.lines) > GROSS_MAX:
        return "order.too_large", ""
    return None


def _is_gift(line: PlacedLine, event: OrderPlaced) -> bool:
    """Goods, with other goods of the same seller which are no gift themselves. Source: R4.5."""
    main = next((one for one in event.lines if one.line_no == line.gift_of), None)
    if main is None or main.gift_of is not None or main.seller_id != line.seller_id:
        return False
    return line.kind == "goods" and main.kind == "goods"


def _bad_coupon(event: OrderPlaced, attributions: Attributions) -> tuple[Code, str] | None:
    """A seller or a promoter pays for reductions of its own lines only, and nobody for freight. Source: R1.5."""
    lines = {line.line_no: line for line in event.lines}
    seen: set[tuple[str, str]] = set()
    for coupon in event.coupons:
        covered = [lines[line_no] for line_no in coupon.line_nos]
        if (coupon.funder, coupon.coupon_id) in seen or len(set(coupon.line_nos)) != len(coupon.line_nos):
            return "order.coupon_repeated", coupon.coupon_id
        seen.add((coupon.funder, coupon.coupon_id))
        if any(line.kind == "freight" for line in covered):
            return "order.coupon_of_freight", coupon.coupon_id
        if coupon.funder == "seller" and len({line.seller_id for line in covered}) > 1:
            return "order.coupon_of_another", coupon.coupon_id
        promoters = {_promoter(line, attributions.get(line.line_no)) for line in covered}
        if coupon.funder == "promoter" and (None in promoters or len(promoters) > 1):
            return "order.coupon_of_another", coupon.coupon_id
    return None


def _lines(event: OrderPlaced, policy: Policy, attributions: Attributions) -> tuple[Line, ...]:
    """As they are frozen: every later decision reads these amounts. Source: R1.5, R3.3."""
    allocation = allocate({line.line_no: _gross(line) for line in event.lines}, [_reduction(coupon) for coupon in event.coupons])
    frozen = []
    for line in sorted(event.lines, key=lambda line: line.line_no):
        shares, attribution = allocation[line.line_no], attributions.get(line.line_no)
        frozen.append(
            Line(
                line_no=line.line_no,
                sku=line.sku,
                seller_id=line.seller_id,
                promoter_id=_promoter(line, attribution),
                quantity=line.quantity,
                gross_minor=_gross(line),
                discounts=tuple(Discount(funder=funder, amount_minor=shares[funder]) for funder in FUNDERS if funder in shares),
                paid_minor=_gross(line) - sum(shares.values()),
                commission_bp=_commission(line, attribution),
                fee_bp=policy.payment.fee_bp,
                category=line.category,
                no_reason_waived=line.no_reason_waived,
                kind=line.kind,
                tags=line.tags,
                fulfiller_id=line.fulfiller_id,
                attribution=attribution,
                campaign_id=event.campaign_id if line.kind != "freight" else None,
                gift_of=line.gift_of,
                without_return_cap_minor=line.without_return_cap_minor,
            )
        )
    return tuple(frozen)


def _gross(line: PlacedLine) -> int:
    return line.quantity * line.unit_price_minor


def _promoter(line: PlacedLine, attribution: Attribution | None) -> str | None:
    """By the visits, where there are any; else as the cart says. Source: R2.9."""
    return attribution.promoter_id if attribution is not None else line.promoter_id


def _commission(line: PlacedLine, attribution: Attribution | None) -> int:
    """Nobody promoted it: no commission, whatever the cart says. Source: R2.9."""
    return line.commission_bp if _promoter(line, attribution) is not None else 0


def _reduction(coupon: Coupon) -> Reduction:
    return Reduction(coupon.coupon_id, coupon.funder, coupon.amount_minor, coupon.line_nos)


def _terms(policy: Policy, currency: str, settle_days_of: tuple[SettleDays, ...]) -> OrderTerms:
    return OrderTerms(
        policy_version=policy.version,
        zone=policy.zone,
        pay_minutes=policy.order.pay_minutes,
        ship_hours=policy.order.ship_hours,
        confirm_signed_days=policy.order.confirm_signed_days,
        confirm_check_days=policy.order.confirm_check_days,
        confirm_latest_days=policy.order.confirm_latest_days,
        settle_days=policy.payment.settle_days,
        ship_hours_24h=policy.order.ship_hours_24h,
        late=_penalty(policy.order.late, currency),
        sham=_penalty(policy.order.sham, currency),
        collect_hours=policy.order.collect_hours,
        extend_days=policy.order.extend_days,
        settle_days_of=settle_days_of,
    )


def _penalty(penalty: PenaltyPolicy, currency: str) -> Penalty:
    """A currency without bounds has none. Source: R2.4."""
    return Penalty(bp=penalty.bp, min_minor=penalty.min_minor.get(currency, 0), max_minor=penalty.max_minor.get(currency, GROSS_MAX))


def _free(accepted: OrderAccepted) -> OrderPaid:
    return OrderPaid(
        order_id=accepted.order_id,
        buyer_id=accepted.buyer_id,
        payment_id=str(uuid.uuid5(FREE, accepted.order_id)),
        currency=accepted.currency,
        amount_minor=0,
        lines=accepted.lines,
        terms=accepted.terms,
        free_shipping=accepted.free_shipping,
        trust_card_id=accepted.trust_card_id,
        placed_at=accepted.placed_at,
        coupons=accepted.coupons,
        occurred_at=accepted.occurred_at,
    )


def _rejected(event: OrderPlaced, code: Code, detail: str) -> OrderRejected:
    return OrderRejected(order_id=event.order_id, buyer_id=event.buyer_id, code=code, detail=detail[:200], occurred_at=event.occurred_at)
