"""What a stranger needs beside the stack: an env file, client settings for every principal, and Kafka's own tools."""

import shlex
from typing import TYPE_CHECKING

from deploy.local.kafka import ADMIN, KafkaServer
from deploy.local.postgres import PostgresServer
from shared import postgres
from shared.settings import Settings

if TYPE_CHECKING:
    from deploy.local.stack import Stack

TOOLS = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
}
LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def write(stack: "Stack") -> None:
    """`env`, `clients/` and `bin/` of the home, with the passwords readable by their owner only."""
    for principal in [*stack.principals, ADMIN]:
        settings = stack.kafka.settings(principal)
        stack.home.write(f"clients/{principal}.properties", java_properties(settings), mode=0o600)
        stack.home.write(f"clients/{principal}.kcat", librdkafka_properties(settings), mode=0o600)
    stack.home.write("env", _env(stack), mode=0o600)
    if isinstance(stack.kafka, KafkaServer):
        for name, main in TOOLS.items():
            options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlaotie.level=ERROR"]
            command = shlex.join(map(str, stack.kafka.command(main, options=options)))
            stack.home.write(f"bin/{name}", f'#!/bin/sh\nexec {command} "$@"\n', mode=0o755)
            alias = stack.home.bin / f"{name}.sh"
            if not alias.exists():
                alias.symlink_to(name)
    psql = stack.home.bin / "psql"
    if isinstance(stack.postgres, PostgresServer) and not psql.exists():
        psql.unlink(missing_ok=True)
        psql.symlink_to(stack.postgres.binaries / "psql")


def java_properties(settings: Settings) -> str:
    """For `--command-config` of Kafka's Java tools."""
    lines = [f"bootstrap.servers={settings.kafka}", f"security.protocol={settings.kafka_security_protocol}"]
    if settings.kafka_username:
        module = LOGIN_MODULES[settings.kafka_sasl_mechanism]
        login = f'{module} required username="{settings.kafka_username}" password="{settings.kafka_password}";'
        lines += [f"sasl.mechanism={settings.kafka_sasl_mechanism}", f"sasl.jaas.config={login}"]
    if settings.kafka_ca_file:
        lines += ["ssl.truststore.type=PEM", f"ssl.truststore.location={settings.kafka_ca_file}"]
    return "\n".join(lines) + "\n"


def librdkafka_properties(settings: Settings) -> str:
    """For `kcat -F`; with the partitioner of Java clients, so that a key goes where the services expect it."""
    lines = [f"{key}={value}" for key, value in settings.confluent().items()]
    return "\n".join([*lines, "partitioner=murmur2_random"]) + "\n"


def _env(stack: "Stack") -> str:
    """The account of ops on servers of ours. On others it repeats the one we were given, so that `laotie` goes on with it."""
    settings = stack.kafka.settings(postgres.OPS if isinstance(stack.kafka, KafkaServer) else ADMIN)
    variables = {
        "LAOTIE_HOME": stack.home.root,
        "LAOTIE_KAFKA": settings.kafka,
        "LAOTIE_KAFKA_SECURITY_PROTOCOL": settings.kafka_security_protocol,
        "LAOTIE_KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism,
        "LAOTIE_KAFKA_USERNAME": settings.kafka_username,
        "LAOTIE_KAFKA_PASSWORD": settings.kafka_password,
        "LAOTIE_KAFKA_CA_FILE": settings.kafka_ca_file,
        "LAOTIE_POSTGRES": stack.dsn(postgres.OPS if isinstance(stack.postgres, PostgresServer) else "admin"),
        "LAOTIE_CLOCK": stack.clock,
        "LAOTIE_STRIPES": stack.stripes,
    }
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in variables.items() if value is not None]
    path = f"export PATH={shlex.quote(str(stack.home.bin))}:$PATH"
    return "\n".join(["# Written by `laotie up`: . .laotie/env", *lines, path]) + "\n"
