"""What was checked, how much of it, and the first place where it does not hold."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Check:
    """One statement. counted: how many things it was checked on. differences: how many of them break it; first: the first of these."""

    name: str
    counted: int = 0
    differences: int = 0
    first: str = ""

    @property
    def holds(self) -> bool:
        return not self.differences

    def that(self, holds: bool, otherwise: str) -> None:
        """Count one thing; otherwise says exactly what is wrong with it."""
        self.counted += 1
        if not holds:
            self.differ(otherwise)

    def fails(self, holds: bool) -> bool:
        """Count one thing. True: it does not hold; say what is wrong by `differ`. For what is so many that the words cost."""
        self.counted += 1
        return not holds

    def same(self, what: str, recomputed: object, stored: object) -> None:
        """Count one comparison of the topics with the tables."""
        self.counted += 1
        if recomputed != stored:
            self.differ(f"{what}: the topics say {recomputed!r}, the tables {stored!r}")

    def differ(self, what: str) -> None:
        self.differences += 1
        self.first = self.first or what


@dataclass(slots=True)
class Report:
    """records: read. since: partitions that no longer begin at 0, with where they do: nothing is proven before. strangers: how many
    records on our topics their service did not write; all statements leave them out. stranger: the first of them.
    """

    records: int = 0
    seconds: float = 0.0
    since: dict[str, int] = field(default_factory=dict)
    strangers: int = 0
    stranger: str = ""
    checks: list[Check] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)
