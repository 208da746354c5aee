"""Rows beside the entities: postings, from the facts that carry moves; breaks found or explained; what waits for a person.

Source: R3.1, R3.5, R3.8, R3.9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from shared.contracts.chargeback import ChargebackDebited, ChargebackEnded, ChargebackOverdue, ChargebackReceived
from shared.contracts.handling import HandlingNoted, PayoutSettled
from shared.contracts.owed import SellerReimbursed
from shared.contracts.payment import (
    BalanceDebited,
    BreakExplained,
    BreakFound,
    CompensationContradicted,
    CompensationDone,
    CompensationNotPaid,
    CompensationOverdue,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    EscrowFunded,
    LineSettled,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutOverdue,
    PayoutReturned,
    RefundContradicted,
    RefundDecided,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundOverdue,
    UnwantedReceived,
)
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound, PutInBreakExplained, PutInBreakFound
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, SubsidyDrawn, SubsidyRestored
from shared.messaging.shape import Rows, members

OfOrder = (
    EscrowFunded | UnwantedReceived | RefundDone | CompensationDone | HandlingNoted | ChargebackDebited | LineSettled | SellerReimbursed
)
OfParty = (
    BalanceDebited
    | DebtRepaid
    | DepositReceived
    | DepositFilled
    | PrefundReceived
    | PrefundReleased
    | SubsidyDrawn
    | SubsidyRestored
    | PayoutInstructed
    | PayoutDone
    | PayoutReturned
    | PayoutSettled
)
Moving = OfOrder | OfParty
OfRefund = RefundInstructed | RefundOverdue | RefundNotPaid | RefundContradicted | RefundDecided | RefundDone
OfCompensation = CompensationOverdue | CompensationNotPaid | CompensationContradicted | CompensationDone
OfChargeback = ChargebackReceived | ChargebackOverdue | ChargebackEnded | ChargebackDebited
OfPayout = PayoutInstructed | PayoutOverdue | PayoutDone | PayoutReturned | PayoutContradicted | PayoutSettled
Attended = OfRefund | OfCompensation | OfChargeback | OfPayout | HandlingNoted
BrokenOfParty = PayoutBreakFound | PayoutBreakExplained | PutInBreakFound | PutInBreakExplained
Broken = BreakFound | BreakExplained | BrokenOfParty


def postings(fact: Moving, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """The fact's id is the transaction's; of order and party exactly one is set, the one that the fact is keyed by."""
    if fact.moves is None:
        return
    order_id, party = (None, fact.party) if isinstance(fact, OfParty) else (fact.order_id, None)
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
    members(Moving),
    postings,
)


def breaks(fact: Broken, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """A break stands while its explanation has no row. Of order and party exactly one is set."""
    order_id, party = (None, fact.party) if isinstance(fact, BrokenOfParty) else (fact.order_id, None)
    if isinstance(fact, BreakExplained | PayoutBreakExplained | PutInBreakExplained):
        yield fact.break_id, "explained", order_id, fact.occurred_at, *[None] * 9, party
        return
    movement, reference = ("payout", fact.payout_id) if isinstance(fact, PayoutBreakFound) else (fact.movement, fact.reference)
    sides = (fact.ours_minor, fact.ours_currency, fact.theirs_minor, fact.theirs_currency)
    what = (fact.day, fact.break_kind, movement, reference, fact.line_id)
    yield fact.break_id, "found", order_id, fact.occurred_at, *what, *sides, party


BREAKS = Rows(
    "statement_break",
    {
        "break_id": "text",
        "step": "text",
        "order_id": "text",
        "at": "timestamptz",
        "day": "text",
        "break_kind": "text",
        "movement": "text",
        "reference": "text",
        "line_id": "text",
        "ours_minor": "bigint",
        "ours_currency": "text",
        "theirs_minor": "bigint",
        "theirs_currency": "text",
        "party": "text",
    },
    members(Broken),
    breaks,
)


def attended(fact: Attended, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """Why it waits for a person, None: it does not. Instructed before silence was announced, it does from then on. Source: R3.5, R3.8."""
    why: str | None
    match fact:
        case RefundInstructed() | ChargebackReceived() | PayoutInstructed() if fact.answer_by is not None:
            return
        case RefundInstructed() | RefundOverdue() | CompensationOverdue() | PayoutInstructed() | PayoutOverdue():
            why = "no answer"
        case RefundNotPaid() | CompensationNotPaid():
            why = "not paid"
        case RefundContradicted() | CompensationContradicted() | PayoutContradicted():
            why = "contradicted"
        case ChargebackReceived() | ChargebackOverdue():
            why = "no end"
        case ChargebackDebited() if fact.excess_minor:
            why = "excess"
        case _:
            why = None
    yield *_item(fact), why, fact.occurred_at


def _item(fact: Attended) -> tuple[str, str, str]:
    match fact:
        case RefundInstructed() | RefundOverdue() | RefundNotPaid() | RefundContradicted() | RefundDecided() | RefundDone():
            return fact.order_id, "refund", fact.refund_id
        case CompensationOverdue() | CompensationNotPaid() | CompensationContradicted() | CompensationDone():
            return fact.order_id, "compensation", fact.compensation_id
        case ChargebackReceived() | ChargebackOverdue() | ChargebackEnded() | ChargebackDebited():
            return fact.order_id, "chargeback", fact.chargeback_id
        case PayoutInstructed() | PayoutOverdue() | PayoutDone() | PayoutReturned() | PayoutContradicted() | PayoutSettled():
            return fact.party, "payout", fact.payout_id
        case HandlingNoted():
            return fact.order_id, fact.of, fact.item_id
        case _:
            assert_never(fact)


ATTENTION = Rows(
    "attention",
    {"key": "text", "kind": "text", "id": "text", "why": "text", "since": "timestamptz"},
    members(Attended),
    attended,
    key=("key", "kind", "id"),
)
