"""One service, deciding in memory: the same handle, decide, evolve and due as behind the engine, and no more of it than they need.

Laws kept as the engine's fold keeps them: a fact changes one touched entity and makes its next version (F1), an event is folded whole or
not at all (F2), a deadline that does not stand is dropped and one that still stands after its decision is a bug (F6). Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from deploy.whatif.past import SERVICES
from shared.contracts import registry
from shared.messaging.fold import StillDue, Untouched
from shared.messaging.message import Message
from shared.messaging.shape import EVENT_ID, Given, Kind, Many, One, Reject, Service, Wait
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


STALE = Decided((), (), (), NOTHING)
Verdict = Decided | Reject | Wait


class Desk:
    """states: every entity, by kind and key. touched: what the last decision looked at. seen: states that it sees in place of these."""

    def __init__(self, name: str, policies: Policies) -> None:
        self.service: Service = import_module(f"services.{name}.handlers").SERVICE
        self.name, self.source = name, f"laotie/{name}"
        self.policies = policies
        self.states: dict[Place, State] = {}
        self.touched: dict[Place, State] = {}
        self.seen: Mapping[Place, State] = NOTHING
        self._kind_of = self.service.kind_of

    def decide(self, event: Message, identity: str, *, timer: bool = False) -> Verdict:
        """identity: the event's. Changes nothing. Raises what the decision raises."""
        touched: dict[Place, State] = {}
        self.touched = touched
        plan = self.service.handle(event, self.policies)
        values: list[Any] = []
        for touch in plan.touches:
            values.append(identity if touch is EVENT_ID else self._value(touch(values[0]) if callable(touch) else touch, touched))
        if timer and not any(event in state.due for state in touched.values()):
            return STALE
        outcome = plan.decide(event, *values)
        if not isinstance(outcome, tuple):
            return outcome
        decided = self._fold(outcome, touched)
        if timer and any(event in decided.after.get(place, state).due for place, state in touched.items()):
            raise StillDue(f"{event.type} {event.subject}")
        return decided

    def keep(self, decided: Decided) -> tuple[list[Message], list[Message]]:
        """Its facts have happened. The deadlines that stand since, and those that do not any more."""
        armed, gone = list[Message](), list[Message]()
        for place, state in decided.after.items():
            if place[0].timed:
                before = self.states.get(place, ABSENT).due
                armed += [timer for timer in state.due if timer not in before]
                gone += [timer for timer in before if timer not in state.due]
            self.states[place] = state
        return armed, gone

    def _value(self, touch: object, touched: dict[Place, State]) -> Any:
        if isinstance(touch, One):
            place = (touch.kind, touch.at)
            touched[place] = state = self.seen.get(place) or self.states.get(place, ABSENT)
            return state.entity
        if isinstance(touch, Given):
            return touch.value
        if isinstance(touch, Many):
            found = {}
            for key in touch.at:
                place = (touch.kind, key)
                touched[place] = state = self.seen.get(place) or self.states.get(place, ABSENT)
                if state.version:
                    found[key] = state.entity
            return found
        raise TypeError(f"not a touch: {touch!r}")

    def _fold(self, facts: tuple[Message, ...], touched: dict[Place, State]) -> Decided:
        after: dict[Place, State] = {}
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
            now = after.get(place) or touched.get(place)
            if now is None:
                raise Untouched(f"{fact.type} is about {kind.name} {place[1]}, which is not touched")
            after[place] = State(now.version + 1, kind.evolve(now.entity, fact))
            versions.append(now.version + 1)
            places.append(place)
        for place, state in after.items():
            if place[0].timed:
                after[place] = State(state.version, state.entity, tuple(place[0].due(state.entity)))
        return Decided(facts, tuple(versions), tuple(places), after)


def desks(policies: Policies) -> tuple[Desk, ...]:
    return tuple(Desk(name, policies) for name in SERVICES)


def takers() -> dict[type[Message], tuple[int, ...]]:
    """By type, the services that act on it, as their place in SERVICES."""
    return {
        entry.kind: tuple(SERVICES.index(name) for name in entry.consumers if name in SERVICES)
        for entry in registry.entries()
        if not entry.topic.name.startswith(("ops.", "clock."))
    }
