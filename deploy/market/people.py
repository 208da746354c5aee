"""Who takes part in the market, and their habits: most are honest; fates fall to whom they fit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

CARDS = uuid.UUID("7be1a5a0-3c0e-5d53-9f0f-5a2f2c1f6a11")  # namespace of trust cards, as trust.v1 shows them
SERIAL, SWAPPER, WARDROBE, FARMER = "serial returner", "parcel swapper", "wardrobing", "first-order farmer"
SILENT, SHAM = "silent seller", "sham shipper"
BUYERS = {SERIAL: 10, SWAPPER: 3, WARDROBE: 4}  # in a hundred; farmers come on top
SELLERS = {SILENT: 12, SHAM: 5}
FARM, ORDERS_PER_FARMER = 10, 500  # accounts of one farmer


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    seller_id: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class World:
    """Who takes part."""

    sellers: tuple[str, ...]
    promoters: tuple[str, ...]
    buyers: tuple[str, ...]
    products: dict[str, tuple[Product, ...]]  # by seller
    farms: tuple[tuple[str, ...], ...]  # accounts of each first-order farmer
    habits: dict[str, str] = field(default_factory=dict)  # of buyers and sellers; who has none is honest

    def who(self, people: Sequence[str], habit: str) -> list[str]:
        """Those of them that have it; empty: the honest."""
        return [one for one in people if self.habits.get(one, "") == habit]


def world(rng: Random, orders: int) -> World:
    """Sellers, promoters and buyers in proportion to the orders, at least a handful."""
    sellers = tuple(f"s-{n:03}" for n in range(1, max(4, min(40, orders // 25)) + 1))
    promoters = tuple(f"p-{n:03}" for n in range(1, max(2, min(12, orders // 80)) + 1))
    buyers = tuple(f"b-{n:05}" for n in range(1, max(6, orders * 2 // 5) + 1))
    products = {
        seller: tuple(Product(f"sku-{seller}-{n}", seller, rng.randrange(990, 49_990, 7)) for n in range(1, 7)) for seller in sellers
    }
    farms = tuple(tuple(f"x-{farmer}-{n:02}" for n in range(1, FARM + 1)) for farmer in range(1, 2 + orders // ORDERS_PER_FARMER))
    return World(sellers, promoters, buyers, products, farms, _habits(rng, sellers, SELLERS) | _habits(rng, buyers, BUYERS))


def _habits(rng: Random, people: Sequence[str], shares: Mapping[str, int]) -> dict[str, str]:
    """At least one has each; most have none."""
    found: dict[str, str] = {}
    shuffled = rng.sample(people, len(people))
    for habit, share in shares.items():
        for _ in range(max(1, len(people) * share // 100)):
            found[shuffled.pop()] = habit
    return found


def card_of(buyer_id: str) -> str:
    """The card that this buyer's one wish for it brings, as trust.v1 tells it."""
    return str(uuid.uuid5(CARDS, f"{buyer_id}|wish-{buyer_id}"))
