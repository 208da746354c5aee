"""Plays a market on a running stack: day by day, the clock walked in between, the PSP answering what it is told to pay.

No day is skipped: with two midnights in one step, what the first one settles might come to an account before or after what the
second one pays out, and one seed would not always pay the same.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from confluent_kafka import Producer

from deploy.cli.idle import Idle
from deploy.local.kafka import quiet
from deploy.local.policies import publish
from deploy.local.stack import Stack
from deploy.market import newrules
from deploy.market.clients import Published, Publisher, Reader
from deploy.market.disorder import waves
from deploy.market.market import Market, failing
from deploy.market.psp import GROUP, TOPICS, Provider
from deploy.market.sent import Sent, closing
from shared import postgres

STEP = timedelta(days=1)  # deadlines that may fire together: on one day no order has two in different services that contend
DAYS_USUAL, DAYS_MAX = 45, 70
DAYS_AFTER = 38  # from the last event of an app to the last payout; what is still due then is only tried again and again
PATIENCE_S = 600  # with which a large market is waited for


@dataclass(frozen=True, slots=True)
class Progress:
    """at: business time. done: 0 to 1, about. events, refunds, payouts: so far."""

    at: datetime
    done: float
    events: int
    refunds: int
    payouts: int


class Play:
    """run() blocks until the market's life is over. shuffle: topics overtake each other, for each number otherwise; None: no more than
    by chance. seconds: where the time went, by activity.
    """

    def __init__(self, stack: Stack, market: Market, shuffle: int | None = None) -> None:
        self._stack, self._market, self._shuffle = stack, market, shuffle
        self.provider = Provider(market.seed, *failing(market))
        self.published: list[Published] = []
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.stops = 0

    def run(self, show: Callable[[Progress], None]) -> None:
        """Raises NotIdle when a service does not come to rest."""
        publisher = Publisher(lambda app: self._stack.settings(app).confluent())
        reader = Reader(self._stack.settings("psp").confluent(), TOPICS, GROUP)
        last = self._market.phases[-1]
        with Idle(self._stack) as idle:
            for day in range(DAYS_MAX):
                answered = self._phase(idle, publisher, reader, day)
                show(self._progress(day))
                if day > last and not answered and not self.provider.pending and (day > last + DAYS_AFTER or idle.next_due() is None):
                    break
            with self._timed("services"):
                idle.wait(PATIENCE_S)
        reader.close()

    def walk(self, idle: Idle, to: datetime) -> None:
        """The clock goes there; everyone is at rest, then and before."""
        self.stops += idle.set_clock(to, STEP, PATIENCE_S).steps

    def tell(self, publisher: Publisher, sent: Sequence[Sent]) -> list[Published]:
        """All that the apps say at once."""
        return publisher.publish(sent)

    def change_rules(self, now: datetime) -> None:
        """Ops publish the next version of the policy. Source: R9.1."""
        publish(Producer(quiet(self._stack.settings(postgres.OPS).confluent())), newrules.changed(), now)

    def _phase(self, idle: Idle, publisher: Publisher, reader: Reader, day: int) -> int:
        """How many answers the PSP gave."""
        now = closing(day)
        with self._timed("services"):
            self.walk(idle, now)
        with self._timed("psp"):
            self.provider.take(reader.read())
            self.provider.capture(self._market.of_phase(day))
        answers = self.provider.answers(now, day)
        with self._timed("publish"):
            if day == newrules.TOLD:
                self.change_rules(now)
            told = [*self._market.of_phase(day), *answers]
            for wave in waves(told, self._shuffle) if self._shuffle is not None else [told]:
                self.published += self.tell(publisher, wave)
        return len(answers)

    def _progress(self, day: int) -> Progress:
        kinds = Counter(one.sent.type for one in self.published)
        return Progress(
            closing(day),
            min(1.0, (day + 1) / DAYS_USUAL),
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
