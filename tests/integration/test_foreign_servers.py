"""Kafka and Postgres of somebody else, behind TLS: settings alone are enough, and without the right ones nobody gets in."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import asyncpg
import pytest

from deploy.local.home import Home
from deploy.local.postgres import run
from deploy.local.process import StackError, tail
from deploy.local.services import ServiceProcess, discover
from deploy.local.stack import ACLS, Stack
from deploy.local.topics import principals
from deploy.market.clients import Publisher, Reader
from deploy.market.sent import Sent
from shared.messaging.app import Loop
from shared.messaging.connect import connector
from shared.settings import Settings
from tests.infra import Fresh, started
from tests.secured import Guest, Secured, issue, refusals, secured
from tests.toy.outside import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
MECHANISMS = get_args(Settings.model_fields["kafka_sasl_mechanism"].annotation)
GOODBYE_S, TOOL_S = 15, 120


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("others")) as servers:
        yield servers


@pytest.fixture(autouse=True)
def _named(others: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In this process as well. HOME: a root.crt may lie in that of whoever runs the tests."""
    wanted = others.environment(HOME=str(tmp_path))
    for name in set(os.environ) - set(wanted):
        monkeypatch.delenv(name)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that signed nothing here."""
    return issue(tmp_path_factory.mktemp("stranger") / "tls").ca


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_every_kind_of_kafka_client_gets_in_by_settings_alone(mechanism: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings().model_copy(update={"kafka_sasl_mechanism": mechanism})
    assert set((await refusals(settings, caplog)).values()) == {""}


@pytest.mark.parametrize("trusted", ["nobody", "a stranger", "another name"])
async def test_no_kafka_client_talks_to_a_broker_that_it_cannot_trust(
    trusted: str, stranger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "nobody": {"kafka_ca_file": None},
        "a stranger": {"kafka_ca_file": str(stranger)},
        "another name": {"kafka": Settings().kafka.replace("127.0.0.1", "localhost")},  # which the certificate does not have
    }
    answers = await refusals(Settings().model_copy(update=changes[trusted]), caplog)
    assert [name for name, answer in answers.items() if "certificate verify failed" not in answer] == [], answers


async def test_the_engine_talks_to_no_database_that_it_cannot_trust(others: Secured, stranger: Path) -> None:
    connection = await connector(others.dsn, "test")("check")
    assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await connection.close()
    plain = others.postgres.dsn
    refused: dict[str, tuple[type[Exception], str]] = {
        f"{plain}?sslmode=verify-full": (asyncpg.exceptions.ClientConfigurationError, "root certificate file"),
        f"{plain}?sslmode=verify-full&sslrootcert={stranger}": (ssl.SSLCertVerificationError, "certificate verify failed"),
        others.dsn.replace("@127.0.0.1", "@localhost"): (ssl.SSLCertVerificationError, "not valid for 'localhost'"),
        f"{plain}?sslmode=disable": (asyncpg.InvalidAuthorizationSpecificationError, "no encryption"),
    }
    for dsn, (error, text) in refused.items():
        with pytest.raises(error, match=text):
            await connector(dsn, "test")("check")


async def test_the_usual_postgres_variables_do_as_well(others: Secured, stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifests keep whom to trust out of the DSN."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(others.certificates.ca))
    await (await connector(others.postgres.dsn, "test")("check")).close()
    monkeypatch.setenv("PGSSLROOTCERT", str(stranger))
    with pytest.raises(ssl.SSLCertVerificationError):
        await connector(others.postgres.dsn, "test")("check")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LAOTIE_KAFKA_CA_FILE", "", "asked with SASL_SSL: .*certificate verify failed"),
        ("LAOTIE_KAFKA_CA_FILE", "/nowhere/ca.pem", "LAOTIE_KAFKA_CA_FILE: .*there is no file /nowhere/ca.pem"),
        ("LAOTIE_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT", "asked with SASL_PLAINTEXT: "),
        ("LAOTIE_KAFKA_SECURITY_PROTOCOL", "TLS", "LAOTIE_KAFKA_SECURITY_PROTOCOL: .*'SASL_SSL'"),
        ("LAOTIE_KAFKA_PASSWORD", "guess", "invalid credentials"),
        ("LAOTIE_POSTGRES", "{plain}?sslmode=verify-full", "root certificate file"),
        ("LAOTIE_POSTGRES", "{plain}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "sslrootcert.* is not there"),
        ("LAOTIE_POSTGRES", "{plain}?sslmode=disable", "no encryption"),
    ],
)
def test_a_stack_that_is_not_let_in_says_why(
    others: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value.format(plain=others.postgres.dsn))
    monkeypatch.setattr("deploy.local.external.ANSWER_S", 1)
    with pytest.raises(StackError, match=reason):
        Stack(tmp_path).start()


def test_a_tls_connection_is_closed_though_the_peer_says_no_goodbye(others: Secured) -> None:
    """Nor does Kafka, with an answer on its way; uvloop by itself waits twice as long as this."""

    def talk(listening: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(others.certificates.certificate, others.certificates.key)
        with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as peer:
            while True:
                peer.sendall(b"more" * 1000)

    async def visit(address: tuple[str, int]) -> bool:
        trusted = ssl.create_default_context(cafile=str(others.certificates.ca))
        _, writer = await asyncio.open_connection(*address, ssl=trusted)
        writer.close()
        closed = asyncio.create_task(writer.wait_closed())
        await asyncio.wait({closed}, timeout=GOODBYE_S)
        return closed.done() and isinstance(closed.exception(), TimeoutError)

    with socket.create_server(("127.0.0.1", 0)) as listening, asyncio.Runner(loop_factory=Loop) as runner:
        threading.Thread(target=talk, args=(listening,), daemon=True).start()
        assert runner.run(visit(listening.getsockname()))


@pytest.fixture(scope="module")
def guest(others: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    it = Guest(others, Home(tmp_path_factory.mktemp("guest")))
    try:
        yield it
    finally:
        it.laotie("down")
        it.home.remove()


@pytest.fixture(scope="module")
def passwords(others: Secured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `laotie prepare` takes it."""
    folder = tmp_path_factory.mktemp("passwords")
    for principal in principals(ACLS):
        (folder / f"kafka.{principal}").write_text(others.password(principal))
    return folder


def test_the_suite_can_use_them(tmp_path: Path) -> None:
    """As with --infra=external."""
    with started("external", tmp_path / "suite") as stack:
        fresh = Fresh(stack)
        topic, schema = fresh.topic(), fresh.schema("order")
        assert topic in stack.admin().list_topics(timeout=20).topics
        assert [run(count(dsn, "SELECT count(*) FROM stripe")) for dsn in (schema.dsn, schema.owner_dsn)] == [0, 0]
        fresh.forget()


def test_up_needs_two_addresses_and_an_account_on_each(others: Secured, guest: Guest) -> None:
    """The order comes by Java's producer, with the client file that `laotie up` wrote."""
    guest.laotie("up")
    sent = order("o-java")
    tool = [
        *others.kafka.command("org.apache.kafka.tools.ConsoleProducer"),
        "--bootstrap-server",
        others.kafka.bootstrap,
        "--topic",
        sent.topic,
    ]
    options = ["--command-config", str(guest.home.clients / "storefront.properties")]
    options += ["--reader-property", "parse.key=true", "--reader-property", "parse.headers=true"]
    headers = ",".join(f"{name}:{text.decode()}" for name, text in sent.headers)
    record = f"{headers}\t{sent.key}\t{sent.value.decode()}\n"
    subprocess.run([*tool, *options], input=record, text=True, check=True, timeout=TOOL_S)
    guest.laotie("idle")
    assert facts(guest, "o-java") == ["order.accepted"]
    assert "order.accepted" in guest.laotie("explain", "o-java")
    guest.laotie("verify")
    assert guest.laotie("topics", "plan") == "nothing to change\n"
    assert "sslrootcert" not in guest.laotie("status"), "an address, and nothing else of the DSN"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LAOTIE_KAFKA_CA_FILE", "", "certificate verify failed: unable to get local issuer certificate"),
        ("LAOTIE_KAFKA", "localhost:{port}", "Hostname mismatch, certificate is not valid for 'localhost'"),
        ("LAOTIE_KAFKA_PASSWORD", "guess", "invalid credentials"),
    ],
)
def test_a_service_that_is_not_let_in_says_why_and_is_not_ready(others: Secured, guest: Guest, name: str, value: str, reason: str) -> None:
    home = Home(guest.home.root / "second")
    port = others.kafka.bootstrap.rpartition(":")[2]
    variables = {name: value.format(port=port), "LAOTIE_POSTGRES": Stack(guest.home.root).dsn("order")}
    copy = ServiceProcess(home, "order", 2, variables, lambda: (), grace_s=5)
    copy.launch()
    try:
        until(lambda: reason in said(copy, "readyz"), 30, lambda: f"{said(copy, 'readyz')}\n{tail(copy.log)}")
        assert reason in copy.log.read_text()
        assert said(copy, "livez") == "ok"
    finally:
        copy.stop()


def test_each_service_gets_an_account_of_its_own_once_its_password_is_known(
    guest: Guest, passwords: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another mechanism, too: under that one nobody but the owner had an account."""
    guest.laotie("down")
    guest.variables["LAOTIE_KAFKA_SASL_MECHANISM"] = "SCRAM-SHA-512"
    monkeypatch.setenv("LAOTIE_KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
    guest.laotie("prepare", "--passwords", str(passwords))
    state = json.loads(guest.laotie("up", "--json"))
    accounts = {row["name"]: account(row["pid"]) for row in state["processes"] if row["pid"]}
    assert accounts == {f"{service}-1": service for service in discover()}
    Publisher(lambda app: Stack(guest.home.root).settings(app).confluent()).publish([order("o-own")])
    guest.laotie("idle")
    assert facts(guest, "o-own") == ["order.accepted"]


def test_down_ends_our_processes_and_leaves_the_servers_alone(others: Secured, guest: Guest) -> None:
    pids = (others.kafka.pid, others.postgres.pid)
    guest.laotie("down")
    assert pids == (others.kafka.pid, others.postgres.pid)
    assert None not in pids
    for service in discover():
        assert run(count(others.dsn, f'SELECT count(*) FROM "{service}".stripe WHERE held_by IS NOT NULL')) == 0, "stopped, not killed"


def test_the_env_file_goes_on_with_the_accounts_that_were_given(guest: Guest, passwords: Path) -> None:
    """So it may be sourced before commands that need the owners'."""
    guest.laotie("down")
    told = guest.shell(f'. "$LAOTIE_HOME/env"; laotie prepare --passwords {passwords}; laotie cursor move order psp.v1 0 --to 0 --yes')
    assert "order's cursor on psp.v1/0 stands at 0" in told


def said(process: ServiceProcess, probe: str) -> str:
    try:
        with urllib.request.urlopen(f"{process.address}/{probe}", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())
    except OSError as error:
        return str(error)


def order(order_id: str) -> Sent:
    line = {"line_no": 1, "sku": "tea", "seller_id": "s-1", "quantity": 2, "unit_price_minor": 50_00}
    body = {"order_id": order_id, "buyer_id": f"b-{order_id}", "currency": "CNY", "lines": [line], "due_minor": 100_00}
    return Sent("storefront", "storefront.v1", "shop.example", f"e-{order_id}", "order.placed", order_id, datetime.now(UTC), body, 0)


def facts(guest: Guest, order_id: str) -> list[str]:
    reader = Reader(Stack(guest.home.root).settings("ops").confluent(), ["order.v1"])
    try:
        return [one.type for one in reader.read() if one.key == order_id]
    finally:
        reader.close()


def account(pid: int) -> str:
    """With which that process connects to Kafka."""
    variables = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return next(text.partition("=")[2] for text in variables if text.startswith("LAOTIE_KAFKA_USERNAME="))


async def count(dsn: str, sql: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()
