"""N1: a change of what a service keeps comes with a migration of the rows that are there already, or the gate stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli import stored

Edit = Callable[[dict[str, Any]], Any]
ORDER = "services/order/stored.json"


@pytest.fixture(scope="module")
def now() -> dict[str, stored.Stored]:
    return stored.documents()


def refused(tree: Path, now: dict[str, stored.Stored], edit: Edit) -> list[str]:
    """If the committed schemas had been this: what is kept has since moved the other way."""
    was = json.loads(json.dumps(now[ORDER]))
    edit(was)
    (tree / ORDER).parent.mkdir(parents=True, exist_ok=True)
    (tree / ORDER).write_text(json.dumps(was), encoding="utf-8")
    return stored.refusals(tree)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda k: k["order"]["properties"].update(note={"type": "string"}), "order: `note` was removed"),
        (lambda k: k["order"]["$defs"]["OrderLine"]["properties"].update(note={"type": "string"}), "order: `lines[].note` was removed"),
        (lambda k: k["token"]["required"].pop(), "is newly required"),
        (lambda k: k["order"]["properties"]["buyer_id"].update(type="integer"), "order: `buyer_id` was retyped (type integer"),
        (lambda k: k.update(ghost={"type": "object"}), "ghost: the kind is gone"),
    ],
)
def test_what_rows_hold_is_not_forgotten_without_a_migration(tmp_path: Path, now: dict[str, Any], edit: Edit, said: str) -> None:
    (line,) = refused(tmp_path, now, lambda was: edit(was["kinds"]))
    assert line.startswith(f"{ORDER}: ")
    assert said in line
    assert line.endswith("rows hold it as it was; keep it so, or add a migration that rewrites all rows")


def test_a_migration_that_came_with_it_lets_it_pass(tmp_path: Path, now: dict[str, Any]) -> None:
    def before(was: dict[str, Any]) -> None:
        was["migration"] = "0001_init.sql"
        was["kinds"]["order"]["properties"].update(note={"type": "string"})

    assert refused(tmp_path, now, before) == []


def test_what_older_rows_lack_and_need_not_have_passes(tmp_path: Path, now: dict[str, Any]) -> None:
    optional = next(name for name in now[ORDER]["kinds"]["order"]["properties"] if name not in now[ORDER]["kinds"]["order"]["required"])
    assert refused(tmp_path, now, lambda was: was["kinds"]["order"]["properties"].pop(optional)) == []


def test_the_committed_ones_are_of_this_program() -> None:
    root = Path(__file__).parents[2]
    assert {path: json.loads((root / path).read_text(encoding="utf-8")) for path in stored.documents()} == stored.documents()
