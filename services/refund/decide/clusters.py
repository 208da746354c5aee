"""Which orders of an identity cluster can be its first, and how what is known of them goes with members who move. Source: R4.6, R1.2.

What is told of the order itself comes first, and of its cluster last: whether a cluster has anything to learn depends on which of its
orders came before, and the ids of all other facts must not.

A claim is judged by what the buyer's cluster, as known then, has ordered and used: two clusters about to become one may each have
its first order; when they have become one, both uses stand, and that is told. Whatever is told of an order is kept at the cluster in
which its buyer is known to be then, and goes with every member of it that moves on. What is told of the cluster comes behind what is
told of the order: an id is spelled from its place, and whether the order still matters to its cluster is a question of who was heard first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from services.refund.decide.parcels import open_windows, reduce
from services.refund.decide.promise import issue
from services.refund.model import CLUSTER, Buyer, Card, Cluster, Member, OwnOrder, Purchase, joined
from shared.contracts.first_order import (
    ClusterElsewhere,
    ClusterEnlarged,
    ClusterOrder,
    ClusterUse,
    FirstOrderDoubled,
    MemberKnown,
    OrderCounted,
    OrderedElsewhere,
    OrderMarked,
)
from shared.contracts.identity import MemberJoined
from shared.contracts.member import MemberOrderedBefore
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Touch
from shared.policy import Policy


def own_cluster(buyer_id: str) -> Callable[[Member | None], Touch[Cluster | None]]:
    """The one that the buyer is known to be in."""
    return lambda member: CLUSTER.one(cluster_of(member, buyer_id))


def both_clusters(event: MemberJoined) -> Callable[[Member | None], Touch[Mapping[str, Cluster]]]:
    """The one that the member leaves, and the one that it comes to."""
    return lambda member: CLUSTER.many((cluster_of(member, event.buyer_id), event.cluster))


def paid(
    event: OrderPaid,
    member: Member | None,
    purchase: Purchase | None,
    cluster: Cluster | None,
    card: Card | None,
    buyer: Buyer | None,
    policy: Policy | None,
) -> Outcome:
    """The certificate; and the order counts if it can come to be the cluster's first: not one of which nothing was due. Its buyer is
    known from then on: whoever tells that buyer of another cluster meets a row, and so all that the order did (ADR 11). Source: R4.6.
    """
    issued = issue(event, purchase, card, buyer, policy)
    if not isinstance(issued, tuple):
        return issued
    counted = OrderCounted(
        order_id=event.order_id,
        cluster=cluster_of(member, event.buyer_id),
        payment_id=event.payment_id,
        paid_at=event.occurred_at,
        occurred_at=event.occurred_at,
    )
    after = joined(cluster or Cluster(), Cluster({event.order_id: OwnOrder(event.occurred_at, event.payment_id)}))
    if not event.amount_minor or event.order_id not in after.orders:
        return issued
    return *issued, counted, *_known(event, member)


def delivered(
    event: ParcelDelivered, member: Member | None, purchase: Purchase | None, cluster: Cluster | None, card: Card | None
) -> Outcome:
    """Windows open; and what has arrived, be it a part, can be given up by nobody any more."""
    opened = open_windows(event, purchase, card)
    return (*opened, *_marked(event, "stands", member, cluster)) if isinstance(opened, tuple) else opened


def cancelled(event: UnitsCancelled, member: Member | None, purchase: Purchase | None, cluster: Cluster | None) -> Outcome:
    """An order of which sellers gave up all does not count; one of which the buyer had something back does. Source: R4.6."""
    reduced = reduce(event, purchase)
    if not isinstance(reduced, tuple) or purchase is None:
        return reduced
    if event.by == "buyer" or any(case.granted_quantity or case.granted_minor for case in purchase.cases.values()):
        return (*reduced, *_marked(event, "stands", member, cluster))
    return (*reduced, *_marked(event, "void", member, cluster)) if event.order_cancelled else reduced


def before(event: MemberOrderedBefore, member: Member | None, cluster: Cluster | None) -> Outcome:
    """Kept of each account as it was said last, so that a mistake can be taken back, and news that come late change nothing; whoever
    claims is judged by what is known then. Its buyer is known from then on, as by an order that counts. Source: R4.6.
    """
    said = cluster.elsewhere.get(event.buyer_id) if cluster is not None else None
    if said is not None and event.occurred_at <= said.told_at:
        return Reject("first_order.elsewhere_known")
    elsewhere = OrderedElsewhere(
        buyer_id=event.buyer_id,
        cluster=cluster_of(member, event.buyer_id),
        first_paid_at=event.first_paid_at,
        occurred_at=event.occurred_at,
    )
    return elsewhere, *_known(event, member)


def move(event: MemberJoined, member: Member | None, clusters: Mapping[str, Cluster]) -> Outcome:
    """The member brings all that its cluster knows: no use or order elsewhere is forgotten on the way. Only ever to a lesser one.

    Source: R4.6.
    """
    before = cluster_of(member, event.buyer_id)
    if before <= event.cluster:
        return ()
    known = MemberKnown(buyer_id=event.buyer_id, cluster=event.cluster, occurred_at=event.occurred_at)
    brought, there = clusters.get(before, Cluster()), clusters.get(event.cluster, Cluster())
    after = joined(there, brought)
    if after == there:
        return (known,)
    orders = (
        ClusterOrder(order_id=order_id, payment_id=order.payment_id, paid_at=order.paid_at, state=order.state)
        for order_id, order in brought.orders.items()
        if order_id in after.orders
    )
    uses = (ClusterUse(order_id=order_id, buyer_id=buyer_id) for order_id, buyer_id in brought.uses.items())
    elsewhere = (
        ClusterElsewhere(buyer_id=buyer_id, first_paid_at=said.first_paid_at, told_at=said.told_at)
        for buyer_id, said in brought.elsewhere.items()
    )
    enlarged = ClusterEnlarged(
        cluster=event.cluster, orders=tuple(orders), uses=tuple(uses), elsewhere=tuple(elsewhere), occurred_at=event.occurred_at
    )
    return known, enlarged, *_doubled(event, there, brought)


def cluster_of(member: Member | None, buyer_id: str) -> str:
    return member.cluster if member is not None else buyer_id


def _known(event: OrderPaid | MemberOrderedBefore, member: Member | None) -> Iterator[MemberKnown]:
    if member is None:
        yield MemberKnown(buyer_id=event.buyer_id, cluster=event.buyer_id, occurred_at=event.occurred_at)


def _marked(
    event: ParcelDelivered | UnitsCancelled, state: Literal["stands", "void"], member: Member | None, cluster: Cluster | None
) -> Iterator[OrderMarked]:
    """Once, and only of an order that still matters."""
    known = cluster.orders.get(event.order_id) if cluster is not None else None
    if known is not None and known.state == "open":
        place = cluster_of(member, event.buyer_id)
        yield OrderMarked(order_id=event.order_id, cluster=place, state=state, occurred_at=event.occurred_at)


def _doubled(event: MemberJoined, there: Cluster, brought: Cluster) -> Iterator[Message]:
    """Each use that came to an earlier one."""
    for order_id, buyer_id in sorted(brought.uses.items()):
        if there.uses and order_id not in there.uses:
            other = min(there.uses)
            yield FirstOrderDoubled(
                order_id=order_id,
                buyer_id=buyer_id,
                other_order_id=other,
                other_buyer_id=there.uses[other],
                occurred_at=event.occurred_at,
            )
