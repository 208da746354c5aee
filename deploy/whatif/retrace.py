"""In which order the services took what is recorded: found by deciding all of it again with the policies that were in force.

Each service's order is not recorded as such, but its effects are: every fact's id names its cause, and every fact bears the version that
it made of its entity. So an event is decided as soon as what it leads to is exactly what is recorded of it: the same facts, ids, content
and versions, or the same refusal, or nothing. Until then it stands aside for whatever changes what it looks at. Nearly always the
broker's times are the order; where topics raced, the effects say who was first. What comes out is an order of all four services in which
everything decided again is everything recorded; where there is none, the code decides otherwise than it did, and that is said.

An event may have looked at something that it did not change just before that changed; nothing but its own facts tells. So where these do
not come of what it sees now, they are tried with what it could have seen a moment ago.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from deploy.whatif.arrivals import Arrivals
from deploy.whatif.desk import ABSENT, NOTHING, Decided, Desk, Place, Verdict
from deploy.whatif.differs import said
from deploy.whatif.hindsight import Hindsight
from deploy.whatif.past import HELD, SERVICES, NoReplay, Past, digest, key_of, milliseconds
from deploy.whatif.route import GRACE_MS, Delivery
from shared.messaging.fold import timer_id
from shared.messaging.message import Message
from shared.messaging.shape import Reject, Wait
from shared.policy import Policies

Decision = tuple[Desk, Message, str, Verdict]

SHOWN_MAX = 5
NOWHERE = object()  # what looks at nothing stands aside for ever


class Retrace(Arrivals):
    """run() finds the route. wrong: what comes out otherwise than recorded, in words."""

    def __init__(self, past: Past, policies: Policies) -> None:
        super().__init__(past, policies)
        self.wrong: list[str] = []
        self._aside: dict[object, list[Delivery]] = defaultdict(list)
        self._impatient: list[Delivery] = []  # of those that stand aside, what was not looked at once more
        self._reached: list[dict[int, int]] = [{} for _ in SERVICES]
        self._error = ""
        self._hindsight = [Hindsight() for _ in SERVICES]

    def run(self) -> Iterator[Decision]:
        """Each decision as it was made. Raises NoReplay: what is recorded cannot be had from these policies and this code."""
        for number in sorted(range(len(self.past.sent)), key=lambda number: self.past.sent[number].at):
            self._announce(number)
        while self._heap or self._patience() or self._concede():
            one = heapq.heappop(self._heap)[-1]
            one.queued = False
            yield from self._try(one)
        self._check_all()

    # -- deciding

    def _try(self, one: Delivery) -> Iterator[Decision]:
        desk, event = self.desks[one.desk], self._event(one)
        verdict = self._decided(one, event)
        if verdict is None and one.code.startswith("parked."):
            self._placed(one, event)
            return
        if verdict is None or not self._fits(one, verdict):
            looked, early = desk.looked(), self._early(one, verdict)
            again = self._look_back(one, event, verdict) if early is None else None
            if again is None:
                self._stand_aside(one, verdict, looked if early is None else (early,))
                return
            verdict = again
        self.route.decisions += 1
        yield from self._take(one, event, verdict)

    def _take(self, one: Delivery, event: Message, verdict: Verdict) -> Iterator[Decision]:
        """It has its place, and what comes of it is on its way."""
        desk = self.desks[one.desk]
        one.waiting = False
        if one.nth < 0:
            self._placed(one, event)
        yield desk, event, one.id, verdict
        if isinstance(verdict, Decided):
            self._hindsight[one.desk].remember(desk.states, verdict.after, len(self.route.clock) - 1)
            armed, gone = desk.keep(verdict)
            self._publish(desk, verdict.facts, one.expected)
            self._spare(gone)
            for timer in armed:
                self._arm(one.desk, timer)
            for changed, state in verdict.after.items():
                for other in (*self._aside.pop(changed, ()), *self._aside.pop((changed, state.version), ())):
                    if other.nth < 0 or other.waiting:
                        self._queue(other)

    def _decided(self, one: Delivery, event: Message) -> Verdict | None:
        """None: it raised, as what comes before its cause may."""
        try:
            return self.desks[one.desk].decide(event, one.id, timer=one.timer)
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
            return None

    def _fits(self, one: Delivery, verdict: Verdict) -> bool:
        if isinstance(verdict, Reject):
            return verdict.code == one.code
        if isinstance(verdict, Wait) or (one.code and not one.code.startswith(HELD)):
            return False
        if len(verdict.facts) != len(one.expected):
            return False
        for fact, version, (_, number) in zip(verdict.facts, verdict.versions, one.expected, strict=True):
            if version != self.past.version[number] or digest(fact.to_json()) != self.past.digest[number]:
                return False
        return True

    def _look_back(self, one: Delivery, event: Message, verdict: Verdict | None) -> Decided | Reject | None:
        """What it comes to with what it may have seen, if that is what is recorded."""
        if isinstance(verdict, Wait) and not one.code:
            return None
        if one.timer and not one.expected:  # a deadline that came to nothing had ceased to stand later
            return None
        desk = self.desks[one.desk]
        for glimpse in self._hindsight[one.desk].glimpses(list(desk.touched)):
            desk.seen = {place: state for place, (state, _) in glimpse.items()}
            again = self._decided(one, event)
            desk.seen = NOTHING
            changes = again.after.keys() if isinstance(again, Decided) else set[Place]()
            if isinstance(again, Decided | Reject) and not glimpse.keys() & changes and self._fits(one, again):
                self.route.saw[(one.desk, one.number)] = tuple((place, nth) for place, (_, nth) in glimpse.items())
                return again
        return None

    def _early(self, one: Delivery, verdict: Verdict | None) -> tuple[Place, int] | None:
        """An entity that must come to that version first: what is recorded made a later one."""
        if isinstance(verdict, Decided) and not one.patient:
            for fact, place, version, (_, number) in zip(verdict.facts, verdict.places, verdict.versions, one.expected, strict=False):
                if self.past.kinds[self.past.kind[number]] is not type(fact):
                    return None
                if place is not None and (more := self.past.version[number] - version) > 0:
                    return place, self.desks[one.desk].states.get(place, ABSENT).version + more
        return None

    def _patience(self) -> bool:
        """What still stands aside for a version that does not come may be about another entity: it is looked at once more."""
        left, self._impatient = [one for one in self._impatient if one.nth < 0 and not one.patient], []
        for one in left:
            one.patient = True
            self._queue(one)
        return bool(left)

    def _concede(self) -> bool:
        """Whether something is taken as it is recorded though it comes out otherwise."""
        return False

    def _spare(self, gone: Iterable[Message], until: int | None = None) -> None:
        """They were due, and did not fire: what they waited behind was faster."""
        clock = self.route.clock
        for timer in gone:
            if milliseconds(timer) + GRACE_MS <= clock[-1]:
                key = key_of(timer_id(timer.type, timer.subject, timer.occurred_at))
                if key not in self.past.index:
                    self.route.spared[key] = len(clock) - 1 if until is None else until

    def _stand_aside(self, one: Delivery, verdict: Verdict | None, touched: Iterable[object]) -> None:
        """Until something changes of what it looks at. What waits and came to nothing has its place where it first waited."""
        if isinstance(verdict, Wait) and not one.expected and (not one.code or one.code.startswith(HELD)) and not one.waiting:
            one.waiting = not one.code
            self._placed(one, self._event(one))
            if one.code:
                named = one.id if one.number >= 0 else self.past.sent[-1 - one.number].ref
                self.route.expired[(one.desk, one.id)] = self.past.refused[(SERVICES[one.desk], named)][1]
                return
        for place in tuple(touched) or (NOWHERE,):  # an entity, or an entity and the version that it must come to
            self._put_aside(one, place)

    def _put_aside(self, one: Delivery, place: object) -> None:
        self._aside[place].append(one)
        if one.expected and not one.patient:
            self._impatient.append(one)

    def _placed(self, one: Delivery, event: Message) -> None:
        route = self.route
        one.nth = len(route.clock)
        self._set(one, one.nth)
        before = route.clock[-1] if route.clock else 0
        route.heard.append(max(one.since, route.heard[-1] if route.heard else 0))
        if one.timer:
            due = milliseconds(event) + GRACE_MS
            route.timers[event.key].append((one.nth, due))
            route.clock.append(max(before, due))
        else:
            route.clock.append(max(before, milliseconds(event)) if one.number < 0 else before)
        if one.expected or one.code:
            lane, offset = self._where(one)
            reached = self._reached[one.desk]
            reached[lane] = max(reached.get(lane, 0), offset)

    def _set(self, one: Delivery, nth: int) -> None:
        if one.number >= 0:
            self.route.own[one.desk][one.number] = nth
        else:
            self.route.sent[one.desk][-1 - one.number] = nth

    def _where(self, one: Delivery) -> tuple[int, int]:
        if one.number >= 0:
            return self.past.lane[one.number], self.past.offset[one.number]
        sent = self.past.sent[-1 - one.number]
        return sent.lane, sent.offset

    # -- the end

    def _check_all(self) -> None:
        """Whatever could not be placed: not decided yet when this was read, or decided otherwise."""
        route = self.route
        for place, at in route.expired.items():
            route.expired[place] = bisect_left(route.heard, at)
        for desk in self.desks:
            for state in desk.states.values():
                self._spare(state.due, len(route.clock))
        for one in self._left():
            event = self._event(one)
            verdict = self._decided(one, event)
            if isinstance(verdict, Wait) and one.waiting:
                continue
            lane, offset = self._where(one)
            behind = (SERVICES[one.desk], event.key) in self.past.stuck
            if not one.expected and not one.code and (behind or offset > self._reached[one.desk].get(lane, -1)):
                route.open += 1
                self._set(one, -1)
                continue
            self._differs(one, verdict)
        missing = [number for number, done in enumerate(self._done) if not done]
        if missing and not self.wrong:
            kinds = sorted({self.past.kinds[self.past.kind[number]].type for number in missing})
            self.wrong = [f"{len(missing)} records follow from nothing recorded: {', '.join(kinds[:SHOWN_MAX])}"]
        if self.wrong:
            first = "; ".join(self.wrong[:SHOWN_MAX])
            raise NoReplay("halt.replay_differs", f"{len(self.wrong)} decisions come out otherwise than recorded; {first}")

    def _left(self) -> list[Delivery]:
        """What stands aside, in the order of the broker's times."""
        left = {id(one): one for rows in self._aside.values() for one in rows if one.nth < 0 or one.waiting}
        return sorted(left.values(), key=lambda one: (one.at, one.since))

    def _differs(self, one: Delivery, verdict: Verdict | None) -> None:
        self.wrong.append(said(self.past, one, self._event(one), verdict, self._error))
