"""What the order service knows: each order, what campaigns may sell and to whom, who is suspended."""

from __future__ import annotations

from services.order.model.campaign import ALLOTMENT, CLUSTER, REVIEWS_MAX, Allotment, Cluster, Review, product
from services.order.model.identity import MEMBER, TOKEN, Member, Token, token_key
from services.order.model.line import OrderLine, Parcel, confirmation, held, restated
from services.order.model.order import ORDER, Order, due, evolve
from services.order.model.party import (
    PARTY,
    RECENT,
    Party,
    Recent,
    Suspension,
    hour_end,
    recent_key,
    recent_keys,
    second_of,
)

__all__ = [
    "ALLOTMENT",
    "CLUSTER",
    "MEMBER",
    "ORDER",
    "PARTY",
    "RECENT",
    "REVIEWS_MAX",
    "TOKEN",
    "Allotment",
    "Cluster",
    "Member",
    "Order",
    "OrderLine",
    "Parcel",
    "Party",
    "Recent",
    "Review",
    "Suspension",
    "Token",
    "confirmation",
    "due",
    "evolve",
    "held",
    "hour_end",
    "product",
    "recent_key",
    "recent_keys",
    "restated",
    "second_of",
    "token_key",
]
