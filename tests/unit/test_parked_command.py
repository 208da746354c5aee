"""What `laotie parked redrive` and `discard` say of what they have not seen end, have seen fail again, or what somebody else did."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import parked as module
from deploy.cli.parked import HEARD, Held, Sent, parked, unfinished

REF = "psp.v1/0/7"


@pytest.fixture
def redriven(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command's answer where that is held afterwards, so many processes started since, and what it told was taken, refused, not read."""

    def answer(after: Held, started: int = 0, *, taken: bool | None = True, command: tuple[str, ...] = ("redrive", "o-1")) -> Any:
        looks: list[Held] = [{REF: ("parked", 1, "parked.killed_the_process")}, after]

        async def held(*_: object) -> Held:
            return looks.pop(0) if len(looks) > 1 else looks[0]

        async def sent(*_: object) -> Sent:
            return Sent("id", 0, 5)

        async def soon(*_: object) -> datetime:
            return datetime.now(UTC)

        async def fetch(stack: object, statement: str, *_: object) -> list[Any]:
            if statement != HEARD:
                return [(started,)]
            return [] if taken is None else [{"taken": taken}]

        monkeypatch.setattr(module, "running", SimpleNamespace)
        monkeypatch.setattr(module, "_held", held)
        monkeypatch.setattr(module, "_publish", sent)
        monkeypatch.setattr(module, "now", soon)
        monkeypatch.setattr(module, "_fetch", fetch)
        return CliRunner().invoke(parked, [*command, "--service", "order", "--timeout", "0"])

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


def test_who_was_too_late_does_not_say_that_it_did_what_another_did(redriven: Any) -> None:
    """Redriven in one window and discarded in the other: the event took effect, and the second was told that it is forgotten."""
    discard = ("discard", "o-1", REF)
    said = redriven({}, command=discard)
    assert (said.exit_code, said.output) == (0, f"order: {REF} is forgotten\n")
    said = redriven({}, taken=False, command=discard)
    assert said.exit_code == 1
    assert f"{REF} is not forgotten by this: order held nothing such any more when it was told" in said.output
    said = redriven({}, taken=False)
    assert (said.exit_code, "order held nothing such any more when it was told" in said.output) == (1, True)
    said = redriven({}, taken=None, command=discard)
    assert (said.exit_code, "order has not read what it was told after 0 s" in said.output) == (1, True)


@pytest.mark.parametrize("command", [("redrive", "o-1"), ("discard", "o-1", REF)])
def test_an_order_that_failed_itself_is_told_as_refused(redriven: Any, command: tuple[str, ...]) -> None:
    """It asked whether the service was running, which had read and refused it (`ops.failed`)."""
    said = redriven({REF: ("parked", 1, "parked.raised")}, taken=False, command=command)
    assert (said.exit_code, "order refused what it was told (`laotie refused` says why)" in said.output) == (1, True)
