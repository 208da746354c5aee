"""Coupons come back when all that they were used for is refunded. Source: R4.13."""

from __future__ import annotations

from datetime import datetime

from services.refund.model import Purchase
from shared.contracts.owed import CouponRestored


def restored(purchase: Purchase, at: datetime) -> tuple[CouponRestored, ...]:
    """purchase: as it is after what was refunded or cancelled. Each once, with its first expiry; a new-user coupon never. Only the
    platform's own are known here. Source: R4.13."""
    return tuple(
        CouponRestored(
            order_id=purchase.order_id,
            buyer_id=purchase.buyer_id,
            coupon_id=coupon.coupon_id,
            expires_at=coupon.expires_at,
            occurred_at=at,
        )
        for coupon in purchase.coupons
        if not coupon.new_user
        and coupon.coupon_id not in purchase.restored
        and all(_refunded_in_full(purchase, line_no) for line_no in coupon.line_nos)
    )


def _refunded_in_full(purchase: Purchase, line_no: int) -> bool:
    """Every unit, or every fen; and no case is open that may still take it back. A gift for which nothing was paid goes with its line,
    which is charged for what stays of it (R4.5).
    """
    line = purchase.lines[line_no]
    if line.gift_of is not None and not line.paid_minor and line.open_case is None and _refunded_in_full(purchase, line.gift_of):
        return True
    money = line.paid_minor > 0 and line.granted_minor >= line.paid_minor
    return line.open_case is None and (line.granted_quantity >= line.quantity or money)
