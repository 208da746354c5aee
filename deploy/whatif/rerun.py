"""The recorded topics decided once more, under other policies, in the order in which they were taken.

What happens as it did comes when it came, so under the same policy everything comes out the same. What is new comes as soon as what it
follows from has happened, behind what was told before it of the same key; a new deadline when its time had come; what is not decided any
more is not told. What people did, they did: an event of an app is offered all the same, and refused where it makes no sense now; what
they would have done otherwise is not invented. Source: R9.2.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from deploy.whatif.desk import ABSENT, Desk, Place, State, desks, takers
from deploy.whatif.past import SERVICES, Past, digest, key_of, milliseconds
from deploy.whatif.provider import Provider
from deploy.whatif.retrace import Decision
from deploy.whatif.route import GRACE_MS, Route
from shared.contracts.certificate import CertificateIssued, sha256_of
from shared.messaging.fold import WAIT_MAX, fact_id, timer_id
from shared.messaging.message import Message
from shared.messaging.shape import Reject, Wait
from shared.policy import Policies

WAIT_MS = int(WAIT_MAX.total_seconds() * 1000)
TICK_MS = 300  # in which a service that is idle notices that a deadline has passed
BEFORE, AT, AFTER = -1, 0, 1  # beside its place in the order
Made = dict[bytes, tuple[int, int]]  # by id, the digest of a fact and when it happened (ms)
Moment = tuple[int, int, int]  # a place in the order, which side of it, and on that side the business time (ms), 0: at once


class Item(NamedTuple):
    """An event on its way to a desk. number: of our own record; -1 - place among what apps sent; None: it is not recorded."""

    desk: int
    number: int | None
    id: str
    source: str
    event: Message | None
    timer: bool = False


@dataclass(slots=True)
class Tally:
    """Facts within the span of the report. changed: the same cause, another content. raised: decisions that ended in an error."""

    same: int = 0
    changed: int = 0
    new: int = 0
    gone: int = 0
    raised: list[str] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return self.changed + self.new + self.gone + len(self.raised)


class Rerun:
    """run() yields each decision. names: by the version that stands in for it, as JSON, the recorded one's name. made: gets each fact, if
    it is given; beside: what another rerun made, with which this one is compared in place of the record.
    """

    def __init__(
        self, past: Past, route: Route, policies: Policies, provider: Provider, names: Mapping[bytes, bytes], span: tuple[int, int], *,
        made: Made | None = None, beside: Made | None = None,
    ) -> None:  # fmt: skip
        self.past, self.route, self.provider, self.span = past, route, provider, span
        self.desks = desks(policies)
        self.tally = Tally()
        self._names = dict(names)
        self._takers = takers()
        self._heap: list[tuple[Moment, int, Item]] = []
        self._ticks = count()
        self._now: Moment = (0, BEFORE, 0)
        self._made, self._note, self._beside = bytearray(len(past.digest)), made, beside
        self._inbox: list[set[tuple[str, str]]] = [set() for _ in SERVICES]
        self._held: list[dict[str, list[tuple[int, Item]]]] = [defaultdict(list) for _ in SERVICES]
        self._tails: dict[tuple[int, str, str], Moment] = {}
        self._stuck: set[tuple[int, str]] = set()
        self._kept: dict[tuple[int, Place], list[tuple[int, State]]] = {
            (desk, place): [] for (desk, _), looks in route.saw.items() for place, _ in looks
        }

    def run(self) -> Iterator[Decision]:
        for number, sent in enumerate(self.past.sent):
            for desk in self._takers.get(sent.kind, ()):
                if (nth := self.route.sent[desk][number]) >= 0:
                    self._put((nth, AT, 0), Item(desk, -1 - number, sent.id, sent.source, None))
        while self._heap:
            self._now, _, item = heapq.heappop(self._heap)
            yield from self._deliver(item)
        since, until = self.span
        times: Iterable[int] = (at for _, at in self._beside.values()) if self._beside is not None else self._unmade()
        self.tally.gone = sum(since <= at < until for at in times)

    def _unmade(self) -> Iterator[int]:
        """When what is recorded and did not happen had happened."""
        return (self.past.happened[number] for number, made in enumerate(self._made) if not made and not self.past.timer[number])

    # -- on the way

    def _put(self, moment: Moment, item: Item) -> None:
        heapq.heappush(self._heap, (moment, next(self._ticks), item))

    def _soon(self) -> Moment:
        """As soon as what happens now has happened."""
        nth, side, time = self._now
        return (nth, side, time) if side != AT else (nth, AFTER, 0)

    def _moment(self, at: int, key: str, *, clip: bool = False) -> Moment | None:
        """When that time (ms) had come: behind deadlines of the same key that were due by then. None: it never did."""
        clock = self.route.clock
        nth = bisect_left(clock, at)
        if nth == len(clock):
            return (nth, AFTER, at) if clip else None
        moment = (nth, BEFORE, at)
        for other, due in reversed(self.route.timers.get(key, ())):
            if due <= at:
                moment = max(moment, (other, AFTER, at))
                break
        return max(moment, self._soon())

    def _arm(self, desk: int, timer: Message) -> None:
        """One that is recorded comes when it came. One that is overdue already comes behind the backlog."""
        identity = timer_id(timer.type, timer.subject, timer.occurred_at)
        key, at = key_of(identity), milliseconds(timer) + GRACE_MS
        number = self.past.index.get(key)
        nth = self.route.own[desk][number] if number is not None else -1
        moment = (nth, AT, 0) if nth > self._now[0] else self._moment(at, timer.key)
        if moment is not None and at <= self._clock() and self._now[1] != BEFORE:
            moment = (bisect_right(self.route.heard, self._heard() + TICK_MS) - 1, AFTER, at) if nth <= self._now[0] else moment
        if moment is not None and number is None and key in self.route.spared:
            moment = max(moment, (self.route.spared[key], AFTER, at))
        if moment is not None and moment[0] < len(self.route.clock):
            self._put(moment, Item(desk, number, identity, self.desks[desk].source, timer, timer=True))

    def _publish(self, desk: Desk, identity: str, fact: Message, number: int | None) -> None:
        for taker in self._takers.get(type(fact), ()):
            lane = (taker, fact.topic.name, fact.key)
            nth = self.route.own[taker][number] if number is not None else -1
            if number is not None and nth < 0:
                continue  # not taken while this was recorded
            moment = (nth, AT, 0) if nth > self._now[0] else max(self._soon(), self._tails.get(lane, (0, BEFORE, 0)))
            self._tails[lane] = moment
            self._put(moment, Item(taker, number, identity, desk.source, fact))

    def _ask(self, fact: Message) -> None:
        instruction = self.provider.note(fact)
        if instruction is None:
            return
        for answer in self.provider.answers(instruction, fact):
            moment = self._moment(int(answer.at.timestamp() * 1000), answer.event.key, clip=True)
            if moment is not None:
                self._put(moment, Item(SERVICES.index("payment"), None, answer.id, answer.source, answer.event))

    # -- deciding

    def _deliver(self, item: Item) -> Iterator[Decision]:
        event = item.event
        if event is None:
            sent = self.past.sent[-1 - (item.number or 0)]
            event = sent.event
            if event.topic.name == "psp.v1":
                heard = self.provider.said(item.id, item.source, event)
                if heard is None:
                    return
                event = heard
            item = item._replace(event=event)
        if (item.desk, event.key) in self._stuck or self._known(item):
            return
        changed = yield from self._offer(item, event)
        held = self._held[item.desk]
        while changed and held.get(event.key):
            changed = False
            for row in list(held[event.key]):
                if self._expired(*row):
                    continue
                held[event.key].remove(row)
                if row[1].event is not None and (yield from self._offer(row[1], row[1].event)):
                    changed = True
                    break

    def _known(self, item: Item) -> bool:
        """A copy of what an app said before."""
        if item.timer or (item.number is not None and item.number >= 0):
            return False
        seen = self._inbox[item.desk]
        if (item.source, item.id) in seen:
            return item.number is None or (SERVICES[item.desk], self.past.sent[-1 - item.number].ref) not in self.past.refused
        return False

    def _clock(self) -> int:
        """The business time that it is."""
        nth, side, time = self._now
        clock = self.route.clock
        return time if side == BEFORE and time else clock[min(nth, len(clock) - 1)]

    def _heard(self) -> int:
        heard = self.route.heard
        return heard[min(self._now[0], len(heard) - 1)]

    def _expired(self, since: int, item: Item) -> bool:
        """It waited in vain for too long, so nobody offers it any more."""
        until = self.route.expired.get((item.desk, item.id))
        return self._now[0] >= until if until is not None else self._clock() - since >= WAIT_MS

    def _offer(self, item: Item, event: Message) -> Generator[Decision, None, bool]:
        """Returns whether it changed something."""
        desk = self.desks[item.desk]
        desk.seen = self._seen(item) if self._kept else {}
        try:
            verdict = desk.decide(event, item.id, timer=item.timer)
        except Exception as error:
            self._raised(item, event, error)
            return False
        upstream = item.number is None or item.number < 0
        if upstream:
            self._inbox[item.desk].add((item.source, item.id))
        if isinstance(verdict, Wait):
            self._held[item.desk][event.key].append((self._clock(), item))
            yield desk, event, item.id, verdict
            return False
        if isinstance(verdict, Reject):
            if upstream:
                self._inbox[item.desk].discard((item.source, item.id))
            yield desk, event, item.id, verdict
            return False
        yield desk, event, item.id, verdict
        armed, _ = desk.keep(verdict)
        for place, state in verdict.after.items() if self._kept else ():
            if (item.desk, place) in self._kept:
                self._kept[(item.desk, place)].append((self._now[0], state))
        for ordinal, fact in enumerate(verdict.facts):
            identity = fact_id(desk.source, item.source, item.id, ordinal)
            self._publish(desk, identity, fact, self._compare(identity, fact))
            self._ask(fact)
        for timer in armed:
            self._arm(item.desk, timer)
        return bool(verdict.after)

    def _seen(self, item: Item) -> dict[Place, State]:
        """What it looked at had just been replaced when its turn came; it sees that as it was before."""
        looks = self.route.saw.get((item.desk, item.number), ()) if item.number is not None else ()
        return {place: next((state for at, state in reversed(self._kept[(item.desk, place)]) if at < nth), ABSENT) for place, nth in looks}

    def _raised(self, item: Item, event: Message, error: Exception) -> None:
        name = SERVICES[item.desk]
        recorded = item.number is not None and item.number < 0 and self.past.sent[-1 - item.number].ref
        code, _ = self.past.refused.get((name, recorded or item.id), ("", 0))
        if not code.startswith("parked."):
            self._stuck.add((item.desk, event.key))
            self.tally.raised.append(f"{name} took {event.type} of {event.key}: {type(error).__name__}: {error}")

    def _compare(self, identity: str, fact: Message) -> int | None:
        """Its record, if there is one of the same cause and type. What is named after the candidate is compared as if named as it was."""
        key, value, at = key_of(identity), digest(self._value(fact)), milliseconds(fact)
        number = self.past.index.get(key)
        before = self.past.digest[number] if number is not None else None
        if number is not None:
            self._made[number] = 1
        if self._note is not None:
            self._note[key] = value, at
        if self._beside is not None:
            before, _ = self._beside.pop(key, (None, 0))
        if self.span[0] <= at < self.span[1]:
            self.tally.new += before is None
            self.tally.same += before == value
            self.tally.changed += before is not None and before != value
        return number if number is not None and self.past.kinds[self.past.kind[number]] is type(fact) else None

    def _value(self, fact: Message) -> bytes:
        if not self._names:
            return fact.to_json()
        value = fact.to_json()
        for stand_in, name in self._names.items():
            if stand_in in value:
                value = value.replace(stand_in, name)
                if isinstance(fact, CertificateIssued):
                    renamed = CertificateIssued.from_json(value)
                    value = renamed.model_copy(update={"terms_sha256": sha256_of(renamed)}).to_json()
        return value
