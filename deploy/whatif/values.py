"""The candidate beside what was in force: which values differ, by which rules, and the policies of a rerun. Source: R9.1, R9.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from shared.policy import Policies, Policy
from shared.policy.policies import POLICY

_LINE = re.compile(r"^(\s*)(?:- )?([a-z_0-9]+):(.*)$")
_RULE = re.compile(r"R\d+\.\d+")


class Value(NamedTuple):
    """One that differs. version: of the policy that was in force. before, after None: it has no such value."""

    version: str
    path: str
    before: Any
    after: Any
    rules: tuple[str, ...]


def recorded() -> Policies:
    """The versions that were in force. Raises InvalidPolicy."""
    return Policies.configured()


def standing_in(in_force: Policies, candidate: Policies, since: datetime | None) -> tuple[Policies, dict[bytes, bytes]]:
    """From since on (None: from the beginning) the candidate's values in place of every version; before, what was in force.

    Each version keeps its name, so that what comes out the same is written the same; only where one name would mean two contents is there
    another, as a JSON string in the second result, with the recorded one. A candidate of several versions follows its own times.
    """
    starts = {policy.effective_from for policy in in_force.versions}
    starts |= {policy.effective_from for policy in candidate.versions[1:]}
    first = in_force.versions[0].effective_from
    begins = max(since, first) if since is not None else first
    versions = [policy for policy in in_force.versions if policy.effective_from < begins]
    used, names = {policy.version for policy in versions}, dict[bytes, bytes]()
    for start in sorted({begins, *(start for start in starts if start > begins)}):
        content, name = candidate.at(start), in_force.at(start).version
        stand_in = name
        for number in range(1, len(in_force.versions) + len(candidate.versions) + 1):
            if stand_in not in used:
                break
            stand_in = f"{name[:48]}.instead-{number}"
        used.add(stand_in)
        if stand_in != name:
            names[f'"{stand_in}"'.encode()] = f'"{name}"'.encode()
        versions.append(content.model_copy(update={"version": stand_in, "effective_from": start}))
    return Policies(versions), names


def differing(in_force: Policies, candidate: Policies, since: datetime | None) -> list[Value]:
    """Of each version in force since then, sorted."""
    found = []
    for policy, following in zip(in_force.versions, (*in_force.versions[1:], None), strict=True):
        if since is None or following is None or following.effective_from > since:
            other = candidate.at(max(policy.effective_from, since) if since is not None else policy.effective_from)
            found += list(between(policy, other))
    return found


def between(policy: Policy, other: Policy) -> Iterator[Value]:
    before, after = (flat(one.model_dump(mode="json", exclude={"version", "effective_from"})) for one in (policy, other))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield Value(policy.version, path, before.get(path), after.get(path), rules_of(path))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Leaves by dotted path."""
    if isinstance(value, Mapping):
        return {place: leaf for name, one in value.items() for place, leaf in flat(one, f"{path}.{name}" if path else str(name)).items()}
    if isinstance(value, list | tuple):
        return {place: leaf for nth, one in enumerate(value) for place, leaf in flat(one, f"{path}.{nth}").items()}
    return {path: value}


def rules_of(path: str) -> tuple[str, ...]:
    """As the comment beside the value, or beside what it is a part of, says in the policy file that comes with the program."""
    known = _commented()
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if found := known.get(".".join(parts[:length])):
            return found
    return ()


@cache
def _commented() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    above: list[tuple[int, str]] = []
    for line in POLICY.read_text(encoding="utf-8").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        depth = len(match[1])
        above = [one for one in above if one[0] < depth] + [(depth, match[2])]
        rules = tuple(dict.fromkeys(_RULE.findall(match[3].partition("#")[2])))
        if rules:
            found[".".join(name for _, name in above)] = rules
    return found
