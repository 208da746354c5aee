"""While the buyer's bank disputes what paid the order, nothing of it need leave. Source: R2.4, R3.8.

A bank disputes a payment, not goods: however the amount is spread over lines, the dispute is about all of them. What it leaves of a line
is still to be sent; a seller may send at any time.
"""

from __future__ import annotations

from services.order.model import Order
from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived, OrderDisputed, OrderUndisputed
from shared.messaging.shape import Outcome, Reject, Wait


def disputed(event: ChargebackReceived, order: Order | None) -> Outcome:
    """Of money that was unwanted it is no matter of the order's."""
    if not event.of_order:
        return ()
    if order is None or order.paid_at is None:
        return Wait("chargeback.before_payment")
    if event.chargeback_id in order.disputes:
        return Reject("chargeback.known")
    return (OrderDisputed(order_id=order.id, chargeback_id=event.chargeback_id, occurred_at=event.occurred_at),)


def undisputed(event: ChargebackEnded, order: Order | None) -> Outcome:
    """A deadline that passed meanwhile is passed for good; a line of which nothing is left has none any more."""
    if not event.of_order:
        return ()
    if order is None or order.paid_at is None:
        return Wait("chargeback.before_payment")
    known = order.disputes.get(event.chargeback_id)
    if known is None:
        return Wait("chargeback.before_opened")
    if known.until is not None:
        return Reject("chargeback.ended")
    return (
        OrderUndisputed(
            order_id=order.id, chargeback_id=event.chargeback_id, taken=event.nothing_left or (), occurred_at=event.occurred_at
        ),
    )
