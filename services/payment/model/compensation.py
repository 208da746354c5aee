"""What the buyer is owed beside any refund, once per id. Source: R3.5."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from shared.contracts.payment import (
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    CompensationOverdue,
)

CompensationFact = CompensationInstructed | CompensationDone | CompensationNotPaid | CompensationContradicted | CompensationOverdue


@dataclass(frozen=True, slots=True)
class Compensation:
    """answer_by None: the provider's silence is announced already. by_hand: a person settled it, after the provider had said no, or both.
    contradicted: it said since that it paid it, or that it came back.
    """

    state: Literal["instructed", "done", "failed"]
    payer: str
    currency: str
    amount_minor: int
    answer_by: datetime | None
    by_hand: bool = False
    contradicted: bool = False

    @property
    def bounced(self) -> bool:
        """The provider paid, and says since that it came back: waits for a person, and counts as paid. Source: R3.5."""
        return self.state == "done" and self.contradicted and not self.by_hand


def compensated(known: Compensation | None, fact: CompensationFact) -> Compensation:
    if isinstance(fact, CompensationInstructed):
        return Compensation("instructed", fact.payer, fact.currency, fact.amount_minor, fact.answer_by)
    if known is None:
        raise AssertionError(f"{fact.type} of {fact.compensation_id}, which was not instructed")
    match fact:
        case CompensationDone():
            return replace(known, state="done", by_hand=bool(fact.by_hand))
        case CompensationNotPaid():
            return replace(known, state="failed")
        case CompensationContradicted():
            return replace(known, contradicted=True)
        case CompensationOverdue():
            return replace(known, answer_by=None)
        case _:
            assert_never(fact)
