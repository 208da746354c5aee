"""Refunds that the provider did not pay, once a person has said what becomes of them. Source: R3.5."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from services.payment.model import Payment
from services.payment.model.cut import resting
from shared.contracts.payment import RefundDecided

BY_HAND = uuid.UUID("2f4c1c0e-6a55-5d0f-9a53-6f0b6a1f7c28")  # namespace of the refunds that stand in the place of failed ones


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


def instead(payment: Payment, refund_id: str) -> str:
    """The id of what a person settles by hand of that refund of a line. Source: R3.5."""
    return str(uuid.uuid5(BY_HAND, f"{payment.id}|{refund_id}"))
