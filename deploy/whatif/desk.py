"""One service, deciding in memory: the same handle, decide, evolve and due as behind the engine, and no more of it than they need.

Laws kept as the engine's fold keeps them: a fact changes one touched entity and makes its next version (F1), an event is folded whole or
not at all (F2), a deadline that does not stand is dropped and one that still stands after its decision is a bug (F6). Nothing is written.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from typing import Any, NamedTuple

from deploy.whatif.past import SERVICES
from shared.contracts import registry
from shared.messaging.fold import StillDue, Untouched
from shared.messaging.message import Message
from shared.messaging.numbered import Numbered
from shared.messaging.shape import EVENT_ID, Both, Given, Kind, Many, One, Reject, Service, Wait
from shared.policy import Policies

Place = tuple[Kind[Any, Any], str]


class State(NamedTuple):
    """An entity as its facts made it, and its deadlines."""

    version: int
    entity: Any
    due: tuple[Message, ...] = ()


ABSENT = State(0, None)
NOTHING: Mapping[Place, State] = {}


class Decided(NamedTuple):
    """versions: that each fact made of its entity; 0 of a message that changes none. places: of the entities, None for such a message."""

    facts: tuple[Message, ...]
    versions: tuple[int, ...]
    places: tuple[Place | None, ...]
    after: Mapping[Place, State]


NO_FACTS = Decided((), (), (), NOTHING)
Verdict = Decided | Reject | Wait


class Desk:
    """states: every entity, by kind and key. touched: what the last decision looked at, of many at once only those that exist. seen: states
    that it sees in place of these.
    """

    def __init__(self, name: str, policies: Policies) -> None:
        self.service: Service = import_module(f"services.{name}.handlers").SERVICE
        self.name, self.source = name, f"laotie/{name}"
        self.policies = policies
        self.states: dict[Place, State] = {}
        self.touched: dict[Place, State] = {}
        self._asked: list[Many[Any]] = []  # beside touched: one event may ask for thousands that do not exist
        self.seen: Mapping[Place, State] = NOTHING
        self._kind_of = self.service.kind_of
        self._keys: dict[Kind[Any, Any], list[str]] = {kind: [] for kind in self.service.kinds}  # sorted

    def decide(self, event: Message, identity: str, *, timer: bool = False) -> Verdict:
        """identity: the event's. Changes nothing. Raises what the decision raises."""
        touched: dict[Place, State] = {}
        self.touched, self._asked = touched, []
        if not event.concerns(self.name):
            return NO_FACTS
        plan = self.service.handle(event, self.policies)
        values: list[Any] = []
        for touch in plan.touches:
            values.append(identity if touch is EVENT_ID else self._value(touch(values[0]) if callable(touch) else touch, touched))
        if timer and not any(event in state.due for state in touched.values()):
            return NO_FACTS
        outcome = plan.decide(event, *values)
        if not isinstance(outcome, tuple):
            return outcome
        decided = self._fold(outcome, touched)
        if timer and any(event in decided.after.get(place, state).due for place, state in touched.items()):
            raise StillDue(f"{event.type} {event.subject}")
        return decided

    def place(self, fact: Message) -> Place | None:
        """Of the entity that it changes."""
        kind = self._kind_of.get(type(fact))
        return (kind, kind.key(fact)) if kind is not None else None

    def recorded(self, facts: tuple[Message, ...]) -> Decided:
        """What they come to on what is known. Raises where they do not fit."""
        return self._fold(facts, {place: self.states.get(place, ABSENT) for fact in facts if (place := self.place(fact)) is not None})

    def keep(self, decided: Decided) -> tuple[list[Message], list[Message]]:
        """Its facts have happened. The deadlines that stand since, and those that do not any more."""
        armed, gone = list[Message](), list[Message]()
        for place, state in decided.after.items():
            if place[0].timed:
                before = self.states.get(place, ABSENT).due
                if before or state.due:
                    armed += [timer for timer in state.due if timer not in before]
                    gone += [timer for timer in before if timer not in state.due]
            if place not in self.states:
                insort(self._keys[place[0]], place[1])
            self.states[place] = state
        return armed, gone

    def looked(self) -> Iterator[Place]:
        """All that the last decision looked at, what does not exist included."""
        touched = self.touched
        asked = ((many.kind, key) for many in self._asked for key in many.at)
        return chain(touched, (place for place in asked if place not in touched))

    def _value(self, touch: object, touched: dict[Place, State]) -> Any:
        if isinstance(touch, One):
            place = (touch.kind, touch.at)
            touched[place] = state = self.seen.get(place) or self.states.get(place, ABSENT)
            return state.entity
        if isinstance(touch, Given):
            return touch.value
        if isinstance(touch, Many):
            found = {}
            self._asked.append(touch)
            for key in self._known(touch.kind, touch.at):
                place = (touch.kind, key)
                touched[place] = state = self.seen.get(place) or self.states[place]
                if state.version:
                    found[key] = state.entity
            return found
        if isinstance(touch, Both):
            return self._value(touch.one, touched), self._value(touch.other, touched)
        raise TypeError(f"not a touch: {touch!r}")

    def _known(self, kind: Kind[Any, Any], keys: Sequence[str]) -> Sequence[str]:
        """Those of them that exist."""
        if isinstance(keys, Numbered) and keys and len(keys[0]) == len(keys[-1]):
            known = self._keys[kind]
            return [key for key in known[bisect_left(known, keys[0]) : bisect_right(known, keys[-1])] if key in keys]
        return [key for key in keys if (kind, key) in self.states]

    def _fold(self, facts: tuple[Message, ...], touched: dict[Place, State]) -> Decided:
        made: dict[Place, tuple[int, Any]] = {}
        versions, places = [], list[Place | None]()
        for fact in facts:
            kind = self._kind_of.get(type(fact))
            if kind is None:
                if type(fact) not in self.service.sends:
                    raise Untouched(f"{fact.type} belongs to no kind of {self.name}, nor to what it sends")
                versions.append(0)
                places.append(None)
                continue
            place = (kind, kind.key(fact))
            version, entity = made.get(place) or self._now(place, touched, fact)
            made[place] = (version + 1, kind.evolve(entity, fact))
            versions.append(version + 1)
            places.append(place)
        after = {place: State(*made[place], tuple(place[0].due(made[place][1])) if place[0].timed else ()) for place in made}
        return Decided(facts, tuple(versions), tuple(places), after)

    def _now(self, place: Place, touched: Mapping[Place, State], fact: Message) -> tuple[int, Any]:
        """Version and entity before the first of its facts."""
        state = touched.get(place)
        if state is None and any(many.kind is place[0] and place[1] in many.at for many in self._asked):
            state = ABSENT
        if state is None:
            raise Untouched(f"{fact.type} is about {place[0].name} {place[1]}, which is not touched")
        return state.version, state.entity


def desks(policies: Policies) -> tuple[Desk, ...]:
    return tuple(Desk(name, policies) for name in SERVICES)


def takers() -> dict[type[Message], tuple[int, ...]]:
    """By type, the services that act on it, as their place in SERVICES."""
    return {
        entry.kind: tuple(SERVICES.index(name) for name in entry.consumers if name in SERVICES)
        for entry in registry.entries()
        if not entry.topic.name.startswith(("ops.", "clock."))
    }
