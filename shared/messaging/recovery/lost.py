"""Commits that a database lost: what its service told beyond the numbers at which its lanes stand, until it is made again.

Invariants kept here:
 O1 Of each number the first telling counts, and none is missing between where a lane stands and its end.
 O2 What is made again is what was told: id, type, version and content of a fact; of a copy or a notice, what it is about and why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from shared.errors import HaltCode
from shared.messaging.envelope import number_of
from shared.messaging.fold import fact_id
from shared.messaging.message import COPIES, NOTICES, Topic, source_of
from shared.messaging.newer import told
from shared.messaging.record import Out, Record
from shared.messaging.shape import Service
from shared.messaging.store import Lane

LATER = "wait.over"  # of a copy that is not told when its event comes, but when it waited long enough
FACTS_MAX = 10_000  # of one event
ABOUT = ("x-original-topic", "x-original-partition", "x-original-offset", "x-reason")
SAID = ("ce_id", "ce_type", "ce_entityversion")

Version = tuple[str, str, int]  # of an entity: its kind, its key, and which


class NoRecovery(Exception):
    """It cannot be made again. What was until then is as if it had not been lost."""

    def __init__(self, code: HaltCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(slots=True, eq=False)
class Telling:
    """A record that is to be made again. cause: id of the event that a fact follows from. about, reason: the place of what a copy or a
    notice is about, and the code; empty for a fact. made: which version of its entity.
    """

    lane: Lane
    number: int
    record: Record
    cause: str
    about: str
    reason: str
    made: Version | None

    def __str__(self) -> str:
        what = f"{self.reason} of {self.about}" if self.about else f"{_said(self.record, 'ce_type')} {self.record.event_id}"
        return f"number {self.number} of {self.lane[0]}/{self.lane[1]} ({what})"


class Lost:
    """Of one service. stands: the number of each lane in the database; moved on by whoever commits. last: in the topic."""

    def __init__(self, service: Service, topics: Mapping[str, Topic], stands: Mapping[Lane, int]) -> None:
        self.service, self._topics = service, topics
        self._source = source_of(service.name)
        self.stands: defaultdict[Lane, int] = defaultdict(int, stands)
        self.last: defaultdict[Lane, int] = defaultdict(int)
        self._tellings: defaultdict[Lane, dict[int, Telling]] = defaultdict(dict)
        self._by_cause: defaultdict[str, list[Telling]] = defaultdict(list)
        self._about: defaultdict[str, list[Telling]] = defaultdict(list)
        self._ids: dict[str, Telling] = {}
        self._versions: dict[Version, Telling] = {}
        self._alone: set[str] = set()

    # -- reading

    def take(self, record: Record) -> None:
        """O1. In the order of each partition. Raises NoRecovery where it cannot be read."""
        lane, number = (record.topic, record.partition), number_of(self._topics[record.topic], dict(record.headers))
        self.last[lane] = max(self.last[lane], number)
        if number <= self.stands[lane] or number in self._tellings[lane]:
            return
        about = record.topic.endswith((COPIES, NOTICES))
        place = "/".join(_said(record, name) for name in ABOUT[:3]) if about else ""
        cause, reason = ("", _said(record, "x-reason")) if about else (_said(record, "ce_causationid"), "")
        telling = Telling(lane, number, record, cause, place, reason, None if about else self._made(record))
        self._tellings[lane][number] = telling
        if about:
            self._about[place].append(telling)
            return
        self._by_cause[cause].append(telling)
        self._ids[record.event_id] = telling
        if telling.made is not None:
            self._versions[telling.made] = telling

    def check(self) -> None:
        """O1. Raises NoRecovery."""
        for lane, last in self.last.items():
            missing = next((n for n in range(self.stands[lane] + 1, last + 1) if n not in self._tellings[lane]), None)
            if missing is not None:
                raise NoRecovery("halt.sequence_gap", f"number {missing} of {lane[0]}/{lane[1]} is not in the topic any more")

    def alone(self, there: Iterable[str]) -> None:
        """there: the places of what can be taken again. Copies and notices about anything else are nobody's doing any more."""
        self._alone = self._about.keys() - set(there)

    def places(self) -> list[str]:
        """What copies and notices are about."""
        return list(self._about)

    def _made(self, record: Record) -> Version | None:
        type = _said(record, "ce_type")
        fact = self._topics[record.topic].types.get(type)
        kind = self.service.kind_of.get(fact) if fact is not None else None
        if fact is None or kind is None:
            return None
        try:
            return kind.name, kind.key(told(fact).validate_json(record.value or b"")), int(_said(record, "ce_entityversion"))  # N1
        except (ValidationError, ValueError):
            raise NoRecovery("halt.replay_unreadable", f"{type} at {record.ref}") from None

    # -- what is still lost

    @property
    def left(self) -> int:
        """How many are to be made again."""
        return sum(max(0, last - self.stands[lane]) for lane, last in self.last.items())

    def all(self) -> list[Telling]:
        return [telling for tellings in self._tellings.values() for telling in tellings.values() if self.lacks(telling)]

    def lacks(self, telling: Telling) -> bool:
        return telling.number > self.stands[telling.lane]

    def at(self, lane: Lane, number: int) -> Telling | None:
        """None: nothing was told under it."""
        return self._tellings[lane].get(number)

    def next_alone(self) -> Telling | None:
        """The next of a lane that nobody will make."""
        for lane, tellings in self._tellings.items():
            telling = tellings.get(self.stands[lane] + 1)
            if telling is not None and telling.about in self._alone:
                return telling
        return None

    def of(self, record: Record) -> list[Telling]:
        """What was told when this event was taken: its refusal, else its facts. Nothing of what was said of it later."""
        copies = [telling for telling in self._about.get(record.ref, ()) if self.lacks(telling)]
        if copies:
            first: dict[Lane, Telling] = {}
            for telling in sorted(copies, key=lambda telling: telling.number):
                first.setdefault(telling.lane, telling)
            return [telling for telling in first.values() if telling.reason != LATER]
        facts = {telling.record.event_id: telling for telling in self._by_cause.get(record.event_id, ()) if self.lacks(telling)}
        found: list[Telling] = []
        for ordinal in range(FACTS_MAX if facts else 0):
            identity = fact_id(self._source, record.source, record.event_id, ordinal)
            if identity in facts:
                found.append(facts.pop(identity))
            if not facts:
                break
        return found

    def expired(self, ref: str) -> bool:
        """Whether it is still to be said of what is held there that it waited too long."""
        return any(telling.reason == LATER and self.lacks(telling) for telling in self._about.get(ref, ()))

    def blocked(self, tellings: Iterable[Telling]) -> list[Lane]:
        """The lanes in which something else comes before these."""
        first: dict[Lane, int] = {}
        for telling in tellings:
            first[telling.lane] = min(telling.number, first.get(telling.lane, telling.number))
        return [lane for lane, number in first.items() if number != self.stands[lane] + 1]

    # -- comparing

    def same(self, telling: Telling, out: Out) -> bool:
        """O2."""
        ours, theirs = dict(out.headers), dict(telling.record.headers)
        if telling.about:
            return all(ours.get(name) == theirs.get(name) for name in ABOUT)
        if out.key != telling.record.key or any(ours.get(name) != theirs.get(name) for name in SAID):
            return False
        return out.value == telling.record.value or self._means_the_same(telling, out)

    def _means_the_same(self, telling: Telling, out: Out) -> bool:
        """A release before this one may have told it without a field that came since."""
        fact = self._topics[out.topic].types[_said(telling.record, "ce_type")]
        try:
            return fact.from_json(out.value or b"") == fact.from_json(telling.record.value or b"")
        except ValidationError:
            return False

    def elsewhere(self, out: Out, lane: Lane) -> bool:
        """Whether what would be told under a new number was told under another, or another fact made that version of its entity."""
        headers = dict(out.headers)
        told = self._ids.get((headers.get("ce_id") or b"").decode("utf-8", "replace"))
        if lane[0].endswith((COPIES, NOTICES)):
            return False
        made = self._made(Record(*lane, -1, out.key, out.value, out.headers))
        rival = self._versions.get(made) if made is not None else None
        return any(telling is not None and self.lacks(telling) for telling in (told, rival))


def _said(record: Record, name: str) -> str:
    """Ours stand last."""
    return next((data.decode("utf-8", "replace") for said, data in reversed(record.headers) if said == name and data), "")
