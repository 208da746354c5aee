"""How each service keeps its entities, committed as schemas beside it, and the gate before a change that its rows would not survive.

A row that says more than its class knows is taken for a newer release's, and its partition halts (N1); one that says less than it
needs is not read at all. So a break comes with a new migration that rewrites all rows, and the schemas name the last one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.local.services import discover
from shared.contracts.compat import breaks

Schema = dict[str, Any]
Stored = dict[str, Any]
WORDS = ("title", "description")  # for readers: they fix nothing


def documents() -> dict[str, Stored]:
    """By path from the root of the tree: `{"migration": the service's last, "kinds": {name: JSON Schema of its body}}`."""
    return {f"services/{name}/stored.json": _stored(name) for name in discover()}


def refusals(root: Path) -> list[str]:
    """What rows that were written before would not survive, one line each; nothing of a service whose migrations went on."""
    return [line for path, now in documents().items() if (root / path).exists() for line in _refused(path, _read(root / path), now)]


def _stored(name: str) -> Stored:
    kinds = import_module(f"services.{name}.handlers").SERVICE.kinds
    folder = Path(import_module(f"services.{name}").__path__[0]) / "migrations"
    return {
        "migration": max(path.name for path in folder.glob("*.sql")),
        "kinds": {kind.name: _shape(kind.body.json_schema()) for kind in kinds},
    }


def _refused(path: str, was: Stored, now: Stored) -> Iterator[str]:
    if was["migration"] != now["migration"]:
        return
    for kind, old in was["kinds"].items():
        new = now["kinds"].get(kind)
        lines = breaks(old, new) if new is not None else ["the kind is gone"]
        for line in lines:
            what = line.partition(": ")[0]
            yield f"{path}: {kind}: {what}: rows hold it as it was; keep it so, or add a migration that rewrites all rows"


def _read(path: Path) -> Stored:
    found: Stored = json.loads(path.read_text(encoding="utf-8"))
    return found


def _shape(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            word: {name: _shape(part) for name, part in value.items()} if word in ("properties", "$defs") else _shape(value)
            for word, value in schema.items()
            if word not in WORDS
        }
    return [_shape(part) for part in schema] if isinstance(schema, list) else schema
