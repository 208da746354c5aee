"""Our services as processes of their own."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from signal import Signals

from deploy.local.home import CHECKOUT, Home
from deploy.local.process import Process, Restartable, StackError, StackHalted, tail

READY_S = 60
OK, HALT = "ok", "halt."  # in an answer of /readyz
HALTED_S = 15  # a halt that stands for so long waits for a person


def discover(folder: Path = CHECKOUT / "services") -> list[str]:
    """Folders that can be started: `python -m services.<name>`."""
    return sorted(path.parent.name for path in folder.glob("*/__main__.py"))


def owners(folder: Path = CHECKOUT / "services") -> list[str]:
    """Services that own a schema."""
    return sorted({*discover(folder), *(path.parent.name for path in folder.glob("*/migrations"))})


def migration_folders(service: str) -> list[Path]:
    """The engine's first, then the service's own."""
    return [path for path in (CHECKOUT / "shared/messaging/migrations", CHECKOUT / "services" / service / "migrations") if path.is_dir()]


def answer(address: str) -> str:
    """What /readyz says there; empty where nobody answers."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=2) as said:
            return str(said.read().decode(errors="replace"))
    except urllib.error.HTTPError as refused:
        return refused.read().decode(errors="replace")
    except OSError:
        return ""


class ServiceProcess(Restartable):
    """One copy of a service; `kill` and `start` it at will: its address stays."""

    def __init__(
        self,
        home: Home,
        service: str,
        copy: int,
        environment: Mapping[str, str],
        inherit: Callable[[], Sequence[int]],
        grace_s: float,
    ) -> None:
        self.service, self.copy, self.name = service, copy, f"{service}-{copy}"
        self.log = home.log(self.name)
        self.address = f"http://127.0.0.1:{home.port(self.name)}"
        self._environment = {**os.environ, **environment, "LAOTIE_HTTP_HOST": "127.0.0.1", "LAOTIE_HTTP_PORT": str(home.port(self.name))}
        self._inherit, self._grace_s = inherit, grace_s

    @property
    def returncode(self) -> int | None:
        return self._process.returncode if self._process else None

    def launch(self) -> None:
        """Starts it without waiting."""
        if not self.alive:
            command = [sys.executable, "-m", f"services.{self.service}"]
            self._process = Process(
                self.name, command, self.log, env=self._environment, cwd=CHECKOUT, orphan_signal=Signals.SIGTERM, inherit=self._inherit()
            )

    def start(self) -> None:
        """Returns when /readyz says so."""
        self.launch()
        self.wait_ready()

    def ready(self) -> bool:
        return answer(self.address) == OK

    def wait_ready(self, timeout_s: float = READY_S) -> None:
        """Raises StackHalted where a halt stands."""
        halted = time.monotonic()
        deadline = halted + timeout_s
        while (said := answer(self.address)) != OK:
            if HALT not in said:
                halted = time.monotonic()
            elif time.monotonic() - halted > HALTED_S:
                raise StackHalted(f"{self.name} has halted: {said}")
            if not self.alive:
                raise StackError(f"{self.name} stopped while starting (status {self.returncode}):\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} is not ready after {timeout_s:.0f} s; its log is {self.log}:\n{tail(self.log)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL when its own grace and a little more have passed."""
        if self._process:
            self._process.stop(Signals.SIGTERM, self._grace_s + 5)
