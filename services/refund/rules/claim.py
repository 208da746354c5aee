"""What a guarantee is judged by: what was known at purchase, the claim as far as any of them looks, and the window of a promise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple, Protocol

from shared.contracts.certificate import Guarantee, Withheld
from shared.contracts.order import OrderTerms
from shared.contracts.storefront import CaseKind
from shared.contracts.types import Category, LineKind
from shared.days import window_end
from shared.errors import numbers
from shared.messaging.shape import Reject, Wait


class Offered(Protocol):
    """All of a line that a promise may depend on; paid_minor: it only bounds. Whether a line is promised as another one rests on that."""

    @property
    def line_no(self) -> int: ...
    @property
    def paid_minor(self) -> int: ...
    @property
    def kind(self) -> LineKind: ...
    @property
    def category(self) -> Category: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def gift_of(self) -> int | None: ...
    @property
    def no_reason_waived(self) -> bool: ...
    @property
    def without_return_cap_minor(self) -> int | None: ...


class Offer(NamedTuple):
    """The same as a value."""

    line_no: int
    paid_minor: int
    kind: LineKind
    category: Category
    tags: tuple[str, ...]
    gift_of: int | None
    no_reason_waived: bool
    without_return_cap_minor: int | None


_pick = attrgetter(*Offer._fields)


def offer_of(line: Offered) -> Offer:
    return Offer._make(_pick(line))


@dataclass(frozen=True, slots=True)
class Bought:
    """The order around a line, at its placement. no_card: why no trust card counts for it, empty: one may.

    buyer_score: of whom nothing is known, R5.3's start. currency empty: not known, and no amount of the policy is promised. terms: the
    order's own.
    """

    placed_at: datetime = field(compare=False)  # no promise depends on it: equal orders of other days are equal
    no_card: Withheld
    buyer_score: int
    currency: str = ""
    terms: OrderTerms | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """at: of the application. signed_at None: the line was not signed for, as far as is known. zone: where its days are counted.

    first_signed_at: before any exchange; None: as signed_at. units: of the whole line; 0, not said. sent: those on their way or there.
    failed: those whose parcel was refused at the door or lost, and that were neither sent again nor refunded. away: units that can be
    claimed and left, whatever became of them; unsent: those that may still leave; None, not said. minor: what the claimed units come to.
    so_far_minor: what the order's instant refunds before this one came to. card: whether the order's trust card was valid at
    placement; None, it is not known yet.
    """

    at: datetime
    signed_at: datetime | None
    zone: str
    kind: CaseKind = "return_and_refund"
    quantity: int = 1
    minor: int = 0
    sent: int = 0
    failed: int = 0
    unsealed: bool = False
    card: bool | None = None
    units: int = 0
    so_far_minor: int = 0
    first_signed_at: datetime | None = None
    away: int | None = None
    unsent: int | None = None


def not_goods(line: Offered) -> Withheld:
    """Why a line that is not goods lacks a promise about goods; empty: it is goods."""
    return "" if line.kind == "goods" else "promise.freight" if line.kind == "freight" else "promise.goods_only"


def freight(line: Offered) -> Withheld:
    """Freight goes back with the goods, by no promise of its own. Source: R3.10."""
    return "promise.freight" if line.kind == "freight" else ""


def until(promised: Guarantee, signed_at: datetime, zone: str) -> datetime:
    """The first instant at which it can be claimed no more: days count from the day after signing, hours from signing. Source: R1.3."""
    if promised.days:
        return window_end(signed_at, promised.days, zone)
    return signed_at.astimezone(UTC) + timedelta(hours=promised.hours)


def judge(promised: Guarantee, claim: Claim) -> Reject | Wait | None:
    """For what is promised from signing on. None: nothing speaks against the claim. One made before signing is refused, but one that
    merely arrives before the news of the signing waits for it. Source: R1.2, R1.3, R2.1."""
    if promised.withheld:
        return Reject(promised.withheld)
    if claim.signed_at is None:
        return Wait("case.before_signing")
    if claim.at < claim.signed_at:
        return Reject("claim.not_signed")
    return over(promised, claim.at, claim.signed_at, claim.zone)


def over(promised: Guarantee, at: datetime, signed_at: datetime, zone: str) -> Reject | None:
    """The window has passed, with its length and its end."""
    end = until(promised, signed_at, zone)
    if at < end:
        return None
    return Reject("claim.window_over", numbers(days=promised.days or None, hours=promised.hours or None, until=end))


def carded(promised: Guarantee, claim: Claim) -> Reject | None:
    """The card with which the order came must have been valid at placement; what became of it later does not count. Source: R4.1, R4.7."""
    if promised.withheld:
        return Reject(promised.withheld)
    if claim.card is None:
        return Reject("trust_card.not_known")
    return None if claim.card else Reject("trust_card.not_valid")


def at_once(promised: Guarantee, claim: Claim) -> bool:
    """Money back without anybody's answer, as far as the promise has it. Source: R4.7, R4.8."""
    quick = promised.at_once
    if quick is None or claim.kind != "refund_only" or (quick.card and not claim.card):
        return False
    if quick.hours is not None and (claim.signed_at is None or claim.at >= claim.signed_at + timedelta(hours=quick.hours)):
        return False
    return quick.below_minor is None or claim.so_far_minor + claim.minor < quick.below_minor
