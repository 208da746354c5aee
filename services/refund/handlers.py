"""What the refund service does with each event: certificates at payment, cases until they end."""

from __future__ import annotations

from typing import assert_never

from services.refund import decide
from services.refund.model import BUYER, CARD, PURCHASE, Card
from shared.contracts.card import CardGranted, CardRevoked
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.merchant import CaseAccepted, CaseRefused, ReturnConfirmed
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.refund import AnswerDue, InspectionDue, PostingDue, RefusalOver
from shared.contracts.storefront import RefundRequested, RefundWithdrawn, ReturnPosted
from shared.contracts.trust import ScoreChanged
from shared.messaging.shape import Plan, Service, Touch, given, on
from shared.policy import Policies

OfOrder = (
    OrderPaid
    | ParcelDelivered
    | UnitsCancelled
    | RefundRequested
    | ShipmentHoldGranted
    | ShipmentHoldRefused
    | RefundWithdrawn
    | CaseAccepted
    | CaseRefused
    | AnswerDue
    | RefusalOver
    | ReturnPosted
    | PostingDue
    | ReturnConfirmed
    | InspectionDue
    | RefundDone
    | RefundRefused
    | RefundNotPaid
)
OfBuyer = CardGranted | CardRevoked | ScoreChanged
Input = OfOrder | OfBuyer


def handle(event: Input, policy: Policies) -> Plan:
    if isinstance(event, CardGranted | CardRevoked | ScoreChanged):
        return _of_buyer(event)
    purchase = PURCHASE.one(event.order_id)
    match event:
        case OrderPaid():
            card: Touch[Card | None] = CARD.one(event.trust_card_id) if event.trust_card_id is not None else given(None)
            promised = given(policy.named(event.terms.policy_version))
            return on(event, decide.issue, purchase, card, BUYER.one(event.buyer_id), promised)
        case ParcelDelivered():
            return on(event, decide.open_windows, purchase)
        case UnitsCancelled():
            return on(event, decide.reduce, purchase)
        case RefundRequested():
            return on(event, decide.request, purchase)
        case ShipmentHoldGranted():
            return on(event, decide.allowed, purchase)
        case ShipmentHoldRefused():
            return on(event, decide.forbidden, purchase)
        case RefundWithdrawn():
            return on(event, decide.withdraw, purchase)
        case CaseAccepted():
            return on(event, decide.accept, purchase)
        case CaseRefused():
            return on(event, decide.refuse, purchase)
        case AnswerDue():
            return on(event, decide.silent, purchase)
        case RefusalOver():
            return on(event, decide.end_refused, purchase)
        case ReturnPosted():
            return on(event, decide.post, purchase)
        case PostingDue():
            return on(event, decide.unposted, purchase)
        case ReturnConfirmed():
            return on(event, decide.inspect, purchase)
        case InspectionDue():
            return on(event, decide.uninspected, purchase)
        case RefundDone():
            return on(event, decide.done, purchase)
        case RefundRefused():
            return on(event, decide.refused, purchase)
        case RefundNotPaid():
            return on(event, decide.not_paid, purchase)
        case _:
            assert_never(event)


def _of_buyer(event: OfBuyer) -> Plan:
    match event:
        case CardGranted() | CardRevoked():
            return on(event, decide.note_card, CARD.one(event.card_id))
        case ScoreChanged() if decide.role_of(event.subject_id) == "buyer":
            return on(event, decide.note_score, BUYER.one(decide.buyer_of(event.subject_id)))
        case ScoreChanged():
            return on(event, decide.pass_over, given(None))
        case _:
            assert_never(event)


SERVICE = Service("refund", Input, handle, (PURCHASE, CARD, BUYER))
