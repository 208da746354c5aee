"""Whose money stands in an account of the ledger's page, since when, and what of it is old. Source: R3.1, R3.7."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.cli.accounts import ONE_BY_ONE
from tests.infra import Fresh
from tests.unit import builders as b

pytestmark = pytest.mark.stack
INSERT = """
INSERT INTO posting (tx, ordinal, account, currency, amount_minor, order_id, party, at)
SELECT $1, n - 1, account, 'CNY', amount, $4, $5, $6 FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY u(account, amount, n)
"""
PAID = """INSERT INTO payment (key, version, base, body) VALUES ('o1', 1, 0, '{"buyer_id": "b-1"}')"""
EACH = ONE_BY_ONE.replace("payment.", "")  # the schema is one of its own
BY_NAME, DEBIT, CREDIT = True, -1, 1


@pytest.fixture
async def connection(fresh: Fresh) -> AsyncIterator[asyncpg.Connection]:
    it = await asyncpg.connect((await asyncio.to_thread(fresh.schema, "payment")).dsn)
    yield it
    await it.close()


async def post(connection: asyncpg.Connection, at: str, account: str, minor: int, other: str, order: str | None = None) -> None:
    """From the other to the account, of the party that its name has where it is no order's."""
    party = None if order else account.partition(":")[2]
    await connection.execute(INSERT, uuid.uuid4(), [account, other], [minor, -minor], order, party, b.at(at))


async def owes(connection: asyncpg.Connection) -> None:
    """s1: 40 and 60 of June, 50 of which is repaid, and 5 of July. s2: all is repaid. s3: of July."""
    for at, party, minor in (("06-01", "s1", -40), ("06-11", "s1", -60), ("06-20", "s1", 50), ("06-02", "s2", -10), ("06-03", "s2", 10)):
        await post(connection, f"{at} 12:00", f"debt:{party}", minor, "platform:advance")
    for party in ("s1", "s3"):
        await post(connection, "07-05 00:00", f"debt:{party}", -5, "platform:advance")


async def test_each_debt_stands_since_its_oldest_part_that_is_not_repaid_r3_7(connection: asyncpg.Connection) -> None:
    await owes(connection)
    rows = await connection.fetch(EACH, "debt:", BY_NAME, DEBIT, None, None)
    assert [(row["whose"], row["amount_minor"], row["since"]) for row in rows] == [
        ("debt:s1", -55, b.at("06-11 12:00")), ("debt:s3", -5, b.at("07-05 00:00")),
    ]  # fmt: skip


@pytest.mark.parametrize(("until", "older"), [("07-05 00:00", [55, 5]), ("07-04 23:59", [50]), ("06-11 11:59", [])])
async def test_of_a_debt_what_is_old_is_what_repayments_have_not_reached_r3_7(
    connection: asyncpg.Connection, until: str, older: list[int]
) -> None:
    await owes(connection)
    rows = await connection.fetch(EACH, "debt:", BY_NAME, DEBIT, None, b.at(until))
    assert [row["older_minor"] for row in rows] == older


async def test_what_was_owed_at_a_past_moment_knows_nothing_of_later_r3_1(connection: asyncpg.Connection) -> None:
    await owes(connection)
    rows = await connection.fetch(EACH, "debt:", BY_NAME, DEBIT, b.at("06-15 00:00"), None)
    assert [(row["whose"], row["amount_minor"]) for row in rows] == [("debt:s1", -100)]


async def test_what_is_unclaimed_is_told_by_order_and_buyer_r3_5(connection: asyncpg.Connection) -> None:
    """The page has one account for all of it: whose it is, its orders say."""
    await connection.execute(PAID)
    await post(connection, "06-01 12:00", "platform:unclaimed", 30, "psp:cash", "o1")
    await post(connection, "06-02 12:00", "platform:unclaimed", 12, "psp:cash", "o2")
    rows = await connection.fetch(EACH, "platform:unclaimed", not BY_NAME, CREDIT, None, None)
    assert [(row["whose"], row["buyer_id"], row["amount_minor"]) for row in rows] == [("o1", "b-1", 30), ("o2", None, 12)]
