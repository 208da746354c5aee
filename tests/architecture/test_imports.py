"""Imports point down only: the rules of pyproject.toml hold, and each would notice a breach in a service that it never heard of."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = (
    "imports point down: deploy, services, shared",
    "services never import each other",
    "inside a service: __main__, handlers, decide and store, rules, model",
    "pure modules know no I/O, no clock, no randomness, no logging",
    "only shared.messaging knows Kafka",
    "the engine knows nothing of commerce",
    "the running engine needs nothing of recovery",
    "verify shares nothing with the services but the contract",
)
CLEAN = {
    "shared/errors.py": "",
    "shared/money.py": "",
    "shared/currencies.py": "",
    "shared/days.py": "",
    "shared/identity.py": "",
    "shared/texts.py": "",
    "shared/contracts/__init__.py": "import shared.messaging.message\n",
    "shared/policy/__init__.py": "",
    "shared/settings.py": "from faststream import security\n",
    **{f"shared/messaging/{name}.py": "" for name in ("fold", "memory", "shape", "message", "record", "envelope", "strict")},
    "shared/messaging/app.py": "import shared.messaging.engine\n",
    "shared/messaging/recovery/__init__.py": "import shared.messaging.fold\n",
    "shared/messaging/engine.py": "import asyncio, logging, time\nimport aiokafka\nimport shared.errors\n",
    "services/gift/ledger.py": "import shared.contracts\n",
    "services/gift/model.py": "import shared.contracts\n",
    "services/gift/rules/__init__.py": "import services.gift.model\n",
    "services/gift/decide/__init__.py": "import services.gift.rules\nimport shared.money\n",
    "services/gift/store.py": "import services.gift.model\n",
    "services/gift/handlers.py": "import services.gift.decide\nimport services.gift.store\n",
    "services/gift/__main__.py": "import services.gift.handlers\nimport shared.messaging.engine\n",
    "services/raffle/model.py": "import shared.contracts\n",
    "deploy/local/stack.py": "import services.gift.handlers\n",
    "deploy/verify/money.py": "import deploy.local.stack\nimport shared.contracts\nimport shared.policy\n",
    "deploy/market/__init__.py": "import confluent_kafka\nimport services.gift.handlers\n",
}
BREACHES = {
    RULES[0]: [("shared/money.py", "import services.gift.model"), ("services/gift/handlers.py", "import deploy.market")],
    RULES[1]: [("services/raffle/model.py", "import services.gift.model"), ("services/gift/store.py", "import services.raffle.model")],
    RULES[2]: [
        ("services/gift/model.py", "import services.gift.rules"),
        ("services/gift/decide/__init__.py", "import services.gift.store"),
        ("services/gift/rules/__init__.py", "from services.gift import decide"),
        ("services/gift/decide/__init__.py", "import services.gift.handlers"),
    ],
    RULES[3]: [
        ("services/gift/decide/__init__.py", "import logging"),
        ("services/gift/rules/__init__.py", "import random"),
        ("services/gift/model.py", "from time import time"),
        ("services/gift/model.py", "import shared.messaging.engine"),
        ("shared/contracts/__init__.py", "import asyncpg"),
        ("shared/money.py", "import socket"),
        ("shared/currencies.py", "import random"),
        ("shared/days.py", "import time"),
        ("shared/identity.py", "import secrets"),
        ("services/gift/ledger.py", "import logging"),
        ("shared/messaging/fold.py", "import asyncio"),
    ],
    RULES[4]: [
        ("services/gift/store.py", "import aiokafka"),
        ("shared/settings.py", "import aiokafka"),
        ("services/gift/__main__.py", "import faststream"),
    ],
    RULES[5]: [
        ("shared/messaging/engine.py", "import shared.contracts"),
        ("shared/messaging/engine.py", "from services.gift import model"),
    ],
    RULES[6]: [
        ("shared/messaging/app.py", "import shared.messaging.recovery"),
        ("shared/messaging/engine.py", "from shared.messaging import recovery"),
    ],
    RULES[7]: [
        ("deploy/verify/money.py", "import services.gift.rules"),
        ("deploy/verify/money.py", "from shared import money"),
        ("deploy/verify/money.py", "import shared.days"),
        ("deploy/verify/money.py", "from shared.messaging.memory import Memory"),
    ],
}


def told(tree: Path) -> str:
    """What the checker says of that tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"}
    return subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True, timeout=120).stdout


def kept(tree: Path) -> dict[str, bool]:
    """Each rule, and whether it holds in that tree."""
    said = told(tree)
    found = re.findall(r"^(.+?) (KEPT|BROKEN)\b", said, re.MULTILINE)
    assert found, said
    return {name: state == "KEPT" for name, state in found}


def begun(said: str) -> dict[str, set[tuple[str, str]]]:
    """By rule, the imports with which a way begins that it forbids."""
    parts = re.split(r"^(.+)\n-+$", said.partition("Broken contracts")[2], flags=re.MULTILINE)[1:]
    return {
        name: set(re.findall(r"^- +(\S+) -> (\S+) \(l", part, re.MULTILINE)) for name, part in zip(parts[::2], parts[1::2], strict=True)
    }


def build(tree: Path, changes: list[tuple[str, str]]) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tree)
    for path, text in CLEAN.items():
        place = tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for path, line in changes:
        with (tree / path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    for folder in {parent for path in CLEAN for parent in (tree / path).parents if tree in parent.parents}:
        (folder / "__init__.py").touch()
    return tree


def test_every_rule_holds_here() -> None:
    assert kept(ROOT) == dict.fromkeys(RULES, True)


def test_a_new_service_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    assert kept(build(tmp_path, [])) == dict.fromkeys(RULES, True)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """One tree with all breaches: the checker takes a second to begin."""
    return begun(told(build(tmp_path_factory.mktemp("broken"), [breach for found in BREACHES.values() for breach in found])))


@pytest.mark.parametrize(("rule", "path", "line"), [(rule, *breach) for rule, found in BREACHES.items() for breach in found])
def test_a_breach_is_noticed(broken: dict[str, set[tuple[str, str]]], rule: str, path: str, line: str) -> None:
    importer = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    words = line.replace("from ", "").replace("import ", "").split()
    assert {(importer, words[0]), (importer, ".".join(words))} & broken[rule]
