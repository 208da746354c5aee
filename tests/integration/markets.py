"""`make demo` as a person runs it, for tests that look at what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local import control
from deploy.local.home import CHECKOUT, Home
from tests.infra import EXTERNAL, Infra

DEMO_S = 500


@dataclass(frozen=True)
class Demo:
    """facts: as it wrote them. errors: what its services logged as such. phase: of its stack when it was over."""

    home: Home
    status: int
    said: str
    report: dict[str, Any]
    facts: str
    errors: list[str]
    phase: str


@contextmanager
def demo(infra: Infra, home: Path, orders: int, seed: int, *arguments: str) -> Iterator[Demo]:
    """Played to its end. What `--keep` leaves running ends afterwards, and nothing else is left then."""
    if infra != "local":
        pytest.skip("the demo starts servers of its own")
    variables = {name: value for name, value in os.environ.items() if name not in EXTERNAL} | {"LAOTIE_HOME": str(home)}
    variables["LAOTIE_POLICY"] = str(flat(home / "policy.yaml"))
    command = [sys.executable, "-m", "deploy.market.demo", "--orders", str(orders), "--seed", str(seed), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEMO_S, check=False, cwd=CHECKOUT, env=variables)
    it = Home(home / "demo")
    try:
        yield _read(it, ran.returncode, ran.stdout + ran.stderr)
    finally:
        control.down(it, print)
        it.remove()


def _read(home: Home, status: int, said: str) -> Demo:
    path = home.root / "report.json"
    assert path.exists(), said
    logs = [log.read_text(encoding="utf-8") for log in home.logs.glob("*.log")]
    errors = [line for log in logs for line in log.splitlines() if '"level": "ERROR"' in line]
    facts = (home.root / "facts.jsonl").read_text(encoding="utf-8")
    return Demo(home, status, said, json.loads(path.read_text(encoding="utf-8")), facts, errors, control.state(home)["phase"])


def flat(path: Path) -> Path:
    """The rules of deploy/policy.yaml, but that every tier has money in escrow for as long as a new one: which tier was known when an order
    was placed is for the services' speed to decide where items of one day come in another order (R5.7; README, Limits).
    """
    path.write_text(
        re.sub(r"escrow_days: \d+", "escrow_days: 7", (CHECKOUT / "deploy/policy.yaml").read_text(encoding="utf-8")), encoding="utf-8"
    )
    return path
