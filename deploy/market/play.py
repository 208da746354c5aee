"""Plays a market on a running stack: phase by phase, the clock walked in between, the PSP answering what it is told to pay."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.cli.idle import Idle
from deploy.local.stack import Stack
from deploy.market.clients import Published, Publisher, Reader
from deploy.market.market import Market
from deploy.market.psp import GROUP, TOPICS, Provider
from deploy.market.sent import closing

STEP = timedelta(days=4)  # deadlines that may fire together: no order has two in different services that contend
QUIET = (20, 25, 30, 36, 42)  # days on which only deadlines fall due, and the PSP answers
CALM_DAYS = 2  # without an answer of the PSP, after the last deadline: the end
DAYS_MAX = 70


@dataclass(frozen=True, slots=True)
class Progress:
    """at: business time. done: 0 to 1, about. events, refunds, payouts: so far."""

    at: datetime
    done: float
    events: int
    refunds: int
    payouts: int


class Play:
    """run() blocks until the market's life is over. seconds: where the time went, by activity."""

    def __init__(self, stack: Stack, market: Market) -> None:
        self._stack, self._market = stack, market
        self.provider = Provider(market.seed, [life.cart.order_id for life in market.lives if life.unpaid_refund])
        self.published: list[Published] = []
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.stops = 0

    def run(self, show: Callable[[Progress], None]) -> None:
        """Raises NotIdle when a service does not come to rest."""
        publisher = Publisher(lambda app: self._stack.settings(app).confluent())
        reader = Reader(self._stack.settings("psp").confluent(), TOPICS, GROUP)
        calm = 0
        with Idle(self._stack) as idle:
            for done, day in enumerate(self._days(), start=1):
                answered = self._phase(idle, publisher, reader, day)
                show(self._progress(day, done))
                calm = 0 if answered or self.provider.pending else calm + 1
                if day > QUIET[-1] and calm > CALM_DAYS:
                    break
            with self._timed("services"):
                idle.wait()
        reader.close()

    def _days(self) -> list[int]:
        """Each day while the apps publish, then only now and then, then each day until the PSP has answered everything."""
        last = self._market.phases[-1]
        return [*self._market.phases, *(day for day in QUIET if day > last), *range(max(last, QUIET[-1]) + 1, DAYS_MAX)]

    def _phase(self, idle: Idle, publisher: Publisher, reader: Reader, day: int) -> int:
        """How many answers the PSP gave."""
        now = closing(day)
        with self._timed("services"):
            self.stops += idle.set_clock(now, STEP).steps
        with self._timed("psp"):
            self.provider.take(reader.read())
            self.provider.capture(self._market.of_phase(day))
        answers = self.provider.answers(now, day)
        with self._timed("publish"):
            self.published += publisher.publish([*self._market.of_phase(day), *answers])
        return len(answers)

    def _progress(self, day: int, done: int) -> Progress:
        kinds = Counter(one.sent.type for one in self.published)
        return Progress(
            closing(day),
            min(1.0, done / (len(self._market.phases) + len(QUIET) + CALM_DAYS)),
            len(self.published),
            kinds["refund.succeeded"],
            kinds["payout.succeeded"],
        )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[what] += time.monotonic() - began
