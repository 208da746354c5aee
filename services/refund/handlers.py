"""What the refund service does with each event: certificates at payment, cases until they end."""

from __future__ import annotations

from typing import assert_never

from services.refund import decide
from services.refund.decide import clusters, first_order
from services.refund.metrics import COUNTED, WATCHED
from services.refund.model import BUYER, CARD, CLUSTER, FUND, MEMBER, PURCHASE, WAYBILL, Card, Purchase, waybill_key
from services.refund.store import TASKS
from shared.contracts.card import CardGranted, CardRevoked
from shared.contracts.dispute import AppealOver, EvidenceDue, RulingDue
from shared.contracts.exchange import ReplacementDue, ReplacementOver
from shared.contracts.first_order import FirstOrderDoubled, FundAsked
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.identity import MemberJoined
from shared.contracts.logistics import ReturnSigned
from shared.contracts.member import MemberOrderedBefore
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
    | MemberJoined
    | FundAsked
)
OfBuyer = CardGranted | CardRevoked | ScoreChanged | MemberOrderedBefore
Input = OfOrder | OfBuyer


def handle(event: Input, policy: Policies) -> Plan:
    if isinstance(event, CardGranted | CardRevoked | ScoreChanged | MemberOrderedBefore):
        return _of_buyer(event)
    if isinstance(event, MemberJoined):
        return on(event, clusters.move, MEMBER.one(event.buyer_id), clusters.both_clusters(event))
    purchase = PURCHASE.one(event.order_id)
    match event:
        case OrderPaid():
            promised = given(policy.of_order(event.terms.policy_version, event.placed_at or event.occurred_at))
            cluster = clusters.own_cluster(event.buyer_id)
            member, buyer = MEMBER.one(event.buyer_id), BUYER.one(event.buyer_id)
            return on(event, clusters.paid, member, purchase, cluster, _card(event.trust_card_id), buyer, promised)
        case ParcelDelivered():
            member, cluster = MEMBER.one(event.buyer_id), clusters.own_cluster(event.buyer_id)
            return on(event, clusters.delivered, member, purchase, cluster, _card(event.trust_card_id))
        case ParcelSent():
            return on(event, decide.note_sent, purchase)
        case ParcelFailed():
            return on(event, decide.note_failed, purchase)
        case UnitsCancelled():
            return on(event, clusters.cancelled, MEMBER.one(event.buyer_id), purchase, clusters.own_cluster(event.buyer_id))
        case RefundRequested(ground="first_order"):
            return on(event, first_order.claim, MEMBER.one(event.buyer_id), purchase, clusters.own_cluster(event.buyer_id))
        case FundAsked():
            now = policy.at(event.occurred_at)
            return on(event, first_order.ask, purchase, first_order.asked_fund(event, now), given(now))
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
            return on(event, decide.presumed, purchase, _its_card)
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
            return on(event, decide.done, purchase, _its_card)
        case RefundRefused():
            return on(event, decide.refused, purchase)
        case RefundNotPaid():
            return on(event, decide.not_paid, purchase)
        case _:
            assert_never(event)


def _its_card(purchase: Purchase | None) -> Touch[Card | None]:
    """The trust card with which the order came, valid or not."""
    return _card(purchase.trust_card_id if purchase is not None else None)


def _card(card_id: str | None) -> Touch[Card | None]:
    return CARD.one(card_id) if card_id is not None else given(None)


def _of_buyer(event: OfBuyer) -> Plan:
    match event:
        case CardGranted() | CardRevoked():
            return on(event, decide.note_card, CARD.one(event.card_id))
        case ScoreChanged() if decide.role_of(event.subject_id) == "buyer":
            return on(event, decide.note_score, BUYER.one(decide.buyer_of(event.subject_id)))
        case ScoreChanged():
            return on(event, decide.pass_over, given(None))
        case MemberOrderedBefore():
            return on(event, clusters.before, MEMBER.one(event.buyer_id), clusters.own_cluster(event.buyer_id))
        case _:
            assert_never(event)


KINDS = (MEMBER, PURCHASE, WAYBILL, CARD, BUYER, CLUSTER, FUND)  # the cluster is known by the member, the fund's row by the purchase
SERVICE = Service(
    "refund", Input, handle, KINDS, sends=(FirstOrderDoubled, FundAsked), rows=(TASKS,), counted=(COUNTED,), watched=(WATCHED,)
)
