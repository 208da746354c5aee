"""Each invariant is written once, at the top of the file that keeps it; the engine's page finds it, and a test carries its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "shared/messaging"
STATED = re.compile(r"^ ([A-Z]\d) |^Invariant ([A-Z]\d):", re.MULTILINE)


def stated(*folders: str) -> list[tuple[str, str]]:
    """(invariant, file)."""
    found = []
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")), clean=False) or ""
        found += [(one or other, path.relative_to(ROOT).as_posix()) for one, other in STATED.findall(text)]
    return found


def listed() -> dict[str, set[str]]:
    """By file of the engine, the invariants that its page gives it (where one line names several files, each has them all)."""
    rows = re.findall(r"^\| (\[.+?) \| .+? \| ([A-Z0-9 ]*)\|$", (ENGINE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {file: set(numbers.split()) for files, numbers in rows for file in re.findall(r"\]\((\S+?)\)", files)}


def test_no_number_stands_for_two_invariants() -> None:
    numbers = [number for number, _ in stated("shared", "deploy", "services")]
    assert len(numbers) > 40
    assert sorted(numbers) == sorted(set(numbers))


def test_the_engines_page_has_every_file_and_finds_every_invariant() -> None:
    files = {path.relative_to(ENGINE).as_posix() for path in ENGINE.rglob("*.py") if path.name != "__init__.py"}
    page = listed()
    assert set(page) == files
    keeps = {(number, file.removeprefix("shared/messaging/")) for number, file in stated("shared/messaging")}
    assert {number for number, _ in keeps} == set().union(*page.values())
    assert {(number, file) for number, file in keeps if number not in page[file]} == set()


@pytest.mark.parametrize("number", sorted(number for number, _ in stated("shared", "deploy")))
def test_every_invariant_is_carried_by_a_test(number: str) -> None:
    carried = re.compile(rf"def test_(\w+_)?{number.lower()}(_|\()|\b{number}\b")
    assert any(carried.search(path.read_text(encoding="utf-8")) for path in ROOT.glob("tests/[!a]*/**/*.py"))
