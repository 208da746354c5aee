"""What the apps publish of after-sale beyond a return: evidence, disputes, appeals, other goods, rulings, and who wants a trust card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deploy.market.apps import of_app, of_case, of_merchant, of_storefront
from deploy.market.checkout import Cart
from deploy.market.sent import Sent


def shown(cart: Cart, at: datetime, case_id: str, party: str = "") -> Sent:
    """Evidence: the buyer's, or that of who answers for the line."""
    if party:
        return of_merchant("evidence.submitted", "seller-shows", cart, at, case_id, {"seller_id": party, "evidence_id": f"video-{case_id}"})
    return _of_buyer("evidence.submitted", "buyer-shows", cart, at, case_id, {"evidence_id": f"photo-{case_id}"})


def disputed(cart: Cart, at: datetime, case_id: str, party: str = "") -> Sent:
    """By the buyer after a refusal, or by the seller in place of an answer."""
    if party:
        return of_merchant("dispute.raised", "seller-disputes", cart, at, case_id, {"seller_id": party, "reason": "not ours, 非本店商品"})
    return _of_buyer("dispute.raised", "buyer-disputes", cart, at, case_id, {"reason": "not true, 与事实不符"})


def appealed(cart: Cart, at: datetime, case_id: str, party: str = "") -> Sent:
    if party:
        return of_merchant("dispute.appealed", "seller-appeals", cart, at, case_id, {"seller_id": party, "reason": "look again, 请复核"})
    return _of_buyer("dispute.appealed", "buyer-appeals", cart, at, case_id, {"reason": "look again, 请复核"})


def return_disputed(cart: Cart, at: datetime, case_id: str, party: str, finding: str) -> Sent:
    """finding: swapped or used, says the seller."""
    body = {"seller_id": party, "reason": "not what was sent, 货不对版", "finding": finding}
    return of_merchant("return.disputed", "return-disputed", cart, at, case_id, body)


def return_signed(cart: Cart, at: datetime, case_id: str) -> Sent:
    """At the seller's door."""
    body = {"order_id": cart.order_id, "carrier": "SF Express", "waybill": f"SF-{case_id}"}
    return of_app("logistics", "carrier/sf-express", "return.signed", f"{case_id}-back", cart.order_id, at, body)


def replaced(cart: Cart, at: datetime, case_id: str, party: str) -> Sent:
    """Other goods leave, in a parcel that is named after the case."""
    body = {"seller_id": party, "parcel_id": f"again-{case_id}", "carrier": "zto", "waybill": f"zto-{case_id}"}
    return of_merchant("replacement.sent", "replaced", cart, at, case_id, body)


def replacement(kind: str, cart: Cart, at: datetime, case_id: str) -> Sent:
    """kind: signed or lost."""
    body = {"order_id": cart.order_id, "parcel_id": f"again-{case_id}"}
    return of_app("logistics", "carrier/zto", f"parcel.{kind}", f"again-{case_id}-{kind}", cart.order_id, at, body)


def judged(cart: Cart, at: datetime, case_id: str, *, upheld: bool, matter: str = "case", number: int = 1, **more: Any) -> Sent:
    """number: of the case's rulings. more: finding, fault, remedy, amount."""
    ruling = f"ruling-{case_id}-{number}"
    body = {"order_id": cart.order_id, "ruling_id": ruling, "matter": matter, "case_id": case_id, "upheld": upheld, **more}
    return of_app("ruling", "arbitration", "ruling.made", ruling, cart.order_id, at, body)


def card_wanted(buyer_id: str, at: datetime) -> Sent:
    body = {"buyer_id": buyer_id, "claim_id": f"wish-{buyer_id}"}
    return of_app("member", "member-app", "trust_card.claimed", f"wish-{buyer_id}", buyer_id, at, body)


def _of_buyer(kind: str, act: str, cart: Cart, at: datetime, case_id: str, more: dict[str, Any]) -> Sent:
    return of_storefront(kind, f"{case_id}-{act}", cart, at, of_case(cart, case_id) | more)
