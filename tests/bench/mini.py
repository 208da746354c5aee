"""One variant of the mini-life on a world of its own: start it, load it, measure lives per second, latency and CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.postgres import run
from deploy.local.process import Process
from deploy.local.stack import Stack, environment_of
from tests.bench.raw import TABLES
from tests.toy.outside import NAMES, until
from tests.toy.world import World

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Variant:
    """engine, raw or naive, running."""

    name: str
    world: World
    processes: list[Process] = field(default_factory=list)
    runs: int = 0

    def load(self, lives: int, rate: float = 0, *flags: str, timeout: float = 600) -> dict[str, Any]:
        """Publishes and waits; adds CPU per life (the services' own, user and system)."""
        self.runs += 1
        before = self.cpu()
        arguments = [sys.executable, "-m", "tests.bench.load", self.world.ns, str(lives), str(rate), f"r{self.runs}-", *flags]
        settings = self.world.stack.settings("admin")
        done = subprocess.run(
            arguments,
            env={**os.environ, **environment_of(settings)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stdout} {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        found["cpu_ms_per_life"] = (self.cpu() - before) * 1000 / lives
        found["lives_per_s"] = found["ended"] / found["seconds"]
        return found

    def cpu(self) -> float:
        """Seconds of processor time, all processes."""
        return sum(cpu_seconds(process.pid) for process in self.processes if process.alive)

    def memory_mb(self) -> list[float]:
        return [memory_mb(process.pid) for process in self.processes]


@contextmanager
def variant(stack: Stack, name: str, stripes: int = 12) -> Iterator[Variant]:
    world = World(stack, stripes=stripes)
    world.start()
    made = Variant(name, world)
    try:
        if name == "engine":
            world.spawn_all()
            made.processes = list(world.processes)
        else:
            for service in NAMES:
                run(_tables(world.stack.dsn("admin"), world.ns + service))
                made.processes.append(_spawn(world, name, service))
            until(lambda: all("ready" in process.log.read_text() for process in made.processes), 60, lambda: f"{name} does not start")
        yield made
    finally:
        if name != "engine":
            world.processes.extend(made.processes)
        world.close()


async def _tables(dsn: str, schema: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f'SET search_path = "{schema}"; {TABLES}')
    await connection.close()


def _spawn(world: World, name: str, service: str) -> Process:
    settings = world.stack.settings("admin").model_copy(update={"postgres": world.dsn(service), "stripes": world.stripes})
    return Process(
        f"{world.ns}{name}-{service}",
        [sys.executable, "-m", f"tests.bench.{name}", service],
        world.home / f"{name}-{service}.log",
        env={**os.environ, **environment_of(settings), "TOY_NS": world.ns},
        cwd=ROOT,
    )


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
