"""What storefront, carriers, back office and PSP publish: each event of theirs as its app spells it. Bodies are plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from deploy.market.checkout import WAIVED_MINOR, Cart, Item
from deploy.market.sent import Sent, phase_of


@dataclass(slots=True)
class Parcel:
    """units by line number. shipper_id None: the seller, as usual. failed: when it was refused at the door or lost."""

    id: str
    seller_id: str
    carrier: str
    at: datetime
    units: dict[int, int]
    shipper_id: str | None = None
    failed: datetime | None = None


def placed(cart: Cart, at: datetime, due_minor: int) -> Sent:
    """due_minor: what the checkout showed."""
    body = {
        "order_id": cart.order_id,
        "buyer_id": cart.buyer_id,
        "currency": cart.currency,
        "lines": [_line(item) for item in cart.items],
        "coupons": [
            {"coupon_id": offer.coupon_id, "funder": offer.funder, "amount_minor": offer.amount_minor, "line_nos": list(offer.line_nos)}
            for offer in cart.offers
        ],
        "due_minor": due_minor,
        "visits": [
            {
                "at": (at - timedelta(minutes=len(cart.visited) - number)).isoformat(),
                "promoter_id": page,
                "domain": "public",
                "channel": "live",
            }
            for number, page in enumerate(cart.visited)
        ],
        "free_shipping": [
            {"seller_id": seller, "threshold_minor": threshold, "freight_minor": WAIVED_MINOR}
            for seller, threshold in cart.thresholds.items()
        ],
    }
    body |= {"campaign_id": cart.campaign_id} if cart.campaign_id else {}
    body |= {"trust_card_id": cart.trust_card_id} if cart.trust_card_id else {}
    return of_storefront("order.placed", "placed", cart, at, body)


def cancelled(cart: Cart, at: datetime, number: int, payment_id: str | None, units: Mapping[int, int]) -> Sent:
    """By the buyer. units by line number; empty: everything that has not left. payment_id None: it is not paid."""
    body = {"order_id": cart.order_id, "buyer_id": cart.buyer_id} | _cancel(cart, number, payment_id, units)
    return of_storefront("order.cancel_requested", f"cancel-{number}", cart, at, body)


def given_up(cart: Cart, at: datetime, seller_id: str, payment_id: str | None, units: Mapping[int, int]) -> Sent:
    """By the seller; the same otherwise."""
    body = {"order_id": cart.order_id, "seller_id": seller_id} | _cancel(cart, 0, payment_id, units)
    return of_app("merchant", "back-office", "seller.cancelled", f"{cart.order_id}-given-up", cart.order_id, at, body)


def extended(cart: Cart, at: datetime) -> Sent:
    return of_storefront("receipt.extended", "extended", cart, at, {"order_id": cart.order_id, "buyer_id": cart.buyer_id})


def redeemed(cart: Cart, at: datetime, line_no: int, number: int) -> Sent:
    """One unit."""
    body = {"order_id": cart.order_id, "redemption_id": f"use-{cart.order_id}-{number}", "line_no": line_no, "quantity": 1}
    return of_storefront("voucher.redeemed", f"use-{number}", cart, at, body)


def confirmed(cart: Cart, at: datetime, line_nos: Iterable[int]) -> Sent:
    """line_nos empty: all that was delivered."""
    body = {"order_id": cart.order_id, "buyer_id": cart.buyer_id, "line_nos": list(line_nos)}
    return of_storefront("receipt.confirmed", "confirmed", cart, at, body)


def requested(
    cart: Cart,
    at: datetime,
    case_id: str,
    line_no: int,
    quantity: int,
    refused: str = "",
    kind: str = "return_and_refund",
    ground: str = "no_reason",
    **more: Any,
) -> Sent:
    """more: fields beyond those that every request has."""
    body = of_case(cart, case_id) | {"line_no": line_no, "kind": kind, "ground": ground, "quantity": quantity, **more}
    return of_storefront("refund.requested", f"{case_id}-requested", cart, at, body, refused)


def withdrawn(cart: Cart, at: datetime, case_id: str) -> Sent:
    return of_storefront("refund.withdrawn", f"{case_id}-withdrawn", cart, at, of_case(cart, case_id))


def posted(cart: Cart, at: datetime, case_id: str, freight_minor: int | None = None) -> Sent:
    """freight_minor: what it cost, as the buyer says."""
    body = of_case(cart, case_id) | {"carrier": "SF Express", "waybill": f"SF-{case_id}", "freight_minor": freight_minor}
    return of_storefront("return.posted", f"{case_id}-posted", cart, at, body)


def shipped(cart: Cart, parcel: Parcel, refused: str = "") -> Sent:
    body = {
        "order_id": cart.order_id,
        "parcel_id": parcel.id,
        "carrier": parcel.carrier,
        "waybill": f"{parcel.carrier}-{parcel.id}",
        "lines": [{"line_no": line_no, "quantity": quantity} for line_no, quantity in sorted(parcel.units.items())],
        "shipper_id": parcel.shipper_id,
    }
    return of_app(
        "logistics", f"carrier/{parcel.carrier}", "parcel.shipped", f"{parcel.id}-shipped", cart.order_id, parcel.at, body, refused
    )


def tracked(kind: str, cart: Cart, at: datetime, parcel: Parcel) -> Sent:
    """kind: collected, signed, refused (at the door) or lost."""
    body = {"order_id": cart.order_id, "parcel_id": parcel.id}
    return of_app("logistics", f"carrier/{parcel.carrier}", f"parcel.{kind}", f"{parcel.id}-{kind}", cart.order_id, at, body)


def ruled(cart: Cart, at: datetime, parcel: Parcel, *, upheld: bool, refused: str = "") -> Sent:
    """Whether the parcel's waybill was a pretence."""
    ruling = f"ruling-{parcel.id}"
    body = {"order_id": cart.order_id, "ruling_id": ruling, "matter": "sham_shipping", "parcel_id": parcel.id, "upheld": upheld}
    return of_app("ruling", "arbitration", "ruling.made", ruling, cart.order_id, at, body, refused)


def registered(seller_id: str, at: datetime, required_minor: int, currency: str, number: int = 1) -> Sent:
    body = {"seller_id": seller_id, "deposit_required_minor": required_minor, "currency": currency}
    return of_app("seller", "back-office", "seller.registered", f"{seller_id}-registered-{number}", seller_id, at, body)


def topped_up(seller_id: str, at: datetime, amount_minor: int, currency: str) -> Sent:
    body = {"seller_id": seller_id, "deposit_id": f"deposit-{seller_id}", "amount_minor": amount_minor, "currency": currency}
    return of_app("seller", "back-office", "deposit.topped_up", f"{seller_id}-topped-up", seller_id, at, body)


def prefunded(promoter_id: str, at: datetime, amount_minor: int, currency: str) -> Sent:
    body = {"promoter_id": promoter_id, "prefund_id": f"prefund-{promoter_id}-{currency}", "amount_minor": amount_minor}
    identity = f"{promoter_id}-prefunded-{currency}"
    return of_app("seller", "back-office", "prefund.topped_up", identity, promoter_id, at, body | {"currency": currency})


def withdrawal(seller_id: str, at: datetime, withdrawal_id: str, amount_minor: int, currency: str, of: str = "balance") -> Sent:
    body = {"seller_id": seller_id, "withdrawal_id": withdrawal_id, "amount_minor": amount_minor, "currency": currency, "of": of}
    return of_app("seller", "back-office", "withdrawal.requested", withdrawal_id, seller_id, at, body)


def reviewed(campaign_id: str, sku: str, at: datetime) -> Sent:
    body = {"campaign_id": campaign_id, "sku": sku, "approved": True}
    return of_app("governance", "rule-book", "product.reviewed", f"{campaign_id}-{sku}-reviewed", campaign_id, at, body)


def allotted(campaign_id: str, sku: str, at: datetime, units: int, limit: int | None) -> Sent:
    """limit: units that an identity may have, None: any number."""
    body = {"campaign_id": campaign_id, "sku": sku, "units": units, "limit_per_identity": limit}
    return of_app("governance", "rule-book", "allotment.set", f"{campaign_id}-{sku}-allotted", campaign_id, at, body)


def linked(buyer_id: str, at: datetime, token: str) -> Sent:
    body = {"buyer_id": buyer_id, "kind": "phone", "token": token}
    return of_app("member", "member-app", "identity.linked", f"{buyer_id}-{token}", buyer_id, at, body)


def accepted(cart: Cart, at: datetime, case_id: str, party: str, refused: str = "") -> Sent:
    """party: who answers for the line."""
    return of_merchant("case.accepted", f"accepted-{party}", cart, at, case_id, {"seller_id": party}, refused)


def refused(cart: Cart, at: datetime, case_id: str, party: str) -> Sent:
    return of_merchant("case.refused", "refused", cart, at, case_id, {"seller_id": party, "reason": "packaging opened, 已拆封"})


def inspected(cart: Cart, at: datetime, case_id: str, party: str, accepted_quantity: int) -> Sent:
    body = {"seller_id": party, "accepted_quantity": accepted_quantity}
    return of_merchant("return.confirmed", "inspected", cart, at, case_id, body)


def captured(cart: Cart, at: datetime, payment_id: str, amount_minor: int, late_news: int = 0) -> Sent:
    """late_news: phases that it is told later."""
    body = {"order_id": cart.order_id, "payment_id": payment_id, "amount_minor": amount_minor, "currency": cart.currency}
    sent = of_app("psp", "psp", "payment.succeeded", payment_id, cart.order_id, at, body)
    return replace(sent, phase=sent.phase + late_news)


def disputed(cart: Cart, at: datetime, chargeback_id: str, payment_id: str) -> Sent:
    """All of it."""
    money = {"amount_minor": cart.due_minor, "currency": cart.currency}
    body = {"order_id": cart.order_id, "chargeback_id": chargeback_id, "payment_id": payment_id, "reason": "10.4 fraud", **money}
    return of_app("psp", "psp", "chargeback.opened", f"{chargeback_id}-opened", cart.order_id, at, body)


def bank_decided(cart: Cart, at: datetime, chargeback_id: str, outcome: str) -> Sent:
    """For good. outcome: won or lost, of the platform."""
    body = {"order_id": cart.order_id, "chargeback_id": chargeback_id, "outcome": outcome}
    return of_app("psp", "psp", "chargeback.closed", f"{chargeback_id}-closed", cart.order_id, at, body)


def _line(item: Item) -> dict[str, Any]:
    return {
        "line_no": item.line_no,
        "sku": item.sku,
        "seller_id": item.seller_id,
        "promoter_id": item.named_promoter_id or item.promoter_id,
        "kind": item.kind,
        "quantity": item.quantity,
        "unit_price_minor": item.price_minor,
        "commission_bp": item.commission_bp,
        "category": item.category,
        "no_reason_waived": item.waived,
        "tags": list(item.tags),
        "fulfiller_id": item.fulfiller_id,
        "without_return_cap_minor": item.cap_minor,
    }


def _cancel(cart: Cart, number: int, payment_id: str | None, units: Mapping[int, int]) -> dict[str, Any]:
    lines = [{"line_no": line_no, "quantity": quantity} for line_no, quantity in sorted(units.items())]
    return {"cancel_id": f"cancel-{cart.order_id}-{number}", "payment_id": payment_id, "lines": lines}


def of_case(cart: Cart, case_id: str) -> dict[str, Any]:
    return {"order_id": cart.order_id, "case_id": case_id, "buyer_id": cart.buyer_id}


def of_storefront(kind: str, act: str, cart: Cart, at: datetime, body: Mapping[str, Any], code: str = "") -> Sent:
    return of_app("storefront", "storefront", kind, f"{cart.order_id}-{act}", cart.order_id, at, body, code)


def of_merchant(kind: str, act: str, cart: Cart, at: datetime, case_id: str, body: Mapping[str, Any], code: str = "") -> Sent:
    whole = {"order_id": cart.order_id, "case_id": case_id, **body}
    return of_app("merchant", "back-office", kind, f"{case_id}-{act}", cart.order_id, at, whole, code)


def of_app(app: str, source: str, kind: str, identity: str, key: str, at: datetime, body: Mapping[str, Any], code: str = "") -> Sent:
    return Sent(app, f"{app}.v1", source, identity, kind, key, at, body, phase_of(at), refused=code)
