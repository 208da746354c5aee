"""What is recorded of each event: when it comes to whom, and what it led to there. Source: R9.2."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable
from itertools import count

from deploy.whatif.desk import Desk, desks, takers
from deploy.whatif.past import HELD, SERVICES, UNREADABLE, Past, key_of
from deploy.whatif.route import Copies, Delivery, Route
from shared.messaging.fold import fact_id, timer_id
from shared.messaging.message import Message
from shared.policy import Policies


class Arrivals:
    """A heap of deliveries, by the broker's times."""

    def __init__(self, past: Past, policies: Policies) -> None:
        self.past = past
        self.desks = desks(policies)
        self.route = Route([array("i", [-1]) * len(past.digest) for _ in SERVICES], [array("i", [-1]) * len(past.sent) for _ in SERVICES])
        self._takers = takers()
        self._heap: list[tuple[int, int, int, Delivery]] = []
        self._ticks = count()
        self._copies = [Copies() for _ in SERVICES]
        self._done = bytearray(len(past.digest))
        self._scheduled: set[bytes] = set()

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
            one.event = sent.event
        return one.event
