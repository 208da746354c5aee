"""The JSON Schema of the document, for editors and for whoever writes a policy: each value with its words and its rule. Source: R9.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.policy.changes import NAMED
from shared.policy.document import Policy
from shared.policy.words import WORDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEAD = {
    "version": "Its name; a name is used once. Source: R9.1.",
    "effective_from": "From when on it is in force, with an offset; at least lead_minutes after its publishing. Source: R9.1, R2.8.",
}

Schema = dict[str, Any]


def schema() -> Schema:
    """2020-12, without references: what stands at a place is said at that place."""
    whole = Policy.model_json_schema()
    return {"$schema": DIALECT, "$id": "urn:laotie:policy", **_placed(whole, whole.get("$defs", {}), "")}


def _placed(part: Schema, definitions: Mapping[str, Schema], path: str) -> Schema:
    while "$ref" in part:
        beside = {word: value for word, value in part.items() if word != "$ref"}
        part = {**definitions[part["$ref"].rsplit("/", 1)[1]], **beside}
    found = {word: value for word, value in part.items() if word not in ("$defs", "title")}
    for word in ("properties", "patternProperties"):
        if word in found:
            inner = {
                name: _placed(value, definitions, _under(path, name if word == "properties" else "*"))
                for name, value in found[word].items()
            }
            found[word] = inner
    if isinstance(found.get("additionalProperties"), Mapping):
        found["additionalProperties"] = _placed(found["additionalProperties"], definitions, _under(path, "*"))
    elif "patternProperties" in found:
        found["additionalProperties"] = False
    for word in ("propertyNames", "items"):
        if word in found:
            found[word] = _placed(found[word], definitions, _under(path, "*") if path in NAMED and word == "items" else f"{path}[]")
    if path in WORDS:
        said = WORDS[path]
        text = said.says.format("…", key="what it is named for", of="what that belongs to")
        found["description"] = f"{text[0].upper()}{text[1:]}. For {said.who}; a change counts {said.since} then on. Source: {said.rule}."
    elif path in HEAD:
        found["description"] = HEAD[path]
    elif path.endswith(".*.name"):
        found["description"] = "Its name. Source: R5.7."
    return found


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
