"""What somebody typed stays text on the terminal of who reads it: no escape sequence, no line of its own, nothing turned around."""

from __future__ import annotations

import ast
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.cli import refused
from deploy.cli.errors import Failed
from deploy.cli.plain import local, plain
from tests.unit import builders as b
from tests.unit.refund import life
from tests.unit.test_told_sentences import printed, step

CLI = Path(refused.__file__).parent
TYPED = "\x1b[31mred\x1b]0;title\x07\r[/]\n  9  2026-01-01 00:00:00  payment/line.settled\u202e\x9b2J"
SPELT = r"\x1b[31mred\x1b]0;title\x07\r[/]\n  9  2026-01-01 00:00:00  payment/line.settled\u202e\x9b2J"


def test_a_buyers_reason_forges_no_step_of_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    asked = life.requested().model_copy(update={"reason": TYPED})
    lines = printed(capsys, step(b.order_paid(), b.at(b.PAID)), step(asked, asked.occurred_at))
    assert [line for line in lines if SPELT in line and line.startswith("line_no 1, ")]
    assert not [line for line in lines if line.startswith("9  2026-01-01")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TYPED, SPELT),
        ("七天无理由\u3000退货 – naïve 👍", "七天无理由\u3000退货 – naïve 👍"),
        ("a\u200bb\ufeff\u2066c\x7f\x00", r"a\u200bb\ufeff\u2066c\x7f\x00"),
        ("a\u2028b\u2029c\x85d\te", r"a\u2028b\u2029c\x85d\te"),
    ],
)
def test_what_is_not_seen_is_spelt(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_r4_13_a_time_that_an_app_means_as_never_is_shown_as_it_wrote_it() -> None:
    """A coupon that does not expire, say: no clock there gets so far."""
    assert local("9999-12-31T23:59:59Z", ZoneInfo("Asia/Shanghai")) == "9999-12-31 23:59:59"
    assert local("9999-12-31T23:59:59+08:00", ZoneInfo("Asia/Shanghai")) == "9999-12-31 23:59:59"


def test_a_failure_keeps_its_lines_and_spells_the_rest() -> None:
    assert Failed("one\ntwo \x1b[2J").format_message() == "one\ntwo \\x1b[2J"


def test_all_that_is_not_json_is_printed_plainly() -> None:
    assert [f"{path.name}:{line}" for path in sorted(CLI.glob("*.py")) if path.name != "plain.py" for line in raw(path)] == []


def raw(path: Path) -> list[int]:
    """Lines in which a command prints anything but JSON by itself."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    echoes = [call for call in calls if ast.unparse(call.func) in ("click.echo", "click.secho", "print")]
    return [call.lineno for call in echoes if not ast.unparse(call.args[0]).startswith(("json.dumps(", "said.model_dump_json("))]
