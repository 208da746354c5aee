"""The whole market of one seed: all lives, all that the apps will publish, all that must come of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from deploy.market.checkout import World, fill, world
from deploy.market.fates import FATES
from deploy.market.life import Life
from deploy.market.noise import hasten, repeat, spoil
from deploy.market.sent import Sent

SHOWS = 3  # evenings with a live show, on which everything is ordered
SPOILT_PER_ORDERS = 250


@dataclass(frozen=True, slots=True)
class Market:
    """sent: by phase, those that overtake their cause first, else by time."""

    seed: int
    world: World
    lives: tuple[Life, ...]
    sent: tuple[Sent, ...]

    @property
    def phases(self) -> range:
        return range(max(one.phase for one in self.sent) + 1)

    def of_phase(self, phase: int) -> list[Sent]:
        return [one for one in self.sent if one.phase == phase]

    @property
    def evidence(self) -> Counter[str]:
        """Items by subject."""
        total: Counter[str] = Counter()
        for life in self.lives:
            total.update(life.evidence)
        return total


def build(seed: int, orders: int) -> Market:
    """Everything follows from the seed and the number of orders: the same again, byte for byte."""
    rng = Random(seed)
    place = world(rng, orders)
    lives = [_live(rng, place, f"o-{seed}-{index:05}", name, index) for index, name in enumerate(_fates(rng, orders), start=1)]
    sent = [one for life in lives for one in hasten(rng, life.sent)]
    noise = repeat(rng, sent) + spoil(rng, sent, max(1, orders // SPOILT_PER_ORDERS))
    ordered = sorted(sent + noise, key=lambda one: (one.phase, not one.early, one.at, one.source, one.id))
    return Market(seed, place, tuple(lives), tuple(ordered))


def _fates(rng: Random, orders: int) -> list[str]:
    """Every fate once, where there are orders enough; the rest by weight."""
    names = list(FATES)
    some = rng.choices(names, [fate.weight for fate in FATES.values()], k=max(0, orders - len(names)))
    found = (names + some)[:orders]
    rng.shuffle(found)
    return found


def _live(rng: Random, place: World, order_id: str, name: str, index: int) -> Life:
    fate = FATES[name]
    cart = fill(rng, place, order_id, units=fate.units, category=fate.category, waived=fate.waived)
    life = Life(name, cart, index % SHOWS, rng)
    fate.play(life)
    return life
