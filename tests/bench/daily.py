"""The pass of a day with very many subjects on real servers, and what live traffic notices of it. Source: R5.1.

Every subject's score is looked at in the hour after midnight, each in its own second; the clock walks through it at the pace of life
while orders come in. Then it is set to the end of the hour: all that is left is due at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from confluent_kafka import Producer

from deploy.local.kafka import quiet
from deploy.local.policies import policies_of
from deploy.local.postgres import run
from deploy.local.seeding import publish_clock
from services.trust.model import SCORE
from services.trust.rules.tier import look_on
from shared.days import local_date
from shared.messaging.stripes import stripe_of
from shared.policy import Policy
from tests.bench.money import Money
from tests.bench.whole import PATIENCE_S, Whole

RATE = 40.0  # orders a second
PART = 50_000  # subjects stored in one statement
TEMPLATE = "SELECT version, base, body::text FROM trust.score WHERE key LIKE 'seller:%' ORDER BY (body ->> 'items')::int DESC LIMIT 1"
LOOKED = "SELECT count(*) FROM trust.score WHERE key LIKE 'seller:day-%' AND version > $1"
SCORES, TIMERS = ("key", "version", "base", "body"), ("kind", "subject", "key", "stripe", "due_at", "body")


def measured(money: Money, subjects: int, seconds: float) -> dict[str, Any]:
    """Latency of orders in milliseconds, without and within the pass; looks a second as they fall due, and with all due at once."""
    lives = money.lives
    policy = policies_of(lives.stack).versions[-1]
    lives.told(100, 1, "plain")
    first, version = run(_store(lives, policy, subjects))
    money.say(f"{subjects:,} subjects are to be looked at")
    lives.idle.set_clock(first, step=timedelta(days=1), timeout_s=PATIENCE_S)
    before = money.quiet(RATE, seconds)
    with _walking(lives):
        within = money.quiet(RATE, seconds, rest=False)
    paced = int(lives.rows(LOOKED, version)[0][0])
    began = time.monotonic()
    lives.idle.set_clock(first + timedelta(minutes=policy.trust.pass_minutes + 1), step=timedelta(days=1), timeout_s=PATIENCE_S)
    rest = time.monotonic() - began
    looked = int(lives.rows(LOOKED, version)[0][0])
    if looked != subjects:
        raise RuntimeError(f"{looked} of {subjects} subjects were looked at")
    found = {f"{name}_without": value for name, value in before.items()} | {f"{name}_within": value for name, value in within.items()}
    per_s = subjects / (policy.trust.pass_minutes * 60)
    return {
        "subjects": subjects,
        "looks_paced": paced,
        "due_per_s": per_s,
        **found,
        "at_once_per_s": (looked - paced) / rest,
        "rest_s": rest,
    }


async def _store(lives: Whole, policy: Policy, subjects: int) -> tuple[datetime, int]:
    """Copies of one seller, each to be looked at in its own second after the next midnight; the first of these, and the version stored."""
    connection = await asyncpg.connect(lives.stack.dsn("admin"))
    stripes = lives.stack.settings("admin").stripes
    found = await connection.fetchrow(TEMPLATE)
    assert found is not None
    version, base, seller = found[0], found[1], SCORE.parse(found[2])
    tomorrow = local_date(lives.idle.clock(), policy.zone) + timedelta(days=1)
    try:
        for since in range(0, subjects, PART):
            names = [f"seller:day-{number}" for number in range(since, min(subjects, since + PART))]
            scores = [replace(seller, subject_id=name, look_at=look_on(name, tomorrow, policy)) for name in names]
            rows = [(one.subject_id, version, base, SCORE.dump(one)) for one in scores]
            due = [timer for one in scores for timer in SCORE.due(one)]
            timers = [(t.type, t.subject, t.key, stripe_of(t.key, stripes), t.occurred_at, t.to_json()) for t in due]
            await connection.copy_records_to_table("score", schema_name="trust", columns=SCORES, records=rows)
            await connection.copy_records_to_table("timer", schema_name="trust", columns=TIMERS, records=timers)
        for settled in ("VACUUM ANALYZE trust.score", "VACUUM ANALYZE trust.timer", "CHECKPOINT"):  # else the load is measured too
            await connection.execute(settled)
    finally:
        await connection.close()
    return min(look_on(f"seller:day-{number}", tomorrow, policy) for number in range(min(subjects, PART))), version


@contextmanager
def _walking(lives: Whole) -> Iterator[None]:
    """The clock goes on at the pace of life, and waits for nobody."""
    producer = Producer({**quiet(lives.stack.settings("ops").confluent()), "acks": "all", "linger.ms": 0})
    began, now, stop = time.monotonic(), lives.idle.clock(), threading.Event()

    def walk() -> None:
        while not stop.wait(1.0):
            publish_clock(producer, now + timedelta(seconds=round(time.monotonic() - began)))

    with ThreadPoolExecutor() as pool:
        walked = pool.submit(walk)
        try:
            yield
        finally:
            stop.set()
        walked.result()
