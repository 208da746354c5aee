"""`laotie verify` finds what is wrong and names it: each kind of damage is done to the tables, seen, and undone.

Those that different statements find are done together, for looking at everything takes long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import asyncpg
import pytest
from confluent_kafka import Producer

from deploy.cli.rebuild import rebuilt
from deploy.local.kafka import quiet
from deploy.verify import verify
from deploy.verify.report import Report
from deploy.verify.tables import given_out
from deploy.whatif.read import recorded
from shared.messaging.stripes import stripe_of
from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
LANE = "WHERE topic = 'refund.v1' AND partition = (SELECT min(partition) FROM refund.lane WHERE topic = 'refund.v1')"

# What is done, how it is undone, what the first difference of which statement must name. {order}, {seller}: of the life below.
DAMAGE = {
    "an order that was never completed": (
        """UPDATE "order"."order" SET body = jsonb_set(body::jsonb, '{{lines,1,completed}}', 'true') WHERE key = '{order}'""",
        """UPDATE "order"."order" SET body = jsonb_set(body::jsonb, '{{lines,1,completed}}', 'false') WHERE key = '{order}'""",
        ("orders:", "order {order}, line 1"),
    ),
    "a version that no fact made": (
        "UPDATE payment.payment SET version = version + 1 WHERE key = '{order}'",
        "UPDATE payment.payment SET version = version - 1 WHERE key = '{order}'",
        ("every entity is its facts", "payment {order}"),
    ),
    "a fen more in escrow": (
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.posting SET amount_minor = amount_minor + 1 WHERE account = 'escrow:{order}'",
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.posting SET amount_minor = amount_minor - 1 WHERE account = 'escrow:{order}'",
        ("the table of postings", "escrow:{order}"),
    ),
    "a deposit that somebody lowered": (
        """UPDATE payment.account SET body = jsonb_set(body::jsonb, '{{purses,CNY,deposit_minor}}', '999') WHERE key = '{seller}'""",
        """UPDATE payment.account SET body = jsonb_set(body::jsonb, '{{purses,CNY,deposit_minor}}', '1000') WHERE key = '{seller}'""",
        ("every balance", "account of {seller} in CNY"),
    ),
    "a fen more of a deposit": (
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.posting SET amount_minor = amount_minor + 1 WHERE account = 'deposit:{seller}'; "
        "UPDATE payment.held SET amount_minor = amount_minor + 1 WHERE account = 'deposit:{seller}'",
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.posting SET amount_minor = amount_minor - 1 WHERE account = 'deposit:{seller}'; "
        "UPDATE payment.held SET amount_minor = amount_minor - 1 WHERE account = 'deposit:{seller}'",
        ("the table of postings", "deposit:{seller}"),
    ),
    "a sum that lets a deposit be overdrawn": (
        "UPDATE payment.held SET amount_minor = amount_minor + 1 WHERE account = 'deposit:{seller}'",
        "UPDATE payment.held SET amount_minor = amount_minor - 1 WHERE account = 'deposit:{seller}'",
        ("the table of postings", "what deposit:{seller} holds in CNY"),
    ),
    "a case that somebody moved": (
        """UPDATE refund.purchase SET body = jsonb_set(body::jsonb, '{{cases,c,state}}', '60') WHERE key = '{order}'""",
        """UPDATE refund.purchase SET body = jsonb_set(body::jsonb, '{{cases,c,state}}', '10') WHERE key = '{order}'""",
        ("cases: state", "case c of {order}"),
    ),
    "a break that nobody lists": (
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.statement_break SET step = 'explained', day = NULL, break_kind = NULL, movement = NULL, reference = NULL "
        "WHERE order_id = '{order}'",
        "SET LOCAL session_replication_role = replica; "
        "UPDATE payment.statement_break SET step = 'found', day = '{day}', break_kind = 'amount', movement = 'capture', "
        "reference = 'pay-{order}' WHERE order_id = '{order}'",
        ("every break is announced once", "pay-{order}"),
    ),
    "a movement that nobody will miss": (
        "UPDATE payment.timer SET due_at = due_at + interval '1 day' WHERE kind = 'statement.due' AND key = '{unstated}'",
        "UPDATE payment.timer SET due_at = due_at - interval '1 day' WHERE kind = 'statement.due' AND key = '{unstated}'",
        ("the breaks that stand", "{unstated}/capture"),
    ),
    "a fact that never reached its topic": (
        f"UPDATE refund.lane SET seq = seq + 1 {LANE}",
        f"UPDATE refund.lane SET seq = seq - 1 {LANE}",
        ("no gap", "1 of 1 to"),
    ),
    "an event that was swallowed": (
        """UPDATE "order".inbox SET id = 'x' || id WHERE id = '{paid}'""",
        """UPDATE "order".inbox SET id = '{paid}' WHERE id = 'x{paid}'""",
        ("nothing vanished", "{paid}"),
    ),
}


@pytest.fixture(scope="module")
def life(town: Town) -> Iterator[dict[str, str]]:
    deal = Deal(town, "damaged")
    deal.placed(line(1, 60_00), due=60_00)
    town.idle()
    body = {"order_id": deal.order, "payment_id": f"pay-{deal.order}", "amount_minor": 60_00, "currency": "CNY"}
    paid = town.send("psp", "payment.succeeded", deal.order, body)
    town.idle()
    deal.shipped()
    deal.signed()
    town.idle()
    deal.asked_back("c")
    deposit = {"seller_id": deal.seller, "currency": "CNY"}
    town.send("seller", "seller.registered", deal.seller, {**deposit, "deposit_required_minor": 50_00})
    town.send("seller", "deposit.topped_up", deal.seller, {**deposit, "deposit_id": "d", "amount_minor": 10_00})
    deal.stated(f"pay-{deal.order}", 59_99, day="2026-06-01")
    unstated = Deal(town, "unstated")
    unstated.placed(line(1, 60_00), due=60_00)
    town.idle()
    unstated.paid(60_00)
    town.idle()
    yield {"order": deal.order, "paid": paid, "seller": deal.seller, "day": "2026-06-01", "unstated": unstated.order}
    assert town.verified() == []


@pytest.fixture(scope="module")
def reports(town: Town, life: dict[str, str]) -> Mapping[str, Report]:
    """By damage, what verify says of it and of those done beside it."""
    found: dict[str, Report] = {}
    while left := {DAMAGE[what][2][0]: what for what in DAMAGE if what not in found}:
        for what in left.values():
            execute(town, DAMAGE[what][0].format(**life))
        try:
            found |= dict.fromkeys(left.values(), asyncio.run(verify(town.stack)))
        finally:
            for what in left.values():
                execute(town, DAMAGE[what][1].format(**life))
    return found


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found_and_named(life: dict[str, str], reports: Mapping[str, Report], what: str) -> None:
    statement, named = DAMAGE[what][2]
    found = next(check for check in reports[what].checks if check.name.startswith(statement))
    assert found.differences == 1, reports[what]
    assert named.format(**life) in found.first
    assert not reports[what].holds


def test_e2_what_a_stranger_writes_under_one_of_our_numbers_changes_nothing(town: Town, life: dict[str, str]) -> None:
    """Refused and named; ours under that number comes after it, and all that reads our topics goes on."""
    deal = Deal(town, "forged")
    partition = stripe_of(deal.order, town.stack.stripes)
    numbers = asyncio.run(given_out(town.stack.dsn("admin")))
    last = numbers.get(("order.v1", partition), 0)
    forged = {"ce_specversion": "1.0", "ce_id": "forged", "ce_source": "shop.example/storefront", "ce_type": "order.paid"}
    producer = Producer(quiet(town.stack.settings("admin").confluent()))
    for number in (last + 1, last + 9):
        headers: list[tuple[str, str | bytes | None]] = [*forged.items(), ("ce_sequence", str(number))]
        producer.produce("order.v1", b"{}", deal.order, partition, headers=headers)
    assert producer.flush(30) == 0
    town.idle()
    deal.placed(line(1, 60_00), due=60_00)
    town.idle()
    assert deal.types("order.v1") == ["order.accepted"]
    report = asyncio.run(verify(town.stack))
    assert (report.holds, report.strangers) == (True, 2)
    assert report.stranger.endswith("its ce_source is shop.example/storefront")
    assert asyncio.run(rebuilt(town.stack, "order", write=False)).agrees
    assert recorded(town.stack).records == report.records
    assert "order.paid" not in town.laotie("explain", deal.order)
    assert "left out; the first: order.paid at order.v1/" in town.laotie("verify")


def execute(town: Town, statements: str) -> None:
    async def change() -> None:
        connection = await asyncpg.connect(town.stack.dsn("admin"))
        try:
            async with connection.transaction():
                await connection.execute(statements)
        finally:
            await connection.close()

    asyncio.run(change())
