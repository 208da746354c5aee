"""What `laotie cursor` says of a place that there is not, before any server is asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from deploy.cli import cursor as module


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("accept order psp.v1 0", "psp.v1 is an app's: its records bear no numbers of ours, so none can be missing"),
        ("accept order nope.v1 0", "order does not read nope.v1"),
        ("accept payment order.v1 12", "order.v1 has partitions 0 to 11"),
        ("move order psp.v1 99 --to 5", "psp.v1 has partitions 0 to 11"),
        ("move order policy.v1 1 --to 0", "policy.v1 has partitions 0 to 0"),
    ],
)
def test_a_place_that_there_is_not_is_named_in_words_of_the_trade(arguments: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "running", lambda: SimpleNamespace(stripes=12))
    told = CliRunner().invoke(module.cursor, arguments.split())
    assert (told.exit_code, said in told.output) == (1, True), told.output or told.exception
