"""Units that will never be sent: what was paid for them goes back at once. Source: R2.1, R3.4, R3.5."""

from __future__ import annotations

from services.payment.decide.reconciliation import reconciled
from services.payment.decide.refunds import reserve
from services.payment.model import Payment
from services.payment.model.payment import folded
from shared.contracts.order import UnitsCancelled
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy


@reconciled
def cancelled(event: UnitsCancelled, payment: Payment | None, policy: Policy) -> Outcome:
    """Each line its own refund, reserved under the order's one lock like any other; never beyond what is left of the line. Freight of
    a seller at fault may be settled by then: it is fronted, and judged by when the buyer applied. Source: R3.6, R3.10.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if any(part.refund_id in payment.refunds for part in event.lines):
        return Reject("refund.known")
    facts: list[Message] = []
    for part in event.lines:
        at = event.occurred_at
        applied_at = event.applied_at or at
        what = (part.refund_id, part.line_no, part.quantity, part.amount_minor)
        reserved = reserve(payment, *what, at, policy, applied_at, cancelled=True)
        payment = folded(payment, reserved)
        facts += reserved
    return tuple(facts)
