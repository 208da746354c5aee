"""Keys of a long run, for a touch that asks for thousands of entities most of which do not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Numbered(Sequence[str]):
    """One prefix and each number of a range; none of the keys is spelled before somebody asks for it.

    Touched, such a run is for looking: a fact about an entity of it that does not exist yet must touch that one by its own key.
    """

    __slots__ = ("numbers", "prefix")

    def __init__(self, prefix: str, numbers: range) -> None:
        self.prefix, self.numbers = prefix, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Numbered: ...
    def __getitem__(self, place: int | slice) -> str | Numbered:
        return Numbered(self.prefix, self.numbers[place]) if isinstance(place, slice) else f"{self.prefix}{self.numbers[place]}"

    def __iter__(self) -> Iterator[str]:
        return map(self.prefix.__add__, map(str, self.numbers))

    def __contains__(self, key: object) -> bool:
        number = key.removeprefix(self.prefix) if isinstance(key, str) and key.startswith(self.prefix) else ""
        return number.isdecimal() and str(int(number)) == number and int(number) in self.numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbered) and (self.prefix, self.numbers) == (other.prefix, other.numbers)

    def __hash__(self) -> int:
        return hash((self.prefix, self.numbers))

    def place(self, key: str) -> int:
        """Where in the run a key of it stands."""
        return self.numbers.index(int(key.removeprefix(self.prefix)))
