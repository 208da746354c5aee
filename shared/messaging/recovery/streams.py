"""What is to be taken again, in the order of each partition, and until what it stands aside."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from shared.messaging.record import Effects, Held, HeldState, Record
from shared.messaging.recovery.lost import Lost
from shared.messaging.store import Lane

GROUP_MAX = 500  # records for others that go with one of ours

Token = object  # what may change: an entity (kind, key), a deadline's place, a lane, what is held of a key


@dataclass(slots=True, eq=False)
class Stream:
    """Groups of records in order, each with at most one of ours, its last. read: a partition of an input, from position on. fires:
    deadlines that were told. held: one event that is held back.
    """

    of: Literal["read", "fires", "held"]
    lane: Lane = ("", 0)
    position: int = 0
    groups: deque[list[Record]] = field(default_factory=deque)
    aside: set[Token] | None = None  # until one of these changes; None: it is to be tried

    @property
    def at(self) -> tuple[int, bool]:
        return self.groups[0][-1].timestamp_ms, self.of == "read"

    @property
    def head(self) -> Record:
        return self.groups[0][-1]

    def put(self, record: Record) -> None:
        last = self.groups[-1] if self.groups else []
        if not self.groups or last[-1].ours or len(last) >= GROUP_MAX:
            self.groups.append([record])
        else:
            last.append(record)

    def took(self, count: int, position: int) -> None:
        """Of the first group."""
        self.position = position
        if count == len(self.groups[0]):
            self.groups.popleft()
        else:
            self.groups[0] = self.groups[0][count:]


class Backlog:
    """Of what is held back, what something is still to be told of: its state by its place, as the table has it."""

    def __init__(self, lost: Lost) -> None:
        self._lost = lost
        self._rows: dict[str, tuple[str, HeldState]] = {}  # key, state
        self._ids: dict[tuple[str, str], str] = {}  # by source and id, the place

    def put(self, held: Held) -> bool:
        """True: it is new here."""
        if held.ref not in self._rows and not (self._lost.of(held.record) or self._lost.expired(held.ref)):
            return False
        new = held.ref not in self._rows
        self._rows[held.ref] = held.key, held.state
        self._ids[held.record.source, held.record.event_id] = held.ref
        return new

    def has(self, record: Record) -> bool:
        """Whether the same event is held back from another place: then this is a copy of it."""
        return self.state(self._ids.get((record.source, record.event_id), "")) is not None

    def state(self, ref: str) -> HeldState | None:
        return self._rows.get(ref, ("", None))[1]

    def follow(self, effects: Effects) -> list[Held]:
        """What is new here."""
        for key, old, new, _ in effects.restated:
            self._rows |= {ref: (key, new) for ref, (of, state) in self._rows.items() if (of, state) == (key, old)}
        for ref in effects.released:
            self._rows.pop(ref, None)
        return [held for held in effects.held.values() if self.put(held)]
