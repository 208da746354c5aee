"""What the refund service does with each event: certificates at payment, cases until they end."""

from __future__ import annotations

from typing import assert_never

from services.refund import decide
from services.refund.model import BUYER, CARD, PURCHASE, WAYBILL, Card, Purchase, waybill_key
from shared.contracts.card import CardGranted, CardRevoked
from shared.contracts.dispute import AppealOver, EvidenceDue, RulingDue
from shared.contracts.exchange import ReplacementDue, ReplacementOver
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.logistics import ReturnSigned
from shared.contracts.merchant import (
    CaseAccepted,
    CaseRefused,
    ReplacementSent,
    ReturnConfirmed,
    ReturnDisputed,
    SellerDisputeAppealed,
    SellerDisputeRaised,
    SellerEvidenceSubmitted,
)
from shared.contracts.order import OrderPaid, ParcelDelivered, ParcelFailed, ParcelSent, UnitsCancelled
from shared.contracts.payment import RefundDone, RefundNotPaid, RefundRefused
from shared.contracts.refund import AnswerDue, InspectionDue, PostingDue, RefusalOver
from shared.contracts.ruling import RulingMade
from shared.contracts.storefront import (
    DisputeAppealed,
    DisputeRaised,
    EvidenceSubmitted,
    RefundRequested,
    RefundWithdrawn,
    ReturnPosted,
)
from shared.contracts.trust import ScoreChanged
from shared.messaging.shape import Plan, Service, Touch, given, on
from shared.policy import Policies

OfOrder = (
    OrderPaid
    | ParcelSent
    | ParcelDelivered
    | ParcelFailed
    | UnitsCancelled
    | RefundRequested
    | RefundWithdrawn
    | CaseAccepted
    | CaseRefused
    | AnswerDue
    | RefusalOver
    | ReturnPosted
    | PostingDue
    | ReturnSigned
    | ReturnConfirmed
    | ReturnDisputed
    | InspectionDue
    | ReplacementSent
    | ReplacementDue
    | ReplacementOver
    | DisputeRaised
    | SellerDisputeRaised
    | EvidenceSubmitted
    | SellerEvidenceSubmitted
    | EvidenceDue
    | RulingMade
    | RulingDue
    | DisputeAppealed
    | SellerDisputeAppealed
    | AppealOver
    | RefundDone
    | RefundRefused
    | RefundNotPaid
    | ShipmentHoldGranted
    | ShipmentHoldRefused
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
        case ParcelSent():
            return on(event, decide.note_sent, purchase)
        case ParcelDelivered():
            return on(event, decide.open_windows, purchase)
        case ParcelFailed():
            return on(event, decide.note_failed, purchase)
        case UnitsCancelled():
            return on(event, decide.reduce, purchase)
        case RefundRequested():
            return on(event, decide.request, purchase, _its_card)
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
            return on(event, decide.post, purchase, WAYBILL.one(waybill_key(event.carrier, event.waybill)))
        case PostingDue():
            return on(event, decide.unposted, purchase)
        case ReturnSigned():
            return on(event, decide.receive, purchase)
        case ReturnConfirmed():
            return on(event, decide.inspect, purchase)
        case ReturnDisputed():
            return on(event, decide.contest, purchase)
        case InspectionDue():
            return on(event, decide.uninspected, purchase)
        case ReplacementSent():
            return on(event, decide.replace_goods, purchase, WAYBILL.one(waybill_key(event.carrier, event.waybill)))
        case ReplacementDue():
            return on(event, decide.unsent, purchase)
        case ReplacementOver():
            return on(event, decide.presumed, purchase)
        case DisputeRaised():
            return on(event, decide.dispute, purchase)
        case SellerDisputeRaised():
            return on(event, decide.escalate, purchase)
        case EvidenceSubmitted() | SellerEvidenceSubmitted():
            return on(event, decide.show, purchase)
        case EvidenceDue():
            return on(event, decide.hear, purchase)
        case RulingMade():
            return on(event, decide.rule, purchase)
        case RulingDue():
            return on(event, decide.unruled, purchase)
        case DisputeAppealed() | SellerDisputeAppealed():
            return on(event, decide.appeal, purchase)
        case AppealOver():
            return on(event, decide.unjudged, purchase)
        case RefundDone():
            return on(event, decide.done, purchase)
        case RefundRefused():
            return on(event, decide.refused, purchase)
        case RefundNotPaid():
            return on(event, decide.not_paid, purchase)
        case _:
            assert_never(event)


def _its_card(purchase: Purchase | None) -> Touch[Card | None]:
    """The trust card with which the order came, valid or not."""
    return CARD.one(purchase.trust_card_id) if purchase is not None and purchase.trust_card_id is not None else given(None)


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


SERVICE = Service("refund", Input, handle, (PURCHASE, WAYBILL, CARD, BUYER))
