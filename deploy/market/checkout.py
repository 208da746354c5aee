"""The cart, and what the storefront's checkout makes of it: the same arithmetic as R1.5, written a second time."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

CURRENCIES = ("CNY", "HKD")
EXCLUDED = ("fresh", "custom_made", "digital")
COMMISSIONS = (300, 500, 800, 1_200, 2_000)  # basis points
FEE_BP = 500  # what deploy/policy.yaml says


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


@dataclass(slots=True)
class Item:
    """One line of the cart. subsidies: what each funder takes over of it, in minor units."""

    line_no: int
    sku: str
    seller_id: str
    promoter_id: str | None
    quantity: int
    price_minor: int
    commission_bp: int
    category: str = "standard"
    waived: bool = False
    subsidies: dict[str, int] = field(default_factory=dict)

    @property
    def gross_minor(self) -> int:
        return self.quantity * self.price_minor

    @property
    def paid_minor(self) -> int:
        return self.gross_minor - sum(self.subsidies.values())

    @property
    def funded_minor(self) -> int:
        """What platform and promoter bring into escrow; a seller's own reduction brings nothing."""
        return self.subsidies.get("platform", 0) + self.subsidies.get("promoter", 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon."""

    coupon_id: str
    funder: str
    amount_minor: int
    line_nos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cart:
    order_id: str
    buyer_id: str
    currency: str
    items: tuple[Item, ...]
    offers: tuple[Offer, ...]

    @property
    def due_minor(self) -> int:
        return sum(item.paid_minor for item in self.items)

    @property
    def sellers(self) -> list[str]:
        return sorted({item.seller_id for item in self.items})


def world(rng: Random, orders: int) -> World:
    """Sellers, promoters and buyers in proportion to the orders, at least a handful."""
    sellers = tuple(f"s-{n:03}" for n in range(1, max(4, min(40, orders // 25)) + 1))
    promoters = tuple(f"p-{n:03}" for n in range(1, max(2, min(12, orders // 80)) + 1))
    buyers = tuple(f"b-{n:05}" for n in range(1, max(6, orders * 2 // 5) + 1))
    products = {
        seller: tuple(Product(f"sku-{seller}-{n}", seller, rng.randrange(990, 49_990, 7)) for n in range(1, 7)) for seller in sellers
    }
    return World(sellers, promoters, buyers, products)


def fill(rng: Random, market: World, order_id: str, *, units: int = 0, category: str = "standard", waived: bool = False) -> Cart:
    """units: of line 1, 0 for any number. category, waived: of line 1."""
    chosen = rng.sample(market.sellers, 2) if rng.random() < 0.2 else [rng.choice(market.sellers)]
    promoter = rng.choice(market.promoters) if rng.random() < 0.6 else None
    items = []
    for line_no in range(1, 1 + max(len(chosen), rng.choices((1, 2, 3, 4), (50, 28, 15, 7))[0])):
        product = rng.choice(market.products[chosen[(line_no - 1) % len(chosen)]])
        quantity = units if units and line_no == 1 else rng.choices((1, 2, 3), (70, 20, 10))[0]
        commission = rng.choice(COMMISSIONS) if promoter else 0
        items.append(Item(line_no, product.sku, product.seller_id, promoter, quantity, product.price_minor, commission))
    items[0].category, items[0].waived = category, waived
    buyer = rng.choice(market.buyers)
    cart = Cart(order_id, buyer, CURRENCIES[rng.random() < 0.06], tuple(items), tuple(_offers(rng, order_id, items)))
    allocate(cart)
    return cart


def _offers(rng: Random, order_id: str, items: list[Item]) -> list[Offer]:
    """At most one coupon a funder, at most 15% of what it covers: together they never reach what a line costs."""
    found = []
    for funder in ("seller", "platform", "promoter"):
        covered = items
        if rng.random() > 0.18 or (funder == "promoter" and items[0].promoter_id is None):
            continue
        if funder == "seller":
            covered = [item for item in items if item.seller_id == items[0].seller_id]
        gross = sum(item.gross_minor for item in covered)
        amount = rng.randint(gross // 50, gross * 15 // 100)
        found.append(Offer(f"cp-{order_id}-{funder}", funder, amount, tuple(item.line_no for item in covered)))
    return found


def allocate(cart: Cart) -> None:
    """Largest remainder over the gross amounts, ties to the lowest line. Source: R1.5."""
    for offer in cart.offers:
        covered = [item for item in cart.items if item.line_no in offer.line_nos]
        gross = sum(item.gross_minor for item in covered)
        shares = {item.line_no: offer.amount_minor * item.gross_minor // gross for item in covered}
        rest = offer.amount_minor - sum(shares.values())
        by_remainder = sorted(covered, key=lambda item: (-(offer.amount_minor * item.gross_minor % gross), item.line_no))
        for item in covered:
            share = shares[item.line_no] + (item in by_remainder[:rest])
            if share:
                item.subsidies[offer.funder] = item.subsidies.get(offer.funder, 0) + share
