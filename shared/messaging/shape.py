"""The words in which a service is written: values in, facts out.

event · fact · kind · evolve · due · touch · on · Reject · Wait · service. Laws, kept by fold.py and start-up checks:
 1. State changes only by folding facts; a fact changes exactly one touched entity and carries the version it made.
 2. Timers are never set or cancelled: `due` before and after is compared. A fired timer that still stands is a bug.
 3. `decide` knows one time, the event's, and no randomness.
 4. Refusals are values. `Wait` is only for a cause of the same key.
 5. Kinds are loaded in the service's declared order; a computed touch looks only at the first touch, which may be `both` of two.
 6. An entity that does not exist cannot be locked. Where two events of different keys look at one, and each must know what the other
    did, the first of them makes it exist by a fact: then one of them waits for the other, or loses its race and is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import UnionType
from typing import Any, Generic, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints, overload

from pydantic import TypeAdapter

from shared.errors import Code
from shared.messaging.message import Message
from shared.messaging.newer import stored
from shared.messaging.numbered import Numbered

E = TypeVar("E")
F = TypeVar("F", bound=Message)
M = TypeVar("M", bound=Message)
T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
G = TypeVar("G")
H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Reject:
    """Not allowed. The code is catalogued; the event changes nothing and is copied to `<service>.parked.v1`."""

    code: Code
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Its cause, of the same key, has not come. Offered again after each later event of the key that changed something."""

    code: Code


Outcome = tuple[Message, ...] | Reject | Wait


class Touch(Generic[T_co]):
    """What `decide` receives as one argument, loaded and locked by the engine."""

    __slots__ = ()


@dataclass(slots=True)
class One(Touch[T_co]):
    kind: Kind[Any, Any]
    at: str


@dataclass(slots=True)
class Many(Touch[T_co]):
    kind: Kind[Any, Any]
    at: Sequence[str]


@dataclass(slots=True)
class Given(Touch[T_co]):
    value: T_co


@dataclass(slots=True)
class Both(Touch[T_co]):
    one: Touch[Any]
    other: Touch[Any]


class EventId(Touch[str]):
    """See EVENT_ID."""

    __slots__ = ()


EVENT_ID = EventId()  # the id of the event itself, for a fact that names it; never the first touch


def given(value: A) -> Touch[A]:
    """A value that needs no loading: the policy's terms, most often."""
    return Given(value)


def both(one: Touch[A], other: Touch[B]) -> Touch[tuple[A, B]]:
    """Two as one, so that a computed touch may look at both."""
    return Both(one, other)


class Kind(Generic[E, F]):
    """One sort of entity: its facts, where its state comes from, and its deadlines. Its table bears its name.

    evolve must be annotated: its return type is how the snapshot is stored.
    """

    def __init__(
        self,
        name: str,
        facts: object,
        key: Callable[[F], str],
        evolve: Callable[[E | None, F], E],
        due: Callable[[E], Iterable[Message]] | None = None,
    ) -> None:
        self.name = name
        self.facts = cast("tuple[type[F], ...]", members(facts))
        self.key = key
        self.evolve = evolve
        self.due = due or _never
        self.timed = due is not None
        self.body: TypeAdapter[E] = TypeAdapter(get_type_hints(evolve)["return"])
        self._parsed = stored(self.body.core_schema)

    def dump(self, entity: E) -> str:
        """Its snapshot. This and `parse` go past the library's wrapper, which costs as much as the work."""
        return self.body.serializer.to_json(entity).decode()

    def parse(self, snapshot: str) -> E:
        entity: E = self._parsed(snapshot)
        return entity

    def one(self, key: str) -> Touch[E | None]:
        """The entity of that key, None while it does not exist."""
        return One(self, key)

    def many(self, keys: Iterable[str]) -> Touch[Mapping[str, E]]:
        """Those of the keys that exist, by key."""
        return Many(self, keys if isinstance(keys, Numbered) else tuple(sorted(set(keys))))

    def __repr__(self) -> str:
        return f"Kind({self.name})"


def _never(entity: object) -> Iterable[Message]:
    return ()


@dataclass(slots=True)
class Plan:
    """What one event touches and what decides on it. A touch may be computed from the value of the first."""

    event: Message
    decide: Callable[..., Outcome]
    touches: tuple[Touch[Any] | Callable[[Any], Touch[Any]], ...]


Then = Touch[B] | Callable[[A], Touch[B]]  # also computed from the first


@overload
def on(event: M, decide: Callable[[M, A], Outcome], a: Touch[A], /) -> Plan: ...
@overload
def on(event: M, decide: Callable[[M, A, B], Outcome], a: Touch[A], b: Then[B, A], /) -> Plan: ...
@overload
def on(event: M, decide: Callable[[M, A, B, C], Outcome], a: Touch[A], b: Then[B, A], c: Then[C, A], /) -> Plan: ...
@overload
def on(event: M, decide: Callable[[M, A, B, C, D], Outcome], a: Touch[A], b: Then[B, A], c: Then[C, A], d: Then[D, A], /) -> Plan: ...
@overload
def on(
    event: M, decide: Callable[[M, A, B, C, D, G], Outcome], a: Touch[A], b: Then[B, A], c: Then[C, A], d: Then[D, A], g: Then[G, A], /
) -> Plan: ...
@overload
def on(
    event: M,
    decide: Callable[[M, A, B, C, D, G, H], Outcome],
    a: Touch[A],
    b: Then[B, A],
    c: Then[C, A],
    d: Then[D, A],
    g: Then[G, A],
    h: Then[H, A],
    /,
) -> Plan: ...
def on(event: Message, decide: Callable[..., Outcome], /, *touches: Any) -> Plan:
    """`decide(event, *what the touches load)`."""
    return Plan(event, decide, touches)


class Policies(Protocol):
    """The versioned policy document, as much as the engine knows of it."""

    def version_at(self, at: Any) -> str:
        """The version in force at that time, written into each fact's headers."""
        ...


class Versions(Protocol):
    """Where a batch gets its policies from."""

    async def known(self, at: datetime) -> Policies:
        """Right for every time up to then. Raises TimeoutError when that cannot be found out now."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A set written from facts (postings, evidence): a table, its columns with their SQL types, and its rows.

    of(fact, fact id) yields tuples in the order of the columns. Rows are inserted and never changed; with a key, the last one said of
    a key stands in the place of those before it, and where it says None of a column in `kept`, what was said before stays.
    """

    table: str
    columns: Mapping[str, str]
    facts: tuple[type[Message], ...]
    of: Callable[[Any, str], Iterable[tuple[Any, ...]]]
    key: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()

    def merged(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """With a key: one row each, as they would stand one after the other; sorted, for every writer locks in that order."""
        if not self.key:
            return rows
        names = tuple(self.columns)
        at, kept = [names.index(name) for name in self.key], {names.index(name) for name in self.kept}
        last: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for row in rows:
            place = tuple(row[nth] for nth in at)
            old = last.get(place, row)
            last[place] = tuple(old[nth] if value is None and nth in kept else value for nth, value in enumerate(row))
        return [last[place] for place in sorted(last)]


@dataclass(frozen=True, eq=False)
class Counted:
    """For monitoring: count(fact), of each fact of these types, a moment after its transaction has committed."""

    facts: tuple[type[Message], ...]
    count: Callable[[Any], None]


@dataclass(frozen=True, eq=False)
class Watched:
    """For monitoring: show(rows), of what this statement answers now and then. Its $1 is the business time."""

    sql: str
    show: Callable[[Sequence[Any]], None]


@dataclass(frozen=True)
class Service:
    """One consumer with its own schema. kinds: in the order in which they are loaded and locked.

    inputs: union of what `handle` takes. sends: messages that change no entity (internal topics, announcements to ourselves).
    counted, watched: figures of its own trade, beside the engine's.
    """

    name: str
    inputs: object
    handle: Callable[[Any, Any], Plan]
    kinds: tuple[Kind[Any, Any], ...]
    sends: tuple[type[Message], ...] = ()
    rows: tuple[Rows, ...] = ()
    counted: tuple[Counted, ...] = ()
    watched: tuple[Watched, ...] = ()

    def input_types(self) -> tuple[type[Message], ...]:
        return members(self.inputs)

    @cached_property
    def kind_of(self) -> Mapping[type[Message], Kind[Any, Any]]:
        """The kind that a fact changes."""
        return {fact: kind for kind in self.kinds for fact in kind.facts}

    @cached_property
    def rows_of(self) -> Mapping[type[Message], tuple[Rows, ...]]:
        """The sets that a fact adds to."""
        facts = {fact for table in self.rows for fact in table.facts}
        return {fact: tuple(table for table in self.rows if fact in table.facts) for fact in facts}

    @cached_property
    def counts_of(self) -> Mapping[type[Message], tuple[Callable[[Any], None], ...]]:
        """What monitoring does with a fact."""
        facts = {fact for figure in self.counted for fact in figure.facts}
        return {fact: tuple(figure.count for figure in self.counted if fact in figure.facts) for fact in facts}


def members(union: object) -> tuple[type[Message], ...]:
    """The classes of a union, or the one class."""
    if get_origin(union) in (Union, UnionType):
        return tuple(member for part in get_args(union) for member in members(part))
    return (cast("type[Message]", union),)
