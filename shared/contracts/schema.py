"""JSON Schemas of messages: of one alone (2020-12, committed), and of all together (components of the AsyncAPI document)."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.contracts.registry import Entry
from shared.messaging.message import Message

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS = "#/components/schemas/{model}"

Schema = dict[str, Any]


@cache
def of(entry: Entry) -> Schema:
    """The value of one message as it is read: what has a default may be left out, what is not named is ignored."""
    return {"$schema": DIALECT, "$id": f"urn:laotie:{entry.topic.name}:{entry.kind.type}", **entry.kind.model_json_schema()}


def together(entries: Iterable[Entry]) -> tuple[dict[type[Message], Schema], dict[str, Schema]]:
    """A reference for each message, and the definitions that the references point to."""
    kinds = [entry.kind for entry in entries]
    references, document = models_json_schema([(kind, "validation") for kind in kinds], ref_template=COMPONENTS)
    return {kind: references[(kind, "validation")] for kind in kinds}, document["$defs"]
