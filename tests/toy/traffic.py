"""Upstream apps at their worst, within the contract: copies, delays, reordering, any partitioner. Seeded."""

from __future__ import annotations

from random import Random

from tests.toy.oracle import Life
from tests.toy.outside import Outsider


class Traffic:
    """Publishes lives and remembers what it asked for."""

    def __init__(self, world: Outsider, random: Random) -> None:
        self.world = world
        self.random = random
        self.lives: dict[str, Life] = {}
        self._sent: list[tuple[str, str, dict[str, object]]] = []

    def burst(self, lives: int, name: str) -> None:
        """Begin that many lives; their events are mixed, each life's notes stay in order. Copies of earlier events between."""
        queues = [self._life(f"{name}-{n}") for n in range(lives)]
        while queues:
            queue = self.random.choice(queues)
            type, key, body = queue.pop(0)
            self.world.publish(type, key, **body)  # type: ignore[arg-type]
            self._sent.append((type, key, body))
            if not queue:
                queues.remove(queue)
            if self.random.random() < 0.15:
                type, key, body = self.random.choice(self._sent[-200:])
                if type != "life.note":  # a copy that overtook on another partition would be another order
                    body = {**body, "partition": self.random.randrange(self.world.stripes)}
                self.world.publish(type, key, **body)  # type: ignore[arg-type]

    def _life(self, key: str) -> list[tuple[str, str, dict[str, object]]]:
        random, at = self.random, self.world.now()
        home = random.choice([-1, -1, -1, random.randrange(self.world.stripes)])  # now and then another partitioner
        units = random.choice([0, 0, 0, random.randrange(1, 30)])
        pool = f"pool{random.randrange(3)}-{key.split('-')[0]}" if units else "none"
        life = self.lives[key] = Life(f"{key}/b", pool, units)
        minutes = random.choice([0, 30])
        begin = ("life.begin", key, {"id": life.begin, "at": at, "pool": pool, "units": units, "minutes": minutes, "partition": home})
        if units:
            return [begin]  # it may be refused: nothing else depends on it
        life.notes = [(f"{key}/n{n}", n) for n in range(1, random.randrange(2, 6))]
        life.pokes = [(f"{key}/p{n}", n) for n in range(1, random.randrange(1, 5))]
        notes = [self._note(key, identity, n, at, home) for identity, n in life.notes]
        pokes = [("life.poke", key, {"id": i, "at": at, "n": n, "partition": random.randrange(self.world.stripes)}) for i, n in life.pokes]
        events = [*notes]
        for event in [begin, *pokes]:
            events.insert(random.randrange(len(events) + 1) if event is not begin or random.random() < 0.3 else 0, event)
        return events

    def _note(self, key: str, identity: str, n: int, at: str, home: int) -> tuple[str, str, dict[str, object]]:
        mode = "boom" if self.random.random() < 0.05 else "ok"
        return ("life.note", key, {"id": identity, "at": at, "n": n, "mode": mode, "partition": home})
