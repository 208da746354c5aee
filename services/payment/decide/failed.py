"""Refunds that the provider did not pay, once a person has said what becomes of them. Source: R3.5."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.payment.model import Payment
from shared.contracts.payment import RefundDecided


def decided(payment: Payment, refund_id: str | None, how: Literal["granted_again", "given_up"], at: datetime) -> tuple[RefundDecided, ...]:
    """It waits for nobody any more. Nothing where it does not wait, or where no such refund is named. Source: R3.5."""
    failed = payment.refunds.get(refund_id or "")
    if refund_id is None or failed is None or not failed.waits:
        return ()
    return (RefundDecided(order_id=payment.id, refund_id=refund_id, how=how, occurred_at=at),)
