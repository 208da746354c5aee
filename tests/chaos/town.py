"""The real services on a stack of their own, as many processes of each as wanted, and a way to ask them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from deploy.cli.idle import Idle
from deploy.cli.parked import order_redrive
from deploy.cli.watch import INTERRUPTED, NotIdle
from deploy.local.postgres import run
from deploy.local.process import Process
from deploy.local.stack import Stack, environment_of
from deploy.market.clients import Read, Reader
from shared import postgres
from tests.toy.crew import Crew

BURY = "DELETE FROM process WHERE starts_with(id, $1)"


class Town(Crew):
    """ns is empty: a town has its stack for itself."""

    ns = ""

    def __init__(self, stack: Stack, session_s: float) -> None:
        self.stack, self.session_s = stack, session_s
        self.home: Path = stack.home.root / "town"
        self.home.mkdir()
        self.muster()
        self._watch = Idle(stack)
        self._unburied: dict[str, str] = {}

    def spawn(self, name: str) -> Process:
        label = f"{name}-{len(self.processes) + 1}"
        settings = self.stack.settings(name).model_copy(update={"session_s": self.session_s})
        variables = {**environment_of(settings), "TOY_FLAGS": str(self.home), "LAOTIE_HTTP_HOST": "127.0.0.1"}
        process = self.enlist(name, label, "tests.chaos.service", variables, self.stack.home.port(f"town-{label}"))
        self._unburied[label] = name
        return process

    def bury(self) -> None:
        """Whoever looks for rest need not wait until the dead are given up for gone: we know that they are."""
        for process in self.processes:
            if process.name in self._unburied and not process.alive:
                self.rows(self._unburied[process.name], BURY, f"{self._unburied[process.name]}-{process.pid}-")
                del self._unburied[process.name]

    def rows(self, name: str, sql: str, *arguments: Any) -> list[Any]:
        """As that service's role."""

        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.stack.dsn(name), timeout=30)
            try:
                return list(await connection.fetch(sql, *arguments))
            finally:
                await connection.close()

        return run(ask())

    def read(self, topic: str) -> list[Read]:
        reader = Reader(self.stack.settings(postgres.OPS).confluent(), [topic])
        try:
            return reader.read()
        finally:
            reader.close()

    def redrive(self, name: str, key: str) -> None:
        asyncio.run(order_redrive(self.stack, name, key))

    def laotie(self, *words: str) -> None:
        """As ops would type it."""
        self.command("deploy.cli.main", words, {"LAOTIE_HOME": str(self.stack.home.root)}, None)

    def recover(self, name: str, seconds: float | None = None) -> str:
        """As ops would, and what is said. seconds: it is killed after that long."""
        return self.command("tests.chaos.recover", [name], environment_of(self.stack.settings(name)), seconds)

    def flush(self) -> None:
        """Nothing of ours is under way: what is published has arrived when it returns."""

    def idle(self, seconds: float) -> None:
        try:
            self.bury()
            self._watch.wait(seconds)
        except (NotIdle, *INTERRUPTED) as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def close(self) -> None:
        """Killed: how they leave is another fault."""
        for process in self.processes:
            if process.alive:
                process.kill()
            process.close()
        self._watch.close()
