"""laotie contract generate · check; what shows the contract is in glossary.py."""

import json
from pathlib import Path
from typing import Any

import click

from deploy.cli import stored
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from shared.contracts import generate as written
from shared.contracts import registry
from shared.contracts.gate import Contract, faults, gate

ROOT = Path(__file__).resolve().parents[2]


@click.group()
def contract() -> None:
    """The committed contract: schemas, AsyncAPI document, topics, ACLs, examples; and how services keep their rows."""


@contract.command()
def generate() -> None:
    """Write what follows from shared/contracts and from what services keep; refuses a change that breaks others, or rows."""
    stop(refusals(ROOT))
    changed = write(ROOT)
    for path in changed:
        say(f"~ {path}")
    say(f"{len(changed)} files written, {len(registry.entries())} message types")


@contract.command()
def check() -> None:
    """Fail if the committed files differ from what the classes state, or if a change breaks others."""
    stop([*refusals(ROOT), *drift(ROOT)])
    say(f"contract: {len(registry.entries())} message types, {len(examples(ROOT))} examples, nothing broken")


def stop(lines: list[str]) -> None:
    """Raises Failed with all lines, if any."""
    if lines:
        raise Failed("\n".join(["the contract does not hold:", *(f"  {line}" for line in lines)]))


def refusals(root: Path) -> list[str]:
    """What generating anew would not mend: contradictions, breaks, bad or missing examples."""
    found = examples(root)
    bad = faults(registry.entries(), found)
    return [*registry.problems(), *bad, *gate(baseline(root), written.contract(found)), *stored.refusals(root)]


def drift(root: Path) -> list[str]:
    """Committed files that are not what would be written now."""
    documents = _documents(root)
    lines = [
        f"{path}: {'differs' if (root / path).exists() else 'is missing'}: run `laotie contract generate`"
        for path, text in documents.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]
    strays = [path for path in sorted((root / written.SCHEMAS).rglob("*.json")) if str(path.relative_to(root)) not in documents]
    return lines + [f"{path.relative_to(root)}: no type has this schema: remove it" for path in strays]


def write(root: Path) -> list[str]:
    """The paths that changed."""
    changed = []
    for path, text in _documents(root).items():
        place = root / path
        if place.exists() and place.read_text(encoding="utf-8") == text:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        changed.append(path)
    return changed


def _documents(root: Path) -> dict[str, str]:
    kept = {path: json.dumps(document, indent=1) + "\n" for path, document in stored.documents().items()}
    return written.documents(examples(root)) | kept


def examples(root: Path) -> dict[str, bytes]:
    """By `topic/type/0001.json`."""
    home = root / written.EXAMPLES
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(home.rglob("*.json"))}


def baseline(root: Path) -> Contract:
    """What is committed; empty where nothing is yet."""
    lock = root / written.LOCK
    if not lock.exists():
        return Contract({}, {}, {}, {})
    stated: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))
    home = root / written.SCHEMAS
    schemas = {
        path.relative_to(home).as_posix().removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(home.rglob("*.json"))
    }
    return Contract(stated["topics"], stated["types"], stated["examples"], schemas)
