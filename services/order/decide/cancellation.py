"""Units that will not be sent: taken back by the buyer, given up by the seller. Freight goes with the last of them. Source: R2.1, R3.10."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from services.order.decide.arrival import arrived
from services.order.decide.campaign import given_up, let_go, released
from services.order.decide.campaign import unsent as unsent_units
from services.order.model import Allotment, Cluster, Order, OrderLine, evolve
from shared.contracts.merchant import SellerCancelled
from shared.contracts.order import CancelledUnits, OrderCancelled, OrderCompleted, Party, UnitsCancelled
from shared.contracts.storefront import OrderCancelRequested
from shared.contracts.types import Units
from shared.messaging.shape import Outcome, Reject, Wait

Ends = tuple[OrderCompleted | UnitsCancelled, ...]
BACK = uuid.UUID("0b1f4a52-9f57-5d0e-8f3c-2a7e6d1c5b90")  # namespace of the refund ids of cancelled units
BOUND = ("custom_made", "digital")  # made or delivered for this buyer: a case decides, not the buyer alone


def cancel(event: OrderCancelRequested, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """What has not left goes back at once, as shops do it today (未发货秒退); what was made for the buyer needs a case. Source: R2.1.

    An unpaid order is one checkout: it falls as a whole or not at all.
    """
    if order is None:
        return Wait("order.before_placed")
    if event.buyer_id != order.buyer_id:
        return Reject("buyer.differs")
    against = _not_now(order, event.payment_id)
    if against is not None:
        return against
    if order.status == "accepted":
        return _given_up(order, _unpaid(order, event.lines, "buyer", event.reason, event.occurred_at), allotments, cluster)
    lines = order.lines.values()
    unsent = {line.line.line_no: _left(line) for line in lines if line.line.kind == "goods" and line.line.category not in BOUND}
    return _given_up(order, _cancelled(order, event, unsent, "buyer"), allotments, cluster)


def give_up(event: SellerCancelled, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """By who ships the line: the seller, or who fulfils in its place. Source: R2.1, R8.1."""
    if order is None:
        return Wait("order.before_placed")
    own = {line_no: line for line_no, line in order.lines.items() if line.line.answers == event.seller_id}
    if not order.shut and (not own or any(one.line_no in order.lines and one.line_no not in own for one in event.lines)):
        return Reject("seller.differs")
    against = _not_now(order, event.payment_id)
    if against is not None:
        return against
    if order.status == "accepted":
        return _given_up(order, _unpaid(order, event.lines, "seller", event.reason, event.occurred_at), allotments, cluster)
    unsent = {line_no: _left(line) for line_no, line in own.items() if line.line.kind != "freight"}
    return _given_up(order, _cancelled(order, event, unsent, "seller"), allotments, cluster)


def ends(order: Order, by: Party, at: datetime) -> Ends:
    """What the end of a seller's last line means for its freight: owed if something was sent and the seller is not at fault, else it
    goes back. It dates from the last of those ends, whichever was told last. Source: R3.10.
    """
    found: Ends = ()
    for seller_id in sorted({line.line.seller_id for line in _freight_left(order)}):
        for fact in freight_back(order, seller_id, at):
            order, found = evolve(order, fact), (*found, fact)
    left = _freight_left(order)
    for moment in sorted({_last_end(order, line, at) for line in left}):
        now = [line for line in left if _last_end(order, line, at) == moment]
        owed = tuple(line.parties for line in now if _something_sent(order, line.line.seller_id))
        back = {line.line.line_no: 1 for line in now if not _something_sent(order, line.line.seller_id)}
        if back:
            found += (_fact(order, back, by, "freight", moment),)
        if owed:
            found += (OrderCompleted(order_id=order.id, buyer_id=order.buyer_id, how="auto", lines=owed, occurred_at=moment),)
    return found


def completed(order: Order, lines: Iterable[OrderLine], how: Literal["confirmed", "auto", "redeemed"], at: datetime) -> Ends:
    """With the freight of sellers of whom these were the last lines, in the same fact if it dates from then. Source: R2.6."""
    parties = tuple(line.parties for line in lines)
    fact = OrderCompleted(order_id=order.id, buyer_id=order.buyer_id, how=how, lines=parties, occurred_at=at)
    after = ends(evolve(order, fact), "platform", at)
    freight = tuple(line for end in after if isinstance(end, OrderCompleted) and end.occurred_at == at for line in end.lines)
    rest = tuple(end for end in after if isinstance(end, UnitsCancelled) or end.occurred_at != at)
    return fact.model_copy(update={"lines": (*parties, *freight)}), *rest


def freight_back(order: Order, seller_id: str, at: datetime) -> tuple[UnitsCancelled, ...]:
    """All of the seller's goods went back, and it was at fault in one of the cases: its freight goes back too, whatever was sent, and
    though it was confirmed or settled. It depends on all its cases, not on which was told last: it dates from the last refund, and is
    judged by when the buyer applied for the latest of them. `at` is that of one of them. Source: R3.10, R3.6.
    """
    own = order.of_seller(seller_id)
    goods = [line for line in own if line.line.kind != "freight" and not order.goes_along(line)]
    until = [line.ended[case_id][1] for line in goods for case_id in line.paid_back]
    if not all(line.refunded_in_full for line in goods) or not any(any(line.paid_back.values()) for line in goods):
        return ()
    units = {line.line.line_no: 1 for line in own if line.line.kind == "freight" and not line.refunded_in_full and not line.cases}
    if not units:
        return ()
    moment = max([at, *until, *(when for line in goods for when, _ in line.gone)])
    fact = _fact(order, units, "platform", "seller at fault", moment)
    applied = (line.applied.get(case_id, line.ended[case_id][0]) for line in goods for case_id in line.paid_back)
    faults = sorted(case_id for line in goods for case_id, its in line.paid_back.items() if its)
    at_fault = tuple(faults) if _something_sent(order, seller_id) else None  # else it had gone back for no fault as well
    return (fact.model_copy(update={"applied_at": max(applied), "at_fault": at_fault}),)


def _given_up(order: Order, outcome: Outcome, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """What was held of a campaign for these units can be sold again. Source: R2.7."""
    if isinstance(outcome, Reject | Wait):
        return outcome
    units = Counter[int]()
    for fact in outcome:
        if isinstance(fact, OrderCancelled):
            units.update(unsent_units(order))
        elif isinstance(fact, UnitsCancelled):
            units.update(given_up(order, evolve(order, fact)))
    return (*outcome, *released(order, units, allotments, cluster, outcome[0].occurred_at))


def _not_now(order: Order, payment_id: str | None) -> Reject | Wait | None:
    if order.shut:
        return Reject("order.closed")
    if payment_id is not None and payment_id not in order.payments:
        return Wait("cancel.before_payment")
    return None


def _unpaid(order: Order, named: tuple[Units, ...], by: Party, reason: str, at: datetime) -> Outcome:
    """Whoever names units names some of the order's; a buyer all of them. Source: R2.1."""
    asked = _sum(named)
    for line_no, quantity in sorted(asked.items()):
        if line_no not in order.lines:
            return Reject("line.unknown", str(line_no))
        if quantity > order.lines[line_no].line.quantity:
            return Reject("cancel.exceeds_unsent", f"line {line_no}: {order.lines[line_no].line.quantity} have not left")
    if by == "buyer" and asked and asked != {line_no: line.line.quantity for line_no, line in order.lines.items()}:
        return Reject("cancel.unpaid_in_part")
    return (OrderCancelled(order_id=order.id, buyer_id=order.buyer_id, by=by, reason=reason, occurred_at=at),)


def _cancelled(order: Order, event: OrderCancelRequested | SellerCancelled, unsent: Mapping[int, int], by: Party) -> Outcome:
    """unsent: units by line that this party may cancel, cases left aside."""
    if event.cancel_id in order.cancels:
        return Reject("cancel.known")
    asked, at = _sum(event.lines), event.occurred_at
    for line_no, quantity in sorted(asked.items()):
        if line_no not in order.lines:
            return Reject("line.unknown", str(line_no))
        if line_no not in unsent:
            return Reject("cancel.not_allowed", f"line {line_no}")
        if order.lines[line_no].cases:
            return Reject("cancel.case_open", f"line {line_no}")
        if quantity > unsent[line_no]:
            return Reject("cancel.exceeds_unsent", f"line {line_no}: {unsent[line_no]} have not left")
    units = asked or {line_no: quantity for line_no, quantity in unsent.items() if quantity and not order.lines[line_no].cases}
    if not units:
        return _none(order, unsent, by)
    fact = _fact(order, units, by, event.reason, at, event.cancel_id)
    after = evolve(order, fact)
    here = [line for line in _freight_left(after) if _last_end(after, line, at) == at]
    freight = {line.line.line_no: 1 for line in here if not _something_sent(after, line.line.seller_id)}
    if freight:
        fact = _fact(order, {**units, **freight}, by, event.reason, at, event.cancel_id)
        after = evolve(order, fact)
    spent = [after.lines[line_no] for line_no in sorted(units) if after.lines[line_no].used_up]
    return fact, *arrived(order, after, at), *(completed(after, spent, "redeemed", at) if spent else ends(after, by, at))


def _none(order: Order, unsent: Mapping[int, int], by: Party) -> Reject:
    """Why there is nothing to cancel: cases have what is left, or only a case could bring it back, or nothing is left. Source: R2.1."""
    if any(unsent.values()):
        return Reject("cancel.case_open")
    rest = [line for line_no, line in order.lines.items() if line_no not in unsent and line.line.kind != "freight"]
    return Reject("cancel.not_allowed" if by == "buyer" and any(_left(line) for line in rest) else "cancel.nothing_left")


def _fact(order: Order, units: Mapping[int, int], by: Party, reason: str, at: datetime, cancel_id: str | None = None) -> UnitsCancelled:
    fact = UnitsCancelled(
        order_id=order.id,
        buyer_id=order.buyer_id,
        by=by,
        cancel_id=cancel_id,
        lines=tuple(_part(order, order.lines[line_no], quantity, cancel_id) for line_no, quantity in sorted(units.items())),
        order_cancelled=False,
        reason=reason,
        occurred_at=at,
    )
    after = evolve(order, fact)
    return fact.model_copy(update={"order_cancelled": after.state == "cancelled", "gifts": let_go(after, units)})


def _part(order: Order, line: OrderLine, quantity: int, cancel_id: str | None) -> CancelledUnits:
    """Freight goes back once, whoever cancelled last."""
    cause = "freight" if line.line.kind == "freight" else f"cancel|{cancel_id}"
    return CancelledUnits(
        line_no=line.line.line_no,
        seller_id=line.line.seller_id,
        promoter_id=line.line.promoter_id,
        quantity=quantity,
        refund_id=str(uuid.uuid5(BACK, f"{order.id}|{line.line.line_no}|{cause}")),
        amount_minor=line.back(quantity),
    )


def _left(line: OrderLine) -> int:
    """Units of it that can be cancelled."""
    return 0 if line.over else line.unsent - line.used


def _freight_left(order: Order) -> list[OrderLine]:
    """Freight that is not decided on, of sellers of whom no other line is."""
    others = (line for line in order.lines.values() if line.line.kind != "freight" and not line.over)
    pending = {line.line.seller_id for line in others if not order.goes_along(line)}
    freight = [line for line in order.lines.values() if line.line.kind == "freight" and not line.over and not line.cases]
    return [line for line in freight if line.line.seller_id not in pending]


def _last_end(order: Order, freight: OrderLine, at: datetime) -> datetime:
    """Of the seller's other lines; `at` is that of one of them."""
    others = (line.over_at for line in order.of_seller(freight.line.seller_id) if line.line.kind != "freight")
    return max([at, *(moment for moment in others if moment is not None)])


def _something_sent(order: Order, seller_id: str) -> bool:
    """A voucher that was used is not: freight is for goods. Source: R3.10."""
    return any(line.sent for line in order.of_seller(seller_id))


def _sum(named: Iterable[Units]) -> dict[int, int]:
    units = Counter[int]()
    for one in named:
        units[one.line_no] += one.quantity
    return dict(units)
