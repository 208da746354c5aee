"""Single deliberate breaks of the engine: each must be caught by a test, or the test proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

UNIT = "tests/unit/messaging/"


@dataclass(frozen=True)
class Break:
    """sentence: what it makes untrue. old → new: the edit, in shared/messaging. by: the test that must fail."""

    name: str
    sentence: str
    file: str
    old: str
    new: str
    by: str
