"""The local broker: one real Apache Kafka in KRaft mode, closed to everyone without a password and a grant."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from signal import Signals
from types import MappingProxyType
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported without an __all__
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from deploy.local import java
from deploy.local.home import Home
from deploy.local.process import Process, Restartable, StackError, lack, tail
from shared.settings import Settings

BROKER, ADMIN = "broker", "admin"  # the two that no ACL binds: the broker itself, and whoever applies topics and ACLs
READY_S = 120
STOP_S = 20
FORMAT_S = 120
SCRAM_ITERATIONS = 4096
LOG4J = Path(__file__).with_name("log4j2.properties")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs={data}

sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.client.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="broker" password="{broker_password}";
# SCRAM passwords live in the metadata log, which the controller must be able to read before it can check one: PLAIN here.
listener.name.controller.sasl.enabled.mechanisms=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="{broker_password}" user_broker="{broker_password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:broker;User:admin

auto.create.topics.enable=false
log.message.timestamp.type=LogAppendTime
message.max.bytes=6291456
replica.fetch.max.bytes=6291456
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# Tests that kill processes do not wait ten seconds for the group to notice.
group.min.session.timeout.ms=500
# A killed broker may register again only when its old session is over: 9 s by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
background.threads=2
num.recovery.threads.per.data.dir=8
log.index.size.max.bytes=1048576
"""


class KafkaServer(Restartable):
    """`start`, `stop` and `kill` at will: address, data and passwords stay.

    properties: further lines of server.properties, which win; security: the settings that its clients then need (TLS, say).
    lasting: it will run long and hard, so its code is worth compiling to the end; else that takes half of its CPU for some minutes.
    """

    def __init__(
        self,
        home: Home,
        principals: Sequence[str],
        say: Callable[[str], None],
        inherit: Callable[[], Sequence[int]],
        *,
        properties: Mapping[str, str] = MappingProxyType({}),
        security: Mapping[str, str] = MappingProxyType({}),
        lasting: bool = False,
    ) -> None:
        self._home, self._principals, self._say, self._inherit = home, principals, say, inherit
        self._further, self._security = properties, security
        self._compiler = [] if lasting else ["-XX:TieredStopAtLevel=1"]
        self.log = home.log("kafka")

    @cached_property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._home.ports(['kafka', 'kafka-controller'])['kafka']}"

    def settings(self, principal: str) -> Settings:
        """Connection of a principal; the other fields keep their defaults."""
        plain = Settings(
            kafka=self.bootstrap,
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_sasl_mechanism="SCRAM-SHA-256",
            kafka_username=principal,
            kafka_password=self._home.secret(f"kafka.{principal}"),
            kafka_ca_file=None,
        )
        return plain.model_copy(update=self._security)

    def start(self) -> None:
        """Returns when the broker answers an authenticated request."""
        if self.alive:
            return
        self.launch()
        self.wait_ready()
        self._add_principals()

    def launch(self) -> None:
        """Formats the data folder at the first start and starts the broker without waiting."""
        self._write_properties()
        if not (self._home.kafka / "data" / "meta.properties").exists():
            self._format()
        options = ["-Xms256m", "-XX:+ExitOnOutOfMemoryError", *self._compiler, *self._class_archive()]
        self._process = Process(
            "kafka",
            self.command("kafka.Kafka", self._properties, heap="512m", options=options),
            self.log,
            env=java_environment(),
            cwd=self._home.kafka,
            inherit=self._inherit(),
        )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        client = AdminClient(quiet(self.settings(ADMIN).confluent()))
        while True:
            if not self.alive:
                full = lack(self._home.kafka / "data")  # of which it says that an access to memory failed
                raise StackError("\n".join(["Kafka stopped while starting:", *([full] if full else []), tail(self.log)]))
            try:
                if client.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                if time.monotonic() > deadline:
                    raise StackError(f"Kafka is not ready after {READY_S} s; its log is {self.log}:\n{tail(self.log)}") from None

    def stop(self) -> None:
        if self._process:
            self._process.stop(Signals.SIGTERM, STOP_S)
            if self._class_draft.exists():
                self._class_draft.replace(java.class_archive())

    def command(self, main: str, *arguments: str | Path, heap: str = "256m", options: Sequence[str] = ()) -> list[str | Path]:
        """The command line of a Kafka main class on the resolved jars."""
        return [java.java(), f"-Xmx{heap}", "-XX:-UsePerfData", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={LOG4J}",
                *options, f"@{self.classpath_file}", main, *arguments]  # fmt: skip

    @cached_property
    def classpath_file(self) -> Path:
        """An argument file for `java @file`."""
        jars = ":".join(str(jar) for jar in java.classpath(self._say))
        return self._home.write("kafka/classpath", f'-cp "{jars}"\n')

    @property
    def _properties(self) -> Path:
        return self._home.kafka / "server.properties"

    @property
    def _class_draft(self) -> Path:
        return self._home.kafka / "classes.jsa"

    def _class_archive(self) -> list[str]:
        """Parsed classes from the first orderly stop on this machine make every later start more than a second faster."""
        archive = java.class_archive()
        chosen = f"-XX:SharedArchiveFile={archive}" if archive.exists() else f"-XX:ArchiveClassesAtExit={self._class_draft}"
        return [chosen, "-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"]

    def _write_properties(self) -> None:
        ports = self._home.ports(["kafka", "kafka-controller"])
        text = PROPERTIES.format(
            port=ports["kafka"],
            controller_port=ports["kafka-controller"],
            data=self._home.kafka / "data",
            broker_password=self._home.secret(f"kafka.{BROKER}"),
        )
        further = "".join(f"{name}={value}\n" for name, value in self._further.items())
        self._home.write("kafka/server.properties", text + further, mode=0o600)

    def _format(self) -> None:
        """Writes the cluster's id and the first passwords into the metadata log."""
        scram: list[str] = []
        for principal in [BROKER, ADMIN, *self._principals]:
            password = self._home.secret(f"kafka.{principal}")
            scram += ["--add-scram", f"SCRAM-SHA-256=[name={principal},password={password},iterations={SCRAM_ITERATIONS}]"]
        parsed = self._class_archive() if java.class_archive().exists() else []  # it knows too few classes to leave them to others
        command = self.command("kafka.tools.StorageTool", "format", "--cluster-id", self._home.secret("cluster_id"), "--config",
                               self._properties, *scram, options=["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *parsed])  # fmt: skip
        try:
            result = subprocess.run(
                command, capture_output=True, text=True, timeout=FORMAT_S, check=False, env=java_environment(), stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise StackError(f"Kafka's storage tool did not end within {FORMAT_S} s") from None
        if result.returncode != 0:
            raise StackError(f"Kafka's data folder cannot be formatted:\n{result.stdout}{result.stderr}")
        self._home.write("kafka/principals.json", json.dumps(list(self._principals)))

    def _add_principals(self) -> None:
        """Those that deploy/acls.yaml has gained since the data folder was formatted."""
        known = json.loads((self._home.kafka / "principals.json").read_text(encoding="utf-8"))
        new = [principal for principal in self._principals if principal not in known]
        if new:
            client = AdminClient(quiet(self.settings(ADMIN).confluent()))
            set_passwords(client, {name: self._home.secret(f"kafka.{name}") for name in new})
            self._home.write("kafka/principals.json", json.dumps([*known, *new]))


def set_passwords(client: AdminClient, passwords: Mapping[str, str], mechanism: str = "SCRAM-SHA-256") -> None:
    """Makes a SCRAM account of every principal, or gives it another password. mechanism: each has passwords of its own."""
    info = ScramCredentialInfo(ScramMechanism[mechanism.replace("-", "_")], SCRAM_ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, info, password.encode()) for name, password in passwords.items()
    ]
    for future in client.alter_user_scram_credentials(changes).values():
        future.result(READY_S)


def java_environment() -> Mapping[str, str]:
    """Nothing that the user's shell tells other Java programs."""
    return {
        name: value for name, value in os.environ.items() if name not in {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "KAFKA_OPTS"}
    }


def quiet(properties: Mapping[str, str]) -> dict[str, Any]:
    """librdkafka prints connection failures on stderr; here they are expected or raised."""
    return {**properties, "log_level": 0, "socket.timeout.ms": 10_000, "error_cb": lambda _: None}
