"""What the services refuse of each other, most often a fact that is told again under another id; and what of it they have wait.

Nothing corrects such a fact: a service's own word is final, and it is refused so that nothing happens twice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.contracts.owed import ReimbursementGranted
from shared.contracts.payment import RefundInstructed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.refund import acts, life
from tests.unit.refusals.judged import Life, Made, Step
from tests.unit.refusals.of_order import LIVES as OF_ORDER
from tests.unit.refusals.of_order import SIGNED, TOTAL
from tests.unit.refusals.of_payment import CANCELLED, instructed, refund
from tests.unit.refusals.of_refund import ASKED, HEARD_ALL, RULED
from tests.unit.town import Town
from tests.unit.trust.rulebook import violation


class Told(NamedTuple):
    """codes: each `service code`, what refuses it or has it wait; cause: with it nothing waits any more."""

    codes: tuple[str, ...]
    life: str
    event: Made
    cause: tuple[Step, ...] = ()


def again(kind: str, nth: int = -1) -> Made:
    """The last fact of that type, or another."""

    def made(town: Town) -> Message:
        return [fact for service in town.services.values() for _, fact in service.out if fact.type == kind][nth]

    return made


def reimbursed(town: Town) -> Message:
    """For a refund that is under way."""
    refund_id = instructed(town, RefundInstructed, 0).refund_id
    said: dict[str, Any] = {"order_id": b.ORDER, "case_id": b.CASE, "line_no": 1, "reimbursement_id": "rb1", "seller_id": b.SELLER}
    return ReimbursementGranted(**said, refund_id=refund_id, compensation_ids=(), rule="R4.11", occurred_at=b.at("06-20 10:00"))


LIVES = {
    "lied": HEARD_ALL.then(acts.ruled(False, "rl1", "c1", when=RULED, finding="false_claim")),
    "reimbursed": CANCELLED.then(refund(0), reimbursed),
    "suspended": Life((violation("v1", level=1),)),
    "settled by time": SIGNED.then("06-30 10:00"),
    "three asked, unpaid": Life(ASKED.steps, mute=True),
}
REFUSED = [
    Told(("order case.closed", "payment case.closed", "trust evidence.known"), "lied", again("case.closed")),
    Told(("refund card.known",), "card claimed", again("card.granted")),
    Told(("order case.closed", "payment case.closed"), "withdrawn", again("case.closed")),
    Told(("order case.known", "payment case.known"), "asked", again("case.opened")),
    Told(("refund case.closed",), "paid back", again("refund.done")),
    Told(("refund case.wrong_state",), "case unpaid", again("refund.not_paid", 0)),
    Told(("order chargeback.known",), "disputed", again("chargeback.received")),
    Told(("order chargeback.ended",), "debited", again("chargeback.ended")),
    Told(("payment compensation.currency_differs",), "paid", asks.shipping_late(currency="USD")),
    Told(("payment compensation.known", "trust evidence.known"), "late", again("shipping.late")),
    Told(("payment escrow.exists", "refund certificate.exists"), "paid", again("order.paid")),
    Told(("trust evidence.known",), "sent", again("evidence.found")),
    Told(("trust evidence.void_known",), "sham", again("evidence.voided")),
    Told(("order hold.known",), "kept back", again("shipment_hold.requested")),
    Told(("refund hold.known",), "kept back", again("shipment_hold.granted")),
    Told(("order parcel.known",), "exchanged", again("case.replaced")),
    Told(("payment payment.known",), "paid twice", again("payment.unwanted")),
    Told(("payment refund.known", "refund refund.known"), "units cancelled", again("units.cancelled")),
    Told(("payment refund.known",), "paid back", again("refund.granted")),
    Told(("payment reimbursement.known",), "reimbursed", reimbursed),
    Told(("payment settlement.known", "trust evidence.known"), "confirmed", again("order.completed")),
    Told(("order settlement.known",), "settled by time", again("line.settled")),
    Told(("order suspension.known",), "suspended", again("subject.suspended")),
]
LIVES |= {"paid twice": OF_ORDER["paid"].then(b.succeeded(TOTAL, "pay2"))}
WAITING = [
    Told(("order case.before_opened", "payment case.before_opened"), "paid", b.case_closed(), (b.case_opened(),)),
    Told(("order case.before_order", "payment payment.before_escrow"), "none", b.case_opened(), (b.placed(), b.succeeded())),
    Told(("order case.before_payment", "payment payment.before_escrow"), "accepted", b.case_opened(), (b.succeeded(TOTAL),)),
    Told(
        ("refund refund.before_grant",), "three asked, unpaid", life.done("c1"),
        (life.accepted("c1", when="06-05 10:00"), life.posted("c1", when="06-06 10:00"), life.confirmed("c1", 1, when="06-07 10:00")),
    ),
    Told(("payment reimbursement.before_answer",), "cancelled", reimbursed, (refund(0),)),
    Told(("order chargeback.before_payment",), "accepted", b.chargeback_received(), (b.succeeded(TOTAL),)),
    Told(("order chargeback.before_opened",), "paid", b.chargeback_ended(buyer_id=None), (b.chargeback_received(),)),
    Told(("order settlement.before_completion",), "signed", b.line_settled(), (b.receipt(1),)),
    Told(("payment settlement.before_escrow",), "accepted", b.order_completed(), (b.succeeded(TOTAL),)),
]  # fmt: skip
