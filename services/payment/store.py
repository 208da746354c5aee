"""The ledger's table: one row a posting, written from the facts that carry moves and never changed. Source: R3.1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.contracts.payment import (
    EscrowFunded,
    LineSettled,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    UnwantedReceived,
)
from shared.messaging.shape import Rows

Moving = EscrowFunded | UnwantedReceived | RefundDone | LineSettled | PayoutInstructed | PayoutDone | PayoutReturned


def postings(fact: Moving, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """The fact's id is the transaction's; of order and party exactly one is set, the one that the fact is keyed by."""
    if fact.moves is None:
        return
    order_id = None if isinstance(fact, PayoutInstructed | PayoutDone | PayoutReturned) else fact.order_id
    party = fact.party if isinstance(fact, PayoutInstructed | PayoutDone | PayoutReturned) else None
    for ordinal, posting in enumerate(fact.moves.postings):
        yield fact_id, ordinal, posting.account, fact.moves.currency, posting.amount_minor, order_id, party, fact.occurred_at, fact.type


POSTINGS = Rows(
    "posting",
    {
        "tx": "uuid",
        "ordinal": "int",
        "account": "text",
        "currency": "text",
        "amount_minor": "bigint",
        "order_id": "text",
        "party": "text",
        "at": "timestamptz",
        "kind": "text",
    },
    (EscrowFunded, UnwantedReceived, RefundDone, LineSettled, PayoutInstructed, PayoutDone, PayoutReturned),
    postings,
)
