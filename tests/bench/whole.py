"""Whole lives on the four services: lived while the clock stands, then settled by it. The load is a process of its own (apps.py).

Seconds are those in which the services took steps, as the plain loop's are from its first to its last: without the load's start and the
looks for rest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg

from deploy.cli.idle import Idle
from deploy.local.postgres import run
from deploy.local.stack import Stack, environment_of
from tests.bench.mini import cpu_seconds, memory_mb

ROOT = Path(__file__).parents[2]
SERVICES = ("order", "payment", "refund", "trust")
PATIENCE_S = 1800
LOOK_S = 0.2


@dataclass
class Whole:
    """The four services, running on a stack with the manual clock."""

    stack: Stack
    idle: Idle
    runs: int = 0
    prefix: str = ""

    def live(self, lives: int, sellers: int, kind: str = "plain") -> dict[str, Any]:
        """Publishes lives of that kind, waits until nothing is left, then lets them settle; seconds and rates of both halves."""
        events, cpu = self.handled(), self.cpu()
        lived = self.told(lives, sellers, kind)
        between, spent = self.handled(), self.cpu()
        with moving(self.handled) as moved:
            self.idle.set_clock(timedelta(days=9), step=timedelta(days=1), timeout_s=PATIENCE_S)
        settled = moved()
        return {
            "lives_per_s": lives / lived,
            "events_per_s": (between - events) / lived,
            "events_per_life": (between - events) / lives,
            "cpu_ms_per_life": (spent - cpu) * 1000 / lives,
            "settle_lives_per_s": lives / settled,
            "settle_s": settled,
            "settle_steps_per_s": (self.handled() - between) / settled,
            "steps_per_life": (self.handled() - events) / lives,
            "steps_per_s": (self.handled() - events) / (lived + settled),
        }

    def told(self, lives: int, sellers: int, kind: str, prefix: str = "") -> float:
        """Until rest. Seconds in which something moved. prefix: of the orders; empty: new ones, whose prefix is kept."""
        self.runs += 1
        self.prefix = prefix or f"w{self.runs}-{int(time.time())}-"
        arguments = [kind, str(lives), str(sellers), self.prefix, self.idle.clock().isoformat()]
        with moving(self.handled) as moved:
            subprocess.run([sys.executable, "-m", "tests.bench.apps", *arguments], env=self.environment, cwd=ROOT, check=True)
            self.idle.wait(PATIENCE_S)
        return moved()

    @property
    def environment(self) -> dict[str, str]:
        """Of a load process."""
        return {**os.environ, **environment_of(self.stack.settings("admin"))}

    def handled(self) -> float:
        return sum(value for name, value in self._metrics("laotie_events_total") if name == 'laotie_events_total{outcome="handled"}')

    def phases(self) -> dict[str, float]:
        """Microseconds an event, by phase, over all services."""
        found: dict[str, float] = {}
        events = 0.0
        for name, value in self._metrics("laotie_phase_seconds_total", "laotie_batch_events_sum"):
            if name == "laotie_batch_events_sum":
                events += value
            else:
                phase = name.split('"')[1]
                found[phase] = found.get(phase, 0) + value
        return {phase: value * 1e6 / max(1, events) for phase, value in found.items()}

    def cpu(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self.stack.services.values() if process.pid)

    def memory_mb(self) -> dict[str, float]:
        return {name: memory_mb(process.pid) for name, process in self.stack.services.items() if process.pid}

    def rows(self, sql: str, *arguments: Any) -> list[Any]:
        """As the database's owner."""

        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.stack.dsn("admin"))
            try:
                return list(await connection.fetch(sql, *arguments))
            finally:
                await connection.close()

        return run(ask())

    def _metrics(self, *names: str) -> Iterator[tuple[str, float]]:
        """Of every service: those alone, for all of them cost a service as much as a hundred events."""
        asked = urlencode([("name[]", name) for name in names])
        for process in self.stack.services.values():
            with urllib.request.urlopen(f"{process.address}/metrics?{asked}", timeout=10) as answer:
                lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
            yield from ((metric, float(value)) for metric, _, value in lines)


@contextmanager
def moving(count: Callable[[], float]) -> Iterator[Callable[[], float]]:
    """Seconds in which the count moved, at least one look's."""
    seconds, stop = 0.0, threading.Event()

    def look() -> None:
        nonlocal seconds
        last, since = count(), time.monotonic()
        while not stop.wait(LOOK_S):
            now, at = count(), time.monotonic()
            seconds += at - since if now != last else 0
            last, since = now, at

    with ThreadPoolExecutor() as pool:
        looked = pool.submit(look)
        try:
            yield lambda: max(LOOK_S, seconds)
        finally:
            stop.set()
        looked.result()


@contextmanager
def whole(home: Path) -> Iterator[Whole]:
    with Stack(home, clock="manual", lasting=True) as stack:
        stack.start(fresh=True)
        for service in SERVICES:
            stack.spawn(service, wait=False)
        for process in stack.services.values():
            process.wait_ready()
        with Idle(stack) as idle:
            yield Whole(stack, idle)
