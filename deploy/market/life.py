"""One order's life as the apps play it, and beside it, in plain arithmetic, what must become of its money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from deploy.market import apps
from deploy.market.checkout import FEE_BP, Cart, Item
from deploy.market.sent import Sent, closing

CARRIERS = ("sf-express", "zto", "jd-logistics")
SHIP_WITHIN = timedelta(hours=48)


@dataclass(slots=True)
class Expected:
    """What must have become of the order in the end. Amounts in minor units of its currency.

    state: rejected, expired, settled, closed (all refunded), or held: a case is in a person's hands.
    captured: all that the buyer paid, unwanted money too. returned: all that the buyer got back. lines: for each settled line
    what seller, promoter and platform got. refunds: by line. cases: the code with which each ended, empty: open.
    """

    state: str = "held"
    captured_minor: int = 0
    returned_minor: int = 0
    escrow_minor: int = 0
    lines: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    refunds: dict[int, int] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Life:
    """show: the day on which it is placed. signed: the phase in which its last parcel is signed. refunded: units, by line.

    unpaid_refund: the PSP fails the refund of this order. confirmed: lines that the buyer or time confirms.
    """

    fate: str
    cart: Cart
    show: int
    rng: Random
    sent: list[Sent] = field(default_factory=list)
    expected: Expected = field(default_factory=Expected)
    evidence: Counter[str] = field(default_factory=Counter)
    placed_at: datetime | None = None
    paid_at: datetime | None = None
    signed: int = 0
    refunded: dict[int, int] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    unpaid_refund: bool = False

    def day(self, phase: int) -> datetime:
        """Some time in the daylight before that phase's show, so in that phase."""
        return closing(phase) - timedelta(seconds=self.rng.randrange(3_600, 13 * 3_600))

    def place(self, more_minor: int = 0) -> None:
        """In the twenty minutes of the show. more_minor: how far the checkout was off."""
        at = closing(self.show) - timedelta(seconds=self.rng.randrange(30, 1_140))
        self.placed_at = at
        self.sent.append(apps.placed(self.cart, at, self.cart.due_minor + more_minor))

    def pay(self, *, more_minor: int = 0, after_s: tuple[int, int] = (20, 540), wanted: bool = True) -> None:
        """after_s: between these many seconds after the order. wanted: the order is paid by it; else it goes back in full."""
        assert self.placed_at is not None
        at = self.placed_at + timedelta(seconds=self.rng.randrange(*after_s))
        amount = self.cart.due_minor + more_minor
        number = sum(sent.type == "payment.succeeded" for sent in self.sent) + 1
        self.sent.append(apps.captured(self.cart, at, f"pay-{self.cart.order_id}-{number}", amount))
        self.expected.captured_minor += amount
        if wanted:
            self.paid_at = at
        else:
            self.expected.returned_minor += amount

    def ship(self) -> None:
        """A parcel a seller, mostly in time; now and then one line of several units leaves in two."""
        for seller in self.cart.sellers:
            items = [item for item in self.cart.items if item.seller_id == seller]
            day = self.show + self.rng.choices((1, 2, 3), (55, 37, 8))[0]
            split = items[0].quantity > 1 and day == self.show + 1 and self.rng.random() < 0.3
            units = {item.line_no: item.quantity for item in items}
            if split:
                units[items[0].line_no] -= 1
            complete = [item for item in items if not split or item is not items[0]]
            self._parcel(seller, 1, day, units, complete)
            if split:
                self._parcel(seller, 2, day + 1, {items[0].line_no: 1}, items[:1])

    def sign(self) -> None:
        """Each parcel a day or two after it left."""
        for sent in [sent for sent in self.sent if sent.type == "parcel.shipped"]:
            phase = sent.phase + self.rng.randint(1, 2)
            self.signed = max(self.signed, phase)
            carrier = sent.source.removeprefix("carrier/")
            self.sent.append(apps.signed(self.cart, self.day(phase), str(sent.body["parcel_id"]), carrier))

    def confirm(self, phase: int, items: list[Item] | None = None) -> None:
        """items None: all that was delivered, without naming it."""
        named = [] if items is None else [item.line_no for item in items]
        self.sent.append(apps.confirmed(self.cart, self.day(phase), named))
        self.confirmed.update(named or [item.line_no for item in self.cart.items])

    def settle(self) -> None:
        """What is left of each line after refunds goes to its parties; time confirms what the buyer did not. Source: R2.5, R3.3, R3.4."""
        states = set()
        for item in self.cart.items:
            units = self.refunded.get(item.line_no, 0)
            back = item.paid_minor * units // item.quantity
            if self.unpaid_refund and units:
                self.expected.escrow_minor += item.paid_minor + item.funded_minor
                states.add("held")
                self._completed(item, by_time=False)
                continue
            self._completed(item, by_time=units < item.quantity)
            if units:
                self.expected.refunds[item.line_no] = back
                self.expected.returned_minor += back
            states.add("closed" if units == item.quantity else "settled")
            if units < item.quantity:
                self.expected.lines[item.line_no] = _shares(item, units, back)
        self.expected.state = next(state for state in ("held", "settled", "closed") if state in states)

    def _completed(self, item: Item, *, by_time: bool) -> None:
        if by_time or item.line_no in self.confirmed:
            self.evidence.update([f"seller:{item.seller_id}", f"buyer:{self.cart.buyer_id}"])
            self.evidence.update([f"promoter:{item.promoter_id}"] if item.promoter_id else [])

    def _parcel(self, seller: str, number: int, phase: int, units: dict[int, int], complete: list[Item]) -> None:
        """complete: the items whose last units are in it."""
        assert self.paid_at is not None
        at, parcel = self.day(phase), f"{self.cart.order_id}-{seller}-{number}"
        self.sent.append(apps.shipped(self.cart, at, parcel, self.rng.choice(CARRIERS), units))
        if complete and at < self.paid_at + SHIP_WITHIN:
            self.evidence[f"seller:{seller}"] += 1


def _shares(item: Item, units: int, back: int) -> tuple[int, int, int]:
    """Seller, promoter, platform: points on what the buyer paid and kept, the rest to the seller. Source: R3.3, R3.4."""
    paid = item.paid_minor - back
    funded = sum(share - share * units // item.quantity for funder, share in item.subsidies.items() if funder != "seller")
    commission = paid * item.commission_bp // 10_000 if item.promoter_id else 0
    fee = paid * FEE_BP // 10_000
    return paid + funded - commission - fee, commission, fee
