"""Campaigns on real processes: two order services, all partitions, one unit. Source: R2.7, R2.8."""

from __future__ import annotations

import json
from datetime import timedelta

import asyncpg
import pytest

from tests.integration.fair import Fair

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def test_a_thousand_simultaneous_orders_for_one_unit_give_one_acceptance_and_it_comes_back_once_r2_7(fair: Fair) -> None:
    fair.open("flash", units=1, limit=1)
    before, now = fair.handled(), fair.idle.clock()
    for n in range(1000):
        fair.order(f"flash{n}", f"b{n}", "flash", now)
    fair.settle()
    assert fair.statuses("flash") == {"accepted": 1, "rejected": 999}
    assert fair.taken("flash") == 1
    lanes = fair.rows("SELECT count(*) FROM \"order\".lane WHERE topic = 'order.v1' AND seq > 0")
    assert lanes[0][0] == fair.stack.stripes, "over all partitions"
    after = fair.handled()
    assert len(after) == 2
    assert all(after[name] > before[name] + 100 for name in after), "both processes had their share"
    fair.idle.set_clock(timedelta(minutes=31))
    assert (fair.statuses("flash"), fair.taken("flash")) == ({"expired": 1, "rejected": 999}, 0)
    now = fair.idle.clock()
    for n in range(100):
        fair.order(f"again{n}", f"b{n}", "flash", now)
    fair.settle()
    assert (fair.statuses("again"), fair.taken("flash")) == ({"accepted": 1, "rejected": 99}, 1)
    assert fair.verified() == []


def test_a_process_killed_in_the_rush_sells_nothing_twice_and_loses_nothing_r2_7(fair: Fair) -> None:
    fair.open("surge", units=7, limit=1)
    now = fair.idle.clock()
    for n in range(600):
        fair.order(f"surge{n}", f"b{n}", "surge", now)
        if n == 300:
            fair.flush()
            fair.stack.services["order-1"].kill()
    fair.flush()
    fair.stack.services["order-1"].start()
    fair.settle()
    assert (fair.statuses("surge"), fair.taken("surge")) == ({"accepted": 7, "rejected": 593}, 7)
    fair.idle.set_clock(timedelta(minutes=31))
    assert (fair.statuses("surge"), fair.taken("surge")) == ({"expired": 7, "rejected": 593}, 0)
    assert fair.verified() == []


def test_the_database_itself_refuses_to_oversell_r2_7(fair: Fair) -> None:
    fair.open("guarded", units=2, limit=1)
    for taken in (3, -1):
        with pytest.raises(asyncpg.CheckViolationError):
            fair.rows(
                "UPDATE \"order\".allotment SET body = body::jsonb || $1::jsonb WHERE key = 'guarded/tea'", json.dumps({"taken": taken})
            )


def test_a_hundred_accounts_of_one_person_share_one_limit_r2_7(fair: Fair) -> None:
    """A chain: each account shares a device with the next; told in an order that merges pieces of it."""
    fair.open("crowd", units=500, limit=3)
    for n in [*range(1, 100, 2), *range(0, 100, 2)]:
        fair.link(f"m{n:02}", f"d{n}")
        fair.link(f"m{n:02}", f"d{n + 1}")
    fair.settle()
    now = fair.idle.clock()
    for n in range(100):
        fair.order(f"chain{n}", f"m{n:02}", "crowd", now)
    fair.settle()
    assert (fair.statuses("chain"), fair.taken("crowd")) == ({"accepted": 3, "rejected": 97}, 3)
    assert fair.verified() == []


def test_a_suspension_that_is_found_late_closes_unpaid_orders_lists_paid_ones_and_refuses_new_ones_r2_8(fair: Fair) -> None:
    """The violation is told an hour after it happened."""
    now = fair.idle.clock()
    for n in range(40):
        fair.order(f"late{n}", f"b{n}", None, now, seller_id="bad")
        if n % 2:
            body = {"order_id": f"late{n}", "payment_id": f"p{n}", "amount_minor": 100, "currency": "CNY"}
            fair.send("psp", "payment.succeeded", f"late{n}", now, **body)
    fair.settle()
    told = {"subject_id": "seller:bad", "violation_id": "v1", "kind": "off_platform", "points": 20, "level": 2}
    fair.send("governance", "violation.recorded", "seller:bad", now - timedelta(hours=1), **told)
    fair.settle()
    assert fair.statuses("late") == {"closed": 20, "paid": 20}
    listed = fair.rows("""SELECT key FROM "order"."order" WHERE body::jsonb -> 'suspended' ? 'seller:bad'""")
    assert {row[0] for row in listed} == {f"late{n}" for n in range(1, 40, 2)}
    fair.order("new", "b1", None, fair.idle.clock(), seller_id="bad")
    fair.order("other", "b1", None, fair.idle.clock())
    fair.settle()
    assert (fair.statuses("new"), fair.statuses("other")) == ({"rejected": 1}, {"accepted": 1})
    assert fair.verified() == []
