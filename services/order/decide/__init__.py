"""What the order service decides, by use case. Pure: (event, order) to facts, Reject or Wait."""

from __future__ import annotations

from services.order.decide.campaign import held_allotments, own_cluster, products, review, shift, size
from services.order.decide.cancellation import cancel, give_up
from services.order.decide.completion import confirm, confirm_by_time, extend, free, hold, redeem, replace_goods, settle
from services.order.decide.delivery import collect, deliver, fail, ship
from services.order.decide.disputes import disputed, undisputed
from services.order.decide.identity import accounts, joined, link, met, move
from services.order.decide.interception import keep_back
from services.order.decide.placement import expire, pay, place, place_in_campaign
from services.order.decide.promises import judge, late
from services.order.decide.suspension import attribute, close, lift, note_tier, parties, seconds_sought, seek, suspend

__all__ = [
    "accounts",
    "attribute",
    "cancel",
    "close",
    "collect",
    "confirm",
    "confirm_by_time",
    "deliver",
    "disputed",
    "expire",
    "extend",
    "fail",
    "free",
    "give_up",
    "held_allotments",
    "hold",
    "joined",
    "judge",
    "keep_back",
    "late",
    "lift",
    "link",
    "met",
    "move",
    "note_tier",
    "own_cluster",
    "parties",
    "pay",
    "place",
    "place_in_campaign",
    "products",
    "redeem",
    "replace_goods",
    "review",
    "seconds_sought",
    "seek",
    "settle",
    "shift",
    "ship",
    "size",
    "suspend",
    "undisputed",
]
