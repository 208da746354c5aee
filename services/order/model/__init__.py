"""What the order service knows: orders, their lines and parcels."""

from __future__ import annotations

from services.order.model.line import OrderLine, Parcel, confirmation, held, restated, unsent_at
from services.order.model.order import ORDER, Order, due, evolve

__all__ = ["ORDER", "Order", "OrderLine", "Parcel", "confirmation", "due", "evolve", "held", "restated", "unsent_at"]
