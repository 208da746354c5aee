"""Refunds of what has not left against its parcels, on two order processes: each unit has one of them, also when the services that
ask and answer are never up together. Source: R4.8.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import pytest

from tests.integration.fair import Fair

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ORDERS, UNITS, PRICE = 30, 2, 50_00  # a share of them for each process, before and after one is killed
WAIT_S = 120.0
LINES = """SELECT key, body -> 'lines' ->> '1', body ->> 'parcels' FROM "order"."order" WHERE key LIKE $1 || '%'"""
CASES = "SELECT one ->> 'state' FROM refund.purchase, json_each(body -> 'cases') AS c(id, one) WHERE key LIKE $1 || '%'"


def test_in_a_rush_on_two_processes_no_unit_is_both_refunded_and_sent_r4_8(fair: Fair) -> None:
    dice, now = Random(48), fair.idle.clock()
    bought(fair, "rush", now)
    for number in range(ORDERS):
        order_id = f"rush{number}"
        told = [partial(asked, fair, order_id, now, 1 + number % UNITS)]
        told += [partial(sent, fair, order_id, now, f"p{parcel}") for parcel in range(1 + number % 3 % UNITS)]
        told += [partial(cancelled, fair, order_id, now)] if number % 5 == 0 else []
        dice.shuffle(told)
        for tell in told:
            fair.copies = 1 + (dice.random() < 0.3)
            tell()
        if number == ORDERS // 2:
            fair.flush()
            fair.stack.services["order-1"].kill()
    fair.flush()
    fair.stack.services["order-1"].start()
    fair.paid_back(lambda: 1 + (dice.random() < 0.3))
    outcomes = judged(fair, "rush")
    assert min(outcomes["sent"], outcomes["refunded"]) > ORDERS // 10, outcomes
    assert all(count > 0 for count in fair.handled().values()), "both processes had their share"
    assert fair.verified() == []


def test_the_services_need_not_be_up_together_r4_8(fair: Fair) -> None:
    now = fair.idle.clock()
    bought(fair, "apart", now)
    for name in ("order-1", "order-2"):
        fair.stack.services[name].kill()
    for number in range(ORDERS):
        asked(fair, f"apart{number}", now, UNITS)
    fair.flush()
    until(lambda: len(fair.rows(CASES, "apart")) == ORDERS)
    fair.stack.services["refund-1"].kill()
    for number in range(0, ORDERS, 2):
        sent(fair, f"apart{number}", now, "p0")
    fair.flush()
    for name in ("order-1", "order-2"):
        fair.stack.services[name].start()
    until(lambda: all(json.loads(line)["holds"] or json.loads(line)["sent"] for _, line, _ in fair.rows(LINES, "apart")))
    fair.stack.services["refund-1"].start()
    fair.paid_back()
    judged(fair, "apart")
    assert {state for (state,) in fair.rows(CASES, "apart")} <= {"60", "70"}
    assert fair.verified() == []


def bought(fair: Fair, prefix: str, now: datetime) -> None:
    for number in range(ORDERS):
        order_id = f"{prefix}{number}"
        line = {"line_no": 1, "sku": "tea", "seller_id": f"s{number % 7}", "quantity": UNITS, "unit_price_minor": PRICE}
        body = {"order_id": order_id, "buyer_id": "b1", "currency": "CNY", "lines": [line], "due_minor": UNITS * PRICE}
        fair.send("storefront", "order.placed", order_id, now, **body)
        money = {"payment_id": f"pay-{order_id}", "amount_minor": UNITS * PRICE, "currency": "CNY"}
        fair.send("psp", "payment.succeeded", order_id, now, order_id=order_id, **money)
    fair.settle()


def asked(fair: Fair, order_id: str, now: datetime, units: int) -> None:
    wish: dict[str, Any] = {"line_no": 1, "quantity": units, "kind": "refund_only", "ground": "not_shipped"}
    fair.send("storefront", "refund.requested", order_id, now, order_id=order_id, case_id="c", buyer_id="b1", **wish)


def sent(fair: Fair, order_id: str, now: datetime, parcel: str) -> None:
    body = {"parcel_id": parcel, "carrier": "sf", "waybill": f"w-{parcel}", "lines": [{"line_no": 1, "quantity": 1}]}
    fair.send("logistics", "parcel.shipped", order_id, now, order_id=order_id, **body)


def cancelled(fair: Fair, order_id: str, now: datetime) -> None:
    body = {"cancel_id": "x", "buyer_id": "b1", "payment_id": f"pay-{order_id}"}
    fair.send("storefront", "order.cancel_requested", order_id, now, order_id=order_id, **body)


def judged(fair: Fair, prefix: str) -> Counter[str]:
    outcomes = Counter[str]()
    for order_id, told, parcels in fair.rows(LINES, prefix):
        line = json.loads(told)
        assert line["sent"] + line["refunded"] <= UNITS, order_id
        assert line["refunded_minor"] == line["refunded"] * PRICE, order_id
        assert not line["holds"], order_id
        outcomes.update(sent=line["sent"], refunded=line["refunded"] - line["cancelled"], cancelled=line["cancelled"])
        outcomes.update(intercepted=sum(one["failed"] == "intercepted" for one in json.loads(parcels).values()))
    return outcomes


def until(done: Callable[[], bool]) -> None:
    """The system is not idle meanwhile: a part of it is down."""
    end = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)
