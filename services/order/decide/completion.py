"""The end of a line: confirmed by the buyer or by time, held while a case is open, settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from services.order.decide.campaign import released
from services.order.model import Allotment, Cluster, Order, OrderLine, confirmation, evolve, held
from shared.contracts.order import ConfirmationDue, LineFreed, LineHeld, OrderCompleted, OrderSettled
from shared.contracts.payment import LineSettled
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.storefront import ReceiptConfirmed
from shared.messaging.shape import Outcome, Reject, Wait


def confirm(event: ReceiptConfirmed, order: Order | None) -> Outcome:
    """The buyer has what was delivered; not while a case is open on it. Lines confirmed before are passed over. Source: R2.5."""
    if order is None:
        return Wait("order.before_placed")
    if event.buyer_id != order.buyer_id:
        return Reject("buyer.differs")
    if order.ended:
        return Reject("order.closed")
    if any(line_no not in order.lines for line_no in event.line_nos):
        return Reject("line.unknown")
    named = [order.lines[line_no] for line_no in sorted(set(event.line_nos))]
    if any(line.signed_at is None and not (line.completed or line.refunded_in_full) for line in named):
        return Wait("receipt.before_delivery")
    lines = named or [line for line in order.lines.values() if line.signed_at is not None or line.completed or line.refunded_in_full]
    if not lines:
        return Wait("receipt.before_delivery")
    unconfirmed = [line for line in lines if not line.completed and not line.refunded_in_full]
    free = [line for line in unconfirmed if not line.cases]
    if not unconfirmed:
        return Reject("receipt.confirmed_before" if any(line.completed for line in lines) else "line.refunded")
    if not free or (event.line_nos and len(free) < len(unconfirmed)):
        return Reject("receipt.case_open")
    return (_completed(order, free, "confirmed", event.occurred_at),)


def confirm_by_time(event: ConfirmationDue, order: Order | None) -> Outcome:
    """The timer stands only where it confirms. Source: R2.5."""
    if order is None:
        raise ValueError(f"a deadline of order {event.order_id}, which does not exist")
    return (_completed(order, [order.lines[event.line_no]], "auto", event.occurred_at),)


def hold(event: CaseOpened, order: Order | None) -> Outcome:
    """An open case stops the line's clock from confirming. Source: R2.5."""
    found = _of_case(event, order)
    if not isinstance(found, tuple):
        return found
    _, line = found
    if event.case_id in line.cases or event.case_id in line.ended:
        return Reject("case.known")
    return (LineHeld(order_id=event.order_id, line_no=event.line_no, case_id=event.case_id, occurred_at=event.occurred_at),)


def free(event: CaseClosed, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """The case is over; a confirmation that fell due meanwhile happens now. Units refunded before they left can be sold again.

    Source: R2.5, R2.7.
    """
    found = _of_case(event, order)
    if not isinstance(found, tuple):
        return found
    order, line = found
    if event.case_id in line.ended:
        return Reject("case.closed")
    if event.case_id not in line.cases:
        return Wait("case.before_opened")
    freed = LineFreed(
        order_id=event.order_id,
        line_no=event.line_no,
        case_id=event.case_id,
        refunded_quantity=event.refunded_quantity,
        refunded_minor=event.refunded_minor,
        occurred_at=event.occurred_at,
    )
    after = evolve(order, freed)
    line = after.lines[event.line_no]
    look = confirmation(line, after.terms) if after.terms is not None else None
    forgone = line.forgone - order.lines[event.line_no].forgone
    given_up = released(order, {event.line_no: forgone}, allotments, cluster, event.occurred_at)
    if look is None or look[1] > event.occurred_at or held(line, look[1]):
        return freed, *given_up
    return freed, _completed(after, [line], "auto", event.occurred_at), *given_up


def settle(event: LineSettled, order: Order | None) -> Outcome:
    """Payment says that the line's money is where it belongs. Source: R2.1."""
    if order is None:
        return Wait("order.before_placed")
    if order.ended:
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


def _of_case(event: CaseOpened | CaseClosed, order: Order | None) -> tuple[Order, OrderLine] | Reject | Wait:
    if order is None:
        return Wait("case.before_order")
    if order.ended:
        return Reject("order.closed")
    if order.status == "accepted":
        return Wait("case.before_payment")
    line = order.lines.get(event.line_no)
    return (order, line) if line is not None else Reject("line.unknown")


def _completed(order: Order, lines: Iterable[OrderLine], how: Literal["confirmed", "auto"], at: datetime) -> OrderCompleted:
    return OrderCompleted(order_id=order.id, buyer_id=order.buyer_id, how=how, lines=tuple(line.parties for line in lines), occurred_at=at)
