"""What a change of the contract breaks, and what to do instead. Values: old and new JSON Schemas; one line for each break."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.schema import Schema

NEW_TYPE = "add a new type beside the old one, with a pure upcaster"
NEW_FIELD = f"leave it and add an optional field beside it, or {NEW_TYPE}"
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("type", "format", "pattern", "multipleOf", "uniqueItems")


def breaks(old: Schema, new: Schema, *, outgoing: bool = False) -> list[str]:
    """What of `old` would no longer be read by `new`. outgoing: readers outside also rely on what is never null."""
    return list(dict.fromkeys(_Comparison(old, new, outgoing).walk(old, new, "", ())))


class _Comparison:
    def __init__(self, old: Schema, new: Schema, outgoing: bool) -> None:
        self._old = old.get("$defs", {})
        self._new = new.get("$defs", {})
        self._outgoing = outgoing

    def walk(self, old: Schema, new: Schema, at: str, seen: tuple[tuple[str, str], ...]) -> Iterator[str]:
        """seen: pairs of definitions above this place, so that a recursive schema ends."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in seen:
                return
            seen = (*seen, pair)
        old, new = _resolve(old, self._old), _resolve(new, self._new)
        before, after = _branches(old), _branches(new)
        if len(before) > 1 or len(after) > 1:
            yield from self._unions(before, after, at, seen)
            return
        yield from _values(old, new, at)
        yield from self._objects(old, new, at, seen)
        for word in ("items", "additionalProperties"):
            if isinstance(old.get(word), dict) and isinstance(new.get(word), dict):
                yield from self.walk(old[word], new[word], f"{at}[]", seen)
        if "prefixItems" in old and [*old["prefixItems"]] != [*new.get("prefixItems", ())]:
            yield f"`{_place(at)}` was retyped (fixed items): {NEW_FIELD}"

    def _unions(self, before: list[Schema], after: list[Schema], at: str, seen: tuple[tuple[str, str], ...]) -> Iterator[str]:
        for branch in before:
            attempts = [list(self.walk(branch, candidate, at, seen)) for candidate in after]
            if all(attempts):
                yield from min(attempts, key=len)
        if self._outgoing and _nullable(after) and not _nullable(before):
            yield f"`{_place(at)}` may now be null, and readers were promised that it never is: {NEW_FIELD}"

    def _objects(self, old: Schema, new: Schema, at: str, seen: tuple[tuple[str, str], ...]) -> Iterator[str]:
        fields, present = old.get("properties", {}), new.get("properties", {})
        for name, field in fields.items():
            place = f"{at}.{name}" if at else name
            if name not in present:
                yield f"`{place}` was removed: keep the field, or {NEW_TYPE}"
            else:
                yield from self.walk(field, present[name], place, seen)
        for name in new.get("required", ()):
            if name not in old.get("required", ()):
                yield f"`{at}.{name}`".replace("`.", "`") + f" is newly required: give it a default, or {NEW_TYPE}"


def _values(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for word in EXACT:
        if word in new and old.get(word) != new[word]:
            yield f"`{_place(at)}` was retyped ({word} {old.get(word, 'any')} became {new[word]}): {NEW_FIELD}"
    for word in LOWER:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"`{_place(at)}` was narrowed ({word} {old.get(word, 'none')} became {new[word]}): keep the bound, or {NEW_TYPE}"
    for word in UPPER:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"`{_place(at)}` was narrowed ({word} {old.get(word, 'none')} became {new[word]}): keep the bound, or {NEW_TYPE}"
    allowed = _choices(new)
    if allowed is not None:
        before = _choices(old)
        gone = [choice for choice in before if choice not in allowed] if before is not None else ["any other"]
        if gone:
            yield f"`{_place(at)}` was narrowed (no longer {', '.join(map(str, gone))}): keep the choices, or {NEW_TYPE}"


def _choices(schema: Schema) -> list[Any] | None:
    """None: any value."""
    if "const" in schema:
        return [schema["const"]]
    choices: list[Any] | None = schema.get("enum")
    return choices


def _branches(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf") or schema.get("oneOf") or [schema])


def _nullable(branches: list[Schema]) -> bool:
    return any(branch.get("type") == "null" for branch in branches)


def _resolve(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema:
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        schema = {**definitions[schema["$ref"].rsplit("/", 1)[1]], **beside}
    return schema


def _place(at: str) -> str:
    return at or "value"
