"""What the platform pays a seller who won on appeal after the buyer got its money. Source: R4.11."""

from __future__ import annotations

from datetime import datetime

from services.refund.model import Case, Purchase
from shared.messaging.message import Message


def reimbursed(purchase: Purchase, case: Case, at: datetime) -> tuple[Message, ...]:
    """Nothing where the case cost the seller no money: other goods were sent. Source: R4.11."""
    return ()
