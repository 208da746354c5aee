"""What a newer release wrote and this program does not know: a field, a value, a type. While two releases run side by side it happens.

Invariants kept here:
 N1 A row is never written back without what a newer release keeps in it, and a fact of ours is never skipped or taken without a part
    of what it says: its partition stands until a program that knows all of it takes it over. Apps' events are none of this: what
    an app adds for others is ignored, an unknown type of theirs is refused.
    So a field that a row once had goes with a migration that takes it out of all rows, or it would be taken for a newer one:
    `deploy/cli/stored.py` compares what services keep with what they kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaValidator

from shared.messaging.message import Message

UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument", "literal_error", "union_tag_invalid"})  # of pydantic's errors
_FIELDS = ("model-fields", "dataclass-args", "typed-dict")
_NO_SCHEMA = ("default", "metadata", "serialization", "config")


class Newer(Exception):
    """N1. What is not known, and where."""


def stored(schema: CoreSchema) -> Callable[[str], Any]:
    """Reads what such an entity was kept as. Raises Newer where it has more than that, ValidationError where it is none."""
    read = closed(schema).validate_json

    def parse(snapshot: str) -> Any:
        try:
            return read(snapshot)
        except ValidationError as error:
            if unknown := [one for one in error.errors(include_url=False, include_input=False) if one["type"] in UNKNOWN]:
                raise Newer(f"{error.title}: {'.'.join(map(str, unknown[0]['loc']))}: {unknown[0]['msg']}") from None
            raise

    return parse


@cache
def told(kind: type[Message]) -> SchemaValidator:
    """Of a fact of ours, with no field that is not known here. Readers outside ignore such."""
    kind.model_rebuild()
    return closed(kind.__pydantic_core_schema__)


def closed(schema: CoreSchema) -> SchemaValidator:
    """The same, and nothing besides at any depth."""
    return SchemaValidator(cast("CoreSchema", _closed(schema)), _use_prebuilt=False)


def _closed(part: Any) -> Any:
    if isinstance(part, dict):
        found = {name: inner if name in _NO_SCHEMA else _closed(inner) for name, inner in part.items()}
        return found | {"extra_behavior": "forbid"} if part.get("type") in _FIELDS else found
    return type(part)(map(_closed, part)) if type(part) in (list, tuple) else part
