"""Who may do what on the shared infrastructure: nobody anything, unless deploy/acls.yaml or a role's schema says so."""

import asyncio
import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import KafkaServer, quiet
from deploy.local.process import StackError
from deploy.local.stack import Stack, environment_of
from shared.postgres import OPS, ensure_service, role_of, with_role
from shared.settings import Settings
from tests.infra import Fresh
from tests.toy.outside import until

pytestmark = pytest.mark.stack
SERVICES = ("order", "payment", "refund", "trust")
ANSWER_S = 20


@pytest.fixture(autouse=True)
def _own_servers(stack: Stack) -> None:
    if not isinstance(stack.kafka, KafkaServer):
        pytest.skip("other servers have rules of their own")


def produce(settings: Settings, topic: str, timeout_s: float = ANSWER_S) -> KafkaError | None:
    """The broker's answer to one record."""
    answers: list[KafkaError | None] = []
    producer = Producer({**quiet(settings.confluent()), "enable.idempotence": True, "message.timeout.ms": int(timeout_s * 1000)})
    producer.produce(topic, b"{}", b"key", on_delivery=lambda error, _: answers.append(error))
    producer.flush(ANSWER_S)
    return answers[0]


def consume(settings: Settings, topic: str, group: str) -> KafkaError | None:
    """The first error, or None when the group got its partitions."""
    assigned: list[object] = []
    consumer = Consumer({**quiet(settings.confluent()), "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic], on_assign=lambda _, partitions: assigned.append(partitions))
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline and not assigned:
            message = consumer.poll(0.2)
            if message is not None and message.error():
                return message.error()
        return None if assigned else KafkaError(KafkaError._TIMED_OUT)
    finally:
        consumer.close()


def connection_errors(settings: Settings) -> set[int]:
    """Codes that a client sees while it tries to connect; empty when it got in."""
    codes: set[int] = set()
    properties: dict[str, Any] = {**quiet(settings.confluent()), "error_cb": lambda error: codes.add(error.code())}
    client = AdminClient(properties)
    deadline = time.monotonic() + ANSWER_S
    while not codes and time.monotonic() < deadline:
        client.poll(0.1)
        try:
            client.list_topics(timeout=0.5)
        except KafkaException:
            continue
        return set()
    return codes


def test_right_password_gets_in(stack: Stack) -> None:
    assert connection_errors(stack.settings("storefront")) == set()


def test_wrong_password_is_refused(stack: Stack) -> None:
    wrong = stack.settings("storefront").model_copy(update={"kafka_password": "guess"})
    assert KafkaError._AUTHENTICATION in connection_errors(wrong)


def test_password_of_another_is_refused(stack: Stack) -> None:
    wrong = stack.settings("psp").model_copy(update={"kafka_password": stack.settings("storefront").kafka_password})
    assert KafkaError._AUTHENTICATION in connection_errors(wrong)


def test_nobody_connects_without_a_name(stack: Stack) -> None:
    assert connection_errors(Settings(kafka=stack.bootstrap, kafka_security_protocol="PLAINTEXT", kafka_username=None)) != set()


@pytest.mark.parametrize("app", ["storefront", "psp", "logistics"])
def test_an_app_writes_its_own_topic(stack: Stack, app: str) -> None:
    assert produce(stack.settings(app), f"{app}.v1") is None


@pytest.mark.parametrize(
    ("principal", "topic"),
    [
        ("storefront", "psp.v1"),
        ("storefront", "order.v1"),
        ("psp", "storefront.v1"),
        ("order", "storefront.v1"),
        ("order", "payment.v1"),
        ("payment", "psp.v1"),
        ("refund", "order.timer.v1"),
        ("trust", "member.v1"),
        ("ops", "storefront.v1"),
        ("ops", "order.v1"),
    ],
)
def test_a_foreign_topic_cannot_be_written(stack: Stack, principal: str, topic: str) -> None:
    error = produce(stack.settings(principal), topic)
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("topic", ["ops.v1", "clock.v1"])
def test_only_ops_writes_ops_topics(stack: Stack, topic: str) -> None:
    assert produce(stack.settings("ops"), topic) is None
    for principal in set(stack.principals) - {"ops"}:
        error = produce(stack.settings(principal), topic)
        assert error is not None, principal
        assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, principal


@pytest.mark.parametrize("principal", ["storefront", "order", "ops"])
def test_nobody_begins_a_transaction(stack: Stack, principal: str) -> None:
    """One that is never ended would keep all who read what is committed from what comes behind it."""
    producer = Producer({**quiet(stack.settings(principal).confluent()), "transactional.id": principal})
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(ANSWER_S)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_an_app_reads_only_what_it_was_granted(stack: Stack) -> None:
    assert consume(stack.settings("psp"), "payment.v1", "psp-connector") is None
    error = consume(stack.settings("psp"), "storefront.v1", "psp-connector")
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_service_cannot_join_the_group_of_another(stack: Stack) -> None:
    error = consume(stack.settings("order"), "payment.v1", "payment")
    assert error is not None
    assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_an_unknown_topic_does_not_come_to_be(stack: Stack) -> None:
    assert produce(stack.settings("admin"), "storefront.v9", timeout_s=2) is not None
    assert "storefront.v9" not in stack.admin().list_topics(timeout=ANSWER_S).topics


def test_secrets_are_for_their_owner_only(stack: Stack) -> None:
    home = stack.home.root
    private = [home / "secrets.json", home / "env", home / "kafka/server.properties", *stack.home.clients.iterdir()]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in private} == {path.name: 0o600 for path in private}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_no_schema_but_its_own(stack: Stack, service: str) -> None:
    connection = await asyncpg.connect(stack.dsn(service))
    try:
        assert await connection.fetchval("SELECT count(*) FROM migration") >= 0
        for other in set(SERVICES) - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for schema"):
                await connection.fetch(f'SELECT * FROM "{other}".migration')
        for forbidden in ("DELETE FROM migration", "CREATE TABLE mine ()", "CREATE TABLE public.mine ()", "CREATE SCHEMA mine"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_ops_reads_every_schema_and_writes_none(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.dsn("ops"))
    try:
        for service in SERVICES:
            await connection.fetch(f'SELECT * FROM "{service}".migration')
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute('DELETE FROM "order".migration')
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute('DELETE FROM "order".migration')
    finally:
        await connection.close()


async def test_a_migration_can_make_a_table_append_only(fresh: Fresh, tmp_path: Path) -> None:
    folder = tmp_path / "order" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_init.sql").write_text(
        "CREATE TABLE fact (n int); CREATE TABLE state (n int);"
        "DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON fact FROM %I', 'laotie_' || current_schema()); END $$;"
    )
    schema = fresh.schema("order", [folder])
    connection = await asyncpg.connect(schema.dsn)
    try:
        await connection.execute("INSERT INTO fact VALUES (1); INSERT INTO state VALUES (1); UPDATE state SET n = 2; DELETE FROM state")
        for forbidden in ("UPDATE fact SET n = 2", "DELETE FROM fact", "TRUNCATE fact"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_the_database_asks_everyone_for_a_password(stack: Stack) -> None:
    for role in ("laotie", "laotie_order", "postgres"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(with_role(stack.dsn("admin"), role, "guess"))


async def test_a_role_is_let_in_by_whatever_password_it_was_given_last(stack: Stack, fresh: Fresh) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order", [])
    admin, role = stack.dsn("admin"), role_of(schema.name)
    for password in ("p@ss:w/o%40?#[ü] '\"\\$$", "it's another's"):
        await ensure_service(admin, schema.name, password)
        connection = await asyncpg.connect(with_role(admin, role, password))
        assert await connection.fetchval("SELECT current_user") == role
        await connection.close()


async def test_another_database_of_the_server_takes_no_roles_away(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Roles are the server's: with other passwords a second deployment would lock the first one's services out."""
    admin = await asyncpg.connect(stack.dsn("admin"))
    try:
        await admin.execute("CREATE DATABASE staging")
        second = environment_of(stack.settings("admin"))
        second["LAOTIE_POSTGRES"] = urlsplit(stack.dsn("admin"))._replace(path="/staging").geturl()
        for name, value in second.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(StackError, match="laotie_order is a role of database laotie too"):
            await asyncio.to_thread(Stack(tmp_path).start)
        for role in (OPS, "order"):
            await (await asyncpg.connect(stack.dsn(role))).close()
    finally:
        await admin.execute("DROP DATABASE staging")
        await admin.close()


async def test_a_new_database_takes_no_partitions_from_services_that_run(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Consumer groups have the services' names: a second deployment would halt, and hold what the first one's services had."""
    reader = Consumer({**quiet(stack.settings("trust").confluent()), "group.id": "trust"})
    try:
        reader.subscribe(["trust.timer.v1"])
        await asyncio.to_thread(until, lambda: reader.poll(0.1) is None and bool(reader.assignment()), ANSWER_S, lambda: "no partition")
        for name, value in environment_of(stack.settings("admin")).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("LAOTIE_POSTGRES")
        with pytest.raises(StackError, match=r"trust runs on Kafka at .*, and goes by another database"):
            await asyncio.to_thread(Stack(tmp_path).start)
    finally:
        reader.close()


async def test_role_settings_hold(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.dsn("order"))
    try:
        shown = {name: await connection.fetchval(f"SHOW {name}") for name in ("jit", "plan_cache_mode", "timezone", "search_path", "fsync")}
    finally:
        await connection.close()
    assert shown == {"jit": "off", "plan_cache_mode": "force_generic_plan", "timezone": "UTC", "search_path": '"order"', "fsync": "on"}
