"""What `laotie parked redrive` says of what it has not seen end, or has seen fail again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import parked as module
from deploy.cli.parked import Held, parked, unfinished

REF = "psp.v1/0/7"


@pytest.fixture
def redriven(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command's answer where that is held afterwards, and so many processes started since."""

    def answer(after: Held, started: int) -> Any:
        looks: list[Held] = [{REF: ("parked", 1, "parked.killed_the_process")}, after]

        async def held(*_: object) -> Held:
            return looks.pop(0) if len(looks) > 1 else looks[0]

        async def nothing(*_: object) -> None: ...

        async def fetch(*_: object) -> list[tuple[int]]:
            return [(started,)]

        monkeypatch.setattr(module, "running", SimpleNamespace)
        monkeypatch.setattr(module, "_held", held)
        monkeypatch.setattr(module, "order_redrive", nothing)
        monkeypatch.setattr(module, "_fetch", fetch)
        return CliRunner().invoke(parked, ["redrive", "o-1", "--service", "order", "--timeout", "0"])

    return answer


def test_an_event_that_killed_the_process_again_is_named_with_that_code(redriven: Any) -> None:
    said = redriven({REF: ("parked", 2, "parked.killed_the_process")}, 3)
    assert said.exit_code == 1
    assert f"{REF} was offered and failed again (parked.killed_the_process: the process died three times in this event)" in said.output


def test_while_it_kills_the_process_again_the_deaths_are_told(redriven: Any) -> None:
    """It asked whether the service was running; `laotie status` says that it is."""
    said = redriven({REF: ("ready", 1, "parked.killed_the_process")}, 2)
    assert said.exit_code == 1
    assert (
        f"order, after 0 s: {REF} is being offered again, and nothing has come of it; 2 of its processes started again since" in said.output
    )


def test_an_order_that_nobody_took_asks_whether_the_service_runs() -> None:
    assert "is it running?" in unfinished({REF}, {REF: ("parked", 1, "parked.raised")}, 0)
    assert "does it work?" in unfinished({REF}, {REF: ("ready", 1, "parked.raised")}, 0)


def test_what_is_held_by_a_code_of_another_version_is_told_all_the_same(redriven: Any) -> None:
    """A version that is rolled back, or one that has another word for it since."""
    said = redriven({REF: ("waiting", 1, "cancel.before_answer")}, 0)
    assert (said.exit_code, said.output) == (
        0,
        "order: 1 offered again, 1 waiting again (cancel.before_answer: a code of another version)\n",
    )
    said = redriven({REF: ("parked", 2, "cancel.before_answer")}, 0)
    assert "was offered and failed again (cancel.before_answer: a code of another version)" in said.output
