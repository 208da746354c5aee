"""Kafka and Postgres of docker-compose.yml as containers of their own, for the suite where a container engine answers."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy
from testcontainers.core.waiting_utils import WaitStrategy

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
REQUIRE = "REQUIRE_DOCKER"  # 1: a missing engine is a failure and no reason to skip
KAFKA_PORT, POSTGRES_PORT = 9094, 5432  # inside the containers
ENGINE_S = 20
READY_S = 180  # on a busy machine


@dataclass(frozen=True)
class Recipe:
    """One container; `files` by their absolute path in it, `bound` the host's port where it must be known before the start."""

    image: str
    user: str
    environment: Mapping[str, str]
    entrypoint: list[str] | None
    command: list[str] | None
    files: Mapping[str, bytes]
    port: int
    bound: int | None
    ready: WaitStrategy


@contextmanager
def started() -> Iterator[dict[str, str]]:
    """LAOTIE_* variables of someone who may do everything on both servers, which are gone afterwards; skips without an engine."""
    skip_without_engine()
    passwords = {name: secrets.token_hex(16) for name in ("kafka.broker", "kafka.admin", "postgres.laotie")}
    host, port = DockerClient().host(), _free_port()
    with ExitStack() as stack:
        stack.enter_context(container_of(kafka(host, port, passwords)))
        database = stack.enter_context(container_of(postgres(passwords)))
        yield {
            "LAOTIE_KAFKA": f"{host}:{port}",
            "LAOTIE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "LAOTIE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
            "LAOTIE_KAFKA_USERNAME": "admin",
            "LAOTIE_KAFKA_PASSWORD": passwords["kafka.admin"],
            "LAOTIE_POSTGRES": f"postgresql://laotie:{passwords['postgres.laotie']}@{host}:{database.get_exposed_port(POSTGRES_PORT)}/laotie",
        }


def skip_without_engine() -> None:
    """Fails instead where REQUIRE_DOCKER=1."""
    if reason := missing():
        if required():
            pytest.fail(f"{REQUIRE}=1, and {reason}", pytrace=False)
        pytest.skip(reason)


def required() -> bool:
    return os.environ.get(REQUIRE) == "1"


@cache
def missing() -> str:
    """Why containers cannot be started; empty when an engine answers."""
    try:
        client = docker.from_env(timeout=ENGINE_S)
        try:
            client.ping()
        finally:
            client.close()
    except DockerException as error:
        return f"no container engine answers: {error}"
    return ""


def kafka(host: str, port: int, passwords: Mapping[str, str]) -> Recipe:
    """Clients are told `host:port`, so it is chosen before the container starts."""
    return _recipe(
        "kafka",
        passwords,
        KAFKA_PORT,
        LogMessageWaitStrategy("Kafka Server started"),
        environment={"ADVERTISED_LISTENERS": f"CLIENT://localhost:9092,HOST://{host}:{port}"},
        bound=port,
    )


def postgres(passwords: Mapping[str, str]) -> Recipe:
    check = services()["postgres"]["healthcheck"]["test"]
    return _recipe("postgres", passwords, POSTGRES_PORT, ExecWaitStrategy(check[1:]))


def container_of(recipe: Recipe) -> DockerContainer:
    """Asks the engine, so it needs one."""
    container = DockerContainer(recipe.image, env=dict(recipe.environment), user=recipe.user, entrypoint=recipe.entrypoint)
    if recipe.command is not None:
        container.with_command(recipe.command)
    if recipe.bound is None:
        container.with_exposed_ports(recipe.port)
    else:
        container.with_bind_ports(recipe.port, recipe.bound)
    for path, content in recipe.files.items():
        container.with_copy_into_container(content, path, 0o444)
    return container.waiting_for(recipe.ready.with_startup_timeout(READY_S))


def services() -> dict[str, Any]:
    """As docker-compose.yml has them, merged and not interpolated."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def _recipe(
    name: str,
    passwords: Mapping[str, str],
    port: int,
    ready: WaitStrategy,
    *,
    environment: Mapping[str, str] | None = None,
    bound: int | None = None,
) -> Recipe:
    """Image, user, commands, configuration and secrets are the compose file's; the volumes that keep data are not."""
    service = services()[name]
    mounted = [volume.split(":")[:2] for volume in service["volumes"] if volume.startswith("./")]
    files = {target.lstrip("/"): (ROOT / source).read_bytes() for source, target in mounted}
    files |= {f"run/secrets/{secret}": passwords[secret].encode() for secret in service["secrets"]}
    return Recipe(
        image=service["image"],
        user=service["user"],
        environment={**service["environment"], **(environment or {})},
        entrypoint=service.get("entrypoint"),
        command=service.get("command"),
        files={f"/{path}": content for path, content in files.items()},
        port=port,
        bound=bound,
        ready=ready,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
