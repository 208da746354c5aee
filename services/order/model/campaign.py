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
REVIEWS_MAX = 100  # of a product that are remembered: an order placed before them finds it not approved
ClusterFact = LimitTaken | LimitReleased | LimitMoved | ClusterMerged | ClusterGrew


@dataclass(frozen=True, slots=True)
class Review:
    """Approved from then on, or not."""

    at: datetime
    approved: bool


@dataclass(frozen=True, slots=True)
class Allotment:
    """reviews: in the order of their times. units None: nothing may be sold yet. limit None: no limit.

    sized_at: of the latest word of it, so that an earlier one that comes later changes nothing.
    """

    reviews: tuple[Review, ...] = ()
    units: int | None = None
    limit: int | None = None
    sized_at: datetime | None = None
    taken: int = 0

    @property
    def left(self) -> int:
        return (self.units or 0) - self.taken

    def approved(self, at: datetime) -> bool:
        """By the last review until then, whatever was said of later. Half open, like all windows. Source: R1.2, R2.7."""
        return next((review.approved for review in reversed(self.reviews) if review.at <= at), False)


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
            reviews = sorted((*allotment.reviews, Review(fact.occurred_at, fact.approved)), key=lambda review: review.at)
            return replace(allotment, reviews=tuple(reviews)[-REVIEWS_MAX:])
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
