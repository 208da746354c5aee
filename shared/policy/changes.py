"""What one version changes of another, value by value and in words: for whom, by which rule, from when. Source: R9.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shared.currencies import money
from shared.policy.document import Policy
from shared.policy.words import WORDS, Word

Leaf = str | int | bool | tuple[Any, ...]
NAMED = ("trust.tiers",)  # lists of sections, told apart by their name
HEAD = ("version", "effective_from")


class Change(NamedTuple):
    """One value. old None: it was not there; new None: it is not there any more."""

    path: str
    word: Word
    old: Leaf | None
    new: Leaf | None
    sentence: str


def changes(old: Policy, new: Policy) -> list[Change]:
    """In the order of the document. What only stands in another order is no change."""
    before, after = leaves(old), leaves(new)
    found = []
    for path in dict.fromkeys((*before, *after)):
        was, becomes = before.get(path), after.get(path)
        if was != becomes and not (isinstance(was, tuple) and isinstance(becomes, tuple) and _unordered(path) and set(was) == set(becomes)):
            word, names = word_of(path)
            found.append(Change(path, word, was, becomes, _sentence(path, word, names, was, becomes, new)))
    return found


def leaves(policy: Policy) -> dict[str, Leaf]:
    """Every value by its path, but name and time of the version. A list of values is one value."""
    body = policy.model_dump(mode="json")
    return dict(_leaves({name: value for name, value in body.items() if name not in HEAD}, ""))


def word_of(path: str) -> tuple[Word, list[str]]:
    """What is said of that value, and the names that the `*` of its line stand for. Raises LookupError: nothing is."""
    parts = path.split(".")
    for pattern, word in WORDS.items():
        wanted = pattern.split(".")
        if len(wanted) == len(parts) and all(one in ("*", part) for one, part in zip(wanted, parts, strict=True)):
            return word, [part for one, part in zip(wanted, parts, strict=True) if one == "*"]
    raise LookupError(f"{path} has no line in shared/policy/words.py")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif path in NAMED:
        for section in value:
            yield from _leaves({name: inner for name, inner in section.items() if name != "name"}, f"{path}.{section['name']}")
    else:
        yield path, tuple(value) if isinstance(value, list) else value


def _unordered(path: str) -> bool:
    """A list whose order says nothing."""
    return path in ("order.tags", "trust.ceiling.kinds") or ".counts_for." in path


def _sentence(path: str, word: Word, names: list[str], old: Leaf | None, new: Leaf | None, policy: Policy) -> str:
    key, of = (names[-1] if names else ""), (names[-2] if len(names) > 1 else "")

    def said(value: Leaf) -> str:
        return word.says.format(shown(path, value), key=key, of=of)

    if old is None and new is not None:
        what = f"{said(new)}, where nothing was said before,"
    elif new is None and old is not None:
        what = f"no more: {said(old)}"
    else:
        assert old is not None
        assert new is not None
        what = f"{said(old)} become {shown(path, new)}"
    when = policy.effective_from.astimezone(ZoneInfo(policy.zone))
    return f"{word.who}: {what} ({word.rule}), {word.since} {when:%Y-%m-%d %H:%M}"


def shown(path: str, value: Leaf) -> str:
    """As a shop manager writes it: 5.00 CNY, 10%, on."""
    name = path.split(".")
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, int) and len(name) > 1 and name[-2].endswith("_minor"):
        return money(value, name[-1])
    if isinstance(value, int) and name[-1].endswith("bp"):
        return f"{value // 100}.{value % 100:02d}%".replace(".00%", "%")
    if isinstance(value, int) and name[-2:-1] == ["dimensions"]:
        return f"{value}%"
    return str(value)
