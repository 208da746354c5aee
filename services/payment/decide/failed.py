"""Refunds that the provider did not pay, once a person has said what becomes of them. Source: R3.5."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.payment.model import Payment
from services.payment.model.cut import resting
from shared.contracts.payment import RefundDecided


def decided(payment: Payment, refund_id: str | None, how: Literal["granted_again", "given_up"], at: datetime) -> tuple[RefundDecided, ...]:
    """It waits for nobody any more. Nothing where it does not wait, or where no such refund is named. Source: R3.5."""
    failed = payment.refunds.get(refund_id or "")
    if refund_id is None or failed is None or not failed.waits:
        return ()
    return (RefundDecided(order_id=payment.id, refund_id=refund_id, how=how, occurred_at=at),)


def rests(payment: Payment, refund_id: str | None) -> bool:
    """The guarantee fund was to pay it, and of units that were cancelled the buyer was to have this part from there: if no case grants
    it again, it waits until a person has settled it by hand. Source: R3.5, R4.6.
    """
    failed = payment.refunds.get(refund_id or "")
    if failed is None or failed.line_no is None or failed.funder != "platform":
        return False
    return resting(payment, failed.line_no)[0] > 0
