"""A toy world on a real stack: its topics and schemas, its processes, and what can be done to them."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from deploy.local.home import CHECKOUT
from deploy.local.postgres import run
from deploy.local.process import Process
from deploy.local.stack import environment_of
from shared import postgres
from shared.messaging.seed import seed
from shared.settings import Settings
from tests.toy.crew import Crew
from tests.toy.outside import GRACE, NAMES, PATIENCE_S, Outsider

ENGINE = CHECKOUT / "shared/messaging/migrations"
TOY = Path(__file__).parent / "migrations"
INPUTS = {
    "alpha": ("toy.v1", "gamma.v1", "alpha.tally.v1", "alpha.timer.v1", "ops.v1"),
    "beta": ("alpha.v1", "beta.timer.v1", "ops.v1"),
    "gamma": ("beta.v1", "gamma.timer.v1", "ops.v1"),
}

UPSTREAM = ("toy.v1", "ops.v1")


@dataclass
class World(Outsider, Crew):
    """One namespace. start() makes topics and schemas; spawn() starts processes; close() ends them.

    More flags: boom, kill: what decisions do (model.py).
    """

    env: Mapping[str, str] = field(default_factory=dict)
    session_s: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.home = self.stack.home.root / self.ns
        self.home.mkdir(parents=True)
        self.muster()

    # -- making

    def start(self) -> World:
        self.make_topics()
        for name in NAMES:
            run(self.make_schema(name))
        if self.clock == "manual":
            self.set_clock(self.clock_at)
        return self

    async def make_schema(self, name: str) -> None:
        schema = self.ns + name
        dsn = self.stack.dsn("admin")
        await postgres.ensure_service(dsn, schema, "toy")
        await postgres.migrate(dsn, schema, [ENGINE, TOY])
        connection = await asyncpg.connect(dsn)
        places = {(self.ns + topic, n): 0 for topic in INPUTS[name] for n in range(self.stripes)}
        await seed(connection, schema, self.stripes, places, {self.ns + topic for topic in INPUTS[name] if topic not in UPSTREAM})
        await connection.close()

    # -- processes

    def spawn(self, name: str, **env: str) -> Process:
        """One more process of that service; it ends with us."""
        copy = len(self.processes)
        port = self.stack.home.port(f"toy-{os.getpid()}-{copy}")
        return self.enlist(name, f"{self.ns}{name}-{copy}", "tests.toy", self.variables(name, env), port)

    def variables(self, name: str, more: Mapping[str, str]) -> dict[str, str]:
        """What a process of that service finds in its environment."""
        changes = {"postgres": self.dsn(name), "stripes": self.stripes, "clock": self.clock}
        times = {"grace_s": GRACE.total_seconds(), "session_s": self.session_s}
        settings: Settings = self.stack.settings("admin").model_copy(update=changes | times)
        variables = {
            **environment_of(settings),
            "TOY_NS": self.ns,
            "TOY_FLAGS": str(self.home),
            **({"TOY_RULED": "1"} if self.ruled else {}),
        }
        return variables | {**self.env, **more}

    def recover(self, name: str, seconds: float | None = None, *, yes: bool = True) -> str:
        """As ops would, and what is said. seconds: it is killed after that long."""
        return self.command("tests.toy.recover", [name, *(["--yes"] if yes else [])], self.variables(name, {}), seconds)

    def spawn_all(self, copies: int = 1, **env: str) -> None:
        for name in NAMES:
            for _ in range(copies):
                self.spawn(name, **env)
        self.ready()

    def close(self) -> None:
        self.dismiss()
        self.forget()

    def idle(self, seconds: float = PATIENCE_S, only: Sequence[str] = NAMES, but: Collection[tuple[str, int]] = ()) -> None:
        try:
            super().idle(seconds, only, but)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def __enter__(self) -> World:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def pause(seconds: float) -> None:
    """For faults that must last; never to wait for something to be done."""
    time.sleep(seconds)
