"""Starting, asking and ending the daemon of a home from another process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from deploy.local.home import CHECKOUT, Home
from deploy.local.process import StackError, lack, tail

UP_S = 600  # the first start downloads
DOWN_S = 60
LEFTOVER_S = 15  # after a kill of the daemon the watchdogs need a moment
POLL_S = 0.1
SERVERS = ("kafka", "postgres")  # all else that a daemon keeps alive is a service


def up(
    home: Home,
    clock: Literal["system", "manual"],
    stripes: int,
    *,
    fresh: bool,
    start_services: bool,
    restart: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The ready state. A stack that is up already is left as it is, or stopped first when `fresh`, or when it has no services and is to
    have them; a wrong clock, or number of stripes, is an error.
    """
    if home.owner() is not None:
        current = state(home)
        if not fresh and current["phase"] == "ready":
            if current["clock"] != clock:
                raise StackError(f"the stack is up with the {current['clock']} clock; `laotie down` first")
            if current.get("stripes", stripes) != stripes:
                raise StackError(f"halt.partition_count: the stack is up with {current['stripes']} stripes, LAOTIE_STRIPES says {stripes}")
            if not start_services or {row["name"] for row in current["processes"]} - set(SERVERS):
                say("already up")
                return current
            say("up without services: it is started again with them")
        down(home, say)
    (home.run / "progress").unlink(missing_ok=True)
    (home.run / "state.json").unlink(missing_ok=True)
    with home.log("daemon").open("ab") as log:
        flags = ["yes" if flag else "no" for flag in (fresh, start_services, restart)]
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.daemon", str(home.root), clock, str(stripes), *flags],
            cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        return _follow(home, process, say)
    except KeyboardInterrupt:
        process.terminate()
        process.wait(DOWN_S)
        raise


def down(home: Home, say: Callable[[str], None]) -> bool:
    """Returns when the lock is free, so when no process of the stack is left; False when there was nothing to stop."""
    owner = home.owner()
    if owner is None:
        return False
    daemon = state(home).get("pid")
    if owner != daemon and _alive(owner):
        raise StackError(f"{home.root} is in use by process {owner}, which `laotie up` did not start")
    if _alive(owner):
        say(f"stopping services, Kafka, Postgres of {home.root}")
        with suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)
    if not _gone(home, DOWN_S):
        with suppress(ProcessLookupError):
            os.kill(owner, signal.SIGKILL)
        if not _gone(home, LEFTOVER_S):
            raise StackError(f"the stack of {home.root} does not stop; see {home.log('daemon')}")
    deadline = time.monotonic() + LEFTOVER_S
    while _alive(owner) and time.monotonic() < deadline:  # the lock is given back a moment before the daemon ends
        time.sleep(POLL_S / 10)
    return True


def state(home: Home) -> dict[str, Any]:
    """What the daemon last said, with phase `down` when nobody owns the home. What fell since then is down: its disk may be full."""
    path = home.run / "state.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"phase": "down", "processes": []}
    if home.owner() is None and found["phase"] != "failed":
        found |= {"phase": "down", "processes": []}
    for row in found["processes"]:
        row["alive"] = row["alive"] and (row["pid"] is None or _alive(row["pid"]))
    return found


def _follow(home: Home, process: "subprocess.Popen[bytes]", say: Callable[[str], None]) -> dict[str, Any]:
    deadline = time.monotonic() + UP_S
    progress = _new_lines(home.run / "progress")
    while time.monotonic() < deadline:
        for line in next(progress):
            say(line)
        current = state(home) if (home.run / "state.json").exists() else {"phase": "starting"}
        if current["phase"] == "ready" and current["pid"] == process.pid:
            return current
        if process.poll() is not None:
            for line in next(progress):
                say(line)
            raise StackError(str(state(home).get("error") or _why_untold(home)))
        time.sleep(POLL_S)
    process.terminate()
    raise StackError(f"not ready after {UP_S} s; see {home.log('daemon')}")


def _why_untold(home: Home) -> str:
    """Of a supervisor that ended and did not write why."""
    if full := lack(home.root):
        return f"the supervisor stopped: {full}"
    return f"the supervisor stopped:\n{tail(home.log('daemon'))}"


def _new_lines(path: Path) -> Iterator[list[str]]:
    """Whole lines added since the last look."""
    position = 0
    while True:
        lines: list[str] = []
        if path.exists():
            with path.open(encoding="utf-8") as file:
                file.seek(position)
                text = file.read()
            whole = text[: text.rfind("\n") + 1]
            position += len(whole.encode())
            lines = whole.splitlines()
        yield lines


def _gone(home: Home, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while home.owner() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _alive(pid: int) -> bool:
    """A zombie that nobody has collected is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:  # gone meanwhile, or a system without /proc
        return not Path("/proc/self").exists()
