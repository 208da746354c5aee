"""What the documents tell a reader to type, to open and to look up is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import get_args

import click
import pytest

from deploy.cli.main import main
from shared.errors import HaltCode
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README, RUNBOOK = ROOT / "README.md", ROOT / "deploy/RUNBOOK.md"
DECISIONS = sorted((ROOT / "shared/decisions").glob("*.md"))
UPSTREAM = ROOT / "shared/contracts/README.md"
ENGINE = ROOT / "shared/messaging/README.md"
DOCUMENTS = [README, RUNBOOK, UPSTREAM, ENGINE, *DECISIONS]
SECTIONS = ["Context", "Decision", "Consequence", "What enforces it"]
DECISION_LINES_MAX = 60  # a page
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


@every_document
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for code in codes(document) for word in re.findall(r"(?:^|[\s(])make ([a-z-]+)", code)}
    assert named - targets == set()


def test_every_module_that_make_runs_exists() -> None:
    modules = re.findall(r"python -m ([a-z_.]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert [name for name in modules if name != "venv" and find_spec(name) is None] == []


@every_document
def test_every_laotie_command_exists_with_its_options(document: Path) -> None:
    assert [trouble for words in commands(document) if (trouble := wrong(words))] == []


@pytest.mark.parametrize("words", ["upp", "parked explode KEY", "cursor move order psp.v1 0 --from 1", "up --stale"])
def test_a_command_that_does_not_exist_would_be_noticed(words: str) -> None:
    assert wrong(words.split())


def test_the_runbook_has_a_section_for_every_halt_and_no_other() -> None:
    assert sorted(re.findall(r"^### (halt\.\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)) == sorted(get_args(HaltCode))


def test_the_runbook_names_only_metrics_that_are_served() -> None:
    lists = (ROOT / "shared/messaging/metrics.py", ROOT / "shared/attention.py", *ROOT.glob("services/*/metrics.py"))
    served = {name for path in lists for name in re.findall(r'"(laotie_\w+)"', path.read_text(encoding="utf-8"))}
    named = set(re.findall(r"`(laotie_[a-z_]+)", RUNBOOK.read_text(encoding="utf-8")))
    assert named
    assert named - served == set()


def test_every_alert_that_is_deployed_is_in_the_runbook() -> None:
    rules = [path.read_text(encoding="utf-8") for path in (ROOT / "deploy/prometheus").glob("*.y*ml")]
    alerts = {name for text in rules for name in re.findall(r"^\s*- alert: (\w+)", text, re.MULTILINE)}
    assert {name for name in alerts if name not in RUNBOOK.read_text(encoding="utf-8")} == set()


def test_the_readme_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(LAOTIE_\w+)` \| `?([^`| ]*)`? ?\|", README.read_text(encoding="utf-8"), re.MULTILINE))
    fields = {f"LAOTIE_{name.upper()}": field.default for name, field in Settings.model_fields.items()}
    assert rows == {name: "" if default is None else str(default) for name, default in fields.items()}


@every_document
def test_every_variable_that_is_named_is_read_somewhere(document: Path) -> None:
    named = set(re.findall(r"LAOTIE_[A-Z_]+", document.read_text(encoding="utf-8")))
    known = {f"LAOTIE_{name.upper()}" for name in Settings.model_fields}
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("[dst]*/**/*.py") if path != Path(__file__))
    assert {name for name in named - known if f'"{name}"' not in sources} == set()


def test_every_place_on_the_map_exists() -> None:
    missing = [spelled for spelled, candidates in places() if not any((ROOT / path).exists() for path in candidates)]
    assert missing == []


@every_document
def test_no_relative_link_is_dead(document: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        path, _, anchor = target.replace("\\", "").partition("#")
        if path.startswith("http"):
            continue
        place = (document.parent / path).resolve() if path else document
        if not place.exists() or (anchor and anchor not in anchors(place)):
            dead.append(target)
    assert dead == []


@every_document
def test_every_test_that_is_named_exists(document: Path) -> None:
    known = {name for path in ROOT.glob("tests/**/*.py") for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    named = set(re.findall(r"`(test_\w+)`", document.read_text(encoding="utf-8")))
    assert named - known == set()


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_and_names_what_enforces_it(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= DECISION_LINES_MAX
    assert re.search(r"`test_\w+`", text.rpartition("## ")[2])


def codes(document: Path) -> Iterator[str]:
    """Lines of code blocks without their comments, and inline code."""
    text = document.read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from (line.partition(" #")[0] for line in block.splitlines())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))


def commands(document: Path) -> Iterator[list[str]]:
    """The words behind each `laotie` that is a command and not a path."""
    for code in codes(document):
        for words in re.findall(r"(?:^|[\s(]|\.venv/bin/)laotie (?!command)([^;|)&]+)", code):
            yield shlex.split(words)


def wrong(words: list[str]) -> str:
    """What is not there; empty where all is."""
    command: click.Command = main
    for word in words:
        if not isinstance(command, click.Group):
            break
        if (found := command.get_command(click.Context(command), word)) is None:
            return f"laotie {' '.join(words)}: no {word}"
        command = found
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    strange = [word for word in words if word.startswith("-") and word.partition("=")[0] not in {*known, "--help"}]
    return f"laotie {' '.join(words)}: no {strange[0]}" if strange else ""


def places() -> Iterator[tuple[str, list[str]]]:
    """Each path of the README's map, with the places one of which must exist (`<a|b>` is any of them)."""
    text = README.read_text(encoding="utf-8").partition("\n## Map\n")[2]
    block = re.search(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    parent = ""
    for line in block[1].splitlines():
        indented = line.startswith("  ")
        spelled = re.split(r"\s{2,}", line.strip())[0]
        if not indented:
            parent = spelled
        for word in re.split(r"[,\s]+", spelled):
            path = parent + word if indented else word
            parts = [part.strip("<>").split("|") for part in re.split(r"(<[^>]+>)", path)]
            yield path, ["".join(chosen) for chosen in product(*parts)]


def anchors(document: Path) -> set[str]:
    """Of its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
