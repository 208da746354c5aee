"""The money of one order: what is in escrow for each line, what is set aside for refunds, and when the rest leaves. Source: R3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from services.payment.model import statement
from services.payment.model.statement import Statement
from shared.contracts.payment import (
    BreakExplained,
    BreakFound,
    EscrowFunded,
    LineSettled,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundRefused,
    RefundReserved,
    SettlementDue,
    SettlementFreed,
    SettlementHeld,
    SettlementPlanned,
    StatementDue,
    StatementNoted,
    UnwantedReceived,
)
from shared.contracts.types import Funder, Line
from shared.days import day_after
from shared.messaging.shape import Kind

PaymentFact = (
    EscrowFunded
    | UnwantedReceived
    | RefundReserved
    | RefundRefused
    | RefundInstructed
    | RefundDone
    | RefundNotPaid
    | SettlementPlanned
    | SettlementHeld
    | SettlementFreed
    | LineSettled
    | StatementNoted
    | BreakFound
    | BreakExplained
)


@dataclass(frozen=True, slots=True)
class Refund:
    """line_no None: money that was unwanted. refused: nothing was set aside; the id is known all the same."""

    state: Literal["refused", "reserved", "done", "failed"]
    line_no: int | None = None
    currency: str = ""
    quantity: int = 0
    buyer_minor: int = 0
    platform_minor: int = 0
    promoter_minor: int = 0

    @property
    def counts(self) -> bool:
        """Toward what is granted + done. Source: R3.5."""
        return self.state in ("reserved", "done")


@dataclass(frozen=True, slots=True)
class EscrowLine:
    """What came in for one line, by funder. confirmed_at None: not confirmed yet.

    cases: open after-sale cases, each with its beginning. ended: closed ones. freed_at: when the latest of them ended.
    """

    seller_id: str
    promoter_id: str | None
    quantity: int
    paid_minor: int
    platform_minor: int
    promoter_minor: int
    commission_bp: int
    fee_bp: int
    confirmed_at: datetime | None = None
    cases: dict[str, datetime] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    freed_at: datetime | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """payment_id None: escrow is not funded; only unwanted money came so far."""

    id: str
    payment_id: str | None = None
    currency: str = ""
    settle_days: int = 0
    zone: str = ""
    lines: dict[int, EscrowLine] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    statement: Statement = field(default_factory=Statement)

    def refunds_of(self, line_no: int) -> list[Refund]:
        return [refund for refund in self.refunds.values() if refund.line_no == line_no]

    def refunded_in_full(self, line_no: int) -> bool:
        """Nothing of the line is left in escrow for anyone: no settlement. Where nothing was paid, units count. Source: R1.4, R3.4."""
        line = self.lines[line_no]
        done = [refund for refund in self.refunds_of(line_no) if refund.state == "done"]
        if line.paid_minor:
            return sum(refund.buyer_minor for refund in done) >= line.paid_minor
        return sum(refund.quantity for refund in done) >= line.quantity


def evolve(payment: Payment | None, fact: PaymentFact) -> Payment:
    payment = payment or Payment(fact.order_id)
    if isinstance(fact, statement.Told):
        payment = replace(payment, statement=statement.evolve(payment.statement, fact))
    match fact:
        case EscrowFunded():
            return replace(
                payment,
                payment_id=fact.payment_id,
                currency=fact.currency,
                settle_days=fact.settle_days,
                zone=fact.zone,
                lines={line.line_no: _escrowed(line) for line in fact.lines},
            )
        case UnwantedReceived():
            refund = Refund("reserved", None, fact.currency, buyer_minor=fact.amount_minor)
            return _with_refund(payment, fact.refund_id, refund)
        case RefundReserved():
            refund = Refund(
                "reserved", fact.line_no, fact.currency, fact.quantity, fact.buyer_minor, fact.platform_minor, fact.promoter_minor
            )
            return _with_refund(payment, fact.refund_id, refund)
        case RefundRefused():
            return _with_refund(payment, fact.refund_id, Refund("refused"))
        case RefundInstructed():
            return payment  # told to the provider; it was reserved by the fact before
        case RefundDone():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], state="done"))
        case RefundNotPaid():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], state="failed"))
        case SettlementPlanned() | SettlementHeld() | SettlementFreed() | LineSettled():
            return replace(payment, lines={**payment.lines, fact.line_no: _line(payment.lines[fact.line_no], fact)})
        case StatementNoted() | BreakFound() | BreakExplained():
            return payment
        case _:
            assert_never(fact)


def due(payment: Payment) -> Iterable[SettlementDue | StatementDue]:
    """Confirmed lines that nothing holds are settled; what the provider should have stated is looked at. Source: R2.6, R3.9."""
    yield from statement.due(payment.id, payment.statement)
    for line_no in payment.lines:
        at = settlement(payment, line_no)
        if at is not None and not held(payment, line_no, at):
            yield SettlementDue(order_id=payment.id, line_no=line_no, occurred_at=at)


def settlement(payment: Payment, line_no: int) -> datetime | None:
    """When the line is settled, what holds it left aside; None: not confirmed, settled already, or refunded in full. Source: R2.6."""
    line = payment.lines[line_no]
    if line.confirmed_at is None or line.settled or payment.refunded_in_full(line_no):
        return None
    at = day_after(line.confirmed_at, payment.settle_days, payment.zone)
    return max(at, line.freed_at or at)


def held(payment: Payment, line_no: int, at: datetime) -> bool:
    """A case that was opened before that moment is still open, or a refund is under way: its outcome decides what is left. Source: R2.6."""
    line = payment.lines[line_no]
    return any(since < at for since in line.cases.values()) or any(refund.state == "reserved" for refund in payment.refunds_of(line_no))


def _line(line: EscrowLine, fact: SettlementPlanned | SettlementHeld | SettlementFreed | LineSettled) -> EscrowLine:
    match fact:
        case SettlementPlanned():
            return replace(line, confirmed_at=fact.occurred_at)
        case SettlementHeld():
            return replace(line, cases={**line.cases, fact.case_id: fact.occurred_at})
        case SettlementFreed():
            return replace(
                line,
                cases={case_id: since for case_id, since in line.cases.items() if case_id != fact.case_id},
                ended=(*line.ended, fact.case_id),
                freed_at=max(fact.occurred_at, line.freed_at or fact.occurred_at),
            )
        case LineSettled():
            return replace(line, settled=True)
        case _:
            assert_never(fact)


def _escrowed(line: Line) -> EscrowLine:
    """A seller's own reduction brings no money in. Source: R3.2."""
    return EscrowLine(
        line.seller_id,
        line.promoter_id,
        line.quantity,
        line.paid_minor,
        funded_by(line, "platform"),
        funded_by(line, "promoter"),
        line.commission_bp if line.promoter_id is not None else 0,
        line.fee_bp,
    )


def funded_by(line: Line, funder: Funder) -> int:
    return sum(discount.amount_minor for discount in line.discounts if discount.funder == funder)


def _with_refund(payment: Payment, refund_id: str, refund: Refund) -> Payment:
    return replace(payment, refunds={**payment.refunds, refund_id: refund})


PAYMENT: Kind[Payment, PaymentFact] = Kind("payment", PaymentFact, lambda fact: fact.order_id, evolve, due)
