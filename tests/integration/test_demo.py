"""`make demo` as a person runs it: a whole market on a stack of its own, judged truthfully, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.home import CHECKOUT, Home
from deploy.market.market import build
from tests.infra import EXTERNAL, Infra

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
DEMO_S = 500
KEYS = ["orders", "events", "lost", "doubled", "parked", "ledger_sum_minor", "escrow_minor", "seconds", "verified"]
LOSE_A_POSTING = """
ALTER TABLE payment.posting DISABLE TRIGGER posting_keep;
DELETE FROM payment.posting WHERE (tx, ordinal) IN
 (SELECT tx, ordinal FROM payment.posting WHERE account LIKE 'balance:%' AND amount_minor > 0 ORDER BY tx LIMIT 1)
"""


@pytest.fixture(autouse=True)
def _here(infra: Infra) -> None:
    if infra != "local":
        pytest.skip("the demo starts servers of its own")


def demo(home: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Status, output, report."""
    variables = {name: value for name, value in os.environ.items() if name not in EXTERNAL} | {"LAOTIE_HOME": str(home)}
    command = [sys.executable, "-m", "deploy.market.demo", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEMO_S, check=False, cwd=CHECKOUT, env=variables)
    path = home / "demo" / "report.json"
    assert path.exists(), ran.stdout + ran.stderr
    assert Home(home / "demo").owner() is None, "something was left running"
    report = json.loads(path.read_text(encoding="utf-8"))
    assert list(report) == KEYS
    return ran.returncode, ran.stdout + ran.stderr, report


def test_a_market_of_60_orders_comes_out_right(tmp_path: Path) -> None:
    status, said, report = demo(tmp_path, "--orders", "60")
    market = build(1, 60)
    held = sum(life.expected.escrow_minor for life in market.lives)
    assert (status, report["verified"]) == (0, True), said
    assert report["orders"] == 60
    assert report["events"] > len(market.sent)  # the provider's answers come on top
    assert {name: report[name] for name in ("lost", "doubled", "parked", "ledger_sum_minor")} == dict.fromkeys(
        ("lost", "doubled", "parked", "ledger_sum_minor"), 0
    )
    assert report["escrow_minor"] == held > 0
    for text in ("What became of the orders", "Money, per currency", "Trust scores", "order o-1-", "no deadline stands", "verified in"):
        assert text in said
    Home(tmp_path / "demo").remove()


def test_a_posting_that_vanished_is_noticed_and_named(tmp_path: Path) -> None:
    status, said, report = demo(tmp_path, "--orders", "25", "--seed", "7", "--spoil", LOSE_A_POSTING)
    assert (status, report["verified"]) == (1, False), said
    assert report["ledger_sum_minor"] > 0
    assert "NOT VERIFIED" in said
    problems = [line for line in said.splitlines() if line.startswith("  NO  ")]
    assert any(line.startswith("  NO  verify: ") for line in problems), said  # recomputed from the topics
    assert any("sum of the ledger" in line for line in problems), said  # and by the market's own arithmetic
    Home(tmp_path / "demo").remove()
