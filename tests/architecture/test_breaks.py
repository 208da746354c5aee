"""`make mutants` breaks what there is: an edit that finds its line no more proves nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chaos import breaks, breaks_real, breaks_unit

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("one", [*breaks_unit.BREAKS, *breaks_real.BREAKS], ids=lambda one: one.name)
def test_a_break_applies_once_and_names_a_test_that_there_is(one: breaks.Break) -> None:
    assert (ROOT / "shared/messaging" / one.file).read_text(encoding="utf-8").count(one.old) == 1
    file, _, name = one.by.partition("::")  # no name: the whole file
    assert not name or re.search(rf"def {re.escape(name.partition('[')[0])}\(", (ROOT / file).read_text(encoding="utf-8"))
