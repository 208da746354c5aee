"""What the database itself refuses of the ledger, whoever asks. Source: R3.1."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.infra import Fresh

pytestmark = pytest.mark.stack
INSERT = """
INSERT INTO posting (tx, ordinal, account, currency, amount_minor, order_id, at, kind)
SELECT $1, n - 1, account, currency, amount, 'o1', '2026-06-01T00:00:00Z', 'escrow.funded'
  FROM unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY u(account, currency, amount, n)
"""
Entry = tuple[str, str, int]


@pytest.fixture
async def connection(fresh: Fresh) -> AsyncIterator[asyncpg.Connection]:
    """As the payment service's role is, on a schema of its own."""
    schema = await asyncio.to_thread(fresh.schema, "payment")
    it = await asyncpg.connect(schema.dsn)
    yield it
    await it.close()


async def post(connection: asyncpg.Connection, *entries: Entry) -> None:
    accounts, currencies, amounts = ([one[at] for one in entries] for at in range(3))
    await connection.execute(INSERT, uuid.uuid4(), accounts, currencies, amounts)


async def held(connection: asyncpg.Connection) -> dict[tuple[str, str], int]:
    return {(row["account"], row["currency"]): int(row["amount_minor"]) for row in await connection.fetch("SELECT * FROM balance")}


async def test_a_balanced_transaction_within_bounds_is_taken(connection: asyncpg.Connection) -> None:
    await post(connection, ("psp:cash", "CNY", -100), ("escrow:o1", "CNY", 100))
    assert await held(connection) == {("psp:cash", "CNY"): -100, ("escrow:o1", "CNY"): 100}


async def test_an_unbalanced_transaction_is_refused_per_currency_r3_1(connection: asyncpg.Connection) -> None:
    """Yen do not balance dinars, though the numbers do."""
    for entries in (
        [("psp:cash", "CNY", -100), ("escrow:o1", "CNY", 99)],
        [("psp:cash", "JPY", -100), ("escrow:o1", "KWD", 100)],
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="not to zero"):
            await post(connection, *entries)
    assert await held(connection) == {}


async def test_an_overdrawing_transaction_is_refused_per_currency_r3_1(connection: asyncpg.Connection) -> None:
    """Yen in escrow do not cover a dinar out of it."""
    await post(connection, ("psp:cash", "JPY", -100), ("escrow:o1", "JPY", 100))
    for currency, minor in (("JPY", 101), ("KWD", 1)):
        with pytest.raises(asyncpg.CheckViolationError, match=f"account escrow:o1 would hold -1 {currency}"):
            await post(connection, ("escrow:o1", currency, -minor), ("psp:cash", currency, minor))
    assert await held(connection) == {("psp:cash", "JPY"): -100, ("escrow:o1", "JPY"): 100}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE posting SET amount_minor = amount_minor", "DELETE FROM posting", "TRUNCATE posting", "DROP TRIGGER posting_keep ON posting"],
)
async def test_what_was_posted_stays_r3_1(connection: asyncpg.Connection, statement: str) -> None:
    await post(connection, ("psp:cash", "CNY", -100), ("escrow:o1", "CNY", 100))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    assert await connection.fetchval("SELECT count(*) FROM posting") == 2


async def test_not_even_the_owner_changes_what_was_posted_r3_1(fresh: Fresh) -> None:
    schema = await asyncio.to_thread(fresh.schema, "payment")
    owner = await asyncpg.connect(schema.owner_dsn)
    try:
        await post(owner, ("psp:cash", "CNY", -100), ("escrow:o1", "CNY", 100))
        for statement in ("UPDATE posting SET amount_minor = amount_minor", "DELETE FROM posting", "TRUNCATE posting"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(statement)
    finally:
        await owner.close()
