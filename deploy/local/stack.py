"""The whole local stack as one object: for tests and the fault harness in their own process, and behind `laotie up`."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Self

import asyncpg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import ValidationError

from deploy.local import beside, clients, policies, seeding, services, topics
from deploy.local.external import ExternalKafka, ExternalPostgres
from deploy.local.home import CHECKOUT, Home, default_home
from deploy.local.kafka import ADMIN, KafkaServer, quiet
from deploy.local.postgres import PostgresServer, run
from deploy.local.process import StackError
from deploy.local.services import ServiceProcess
from shared import postgres
from shared.settings import Settings

TOPICS = CHECKOUT / "deploy/topics.yaml"
ACLS = CHECKOUT / "deploy/acls.yaml"
GIVEN = "given."  # marks the passwords of accounts on somebody else's Kafka: not those of our own
TAKES_WRITES = ("target_session_attrs=read-write", "target_session_attrs=primary")  # which one does, asked by who only reads
LOCK_WAIT_S = 10  # the watchdogs of a killed owner need a moment


class Stack:
    """Everything of one home folder. All calls block; `start` returns when Kafka and Postgres answer and are prepared.

    LAOTIE_KAFKA or LAOTIE_POSTGRES in the environment name servers that are used instead of starting one.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        clock: Literal["system", "manual"] = "system",
        stripes: int | None = None,
        lasting: bool = False,
        say: Callable[[str], None] = lambda _: None,
        topics_file: Path = TOPICS,
        acls_file: Path = ACLS,
    ) -> None:
        self.home = Home((home or default_home()).resolve())
        self.clock, self._say = clock, say
        self.topics_file, self.acls_file = topics_file, acls_file
        self.stripes = stripes or _given().stripes  # few: a quicker fresh start
        self.services: dict[str, ServiceProcess] = {}
        self._lock: int | None = None
        self.kafka: KafkaServer | ExternalKafka = KafkaServer(self.home, self.principals, say, self._inherit, lasting=lasting)
        self.postgres: PostgresServer | ExternalPostgres = PostgresServer(self.home, self._inherit)
        self._use_external()

    @property
    def principals(self) -> list[str]:
        """Upstream apps, services and ops; not the two that no ACL binds."""
        return topics.principals(self.acls_file)

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap

    def dsn(self, role: str) -> str:
        """`admin`: the owner of all schemas; `ops`: reads all; else a service, confined to its own."""
        if role == "admin":
            return self.postgres.dsn
        dsn = postgres.with_role(self.postgres.dsn, postgres.role_of(role), self.home.secret(f"postgres.{role}"))
        return dsn.replace(*TAKES_WRITES) if role == postgres.OPS else dsn

    def settings(self, principal: str) -> Settings:
        """What a process of this principal finds in its environment; apps that have no database role get no database."""
        role = principal if principal in {"admin", postgres.OPS, *services.owners()} else None
        changes = {"clock": self.clock, "stripes": self.stripes, "http_port": 0} | ({"postgres": self.dsn(role)} if role else {})
        return self.kafka.settings(principal).model_copy(update=changes)

    def admin(self) -> AdminClient:
        """A client that may do everything."""
        return AdminClient(quiet(self.kafka.settings(ADMIN).confluent()))

    def start(self, *, fresh: bool = False, prepare: bool = True) -> Self:
        """Kafka and Postgres side by side, then topics, ACLs, roles, migrations. After a failure nothing runs."""
        if self._lock is None:
            self._lock = self.home.lock(LOCK_WAIT_S)
        try:
            if fresh:
                self.home.wipe()
            with ThreadPoolExecutor(2) as pool:
                for done in [
                    pool.submit(self._timed, "Kafka", self.kafka.start),
                    pool.submit(self._timed, "Postgres", self.postgres.start),
                ]:
                    done.result()
            if prepare:
                self.prepare()
        except BaseException:
            self.stop()
            raise
        return self

    def prepare(self) -> None:
        """Brings topics, ACLs, roles and schemas up to the files, and writes env and client files; changes nothing the second time."""
        run(beside.refuse_second(self, services.owners()))
        started = time.monotonic()
        client = self.admin()
        try:
            plan = topics.settle(client, topics.read_topics(self.topics_file, self.stripes), topics.read_grants(self.acls_file))
        except KafkaException as error:
            raise StackError(f"Kafka at {self.bootstrap}: {error.args[0].str()}") from error
        self._say(f"topics and ACLs: {len(plan.lines()) - len(plan.refused)} changes in {time.monotonic() - started:.1f} s")
        for one in plan.unseen:
            self._say(f"not compared, this account may not: {one}")
        if plan.refused:
            self._say(f"{len(plan.refused)} changes refused by the cluster, {plan.refused[0]} …: `laotie topics plan` lists them")
        started = time.monotonic()
        applied = run(self._migrate())
        self._say(f"roles and migrations: {len(applied)} applied in {time.monotonic() - started:.1f} s")
        run(seeding.seed_services(self))
        if self.clock == "manual":
            seeding.set_clock_once(self)
        for line in policies.publish_configured(self):
            self._say(line)
        clients.write(self)

    def stop(self) -> None:
        """Services, then Kafka, then Postgres; nothing of ours runs afterwards."""
        with ThreadPoolExecutor(max(1, len(self.services))) as pool:
            list(pool.map(lambda service: service.stop(), self.services.values()))
        self.services.clear()
        self.kafka.stop()
        self.postgres.stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def spawn(self, service: str, copies: int = 1, *, env: Mapping[str, str] | None = None, wait: bool = True) -> list[ServiceProcess]:
        """Starts that many more copies, each under its own name (`order-1`, `order-2` …) and address."""
        first = 1 + max((process.copy for process in self.services.values() if process.service == service), default=0)
        settings = self.settings(service)
        environment = {**environment_of(settings), **(env or {})}
        started = []
        for copy in range(first, first + copies):
            process = ServiceProcess(self.home, service, copy, environment, self._inherit, settings.grace_s)
            self.services[process.name] = process
            process.launch()
            started.append(process)
        self.write_services()
        if wait:
            for process in started:
                process.wait_ready()
        return started

    def remove(self, name: str) -> None:
        """Stops one copy and forgets it."""
        self.services.pop(name).stop()
        self.write_services()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _inherit(self) -> Sequence[int]:
        return () if self._lock is None else (self._lock,)

    def _timed(self, name: str, start: Callable[[], None]) -> None:
        started = time.monotonic()
        start()
        self._say(f"{name} ready in {time.monotonic() - started:.1f} s")

    def _use_external(self) -> None:
        """An address of our own (`.laotie/env` was sourced) is not somebody else's."""
        own_kafka, own_postgres = self.bootstrap, f"@127.0.0.1:{self.home.port('postgres')}/"
        if os.environ.get("LAOTIE_KAFKA", own_kafka) not in ("", own_kafka):
            self.kafka = ExternalKafka(_given(), lambda principal: self.home.known_secret(f"{GIVEN}kafka.{principal}"))
        if (dsn := os.environ.get("LAOTIE_POSTGRES", "")) and own_postgres not in dsn:
            self.postgres = ExternalPostgres(dsn)

    async def _migrate(self) -> list[str]:
        try:
            await postgres.ensure_ops(self.dsn("admin"), self.home.secret(f"postgres.{postgres.OPS}"))
            for service in services.owners():
                await postgres.ensure_service(self.dsn("admin"), service, self.home.secret(f"postgres.{service}"))
            work = [postgres.migrate(self.dsn("admin"), service, services.migration_folders(service)) for service in services.owners()]
            return [name for names in await asyncio.gather(*work) for name in names]
        except postgres.MigrationError as error:
            raise StackError(str(error)) from error
        except (OSError, asyncpg.PostgresError) as error:
            raise StackError(f"Postgres: {error}") from error

    def write_services(self) -> None:
        rows = {name: {"service": one.service, "address": one.address, "pid": one.pid} for name, one in self.services.items()}
        self.home.write("services.json", json.dumps(rows, indent=1))


def _given() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"LAOTIE_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()]
        raise StackError("\n".join(wrong)) from None


def environment_of(settings: Settings) -> dict[str, str]:
    """Settings as the LAOTIE_* variables that give them back."""
    return {f"LAOTIE_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value is not None}
