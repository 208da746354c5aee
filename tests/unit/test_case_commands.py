"""What `laotie cases` and its neighbours print, and what they say where nothing runs. Source: R4.2, R4.3, R4.6, R3.5."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from deploy.cli.cases import line
from deploy.cli.main import main
from shared.contracts.refund import STATES, CaseState
from tests.unit.builders import at

ZONE = ZoneInfo("Asia/Shanghai")


def row(**fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"order_id": "o-1", "case_id": "c-1", "task": "case", "line_no": 2, "seller_id": "s-1", "rule": "R4.3"}
    about = {"state": 10, "turn": "seller", "kind": "exchange", "ground": "quality", "deadline": at("06-18 10:00")}
    return {**values, **about, "waits_for_fund": False, "stuck": False, **fields}


def test_every_state_has_the_platforms_code_and_a_name_r4_2() -> None:
    assert tuple(STATES) == get_args(CaseState)


def test_a_line_says_until_when_whose_turn_which_case_and_rule_r4_3() -> None:
    told = line(row(), at("06-18 10:00"), ZONE)
    assert " ".join(told.split()) == "2026-06-18 10:00:00 seller 10 applied exchange/quality c-1 of o-1, line 2, seller s-1 [R4.3]"
    assert line(row(), at("06-18 10:00") + timedelta(seconds=1), ZONE).endswith("OVERDUE")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"waits_for_fund": True, "turn": "platform"}, "waits for the fund"),
        ({"stuck": True, "state": 50, "turn": "platform"}, "refund not paid"),
        ({"task": "appeal", "state": 60, "turn": "platform"}, "60 done              appeal  c-1"),
    ],
)
def test_what_waits_for_the_platform_says_why(fields: dict[str, Any], said: str) -> None:
    told = line(row(deadline=None, **fields), at("06-18 10:00"), ZONE)
    assert told.startswith("no deadline")
    assert said in told


@pytest.mark.parametrize(
    "words", [["cases"], ["refused"], ["case", "show", "c-1"], ["explain", "c-1"], ["explain", "c-1", "--order", "o-1"]]
)
def test_where_nothing_runs_one_clear_line_says_so(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAOTIE_KAFKA", "LAOTIE_POSTGRES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAOTIE_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, "is down; start it with `laotie up`" in result.output) == (1, True), result.output
    assert "Traceback" not in result.output
