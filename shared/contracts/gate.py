"""The gate before a change of the contract: against the committed baseline, one line for each break, with what to do instead."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from shared.contracts import schema
from shared.contracts.compat import NEW_TYPE, breaks
from shared.contracts.registry import Entry
from shared.messaging.message import Topic

Example = dict[str, Any]


@dataclass(frozen=True)
class Contract:
    """All that others rely on. topics and types: what is fixed of each, by name. examples: their hashes, by `topic/type/0001.json`."""

    topics: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, Mapping[str, Any]]
    examples: Mapping[str, str]
    schemas: Mapping[str, schema.Schema]

    def lock(self) -> dict[str, Any]:
        """What is committed beside the schemas."""
        return {"topics": self.topics, "types": self.types, "examples": self.examples}


def current(entries: Iterable[Entry], topics: Iterable[Topic], examples: Mapping[str, bytes]) -> Contract:
    """The contract that the classes state now."""
    found = list(entries)
    return Contract(
        {topic.name: {"key": topic.key, "partitions": 1 if topic.single else "stripes", "own": topic.own} for topic in topics},
        {entry.name: {"key": entry.key_field} for entry in found},
        {path: sha256(content).hexdigest() for path, content in sorted(examples.items())},
        {entry.name: schema.of(entry) for entry in found},
    )


def gate(was: Contract, now: Contract) -> list[str]:
    """What breaks others, or what is recorded. Source: the contract is append-only in all that it promises."""
    return [*_topics(was, now), *_types(was, now), *_examples(was, now)]


def faults(entries: Iterable[Entry], examples: Mapping[str, bytes]) -> list[str]:
    """Examples that do not parse with their class any more, bear another key than their value, and types without any."""
    by_name = {entry.name: entry for entry in entries}
    lines = []
    for path, content in sorted(examples.items()):
        entry = by_name.get(path.rsplit("/", 1)[0])
        if entry is None:
            lines.append(f"example {path}: its type is gone: keep the class, recorded messages are of it")
        else:
            lines += [f"example {path}: {line}" for line in _example(entry, content)]
    bare = sorted(set(by_name) - {path.rsplit("/", 1)[0] for path in examples})
    return lines + [f"{name}: no example: add a real message as shared/contracts/examples/{name}/0001.json" for name in bare]


def _topics(was: Contract, now: Contract) -> Iterable[str]:
    for name, old in was.topics.items():
        new = now.topics.get(name)
        if new is None:
            yield f"{name}: the topic is gone: keep it declared, its records are history"
            continue
        for word, value in old.items():
            if new.get(word) != value:
                yield f"{name}: {word} {value} became {new.get(word)}: keys would change places; begin a new topic (`.v2`) beside it"


def _types(was: Contract, now: Contract) -> Iterable[str]:
    for name, old in was.types.items():
        new = now.types.get(name)
        if new is None:
            yield f"{name}: the type was removed or moved to another topic: keep the class where it is, or {NEW_TYPE}"
        elif new["key"] != old["key"]:
            yield f"{name}: its key {old['key']} became {new['key']}, which loses its order: {NEW_TYPE}"
        elif name not in was.schemas:
            yield f"{name}: its committed schema is gone: restore it, it is what the change is measured by"
        else:
            outgoing = bool(now.topics[name.split("/")[0]]["own"])
            yield from (f"{name}: {line}" for line in breaks(was.schemas[name], now.schemas[name], outgoing=outgoing))


def _examples(was: Contract, now: Contract) -> Iterable[str]:
    for path, digest in was.examples.items():
        if path not in now.examples:
            yield f"example {path}: removed: restore it, examples are for ever"
        elif now.examples[path] != digest:
            yield f"example {path}: edited: restore it and add the new form as the next number"


def _example(entry: Entry, content: bytes) -> Iterable[str]:
    try:
        example: Example = json.loads(content)
        message = entry.kind.model_validate_json(json.dumps(example["value"]))
    except (ValueError, KeyError, TypeError) as error:
        first = error.errors(include_url=False, include_input=False)[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else repr(error)
        yield f"no longer parses ({why}): the class must read it for ever; {NEW_TYPE}"
        return
    if example.get("key") != message.key:
        yield f"its key is {example.get('key')!r}, its value's is {message.key!r}"
    if example.get("headers", {}).get("ce_type") != entry.kind.type:
        yield f"its ce_type is not {entry.kind.type}"
