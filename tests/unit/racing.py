"""A memory in which another event commits while one is being loaded, wherever row locks would let it.

As on Postgres: a row that exists and was loaded is locked, so whoever needs it too waits; a row that does not exist locks
nothing. What is written over another version than was read is rolled back and done again (S2 in shared/messaging/store.py).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from copy import copy
from random import Random
from typing import Any

from shared.messaging.fold import Fold
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.record import Effects
from shared.messaging.store import LostRace

DEADLINES = 0.1  # of the steps


class Waits(Exception):
    """The other event needs a row that is locked: it cannot commit there."""


class _Racing(Memory):
    """other: commits before the rows of the kind at `cut` are loaded, but after it was seen which of them do not exist."""

    def __init__(self, memory: Memory, other: Message, cut: int) -> None:
        self.__dict__.update(_copied(memory).__dict__)
        self._other, self._cut = other, cut
        self._locked: set[tuple[str, str]] = set()
        self._within = False
        self.loads: list[int] = []  # of which kind something was asked for; the last: when all is loaded

    def _load(self, fold: Fold, events: Iterable[Message]) -> None:
        for event in events:
            fold.plan(event)
        for nth, kind in enumerate(self.service.kinds):
            keys, runs = fold.asked(kind)
            there = [(kind.name, key) for key in self._there(kind, keys, runs)]
            self.loads += [nth] if keys or runs else []
            if self._within and not self._locked.isdisjoint(there):
                raise Waits
            self._overtake(nth)
            self._locked.update(there if not self._within else ())
            fold.put(kind, {key: self.entities[name, key] for name, key in there})
        self.loads.append(len(self.service.kinds))
        self._overtake(len(self.service.kinds))

    def _overtake(self, nth: int) -> None:
        if nth == self._cut and not self._within:
            self._within = True
            self.send(self._other, "other")
            self._within = False
            self._cut = -1

    def _keep(self, effects: Effects, key: str, fold: Fold) -> tuple[Message, ...]:
        if any(self.entities.get((kind.name, at), (0, None))[0] != changed.base for (kind, at), changed in effects.entities.items()):
            raise LostRace
        return super()._keep(effects, key, fold)


def skews(memory: Memory, one: Message, other: Message) -> list[str]:
    """Where `other` overtakes `one` while that is loading, and both come to what they come to in neither order; empty: nowhere.

    one, other: of different keys, so of stripes that may be held by two processes.
    """
    alone = _Racing(memory, other, -1)
    alone.send(one, "one")
    cuts = sorted(set(alone.loads))  # until it is overtaken it goes as it goes alone; between two loads it is one moment
    alone.send(other, "other")
    serial = [_state(alone, memory), _after(memory, ("other", other), ("one", one))]
    found = []
    for cut in cuts:
        racing = _Racing(memory, other, cut)
        try:
            racing.send(one, "one")
        except (Waits, LostRace):  # then it is one after the other
            continue
        if _state(racing, memory) not in serial:
            found.append(f"{other.type} {other.key} within {one.type} {one.key}, at kind {cut}")
    return found


def walk(memory: Memory, lanes: Iterable[Iterable[Message]], chance: Random) -> Iterator[list[str]]:
    """All events, each lane in its order, and what the service tells itself and a deadline now and then among them.

    Yields the skews of two that could come next, step by step; then one of them happens.
    """
    queues = [deque(lane) for lane in lanes]
    own: dict[str, deque[Message]] = defaultdict(deque)
    while waiting := [queue for queue in (*queues, *own.values()) if queue]:
        due = list(memory.armed.values()) if chance.random() < DEADLINES else []
        heads = due or [queue[0] for queue in waiting]
        event, other = chance.choice(heads), chance.choice(waiting)[0]
        if event.key != other.key:
            yield skews(memory, event, other) + skews(memory, other, event)
        for queue in waiting:
            if queue[0] is event:
                queue.popleft()
        for fact in memory.send(event):
            if isinstance(fact, memory.service.sends) and isinstance(fact, memory.service.input_types()):
                own[fact.key].append(fact)


def _after(memory: Memory, *events: tuple[str, Message]) -> Any:
    found = _copied(memory)
    for id, event in events:
        found.send(event, id)
    return _state(found, memory)


def _state(memory: Memory, before: Memory) -> Any:
    """What is there, and what was told on the way."""
    entities = {place: entity for place, (_, entity) in memory.entities.items()}
    return entities, sorted((fact.type, fact.to_json()) for fact in memory.facts[len(before.facts) :])


def _copied(memory: Memory) -> Memory:
    """Of its own: dictionaries, lists and sets; entities and events never change."""
    found = copy(memory)
    found.__dict__.update({name: copy(value) for name, value in vars(memory).items() if isinstance(value, dict | list | set)})
    return found
