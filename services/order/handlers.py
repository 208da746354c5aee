"""Table of contents: each event the order service takes, what it touches, and what decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from services.order import decide
from services.order.model import (
    ALLOTMENT,
    CLUSTER,
    MEMBER,
    ORDER,
    PARTY,
    RECENT,
    TOKEN,
    Cluster,
    Member,
    Token,
    product,
    recent_key,
    second_of,
    token_key,
)
from shared.contracts.campaign import LimitShifted
from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived
from shared.contracts.dispute import CaseReopened
from shared.contracts.exchange import CaseReplaced
from shared.contracts.governance import AllotmentSet, ProductReviewed
from shared.contracts.hold import ShipmentHoldRequested
from shared.contracts.identity import ClusterJoined, ClustersMet, MemberJoined, MemberMoved
from shared.contracts.logistics import ParcelCollected, ParcelLost, ParcelRefused, ParcelShipped, ParcelSigned
from shared.contracts.member import IdentityLinked
from shared.contracts.merchant import SellerCancelled
from shared.contracts.order import ConfirmationDue, PaymentWindowOver, ShippingDue
from shared.contracts.payment import LineSettled
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.ruling import RulingMade
from shared.contracts.standing import SubjectReinstated, SubjectSuspended
from shared.contracts.storefront import OrderCancelRequested, OrderPlaced, ReceiptConfirmed, ReceiptExtended, VoucherRedeemed
from shared.contracts.suspension import OrderAttributed, OrdersSought, SuspensionFound
from shared.contracts.trust import TierChanged
from shared.messaging.shape import Plan, Service, Touch, given, on
from shared.policy import Policies

Input = (
    OrderPlaced
    | OrderCancelRequested
    | SellerCancelled
    | PaymentSucceeded
    | ParcelShipped
    | ParcelCollected
    | ParcelSigned
    | ParcelRefused
    | ParcelLost
    | RulingMade
    | ReceiptConfirmed
    | ReceiptExtended
    | VoucherRedeemed
    | CaseOpened
    | CaseReopened
    | CaseReplaced
    | CaseClosed
    | ShipmentHoldRequested
    | LineSettled
    | ChargebackReceived
    | ChargebackEnded
    | PaymentWindowOver
    | ShippingDue
    | ConfirmationDue
    | ProductReviewed
    | AllotmentSet
    | IdentityLinked
    | ClustersMet
    | ClusterJoined
    | MemberMoved
    | LimitShifted
    | SubjectSuspended
    | SubjectReinstated
    | TierChanged
    | OrderAttributed
    | OrdersSought
    | SuspensionFound
)


def handle(event: Input, policy: Policies) -> Plan:
    match event:
        case OrderPlaced(campaign_id=None):
            parties = PARTY.many(decide.parties(event))
            return on(event, decide.place, ORDER.one(event.order_id), parties, given(policy.at(event.occurred_at)))
        case OrderPlaced():

            def cluster(member: Member | None) -> Touch[Cluster | None]:
                """The one that the buyer is known to be in."""
                return CLUSTER.one(member.cluster if member else event.buyer_id)

            return on(
                event,
                decide.place_in_campaign,
                MEMBER.one(event.buyer_id),
                ORDER.one(event.order_id),
                ALLOTMENT.many(decide.products(event)),
                cluster,
                PARTY.many(decide.parties(event)),
                given(policy.at(event.occurred_at)),
            )
        case OrderCancelRequested():
            return on(event, decide.cancel, ORDER.one(event.order_id), decide.held_allotments, decide.own_cluster)
        case SellerCancelled():
            return on(event, decide.give_up, ORDER.one(event.order_id), decide.held_allotments, decide.own_cluster)
        case PaymentSucceeded():
            return on(event, decide.pay, ORDER.one(event.order_id))
        case ParcelShipped():
            return on(event, decide.ship, ORDER.one(event.order_id))
        case ParcelCollected():
            return on(event, decide.collect, ORDER.one(event.order_id))
        case ParcelSigned():
            return on(event, decide.deliver, ORDER.one(event.order_id))
        case ParcelRefused() | ParcelLost():
            return on(event, decide.fail, ORDER.one(event.order_id))
        case RulingMade():
            return on(event, decide.judge, ORDER.one(event.order_id))
        case ReceiptConfirmed():
            return on(event, decide.confirm, ORDER.one(event.order_id))
        case ReceiptExtended():
            return on(event, decide.extend, ORDER.one(event.order_id))
        case VoucherRedeemed():
            return on(event, decide.redeem, ORDER.one(event.order_id))
        case CaseOpened() | CaseReopened():
            return on(event, decide.hold, ORDER.one(event.order_id))
        case CaseReplaced():
            return on(event, decide.replace_goods, ORDER.one(event.order_id))
        case CaseClosed():
            return on(event, decide.free, ORDER.one(event.order_id), decide.held_allotments, decide.own_cluster)
        case ShipmentHoldRequested():
            return on(event, decide.keep_back, ORDER.one(event.order_id))
        case LineSettled():
            return on(event, decide.settle, ORDER.one(event.order_id))
        case ChargebackReceived():
            return on(event, decide.disputed, ORDER.one(event.order_id))
        case ChargebackEnded():
            return on(event, decide.undisputed, ORDER.one(event.order_id))
        case PaymentWindowOver():
            return on(event, decide.expire, ORDER.one(event.order_id), decide.held_allotments, decide.own_cluster)
        case ShippingDue():
            return on(event, decide.late, ORDER.one(event.order_id))
        case ConfirmationDue():
            return on(event, decide.confirm_by_time, ORDER.one(event.order_id))
        case ProductReviewed():
            return on(event, decide.review, ALLOTMENT.one(product(event.campaign_id, event.sku)))
        case AllotmentSet():
            return on(event, decide.size, ALLOTMENT.one(product(event.campaign_id, event.sku)))
        case IdentityLinked():

            def members(token: Token | None) -> Touch[Mapping[str, Member]]:
                return MEMBER.many(decide.accounts(event, token))

            return on(event, decide.link, TOKEN.one(token_key(event.kind, event.token)), members)
        case ClustersMet():
            return on(event, decide.met, CLUSTER.one(event.cluster))
        case ClusterJoined():
            return on(event, decide.joined, CLUSTER.one(event.cluster))
        case MemberMoved():
            return on(event, decide.move, MEMBER.one(event.buyer_id))
        case LimitShifted():
            return on(event, decide.shift, CLUSTER.one(event.cluster))
        case SubjectSuspended():
            return on(event, decide.suspend, PARTY.one(event.subject_id), given(policy.at(event.occurred_at)))
        case SubjectReinstated():
            return on(event, decide.lift, PARTY.one(event.subject_id))
        case TierChanged():
            return on(event, decide.note_tier, PARTY.one(event.subject_id))
        case OrderAttributed():
            recent = RECENT.one(recent_key(event.subject_id, second_of(event.occurred_at)))
            return on(event, decide.attribute, PARTY.one(event.subject_id), recent)
        case OrdersSought():
            return on(event, decide.seek, PARTY.one(event.subject_id), RECENT.many(decide.seconds_sought(event)))
        case SuspensionFound():
            return on(event, decide.close, ORDER.one(event.order_id), decide.held_allotments, decide.own_cluster)
        case _:
            assert_never(event)


SENDS = (ClustersMet, ClusterJoined, MemberMoved, MemberJoined, LimitShifted, OrderAttributed, OrdersSought, SuspensionFound)
SERVICE = Service("order", Input, handle, (ORDER, TOKEN, MEMBER, ALLOTMENT, CLUSTER, PARTY, RECENT), SENDS)
