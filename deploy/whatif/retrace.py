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
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count

from deploy.whatif.desk import ABSENT, NOTHING, Decided, Desk, Place, Verdict, desks, takers
from deploy.whatif.differs import said
from deploy.whatif.hindsight import Hindsight
from deploy.whatif.past import HELD, SERVICES, UNREADABLE, NoReplay, Past, digest, key_of, milliseconds
from deploy.whatif.route import GRACE_MS, Copies, Delivery, Route
from shared.messaging.fold import fact_id, timer_id
from shared.messaging.message import Message
from shared.messaging.shape import Reject, Wait
from shared.policy import Policies

Decision = tuple[Desk, Message, str, Verdict]

SHOWN_MAX = 5


class Retrace:
    """run() finds the route. told: hears each decision, as (desk, event, id, its verdict)."""

    def __init__(self, past: Past, policies: Policies) -> None:
        self.past = past
        self.desks = desks(policies)
        self.route = Route([array("i", [-1]) * len(past.digest) for _ in SERVICES], [array("i", [-1]) * len(past.sent) for _ in SERVICES])
        self._takers = takers()
        self._heap: list[tuple[int, int, int, Delivery]] = []
        self._ticks = count()
        self._aside: dict[object, list[Delivery]] = defaultdict(list)
        self._copies = [Copies() for _ in SERVICES]
        self._done = bytearray(len(past.digest))
        self._reached: list[dict[int, int]] = [{} for _ in SERVICES]
        self._scheduled: set[bytes] = set()
        self._error = ""
        self._hindsight = [Hindsight() for _ in SERVICES]

    def run(self) -> Iterator[Decision]:
        """Each decision as it was made. Raises NoReplay: what is recorded cannot be had from these policies and this code."""
        for number in sorted(range(len(self.past.sent)), key=lambda number: self.past.sent[number].at):
            self._announce(number)
        while self._heap or self._patience():
            one = heapq.heappop(self._heap)[-1]
            one.queued = False
            yield from self._try(one)
        self._check_all()

    # -- arrivals

    def _announce(self, number: int) -> None:
        sent = self.past.sent[number]
        for desk in self._takers.get(sent.kind, ()):
            code, at = self._code(desk, sent.ref, sent.at)
            if code.startswith(UNREADABLE) or (SERVICES[desk], sent.ref) in self.past.discarded:
                continue
            expected = [] if code and not code.startswith(HELD) else self._expected(desk, sent.source, sent.id)
            if self._copies[desk].copy((sent.source, sent.id), refused=bool(code), taken=bool(expected)):
                continue
            self._push(desk, -1 - number, sent.id, sent.source, None, expected, code, at, sent.at)

    def _publish(self, desk: Desk, facts: Iterable[Message], expected: Iterable[tuple[str, int]]) -> None:
        for fact, (identity, number) in zip(facts, expected, strict=True):
            self._done[number] = 1
            for taker in self._takers.get(type(fact), ()):
                code, at = self._code(taker, identity, self.past.at[number])
                if code.startswith(UNREADABLE):
                    continue
                leads = [] if code and not code.startswith(HELD) else self._expected(taker, desk.source, identity)
                self._push(taker, number, identity, desk.source, fact, leads, code, at, self.past.at[number])

    def _arm(self, desk: int, timer: Message) -> None:
        """A deadline that is recorded comes when it came; others had not come yet."""
        identity = timer_id(timer.type, timer.subject, timer.occurred_at)
        key = key_of(identity)
        number = self.past.index.get(key)
        if number is None or key in self._scheduled:
            return
        self._scheduled.add(key)
        code, at = self._code(desk, identity, self.past.at[number])
        self._done[number], source = 1, self.desks[desk].source
        self._push(desk, number, identity, source, timer, self._expected(desk, source, identity), code, at, at, timer=True)

    def _code(self, desk: int, named: str, at: int) -> tuple[str, int]:
        """Of its refusal, and when that was told; what was held back was looked at when it came."""
        code, refused = self.past.refused.get((SERVICES[desk], named), ("", at))
        return code, at if code.startswith(HELD) else refused

    def _push(
        self, desk: int, number: int, identity: str, source: str, event: Message | None, expected: list[tuple[str, int]], code: str,
        at: int, since: int, *, timer: bool = False,
    ) -> None:  # fmt: skip
        if expected:
            at = min(self.past.at[one] for _, one in expected)
        self._queue(Delivery(desk, number, identity, source, event, timer, expected, code, at, since))

    def _queue(self, one: Delivery) -> None:
        if not one.queued:
            one.queued = True
            heapq.heappush(self._heap, (one.at, one.since, next(self._ticks), one))

    def _expected(self, desk: int, source: str, identity: str) -> list[tuple[str, int]]:
        found, index = list[tuple[str, int]](), self.past.index
        for ordinal in count():
            fact = fact_id(self.desks[desk].source, source, identity, ordinal)
            number = index.get(key_of(fact))
            if number is None:
                return found
            found.append((fact, number))
        raise AssertionError("endless")

    def _event(self, one: Delivery) -> Message:
        if one.event is None:
            sent = self.past.sent[-1 - one.number]
            one.event = sent.kind.from_json(sent.value)
        return one.event

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
        if isinstance(verdict, Wait) or (one.timer and not one.expected):  # a deadline that came to nothing had ceased to stand later
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
        left = [one for rows in self._aside.values() for one in rows if one.nth < 0 and one.expected and not one.patient]
        for one in left:
            one.patient = True
            self._queue(one)
        return bool(left)

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
        for place in touched:  # an entity, or an entity and the version that it must come to
            self._aside[place].append(one)

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
        left = {id(one): one for rows in self._aside.values() for one in rows if one.nth < 0 or one.waiting}
        wrong = []
        for one in sorted(left.values(), key=lambda one: (one.at, one.since)):
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
            wrong.append(said(self.past, one, event, verdict, self._error))
        missing = [number for number, done in enumerate(self._done) if not done]
        if missing and not wrong:
            kinds = sorted({self.past.kinds[self.past.kind[number]].type for number in missing})
            wrong = [f"{len(missing)} records follow from nothing recorded: {', '.join(kinds[:SHOWN_MAX])}"]
        if wrong:
            first = "; ".join(wrong[:SHOWN_MAX])
            raise NoReplay("halt.replay_differs", f"{len(wrong)} decisions come out otherwise than recorded; {first}")
