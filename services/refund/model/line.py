"""A bought line: its promises, what left, what was signed for, and what was granted of it. Source: R1.4, R4.1-R4.3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.contracts.certificate import CertifiedLine, Guarantee
from shared.contracts.refund import WITHOUT_RETURN, CaseClosed, LineReduced, WindowOpened
from shared.contracts.types import LineKind
from shared.money import unit_slice


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """A bought line. paid_minor: for all units. granted: units and money of refunds that are under way or done.

    answers: who answers to its cases: the seller, or who fulfils in its place (R8.1). deducted_minor: waived freight and gifts, and what
    banks gave, that those refunds were less by. signed_at: of what the windows run from, a replacement's if there was one;
    first_signed_at: of the first goods. sent: units on their way or there; sent_at: when the last left, None: not kept. failed: units
    whose parcels were refused or lost and that were not sent again. gone: units that are waited for no more, cancelled or refunded, as
    far as is known here. gift_of: given with that line; gift_minor: its list price, less what was paid for it (R4.5). promises: of a
    purchase that was stored before it kept them itself. promoter_id: whom it is attributed to (R5.4). at_fault: freight that goes back
    for the fault of these cases, as freight_refund (R3.10).
    """

    seller_id: str
    quantity: int
    paid_minor: int
    promises: tuple[Guarantee, ...] = ()
    answers: str = ""
    kind: LineKind = "goods"
    signed_at: datetime | None = None
    attempts: int = 0
    open_case: str | None = None
    granted_quantity: int = 0
    granted_minor: int = 0
    deducted_minor: int = 0
    first_signed_at: datetime | None = None
    sent: int = 0
    failed: int = 0
    gift_of: int | None = None
    gift_minor: int = 0
    promoter_id: str | None = None
    gone: int = 0
    at_fault: tuple[str, ...] = ()
    freight_refund: str = ""
    sent_at: datetime | None = None

    @property
    def unsent(self) -> int:
        """Units that may still leave, as far as is known here: the order has the last word. Source: R4.8."""
        return max(0, self.quantity - self.sent - self.gone)

    @property
    def left(self) -> int:
        """Units that can still be claimed; those that the platform's fund paid for may be cancelled as well. Source: R4.6."""
        return max(0, self.quantity - self.granted_quantity)

    @property
    def left_minor(self) -> int:
        """Money that can still be granted; freight that was deducted stays deducted."""
        return max(0, self.paid_minor - self.granted_minor - self.deducted_minor)

    @property
    def spent(self) -> bool:
        """Nothing is left of it to claim. Where nothing was paid, units count. Source: R1.4."""
        return self.left == 0 or (self.paid_minor > 0 and self.left_minor == 0)

    def share(self, quantity: int) -> int:
        """What so many more units come to, behind those granted: their slice, at most what is left; the last take the rest.

        Source: R1.4.
        """
        if quantity >= self.left:
            return self.left_minor
        return min(unit_slice(self.paid_minor, self.quantity, self.granted_quantity, quantity), self.left_minor)


def bought(line: CertifiedLine) -> BoughtLine:
    return BoughtLine(
        line.seller_id,
        line.quantity,
        line.paid_minor,
        answers=line.answers_id or line.seller_id,
        kind=line.kind,
        gift_of=line.gift_of,
        gift_minor=line.gift_minor,
        promoter_id=line.promoter_id,
    )


def signed(line: BoughtLine, fact: WindowOpened) -> BoughtLine:
    """Other goods than the first leave the moment of those, if there was one."""
    first = line.first_signed_at or line.signed_at if fact.restarted else None
    return replace(line, signed_at=fact.signed_at, first_signed_at=first or fact.signed_at)


def reduced(line: BoughtLine, fact: LineReduced) -> BoughtLine:
    quantity, minor = line.granted_quantity + fact.quantity, line.granted_minor + fact.amount_minor
    after = replace(line, granted_quantity=quantity, granted_minor=minor, gone=line.gone + fact.quantity)
    return replace(after, at_fault=fact.at_fault, freight_refund=fact.refund_id) if fact.at_fault else after


def forgone(line: BoughtLine, fact: CaseClosed) -> BoughtLine:
    """Of the units that a case refunded those that had not left are sent no more; without a return none is, should it be lost on its
    way. What came back had been sent, as far as there were so many. What the platform's fund paid leaves the order as it was.
    Source: R4.8, R4.4, R4.6.
    """
    if fact.funder != "seller":
        return line
    refunded = fact.refunded_quantity
    returned = max(0, line.granted_quantity - refunded - line.gone)  # before this case, whose units are granted already
    unsent = min(line.unsent, max(0, refunded - line.sent + returned))
    return replace(line, gone=line.gone + (refunded if fact.kind in WITHOUT_RETURN else unsent))


def moved(line: BoughtLine, how: Literal["sent", "refused", "lost"], units: int, at: datetime) -> BoughtLine:
    """Units that left, or whose parcel failed: those can be sent again."""
    if how == "sent":
        return replace(line, sent=line.sent + units, failed=max(0, line.failed - units), sent_at=max(at, line.sent_at or at))
    return replace(line, sent=max(0, line.sent - units), failed=line.failed + units)
