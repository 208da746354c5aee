"""The database itself refuses a deposit below zero and a debt above it, whoever asks. Source: R3.1, R3.6, R3.7."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.messaging.connect import POINT_LOOKUPS
from tests.infra import Fresh, Schema

pytestmark = pytest.mark.stack
INSERT = """
INSERT INTO posting (tx, ordinal, account, currency, amount_minor, party, at)
SELECT $1, n - 1, account, 'CNY', amount, 's1', '2026-06-01T00:00:00Z'
  FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY u(account, amount, n)
"""


READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'posting'::regclass"


@pytest.fixture
def schema(fresh: Fresh) -> Schema:
    return fresh.schema("payment")


@pytest.fixture
async def connection(schema: Schema) -> AsyncIterator[asyncpg.Connection]:
    """As the payment service's role is, on a schema of its own."""
    it = await asyncpg.connect(schema.dsn)
    yield it
    await it.close()


async def post(connection: asyncpg.Connection, **amounts: int) -> None:
    accounts = [name.replace("__", ":") for name in amounts]
    await connection.execute(INSERT, uuid.uuid4(), accounts, list(amounts.values()))


async def held(connection: asyncpg.Connection) -> dict[str, int]:
    return {row["account"]: int(row["amount_minor"]) for row in await connection.fetch("SELECT * FROM balance WHERE amount_minor <> 0")}


async def test_a_deposit_is_drawn_to_zero_and_no_further(connection: asyncpg.Connection) -> None:
    await post(connection, psp__cash=-100, deposit__s1=100)
    await post(connection, deposit__s1=-60, platform__advance=60)
    with pytest.raises(asyncpg.CheckViolationError, match="account deposit:s1 would hold -1 CNY"):
        await post(connection, deposit__s1=-41, platform__advance=41)
    await post(connection, deposit__s1=-40, platform__advance=40)
    assert await held(connection) == {"psp:cash": -100, "platform:advance": 100}


async def test_a_debt_is_repaid_to_zero_and_no_further(connection: asyncpg.Connection) -> None:
    await post(connection, debt__s1=-50, platform__advance=50)
    await post(connection, psp__cash=-100, balance__s1=100)
    await post(connection, balance__s1=-30, debt__s1=30)
    with pytest.raises(asyncpg.CheckViolationError, match="account debt:s1 would hold 1 CNY"):
        await post(connection, balance__s1=-21, debt__s1=21)
    await post(connection, balance__s1=-20, debt__s1=20)
    assert await held(connection) == {"platform:advance": 50, "psp:cash": -100, "balance:s1": 50}


async def test_nobody_is_owed_a_debt_out_of_nothing(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="account debt:s1 would hold 1 CNY"):
        await post(connection, debt__s1=1, platform__advance=-1)


@pytest.mark.parametrize("account", ["escrow:o1", "unwanted:o1", "balance:s1", "payout:s1"])
async def test_the_bounds_that_stood_before_still_stand(connection: asyncpg.Connection, account: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=f"account {account} would hold -1 CNY"):
        await post(connection, **{account.replace(":", "__"): -1, "psp__cash": 1})


async def test_a_debit_of_a_party_opens_none_of_the_postings_before_it(connection: asyncpg.Connection) -> None:
    """A promoter is drawn on by each order that it subsidises: the millionth costs what the first did."""
    for setting, value in POINT_LOOKUPS.items():
        await connection.execute(f"SET {setting} = {value}")
    await post(connection, psp__cash=-10_000, prefunded__s1=10_000)
    await connection.execute(INSERT, uuid.uuid4(), ["prefunded:s1", "promoter_subsidy:s1"] * 2_000, [-1, 1] * 2_000)
    async with connection.transaction():
        before = await connection.fetchval(READ)
        await post(connection, prefunded__s1=-1, promoter_subsidy__s1=1)
        assert await connection.fetchval(READ) - before < 20
    with pytest.raises(asyncpg.CheckViolationError, match="account prefunded:s1 would hold -1 CNY"):
        await post(connection, prefunded__s1=-8_000, promoter_subsidy__s1=8_000)


async def test_a_sum_that_somebody_made_too_small_refuses_nothing(connection: asyncpg.Connection, schema: Schema) -> None:
    await post(connection, psp__cash=-100, prefunded__s1=100)
    owner = await asyncpg.connect(schema.owner_dsn)
    await owner.execute("UPDATE held SET amount_minor = 0")
    await owner.close()
    await post(connection, prefunded__s1=-100, promoter_subsidy__s1=100)


@pytest.mark.parametrize(
    ("account", "constraint"),
    [("deposit:s1", "deposit:s1 would hold -1 CNY"), ("balance:s1", "balance:s1 would hold -1 CNY"), ("psp:cash", "not to zero")],
)
async def test_a_temporary_table_of_the_role_stands_before_none_of_the_ledger(
    connection: asyncpg.Connection, schema: Schema, account: str, constraint: str
) -> None:
    """It may make some: what the check reads are the schema's all the same."""
    for table in ("posting", "held"):
        await connection.execute(f'CREATE TEMP TABLE {table} AS SELECT * FROM "{schema.name}".{table}')
    named = INSERT.replace("INTO posting", f'INTO "{schema.name}".posting')
    accounts, amounts = ([account], [-1]) if account == "psp:cash" else ([account, "psp:contested"], [-1, 1])
    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await connection.execute(named, uuid.uuid4(), accounts, amounts)


@pytest.mark.parametrize("statement", ["UPDATE posting SET amount_minor = amount_minor", "DELETE FROM posting"])
async def test_what_was_posted_to_them_stays(connection: asyncpg.Connection, statement: str) -> None:
    await post(connection, debt__s1=-50, platform__advance=50)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
