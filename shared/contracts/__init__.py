"""The contract: every message that crosses a topic, by producer. Importing it registers all types with their topics."""

from __future__ import annotations

from shared.contracts import (
    campaign,
    card,
    certificate,
    chargeback,
    dispute,
    exchange,
    first_order,
    governance,
    hold,
    identity,
    logistics,
    member,
    merchant,
    order,
    owed,
    payment,
    psp,
    refund,
    ruling,
    seller,
    storefront,
    suspension,
    trust,
)
from shared.contracts.topics import ALL
from shared.messaging import system

__all__ = [
    "ALL",
    "campaign",
    "card",
    "certificate",
    "chargeback",
    "dispute",
    "exchange",
    "first_order",
    "governance",
    "hold",
    "identity",
    "logistics",
    "member",
    "merchant",
    "order",
    "owed",
    "payment",
    "psp",
    "refund",
    "ruling",
    "seller",
    "storefront",
    "suspension",
    "system",
    "trust",
]
