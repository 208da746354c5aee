"""From shared tokens to clusters, step by step, each at one id (shared/identity.py says why this ends, and in what).

Guaranteed while a merge is under way: an order is judged by what the cluster that its buyer is known to be in has counted, so
two clusters about to become one may each go up to the limit, never beyond. Units counted at a cluster that has merged
are counted again where it leads to, and units given back go the same way after them; so once the steps are done every later
order of any member is judged by all that the identity holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.order.model import Cluster, Member, Token
from shared.contracts.identity import (
    ClusterGrew,
    ClusterJoined,
    ClusterMerged,
    ClustersMet,
    Counted,
    MemberAssigned,
    MemberJoined,
    MemberMoved,
    TokenHeld,
)
from shared.contracts.member import IdentityLinked
from shared.identity import Merge, meet
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject

PART_MAX = 500  # members, and products counted, in one message


def link(event: IdentityLinked, token: Token | None, members: Mapping[str, Member]) -> Outcome:
    """The first buyer with a token holds it; whoever comes with it later is one with the holder. What is known leads to nothing, so that
    a copy of a link whose id is forgotten does not either. Source: R4.6.
    """
    if token is None:
        return (TokenHeld(buyer_id=event.buyer_id, kind=event.kind, token=event.token, occurred_at=event.occurred_at),)
    cluster, theirs = (members[one].cluster if one in members else one for one in (event.buyer_id, token.holder))
    if cluster == theirs:
        return Reject("identity.known")
    return (ClustersMet(cluster=cluster, other=token.holder, occurred_at=event.occurred_at),)


def accounts(event: IdentityLinked, token: Token | None) -> set[str]:
    """Of whom it says that they are one."""
    return {event.buyer_id, token.holder if token else event.buyer_id}


def met(event: ClustersMet, cluster: Cluster | None) -> Outcome:
    """A merging cluster hands on its members and its count; its own count stays for orders that still come to it."""
    found = meet(event.cluster, cluster.into if cluster else None, event.other)
    if found is None:
        return ()
    if not isinstance(found, Merge):
        return (ClustersMet(cluster=found.at, other=found.other, occurred_at=event.occurred_at),)
    members = (event.cluster, *(cluster.members if cluster else ()))
    counted = tuple(Counted(product=name, units=units) for name, units in cluster.units.items()) if cluster else ()
    return (
        ClusterMerged(cluster=event.cluster, into=found.into, occurred_at=event.occurred_at),
        *_parts(event, found.into, members, counted),
        *_moves(event, found.into, members),
    )


def joined(event: ClusterJoined, cluster: Cluster | None) -> Outcome:
    """Kept here, or handed on if this cluster has merged too; a member learns of each cluster on the way, and the least one stays."""
    if cluster is not None and cluster.into is not None:
        return event.model_copy(update={"cluster": cluster.into}), *_moves(event, cluster.into, event.members)
    return (ClusterGrew(cluster=event.cluster, members=event.members, counted=event.counted, occurred_at=event.occurred_at),)


def move(event: MemberMoved, member: Member | None) -> Outcome:
    """Only ever to a lesser cluster. The other services are told in which cluster the buyer is, and nothing of why."""
    if member is not None and member.cluster <= event.cluster:
        return ()
    return (
        MemberAssigned(buyer_id=event.buyer_id, cluster=event.cluster, occurred_at=event.occurred_at),
        MemberJoined(buyer_id=event.buyer_id, cluster=event.cluster, occurred_at=event.occurred_at),
    )


def _parts(event: ClustersMet, into: str, members: tuple[str, ...], counted: tuple[Counted, ...]) -> Iterator[Message]:
    for start in range(0, max(len(members), len(counted)), PART_MAX):
        part = slice(start, start + PART_MAX)
        yield ClusterJoined(cluster=into, members=members[part], counted=counted[part], occurred_at=event.occurred_at)


def _moves(event: ClustersMet | ClusterJoined, cluster: str, members: tuple[str, ...]) -> Iterator[Message]:
    for buyer_id in members:
        yield MemberMoved(buyer_id=buyer_id, cluster=cluster, occurred_at=event.occurred_at)
