"""One process of ours under its watchdog."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals
from typing import IO, Protocol

WATCHDOG = Path(__file__).with_name("watchdog.py")
ORPHAN_GRACE_S = 5.0
KILL_WAIT_S = 15.0
LOG_BYTES_MAX = 64 * 1024 * 1024
ROOM_BYTES = 1024 * 1024  # with less left little can be written
FRAME = "\tat "
STARTS = "--- "  # begins the line that a log has of each start


class StackError(Exception):
    """An expected failure of the local stack; the message is for the person at the terminal."""


class StackHalted(StackError):
    """A check failed that has a code, `halt.…`: its way out needs the servers up."""


class Watchdog(Protocol):
    """What is asked of one; its pipes are told of in watchdog.py."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float) -> int:
        """Raises subprocess.TimeoutExpired."""


class Process:
    """Starts at once. Dies with its owner: `orphan_signal` first, SIGKILL after a grace, even when the owner is SIGKILLed."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str = "",
        orphan_signal: Signals = Signals.SIGKILL,
        inherit: Sequence[int] = (),
    ) -> None:
        self.name, self.log = name, log
        trim(log)
        orders = [user, str(int(orphan_signal)), str(ORPHAN_GRACE_S), *map(str, command)]
        with log.open("ab", buffering=0) as output:
            with suppress(OSError):  # a full disk: it starts without that line
                output.write(f"{STARTS}{name} starts at {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
            self._watchdog = self._watched(orders, output, dict(os.environ if env is None else env), cwd, inherit)
        assert self._watchdog.stdout is not None
        line = self._watchdog.stdout.readline()
        if not line.strip():
            raise StackError(f"{name} did not start; see {log}")
        self.pid = int(line)

    def _watched(self, orders: Sequence[str], output: IO[bytes], env: dict[str, str], cwd: Path | None, inherit: Sequence[int]) -> Watchdog:
        """Starts the watchdog with those arguments."""
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(WATCHDOG), *orders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=env,
            cwd=cwd,
            start_new_session=True,  # Ctrl-C in the terminal is the owner's to handle
            pass_fds=inherit,
        )

    @property
    def returncode(self) -> int | None:
        """None while it runs or anything of it is left; 128 + n when signal n ended it."""
        return self._watchdog.poll()

    @property
    def alive(self) -> bool:
        return self.returncode is None

    def signal(self, number: Signals) -> None:
        """Through the watchdog, which knows whether the id still means this process."""
        if self.alive and self._watchdog.stdin is not None and not self._watchdog.stdin.closed:
            try:
                os.write(self._watchdog.stdin.fileno(), bytes([number]))
            except BrokenPipeError:
                return

    def wait(self, timeout_s: float) -> bool:
        """True when it and all its descendants are gone."""
        try:
            self._watchdog.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, number: Signals, grace_s: float) -> None:
        """Asks with the signal; kills after the grace."""
        self.signal(number)
        if self.wait(grace_s):
            self.close()
        else:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and returns when nothing is left of it."""
        self.signal(Signals.SIGKILL)
        if not self.wait(KILL_WAIT_S):
            raise StackError(f"{self.name} (process {self.pid}) does not die")
        self.close()

    def close(self) -> None:
        for pipe in (self._watchdog.stdin, self._watchdog.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


class Restartable:
    """What is started again and again at one address, one process at a time."""

    _process: Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.alive else None

    @property
    def alive(self) -> bool:
        return self.pid is not None

    def kill(self) -> None:
        """SIGKILL of it and all its descendants, as a crash would."""
        if self._process:
            self._process.kill()

    def signal(self, number: Signals) -> None:
        """SIGSTOP and SIGCONT freeze and thaw it."""
        if self._process:
            self._process.signal(number)


def trim(log: Path) -> None:
    """What one that is large holds becomes its `.log.1`; whoever writes it goes on, at its begin. Left as it is where there is no room."""
    if not log.exists() or log.stat().st_size <= LOG_BYTES_MAX:
        return
    old = log.with_suffix(".log.1")
    try:
        shutil.copyfile(log, old)
        os.truncate(log, 0)  # everyone appends; a line that came in between is lost
    except OSError:
        old.unlink(missing_ok=True)


def lack(folder: Path) -> str:
    """That its disk is full, for an error message; empty where it is not."""
    return f"there is no room on the disk of {folder}" if shutil.disk_usage(folder).free < ROOM_BYTES else ""


def tail(log: Path, lines: int = 20) -> str:
    """The end of a log for an error message, of its last start alone, without Java's frames; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        last = [line for line in file.read().decode(errors="replace").splitlines() if not line.startswith(FRAME)][-lines:]
    starts = [n for n, line in enumerate(last) if line.startswith(STARTS)]
    return "\n".join(last[max(starts, default=0) :])
