"""Several faults at once, where servers hold copies: more fall than the others make up for, so nothing is written until they are back."""

from __future__ import annotations

from signal import Signals
from typing import TYPE_CHECKING

from tests.toy.world import pause

if TYPE_CHECKING:
    from tests.chaos.arena import Arena

OUT_S = (0.5, 3, 8)  # up to longer than sessions last, of services and of brokers


def two_brokers(arena: Arena) -> str:
    """Of three: no majority of controllers, and of no partition enough copies. Each is killed or frozen."""
    falling = arena.random.sample(arena.brokers, 2)
    killed = [broker for broker in falling if arena.random.random() < 0.6]
    for broker in falling:
        if broker in killed:
            broker.kill()
        else:
            broker.signal(Signals.SIGSTOP)
        arena.burst()
    pause(arena.random.choice(OUT_S))
    for broker in falling:
        broker.signal(Signals.SIGCONT)
    arena.burst()
    arena.stack.kafka.start()
    return f"two brokers out, {len(killed)} killed"


def failover_amid(arena: Arena) -> str:
    """A standby is promoted while one or two brokers are started again, and a service is killed meanwhile."""
    down = arena.random.sample(arena.brokers, arena.random.randint(1, 2))
    name = arena.random.choice(arena.names)
    for broker in down:
        broker.stop()
        arena.burst()
    arena.stack.postgres.kill()
    for process in arena.world.living(name):
        process.signal(Signals.SIGKILL)
        process.wait(20)
    arena.burst()
    if arena.random.random() < 0.5:
        arena.stack.kafka.start()
        arena.burst()
    arena.stack.postgres.start()
    arena.burst()
    arena.stack.kafka.start()
    return f"failover amid a restart of {len(down)} brokers, {name} killed"
