"""A toy world on a real stack: its topics and schemas, its processes, and what can be done to them."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

import asyncpg

from deploy.local.postgres import run
from deploy.local.process import Process, tail
from deploy.local.stack import environment_of
from shared import postgres
from shared.messaging.seed import seed
from shared.settings import Settings
from tests.toy.outside import GRACE, NAMES, PATIENCE_S, Outsider, until

CHECKOUT = Path(__file__).parents[2]
ENGINE = CHECKOUT / "shared/messaging/migrations"
TOY = Path(__file__).parent / "migrations"
INPUTS = {
    "alpha": ("toy.v1", "gamma.v1", "alpha.tally.v1", "alpha.timer.v1", "ops.v1"),
    "beta": ("alpha.v1", "beta.timer.v1", "ops.v1"),
    "gamma": ("beta.v1", "gamma.timer.v1", "ops.v1"),
}

UPSTREAM = ("toy.v1", "ops.v1")


@dataclass
class World(Outsider):
    """One namespace. start() makes topics and schemas; spawn() starts processes; close() ends them."""

    env: Mapping[str, str] = field(default_factory=dict)
    session_s: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.home = self.stack.home.root / self.ns
        self.home.mkdir(parents=True)
        self.processes: list[Process] = []
        self._names: dict[str, str] = {}
        self._ports: dict[str, int] = {}

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
        changes = {"postgres": self.dsn(name), "stripes": self.stripes, "clock": self.clock}
        more = {"grace_s": GRACE.total_seconds(), "session_s": self.session_s}
        settings: Settings = self.stack.settings("admin").model_copy(update=changes | more)
        variables = {**environment_of(settings), "TOY_NS": self.ns, "TOY_FLAGS": str(self.home), **self.env, **env}
        port = self.stack.home.port(f"toy-{os.getpid()}-{copy}")
        process = Process(
            f"{self.ns}{name}-{copy}",
            [sys.executable, "-m", "tests.toy", name],
            self.home / f"{name}-{copy}.log",
            env={**os.environ, **variables, "LAOTIE_HTTP_PORT": str(port)},
            cwd=CHECKOUT,
        )
        self._ports[process.name] = port
        self._names[process.name] = name
        self.processes.append(process)
        return process

    def spawn_all(self, copies: int = 1, **env: str) -> None:
        for name in NAMES:
            for _ in range(copies):
                self.spawn(name, **env)
        self.ready()

    def living(self, name: str) -> list[Process]:
        return [process for process in self.processes if self._names[process.name] == name and process.alive]

    def ready(self, seconds: float = 60) -> None:
        for process in self.processes:
            if process.alive:
                self._until_ready(process, seconds)

    def _until_ready(self, process: Process, seconds: float) -> None:
        until(
            lambda: self.probe(process, "readyz")[0] == 200 or not process.alive,
            seconds,
            lambda: f"{process.name}: {self.probe(process, 'readyz')}\n{clipped(process, 20)}",
        )

    def halted(self, process: Process, code: str, seconds: float = PATIENCE_S) -> str:
        """What /readyz says once it names that code."""
        until(
            lambda: code in self.probe(process, "readyz")[1],
            seconds,
            lambda: f"{process.name} does not name {code}: {self.probe(process, 'readyz')}\n{clipped(process, 20)}",
        )
        return self.probe(process, "readyz")[1]

    def probe(self, process: Process, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[process.name]}/{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def quit(self, name: str = "", seconds: float = 30) -> None:
        """SIGTERM to all copies (of one service), and wait; one that does not end is an error."""
        gone = [process for process in self.processes if process.alive and (not name or self._names[process.name] == name)]
        for process in gone:
            process.signal(Signals.SIGTERM)
        for process in gone:
            assert process.wait(seconds), f"{process.name} does not stop\n{clipped(process, 20)}"

    def flag(self, name: str, on: bool = True) -> None:
        """boom, kill: what decisions do (model.py); die.relay.alpha, die.commit.alpha: where a process dies once (hooks.py)."""
        if on:
            (self.home / name).touch()
        else:
            (self.home / name).unlink(missing_ok=True)

    def close(self) -> None:
        for process in self.processes:
            process.signal(Signals.SIGCONT)
            process.signal(Signals.SIGTERM)
        for process in self.processes:
            if not process.wait(15):
                process.signal(Signals.SIGKILL)
                process.wait(10)
            process.close()
        self.forget()

    def idle(self, seconds: float = PATIENCE_S, only: Sequence[str] = NAMES, but: Collection[tuple[str, int]] = ()) -> None:
        try:
            super().idle(seconds, only, but)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def logs(self, lines: int = 8) -> str:
        return "\n".join(f"--- {process.name}\n{clipped(process, lines)}" for process in self.processes)

    def __enter__(self) -> World:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def clipped(process: Process, lines: int) -> str:
    """The end of its log without the long lines' ends."""
    said = tail(process.log, 4000).splitlines()
    loud = [line for line in said if '"level": "ERROR"' in line][-3:]
    return "\n".join(line if line in loud else line[:300] for line in [*loud, *said[-lines:]])


def pause(seconds: float) -> None:
    """For faults that must last; never to wait for something to be done."""
    time.sleep(seconds)
