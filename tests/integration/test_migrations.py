"""Migrations move forward, once, and say so when somebody rewrites history."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from deploy.local.stack import Stack
from shared.postgres import MigrationError, migrate
from tests.infra import Fresh

pytestmark = pytest.mark.stack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "order" / "migrations"
    path.mkdir(parents=True)
    (path / "0001_init.sql").write_text('CREATE TABLE "order" (order_id text PRIMARY KEY)')
    return path


async def test_each_file_is_applied_once_in_order(stack: Stack, fresh: Fresh, folder: Path) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order", [])
    assert await migrate(stack.dsn("admin"), schema.name, [folder]) == ["order/0001_init.sql"]
    (folder / "0002_more.sql").write_text('ALTER TABLE "order" ADD COLUMN body jsonb')
    assert await migrate(stack.dsn("admin"), schema.name, [folder]) == ["order/0002_more.sql"]
    assert await migrate(stack.dsn("admin"), schema.name, [folder]) == []


async def test_many_starts_at_once_apply_once(stack: Stack, fresh: Fresh, folder: Path) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order", [])
    applied = await asyncio.gather(*(migrate(stack.dsn("admin"), schema.name, [folder]) for _ in range(6)))
    assert sorted(applied) == [[], [], [], [], [], ["order/0001_init.sql"]]


async def test_a_failing_file_leaves_no_trace(stack: Stack, fresh: Fresh, folder: Path) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order", [])
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (); SELECT 1 / 0")
    with pytest.raises(MigrationError, match=r"order/0002_bad.sql failed on schema .*division by zero"):
        await migrate(stack.dsn("admin"), schema.name, [folder])
    connection = await asyncpg.connect(schema.owner_dsn)
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert [row["name"] for row in await connection.fetch("SELECT name FROM migration")] == ["order/0001_init.sql"]
    await connection.close()


@pytest.mark.parametrize(
    ("rewrite", "message"),
    [
        (lambda folder: (folder / "0001_init.sql").write_text("SELECT 1"), "0001_init.sql was changed after schema"),
        (lambda folder: (folder / "0001_init.sql").unlink(), "0001_init.sql was applied to schema .* and is gone"),
        (lambda folder: (folder / "0000_early.sql").write_text("SELECT 1"), "0000_early.sql is new but sorts before"),
        (lambda folder: (folder / "later.sql").write_text("SELECT 1"), "not named NNNN_words.sql"),
    ],
)
async def test_rewritten_history_is_refused(stack: Stack, fresh: Fresh, folder: Path, rewrite: object, message: str) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order", [folder])
    assert callable(rewrite)
    rewrite(folder)
    with pytest.raises(MigrationError, match=message):
        await migrate(stack.dsn("admin"), schema.name, [folder])
