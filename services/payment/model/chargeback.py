"""What a buyer's bank disputes of a payment, until it has decided, and what it took. Source: R3.8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from services.payment.model.refund import Refund, charged_back
from shared.contracts.chargeback import (
    ChargebackContested,
    ChargebackDebited,
    ChargebackEnded,
    ChargebackOverdue,
    ChargebackReceived,
)

ChargebackFact = ChargebackReceived | ChargebackContested | ChargebackOverdue | ChargebackEnded | ChargebackDebited


@dataclass(frozen=True, slots=True)
class Chargeback:
    """frozen: what of each line it lay on when it was opened. debited: what it took in the end, of lines or, line_no None, of a payment
    that was unwanted. taken_minor: what the provider took; excess_minor: of it, what nothing was left for. answer_by None: the bank's
    silence is announced already, or never is.
    """

    state: Literal["open", "won", "lost"]
    payment_id: str
    currency: str
    amount_minor: int
    opened_at: datetime
    frozen: dict[int, int]
    contested_minor: int = 0
    taken_minor: int = 0
    excess_minor: int = 0
    debited: tuple[Refund, ...] = ()
    answer_by: datetime | None = None

    def holds(self, line_no: int) -> bool:
        """Of a payment of the order's own: it lies on this line, or on whatever a refund that counts may leave over. Source: R2.6, R3.8."""
        return line_no in self.frozen or self.contested_minor > 0


def evolve(known: Chargeback | None, fact: ChargebackFact) -> Chargeback:
    if isinstance(fact, ChargebackReceived):
        frozen = {line.line_no: line.amount_minor for line in fact.lines}
        received = Chargeback("open", fact.payment_id, fact.currency, fact.amount_minor, fact.occurred_at, frozen)
        return replace(received, answer_by=fact.answer_by)
    if known is None:
        raise AssertionError(f"{fact.type} of {fact.chargeback_id}, which was not received")
    match fact:
        case ChargebackContested():
            return replace(known, contested_minor=fact.amount_minor)
        case ChargebackOverdue():
            return replace(known, answer_by=None)
        case ChargebackEnded():
            return replace(known, state=fact.outcome, taken_minor=fact.taken_minor)
        case ChargebackDebited():
            parts = [charged_back(part, fact.currency) for part in fact.parts]
            if not parts and fact.amount_minor:
                parts = [Refund("done", None, fact.currency, buyer_minor=fact.amount_minor)]
            return replace(known, excess_minor=fact.excess_minor, debited=(*known.debited, *parts))
        case _:
            assert_never(fact)
