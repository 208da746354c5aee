"""The words of the tables: what a buyer, a seller, a carrier, the platform say, and when. Each is an event from outside.

Times are in Shanghai, counted from the local midnight of the day on which all orders are placed: day(7, "23:59:59"). A name in braces
stands for the play's own: {order}, {second} (another order), {buyer}, {double} (another account), {seller}, {other} (another seller),
{promoter}, {card} (the buyer's), {theirs} (the other account's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

NOON = "12:00:00"


@dataclass(frozen=True)
class Step:
    """sent None: when it happens; later: its news is late."""

    app: str
    kind: str
    at: timedelta
    body: Mapping[str, Any]
    key: str = "{order}"
    sent: timedelta | None = None

    @property
    def stop(self) -> timedelta:
        return self.at if self.sent is None else self.sent


@dataclass(frozen=True)
class Then:
    """What must have come of it.

    cases: how each ends, state and code; those and no others are opened. refused: the codes, each once or more. refunded: what the
    provider was told to give back, in fen; beside: of the compensations, by why. seller: what is the seller's in the end, less what it
    owes; None: not looked at. promoter: the same. fund: what the platform's guarantees cost. at: when these facts happened, to
    the second. facts, never: types that must be told of the order, or must not. until: the deadline that the refusal names. withheld:
    reasons for which a certificate does not grant something.
    """

    cases: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    refunded: int = 0
    beside: Mapping[str, int] = field(default_factory=dict)
    seller: int | None = None
    promoter: int = 0
    fund: int = 0
    at: Mapping[str, timedelta] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    until: timedelta | None = None
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True)
class Journey:
    """in_order: what is told matters by the order in which it is told, so it is not played shuffled. fails: the provider pays the
    first refund not."""

    name: str
    rule: str
    steps: tuple[Step, ...]
    then: Then
    in_order: bool = False
    fails: bool = False


def journey(name: str, rule: str, *steps: Step | tuple[Step, ...], then: Then, in_order: bool = False, fails: bool = False) -> Journey:
    flat = tuple(one for step in steps for one in (step if isinstance(step, tuple) else (step,)))
    return Journey(name, rule, flat, then, in_order, fails)


def day(number: int, clock: str = NOON) -> timedelta:
    hours, minutes, seconds = map(int, clock.split(":"))
    return timedelta(days=number, hours=hours, minutes=minutes, seconds=seconds)


EARLY, PLACED, SIGNED = day(0, "09:00:00"), day(0, "10:00:00"), day(0, "23:59:59")


def line(number: int, price: int, quantity: int = 1, seller: str = "{seller}", **more: Any) -> dict[str, Any]:
    return {"line_no": number, "sku": f"sku-{number}", "seller_id": seller, "quantity": quantity, "unit_price_minor": price, **more}


def ordered(
    *lines: dict[str, Any], at: timedelta = PLACED, order: str = "{order}", buyer: str = "{buyer}", **more: Any
) -> tuple[Step, ...]:
    """Placed and paid."""
    goods = sum(one["unit_price_minor"] * one["quantity"] for one in lines)
    due = goods - sum(coupon["amount_minor"] for coupon in more.get("coupons", ()))
    placed = {"order_id": order, "buyer_id": buyer, "currency": "CNY", "lines": list(lines), "due_minor": due, **more}
    paid = {"order_id": order, "payment_id": f"pay-{order}", "amount_minor": due, "currency": "CNY"}
    return Step("storefront", "order.placed", at, placed, order), Step("psp", "payment.succeeded", at, paid, order)


def shipped(*lines: dict[str, Any], at: timedelta = PLACED, order: str = "{order}", **more: Any) -> Step:
    units = [{"line_no": one["line_no"], "quantity": one["quantity"]} for one in lines if one.get("kind") != "freight"]
    body = {"order_id": order, "parcel_id": f"p-{order}", "carrier": "SF", "waybill": f"wp-{order}", "lines": units}
    return Step("logistics", "parcel.shipped", at, {**body, **more}, order)


def sent(*lines: dict[str, Any], at: timedelta = PLACED, **more: Any) -> tuple[Step, ...]:
    """Placed, paid, and on its way."""
    return (*ordered(*lines, at=at, **more), shipped(*lines, at=at, order=more.get("order", "{order}")))


def bought(*lines: dict[str, Any], at: timedelta = PLACED, signed: timedelta = SIGNED, **more: Any) -> tuple[Step, ...]:
    """Placed, paid, shipped, and signed for in the last second of the day."""
    return (*sent(*lines, at=at, **more), parcel("signed", signed, more.get("order", "{order}")))


def parcel(what: str, at: timedelta, order: str = "{order}", name: str = "p") -> Step:
    """what: signed, refused, lost, collected."""
    return Step("logistics", f"parcel.{what}", at, {"order_id": order, "parcel_id": f"{name}-{order}"}, order)


def asks(at: timedelta, case: str = "c", ground: str = "no_reason", kind: str = "return_and_refund", **more: Any) -> Step:
    order = more.pop("order", "{order}")
    body = {"order_id": order, "case_id": case, "buyer_id": "{buyer}", "line_no": 1, "quantity": 1, "kind": kind, "ground": ground}
    return Step("storefront", "refund.requested", at, {**body, **more}, order)


def withdraws(at: timedelta, case: str = "c") -> Step:
    return _of_buyer("refund.withdrawn", at, case)


def posts(at: timedelta, case: str = "c", waybill: str = "", **more: Any) -> Step:
    return _of_buyer("return.posted", at, case, carrier="SF", waybill=waybill or f"r-{case}-{{order}}", **more)


def shows(at: timedelta, case: str = "c", evidence: str = "e-1") -> Step:
    return _of_buyer("evidence.submitted", at, case, evidence_id=evidence)


def disputes(at: timedelta, case: str = "c") -> Step:
    return _of_buyer("dispute.raised", at, case, reason="not true")


def appeals(at: timedelta, case: str = "c") -> Step:
    return _of_buyer("dispute.appealed", at, case, reason="not just")


def accepts(at: timedelta, case: str = "c", **more: Any) -> Step:
    return _of_seller("case.accepted", at, case, **more)


def refuses(at: timedelta, case: str = "c", **more: Any) -> Step:
    return _of_seller("case.refused", at, case, reason="as described", **more)


def inspects(at: timedelta, quantity: int = 1, case: str = "c", **more: Any) -> Step:
    return _of_seller("return.confirmed", at, case, accepted_quantity=quantity, **more)


def contests(at: timedelta, finding: str, case: str = "c") -> Step:
    return _of_seller("return.disputed", at, case, reason="not ours", finding=finding)


def sends_other(at: timedelta, case: str = "c") -> Step:
    return _of_seller("replacement.sent", at, case, parcel_id="n-{order}", carrier="SF", waybill="wn-{order}")


def seller_shows(at: timedelta, case: str = "c", evidence: str = "e-2") -> Step:
    return _of_seller("evidence.submitted", at, case, evidence_id=evidence)


def seller_disputes(at: timedelta, case: str = "c") -> Step:
    return _of_seller("dispute.raised", at, case, reason="let the platform say")


def seller_appeals(at: timedelta, case: str = "c") -> Step:
    return _of_seller("dispute.appealed", at, case, reason="not just")


def door_signs(at: timedelta, waybill: str = "r-c-{order}") -> Step:
    return Step("logistics", "return.signed", at, {"order_id": "{order}", "carrier": "SF", "waybill": waybill})


def rules(at: timedelta, upheld: bool, case: str = "c", matter: str = "case", **more: Any) -> Step:
    body = {"order_id": "{order}", "ruling_id": f"{matter}-{case}-{int(at.total_seconds())}", "matter": matter, "upheld": upheld}
    return Step("ruling", "ruling.made", at, {**body, "case_id": case, **more})


def goes_back(at: timedelta, quantity: int = 1, case: str = "c") -> tuple[Step, ...]:
    """The seller agrees, the goods come back and are inspected."""
    return accepts(at, case), posts(at, case), inspects(at, quantity, case)


def links(at: timedelta, buyer: str, token: str = "phone-{order}") -> Step:
    return Step("member", "identity.linked", at, {"buyer_id": buyer, "kind": "phone", "token": token}, buyer)


def had_ordered(at: timedelta, first_paid_at: str | None, buyer: str = "{buyer}") -> Step:
    """In the system from which the shop moved. None: it had not."""
    return Step("member", "member.ordered_before", at, {"buyer_id": buyer, "first_paid_at": first_paid_at}, buyer)


def gets_card(at: timedelta = EARLY, buyer: str = "{buyer}") -> Step:
    return Step("member", "trust_card.claimed", at, {"buyer_id": buyer, "claim_id": f"claim-{buyer}"}, buyer)


def confirms(at: timedelta) -> Step:
    return Step("storefront", "receipt.confirmed", at, {"order_id": "{order}", "buyer_id": "{buyer}"})


def redeems(at: timedelta) -> Step:
    return Step("storefront", "voucher.redeemed", at, {"order_id": "{order}", "redemption_id": "v-{order}", "line_no": 1, "quantity": 1})


def cancels(at: timedelta, number: int, quantity: int, app: str = "storefront") -> Step:
    who = {"buyer_id": "{buyer}"} if app == "storefront" else {"seller_id": "{seller}"}
    kind = "order.cancel_requested" if app == "storefront" else "seller.cancelled"
    units = [{"line_no": number, "quantity": quantity}]
    return Step(app, kind, at, {"order_id": "{order}", "cancel_id": "x-{order}", "payment_id": "pay-{order}", "lines": units, **who})


def bank(what: str, at: timedelta, **more: Any) -> Step:
    """what: opened, closed."""
    body: dict[str, Any] = {"order_id": "{order}", "chargeback_id": "cb-{order}", **more}
    if what == "opened":
        body |= {"payment_id": "pay-{order}", "currency": "CNY", "reason": "10.4"}
    return Step("psp", f"chargeback.{what}", at, body)


def late(step: Step, sent_at: timedelta) -> Step:
    """It happened when it did; the news comes later."""
    return replace(step, sent=sent_at)


def _of_buyer(kind: str, at: timedelta, case: str, **more: Any) -> Step:
    return Step("storefront", kind, at, {"order_id": "{order}", "case_id": case, "buyer_id": "{buyer}", **more})


def _of_seller(kind: str, at: timedelta, case: str, **more: Any) -> Step:
    return Step("merchant", kind, at, {"order_id": "{order}", "case_id": case, "seller_id": "{seller}", **more})
