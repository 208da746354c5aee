"""The ledger's table: one row a posting, written from the facts that carry moves and never changed. Source: R3.1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.contracts.payment import (
    BalanceDebited,
    CompensationDone,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    EscrowFunded,
    LineSettled,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    UnwantedReceived,
)
from shared.messaging.shape import Rows, members

OfOrder = EscrowFunded | UnwantedReceived | RefundDone | CompensationDone | LineSettled
OfParty = BalanceDebited | DebtRepaid | DepositReceived | DepositFilled | PayoutInstructed | PayoutDone | PayoutReturned
Moving = OfOrder | OfParty


def postings(fact: Moving, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """The fact's id is the transaction's; of order and party exactly one is set, the one that the fact is keyed by."""
    if fact.moves is None:
        return
    order_id, party = (None, fact.party) if isinstance(fact, OfParty) else (fact.order_id, None)
    for ordinal, posting in enumerate(fact.moves.postings):
        yield fact_id, ordinal, posting.account, fact.moves.currency, posting.amount_minor, order_id, party, fact.occurred_at


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
    },
    members(Moving),
    postings,
)
