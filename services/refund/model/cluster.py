"""Whose first order is which: the cluster of each buyer who has second accounts, and what each cluster has ordered and used.

A copy of what the order service finds out, told buyer by buyer (`member.joined`); nobody but the refund service decides by it.
A cluster's row only ever learns: what is known of two clusters together is `joined`, which is commutative, associative and
idempotent, so it does not matter how often, by whom and in which order the one is brought into the other. Source: R4.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from shared.contracts.first_order import (
    ClusterEnlarged,
    FirstOrderUsed,
    MemberKnown,
    OrderCounted,
    OrderedElsewhere,
    OrderMarked,
    OrderState,
)
from shared.messaging.shape import Kind

ORDERS_MAX = 64  # the earliest of a cluster: a later one is its first only if sellers gave up all of these
USES_MAX = 64  # of accounts that were linked after each had used it; that there is one is what counts
ELSEWHERE_MAX = 64  # accounts that ordered elsewhere, those of the least ids; that there is one is what counts

ClusterFact = OrderCounted | OrderMarked | FirstOrderUsed | OrderedElsewhere | ClusterEnlarged
RANK: Mapping[OrderState, int] = {"open": 0, "void": 1, "stands": 2}


@dataclass(frozen=True, slots=True)
class Member:
    """A buyer without a row is a cluster of one, which bears the buyer's id, and of whom no order counts yet."""

    cluster: str


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """A paid order of the cluster. state: as in `ClusterOrder`."""

    paid_at: datetime
    payment_id: str
    state: OrderState = "open"

    @property
    def place(self) -> tuple[datetime, str]:
        """The least of the cluster's is its first."""
        return self.paid_at, self.payment_id


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A buyer's first order in the system from which its shop moved, as said at that time. first_paid_at None: there was none."""

    first_paid_at: datetime | None
    told_at: datetime

    @property
    def rank(self) -> tuple[datetime, bool, datetime]:
        """What is dated last holds."""
        return self.told_at, self.first_paid_at is None, self.first_paid_at or self.told_at


@dataclass(frozen=True, slots=True)
class Cluster:
    """orders: by id, those that are its first one or can come to be: none is later than one that stands. Empty once there is a use.

    uses: the buyers, by order. elsewhere: by buyer; it may be taken back, so no order here is left out because of it.
    """

    orders: Mapping[str, OwnOrder] = field(default_factory=dict)
    uses: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)

    @property
    def first(self) -> str | None:
        """The order here that the guarantee is for, unless it began elsewhere; None: none, or it is used. Source: R4.6."""
        left = (order_id for order_id, order in self.orders.items() if order.state != "void")
        return min(left, key=lambda order_id: (*self.orders[order_id].place, order_id), default=None)

    @property
    def began_elsewhere(self) -> bool:
        """Whether an order elsewhere was paid before the first one here, or at the same moment. Source: R4.6."""
        before = min((one.first_paid_at for one in self.elsewhere.values() if one.first_paid_at is not None), default=None)
        return before is not None and (self.first is None or before <= self.orders[self.first].paid_at)


def joined(one: Cluster, other: Cluster) -> Cluster:
    """All that either knows and that can still matter. Source: R4.6."""
    uses, elsewhere = {**one.uses, **other.uses}, _latest(one.elsewhere, other.elsewhere)
    if uses:
        return Cluster({}, {order_id: uses[order_id] for order_id in sorted(uses)[:USES_MAX]}, elsewhere)
    orders = dict(one.orders)
    for order_id, order in other.orders.items():
        known = orders.get(order_id, order)
        orders[order_id] = max(known, order, key=lambda told: RANK[told.state])
    return Cluster(_earliest(orders), {}, elsewhere)


def evolve_member(member: Member | None, fact: MemberKnown) -> Member:
    return Member(fact.cluster)


def evolve_cluster(cluster: Cluster | None, fact: ClusterFact) -> Cluster:
    cluster = cluster or Cluster()
    match fact:
        case OrderCounted():
            return joined(cluster, Cluster({fact.order_id: OwnOrder(fact.paid_at, fact.payment_id)}))
        case OrderMarked():
            return joined(cluster, Cluster({fact.order_id: replace(cluster.orders[fact.order_id], state=fact.state)}))
        case FirstOrderUsed():
            return joined(cluster, Cluster(uses={fact.order_id: fact.buyer_id}))
        case OrderedElsewhere():
            return joined(cluster, Cluster(elsewhere={fact.buyer_id: Elsewhere(fact.first_paid_at, fact.occurred_at)}))
        case ClusterEnlarged():
            elsewhere = {one.buyer_id: Elsewhere(one.first_paid_at, one.told_at) for one in fact.elsewhere}
            orders = {one.order_id: OwnOrder(one.paid_at, one.payment_id, one.state) for one in fact.orders}
            return joined(cluster, Cluster(orders, {one.order_id: one.buyer_id for one in fact.uses}, elsewhere))
        case _:
            assert_never(fact)


def _latest(one: Mapping[str, Elsewhere], other: Mapping[str, Elsewhere]) -> dict[str, Elsewhere]:
    """By the ids alone it is told who is left out, or it would matter in which order clusters meet."""
    buyers = sorted(one.keys() | other.keys())[:ELSEWHERE_MAX]
    return {buyer: max((told[buyer] for told in (one, other) if buyer in told), key=lambda said: said.rank) for buyer in buyers}


def _earliest(orders: Mapping[str, OwnOrder]) -> dict[str, OwnOrder]:
    """Up to the first one that stands: what is later never wins. Void ones stay, as a row that merges later may know them as open."""
    order_ids = sorted(orders, key=lambda order_id: (*orders[order_id].place, order_id))
    return {order_id: orders[order_id] for order_id in _upto(order_ids[:ORDERS_MAX], orders)}


def _upto(order_ids: list[str], orders: Mapping[str, OwnOrder]) -> Iterable[str]:
    for order_id in order_ids:
        yield order_id
        if orders[order_id].state == "stands":
            return


MEMBER = Kind("known_member", MemberKnown, lambda fact: fact.buyer_id, evolve_member)
CLUSTER: Kind[Cluster, ClusterFact] = Kind("known_cluster", ClusterFact, lambda fact: fact.cluster, evolve_cluster)
