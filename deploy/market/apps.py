"""What storefront, carriers, back office and PSP publish: each event of theirs as its app spells it. Bodies are plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deploy.market.checkout import Cart, Item
from deploy.market.sent import Sent, phase_of


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
    }
    return _storefront("order.placed", "placed", cart, at, body)


def confirmed(cart: Cart, at: datetime, line_nos: Iterable[int]) -> Sent:
    """line_nos empty: all that was delivered."""
    body = {"order_id": cart.order_id, "buyer_id": cart.buyer_id, "line_nos": list(line_nos)}
    return _storefront("receipt.confirmed", "confirmed", cart, at, body)


def requested(cart: Cart, at: datetime, case_id: str, line_no: int, quantity: int, refused: str) -> Sent:
    body = _of_case(cart, case_id) | {"line_no": line_no, "kind": "return_and_refund", "ground": "no_reason", "quantity": quantity}
    return _storefront("refund.requested", f"{case_id}-requested", cart, at, body, refused)


def withdrawn(cart: Cart, at: datetime, case_id: str) -> Sent:
    return _storefront("refund.withdrawn", f"{case_id}-withdrawn", cart, at, _of_case(cart, case_id))


def posted(cart: Cart, at: datetime, case_id: str) -> Sent:
    body = _of_case(cart, case_id) | {"carrier": "SF Express", "waybill": f"SF-{case_id}"}
    return _storefront("return.posted", f"{case_id}-posted", cart, at, body)


def shipped(cart: Cart, at: datetime, parcel_id: str, carrier: str, units: Mapping[int, int]) -> Sent:
    """units: by line number."""
    body = {
        "order_id": cart.order_id,
        "parcel_id": parcel_id,
        "carrier": carrier,
        "waybill": f"{carrier}-{parcel_id}",
        "lines": [{"line_no": line_no, "quantity": quantity} for line_no, quantity in sorted(units.items())],
    }
    return _sent("logistics", f"carrier/{carrier}", "parcel.shipped", f"{parcel_id}-shipped", cart.order_id, at, body)


def signed(cart: Cart, at: datetime, parcel_id: str, carrier: str) -> Sent:
    body = {"order_id": cart.order_id, "parcel_id": parcel_id}
    return _sent("logistics", f"carrier/{carrier}", "parcel.signed", f"{parcel_id}-signed", cart.order_id, at, body)


def accepted(cart: Cart, at: datetime, case_id: str, seller_id: str) -> Sent:
    return _merchant("case.accepted", "accepted", cart, at, case_id, {"seller_id": seller_id})


def refused(cart: Cart, at: datetime, case_id: str, seller_id: str) -> Sent:
    return _merchant("case.refused", "refused", cart, at, case_id, {"seller_id": seller_id, "reason": "packaging opened, 已拆封"})


def inspected(cart: Cart, at: datetime, case_id: str, seller_id: str, accepted_quantity: int) -> Sent:
    body = {"seller_id": seller_id, "accepted_quantity": accepted_quantity}
    return _merchant("return.confirmed", "inspected", cart, at, case_id, body)


def captured(cart: Cart, at: datetime, payment_id: str, amount_minor: int) -> Sent:
    body = {"order_id": cart.order_id, "payment_id": payment_id, "amount_minor": amount_minor, "currency": cart.currency}
    return _sent("psp", "psp", "payment.succeeded", payment_id, cart.order_id, at, body)


def _line(item: Item) -> dict[str, Any]:
    return {
        "line_no": item.line_no,
        "sku": item.sku,
        "seller_id": item.seller_id,
        "promoter_id": item.promoter_id,
        "quantity": item.quantity,
        "unit_price_minor": item.price_minor,
        "commission_bp": item.commission_bp,
        "category": item.category,
        "no_reason_waived": item.waived,
    }


def _of_case(cart: Cart, case_id: str) -> dict[str, Any]:
    return {"order_id": cart.order_id, "case_id": case_id, "buyer_id": cart.buyer_id}


def _storefront(kind: str, act: str, cart: Cart, at: datetime, body: Mapping[str, Any], code: str = "") -> Sent:
    return _sent("storefront", "storefront", kind, f"{cart.order_id}-{act}", cart.order_id, at, body, code)


def _merchant(kind: str, act: str, cart: Cart, at: datetime, case_id: str, body: Mapping[str, Any]) -> Sent:
    whole = {"order_id": cart.order_id, "case_id": case_id, **body}
    return _sent("merchant", "back-office", kind, f"{case_id}-{act}", cart.order_id, at, whole)


def _sent(app: str, source: str, kind: str, identity: str, key: str, at: datetime, body: Mapping[str, Any], code: str = "") -> Sent:
    return Sent(app, f"{app}.v1", source, identity, kind, key, at, body, phase_of(at), refused=code)
