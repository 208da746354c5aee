"""Runs one command and leaves nothing of it behind, whatever happens to the one who asked.

    watchdog.py USER ORPHAN_SIGNAL GRACE_S COMMAND...

Standard input is a pipe that only the owner holds open: each byte is a signal to send to the command, its end means that
the owner is gone. Standard output gets one line, the command's process id. Started with the bare interpreter: standard
library only. A pipe and not PR_SET_PDEATHSIG alone, because that follows the thread that forked, not the process.
"""

import contextlib
import ctypes
import os
import pwd
import select
import signal
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SWEEPS_MAX = 200
CANNOT_START = 127
OURS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(user: str, orphan_signal: int, grace_s: float, begin: Callable[[], object]) -> int:
    """begin: what a fork of us becomes; it does not return."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the command leaves behind becomes our child, so that it can be found and ended
    wake_r, wake_w = os.pipe()
    os.set_blocking(wake_w, False)
    signal.set_wakeup_fd(wake_w)
    for number in OURS:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, OURS)  # one that comes at once is the command's: it finds its own handling there
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        leave(user, parent)
        begin()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
    os.write(1, f"{child}\n".encode())
    os.close(1)
    status = watch(child, wake_r, orphan_signal, grace_s)
    sweep()
    return status


def watch(child: int, wake_r: int, orphan_signal: int, grace_s: float) -> int:
    deadline: float | None = None
    inputs = [0, wake_r]
    while (status := reap(child)) is None:
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = select.select(inputs, [], [], timeout)[0]
        orders = os.read(0, 64) if 0 in ready else None
        woken = os.read(wake_r, 64) if wake_r in ready else b""
        if orders:
            for number in orders:
                os.kill(child, number)
        elif deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = time.monotonic() + grace_s
        elif deadline is None and (orders == b"" or set(woken) & {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}):
            os.kill(child, orphan_signal)
            deadline = time.monotonic() + grace_s
            inputs = [wake_r]
    return status


def reap(child: int) -> int | None:
    """The command's exit status (128 + signal when killed), or None while it runs."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == 0:
            return None
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def sweep() -> None:
    """Ends every descendant: as each dies its own children become ours."""
    for _ in range(SWEEPS_MAX):
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def children() -> list[int]:
    """Process ids whose parent we are; empty where there is no /proc."""
    found = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(entry))
    return found


def leave(user: str, parent: int) -> None:
    """Makes this fork a process of its own, as its command expects to find itself; ends it if its parent, the watchdog, has ended."""
    try:
        os.setsid()
        os.dup2(2, 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        keep_private()
        signal.set_wakeup_fd(-1)
        for number in (*OURS, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
        if user:
            entry = pwd.getpwnam(user)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after setuid, which clears it: covers a killed watchdog
    except OSError as error:
        give_up(f"as {user or 'ourselves'}: {error}")
    if os.getppid() != parent:
        os._exit(CANNOT_START)


def become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        give_up(f"{command[0]}: {error}")


def give_up(what: str) -> None:
    os.write(2, f"cannot start {what}\n".encode())
    os._exit(CANNOT_START)


def keep_private() -> None:
    """The command gets no file of ours: a lock that was handed to the watchdog must be free when the watchdog ends."""
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            with contextlib.suppress(OSError):
                os.set_inheritable(int(name), False)


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), lambda: become(sys.argv[4:])))
