"""The detached owner of a stack: starts it, restarts what crashes, stops it on SIGTERM. `laotie up` runs it, `laotie down` ends it.

    python -m deploy.local.daemon HOME CLOCK STRIPES FRESH SERVICES RESTART          (the last three: yes or no)

It talks through two files of the home: run/state.json and run/progress. If it dies, however, the watchdogs end everything.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Protocol

from deploy.local import services
from deploy.local.process import StackError, StackHalted, trim
from deploy.local.stack import Stack

CHECK_S = 0.25
TRIM_S = 10.0  # between two looks how large the logs are
BACKOFF_MIN_S, BACKOFF_MAX_S = 0.5, 10.0
CALM_S = 30.0  # a process that ran this long starts again after the shortest delay when it falls
MENDED = "`laotie up --no-services` starts the servers alone, to mend it as deploy/RUNBOOK.md says"
log = logging.getLogger("laotie.daemon")


class Supervised(Protocol):
    """What a daemon keeps alive: a server or a service."""

    @property
    def pid(self) -> int | None: ...
    @property
    def alive(self) -> bool: ...


@dataclass
class Watch:
    """One supervised process and its falls; `due` is when the next start may be tried."""

    what: Supervised
    start: Callable[[], None]
    restarts: int = 0
    backoff_s: float = BACKOFF_MIN_S
    started: float = 0.0
    due: float | None = None
    error: str | None = None

    def revive(self, now: float, name: str) -> bool:
        """True when something changed."""
        if self.what.alive:
            return False
        if self.due is None:
            if now - self.started > CALM_S:
                self.backoff_s = BACKOFF_MIN_S
            self.due = now + self.backoff_s
            self.backoff_s = min(self.backoff_s * 2, BACKOFF_MAX_S)
            log.warning("%s is gone; starting it again in %.1f s", name, self.due - now)
            return True
        if now < self.due:
            return False
        self.due, self.started, self.restarts, self.error = None, now, self.restarts + 1, None
        try:
            self.start()
            log.info("%s is started again", name)
        except (StackError, OSError) as error:
            self.error = str(error)
            log.error("%s: %s", name, error)
        return True


class Daemon:
    def __init__(
        self, home: Path, clock: Literal["system", "manual"], stripes: int, *, fresh: bool, start_services: bool, restart: bool
    ) -> None:
        self._stop = threading.Event()
        self._fresh, self._start_services, self._restart = fresh, start_services, restart
        self._began = time.monotonic()
        self._progress = home / "run" / "progress"
        self._stack = Stack(home, clock=clock, stripes=stripes, lasting=clock == "system", say=self._say)
        self._watches: dict[str, Watch] = {}
        self._phase, self._error = "starting", ""
        self._published: dict[str, bool] | None = {}  # None: it could not be written
        self._trimmed = 0.0
        self._started_at = datetime.now(UTC).isoformat(timespec="seconds")

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            while not self._stop.wait(CHECK_S):
                self._revive()
            self._tell("stopping")
        except (StackError, OSError, _Stopped) as error:
            self._error = f"{error}; {MENDED}" if isinstance(error, StackHalted) else str(error)
            log.error("gives up: %s", error)
            self._tell("failed")
        finally:
            self._stack.stop()
        if self._phase == "failed":
            self._tell("failed")  # after the stop, so that a reader of it finds nothing running
            return 1
        self._tell("down")
        return 0

    def _start(self) -> None:
        self._enter("starting")
        self._stack.start(fresh=self._fresh, prepare=self._start_services)
        for server_name, server in (("kafka", self._stack.kafka), ("postgres", self._stack.postgres)):
            self._watches[server_name] = Watch(server, server.start)
        if not self._start_services:
            self._prepare()
        names = services.discover() if self._start_services else []
        self._unless_stopped()
        for name in names:
            for process in self._stack.spawn(name, wait=False):
                self._watches[process.name] = Watch(
                    process, process.launch, started=time.monotonic()
                )  # not waited for: others may fall meanwhile
        self._enter("starting")  # with all that runs, so that a look says who has halted
        self._await_all(list(self._stack.services.values()))
        self._enter("ready")

    def _prepare(self) -> None:
        """Servers alone stay up with what a halt is about: its way out needs them."""
        try:
            self._stack.prepare()
        except StackHalted as halt:
            self._say(str(halt))

    def _await_all(self, processes: list[services.ServiceProcess]) -> None:
        """Side by side: a halt is waited out once, however many have one. Who gives up waits for nobody: what is stopped ends its wait."""
        pool = ThreadPoolExecutor(max(1, len(processes)))
        waiting = {pool.submit(self._await, process) for process in processes}
        try:
            while waiting:
                done, waiting = wait(waiting, CHECK_S, FIRST_COMPLETED)
                for one in done:
                    one.result()
                self._unless_stopped()
        finally:
            pool.shutdown(wait=False)

    def _await(self, process: services.ServiceProcess) -> None:
        """One that has halted stays up, and so do the others: it goes on by itself once ops have mended the cause."""
        try:
            process.wait_ready()
            self._say(f"{process.name} ready at {process.address}")
        except StackHalted as halt:
            self._say(str(halt))

    def _revive(self) -> None:
        now = time.monotonic()
        changed = [name for name, watch in self._watches.items() if self._restart and watch.revive(now, name)]
        if changed or self._alive() != self._published:
            self._tell("ready")
        if now - self._trimmed > TRIM_S:
            self._trimmed = now
            for log_file in self._stack.home.logs.glob("*.log"):
                trim(log_file)

    def _unless_stopped(self) -> None:
        if self._stop.is_set():
            raise _Stopped("stopped while starting")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        log.info("asked to stop by signal %d", number)
        self._stop.set()

    def _say(self, line: str) -> None:
        with self._progress.open("a", encoding="utf-8") as file:
            file.write(f"[{time.monotonic() - self._began:5.1f} s] {line}\n")

    def _tell(self, phase: str) -> None:
        """Enters it, whether it can be written or not: nothing falls because a disk is full. What was not written is tried again."""
        try:
            self._enter(phase)
        except StackError as error:
            if self._published is not None:
                log.warning("not told: %s", error)
            self._phase, self._published = phase, None

    def _enter(self, phase: str) -> None:
        """Publishes the phase and every process. Raises StackError."""
        self._phase, alive = phase, self._alive()
        if phase == "ready":
            self._stack.write_services()
        self._stack.home.write("run/state.json", json.dumps(self._state(), indent=1))
        self._published = alive

    def _alive(self) -> dict[str, bool]:
        return {name: watch.what.alive for name, watch in self._watches.items()}

    def _state(self) -> dict[str, Any]:
        processes = [
            {"name": name, "pid": watch.what.pid, "alive": watch.what.alive, "restarts": watch.restarts, "error": watch.error,
             "address": self._address(name), "log": str(self._stack.home.log(name))}
            for name, watch in self._watches.items()
        ]  # fmt: skip
        return {"phase": self._phase, "error": self._error, "pid": os.getpid(), "clock": self._stack.clock, "stripes": self._stack.stripes,
                "started_at": self._started_at, "processes": processes}  # fmt: skip

    def _address(self, name: str) -> str:
        if name == "kafka":
            return self._stack.bootstrap
        if name == "postgres":
            return self._stack.postgres.address
        return self._stack.services[name].address if name in self._stack.services else ""


class _Stopped(Exception):
    """Asked to stop before it was ready."""


def main(home: str, clock: str, stripes: str, fresh: str, start_services: str, restart: str) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s")
    daemon = Daemon(
        Path(home),
        "manual" if clock == "manual" else "system",
        int(stripes),
        fresh=fresh == "yes",
        start_services=start_services == "yes",
        restart=restart == "yes",
    )
    return daemon.run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
