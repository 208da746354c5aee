"""The whole market of one seed: all lives, all that the apps will publish, all that must come of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random

from deploy.market import apps, rulebook
from deploy.market.checkout import CAMPAIGN, CURRENCIES, FEW, ONE_EACH, RING, ROOMY, fill
from deploy.market.disorder import delay
from deploy.market.fates import FATES, claims
from deploy.market.life import Life
from deploy.market.noise import hasten, repeat, spoil
from deploy.market.people import World, world
from deploy.market.sent import Sent, closing

SHOWS = 3  # evenings with a live show, on which everything is ordered
HARVEST = 7  # phase in which farmers claim: all of theirs have arrived, and the seller's own seven days run
SPOILT_PER_ORDERS = 250
PREFUND_MINOR = (1_000_000, 2_000)  # of each currency
FEW_UNITS = 2  # of the product that is too scarce
ROOM = {FEW: FEW_UNITS, ONE_EACH: 1}  # who can have it on one evening: whoever is first; of one person's accounts one


@dataclass(frozen=True, slots=True)
class Market:
    """sent: by phase, those that overtake their cause first, else by time. delayed: news came so late that deadlines passed meanwhile."""

    seed: int
    world: World
    lives: tuple[Life, ...]
    sent: tuple[Sent, ...]
    delayed: bool = False
    _by_phase: dict[int, list[Sent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.sent:
            self._by_phase.setdefault(one.phase, []).append(one)

    @property
    def phases(self) -> range:
        return range(max(one.phase for one in self.sent) + 1)

    def of_phase(self, phase: int) -> list[Sent]:
        return self._by_phase.get(phase, [])

    @property
    def evidence(self) -> Counter[str]:
        """Items by subject/kind."""
        total: Counter[str] = Counter()
        for life in self.lives:
            total.update(life.evidence)
        return total

    @property
    def points(self) -> Counter[str]:
        """By subject, as shown in the end: of violations, less study. Source: R6.1."""
        return sum((life.points for life in self.lives), Counter[str]())

    @property
    def appeals(self) -> dict[str, str]:
        """How each ended, by violation."""
        return {name: outcome for life in self.lives for name, outcome in life.appeals.items()}

    @property
    def contests(self) -> dict[str, list[Life]]:
        """Orders that contend for the same units; who is first has them, and nothing else depends on it."""
        found: defaultdict[str, list[Life]] = defaultdict(list)
        for life in self.lives:
            if life.contest:
                found[life.contest].append(life)
        return dict(found)


def build(seed: int, orders: int, delay_days: int = 0) -> Market:
    """Everything follows from the seed and the numbers: the same again, byte for byte. delay_days: how late news may come."""
    rng = Random(seed)
    place = world(rng, orders)
    lives = [_live(rng, place, f"o-{seed}-{index:05}", name, index) for index, name in enumerate(_fates(rng, orders), start=1)]
    _harvest(place, lives)
    sent = [*_campaign(orders), *_links(place), *_prefunds(place), *rulebook.votes(place)]
    sent += [one for life in lives for one in hasten(rng, life.sent)]
    if delay_days:
        sent = delay(Random(f"{seed} late"), in_order(sent), delay_days)
    noise = repeat(rng, sent) + spoil(rng, sent, max(1, orders // SPOILT_PER_ORDERS))
    return Market(seed, place, tuple(lives), in_order(sent + noise), delayed=delay_days > 0)


def failing(market: Market) -> tuple[list[str], list[str], dict[str, str]]:
    """Orders of which the provider pays nothing back, of which not the first refund, and of which all that it pays back bounces, with what
    a person finds of that.
    """
    orders = {life.cart.order_id: life for life in market.lives}
    return (
        [order_id for order_id, life in orders.items() if life.psp_fails],
        [order_id for order_id, life in orders.items() if life.psp_fails_first],
        {order_id: life.bounces for order_id, life in orders.items() if life.bounces},
    )


def in_order(sent: list[Sent]) -> tuple[Sent, ...]:
    return tuple(sorted(sent, key=lambda one: (one.phase, not one.early, one.at, one.source, one.id)))


def _campaign(orders: int) -> list[Sent]:
    """What of it was reviewed and how much there is, and which accounts are one person's: known before the second show."""
    at = closing(0) - timedelta(minutes=55)
    terms = ((ROOMY, orders, None), (FEW, FEW_UNITS, None), (ONE_EACH, orders, 1))
    sent = [apps.reviewed(CAMPAIGN, sku, at) for sku, _, _ in terms]
    sent += [apps.allotted(CAMPAIGN, sku, at, units, limit) for sku, units, limit in terms]
    return sent


def _links(place: World) -> list[Sent]:
    """Accounts of one person: each shares a phone with the next."""
    at = closing(0) - timedelta(minutes=55)
    pairs = [pair for accounts in (RING, *place.farms) for pair in pairwise(accounts)]
    return [apps.linked(buyer, at, f"phone-{pair[0]}") for pair in pairs for buyer in pair]


def _harvest(place: World, lives: list[Life]) -> None:
    """Of each farmer's orders the one that was paid first is its first. Source: R4.6."""
    for farm in place.farms:
        mine = [life for life in lives if life.cart.buyer_id in farm]
        first = min(mine, key=lambda life: (life.paid_at, life.payment_id), default=None)
        for life in mine:
            claims.harvest(life, first=life is first, phase=HARVEST)


def _prefunds(place: World) -> list[Sent]:
    """What promoters put in for their subsidies: every second one too little, so that the platform advances the rest. Source: R3.1."""
    at = closing(0) - timedelta(minutes=55)
    return [
        apps.prefunded(promoter, at, PREFUND_MINOR[number % 2], currency)
        for number, promoter in enumerate(place.promoters)
        for currency in CURRENCIES
    ]


def _fates(rng: Random, orders: int) -> list[str]:
    """Every fate once, where there are orders enough, else any of them; the rest by weight."""
    names = list(FATES) if orders >= len(FATES) else rng.sample(list(FATES), orders)
    found = names + rng.choices(list(FATES), [fate.weight for fate in FATES.values()], k=orders - len(names))
    rng.shuffle(found)
    return found


def _live(rng: Random, place: World, order_id: str, name: str, index: int) -> Life:
    fate = FATES[name]
    show = 1 + index % (SHOWS - 1) if fate.prepared else index % SHOWS
    life = Life(name, fill(rng, place, order_id, fate.wants), show, rng)
    fate.play(life)
    return life
