"""What the order service decides, by use case. Pure: (event, order) to facts, Reject or Wait."""

from __future__ import annotations

from services.order.decide.cancellation import cancel, give_up
from services.order.decide.completion import confirm, confirm_by_time, extend, free, hold, redeem, settle
from services.order.decide.delivery import collect, deliver, fail, ship
from services.order.decide.placement import expire, pay, place
from services.order.decide.promises import judge, late

__all__ = [
    "cancel",
    "collect",
    "confirm",
    "confirm_by_time",
    "deliver",
    "expire",
    "extend",
    "fail",
    "free",
    "give_up",
    "hold",
    "judge",
    "late",
    "pay",
    "place",
    "redeem",
    "settle",
    "ship",
]
