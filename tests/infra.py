"""Real Kafka and Postgres for tests: a started stack, and fresh topics and schemas on it."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.postgres import run
from deploy.local.services import migration_folders
from deploy.local.stack import Stack
from shared import postgres
from tests import containers

Infra = Literal["local", "external", "docker"]
STRIPES = 4  # enough for two processes to share and for topics to race; the broker works for each at its start and in every fetch
EXTERNAL = ("LAOTIE_KAFKA", "LAOTIE_POSTGRES")


def default_infra() -> Infra:
    """docker where an engine answers or REQUIRE_DOCKER=1 asks for one, else local."""
    return "docker" if containers.required() or not containers.missing() else "local"


@contextmanager
def started(infra: Infra, home: Path) -> Iterator[Stack]:
    """A prepared stack without services under a home of its own, gone afterwards. external: of as many stripes as LAOTIE_STRIPES says."""
    with pytest.MonkeyPatch.context() as patch, _variables(infra) as variables:
        for name in EXTERNAL if infra == "local" else ():
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        stack = Stack(home, stripes=None if infra == "external" else STRIPES)
        try:
            yield stack.start()
        finally:
            stack.stop()
            stack.home.remove()


@contextmanager
def _variables(infra: Infra) -> Iterator[Mapping[str, str]]:
    """LAOTIE_* variables that name the servers; empty where they are in the environment already or are started by the stack."""
    if infra != "docker":
        yield {}
        return
    with containers.started() as variables:
        yield variables


@dataclass(frozen=True)
class Schema:
    """A migrated schema of its own: `dsn` as the service's role, confined to it; `owner_dsn` as the owner, with it on the search path."""

    name: str
    dsn: str
    owner_dsn: str


class Fresh:
    """Makes things that no other test sees."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._topics: list[str] = []

    def topic(self, prefix: str = "test", partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Only `admin` may use it."""
        name = f"{prefix}.{secrets.token_hex(4)}"
        client = self._stack.admin()
        new = NewTopic(name, partitions, replication_factor=-1, config=dict(config or {"message.timestamp.type": "LogAppendTime"}))
        client.create_topics([new], operation_timeout=30)[name].result(30)
        self._topics.append(name)
        return name

    def schema(self, service: str = "order", folders: list[Path] | None = None) -> Schema:
        """None: the engine's migrations and the service's."""
        name, password = f"{service}_{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        admin = self._stack.dsn("admin")
        run(postgres.ensure_service(admin, name, password))
        run(postgres.migrate(admin, name, migration_folders(service) if folders is None else folders))
        joint = "&" if "?" in admin else "?"
        return Schema(name, postgres.with_role(admin, postgres.role_of(name), password), f"{admin}{joint}search_path={name}")

    def forget(self) -> None:
        """Topics cost the broker files and memory; schemas stay until the database goes."""
        if self._topics:
            client = self._stack.admin()  # must outlive its futures
            for future in client.delete_topics(self._topics).values():
                future.result(30)
