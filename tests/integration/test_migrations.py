"""Migrations move forward, once, and say so when somebody rewrites history."""

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.services import migration_folders
from deploy.local.stack import Stack
from services.order.model import ALLOTMENT, ORDER, Allotment, Order, Review
from services.payment.model import PAYMENT, Payment
from services.trust.model import GROUPS, SCORE, Buckets, Score, all_groups, together
from shared.messaging.shape import Kind
from shared.postgres import MigrationError, ensure_service, migrate
from tests.infra import Fresh, Schema
from tests.unit import builders as b
from tests.unit.order import shop
from tests.unit.payment import bank

pytestmark = pytest.mark.stack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "order" / "migrations"
    path.mkdir(parents=True)
    (path / "0001_init.sql").write_text('CREATE TABLE "order" (order_id text PRIMARY KEY)')
    return path


async def schema_before(fresh: Fresh, tmp_path: Path, service: str, moving: str) -> tuple[Schema, Callable[[], list[Path]]]:
    """The service's schema as it was before that file, and the folders with it."""
    *shared, own = migration_folders(service)
    older = tmp_path / service / "migrations"
    older.mkdir(parents=True)
    for path in own.glob("*.sql"):
        if path.name < moving:
            shutil.copy(path, older)

    def upgraded() -> list[Path]:
        shutil.copy(own / moving, older)
        return [*shared, older]

    return await asyncio.to_thread(fresh.schema, service, [*shared, older]), upgraded


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


async def test_a_migration_keeps_nobody_waiting_behind_a_transaction_that_was_forgotten(
    stack: Stack, fresh: Fresh, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only reads keeps no service from writing, but a migration that waits for it would. It says so, and is applied once it is gone."""
    monkeypatch.setattr("shared.postgres.LOCK_SECONDS", 1)
    schema = await asyncio.to_thread(fresh.schema, "order", [folder])
    (folder / "0002_more.sql").write_text('ALTER TABLE "order" ADD COLUMN body jsonb')
    reader = await asyncpg.connect(schema.owner_dsn)
    try:
        async with reader.transaction():
            await reader.fetch('SELECT FROM "order"')
            with pytest.raises(MigrationError, match="got no lock"):
                async with asyncio.timeout(20):
                    await migrate(stack.dsn("admin"), schema.name, [folder])
        assert await migrate(stack.dsn("admin"), schema.name, [folder]) == ["order/0002_more.sql"]
    finally:
        await reader.close()


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
        (
            lambda folder: (folder / "0001_init.sql").unlink(),
            "halt.schema_version: .*0001_init.sql was applied to schema .* does not have it",
        ),
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


RIGHTS = """
SELECT c.relname, a.grantee::regrole::text, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
  FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'v') AND a.grantee <> c.relowner GROUP BY 1, 2 ORDER BY 1, 2
"""


async def test_a_dump_that_was_restored_before_the_roles_were_there_has_their_rights_again(stack: Stack, fresh: Fresh) -> None:
    """No more than before: postings stay append-only, migrations their owner's."""
    schema = await asyncio.to_thread(fresh.schema, "payment")
    folders, role = migration_folders("payment"), f"laotie_{schema.name}"
    connection = await asyncpg.connect(stack.dsn("admin"))
    try:
        # the literal role of the migration is another one's here: what it takes is taken from this one, too
        for table in ("posting", "statement_break", "held", "balance", "open_break"):
            await connection.execute(f"REVOKE UPDATE, DELETE ON {schema.name}.{table} FROM {role}")
        for written in ("held", "balance", "open_break"):  # by nobody, or by the trigger
            await connection.execute(f"REVOKE INSERT ON {schema.name}.{written} FROM {role}")
        before = await connection.fetch(RIGHTS, schema.name)
        await connection.execute(f"DROP OWNED BY {role}")
        for relation in {row[0] for row in before}:
            await connection.execute(f'REVOKE ALL ON {schema.name}."{relation}" FROM laotie_ops')
        assert await connection.fetch(RIGHTS, schema.name) == []
        await ensure_service(stack.dsn("admin"), schema.name, "again")
        assert await migrate(stack.dsn("admin"), schema.name, folders) == []
        assert await connection.fetch(RIGHTS, schema.name) == before
    finally:
        await connection.close()


async def test_groups_that_lay_in_a_score_are_moved_into_rows_of_their_own(stack: Stack, fresh: Fresh, tmp_path: Path) -> None:
    schema, upgraded = await schema_before(fresh, tmp_path, "trust", moving := "0007_groups.sql")
    days = {"2026-06-16": 4, "2026-06-01": 3}
    goods = Buckets({"2026-06-16": 2}, dict.fromkeys(range(1, 36), days), {"2026-05-01": 1})
    now = datetime(2026, 6, 16, tzinfo=UTC)
    before = Score(810, False, 40, "2026-06-16", now, 35, {"goods": goods, "logistics": Buckets(days)}, "good", subject_id="seller:s1")
    connection = await asyncpg.connect(schema.owner_dsn)
    await connection.execute("INSERT INTO score VALUES ('seller:s1', 7, 6, $1)", SCORE.dump(before))
    assert await migrate(stack.dsn("admin"), schema.name, upgraded()) == [f"trust/{moving}"]
    row = await connection.fetchrow("SELECT version, body FROM score")
    rows = {key: GROUPS.parse(body) for key, body in await connection.fetch("SELECT key, body FROM groups")}
    await connection.close()
    assert row is not None
    after: Score = SCORE.parse(row["body"])
    assert (row["version"], after.buckets["goods"].grouped, set(rows)) == (7, {}, set(all_groups("seller:s1", after)))
    assert together(after, rows.values()) == before.buckets


@pytest.mark.parametrize(
    ("approved_from", "approved_until", "reviewed_at", "reviews"),
    [
        (None, None, None, ()),
        (None, None, 1, ((1, False),)),
        (1, None, 3, ((1, True), (3, True))),
        (1, 2, 2, ((1, True), (2, False))),
        (1, 2, 3, ((1, True), (2, False), (3, False))),
    ],
)
async def test_the_span_in_which_a_product_was_approved_becomes_its_reviews(
    stack: Stack, fresh: Fresh, tmp_path: Path, approved_from: int | None, approved_until: int | None, reviewed_at: int | None,
    reviews: tuple[tuple[int, bool], ...],
) -> None:  # fmt: skip
    def day(number: int) -> datetime:
        return datetime(2026, 6, number, tzinfo=UTC)

    schema, upgraded = await schema_before(fresh, tmp_path, "order", moving := "0004_reviews.sql")
    span = {"approved_from": approved_from, "approved_until": approved_until, "reviewed_at": reviewed_at}
    body = {name: f"{day(number):%Y-%m-%dT%H:%M:%SZ}" if number else None for name, number in span.items()}
    connection = await asyncpg.connect(schema.owner_dsn)
    rest = {"units": 5, "limit": None, "sized_at": None, "taken": 2}
    await connection.execute("INSERT INTO allotment VALUES ('c618/sku1', 7, 6, $1)", json.dumps({**body, **rest}))
    assert await migrate(stack.dsn("admin"), schema.name, upgraded()) == [f"order/{moving}"]
    row = await connection.fetchrow("SELECT version, body FROM allotment")
    await connection.close()
    assert row is not None
    known = tuple(Review(day(number), approved) for number, approved in reviews)
    assert (row["version"], ALLOTMENT.parse(row["body"])) == (7, Allotment(reviews=known, units=5, taken=2))


def two_ordered() -> Order:
    return shop.order(shop.shop(b.placed(b.cart(1), b.cart(2))))


def two_paid() -> Payment:
    return bank.payment(bank.funded(b.line(1), b.line(2)))


@pytest.mark.parametrize(("service", "kind", "moving"), [("order", ORDER, "0005_spans.sql"), ("payment", PAYMENT, "0011_spans.sql")])
async def test_when_a_line_was_freed_becomes_the_span_that_held_it(
    stack: Stack, fresh: Fresh, tmp_path: Path, service: str, kind: Kind[Any, Any], moving: str
) -> None:
    schema, upgraded = await schema_before(fresh, tmp_path, service, moving)
    lines = two_ordered if service == "order" else two_paid
    body, (freed, never) = kind.dump(lines()), ('"freed_at":"2026-06-20T10:00:00Z"', '"freed_at":null')
    body = body.replace('"spans":[]', freed, 1).replace('"spans":[]', never, 1)
    connection = await asyncpg.connect(schema.owner_dsn)
    await connection.execute(f"INSERT INTO \"{service}\" VALUES ('o1', 7, 6, $1)", body)
    assert await migrate(stack.dsn("admin"), schema.name, upgraded()) == [f"{service}/{moving}"]
    row = await connection.fetchrow(f'SELECT version, body FROM "{service}"')
    await connection.close()
    assert row is not None
    assert row["version"] == 7
    spans = [line.spans for line in kind.parse(row["body"]).lines.values()]
    assert spans == [((datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 6, 20, 10, tzinfo=UTC)),), ()]
