"""A second deployment on the servers of a first is refused before it changes anything: names of roles and consumer groups are fixed."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
from confluent_kafka import KafkaException

from deploy.local.external import ExternalKafka
from deploy.local.process import StackError
from shared.postgres import role_of

if TYPE_CHECKING:
    from deploy.local.stack import Stack

TIMEOUT_S = 10
ELSEWHERE = """
SELECT r.rolname, b.datname FROM pg_roles r
  JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid JOIN pg_database b ON b.oid = d.dbid
 WHERE r.rolname = ANY ($1::text[]) AND b.datname <> current_database() ORDER BY 1, 2 LIMIT 1
"""


async def refuse_second(stack: "Stack", services: Sequence[str]) -> None:
    """Raises StackError where this database is to get its first schemas, and another deployment's services go by these servers.

    New passwords of the roles would lock them out; in their groups, partitions would be taken from them by processes that halt.
    """
    try:
        begun, found = await _found(stack.dsn("admin"), services)
    except (OSError, asyncpg.PostgresError) as error:
        raise StackError(f"Postgres: {error}") from error
    if begun:
        return
    if found is not None:
        raise StackError(f"{found[0]} is a role of database {found[1]} too: each deployment needs a Postgres server of its own")
    if running := _running(stack, services):
        raise StackError(f"{running} runs on Kafka at {stack.bootstrap}, and goes by another database: each deployment needs its own")


async def _found(dsn: str, services: Sequence[str]) -> tuple[bool, asyncpg.Record | None]:
    """Whether a schema is here, and a role that another database has, with its name."""
    connection = await asyncpg.connect(dsn)
    try:
        begun = await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = ANY ($1::text[])", services)
        return bool(begun), await connection.fetchrow(ELSEWHERE, [role_of(service) for service in services])
    finally:
        await connection.close()


def _running(stack: "Stack", services: Sequence[str]) -> str:
    """The first one whose group has members. A broker that this home started serves this home alone."""
    if not isinstance(stack.kafka, ExternalKafka):
        return ""
    client = stack.admin()  # must outlive its futures
    groups = client.describe_consumer_groups(list(services), request_timeout=TIMEOUT_S)
    for service in services:
        with suppress(KafkaException):  # a group that nobody has made yet
            if groups[service].result(TIMEOUT_S).members:
                return service
    return ""
