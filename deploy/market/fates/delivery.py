"""On the way to the buyer and with it: sent in time or late, lost, refused, used, confirmed by whom or what."""

from __future__ import annotations

from datetime import timedelta

from deploy.market import apps
from deploy.market.life import Life


def bought(life: Life) -> None:
    """Paid for and signed for."""
    life.place()
    life.pay()
    delivered(life)


def delivered(life: Life) -> None:
    life.ship()
    life.sign()


def confirmed_by_buyer(life: Life) -> None:
    bought(life)
    life.confirm(life.signed + life.rng.randint(1, 2))
    life.settle()


def confirmed_by_time(life: Life) -> None:
    bought(life)
    life.settle()


def never_signed(life: Life) -> None:
    """Confirmed thirty days after shipping in any case."""
    life.place()
    life.pay()
    life.ship()
    life.settle()


def extended(life: Life) -> None:
    """The buyer asks for three days more; time confirms after them. Source: R2.5."""
    bought(life)
    life.sent.append(apps.extended(life.cart, life.day(life.signed + 1)))
    life.settle()


def late(life: Life) -> None:
    """A day after what was promised, or two: 10% of what was paid. Source: R2.4."""
    life.place()
    life.pay()
    life.ship(life.rng.choice((3, 4)))
    life.sign()
    life.settle()


def late_uncompensated(life: Life) -> None:
    """The provider does not pay it: a person looks at it, nobody is charged."""
    life.psp_fails = True
    late(life)


def late_and_bounced(life: Life) -> None:
    """The buyer's compensation is paid and comes back days later; the seller bears it all the same. Source: R3.5."""
    life.bounces = life.rng.choice(("paid", "unclaimed", "arrived"))
    late(life)


def within_24_hours(life: Life) -> None:
    """Promised, and kept."""
    life.place()
    life.pay()
    life.ship(soon=True)
    life.sign()
    life.settle()


def sham(life: Life) -> None:
    """No carrier ever had the parcel; a ruling says so. It is sent again in earnest. Source: R2.4."""
    life.place()
    life.pay()
    life.ship(1)
    for parcel in list(life.parcels):
        life.sham.append(parcel)
        life.sent.append(apps.ruled(life.cart, life.day(life.show + 3), parcel, upheld=True))
        life.track("lost", parcel, life.show + 4)
        life.parcel(parcel.seller_id, life.day(life.show + 5), dict(parcel.units))
    life.sign()
    life.settle()


def no_sham(life: Life) -> None:
    """The carrier had one parcel within a day, so a ruling against it is refused; of the others nothing was upheld."""
    life.place()
    life.pay()
    life.ship(1)
    for number, parcel in enumerate(life.parcels):
        if not number:
            life.sent.append(apps.tracked("collected", life.cart, parcel.at + timedelta(hours=1), parcel))
        code = "" if number else "sham.collected_in_time"
        life.sent.append(apps.ruled(life.cart, life.day(life.show + 3), parcel, upheld=not number, refused=code))
    life.sign()
    life.settle()


def refused_at_the_door(life: Life) -> None:
    """Sent again, and taken. Source: R2.5."""
    life.place()
    life.pay()
    life.ship(1)
    for parcel in list(life.parcels):
        life.track("refused", parcel, life.show + 3)
        life.parcel(parcel.seller_id, life.day(life.show + 4), dict(parcel.units))
    life.sign()
    life.settle()


def lost(life: Life) -> None:
    """The buyer does not want it any more: nothing was received, all goes back, freight too."""
    life.place()
    life.pay()
    life.ship(1)
    for parcel in life.parcels:
        life.track("lost", parcel, life.show + 3)
    life.cancel({}, life.show + 5)
    life.settle()


def used(life: Life) -> None:
    """A voucher, unit by unit; the rest is delivered. Source: R2.5."""
    _used(life, life.first.quantity)
    life.settle()


def used_in_part(life: Life) -> None:
    """The seller gives up the units of the voucher that were not used."""
    _used(life, 1)
    life.cancel({1: life.first.quantity - 1}, life.show + 6, by=life.first.answers)
    life.settle()


def _used(life: Life, units: int) -> None:
    bought(life)
    for number in range(units):
        life.sent.append(apps.redeemed(life.cart, life.day(life.show + 2 + number), 1, number))
    life.used.add(1)
