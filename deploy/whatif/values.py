"""The candidate beside what was in force: which values differ, by which rules, and the policies of a rerun. Source: R9.1, R9.2."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from shared.policy import Policies
from shared.policy.changes import changes


class Value(NamedTuple):
    """One that differs. version: of the policy that was in force. before, after None: it has no such value. sentence: in words."""

    version: str
    path: str
    before: Any
    after: Any
    rules: tuple[str, ...]
    sentence: str


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
    """Of each version in force since then, in the order of the document; each said from when the candidate stands in for it."""
    found = []
    for policy, following in zip(in_force.versions, (*in_force.versions[1:], None), strict=True):
        if since is None or following is None or following.effective_from > since:
            begins = max(policy.effective_from, since) if since is not None else policy.effective_from
            other = candidate.at(begins).model_copy(update={"effective_from": begins})
            found += [
                Value(policy.version, one.path, one.old, one.new, tuple(one.word.rule.split(", ")), one.sentence)
                for one in changes(policy, other)
            ]
    return found
