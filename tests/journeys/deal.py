"""One order in the words of those who take part in it: buyer, seller, carrier, provider. Each act is an event from outside."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.journeys.outside import Fact, Outside

_numbers = itertools.count(1)


def line(number: int, price: int, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"line_no": number, "sku": f"sku-{number}", "seller_id": "", "quantity": quantity, "unit_price_minor": price, **more}


class Deal:
    """copies: how often each event is sent. Parties are its own, so that balances are too."""

    def __init__(self, outside: Outside, name: str, copies: int = 1) -> None:
        self.outside, self.copies = outside, copies
        mark = f"{name}-{uuid.uuid4().hex[:6]}"
        self.order, self.buyer, self.seller, self.promoter = (f"{who}-{mark}" for who in ("o", "buyer", "seller", "promoter"))
        self.lines: list[dict[str, Any]] = []

    def placed(self, *lines: dict[str, Any], due: int, coupons: Sequence[dict[str, Any]] = (), **more: Any) -> str:
        self.lines = [{**one, "seller_id": one["seller_id"] or self.seller} for one in lines]
        body = {"buyer_id": self.buyer, "currency": "CNY", "lines": self.lines, "coupons": list(coupons), "due_minor": due}
        return self._send("storefront", "order.placed", {**body, **more})

    def paid(self, amount: int, payment_id: str = "", **more: Any) -> str:
        payment_id = payment_id or f"pay-{next(_numbers)}-{self.order}"
        self._send("psp", "payment.succeeded", {"payment_id": payment_id, "amount_minor": amount, "currency": "CNY", **more})
        return payment_id

    def stated(self, reference: str, amount: int, *, line: str = "", **more: Any) -> str:
        """A line of the provider's statement about this order, of today in Shanghai unless more says otherwise."""
        day = (self.outside.now + timedelta(hours=8)).strftime("%Y-%m-%d")
        body = {"statement_id": f"st-{day}", "line_id": line or f"line-{reference}", "day": day, "kind": "capture", "reference": reference}
        return self._send("psp", "statement.line", {**body, "amount_minor": amount, "currency": "CNY", **more})

    def shipped(self, **more: Any) -> str:
        units = [{"line_no": one["line_no"], "quantity": one["quantity"]} for one in self.lines]
        body = {"parcel_id": f"p-{self.order}", "carrier": "SF", "waybill": f"w-{self.order}", "lines": units}
        return self._send("logistics", "parcel.shipped", {**body, **more})

    def signed(self, **more: Any) -> str:
        return self._send("logistics", "parcel.signed", {"parcel_id": f"p-{self.order}", **more})

    def confirmed(self, **more: Any) -> str:
        return self._send("storefront", "receipt.confirmed", {"buyer_id": self.buyer, **more})

    def asked_back(self, case: str, line_no: int = 1, quantity: int = 1, **more: Any) -> str:
        body = {"case_id": case, "buyer_id": self.buyer, "line_no": line_no, "quantity": quantity}
        return self._send("storefront", "refund.requested", {**body, "kind": "return_and_refund", "ground": "no_reason", **more})

    def accepted(self, case: str) -> str:
        return self._send("merchant", "case.accepted", {"case_id": case, "seller_id": self.seller})

    def posted(self, case: str) -> str:
        return self._send("storefront", "return.posted", {"case_id": case, "buyer_id": self.buyer, "carrier": "SF", "waybill": f"r-{case}"})

    def inspected(self, case: str, quantity: int = 1) -> str:
        return self._send("merchant", "return.confirmed", {"case_id": case, "seller_id": self.seller, "accepted_quantity": quantity})

    def delivered(self, *lines: dict[str, Any], due: int) -> None:
        """The way to a signed parcel, each step done before the next."""
        self.placed(*lines, due=due)
        self.outside.idle()
        self.paid(due)
        self.outside.idle()
        self.shipped()
        self.signed()
        self.outside.idle()

    def returned(self, case: str, line_no: int = 1, quantity: int = 1) -> None:
        """The way of the goods back, up to the granted refund."""
        self.asked_back(case, line_no, quantity)
        self.outside.idle()
        self.accepted(case)
        self.outside.idle()
        self.posted(case)
        self.outside.idle()
        self.inspected(case, quantity)
        self.outside.idle()

    def provider_pays(self) -> list[Fact]:
        """The connector answers what it was told about this order and its parties, each instruction once; returns what it was told."""
        keys = {self.order, self.seller, self.promoter}
        told = [fact for fact in self.outside.instructions() if fact.key in keys]
        for fact in told:
            kind = fact.type.removesuffix(".instructed")
            what = f"{kind}_id"
            body = {what: fact.body[what], ("party" if kind == "payout" else "order_id"): fact.key}
            self.outside.send("psp", f"{kind}.succeeded", fact.key, body, event_id=f"answer-{fact.body[what]}", copies=self.copies)
        self.outside.idle()
        return told

    def of_seller(self) -> list[Fact]:
        """What was told of the seller's account."""
        return self.outside.facts(self.seller, "party.v1")

    def fact(self, topic: str, kind: str) -> dict[str, Any]:
        return self.outside.fact(self.order, topic, kind)

    def types(self, *topics: str) -> list[str]:
        return self.outside.types(self.order, *topics)

    def refused(self) -> list[str]:
        return self.outside.refused(self.order)

    def _send(self, app: str, kind: str, body: dict[str, Any]) -> str:
        return self.outside.send(app, kind, self.order, {"order_id": self.order, **body}, copies=self.copies)
