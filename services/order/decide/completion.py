"""The end of a line: confirmed by the buyer, by time or by use, held while a case is open, settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from services.order.decide.arrival import arrived
from services.order.decide.campaign import given_up, let_go, released
from services.order.decide.cancellation import Ends, completed, ends, freight_back
from services.order.model import Allotment, Cluster, Order, OrderLine, confirmation, evolve, held
from shared.contracts.dispute import CaseReopened
from shared.contracts.exchange import CaseReplaced
from shared.contracts.hold import ShipmentHoldRequested
from shared.contracts.order import (
    ConfirmationDue,
    ConfirmationExtended,
    LineFreed,
    LineHeld,
    LineRedeemed,
    OrderCompleted,
    OrderSettled,
    ReplacementNoted,
)
from shared.contracts.payment import LineSettled
from shared.contracts.refund import WITHOUT_RETURN, CaseClosed, CaseOpened
from shared.contracts.storefront import ReceiptConfirmed, ReceiptExtended, VoucherRedeemed
from shared.messaging.shape import Outcome, Reject, Wait


def confirm(event: ReceiptConfirmed, order: Order | None) -> Outcome:
    """The buyer has what was delivered; not while a case is open on it. Lines confirmed before, be it by time, are passed over. Without
    lines it is of all that was signed for by then, told before or after; where nothing was, of what is known to be by now.
    Source: R2.5, R1.2.
    """
    found = _of_buyer(event, order)
    if not isinstance(found, tuple):
        return found
    order, named = found
    if any(line.line.kind != "goods" for line in named):
        return Reject("receipt.not_goods")
    if any(line.signed_at is None and not line.over for line in named):
        return Wait("receipt.before_delivery")
    there = [line for line in _goods(order) if line.signed_at is not None or line.over]
    lines = named or [line for line in there if line.over or _signed_by(line, event.occurred_at)] or there
    if not lines:
        return Wait("receipt.before_delivery") if _goods(order) else Reject("receipt.not_goods")
    unconfirmed = [line for line in lines if not line.over and not _confirmed_by_time(order, line, event.occurred_at)]
    free = [line for line in unconfirmed if not line.cases]
    if not unconfirmed:
        return Reject("receipt.confirmed_before" if any(line.completed or not line.over for line in lines) else "line.refunded")
    if not free or (event.line_nos and len(free) < len(unconfirmed)):
        return Reject("receipt.case_open")
    done, *others = completed(order, free, "confirmed", event.occurred_at)
    if not event.line_nos and len(there) < len(_goods(order)) and isinstance(done, OrderCompleted):
        done = done.model_copy(update={"all_signed": True})
    return done, *others


def received(order: Order, line_nos: Iterable[int]) -> Ends:
    """Of lines that are signed for now, those that the buyer confirmed with all that was by then, as of then. Source: R2.5, R1.2."""
    at = order.received_at
    if at is None:
        return ()
    signed = [line for line_no in line_nos if _signed_by(line := order.lines[line_no], at) and not line.over and not line.cases]
    lines = [line for line in signed if not _confirmed_by_time(order, line, at)]
    return completed(order, lines, "confirmed", at) if lines else ()


def confirm_by_time(event: ConfirmationDue, order: Order | None) -> Outcome:
    """The timer stands only where it confirms. Source: R2.5."""
    if order is None:
        raise ValueError(f"a deadline of order {event.order_id}, which does not exist")
    return completed(order, [order.lines[event.line_no]], "auto", event.occurred_at)


def extend(event: ReceiptExtended, order: Order | None) -> Outcome:
    """So many more days for lines under way, once each, asked for before time confirmed them. Source: R2.5."""
    found = _of_buyer(event, order)
    if not isinstance(found, tuple):
        return found
    order, named = found
    if order.terms is None or not order.terms.extend_days:
        return Reject("receipt.no_extension")
    if any(line.line.kind != "goods" for line in named) or not _goods(order):
        return Reject("receipt.not_goods")
    lines = named or [line for line in _goods(order) if line.sent_at is not None or line.over]
    if not lines or any(line.sent_at is None and not line.over for line in lines):
        return Wait("receipt.before_shipping")
    waiting = [line for line in lines if not line.over]
    if not waiting or (event.line_nos and len(waiting) < len(lines)):
        return Reject("receipt.confirmed_before" if any(line.completed for line in lines) else "line.refunded")
    fresh = [line for line in waiting if not line.extended_days]
    if not fresh or (event.line_nos and len(fresh) < len(waiting)):
        return Reject("receipt.extended_before")
    looks = [confirmation(line, order.terms) for line in fresh]
    if any(look is not None and event.occurred_at >= look[1] for look in looks):
        return Reject("receipt.too_late")
    line_nos = tuple(line.line.line_no for line in fresh)
    return (ConfirmationExtended(order_id=order.id, line_nos=line_nos, days=order.terms.extend_days, occurred_at=event.occurred_at),)


def redeem(event: VoucherRedeemed, order: Order | None) -> Outcome:
    """Virtual goods are confirmed by having been used, unit by unit; a case that is open meanwhile holds that too. Source: R2.5."""
    if order is None:
        return Wait("order.before_placed")
    if order.status == "accepted":
        return Wait("redemption.before_payment")
    if order.shut:
        return Reject("order.closed")
    line = order.lines.get(event.line_no)
    if line is None:
        return Reject("line.unknown")
    if line.line.kind != "virtual":
        return Reject("redemption.not_virtual")
    if event.redemption_id in line.uses:
        return Reject("redemption.known")
    if event.quantity > line.unsent - line.used:
        return Reject("redemption.exceeds_bought")
    if event.quantity > line.unsent - line.used - line.kept:
        return Reject("redemption.kept_back")
    fact = LineRedeemed(
        order_id=order.id,
        line_no=event.line_no,
        redemption_id=event.redemption_id,
        quantity=event.quantity,
        occurred_at=event.occurred_at,
    )
    after = evolve(order, fact)
    return fact, *used_up(after, after.lines[event.line_no], event.occurred_at)


def hold(event: CaseOpened | CaseReopened, order: Order | None) -> Outcome:
    """An open case stops the line's clock from confirming; one that goes on after an appeal does so again. Source: R2.5, R4.11."""
    found = of_case(event, order)
    if not isinstance(found, tuple):
        return found
    _, line = found
    if event.case_id in line.cases or (event.case_id in line.ended and isinstance(event, CaseOpened)):
        return Reject("case.known")
    return (LineHeld(order_id=event.order_id, line_no=event.line_no, case_id=event.case_id, occurred_at=event.occurred_at),)


def free(event: CaseClosed, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """The case is over; a confirmation that fell due meanwhile happens now, and what the end of the line brings. Units refunded
    before they left can be sold again, and gifts that went with them. What the platform's fund paid leaves the line as it was; what a
    bank paid in a refund's stead went back as well. Source: R2.5, R2.7, R3.8, R3.10, R4.6.
    """
    found = of_case(event, order)
    if not isinstance(found, tuple):
        return found
    order, line = found
    if event.case_id not in line.cases:
        return Reject("case.closed") if event.case_id in line.ended else Wait("case.before_opened")
    own = event.funder == "seller"
    freed = LineFreed(
        order_id=event.order_id,
        line_no=event.line_no,
        case_id=event.case_id,
        refunded_quantity=event.refunded_quantity if own else 0,
        refunded_minor=event.refunded_minor + event.bank_minor if own else 0,
        seller_at_fault=event.seller_at_fault and own,
        without_return=event.kind in WITHOUT_RETURN if own and event.refunded_quantity else None,
        occurred_at=event.occurred_at,
    )
    freed = freed.model_copy(update={"gifts": let_go(evolve(order, freed), (event.line_no,))})
    after = evolve(order, freed)
    units = given_up(order, after)
    returned = freight_back(after, line.line.seller_id, event.occurred_at)
    for fact in returned:
        after = evolve(after, fact)
    there = arrived(order, after, event.occurred_at)
    ended = _fallen_due(after, after.lines[event.line_no], event.occurred_at)
    return freed, *returned, *there, *ended, *released(order, units, allotments, cluster, event.occurred_at)


def replace_goods(event: CaseReplaced, order: Order | None) -> Outcome:
    """Other goods are on their way for a case: their line is confirmed by time from now on anew. Where as many of its own units did not
    arrive they are these; else they come on top, and so do those for vouchers, which are used and never sent. Source: R4.10, R2.5.
    """
    found = of_case(event, order)
    if not isinstance(found, tuple):
        return found
    order, line = found
    if event.parcel_id in order.parcels:
        return Reject("parcel.known")
    if event.case_id not in line.cases:
        return Reject("case.closed") if event.case_id in line.ended else Wait("case.before_opened")
    own = line.line.kind != "virtual" and line.unsent >= event.quantity
    return (
        ReplacementNoted(
            order_id=order.id,
            line_no=event.line_no,
            case_id=event.case_id,
            parcel_id=event.parcel_id,
            units_sent=event.quantity if own else 0,
            occurred_at=event.occurred_at,
        ),
    )


def settle(event: LineSettled, order: Order | None) -> Outcome:
    """Payment says that the line's money is where it belongs. Source: R2.1."""
    if order is None:
        return Wait("order.before_placed")
    if order.shut:
        return Reject("order.closed")
    line = order.lines.get(event.line_no)
    if line is None:
        return Reject("line.unknown")
    if line.settled:
        return Reject("settlement.known")
    if not line.completed:
        return Reject("line.refunded") if line.refunded_in_full else Wait("settlement.before_completion")
    settled = OrderSettled(order_id=order.id, line_no=event.line_no, order_settled=False, occurred_at=event.occurred_at)
    if evolve(order, settled).state == "settled":
        settled = settled.model_copy(update={"order_settled": True})
    return (settled,)


def _fallen_due(order: Order, line: OrderLine, at: datetime) -> Ends:
    """What waited for the end of a case: confirmation by time or by use, or the line's end by refund. Of units that all went back for
    less than was paid, the rest is settled. What no case held is confirmed by its deadline. Source: R2.5, R2.6, R1.2.
    """
    if line.over:
        return ends(order, "platform", at)
    if line.line.kind == "virtual" or line.used_up:
        return used_up(order, line, at)
    look = confirmation(line, order.terms) if order.terms is not None else None
    return () if look is None or look[1] != at or held(line, at) else completed(order, [line], "auto", at)


def _confirmed_by_time(order: Order, line: OrderLine, at: datetime) -> bool:
    """Time had confirmed it by then, though its deadline may not have been told yet. Source: R2.5, R1.2."""
    look = confirmation(line, order.terms) if order.terms is not None else None
    return look is not None and look[1] <= at and not held(line, look[1])


def used_up(order: Order, line: OrderLine, at: datetime) -> Ends:
    how: Literal["redeemed", "auto"] = "redeemed" if line.line.kind == "virtual" else "auto"
    return completed(order, [line], how, at) if line.used_up else ()


def _signed_by(line: OrderLine, at: datetime) -> bool:
    return line.signed_at is not None and line.signed_at <= at


def _goods(order: Order) -> list[OrderLine]:
    return [line for line in order.lines.values() if line.line.kind == "goods"]


def _of_buyer(event: ReceiptConfirmed | ReceiptExtended, order: Order | None) -> tuple[Order, list[OrderLine]] | Reject | Wait:
    """With the lines that the buyer names, each once."""
    if order is None:
        return Wait("order.before_placed")
    if event.buyer_id != order.buyer_id:
        return Reject("buyer.differs")
    if order.shut:
        return Reject("order.closed")
    if any(line_no not in order.lines for line_no in event.line_nos):
        return Reject("line.unknown")
    return order, [order.lines[line_no] for line_no in sorted(set(event.line_nos))]


def of_case(
    event: CaseOpened | CaseReopened | CaseClosed | CaseReplaced | ShipmentHoldRequested, order: Order | None
) -> tuple[Order, OrderLine] | Reject | Wait:
    if order is None:
        return Wait("case.before_order")
    if order.shut:
        return Reject("order.closed")
    if order.status == "accepted":
        return Wait("case.before_payment")
    line = order.lines.get(event.line_no)
    return (order, line) if line is not None else Reject("line.unknown")
