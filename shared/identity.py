"""Identity clusters: buyers who share a token are one, and so are those who share one with any of them. Source: R4.6, R2.7.

A cluster is a tree of buyer ids in which each points to a lesser one; its root is the least id of all, and names it. Two
clusters meet at any of their ids: the question goes up one tree, then up the other, and the greater root is put under the
lesser. Each step looks at one id alone, so a service can take it as a message keyed by that id. A pointer never changes and
always leads to a lesser id, so steps end, no cycle arises, and links in any order, doubled or lost to a race and told again,
end in the same roots. Until its steps are done a link has no effect yet: both sides are clusters of their own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """The question goes on: does `at` belong together with `other`?"""

    at: str
    other: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Here is a root, and it belongs under `into` from now on."""

    into: str


def meet(at: str, parent: str | None, other: str) -> Ask | Merge | None:
    """What follows at the id `at`, whose parent is known here alone (None: it is a root). None: they are one already."""
    if at == other:
        return None
    if parent is not None:
        return Ask(parent, other)
    return Merge(other) if other < at else Ask(other, at)
