"""How buyers who share a token become one identity cluster: what the order service tells itself, and what came of it. Source: R4.6.

A cluster bears the id of the buyer in it whose id is least.
"""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.contracts.member import TokenKind
from shared.contracts.topics import IDENTITY, ORDER_INTERNAL, ORDER_REKEYED
from shared.contracts.types import Id, Part
from shared.messaging.message import Message, Topic

Product = Annotated[str, StringConstraints(max_length=130), Field(description="`campaign/sku`; no id holds a slash")]


class Counted(Part):
    """Units that an identity holds of one product of one campaign."""

    product: Product
    units: int


class TokenHeld(Message):
    """The first buyer who was seen with this token.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "token.held"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "buyer_id"

    buyer_id: Id
    kind: TokenKind
    token: Id


class ClustersMet(Message):
    """Somebody of this cluster and somebody of the other one are the same person.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "clusters.met"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    other: Id


class ClusterMerged(Message):
    """The cluster is part of that one from now on, for good.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "cluster.merged"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    into: Id


class ClusterJoined(Message):
    """Members of a cluster that merged into this one, and what they had counted; a large cluster comes in several of these.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "cluster.joined"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    members: tuple[Id, ...] = ()
    counted: tuple[Counted, ...] = ()


class ClusterGrew(Message):
    """The cluster has these members too, and counts what they had counted.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "cluster.grew"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "cluster"

    cluster: Id
    members: tuple[Id, ...] = ()
    counted: tuple[Counted, ...] = ()


class MemberMoved(Message):
    """The buyer belongs to this cluster, unless to a lesser one already.

    Producer: order. Consumers: order.
    """

    type: ClassVar[str] = "member.moved"
    topic: ClassVar[Topic] = ORDER_REKEYED
    key_field: ClassVar[str] = "buyer_id"

    buyer_id: Id
    cluster: Id


class MemberAssigned(Message):
    """The buyer's later orders count in this cluster.

    Producer: order. Consumers: nobody (private to order).
    """

    type: ClassVar[str] = "member.assigned"
    topic: ClassVar[Topic] = ORDER_INTERNAL
    key_field: ClassVar[str] = "buyer_id"

    buyer_id: Id
    cluster: Id


class MemberJoined(Message):
    """This buyer is one with all others of this cluster from now on; a later one, always of a lesser cluster, replaces it.

    A buyer of whom nothing was told is a cluster of one, which bears the buyer's id. While two clusters become one their members
    are told of one after the other, in any order.
    Producer: order. Consumers: refund, trust.
    """

    type: ClassVar[str] = "member.joined"
    topic: ClassVar[Topic] = IDENTITY

    buyer_id: Id
    cluster: Id
