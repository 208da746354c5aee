"""What a campaign may sell of a product, and how much of it each identity holds. Source: R2.7.

Counts only: which orders hold the units, the orders themselves know; so neither grows with the orders refused or sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from shared.contracts.campaign import (
    AllotmentReleased,
    AllotmentReviewed,
    AllotmentSized,
    AllotmentTaken,
    LimitMoved,
    LimitReleased,
    LimitTaken,
)
from shared.contracts.identity import ClusterGrew, ClusterMerged
from shared.messaging.shape import Kind

AllotmentFact = AllotmentReviewed | AllotmentSized | AllotmentTaken | AllotmentReleased
ClusterFact = LimitTaken | LimitReleased | LimitMoved | ClusterMerged | ClusterGrew


@dataclass(frozen=True, slots=True)
class Allotment:
    """approved_from None: never approved. approved_until None: still is. units None: nothing may be sold yet. limit None: no limit.

    reviewed_at, sized_at: of the latest word of each, so that an earlier one that comes later changes nothing.
    """

    approved_from: datetime | None = None
    approved_until: datetime | None = None
    reviewed_at: datetime | None = None
    units: int | None = None
    limit: int | None = None
    sized_at: datetime | None = None
    taken: int = 0

    @property
    def left(self) -> int:
        return (self.units or 0) - self.taken

    def approved(self, at: datetime) -> bool:
        """Half open, like all windows. Source: R1.2."""
        since, until = self.approved_from, self.approved_until
        return since is not None and since <= at and (until is None or at < until)


@dataclass(frozen=True, slots=True)
class Cluster:
    """into None: a root. members: besides the one whose id it bears; a cluster that merged has handed them on.

    units: by `campaign/sku`, what the identity holds; it grows with what people buy in campaigns, not with what they try to.
    """

    into: str | None = None
    members: tuple[str, ...] = ()
    units: Mapping[str, int] = field(default_factory=dict)


def evolve_allotment(allotment: Allotment | None, fact: AllotmentFact) -> Allotment:
    allotment = allotment or Allotment()
    match fact:
        case AllotmentReviewed():
            if fact.approved:
                since = allotment.approved_from if allotment.approved(fact.occurred_at) else fact.occurred_at
                return replace(allotment, approved_from=since, approved_until=None, reviewed_at=fact.occurred_at)
            until = fact.occurred_at if allotment.approved(fact.occurred_at) else allotment.approved_until
            return replace(allotment, approved_until=until, reviewed_at=fact.occurred_at)
        case AllotmentSized():
            return replace(allotment, units=fact.units, limit=fact.limit_per_identity, sized_at=fact.occurred_at)
        case AllotmentTaken():
            return replace(allotment, taken=allotment.taken + fact.units)
        case AllotmentReleased():
            return replace(allotment, taken=allotment.taken - fact.units)
        case _:
            assert_never(fact)


def evolve_cluster(cluster: Cluster | None, fact: ClusterFact) -> Cluster:
    cluster = cluster or Cluster()
    match fact:
        case LimitTaken():
            return _counting(cluster, {product(fact.campaign_id, fact.sku): fact.units})
        case LimitReleased():
            return _counting(cluster, {product(fact.campaign_id, fact.sku): -fact.units})
        case LimitMoved():
            return _counting(cluster, {product(fact.campaign_id, fact.sku): fact.units})
        case ClusterMerged():
            return replace(cluster, into=fact.into, members=())
        case ClusterGrew():
            grown = replace(cluster, members=(*cluster.members, *fact.members))
            return _counting(grown, {one.product: one.units for one in fact.counted})
        case _:
            assert_never(fact)


def product(campaign_id: str, sku: str) -> str:
    """No id holds a slash."""
    return f"{campaign_id}/{sku}"


def _counting(cluster: Cluster, added: Mapping[str, int]) -> Cluster:
    units = {**cluster.units, **{name: cluster.units.get(name, 0) + more for name, more in added.items()}}
    return replace(cluster, units={name: count for name, count in units.items() if count})


ALLOTMENT: Kind[Allotment, AllotmentFact] = Kind(
    "allotment", AllotmentFact, lambda fact: product(fact.campaign_id, fact.sku), evolve_allotment
)
CLUSTER: Kind[Cluster, ClusterFact] = Kind("cluster", ClusterFact, lambda fact: fact.cluster, evolve_cluster)
