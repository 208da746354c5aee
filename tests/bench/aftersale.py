"""After-sale lives on the four services: from the request to the refund, beside the plain loop with as many steps; and among open cases.

The orders are placed, paid, shipped and signed before anything is measured.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import asyncpg

from deploy.local.postgres import run
from tests.bench.money import SELLERS, Money
from tests.bench.whole import PATIENCE_S

TEMPLATE, COPIES = "pattern-0", "old-"
HELD = {"order": "order", "payment": "payment", "refund": "purchase"}  # what an open case stands in, by schema
FOR_GOOD, DAYS = timedelta(days=45), timedelta(days=5)

STORE = """
INSERT INTO "{schema}"."{table}" (key, version, base, body)
SELECT $2 || n, version, base, replace(body::text, $1, $2 || n)::json
  FROM "{schema}"."{table}", generate_series(1, $3::int) n WHERE key = $1
"""
ARM = """
INSERT INTO "{schema}".timer (kind, subject, key, stripe, due_at, body)
SELECT kind, replace(subject, $1, $2 || n), $2 || n, n % $4, due_at + interval '1 year' * (1 + random()), body
  FROM "{schema}".timer, generate_series(1, $3::int) n WHERE key = $1
"""  # years ahead: armed, and never due while this runs
FORGET = """DELETE FROM "{schema}"."{table}" WHERE key LIKE $1 || '%'"""
COUNT = "SELECT count(*) FROM refund.timer WHERE key LIKE $1 || '%'"


def life(money: Money) -> dict[str, Any]:
    """Request, approval, waybill, receipt, inspection, refund; the plain loop does as many steps after it."""
    orders = money.sizes["orders"]
    found = _lived(money, orders)
    _rest(money)
    raw = money.raw(found["steps_per_life"])
    return money.told("aftersale", found | {"raw_steps_per_s": raw["steps_per_s"]})


def cases(money: Money) -> dict[str, Any]:
    """The same lives with few open cases, with many that have deadlines, and with few again."""
    count, orders = money.sizes["cases"], money.sizes["orders"]
    before = _lived(money, orders)
    began = time.monotonic()
    stored = run(_store(money, count))
    money.say(f"{stored} open cases with armed deadlines stored in {time.monotonic() - began:.0f} s")
    many = _lived(money, orders)
    run(_forget(money))
    after = _lived(money, orders)
    _rest(money)
    few = {name: (before[name] + after[name]) / 2 for name in before}
    found = {"open_cases": stored, "steps_per_s": many["steps_per_s"], "few_steps_per_s": few["steps_per_s"]}
    cpu = many["cpu_ms_per_step"] / few["cpu_ms_per_step"]
    return money.told("cases", found | {"slowdown": few["steps_per_s"] / many["steps_per_s"], "cpu_ratio": cpu})


def _lived(money: Money, orders: int) -> dict[str, float]:
    lives = money.lives
    lives.told(orders, SELLERS, "sent")
    steps, cpu = lives.handled(), lives.cpu()
    seconds = lives.told(orders, SELLERS, "returned", lives.prefix)
    done = lives.handled() - steps
    return {
        "lives_per_s": orders / seconds,
        "steps_per_life": done / orders,
        "steps_per_s": done / seconds,
        "cpu_ms_per_step": (lives.cpu() - cpu) * 1000 / done,
    }


def _rest(money: Money) -> None:
    """What these orders still have to come is over, so that other sections do not pay for it."""
    money.lives.idle.set_clock(FOR_GOOD, step=DAYS, timeout_s=PATIENCE_S)


async def _store(money: Money, count: int) -> int:
    """Copies of one order with an open case, in all three services."""
    money.lives.told(1, 1, "asked_for", TEMPLATE.removesuffix("0"))
    connection = await asyncpg.connect(money.lives.stack.dsn("admin"))
    try:
        for schema, table in HELD.items():
            await connection.execute(STORE.format(schema=schema, table=table), TEMPLATE, COPIES, count)
            await connection.execute(ARM.format(schema=schema), TEMPLATE, COPIES, count, money.lives.stack.settings("admin").stripes)
        await connection.execute("ANALYZE")
        return int(await connection.fetchval(COUNT, COPIES))
    finally:
        await connection.close()


async def _forget(money: Money) -> None:
    connection = await asyncpg.connect(money.lives.stack.dsn("admin"))
    try:
        for schema, table in HELD.items():
            for name in (table, "timer"):
                await connection.execute(FORGET.format(schema=schema, table=name), COPIES)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
