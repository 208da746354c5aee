"""What waits for a person is listed from the states as stored, and leaves the list once it is answered; the rows that facts wrote, which
monitoring counts, say the same. Source: R3.1, R3.5, R3.8, R6.2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.payment.handlers import SERVICE
from services.payment.metrics import WAITING
from services.payment.store import ATTENTION
from services.trust.metrics import UNDECIDED
from services.trust.model.standing import STANDING, Appeal, Standing
from shared.attention import METRICS, show
from shared.contracts.payment import LineSettled, PayoutInstructed, RefundDone
from shared.messaging.memory import Memory
from shared.messaging.saving import save_parts
from tests.infra import Fresh
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.asks import payout_handled as found
from tests.unit.payment.bank import bank
from tests.unit.payment.disputes import closed, opened
from tests.unit.payment.test_bounced import ITEMS, back, word
from tests.unit.payment.test_handling import cancelled, handled
from tests.unit.payment.test_payout_bounced import bounced
from tests.unit.payment.test_payout_contradicted import contradicted

pytestmark = pytest.mark.stack
STORE = "INSERT INTO {} (key, version, base, body) VALUES ($1, 1, 0, $2)"
ATTENTION_ROWS = save_parts(SERVICE)[f"rows{SERVICE.rows.index(ATTENTION)}"]
TOLD = "SELECT key, kind, id, why FROM attention WHERE why IS NOT NULL"
MIGRATION = (Path(__file__).parents[2] / "services/payment/migrations/0010_attention.sql").read_text(encoding="utf-8")


async def listed(fresh: Fresh, memory: Memory) -> set[tuple[str, str, str, str, int, str]]:
    schema = await asyncio.to_thread(fresh.schema, "payment")
    connection = await asyncpg.connect(schema.dsn)
    try:
        for kind in memory.service.kinds:
            for (name, key), (_, entity) in memory.entities.items():
                if name == kind.name:
                    await connection.execute(STORE.format(name), key, kind.body.dump_json(entity).decode())
        found = {tuple(row) for row in await connection.fetch("SELECT key, kind, id, why, amount_minor, currency FROM needs_person")}
        if told := memory.rows.get("attention"):
            await connection.execute(ATTENTION_ROWS.spelled(), *ATTENTION_ROWS.arguments(ATTENTION.merged(told)))
        assert {tuple(row) for row in await connection.fetch(TOLD)} == {row[:4] for row in found}, "as the facts told it"
        return found
    finally:
        await connection.close()


def unanswered() -> tuple[Memory, str]:
    """A refund, a compensation, a payout and a chargeback of which nobody says the end; a refund that was refused."""
    lines = b.line(1), b.line(2, 50_00)
    memory = bank(b.order_paid(*lines), b.credited(75_00, order_id="o9", when="06-07 12:00"))
    memory.when(b.granted("r1", 10_00, when="06-08 09:00"), b.granted("r2", 5_00, line_no=2, when="06-08 09:00"))
    memory.when(b.refund_failed("r2", when="06-08 10:00"), asks.shipping_late(10_00, when="06-08 09:00"))
    memory.when(asks.withdrawal(75_00, when="06-08 09:00"), opened(40_00, when="06-08 12:00"))
    return memory, next(fact.payout_id for fact in memory.facts if isinstance(fact, PayoutInstructed))


async def test_money_that_waits_for_a_person_is_listed_until_it_is_answered_r3_1_r3_5_r3_8(fresh: Fresh) -> None:
    memory, payout = unanswered()
    refused = (b.ORDER, "refund", "r2", "not paid", 5_00, "CNY")
    assert await listed(fresh, memory) == {refused}
    memory.advance(b.at("12-01 00:00"))
    assert await listed(fresh, memory) == {
        refused,
        (b.ORDER, "refund", "r1", "no answer", 10_00, "CNY"),
        (b.ORDER, "compensation", "late1", "no answer", 10_00, "CNY"),
        (b.ORDER, "chargeback", "cb1", "no end", 40_00, "CNY"),
        (b.SELLER, "payout", payout, "no answer", 75_00, "CNY"),
    }
    memory.when(b.refund_paid("r1", when="12-02 10:00"), asks.compensation_paid(when="12-02 10:00"), closed("won", when="12-02 10:00"))
    memory.when(b.payout_paid(payout, when="12-02 10:00"))
    assert await listed(fresh, memory) == {refused}


async def test_what_a_bank_took_beyond_what_was_left_is_listed_r3_8(fresh: Fresh) -> None:
    memory = bank(b.order_paid(), b.granted("r1", 60_00, when="06-08 09:00"))
    memory.when(opened(100_00), closed("lost"))
    assert (b.ORDER, "chargeback", "cb1", "excess", 60_00, "CNY") in await listed(fresh, memory)


async def test_a_refund_that_failed_is_listed_until_a_ruling_decides_r3_5(fresh: Fresh) -> None:
    """Granted again, its place is taken by the next one, if that fails too; given up, nothing is left of it."""
    memory = bank(b.order_paid(), b.case_opened(), b.granted("r1", 10_00, when="06-08 09:00"), b.refund_failed("r1", when="06-08 10:00"))
    first, second = ((b.ORDER, "refund", name, "not paid", 10_00, "CNY") for name in ("r1", "r2"))
    assert await listed(fresh, memory) == {first}
    memory.when(b.granted("r2", 10_00, when="06-09 09:00").model_copy(update={"attempt": 2, "again_of": "r1"}))
    assert await listed(fresh, memory) == set()
    memory.when(b.refund_failed("r2", when="06-09 10:00"))
    assert await listed(fresh, memory) == {second}
    memory.when(b.case_closed(when="06-10 10:00").model_copy(update={"given_up": "r2"}))
    assert await listed(fresh, memory) == set()


async def test_what_the_provider_says_it_paid_after_all_is_listed_so_r3_5(fresh: Fresh) -> None:
    memory = bank(b.order_paid(), b.granted("r1", 10_00, when="06-08 09:00"), asks.shipping_late(10_00, when="06-08 09:00"))
    memory.when(b.refund_failed("r1"), asks.compensation_failed(), b.refund_paid("r1"), asks.compensation_paid())
    kinds = {("refund", "r1"), ("compensation", "late1")}
    assert await listed(fresh, memory) == {(b.ORDER, kind, name, "contradicted", 10_00, "CNY") for kind, name in kinds}


@pytest.mark.parametrize(("given", "item"), ITEMS.values(), ids=ITEMS)
async def test_what_the_provider_paid_and_says_came_back_is_listed_until_a_person_settled_it_r3_5(
    fresh: Fresh, given: Callable[[], Memory], item: str
) -> None:
    memory = given()
    assert await listed(fresh, memory) == set()
    memory.when(back(item))
    of = "compensation" if item == "late1" else "refund"
    assert await listed(fresh, memory) == {(b.ORDER, of, item, "contradicted", 100_00, "CNY")}
    memory.when(word(item, "arrived"))
    assert await listed(fresh, memory) == set()


async def test_a_payout_of_which_the_provider_said_both_is_listed_until_a_person_settled_it_r3_5(fresh: Fresh) -> None:
    for memory, payout in (contradicted(), bounced()):
        assert await listed(fresh, memory) == {(b.SELLER, "payout", payout, "contradicted", 75_00, "CNY")}
        memory.when(found(payout))
        assert await listed(fresh, memory) == set()


async def test_what_a_person_settled_by_hand_is_listed_no_more_r3_5(fresh: Fresh) -> None:
    """Of cancelled units the money goes back under another id."""
    memory = cancelled(b.line(1))
    assert await listed(fresh, memory) == {(b.ORDER, "refund", "x1", "not paid", 100_00, "CNY")}
    memory.when(handled("x1"))
    assert isinstance(memory.facts[-1], LineSettled | RefundDone)
    assert await listed(fresh, memory) == set()


async def test_monitoring_is_told_how_much_waits_and_since_when_r3_5(fresh: Fresh) -> None:
    memory, _ = unanswered()
    memory.advance(b.at("12-01 00:00"))
    rows = ATTENTION.merged(memory.rows["attention"])
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "payment")).dsn)
    await connection.execute(ATTENTION_ROWS.spelled(), *ATTENTION_ROWS.arguments(rows))
    show(await connection.fetch(WAITING, b.at("06-08 10:00") + timedelta(hours=30)))
    await connection.close()
    waiting, oldest = shown(METRICS.waiting), shown(METRICS.oldest)
    assert waiting == {
        ("refund", "not paid"): 1,
        ("refund", "no answer"): 1,
        ("compensation", "no answer"): 1,
        ("chargeback", "no end"): 1,
        ("payout", "no answer"): 1,
    }
    assert oldest["refund", "not paid"] == 30 * 3600
    show([])
    assert (shown(METRICS.waiting), shown(METRICS.oldest)) == ({}, {})


async def test_what_waited_before_the_rows_is_counted_all_the_same_r3_5(fresh: Fresh) -> None:
    """The migration reads it from the entities."""
    memory, _ = unanswered()
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "payment")).owner_dsn)
    await connection.execute("DROP TABLE attention")
    for (name, key), (_, entity) in memory.entities.items():
        body = next(kind.body for kind in memory.service.kinds if kind.name == name)
        await connection.execute(STORE.format(name), key, body.dump_json(entity).decode())
    await connection.execute(MIGRATION)
    assert [tuple(row) for row in await connection.fetch(TOLD)] == [(b.ORDER, "refund", "r2", "not paid")]
    await connection.close()


async def test_monitoring_is_told_of_appeals_that_nobody_decided_r6_2(fresh: Fresh) -> None:
    connection = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "trust")).dsn)
    opened = b.at("06-08 10:00")
    appeals = {"s1": Appeal(opened), "s2": Appeal(opened, "lost"), "s3": Appeal(opened, "won")}
    for key, appeal in appeals.items():
        standing = Standing(appeals={"v1": appeal})
        await connection.execute(STORE.format("standing"), key, STANDING.body.dump_json(standing).decode())
    (row,) = await connection.fetch(UNDECIDED, b.at("06-09 10:00"))
    assert tuple(row) == ("appeal", "undecided", 1, 86_400.0)
    await connection.close()


def shown(gauge: Any) -> dict[tuple[str, str], float]:
    return {(sample.labels["kind"], sample.labels["why"]): sample.value for sample in gauge.collect()[0].samples}
