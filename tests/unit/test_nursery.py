"""What the nursery forks is to its owner what any other process is: invariants of the watchdog hold for it as well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from signal import Signals

import pytest

from deploy.local.home import CHECKOUT
from tests.integration.processes import running, within
from tests.toy.nursery import KILLED, Forked

SAYS = "import os; print('here:', dict(os.environ), os.getsid(0) == os.getpid())"
OWNER = """
import os, sys, pathlib
from tests.toy.nursery import Forked
print(Forked("owned", ["http.server", "0", "--bind", "127.0.0.1"], pathlib.Path(sys.argv[1]), env={}).pid, flush=True)
os.kill(os.getpid(), 9)
"""
ORPHAN = """
import os, sys, time
from deploy.local import watchdog
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.01)
    watchdog.leave("", parent)
    os.write(2, b"it lives")
os._exit(0)
"""
PATIENCE_S = 60


def test_it_has_the_environment_the_log_and_the_session_that_it_was_given(tmp_path: Path) -> None:
    it = Forked("said", ["timeit", "-n1", "-r1", SAYS], tmp_path / "log", env={"HERE": "yes"})
    assert it.wait(PATIENCE_S)
    assert it.returncode == 0
    it.close()
    assert "here: {'HERE': 'yes'} True\n" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("number", [Signals.SIGTERM, Signals.SIGKILL])
def test_a_signal_ends_it_and_its_status_says_which(tmp_path: Path, number: Signals) -> None:
    served = Forked("served", ["http.server", "0", "--bind", "127.0.0.1"], tmp_path / "log", env={})
    assert served.alive
    served.signal(number)
    assert served.wait(PATIENCE_S)
    assert served.returncode == 128 + number
    served.close()


def test_an_error_is_in_its_log_and_in_its_status(tmp_path: Path) -> None:
    failed = Forked("failed", ["no_such_module"], tmp_path / "log", env={})
    assert failed.wait(PATIENCE_S)
    assert failed.returncode == 1
    failed.close()
    assert "No module named no_such_module" in (tmp_path / "log").read_text()


def test_it_ends_with_its_watchdog(tmp_path: Path) -> None:
    served = Forked("served", ["http.server", "0", "--bind", "127.0.0.1"], tmp_path / "log", env={})
    watchdog = int(Path(f"/proc/{served.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(watchdog, Signals.SIGKILL)
    assert served.wait(PATIENCE_S)
    assert served.returncode == KILLED
    served.close()


def test_it_does_not_begin_where_its_watchdog_ended_before_it_ran(tmp_path: Path) -> None:
    """Nobody is left whose end it could be told of."""
    orphan = subprocess.run([sys.executable, "-c", ORPHAN], cwd=CHECKOUT, capture_output=True, check=True, timeout=PATIENCE_S)
    assert orphan.stderr == b"", "it is the last that holds it open"


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "log")]
    owner = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False, timeout=PATIENCE_S)
    assert owner.returncode == -Signals.SIGKILL
    assert within(PATIENCE_S, lambda: not running(int(owner.stdout)))
