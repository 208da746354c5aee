"""`laotie certificate show`: what a certificate promises, in words that a shop shows. Source: R4.1."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli.main import main
from tests.unit.builders import ORDER
from tests.unit.refund.test_certificate import certificate, full, told


def test_laotie_certificate_show_names_what_is_promised_in_both_languages_r4_1() -> None:
    said = CliRunner().invoke(main, ["certificate", "show", "-"], input=json.dumps(told(full())))
    assert said.exit_code == 0
    lines = said.output.splitlines()
    assert lines[0] == f"order {ORDER}"
    assert len(lines) == 1 + len(list(certificate(full()).each()))
    assert any("无理由退货 · Return without reason (no_reason): yes, 7 days" in line for line in lines), said.output


@pytest.mark.parametrize("spoil", [lambda value: value.pop("lines"), lambda value: value["guarantees"][0].update(line_no=99)])
def test_what_promises_nothing_is_not_shown_as_a_certificate_r4_1(spoil: Callable[[dict[str, Any]], object]) -> None:
    value = told(full())
    spoil(value)
    said = CliRunner().invoke(main, ["certificate", "show", "-"], input=json.dumps(value))
    assert said.exit_code == 1
    assert "Error: this is no certificate: " in said.output
