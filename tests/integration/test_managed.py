"""Servers whose account may not do everything, as a platform team gives them away: what it may not is said, and stops nobody needlessly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient

from deploy.local import topics
from deploy.local.kafka import KafkaServer, quiet
from deploy.local.postgres import run
from deploy.local.process import StackError
from deploy.local.services import migration_folders
from deploy.local.stack import Stack
from deploy.local.topics import Grant, Topic
from shared.postgres import ensure_service, migrate, quoted, role_of, with_role
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
