"""Servers whose account may not do everything, as a platform team gives them away: what it may not is said, and stops nobody needlessly."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient

from deploy.cli.main import main
from deploy.local import topics
from deploy.local.external import ExternalPostgres
from deploy.local.home import Home
from deploy.local.kafka import KafkaServer, quiet
from deploy.local.postgres import run
from deploy.local.process import StackError
from deploy.local.services import migration_folders, owners
from deploy.local.stack import GIVEN, Stack, environment_of
from deploy.local.topics import Grant, Topic
from shared.messaging.connect import connector
from shared.postgres import OPS, ensure_service, migrate, quoted, role_of, with_role
from tests.infra import Fresh

pytestmark = pytest.mark.stack
ADMIN, DATABASE, SERVICE = "managed_admin", "managed", "rented"


@pytest.fixture(autouse=True)
def _own_servers(stack: Stack) -> None:
    if not isinstance(stack.kafka, KafkaServer):
        pytest.skip("other servers have rules of their own")


def account(stack: Stack, principal: str) -> AdminClient:
    return AdminClient(quiet(stack.settings(principal).confluent()))


@pytest.fixture
def topic(stack: Stack, fresh: Fresh) -> Topic:
    """As it is."""
    name = fresh.topic()
    partitions = len(stack.admin().list_topics(name, timeout=20).topics[name].partitions)
    return Topic(name, partitions, {"retention.ms": "604800000", "max.message.bytes": "6291456"})


def test_what_an_account_may_not_look_at_is_said_and_is_no_difference(stack: Stack) -> None:
    """An answer without ACLs, which the client makes of a refusal, is not that there are none."""
    seen = [one for one in topics.read_topics(stack.topics_file, stack.stripes) if one.name in ("order.v1", "trust.v1")]
    changes = topics.settle(account(stack, "insight"), seen, topics.read_grants(stack.acls_file))
    assert (changes.lines(), changes.refused) == ([], [])
    assert changes.unseen == ["configurations of 2 topics (order.v1 …; describe_configs)", "ACLs (describe of the cluster)"]


def test_a_topic_that_is_not_there_and_cannot_be_made_is_named(stack: Stack) -> None:
    wanted = topics.read_topics(stack.topics_file, stack.stripes)
    with pytest.raises(StackError, match=r"sees no topic storefront\.v1, .*clock\.v1.* may not make any \(.*[Aa]uthorization failed"):
        topics.settle(account(stack, "insight"), wanted, [])


def test_what_the_cluster_does_not_let_be_changed_stays_a_difference_and_stops_nobody(stack: Stack, topic: Topic) -> None:
    """`ops` may look at all of it and change nothing."""
    larger = replace(topic, config={**topic.config, "max.message.bytes": "6291457"})
    lacking = Grant("insight", "TOPIC", topic.name, False, "READ")
    changes = topics.settle(account(stack, "ops"), [larger], [lacking])
    assert f"~ topic {topic.name} max.message.bytes: 6291456 -> 6291457" in changes.refused
    assert f"+ acl {lacking}" in changes.refused
    assert sorted(changes.refused) == sorted(changes.lines())


def test_a_topic_that_loses_records_stops_whoever_may_not_mend_it(stack: Stack, topic: Topic) -> None:
    lasting = replace(topic, config={"retention.ms": "-1"})
    with pytest.raises(StackError, match=rf"~ topic {topic.name} retention\.ms: 604800000 -> -1: .*; it would lose records"):
        topics.settle(account(stack, "ops"), [lasting], [])


@pytest.fixture
def rented(stack: Stack) -> Iterator[str]:
    """DSN of an account that is no superuser: it may make roles, and owns one database."""

    async def do(*statements: str) -> None:
        connection = await asyncpg.connect(stack.dsn("admin"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    run(do(f"CREATE ROLE {ADMIN} LOGIN CREATEROLE PASSWORD 'x'", f"CREATE DATABASE {DATABASE} OWNER {ADMIN}"))
    try:
        yield with_role(stack.dsn("admin"), ADMIN, "x").rpartition("/")[0] + f"/{DATABASE}"
    finally:
        role = quoted(role_of(SERVICE))
        run(do(f"DROP DATABASE {DATABASE} WITH (FORCE)", f"DROP ROLE IF EXISTS {role}", f"DROP ROLE {ADMIN}"))


async def test_on_postgres_an_account_that_may_make_roles_and_owns_its_database_is_enough(rented: str) -> None:
    await ensure_service(rented, SERVICE, "first")
    assert await migrate(rented, SERVICE, migration_folders("payment"))
    await ensure_service(rented, SERVICE, "second")
    connection = await asyncpg.connect(with_role(rented, role_of(SERVICE), "second"))
    try:
        assert await connection.fetchval("SELECT count(*) FROM stripe") == 0
    finally:
        await connection.close()


@asynccontextmanager
async def ignoring(dsn: str) -> AsyncIterator[str]:
    """DSN of a pooler that is told to ignore what clients set as they connect, as far as this matters here."""
    host, _, port = dsn.rpartition("/")[0].rpartition("@")[2].partition(":")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        version, said = struct.unpack(f"!i{length - 8}s", await reader.readexactly(length - 4))
        words = said.rstrip(b"\0").split(b"\0")
        kept = b"".join(
            name + b"\0" + value + b"\0" for name, value in zip(words[::2], words[1::2], strict=True) if name in (b"user", b"database")
        )
        inner, outer = await asyncio.open_connection(host, int(port))
        outer.write(struct.pack("!ii", len(kept) + 9, version) + kept + b"\0")
        await asyncio.gather(pump(reader, outer), pump(inner, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield dsn.replace(f"{host}:{port}", "{}:{}".format(*server.sockets[0].getsockname()), 1) + "?sslmode=disable"


async def test_a_pooler_that_ignores_settings_is_refused_by_services_and_by_prepare(stack: Stack) -> None:
    """Its sessions are others' too: with the relay's synchronous_commit a batch that was published could be lost."""
    async with ignoring(stack.dsn("admin")) as pooled:
        with pytest.raises(asyncpg.InterfaceError, match="a pooler is in between"):
            await connector(pooled, "test")("check")
        with pytest.raises(StackError, match="a pooler is in between, name the server itself"):
            await asyncio.to_thread(ExternalPostgres(pooled).start)


def test_prepare_goes_on_where_its_account_only_sees_that_all_is_made(stack: Stack, tmp_path: Path) -> None:
    """Passwords of accounts that it may not make are taken all the same."""
    folder = tmp_path / "passwords"
    folder.mkdir()
    for name in ("kafka.insight", *(f"postgres.{role}" for role in (*owners(), OPS))):
        (folder / name).write_text(stack.home.secret(name))
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LAOTIE_")}
    own = environment_of(stack.settings("ops")) | {"LAOTIE_POSTGRES": stack.dsn("admin"), "LAOTIE_HOME": str(tmp_path / "home")}
    done = CliRunner().invoke(main, ["prepare", "--passwords", str(folder)], env=given | own)
    assert done.exit_code == 0, done.output
    assert f"passwords: none set, this account may not; the accounts must have those of {folder}" in done.output
    assert Home(tmp_path / "home").known_secret(f"{GIVEN}kafka.insight") == stack.home.secret("kafka.insight")


async def test_ops_finds_the_one_of_several_servers_that_takes_writes_as_services_do(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sessions read alone, which a client takes for a standby's: with the DSN of the runbook no command could look at anything."""
    monkeypatch.setattr(stack, "postgres", ExternalPostgres(f"{stack.dsn('admin')}?target_session_attrs=read-write"))
    for role in ("order", OPS):
        connection = await asyncpg.connect(stack.dsn(role))
        assert not await connection.fetchval("SELECT pg_is_in_recovery()")
        await connection.close()
