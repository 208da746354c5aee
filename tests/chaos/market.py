"""The market of orders and money under fire: each round is a small market of its own, played to its end while everything dies.

Its lives, its disorder and its verdict are those of deploy/market, its faults those of the arena.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from signal import Signals
from typing import Any, ClassVar

from confluent_kafka import Producer

from deploy.cli.idle import Idle
from deploy.cli.rebuild import lines, rebuilt
from deploy.cli.watch import INTERRUPTED, NotIdle
from deploy.local.kafka import quiet
from deploy.local.policies import publish
from deploy.local.process import StackError
from deploy.local.seeding import inputs_of
from deploy.local.services import discover
from deploy.local.stack import Stack
from deploy.market import newrules
from deploy.market.clients import Published, Publisher
from deploy.market.market import Market, build
from deploy.market.play import PATIENCE_S, STEP, Play
from deploy.market.sent import Sent, closing
from deploy.market.verdict import Verdict, judge
from deploy.verify import verify
from shared import postgres
from shared.policy.policies import configured
from tests.chaos.arena import FAULTS, SESSION_S, Arena, Violation
from tests.chaos.cluster import clustered
from tests.chaos.disasters import RECOVERED, come_back_older, delete_until, lose_the_newer, put_by
from tests.chaos.town import Town
from tests.infra import STRIPES
from tests.toy.world import pause

ORDERS = (20, 40)
DELAYS = (0, 0, 3)  # days that news may come late: a third of the markets
FAULTS_OF_ROUND = (3, 6)
QUIET_DAYS = 12  # after the last event of an app: what is due by then settles, and is paid out
RESTORED = 0.15  # of all rounds
BEHEADED = 0.1
GROWN_DAYS = 11  # in that time every service has published something
THAW = 0.3  # a frozen process wakes before the next day
CHUNKS = 3  # of what is told at once, beside each fault
STAFF_S = 0.1
FIRST = configured().versions[-1]
NO_BUG = "bug"  # the services have no flag that makes their decisions raise


class Stormy(Play):
    """The same play; what it does to the stack goes through the arena."""

    def __init__(self, arena: MarketArena, market: Market, shuffle: int) -> None:
        super().__init__(arena.stack, market, shuffle)
        self._arena = arena

    def walk(self, idle: Idle, to: datetime) -> None:
        self._arena.walk(partial(idle.set_clock, to, STEP, PATIENCE_S))

    def tell(self, publisher: Publisher, sent: Sequence[Sent]) -> list[Published]:
        return self._arena.tell(publisher, sent)

    def change_rules(self, now: datetime) -> None:
        super().change_rules(now)
        self._arena.versions.append(newrules.changed())


@dataclass
class MarketArena(Arena):
    """A round: a fresh stack, a market on it, faults while the clock walks and while the apps talk, and the verdict.

    stack: each market has another, in the same home. verdict: on the last market that is over.
    """

    names: ClassVar[tuple[str, ...]] = tuple(discover())
    known: ClassVar[list[tuple[float, str]]] = [*(entry for entry in FAULTS if entry[1] != NO_BUG), (6, "rules")]
    lose_the_newer = lose_the_newer
    told: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    world: Any = None

    def open(self) -> None:
        another = clustered if self.clustered else Stack
        self.stack = another(self.stack.home.root, clock="manual", stripes=STRIPES).start(fresh=True)
        self.world = Town(self.stack, SESSION_S)
        self._chunks: deque[Callable[[], None]] = deque()
        self._play: Stormy | None = None  # once it is over
        self.man()

    def close(self) -> None:
        if self.world is not None:
            self.world.close()
        self.world = None
        self.stack.stop()

    def round(self, only: str = "") -> str:
        self.began = time.monotonic()
        if self.rounds:
            self.close()
            self.open()
        self.rounds, random = self.rounds + 1, self.random
        delay, shuffle = random.choice(DELAYS), random.randrange(1_000)
        self._market = build(random.randrange(10**6), random.randint(*ORDERS), delay)
        self.lives += len(self._market.lives)
        self._schedule([only] if only else self.drawn(random.randint(*FAULTS_OF_ROUND)), restored=not only and random.random() < RESTORED)
        self.told = [f"{delay} d late"] if delay else []
        play = Stormy(self, self._market, shuffle)
        try:
            play.run(lambda _: None)
        except NotIdle as error:
            raise Violation(f"{self.line(', '.join(self.told))}\n{error}\n{self.states()}") from None
        self._play = play
        self.rest()
        return self.line(", ".join(self.told))

    def line(self, told: str) -> str:
        return f"{time.monotonic() - self.began:5.1f} s  market {self._market.seed:6}, {len(self._market.lives)} orders  {told}"

    def _schedule(self, faults: list[str], *, restored: bool) -> None:
        """By day: what is struck while the clock walks there, and what while the apps talk."""
        days = self._market.phases[-1] + QUIET_DAYS
        self._walking: list[tuple[int, str]] = []
        self._telling: list[tuple[int, str]] = []
        for name in faults:
            if self.random.random() < 0.5:
                self._walking.append((self.random.randint(1, days), name))
            else:
                self._telling.append((self.random.choice(self._market.phases), name))
        self._put_by = self.random.randint(1, 3) if restored and not self.clustered else 0
        self._beheading = self.random.random() < BEHEADED
        self._day = -1
        self.versions = [FIRST]

    # -- what the play does

    def walk(self, walked: Callable[[], object]) -> None:
        """Faults strike on the way, and who is dead is replaced; until all is at rest on the new day."""
        self._day += 1
        if self._put_by:
            self._restored()
        if self.frozen and self.random.random() < THAW:
            self.thaw()
        arrived = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            storm = pool.submit(self._storm, self._due(self._walking), arrived)
            try:
                self._patiently(walked)
            finally:
                arrived.set()
            storm.result()

    def tell(self, publisher: Publisher, sent: Sequence[Sent]) -> list[Published]:
        """In pieces, with faults between them. Returns when the broker has all."""
        if self._beheading:
            self._beheading = False
            return self._beheaded(publisher, sent)
        faults = self._due(self._telling)
        size = max(1, len(sent) // (CHUNKS * len(faults) + 1))
        done: list[Future[list[Published]]] = []
        with ThreadPoolExecutor(1) as pool:
            for start in range(0, len(sent), size):
                self._chunks.append(partial(lambda piece: done.append(pool.submit(publisher.publish, piece)), sent[start : start + size]))
            self.burst()
            for name in faults:
                self.told.append(self.strike(getattr(self, name)))
                self.burst()
            while self._chunks:
                self._chunks.popleft()()
            return [one for future in done for one in future.result()]

    def rules(self) -> str:
        """Ops publish the next version, told several times, and beside it what does not count. None changes what an order comes to."""
        if len(self.versions) == 1:
            return "no rules before the market's own"
        today, last, number = closing(max(self._day, 0)), self.versions[-1], len(self.versions) + 1
        begins = max(today, last.effective_from) + timedelta(minutes=self.random.randint(10, 3 * 24 * 60))
        look_back = 72 + self.random.randint(0, 24)
        order = last.order.model_copy(update={"suspension_look_back_hours": look_back})
        following = last.model_copy(update={"version": str(number), "effective_from": begins, "order": order})
        soon = following.model_copy(update={"version": f"{number}-soon", "effective_from": today + timedelta(minutes=9)})
        reused = following.model_copy(update={"lead_minutes": 11})
        told = [following] * self.random.randint(1, 3)
        producer = Producer(quiet(self.stack.settings(postgres.OPS).confluent()))
        for policy in (self.random.choice([soon, last]), *told, reused, self.random.choice([last, following])):
            publish(producer, policy, today)
        self.versions.append(following)
        return f"version {number} from {begins:%m-%d %H:%M}"

    def _beheaded(self, publisher: Publisher, sent: Sequence[Sent]) -> list[Published]:
        """What a partition of an app's topic holds is deleted before anybody read it: its readers halt, and the way out is walked.

        It is the first that is told in this market, so nothing older goes with it, and the apps can send all of it again.
        """
        for name in self.names:
            self.world.quit(name)
        done = publisher.publish(sent)
        topic, partition = self.random.choice(sorted({(one.sent.topic, one.partition) for one in done}))
        lost = [one for one in done if (one.sent.topic, one.partition) == (topic, partition)]
        delete_until(self.stack, topic, partition, 1 + max(one.offset for one in lost))
        readers = [name for name in self.names if topic in inputs_of(name)]
        halting = [(name, self.world.spawn(name)) for name in self.names]
        for name, process in halting:
            if name in readers:
                self.world.halted(process, "halt.cursor_out_of_range")
        for name in readers:
            self.world.laotie("cursor", "move", name, topic, str(partition), "--to", "earliest", "--yes")
        self.world.ready()
        self.faults["behead"] = self.faults.get("behead", 0) + 1
        self.told.append(f"{len(lost)} unread events of {topic}/{partition} deleted: halted, sent again")
        return [one for one in done if one not in lost] + publisher.publish([one.sent for one in lost])

    def burst(self) -> None:
        """The next piece of what is to be told, if anything is."""
        if self._chunks:
            self._chunks.popleft()()
        pause(self.random.random() * 0.15)

    def _storm(self, faults: list[str], arrived: threading.Event) -> None:
        for name in faults:
            pause(self.random.random() * 0.3)
            self.told.append(self.strike(getattr(self, name)))
        while not arrived.wait(STAFF_S):
            self.staff()

    def _patiently(self, walked: Callable[[], object]) -> None:
        """The one who walks the clock has connections too."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                walked()
                return
            except (StackError, *INTERRUPTED):
                if time.monotonic() > deadline:
                    raise
                pause(STAFF_S)

    def _due(self, planned: list[tuple[int, str]]) -> list[str]:
        due = [entry for entry in planned if entry[0] <= self._day]
        planned[:] = [entry for entry in planned if entry not in due]
        return [name for _, name in due]

    def _restored(self) -> None:
        """An older copy of the database is put by on one day, and comes back on a later one: for a look, or on the way there for good."""
        if self._day not in (self._put_by, self._put_by + GROWN_DAYS):
            return
        self.rest()
        if self._day == self._put_by:
            put_by(self)
            self._before = self._numbers()
        elif all(now > self._before[name] for name, now in self._numbers().items()):
            if self.random.random() < RECOVERED:
                self._walking.append((self._day, "lose_the_newer"))
                return
            self._reduce()
            self.told.append(f"database of day {self._put_by} restored on day {self._day}: {come_back_older(self)}")

    def _numbers(self) -> dict[str, int]:
        """How much each service has published."""
        return {name: self.world.rows(name, "SELECT coalesce(sum(seq), 0)::bigint FROM lane")[0][0] for name in self.names}

    def _reduce(self) -> None:
        """One process of each: another might own partitions on which nothing was published since, and rightly go on."""
        for name in self.names:
            for process in self.world.living(name)[1:]:
                process.signal(Signals.SIGTERM)
                assert process.wait(30), f"{process.name} does not stop"
        self.rest()

    # -- rest and judgement

    def staff(self) -> None:
        with suppress(*INTERRUPTED):  # there may be no database just now
            self.world.bury()
        super().staff()

    def complaints(self) -> list[str]:
        """What verify says, of a market that is over its verdict; and whether rows and deadlines are what the facts make of them."""
        return [*self._judged(), *(line for name in self.names for line in self._folded_again(name))]

    def _judged(self) -> list[str]:
        if self._play is not None:
            self.verdict = judge(self.stack, self._market, self._play)
            return self.verdict.problems
        return [f"verify: {check.name}: {check.first}" for check in asyncio.run(verify(self.stack)).checks if not check.holds]

    def _folded_again(self, name: str) -> list[str]:
        found = asyncio.run(rebuilt(self.stack, name, write=False))
        return [] if found.agrees else [f"rebuild {name}: {line}" for line in lines(found, written=False)]
