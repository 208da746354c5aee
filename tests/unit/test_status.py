"""`laotie status` of a stack in which a service has halted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import stack
from deploy.local import control

SAID = {"http://a": "ok", "http://b": "halt.sequence_gap: trust.v1/3"}


def process(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "alive": True, "pid": 1, "address": address, "restarts": 0, "error": ""}


@pytest.mark.parametrize(
    ("addresses", "first", "code"), [("ab", "ready, but halted: payment-1, manual clock", 1), ("aa", "ready, manual clock", 0)]
)
def test_a_halt_is_in_the_first_line_and_whose_it_is(
    addresses: str, first: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Beside a trial or a staging stack there is more than one home, and a new shell has forgotten which was meant."""
    monkeypatch.setenv("LAOTIE_HOME", str(tmp_path))
    rows = [process(f"{name}-1", f"http://{at}") for name, at in zip(("order", "payment"), addresses, strict=True)]
    monkeypatch.setattr(control, "state", lambda home: {"phase": "ready", "clock": "manual", "processes": rows})
    monkeypatch.setattr(stack, "answer", SAID.__getitem__)
    monkeypatch.setattr(stack, "_asked", lambda question: None)
    told = CliRunner().invoke(stack.status)
    assert (told.output.splitlines()[0], told.exit_code) == (f"{first}, home {tmp_path}", code)


def test_down_says_whose_stack_it_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAOTIE_HOME", str(tmp_path))
    assert CliRunner().invoke(stack.down).output == f"nothing was up in {tmp_path}\n"


def test_with_a_server_down_they_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each client would wait half a minute for it, and who asks is in a hurry."""
    rows = [process("order-1", "http://a"), {**process("kafka", "127.0.0.1:9"), "alive": False, "error": "no room"}]
    monkeypatch.setattr(control, "state", lambda home: {"phase": "ready", "clock": "manual", "processes": rows})
    monkeypatch.setattr(stack, "answer", SAID.__getitem__)
    monkeypatch.setattr(stack, "_asked", lambda question: pytest.fail("asked"))
    told = CliRunner().invoke(stack.status)
    assert (told.exit_code, "    no room" in told.output.splitlines()) == (1, True)


def test_what_was_ever_withdrawn_does_not_lengthen_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that was withdrawn is kept for good, so that it is not used again: after years a screen of them for each service."""
    names = [f"2026-{n}" for n in range(200)]
    policies = [{"service": "order", "in_force": "1", "next": None, "next_from": None, "withdrawn": names}]
    monkeypatch.setattr(control, "state", lambda home: {"phase": "ready", "clock": "manual", "processes": []})
    monkeypatch.setattr(stack, "_asked", lambda question: policies if question is stack._policies else None)
    told = CliRunner().invoke(stack.status).output.splitlines()
    assert told[1:] == ["  order          policy 1, withdrawn 2026-197, 2026-198, 2026-199 and 197 before"]
