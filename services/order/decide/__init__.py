"""What the order service decides, by use case. Pure: (event, order) to facts, Reject or Wait."""

from __future__ import annotations

from services.order.decide.completion import confirm, confirm_by_time, free, hold, settle
from services.order.decide.delivery import deliver, ship
from services.order.decide.placement import expire, pay, place

__all__ = ["confirm", "confirm_by_time", "deliver", "expire", "free", "hold", "pay", "place", "settle", "ship"]
