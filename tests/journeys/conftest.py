"""One running system for all journeys, started by the command as anyone would start it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.idle import Idle
from deploy.cli.main import main
from deploy.local import control
from deploy.local.home import Home
from deploy.local.stack import Stack
from deploy.verify import verify
from deploy.verify.log import Lane
from tests.infra import STRIPES
from tests.journeys.outside import LAOTIE, Outside

UP_S = 600
HELD: dict[Path, Mapping[Lane, int]] = {}  # where the topics of each home ended when everything held


class Town(Outside):
    """The same system, with its commands called in this process: each of their own would take a second to begin."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.stack = _stack(home)
        self._watched = Idle(self.stack)

    def laotie(self, *arguments: str, status: int | None = 0) -> str:
        given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LAOTIE_")}
        done = CliRunner().invoke(main, arguments, env=given | {"LAOTIE_HOME": str(self.home)}, prog_name="laotie")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        said = f"laotie {' '.join(arguments)}: {done.exit_code}\n{done.stdout}{done.stderr}"
        assert status is None or done.exit_code == status, said
        return done.stdout if status == 0 else done.stdout + done.stderr

    @property
    def now(self) -> datetime:
        return self._watched.clock()

    def idle(self) -> None:
        self._watched.wait()

    def rest(self, patience_s: float) -> None:
        """Idle, when there is much to do."""
        self._watched.wait(patience_s)

    def until(self, to: datetime | timedelta) -> None:
        self._watched.set_clock(to)

    def verified(self) -> list[str]:
        """What `laotie verify` finds wrong."""
        ends = self._watched.sweep().ends
        wrong = [f"{check.name}: {check.first}" for check in asyncio.run(verify(self.stack)).checks if not check.holds]
        if not wrong:
            HELD[self.home] = ends
        return wrong

    def close(self) -> None:
        self._watched.close()
        super().close()


def _stack(home: Path) -> Stack:
    return Stack(home, clock="manual", stripes=control.state(Home(home)).get("stripes"))


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Up until the last journey of this process is over: even at rest it would take from other tests a seventh of a core. What all of
    them left is verified at the end, once.

    LAOTIE_JOURNEYS names the home of a system that is up already, for people who write journeys; it is left as it is."""
    given = os.environ.get("LAOTIE_JOURNEYS")
    folder = Path(given) if given else tmp_path_factory.mktemp("journeys")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAOTIE_")}
    variables |= {"LAOTIE_HOME": str(folder), "LAOTIE_STRIPES": str(STRIPES)}
    try:
        subprocess.run([LAOTIE, "up", "--clock", "manual"], check=True, timeout=UP_S, env=variables)
        yield folder
        with Idle(_stack(folder)) as watched:
            ends = watched.wait().ends
        if HELD.get(folder) != ends:  # else the last journey has proven it, which is the longest part of a walk
            Outside(folder).laotie("verify")
    finally:
        if not given:
            subprocess.run([LAOTIE, "down"], check=False, timeout=UP_S, env=variables)
            Home(folder).remove()


@pytest.fixture
def outside(home: Path) -> Iterator[Outside]:
    """A stranger, with the commands as processes."""
    visitor = Outside(home)
    yield visitor
    visitor.close()


@pytest.fixture(scope="package")
def town(home: Path) -> Iterator[Town]:
    inhabitants = Town(home)
    yield inhabitants
    inhabitants.close()
