"""Forward-only migrations, and the roles that keep each service in its own schema."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

OPS = "ops"
ROLE_SETTINGS = {"jit": "off", "plan_cache_mode": "force_generic_plan", "timezone": "UTC"}  # plans made once and kept
LOCK_SECONDS = 20  # whoever comes after a migration that waits for a table waits too
_LOCK = 0x1A07  # first half of every advisory lock taken here; the second names the schema
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_FILE = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")
_REVOKE = re.compile(r"^ *(REVOKE [^;]+ FROM) laotie_\w+;", re.MULTILINE)  # as migrations spell it
_MISSING = """
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'v') AND r.rolname = ANY ($2::text[])
                  AND NOT has_table_privilege(r.oid, c.oid, 'SELECT'))
   AND 2 = (SELECT count(*) FROM pg_roles WHERE rolname = ANY ($2::text[]))
"""


class MigrationError(Exception):
    """The migration folders contradict what this database has already applied."""


async def migrate(dsn: str, schema: str, folders: Iterable[Path]) -> list[str]:
    """Names newly applied, in order; files are `NNNN_*.sql`, a name is the folder's owner and the file: `messaging/0001_init.sql`.

    Each file runs in its own transaction with only `schema` on the search path. Raises MigrationError before
    it changes anything when an applied file has changed, has gone, or a new one sorts before an applied one.
    """
    scripts = [(folder.resolve().parent.name, _read(folder)) for folder in folders]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1, hashtext($2))", _LOCK, schema)  # released with the session
        await _ensure_ledger(connection, schema)
        pending: list[tuple[str, str]] = []
        for owner, files in scripts:
            pending += await _pending(connection, schema, owner, files)
        for name, sql in pending:
            await _apply(connection, schema, name, sql)
        await _give_back_rights(connection, schema, [sql for _, files in scripts for sql in files.values()])
        return [name for name, _ in pending]
    finally:
        await connection.close()


async def ensure_service(dsn: str, service: str, password: str) -> None:
    """Role `laotie_<service>` and schema `<service>`; run before `migrate`, whose tables then come with the default grants.

    The role reads and writes the tables of its own schema and nothing else; a migration may REVOKE from it.
    """
    role, schema, ops = quoted(role_of(service)), quoted(service), quoted(role_of(OPS))
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await _ensure_role(connection, role_of(service), password)
            await _ensure_role(connection, role_of(OPS), None)
            database = quoted(await connection.fetchval("SELECT current_database()"))
            await connection.execute(f"""
                CREATE SCHEMA IF NOT EXISTS {schema};
                REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
                REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                GRANT CONNECT ON DATABASE {database} TO {role}, {ops};
                GRANT USAGE ON SCHEMA {schema} TO {role}, {ops};
                ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
                ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
                ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {ops};
                ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema};
            """)
            for setting, value in ROLE_SETTINGS.items():
                await connection.execute(f"ALTER ROLE {role} SET {setting} = {value}")
    finally:
        await connection.close()


async def ensure_ops(dsn: str, password: str) -> None:
    """Role `laotie_ops`: may read every service's schema and write none."""
    role = quoted(role_of(OPS))
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await _ensure_role(connection, role_of(OPS), password)
            await connection.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on; ALTER ROLE {role} SET timezone = 'UTC'")
    finally:
        await connection.close()


def role_of(service: str) -> str:
    if not _NAME.match(service):
        raise ValueError(f"not a service name: {service!r}")
    return f"laotie_{service}"


def with_role(dsn: str, role: str, password: str) -> str:
    """The same server, database and parameters, as another role."""
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{address}"))


def quoted(name: str) -> str:
    """A name as an SQL identifier; `order` is a reserved word."""
    return '"' + name.replace('"', '""') + '"'


async def _ensure_ledger(connection: asyncpg.Connection, schema: str) -> None:
    name = quoted(schema)
    await connection.execute(f"""
        CREATE SCHEMA IF NOT EXISTS {name};
        CREATE TABLE IF NOT EXISTS {name}.migration (
            name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
    """)
    if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", f"laotie_{schema}"):
        await connection.execute(f"REVOKE INSERT, UPDATE, DELETE ON {name}.migration FROM {quoted(f'laotie_{schema}')}")


async def _pending(connection: asyncpg.Connection, schema: str, owner: str, files: dict[str, str]) -> list[tuple[str, str]]:
    rows = await connection.fetch(f"SELECT name, sha256 FROM {quoted(schema)}.migration WHERE name LIKE $1", f"{owner}/%")
    applied = {row["name"]: row["sha256"] for row in rows}
    for name, digest in applied.items():
        if name not in files:
            newer = "a newer one did that: start that one, migrations only go forward"
            raise MigrationError(f"halt.schema_version: {name} was applied to schema {schema}, and this release does not have it; {newer}")
        if _digest(files[name]) != digest:
            raise MigrationError(f"{name} was changed after schema {schema} applied it; restore it and write a new file instead")
    pending = [(name, sql) for name, sql in files.items() if name not in applied]
    last = max(applied, default="")
    for name, _ in pending:
        if name < last:
            raise MigrationError(f"{name} is new but sorts before {last}, which schema {schema} has applied; give it the next number")
    return pending


def _read(folder: Path) -> dict[str, str]:
    """Text by name, in the order of the numbers."""
    paths = sorted(folder.glob("*.sql"))
    for path in paths:
        if not _FILE.match(path.name):
            raise MigrationError(f"{path} is not named NNNN_words.sql")
    return {f"{folder.resolve().parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in paths}


async def _apply(connection: asyncpg.Connection, schema: str, name: str, sql: str) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL search_path = {quoted(schema)}; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        try:
            await connection.execute(sql)
        except asyncpg.exceptions.LockNotAvailableError as error:
            raise MigrationError(f"{name} got no lock within {LOCK_SECONDS} s on schema {schema}: end who holds it, and again") from error
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{name} failed on schema {schema}: {error}") from error
        await connection.execute(f"INSERT INTO {quoted(schema)}.migration (name, sha256) VALUES ($1, $2)", name, _digest(sql))


async def _give_back_rights(connection: asyncpg.Connection, schema: str, scripts: Iterable[str]) -> None:
    """Tables of a dump that was restored before the roles were there came without rights: all are given anew, less what migrations took."""
    missing = await connection.fetchval(_MISSING, schema, [f"laotie_{schema}", f"laotie_{OPS}"])
    if not missing:
        return
    name, role = quoted(schema), quoted(f"laotie_{schema}")
    async with connection.transaction():
        await connection.execute(f"""
            SET LOCAL search_path = {name};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role};
            GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {name} TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {quoted(f"laotie_{OPS}")};
            REVOKE INSERT, UPDATE, DELETE ON migration FROM {role};
        """)
        for revoke in (found for sql in scripts for found in _REVOKE.findall(sql)):
            await connection.execute(f"{revoke} {role}")


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    """None leaves the password as it is. Roles belong to the whole server, so concurrent runs on other databases wait here too."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, 0)", _LOCK)
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {quoted(role)} LOGIN")
    if password is not None:
        escaped = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE {quoted(role)} LOGIN PASSWORD {escaped}")
