"""The queue of cases as staff read it: from the rows that facts wrote, and from what was stored before them. Source: R4.2, R4.11."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.refund.handlers import SERVICE
from services.refund.metrics import STANDING
from services.refund.model import PURCHASE
from services.refund.store import TASKS
from shared.contracts.refund import CaseClosed, RefundGranted
from shared.messaging.memory import Memory
from shared.messaging.saving import save_parts
from tests.infra import Fresh
from tests.unit.builders import BUYER, CASE, ORDER, SELLER, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.matrix import shop

pytestmark = pytest.mark.stack
STORE = "INSERT INTO purchase (key, version, base, body) VALUES ($1, 1, 0, $2) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
COMPARED = (
    "order_id, case_id, task, line_no, state, kind, ground, seller_id, buyer_id, turn, deadline, opened_at, since, attempts, grants,"
    " granted_minor, currency, waits_for_fund, stuck"
)
QUEUE = "SELECT * FROM case_queue ORDER BY case_id, task"
MIGRATION = (Path(__file__).parents[2] / "services/refund/migrations/0006_tasks.sql").read_text(encoding="utf-8")
TASK_ROWS = save_parts(SERVICE)["rows0"]


async def store(connection: asyncpg.Connection, memory: Memory) -> None:
    await connection.execute(STORE, ORDER, PURCHASE.body.dump_json(memory.entity(PURCHASE, ORDER)).decode())


async def say(connection: asyncpg.Connection, rows: list[tuple[Any, ...]]) -> None:
    """As a batch does it."""
    await connection.execute(TASK_ROWS.spelled(), *TASK_ROWS.arguments(TASKS.merged(rows)))


async def test_the_queue_has_one_row_a_task_with_all_that_staff_need_r4_2(fresh: Fresh) -> None:
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "refund")).dsn)
    memory = l.shop(*l.OPEN)
    case = l.case_of(memory)
    await store(connection, memory)
    await say(connection, memory.rows["case_task"])
    (row,) = await connection.fetch(QUEUE)
    place = (row["order_id"], row["case_id"], row["task"], row["line_no"], row["seller_id"], row["buyer_id"], row["kind"], row["ground"])
    assert place == (ORDER, CASE, "case", 1, SELLER, BUYER, "return_and_refund", "no_reason")
    assert (row["state"], row["turn"], row["deadline"], row["since"]) == (10, "seller", case.deadline, case.since)
    assert (row["opened_at"], row["attempts"], row["grants"]) == (case.applied_at, 1, 0)
    assert (row["rule"], row["waits_for_fund"], row["stuck"]) == ("R4.5", False, False)
    (standing,) = await connection.fetch(STANDING, case.deadline)
    assert (standing["cases"], standing["overdue"]) == (1, 0), "at its deadline its time is just over: R1.2's grace runs"
    assert case.deadline is not None
    overdue = [row["overdue"] for s in (30, 90) for row in await connection.fetch(STANDING, case.deadline + timedelta(seconds=s))]
    assert overdue == [0, 1], "of many cases one has always just ended: that is no deadline at which nothing happened"
    said = len(memory.rows["case_task"])
    memory.when(l.accepted(), l.posted(), l.confirmed(), l.not_paid())
    await store(connection, memory)
    for one in memory.rows["case_task"][said:]:
        await say(connection, [one])
    (row,) = await connection.fetch(QUEUE)
    grant = next(fact for fact in memory.facts if isinstance(fact, RefundGranted))
    assert (row["state"], row["turn"], row["deadline"], row["stuck"]) == (50, "platform", None, True)
    assert (row["granted_minor"], row["grants"], row["code"], row["currency"]) == (grant.amount_minor, 1, "case.refund_failed", "CNY")
    assert (row["kind"], row["seller_id"]) == ("return_and_refund", SELLER), "what only the first fact said stays"
    said = len(memory.rows["case_task"])
    memory.when(a.ruled(upheld=False))
    assert isinstance(memory.facts[-1], CaseClosed)
    await store(connection, memory)
    await say(connection, memory.rows["case_task"][said:])
    assert await connection.fetch(QUEUE) == []
    await connection.close()


async def test_an_open_appeal_is_a_row_of_its_own_r4_11(fresh: Fresh) -> None:
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "refund")).dsn)
    memory = shop(*a.DISPUTED, a.HEARD, a.ruled(upheld=False), a.appealed())
    await store(connection, memory)
    await say(connection, memory.rows["case_task"])
    (row,) = await connection.fetch(QUEUE)
    assert (row["task"], row["state"], row["turn"], row["deadline"]) == ("appeal", 70, "platform", at("07-01 10:00"))
    assert (row["kind"], row["seller_id"], row["stuck"]) == ("return_and_refund", SELLER, False)
    memory.when(a.appeal_ruled(upheld=False))
    await store(connection, memory)
    await say(connection, memory.rows["case_task"])
    assert await connection.fetch(QUEUE) == []
    await connection.close()


@pytest.mark.parametrize("told", [(*l.OPEN,), (*l.STUCK,), (*a.DISPUTED, a.HEARD, a.ruled(upheld=False), a.appealed())])
async def test_cases_from_before_the_rows_are_in_the_queue_all_the_same_r4_2(fresh: Fresh, told: tuple[Any, ...]) -> None:
    """The migration reads them from the purchases; code and rule come with the next fact."""
    memory = shop(*told)
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "refund")).owner_dsn)
    await connection.execute("TRUNCATE case_task")
    await store(connection, memory)
    await say(connection, memory.rows["case_task"])
    expected = [tuple(row.values()) for row in await connection.fetch(QUEUE.replace("*", COMPARED))]
    assert expected
    await connection.execute("DROP VIEW case_queue; DROP TABLE case_task; CREATE VIEW case_queue AS SELECT 1 AS one")
    await connection.execute(MIGRATION)
    assert [tuple(row.values()) for row in await connection.fetch(QUEUE.replace("*", COMPARED))] == expected
    await connection.close()
