"""One order's life as the apps play it; what must become of it is reckoned beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from deploy.market import apps
from deploy.market.apps import Parcel
from deploy.market.checkout import Cart, Item
from deploy.market.expected import Expected
from deploy.market.reckoning import reckon
from deploy.market.sent import Sent, closing
from deploy.market.spoken import speak

CARRIERS = ("sf-express", "zto", "jd-logistics")
SHIPS_AFTER = ((1, 2, 3), (90, 4, 6))  # days after the show, how often: after two the news may be late, after three the parcel is


@dataclass(frozen=True, slots=True)
class Gain:
    """What a case without a no-reason return brought the buyer of a line.

    minor None: the units' slice. at_fault: the seller was, so its freight goes back too, with the last line. fund: the platform's
    guarantee fund pays, and the line goes on as if nothing had been.
    """

    line_no: int
    units: int
    minor: int | None = None
    at_fault: bool = False
    fund: bool = False


@dataclass(slots=True)
class Life:
    """show: the day on which it is placed. What happened to it, as far as the reckoning needs it:

    signed: the phase in which the last parcel is signed, signed_of: by line. cancelled: units by line, each with its time. refunded:
    units by line that a case gave back; returned_late: lines of which that came after settlement. confirmed: lines that the buyer
    confirms. used: virtual lines that were redeemed. sham: parcels whose waybill was a pretence, by a ruling. psp_fails: the PSP pays
    neither refunds nor compensations of this order; psp_fails_first: not the first refund. bounces: what it pays of these comes back to
    it, and a person finds that: paid (by the platform), unclaimed or arrived; empty: nothing does.
    evidence: items that stand in the end, by subject/kind.
    charged: what parties are asked for, compensations and refunds after settlement.
    given: by promoter, what its subsidies come to, less what came back. prefunded: of a promoter of its own, what is left in the end of
    what it put in for them, and what it owes for them. topped_up: what a seller of its own put into its deposit; deposit: what is
    required there, and what came of that, of income and charges, less what it drew. withdrawals: by id, paid or refused. contest: what
    it contends for with other orders; then its expectation is what becomes of it if it wins. dispute: how the chargeback of all of it
    ended, won or lost; open: it did not; empty: there was none. disputed: from when until when.
    gains: what cases brought otherwise. owed: compensations of cases, by seller. won_back: lines of which the seller has the cost of
    the case from the platform. farm: whose account the buyer is, if it has ten of them. points, appeals: of its seller,
    by subject and by violation.
    """

    fate: str
    cart: Cart
    show: int
    rng: Random
    sent: list[Sent] = field(default_factory=list)
    expected: Expected = field(default_factory=Expected)
    evidence: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    placed_at: datetime | None = None
    paid_at: datetime | None = None
    payment_id: str | None = None
    parcels: list[Parcel] = field(default_factory=list)
    signed: int = 0
    signed_of: dict[int, int] = field(default_factory=dict)
    cancelled: list[tuple[datetime, Mapping[int, int]]] = field(default_factory=list)
    refunded: dict[int, int] = field(default_factory=dict)
    returned_late: set[int] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    sham: list[Parcel] = field(default_factory=list)
    psp_fails: bool = False
    psp_fails_first: bool = False
    bounces: str = ""
    gains: list[Gain] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)
    won_back: set[int] = field(default_factory=set)
    reimbursed: Counter[str] = field(default_factory=Counter)
    farm: str = ""
    topped_up: dict[str, int] = field(default_factory=dict)
    deposit: dict[str, tuple[int, int]] = field(default_factory=dict)
    prefunded: dict[str, tuple[int, int]] = field(default_factory=dict)
    withdrawals: dict[str, str] = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)
    appeals: dict[str, str] = field(default_factory=dict)
    contest: str = ""
    dispute: str = ""
    disputed: tuple[datetime, datetime | None] | None = None

    @property
    def first(self) -> Item:
        """Line 1."""
        return self.cart.items[0]

    def day(self, phase: int) -> datetime:
        """Some time in the daylight before that phase's show, so in that phase."""
        return closing(phase) - timedelta(seconds=self.rng.randrange(3_600, 13 * 3_600))

    def gone(self, line_no: int) -> int:
        """Units cancelled."""
        return sum(units.get(line_no, 0) for _, units in self.cancelled)

    def place(self, more_minor: int = 0) -> None:
        """In the twenty minutes of the show. more_minor: how far the checkout was off."""
        at = closing(self.show) - timedelta(seconds=self.rng.randrange(30, 1_140))
        self.placed_at = at
        self.sent.append(apps.placed(self.cart, at, self.cart.due_minor + more_minor))

    def pay(self, *, more_minor: int = 0, after_s: tuple[int, int] = (20, 480), wanted: bool = True, late_news: int = 0) -> None:
        """after_s: between these many seconds after the order. wanted: the order is paid by it; else it goes back in full.

        late_news: phases.
        """
        assert self.placed_at is not None
        at = self.placed_at + timedelta(seconds=self.rng.randrange(*after_s))
        amount = self.cart.due_minor + more_minor
        number = sum(sent.type == "payment.succeeded" for sent in self.sent) + 1
        payment_id = f"pay-{self.cart.order_id}-{number}"
        self.sent.append(apps.captured(self.cart, at, payment_id, amount, late_news))
        self.expected.captured_minor += amount
        if wanted:
            self.paid_at, self.payment_id = at, payment_id
        else:
            self.expected.returned_minor += amount

    def cancel(self, units: Mapping[int, int], phase: int | None = None, by: str = "") -> None:
        """After payment. units by line, empty: all goods. phase None: soon after paying. by: the seller, else the buyer does."""
        assert self.paid_at is not None
        at = self.day(phase) if phase is not None else self.paid_at + timedelta(seconds=self.rng.randrange(5, 30))
        mine = [item for item in self.cart.items if item.kind != "freight" and by in ("", item.answers)]
        if by:
            self.sent.append(apps.given_up(self.cart, at, by, self.payment_id, units))
        else:
            self.sent.append(apps.cancelled(self.cart, at, len(self.cancelled), self.payment_id, units))
        self.cancelled.append((at, units or {item.line_no: item.quantity - self.gone(item.line_no) for item in mine}))

    def ship(self, after: int = 0, *, soon: bool = False, but: Iterable[str] = ()) -> None:
        """What was not cancelled, a parcel a seller, mostly in time; now and then one line of several units leaves in two.

        after: days after the show, 0: any. soon: a minute after paying. but: sellers that send nothing.
        """
        assert self.paid_at is not None
        for seller in self.cart.sellers:
            units = {item.line_no: item.quantity - self.gone(item.line_no) for item in self.cart.goods if item.seller_id == seller}
            units = {line_no: quantity for line_no, quantity in units.items() if quantity}
            if not units or seller in but:
                continue
            day = self.show + (after or self.rng.choices(*SHIPS_AFTER)[0])
            first = next(iter(units))
            if not soon and day == self.show + 1 and units[first] > 1 and self.rng.random() < 0.3:
                self.parcel(seller, self.day(day), {first: 1})
                units[first] -= 1
            self.parcel(seller, self.paid_at + timedelta(seconds=self.rng.randrange(5, 30)) if soon else self.day(day), units)

    def parcel(self, seller: str, at: datetime, units: dict[int, int]) -> Parcel:
        """It leaves."""
        shipper = next((item.fulfiller_id for item in self.cart.goods if item.line_no in units), None)
        number = 1 + sum(parcel.seller_id == seller for parcel in self.parcels)
        parcel = Parcel(f"{self.cart.order_id}-{seller}-{number}", seller, self.rng.choice(CARRIERS), at, units, shipper)
        self.parcels.append(parcel)
        self.sent.append(apps.shipped(self.cart, parcel))
        return parcel

    def track(self, kind: str, parcel: Parcel, phase: int) -> None:
        """kind: collected, signed, refused (at the door) or lost."""
        self.sent.append(apps.tracked(kind, self.cart, at := self.day(phase), parcel))
        if kind in ("refused", "lost"):
            parcel.failed = at

    def sign(self) -> None:
        """Each parcel that may arrive, a day or two after it left."""
        for parcel in [parcel for parcel in self.parcels if not parcel.failed]:
            phase = apps.shipped(self.cart, parcel).phase + self.rng.randint(1, 2)
            self.signed = max(self.signed, phase)
            for line_no in parcel.units:
                self.signed_of[line_no] = max(phase, self.signed_of.get(line_no, 0))
            self.track("signed", parcel, phase)

    def confirm(self, phase: int, items: Iterable[Item] | None = None) -> None:
        """items None: all that was delivered, without naming it."""
        named = [] if items is None else [item.line_no for item in items]
        self.sent.append(apps.confirmed(self.cart, self.day(phase), named))
        self.confirmed.update(named or [item.line_no for item in self.cart.goods])

    def settle(self) -> None:
        """What is left goes to its parties, and everybody has shown what to think of them."""
        reckon(self)
        speak(self)
