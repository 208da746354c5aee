"""python -m tests.toy.nursery FD: has imported what all of our processes need, and forks one for each that is asked for on that socket.

An interpreter's start and those imports cost more than most tests do with the process. What is forked is a watchdog as everybody's
(deploy/local/watchdog.py), which forks the process itself: a process of its own with its own environment, log, session and parent.
Single-threaded, no loop and no connection: nothing is shared but memory that nobody changes.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

from deploy.local import watchdog
from deploy.local.home import CHECKOUT
from deploy.local.process import Process, Watchdog

KILLED = 128 + signal.SIGKILL


class Forked(Process):
    """`python -m MODULE ARGUMENTS` in the checkout's folder, without the wait for its imports. command: MODULE, ARGUMENTS."""

    def _watched(self, orders: Sequence[str], output: IO[bytes], env: dict[str, str], cwd: Path | None, inherit: Sequence[int]) -> Watchdog:
        assert cwd is None, "it is in the checkout's folder"
        assert not inherit, "it has no files of ours"
        return _Told(orders, output, env)


class _Told:
    """A watchdog that is no child of ours: the line after the process id says how the process ended."""

    def __init__(self, orders: Sequence[str], output: IO[bytes], env: dict[str, str]) -> None:
        orders_r, orders_w = os.pipe()
        told_r, told_w = os.pipe()
        self.stdin: IO[bytes] | None = os.fdopen(orders_w, "wb", 0)
        self.stdout: IO[bytes] | None = os.fdopen(told_r, "rb", 0)
        self._status: int | None = None
        socket.send_fds(_nursery()[0], [b"."], [orders_r, told_w, output.fileno()])
        os.close(orders_r)
        os.close(told_w)
        self.stdin.write(json.dumps([orders, env]).encode() + b"\n")

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float) -> int:
        if self._status is None:
            assert self.stdout is not None
            if not select.select([self.stdout], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a fork", timeout)
            self._status = int(self.stdout.readline() or KILLED)
        return self._status


@cache
def _nursery() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """One for this process; it ends when we do."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "tests.toy.nursery", str(theirs.fileno())]
        return ours, subprocess.Popen(
            command,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )


def main(asked: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # they say themselves how they end
    gc.collect()
    gc.freeze()
    while True:
        word, files, *_ = socket.recv_fds(asked, 1, 3)
        if not word:
            return
        if os.fork() == 0:
            asked.close()
            tend(files)
        for file in files:
            os.close(file)


def tend(files: Sequence[int]) -> None:
    """Turns this fork into a watchdog. Comes back in the fork that it makes, when that is done."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    told = os.dup(1)
    (user, orphan_signal, grace_s, *command), env = heard()
    os.environ.clear()
    os.environ.update(env)
    status = watchdog.main(user, int(orphan_signal), float(grace_s), lambda: live(*command))
    os.write(told, f"{status}\n".encode())
    os._exit(0)


def heard() -> Any:
    """The first line of standard input, and not a byte more."""
    said = b""
    while not said.endswith(b"\n"):
        said += os.read(0, 1 << 16)
    return json.loads(said)


def live(module: str, *arguments: str) -> None:
    """The module as `python -m` runs it."""
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    import shared.messaging.app  # noqa: F401 - what takes so long

    with socket.socket(fileno=int(sys.argv[1])) as it:
        main(it)
