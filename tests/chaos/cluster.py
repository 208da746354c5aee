"""Servers that hold copies: brokers of which any one may be killed, frozen or started again, and a database that fails over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import Signals
from typing import Literal

import asyncpg

from deploy.local.home import Home
from deploy.local.kafka import ADMIN, BROKER, KafkaServer
from deploy.local.postgres import ACCESS, PostgresServer, _run_as, run
from deploy.local.stack import Stack
from shared.settings import Settings

COPIES = 3
STANDBY = "standby"
REPLICATION = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


class Cluster(KafkaServer):
    """Used like the one server of that home. brokers: once it was started."""

    def __init__(self, home: Home, principals: Sequence[str], inherit: Callable[[], Sequence[int]]) -> None:
        super().__init__(home, principals, lambda _: None, inherit)
        self.brokers: list[KafkaServer] = []

    def settings(self, principal: str) -> Settings:
        addresses = ",".join(one.bootstrap for one in self.brokers)
        return super().settings(principal).model_copy(update={"kafka": addresses})

    @property
    def alive(self) -> bool:
        return bool(self.brokers) and all(one.alive for one in self.brokers)

    def start(self) -> None:
        """A majority of controllers must be up before any of them answers."""
        self.brokers = self.brokers or self._made()
        down = [one for one in self.brokers if not one.alive]
        for one in down:
            one.launch()
        for one in down:
            one.wait_ready()

    def stop(self) -> None:
        for one in self.brokers:
            one.stop()

    def _made(self) -> list[KafkaServer]:
        secrets = {
            name: self._home.secret(name) for name in ("cluster_id", *(f"kafka.{who}" for who in (BROKER, ADMIN, *self._principals)))
        }
        homes = [Home(self._home.root / f"broker-{number}") for number in range(1, COPIES + 1)]
        controllers = [one.ports(["kafka", "kafka-controller"])["kafka-controller"] for one in homes]
        voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, 1))
        for one in homes:
            one.write("secrets.json", json.dumps(secrets), mode=0o600)
        return [
            KafkaServer(
                one,
                self._principals,
                self._say,
                self._inherit,
                properties={"node.id": str(number), "controller.quorum.voters": voters, **REPLICATION},
            )
            for number, one in enumerate(homes, 1)
        ]


class Pair(PostgresServer):
    """One that serves, and a standby that has a commit before anyone is told of it. Where the first was killed, starting is to promote
    the second, and to make another standby in the place of the first.
    """

    def __init__(self, home: Home, inherit: Callable[[], Sequence[int]]) -> None:
        super().__init__(home, inherit)
        self._servers: list[PostgresServer] = []  # who serves comes first

    @property
    def dsn(self) -> str:
        """Names both, as whoever connects does not know which one serves."""
        if len(self._servers) < 2:
            return super().dsn
        addresses = ",".join(sorted(one.address.partition("/")[0] for one in self._servers))
        before, _, after = super().dsn.rpartition("@")
        return f"{before}@{addresses}/{after.partition('/')[2]}?target_session_attrs=read-write"

    @property
    def pid(self) -> int | None:
        return self._servers[0].pid if self._servers else None

    def start(self) -> None:
        if not self._servers:
            self._servers = [PostgresServer(self._home, self._inherit)]
            self._servers[0].start()
        elif not self.alive:
            _, standby = self._servers
            run(_said(standby.dsn, "SELECT pg_promote()"))
            self._servers = [standby]
        if len(self._servers) < 2:
            self._servers.append(self._standby(self._servers[0]))

    def stop(self) -> None:
        for one in self._servers:
            one.stop()

    def kill(self) -> None:
        self._servers[0].kill()

    def signal(self, number: Signals) -> None:
        self._servers[0].signal(number)

    def _standby(self, serving: PostgresServer) -> PostgresServer:
        place = self._home
        if serving._home.root == place.root:
            place = Home(place.root / STANDBY)
            place.write("secrets.json", (self._home.root / "secrets.json").read_text(encoding="utf-8"), mode=0o600)
        (serving._home.postgres / "data" / "pg_hba.conf").write_text(f"{ACCESS}host replication all 127.0.0.1/32 scram-sha-256\n")
        run(_said(serving.dsn, "SELECT pg_reload_conf()"))
        copy, user = place.postgres / "data", _run_as()
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir(mode=0o700, parents=True)
        if user:
            shutil.chown(copy, user)
        serving._call([serving.binaries / "pg_basebackup", "-D", copy, "-d", serving.dsn, "-R", "-c", "fast"], user)
        found = PostgresServer(place, self._inherit)
        found.start()
        run(_said(serving.dsn, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"))
        return found


async def _said(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def clustered(home: Path, *, clock: Literal["system", "manual"] = "system", stripes: int | None = None) -> Stack:
    """A stack, before it is started, with copies of everything."""
    stack = Stack(home, clock=clock, stripes=stripes)
    stack.kafka = Cluster(stack.home, stack.principals, stack._inherit)
    stack.postgres = Pair(stack.home, stack._inherit)
    return stack


def remove(stack: Stack) -> None:
    """All of a stack that has stopped; a standby's data may lie outside its home."""
    Home(stack.home.root / STANDBY).remove()
    stack.home.remove()
