"""The cart, and what the storefront's checkout makes of it: the same arithmetic as R1.5, written a second time."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from deploy.market.people import FARMER, World, card_of

CURRENCIES = ("CNY", "HKD")
EXCLUDED = ("fresh", "custom_made", "digital")
COMMISSIONS = (300, 500, 800, 1_200, 2_000)  # basis points
FEE_BP = 500  # what deploy/policy.yaml says
FREIGHT_SHARE = 0.2  # of a seller's parts of orders have a freight line
WAIVED_MINOR = 600  # freight that a seller waives above its threshold
CAMPAIGN = "live-618"
ROOMY, FEW, ONE_EACH, UNSEEN = "sku-c-roomy", "sku-c-few", "sku-c-one", "sku-c-unseen"  # products of the campaign, by its terms
CAMPAIGN_PRICE_MINOR = 9_900
RING = tuple(f"m-{number:03}" for number in range(1, 9))  # accounts of one person
CHEAP_MINOR, DEAR_MINOR = (990, 9_900), (56_000, 89_900)  # a unit: three are refunded at once; one is not, whatever the coupons


@dataclass(frozen=True, slots=True)
class Wants:
    """What a fate needs of its cart: units, category, waived, kind and tags of line 1, the others of the whole.

    units, sellers 0: any number. fulfilled: another party sends what line 1's seller sells. visited: the last page before the order
    was another promoter's, or the shop's `own`. threshold: the seller waives its freight above it; `lost`: by any return, `kept`:
    not by one of line 1. campaign: the product of it. ring: the buyer is one of the accounts of one person. newcomer: line 1's seller sells
    in this order only. promoted: the promoter of all lines is one of this order only, and gives a coupon. lines: so many, none of them
    freight where `bare`. price: of a unit of line 1, from and to. stranger: the buyer orders this once. card: with the trust card that
    it has. cap_minor: the most that line 1 gives back without a return. habit: of the buyer; sells: of line 1's seller.
    """

    units: int = 0
    category: str = "standard"
    waived: bool = False
    kind: str = "goods"
    tags: tuple[str, ...] = ()
    sellers: int = 0
    fulfilled: bool = False
    visited: str = ""
    threshold: str = ""
    campaign: str = ""
    ring: bool = False
    newcomer: bool = False
    promoted: bool = False
    lines: int = 0
    bare: bool = False
    currency: str = ""
    price: tuple[int, int] = (0, 0)
    stranger: bool = False
    card: bool = False
    cap_minor: int | None = None
    habit: str = ""
    sells: str = ""


ANYTHING = Wants()


@dataclass(slots=True)
class Item:
    """One line of the cart. subsidies: what each funder takes over of it, in minor units.

    promoter_id: who earns; named_promoter_id: whom the cart names, where the visits decide otherwise. fulfiller_id: who sends it
    and answers for it in the seller's place.
    """

    line_no: int
    sku: str
    seller_id: str
    promoter_id: str | None
    quantity: int
    price_minor: int
    commission_bp: int
    category: str = "standard"
    waived: bool = False
    kind: str = "goods"
    tags: tuple[str, ...] = ()
    fulfiller_id: str | None = None
    named_promoter_id: str | None = None
    cap_minor: int | None = None
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
        return sum(self.funded_parts)

    @property
    def funded_parts(self) -> list[int]:
        return [share for funder, share in self.subsidies.items() if funder != "seller"]

    @property
    def answers(self) -> str:
        return self.fulfiller_id or self.seller_id


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon."""

    coupon_id: str
    funder: str
    amount_minor: int
    line_nos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cart:
    """visited: the promoters of the pages before the order, the last one last; None: the shop's own page. thresholds: by seller."""

    order_id: str
    buyer_id: str
    currency: str
    items: tuple[Item, ...]
    offers: tuple[Offer, ...]
    visited: tuple[str | None, ...] = ()
    thresholds: dict[str, int] = field(default_factory=dict)
    campaign_id: str = ""
    trust_card_id: str = ""

    @property
    def due_minor(self) -> int:
        return sum(item.paid_minor for item in self.items)

    @property
    def sellers(self) -> list[str]:
        return sorted({item.seller_id for item in self.items})

    @property
    def goods(self) -> list[Item]:
        return [item for item in self.items if item.kind == "goods"]

    def of_seller(self, seller_id: str) -> list[Item]:
        """All but freight."""
        return [item for item in self.items if item.seller_id == seller_id and item.kind != "freight"]


def fill(rng: Random, market: World, order_id: str, wants: Wants = ANYTHING) -> Cart:
    """Any cart that has what is wanted."""
    promoter = rng.choice(market.promoters) if wants.visited or rng.random() < 0.6 else None
    promoter = f"p-{order_id}" if wants.promoted else promoter
    items = _chosen(rng, market, order_id, wants, promoter)
    visited = _visit(rng, market, items, wants.visited)
    offers = _offers(rng, order_id, items, wants)
    items += _freight(rng, items, wants)
    buyer = rng.choice(RING if wants.ring else market.who(market.buyers, wants.habit) or market.buyers)
    buyer = f"b-{order_id}" if wants.stranger else buyer
    buyer = rng.choice(rng.choice(market.farms)) if wants.habit == FARMER else buyer
    currency = wants.currency or CURRENCIES[rng.random() < 0.06]
    thresholds: dict[str, int] = {}
    campaign, card = CAMPAIGN if wants.campaign else "", card_of(buyer) if wants.card else ""
    cart = Cart(order_id, buyer, currency, tuple(items), tuple(offers), visited, thresholds, campaign, card)
    allocate(cart)
    if wants.threshold:
        bought = cart.of_seller(items[0].seller_id)
        thresholds[items[0].seller_id] = sum(item.paid_minor for item in bought if wants.threshold == "lost" or item is not items[0])
    return cart


def _chosen(rng: Random, market: World, order_id: str, wants: Wants, promoter: str | None) -> list[Item]:
    commission = rng.choice(COMMISSIONS) if promoter else 0
    if wants.campaign:
        return [Item(1, wants.campaign, market.sellers[0], promoter, wants.units or 1, CAMPAIGN_PRICE_MINOR, commission)]
    first_seller = rng.choice(market.who(market.sellers, wants.sells))
    others = [seller for seller in market.who(market.sellers, "") if seller != first_seller]
    count = wants.sellers or (2 if rng.random() < 0.2 and not wants.lines else 1)
    sellers = [first_seller, *rng.sample(others, count - 1)]
    items = []
    for line_no in range(1, 1 + (wants.lines or max(len(sellers), rng.choices((1, 2, 3, 4), (50, 28, 15, 7))[0]))):
        product = rng.choice(market.products[sellers[(line_no - 1) % len(sellers)]])
        quantity = wants.units if wants.units and line_no == 1 else rng.choices((1, 2, 3), (70, 20, 10))[0]
        commission = rng.choice(COMMISSIONS) if promoter else 0
        items.append(Item(line_no, product.sku, product.seller_id, promoter, quantity, product.price_minor, commission))
    first = items[0]
    if wants.price[1]:
        first.sku, first.price_minor = f"sku-{order_id}", rng.randrange(*wants.price)
    first.cap_minor = wants.cap_minor
    first.category, first.waived, first.kind, first.tags = wants.category, wants.waived, wants.kind, wants.tags
    for item in [item for item in items if item.seller_id == first.seller_id]:
        item.seller_id = f"s-{order_id}" if wants.newcomer else item.seller_id
        item.fulfiller_id = f"f-{rng.randint(1, 3)}" if wants.fulfilled and item is first else first.fulfiller_id
    return items


def _visit(rng: Random, market: World, items: list[Item], visited: str) -> tuple[str | None, ...]:
    """The cart names one promoter, the buyer came from another's page, or from the shop's own."""
    if not visited:
        return ()
    named = items[0].promoter_id
    last = None if visited == "own" else rng.choice([promoter for promoter in market.promoters if promoter != named])
    for item in items:
        item.named_promoter_id, item.promoter_id = named, last
    return named, last


def _freight(rng: Random, items: list[Item], wants: Wants) -> list[Item]:
    """Some sellers of goods ask for it; not those who waive it."""
    sellers = sorted({item.seller_id for item in items if item.kind == "goods"})
    asking = [
        seller
        for seller in sellers
        if rng.random() < FREIGHT_SHARE and not wants.bare and not (wants.threshold and seller == items[0].seller_id)
    ]
    return [
        Item(len(items) + number, "freight", seller, None, 1, rng.randrange(500, 1_500, 50), 0, kind="freight")
        for number, seller in enumerate(asking, start=1)
    ]


def _offers(rng: Random, order_id: str, items: list[Item], wants: Wants) -> list[Offer]:
    """At most one coupon a funder, at most 15% of what it covers: together they never reach what a line costs."""
    found = []
    for funder in ("seller", "platform", "promoter"):
        covered = items
        chance = 1 if wants.promoted and funder == "promoter" else 0.18
        if rng.random() > chance or (funder == "promoter" and items[0].promoter_id is None):
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
