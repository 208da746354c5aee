"""Processes of some services, each several times, and what can be done to them."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals

from deploy.local.process import Process, tail
from tests.toy.nursery import Forked
from tests.toy.outside import PATIENCE_S, until


class Crew:
    """home: for logs, and for flags that the processes look at."""

    home: Path

    def muster(self) -> None:
        """Nobody yet."""
        self.processes: list[Process] = []
        self._names: dict[str, str] = {}
        self._ports: dict[str, int] = {}

    def enlist(self, name: str, label: str, module: str, variables: Mapping[str, str], port: int) -> Process:
        """One more process of that service, `python -m MODULE NAME`; it ends with us. label: its own."""
        environment = {**os.environ, **variables, "LAOTIE_HTTP_PORT": str(port)}
        process = Forked(label, [module, name], self.home / f"{label}.log", env=environment)
        self._ports[process.name] = port
        self._names[process.name] = name
        self.processes.append(process)
        return process

    def command(self, module: str, words: Sequence[str], variables: Mapping[str, str], seconds: float | None) -> str:
        """What a person's `python -m MODULE WORDS` said, which has to end well. seconds: it is killed after that long."""
        argv, environment = [sys.executable, "-m", module, *words], {**os.environ, **variables}
        try:
            done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=seconds)
        except subprocess.TimeoutExpired:  # which kills it
            return "killed"
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

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
        """die.relay.<service>, die.commit.<service>: where a process dies once (hooks.py)."""
        if on:
            (self.home / name).touch()
        else:
            (self.home / name).unlink(missing_ok=True)

    def dismiss(self) -> None:
        """All end, the frozen ones too."""
        for process in self.processes:
            process.signal(Signals.SIGCONT)
            process.signal(Signals.SIGTERM)
        for process in self.processes:
            if not process.wait(15):
                process.signal(Signals.SIGKILL)
                process.wait(10)
            process.close()

    def logs(self, lines: int = 8) -> str:
        return "\n".join(f"--- {process.name}\n{clipped(process, lines)}" for process in self.processes)


def clipped(process: Process, lines: int) -> str:
    """The end of its log without the long lines' ends."""
    said = tail(process.log, 4000).splitlines()
    loud = [line for line in said if '"level": "ERROR"' in line][-3:]
    return "\n".join(line if line in loud else line[:300] for line in [*loud, *said[-lines:]])
