"""What the order service decides, by use case. Pure: (event, order) to facts, Reject or Wait."""

from __future__ import annotations

from services.order.decide.campaign import held_allotments, own_cluster, products, review, shift, size
from services.order.decide.completion import confirm, confirm_by_time, free, hold, settle
from services.order.decide.delivery import deliver, ship
from services.order.decide.identity import joined, link, met, move
from services.order.decide.placement import expire, pay, place, place_in_campaign
from services.order.decide.suspension import attribute, close, minutes_sought, parties, seek, suspend

__all__ = [
    "attribute",
    "close",
    "confirm",
    "confirm_by_time",
    "deliver",
    "expire",
    "free",
    "held_allotments",
    "hold",
    "joined",
    "link",
    "met",
    "minutes_sought",
    "move",
    "own_cluster",
    "parties",
    "pay",
    "place",
    "place_in_campaign",
    "products",
    "review",
    "seek",
    "settle",
    "shift",
    "ship",
    "size",
    "suspend",
]
