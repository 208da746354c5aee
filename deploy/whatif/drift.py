"""What this release decides otherwise than the one that ran then: taken as it is recorded, so that all else finds its place. Source: R9.2.

A release may mend a rule, or say more than the one before it; of what that one wrote, some decisions then come out otherwise, and no order
makes them what is recorded. Each such decision is folded as it is recorded, when the facts that it changed are next. Which those are is
known only once nothing else goes on; so the record is traced again, with them known from the start, until nothing new is found.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping

from deploy.whatif.desk import ABSENT, Decided, Place, Verdict
from deploy.whatif.differs import said
from deploy.whatif.past import SERVICES, NoReplay, Past
from deploy.whatif.retrace import Decision, Retrace
from deploy.whatif.route import Delivery
from shared.messaging.message import Message
from shared.policy import Policies

TRACES_MAX = 4  # the last one takes what is still new where nothing else goes on

Otherwise = dict[tuple[int, int], str]


class Drift(Retrace):
    """otherwise: by desk and number (of our own record, or -1 - place among what apps sent), what comes out otherwise, in words. It
    grows.
    """

    def __init__(self, past: Past, policies: Policies, otherwise: Mapping[tuple[int, int], str]) -> None:
        super().__init__(past, policies)
        self.otherwise: Otherwise = dict(otherwise)
        timers = (number for number, timer in enumerate(past.timer) if timer)
        self._timers = deque(sorted(timers, key=lambda number: past.at[number]))
        self._standing: list[tuple[int, int, int, Delivery]] = []  # a heap of what ever stood aside, by the broker's times, each once
        self._stood: set[Delivery] = set()

    def run(self) -> Iterator[Decision]:
        """Raises NoReplay: what is recorded cannot be folded by this release, or follows from nothing recorded."""
        for desk, number in self.otherwise:
            if number >= 0 and self.past.timer[number]:
                self._arm(desk, self._fact(number))
        yield from super().run()

    def _try(self, one: Delivery) -> Iterator[Decision]:
        if one.nth >= 0 or (one.desk, one.number) not in self.otherwise:
            yield from super()._try(one)
            return
        event = self._event(one)
        verdict = self._decided(one, event)
        if verdict is not None and self._fits(one, verdict):
            del self.otherwise[(one.desk, one.number)]
            self.route.decisions += 1
            yield from self._take(one, event, verdict)
            return
        facts = tuple(self._fact(number) for _, number in one.expected)
        behind = self._behind(one, facts)
        if behind is None:
            yield from self._take(one, event, self._folded(one, facts))
        else:
            self._put_aside(one, behind)

    def _concede(self) -> bool:
        """The earliest that stands aside, of one moment what did so first; or the deadline that is not set now."""
        standing = self._standing
        while standing and (standing[0][-1].nth >= 0 or (standing[0][-1].desk, standing[0][-1].number) in self.otherwise):
            heapq.heappop(standing)
        while self._timers and self._done[self._timers[0]]:
            self._timers.popleft()
        if self._timers and (not standing or self.past.at[self._timers[0]] < standing[0][0]):
            number = self._timers.popleft()
            timer = self._fact(number)
            desk = SERVICES.index(timer.topic.name.partition(".")[0])
            self._arm(desk, timer)
            self.otherwise[(desk, number)] = f"{SERVICES[desk]} set {timer.type} of {timer.key}, which is not set now"
            return True
        if not standing:
            return False
        one = heapq.heappop(standing)[-1]
        self._differs(one, self._decided(one, self._event(one)))
        self._queue(one)
        return True

    def _put_aside(self, one: Delivery, place: object) -> None:
        super()._put_aside(one, place)
        if one.nth < 0 and (one.expected or one.code) and one not in self._stood:
            self._stood.add(one)
            heapq.heappush(self._standing, (one.at, one.since, len(self._stood), one))

    def _differs(self, one: Delivery, verdict: Verdict | None) -> None:
        if (one.desk, one.number) in self.otherwise:
            super()._differs(one, verdict)  # known, and could not be folded even as it is recorded
            return
        self.otherwise[(one.desk, one.number)] = said(self.past, one, self._event(one), verdict, self._error)

    def _behind(self, one: Delivery, facts: tuple[Message, ...]) -> tuple[Place, int] | None:
        """An entity that must come to that version first."""
        desk, seen = self.desks[one.desk], set[Place]()
        for fact, (_, number) in zip(facts, one.expected, strict=True):
            place = desk.place(fact)
            if place is not None and place not in seen and desk.states.get(place, ABSENT).version != self.past.version[number] - 1:
                return place, self.past.version[number] - 1
            if place is not None:
                seen.add(place)
        return None

    def _folded(self, one: Delivery, facts: tuple[Message, ...]) -> Decided:
        try:
            return self.desks[one.desk].recorded(facts)
        except Exception as error:
            detail = f"{SERVICES[one.desk]} cannot fold what is recorded of {one.id}: {type(error).__name__}: {error}"
            raise NoReplay("halt.replay_differs", detail) from error

    def _fact(self, number: int) -> Message:
        assert self.past.values is not None
        return self.past.kinds[self.past.kind[number]].from_json(self.past.values[number])


def traced(past: Past, policies: Policies) -> Iterator[Drift]:
    """Each round, to be run; the last one is the one that counts."""
    otherwise: Otherwise = {}
    for _ in range(TRACES_MAX):
        drift = Drift(past, policies, otherwise)
        yield drift
        if drift.otherwise.keys() <= otherwise.keys():
            return
        otherwise = drift.otherwise
