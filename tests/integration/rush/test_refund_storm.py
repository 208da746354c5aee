"""Refunds on two payment processes: grants, cancellations, chargebacks and settlement race; answers come again and contradict each other.

Both processes are killed in the middle. Source: R3.5, R3.8, R2.6.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.fair import Fair

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ORDERS, PAID, UNITS = 40, 35_00, 3  # ten a partition. Line 1: three units of 10.00; line 2: one of 5.00, never sent
ROUNDS_MAX = 20
REFUNDS = "SELECT key, body ->> 'refunds' FROM payment.payment WHERE key LIKE 'storm%'"
UNANSWERED = """
SELECT 'refund', key, id FROM payment.payment, json_each(body -> 'refunds') AS r(id, one) WHERE one ->> 'state' = 'reserved'
UNION ALL
SELECT 'compensation', key, id FROM payment.payment, json_each(body -> 'compensations') AS r(id, one) WHERE one ->> 'state' = 'instructed'
UNION ALL
SELECT 'payout', key, id FROM payment.account, json_each(body -> 'payouts') AS r(id, one) WHERE one ->> 'state' = 'instructed'
"""
DISPUTES = "SELECT one ->> 'state' FROM payment.payment, json_each(body -> 'chargebacks') AS c(id, one)"
MOVED = "SELECT kind, order_id, -sum(amount_minor) FROM payment.posting WHERE account = 'psp:cash' GROUP BY kind, order_id"
DOUBLED = "SELECT order_id, kind, count(DISTINCT tx) FROM payment.posting WHERE kind IN ('refund.done', 'line.settled') GROUP BY 1, 2"


class Storm:
    """The apps, in a hurry."""

    def __init__(self, fair: Fair, dice: Random) -> None:
        self.fair, self.dice = fair, dice

    def bought(self, at: datetime) -> None:
        """Line 1 has arrived and is confirmed, line 2 is never sent."""
        for order_id in names():
            lines = [
                {"line_no": 1, "sku": "tea", "quantity": UNITS, "unit_price_minor": 10_50, "promoter_id": "k1", "commission_bp": 1_500},
                {"line_no": 2, "sku": "cup", "quantity": 1, "unit_price_minor": 5_50},
            ]
            lines = [{**line, "seller_id": seller(order_id)} for line in lines]
            coupon = {"coupon_id": "c", "funder": "platform", "amount_minor": 2_00, "line_nos": [1, 2]}
            body = {"buyer_id": "b1", "currency": "CNY", "lines": lines, "coupons": [coupon], "due_minor": PAID}
            self.tell("storefront", "order.placed", order_id, at, **body)
            self.tell("psp", "payment.succeeded", order_id, at, payment_id=f"pay-{order_id}", amount_minor=PAID, currency="CNY")
            units = [{"line_no": 1, "quantity": UNITS}]
            self.tell("logistics", "parcel.shipped", order_id, at, parcel_id="p", carrier="sf", waybill="w", lines=units)
            self.tell("logistics", "parcel.signed", order_id, at, parcel_id="p")
            self.tell("storefront", "receipt.confirmed", order_id, at, buyer_id="b1", line_nos=[1])

    def returned(self, order_id: str, case_id: str, quantity: int, at: datetime) -> None:
        """A case from its opening to the grant, all at once; now and then it is withdrawn beside that."""
        case: dict[str, Any] = {"case_id": case_id}
        wish = {"line_no": 1, "quantity": quantity, "kind": "return_and_refund", "ground": "no_reason"}
        self.tell("storefront", "refund.requested", order_id, at, **case, buyer_id="b1", **wish)
        self.tell("merchant", "case.accepted", order_id, at, **case, seller_id=seller(order_id))
        self.tell("storefront", "return.posted", order_id, at, **case, buyer_id="b1", carrier="sf", waybill=f"r-{order_id}-{case_id}")
        if self.dice.random() < 0.1:
            self.tell("storefront", "refund.withdrawn", order_id, at, **case, buyer_id="b1")
        self.tell("merchant", "return.confirmed", order_id, at, **case, seller_id=seller(order_id), accepted_quantity=quantity)

    def cancelled(self, order_id: str, at: datetime) -> None:
        lines = [{"line_no": 2, "quantity": 1}]
        body = {"cancel_id": "x", "buyer_id": "b1", "payment_id": f"pay-{order_id}", "lines": lines}
        self.tell("storefront", "order.cancel_requested", order_id, at, **body)

    def disputed(self, order_id: str, at: datetime) -> None:
        body = {"chargeback_id": "cb", "payment_id": f"pay-{order_id}", "amount_minor": PAID, "currency": "CNY", "reason": "10.4"}
        self.tell("psp", "chargeback.opened", order_id, at, **body)

    def answered(self) -> int:
        """The provider says of each instruction what it has done: several times, and now and then the opposite too. How many there were."""
        asked = self.fair.rows(UNANSWERED)
        for what, key, identity in asked:
            paid = self.dice.random() < 0.85
            said = [paid, paid] if self.dice.random() < 0.8 else [paid, not paid, paid]
            for yes in said:
                who = {"party": key} if what == "payout" else {"order_id": key}
                reason = {} if yes else {"reason": "account closed"}
                self.tell("psp", f"{what}.{'succeeded' if yes else 'failed'}", key, None, **who, **reason, **{f"{what}_id": identity})
        return len(asked)

    def tell(self, app: str, type: str, key: str, at: datetime | None, /, **body: Any) -> None:
        """Twice now and then, as networks do."""
        named = body if "party" in body else {"order_id": key, **body}
        self.fair.copies = 1 + (self.dice.random() < 0.3)
        self.fair.send(app, type, key, at, **named)


def names() -> list[str]:
    return [f"storm{number}" for number in range(ORDERS)]


def seller(order_id: str) -> str:
    return f"s{int(order_id[5:]) % 7}"


def test_a_storm_of_refunds_on_two_processes_pays_each_once_and_never_more_than_was_paid_r3_5(fair: Fair) -> None:
    storm = Storm(fair, Random(35))
    began = fair.idle.clock()
    storm.bought(began)
    fair.settle()
    due = (began.astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=7)).replace(hour=0, minute=0, second=0, microsecond=0)
    fair.idle.set_clock(due - timedelta(minutes=10))
    _before_settlement(fair, storm)
    fair.idle.set_clock(due + timedelta(minutes=10))
    _after_settlement(fair, storm)
    for _ in range(ROUNDS_MAX):
        if not storm.answered():
            break
        fair.settle()
    _end_disputes(fair, storm)
    assert not fair.rows(UNANSWERED)
    _judged(fair)


def _before_settlement(fair: Fair, storm: Storm) -> None:
    """Cases, cancellations and disputes of the same orders at one moment; one process dies in it, answers come while it is dead."""
    now = fair.idle.clock()
    for number, order_id in enumerate(names()):
        if number % 4:
            storm.returned(order_id, "before", 1 + number % 2, now)
        if number % 3:
            storm.cancelled(order_id, now)
        if number % 10 == 0:
            storm.disputed(order_id, now)
        if number == ORDERS // 2:
            fair.flush()
            fair.stack.services["payment-1"].kill()
    fair.flush()
    storm.answered()
    fair.flush()
    fair.stack.services["payment-1"].start()
    fair.settle()
    storm.answered()
    fair.settle()


def _after_settlement(fair: Fair, storm: Storm) -> None:
    """What is left of the lines goes back though they are settled; the other process dies."""
    now = fair.idle.clock()
    for number, order_id in enumerate(names()):
        storm.returned(order_id, "after", 1, now)
        if number % 10 == 5:
            storm.disputed(order_id, now)
    fair.flush()
    fair.stack.services["payment-2"].kill()
    storm.answered()
    fair.flush()
    fair.stack.services["payment-2"].start()
    fair.settle()


def _end_disputes(fair: Fair, storm: Storm) -> None:
    """Every other one is lost; what was held by them is decided then, and paid."""
    now = fair.idle.clock()
    for number, order_id in enumerate(names()):
        if number % 5 == 0:
            outcome = "lost" if number % 2 else "won"
            storm.tell("psp", "chargeback.closed", order_id, now, chargeback_id="cb", outcome=outcome)
    fair.settle()
    for _ in range(ROUNDS_MAX):
        if not storm.answered():
            break
        fair.settle()


def _judged(fair: Fair) -> None:
    assert fair.verified() == []
    states: Counter[str] = Counter()
    moved = {(kind, order_id): int(amount) for kind, order_id, amount in fair.rows(MOVED)}
    told = {(order_id, kind): count for order_id, kind, count in fair.rows(DOUBLED)}
    for order_id, body in fair.rows(REFUNDS):
        refunds = json.loads(body)
        states.update(one["state"] for one in refunds.values())
        states.update("fronted" for one in refunds.values() if one["fronted"] and one["state"] == "done")
        granted = sum(one["buyer_minor"] for one in refunds.values() if one["state"] in ("reserved", "done"))
        done = sum(one["buyer_minor"] for one in refunds.values() if one["state"] == "done")
        assert granted <= PAID
        assert -moved.get(("refund.done", order_id), 0) == done, "the provider was told of each refund once"
        assert told.get((order_id, "refund.done"), 0) == sum(one["state"] == "done" for one in refunds.values())
        assert told.get((order_id, "line.settled"), 0) <= 2
    for state in ("done", "failed", "fronted"):
        assert states[state] > ORDERS // 10, states
    disputes = Counter(state for (state,) in fair.rows(DISPUTES))
    assert disputes.keys() == {"won", "lost"}, disputes
    assert all(count > 0 for count in fair.handled("payment").values()), "both processes had their share"
