"""A world under fire: rounds of traffic and faults, each followed by rest and judgement. Everything follows from the seed.

Here it is the toy's; market.py has the market of orders and money under the same faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from signal import Signals
from typing import Any, ClassVar

from deploy.local.kafka import KafkaServer
from deploy.local.process import Process
from deploy.local.stack import Stack
from tests.chaos import several
from tests.chaos.cluster import Cluster
from tests.toy.oracle import judge
from tests.toy.outside import NAMES
from tests.toy.traffic import Traffic
from tests.toy.world import World, pause

SESSION_S = 2.0  # so that a dead or frozen process soon loses its partitions
IDLE_S = 120.0
REDRIVES_MAX = 60


class Violation(AssertionError):
    """An invariant does not hold: the message says what and where."""


@dataclass
class Arena:
    """servers: Kafka and Postgres may be killed too (they are ours). names: the services. world: their processes, and a way to ask them."""

    names: ClassVar[tuple[str, ...]] = NAMES
    known: ClassVar[list[tuple[float, str]]] = []

    stack: Stack
    random: Random
    servers: bool = True
    rounds: int = 0
    bursts: int = 0
    lives: int = 0
    began: float = field(default_factory=time.monotonic)
    faults: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open()

    # -- worlds

    def open(self) -> None:
        self.world: Any = World(self.stack, session_s=SESSION_S).start()
        self.traffic = Traffic(self.world, self.random)
        self.man()

    def man(self) -> None:
        """One process of each service."""
        self.frozen: list[Process] = []
        for name in self.names:
            self.world.spawn(name)
        self.world.ready()

    def close(self) -> None:
        self.world.close()

    @property
    def clustered(self) -> bool:
        return isinstance(self.stack.kafka, Cluster)

    @property
    def brokers(self) -> list[KafkaServer]:
        kafka = self.stack.kafka
        assert isinstance(kafka, KafkaServer), "somebody else's"
        return kafka.brokers if isinstance(kafka, Cluster) else [kafka]

    # -- rounds

    def round(self, only: str = "") -> str:
        """One line about it. only: that fault, else one or two by chance. Raises Violation."""
        self.began = time.monotonic()
        self.rounds += 1
        told = []
        self.burst()
        for fault in [getattr(self, only)] if only else self.chosen():
            told.append(self.strike(fault))
            self.burst()
        self.rest()
        return self.line(", ".join(told))

    def line(self, told: str) -> str:
        return f"{time.monotonic() - self.began:5.1f} s  {len(self.traffic.lives):4} lives  {told}"

    def chosen(self) -> list[Callable[[], str]]:
        return [getattr(self, name) for name in dict.fromkeys(self.drawn(self.random.randint(1, 2)))]

    def drawn(self, count: int) -> list[str]:
        """So many faults by chance."""
        known = [entry for entry in self.known or FAULTS if self.servers or entry[1] not in SERVER_FAULTS]
        known += OF_CLUSTERS if self.clustered else []
        return self.random.choices([entry[1] for entry in known], [entry[0] for entry in known], k=count)

    def strike(self, fault: Callable[[], str]) -> str:
        name = fault.__name__
        self.faults[name] = self.faults.get(name, 0) + 1
        return fault()

    def burst(self) -> None:
        count = self.random.randint(3, 8)
        self.bursts += 1
        self.lives += count
        self.traffic.burst(count, f"r{self.rounds}b{self.bursts}")
        pause(self.random.random() * 0.15)

    def rest(self) -> None:
        """Heal everything, redrive what is parked, wait until nothing is left, judge."""
        self.thaw()
        for name in self.names:
            for flag in (f"die.relay.{name}", f"die.commit.{name}"):
                self.world.flag(flag, False)
        self.world.flag("boom", False)
        self.staff()
        self.world.flush()
        for _ in range(REDRIVES_MAX):
            self.idle()
            parked = {
                (name, row["key"]) for name in self.names for row in self.world.rows(name, "SELECT key FROM parked WHERE state = 'parked'")
            }
            if not parked:
                break
            for name, key in sorted(parked):
                self.world.redrive(name, key)
        if complaints := self.complaints():
            raise Violation("\n".join(complaints[:20]))

    def complaints(self) -> list[str]:
        """At rest: what does not hold."""
        return judge(self.world, self.traffic.lives)

    def thaw(self) -> None:
        for process in self.frozen:
            process.signal(Signals.SIGCONT)
        self.frozen.clear()

    def idle(self) -> None:
        """A process that a flag killed late is started again meanwhile."""
        deadline = time.monotonic() + IDLE_S
        while True:
            self.staff()
            try:
                self.world.idle(3)
                return
            except AssertionError as error:
                if time.monotonic() > deadline:
                    raise Violation(f"{error}\n{self.states()}") from None

    def staff(self) -> None:
        """Somebody awake of each service."""
        for name in self.names:
            if all(process in self.frozen for process in self.world.living(name)):
                self.world.spawn(name)

    def states(self) -> str:
        living = [process for name in self.names for process in self.world.living(name)]
        return "\n".join(f"{process.name}: {self.world.probe(process, 'readyz')}" for process in living)

    # -- faults

    def kill(self) -> str:
        name = self.random.choice(self.names)
        for process in self.world.living(name):
            process.signal(Signals.SIGKILL)
            process.wait(20)
        if self.random.random() < 0.5:
            self.world.spawn(name)
        return f"kill {name}"

    def kill_all(self) -> str:
        for name in self.names:
            for process in self.world.living(name):
                process.signal(Signals.SIGKILL)
        return "kill all"

    def die_in_relay(self) -> str:
        return self._flag("relay")

    def die_after_commit(self) -> str:
        return self._flag("commit")

    def _flag(self, where: str) -> str:
        name = self.random.choice(self.names)
        self.world.flag(f"die.{where}.{name}")
        self.burst()
        return f"{name} dies in {where}"

    def freeze(self) -> str:
        """A zombie: its partitions are taken over before it wakes."""
        name = self.random.choice(self.names)
        if len(self.world.living(name)) < 2:
            self.world.spawn(name)
            self.world.ready()
        victim = self.random.choice(self.world.living(name))
        self.burst()
        victim.signal(Signals.SIGSTOP)
        self.burst()
        pause(SESSION_S + 0.5)
        if self.random.random() < 0.7:
            victim.signal(Signals.SIGCONT)
        else:
            self.frozen.append(victim)
        return f"freeze {name}"

    def join(self) -> str:
        name = self.random.choice(self.names)
        if len(self.world.living(name)) < 3:
            self.world.spawn(name)
        return f"join {name}"

    def leave(self) -> str:
        name = self.random.choice(self.names)
        self.random.choice(self.world.living(name) or [self.world.spawn(name)]).signal(Signals.SIGTERM)
        return f"leave {name}"

    def bug(self) -> str:
        """Decisions raise for a while; some keys are redriven too early."""
        self.world.flag("boom")
        self.burst()
        for row in self.world.rows("alpha", "SELECT DISTINCT key FROM parked WHERE state = 'parked' ORDER BY key LIMIT 3"):
            self.world.redrive("alpha", row["key"])
        self.burst()
        if self.random.random() < 0.5:
            self.world.flag("boom", False)
        return "a bug, redriven early"

    def kill_postgres(self) -> str:
        self.stack.postgres.kill()
        self.burst()
        self.stack.postgres.start()
        return "kill Postgres"

    def kill_kafka(self) -> str:
        broker = self.random.choice(self.brokers)
        broker.kill()
        self.burst()
        broker.start()
        return "kill a broker"

    def freeze_kafka(self) -> str:
        """Longer, now and then, than its sessions with the others last."""
        broker = self.random.choice(self.brokers)
        broker.signal(Signals.SIGSTOP)
        self.burst()
        pause(self.random.choice((0.5, 2, 6)))
        broker.signal(Signals.SIGCONT)
        return "freeze a broker"

    def restart_kafka(self) -> str:
        """One after the other, as for a new version."""
        for broker in self.brokers:
            broker.stop()
            self.burst()
            broker.start()
        return "restart all brokers"

    two_brokers = several.two_brokers
    failover_amid = several.failover_amid


FAULTS: list[tuple[float, str]] = [
    (4, "kill"),
    (1, "kill_all"),
    (3, "die_in_relay"),
    (3, "die_after_commit"),
    (2, "freeze"),
    (2, "join"),
    (2, "leave"),
    (3, "bug"),
    (2, "kill_postgres"),
    (1, "kill_kafka"),
    (1, "freeze_kafka"),
    (1, "restart_kafka"),
]
SERVER_FAULTS = ("kill_postgres", "kill_kafka", "freeze_kafka", "restart_kafka")
OF_CLUSTERS = [
    (7, "kill_kafka"),
    (5, "freeze_kafka"),
    (2, "restart_kafka"),
    (5, "kill_postgres"),
    (4, "two_brokers"),
    (4, "failover_amid"),
]  # more of these where others go on meanwhile
