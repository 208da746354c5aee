"""The money of one order: what is in escrow for each line, what is set aside for refunds, and when the rest leaves. Source: R3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from services.payment.model import statement
from services.payment.model.compensation import Compensation, CompensationFact, compensated
from services.payment.model.shares import Shares
from services.payment.model.statement import Statement
from shared.contracts.payment import (
    BreakExplained,
    BreakFound,
    ClawbackDays,
    CompensationAnswerDue,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    CompensationOverdue,
    EscrowFunded,
    LineSettled,
    RefundAnswerDue,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundOverdue,
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
    | RefundOverdue
    | CompensationFact
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
    """line_no None: money that was unwanted. refused: nothing was set aside; the id is known all the same.

    fronted: of a line that was settled before; commission_minor, fee_minor: what promoter and platform had of it, and bear if clawback
    says so. answer_by None: the provider's silence is announced already, or never is.
    """

    state: Literal["refused", "reserved", "done", "failed"]
    line_no: int | None = None
    currency: str = ""
    quantity: int = 0
    buyer_minor: int = 0
    platform_minor: int = 0
    promoter_minor: int = 0
    fronted: bool = False
    commission_minor: int = 0
    fee_minor: int = 0
    clawback: bool = False
    answer_by: datetime | None = None

    @property
    def counts(self) -> bool:
        """Toward what is granted + done. Source: R3.5."""
        return self.state in ("reserved", "done")

    @property
    def shares(self) -> Shares:
        """Of what the buyer gets, by who had it."""
        return Shares(self.buyer_minor - self.commission_minor - self.fee_minor, self.commission_minor, self.fee_minor)


@dataclass(frozen=True, slots=True)
class EscrowLine:
    """What came in for one line, by funder. confirmed_at None: not confirmed yet.

    cases: open after-sale cases, each with its beginning. ended: closed ones. freed_at: when the latest of them ended.
    perishable: fresh or virtual, its clawback window is the short one. commission_minor, kept_minor: what promoter and platform got
    when it was settled.
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
    perishable: bool = False
    commission_minor: int = 0
    kept_minor: int = 0


@dataclass(frozen=True, slots=True)
class Payment:
    """payment_id None: escrow is not funded; only unwanted money came so far. clawback None: funded before there was any."""

    id: str
    payment_id: str | None = None
    currency: str = ""
    settle_days: int = 0
    zone: str = ""
    lines: dict[int, EscrowLine] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    compensations: dict[str, Compensation] = field(default_factory=dict)
    clawback: ClawbackDays | None = None
    statement: Statement = field(default_factory=Statement)

    def refunds_of(self, line_no: int) -> list[Refund]:
        return [refund for refund in self.refunds.values() if refund.line_no == line_no]

    def settled_shares(self, line_no: int) -> Shares:
        """How what the buyer paid for a settled line, less what escrow refunded, lay on its parties. Source: R3.3, R3.6."""
        line = self.lines[line_no]
        refunded = sum(refund.buyer_minor for refund in self.refunds_of(line_no) if refund.state == "done" and not refund.fronted)
        return Shares(line.paid_minor - refunded - line.commission_minor - line.kept_minor, line.commission_minor, line.kept_minor)

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
                clawback=fact.clawback,
            )
        case UnwantedReceived():
            refund = Refund("reserved", None, fact.currency, buyer_minor=fact.amount_minor)
            return _with_refund(payment, fact.refund_id, refund)
        case RefundReserved():
            return _with_refund(payment, fact.refund_id, _reserved(fact))
        case RefundRefused():
            return _with_refund(payment, fact.refund_id, Refund("refused"))
        case RefundInstructed():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], answer_by=fact.answer_by))
        case RefundOverdue():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], answer_by=None))
        case RefundDone():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], state="done"))
        case RefundNotPaid():
            return _with_refund(payment, fact.refund_id, replace(payment.refunds[fact.refund_id], state="failed"))
        case CompensationInstructed() | CompensationDone() | CompensationNotPaid() | CompensationOverdue():
            compensation = compensated(payment.compensations.get(fact.compensation_id), fact)
            return replace(payment, compensations={**payment.compensations, fact.compensation_id: compensation})
        case SettlementPlanned() | SettlementHeld() | SettlementFreed() | LineSettled():
            return replace(payment, lines={**payment.lines, fact.line_no: _line(payment.lines[fact.line_no], fact)})
        case StatementNoted() | BreakFound() | BreakExplained():
            return payment
        case _:
            assert_never(fact)


def due(payment: Payment) -> Iterable[SettlementDue | RefundAnswerDue | CompensationAnswerDue | StatementDue]:
    """Confirmed lines that nothing holds are settled; what the provider does not answer or state is looked at.

    Source: R2.6, R3.5, R3.9.
    """
    yield from statement.due(payment.id, payment.statement)
    for line_no in payment.lines:
        at = settlement(payment, line_no)
        if at is not None and not held(payment, line_no, at):
            yield SettlementDue(order_id=payment.id, line_no=line_no, occurred_at=at)
    for refund_id, refund in payment.refunds.items():
        if refund.state == "reserved" and refund.answer_by is not None:
            yield RefundAnswerDue(order_id=payment.id, refund_id=refund_id, occurred_at=refund.answer_by)
    for compensation_id, compensation in payment.compensations.items():
        if compensation.state == "instructed" and compensation.answer_by is not None:
            yield CompensationAnswerDue(order_id=payment.id, compensation_id=compensation_id, occurred_at=compensation.answer_by)


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
            return replace(line, settled=True, commission_minor=fact.promoter_minor, kept_minor=fact.platform_minor)
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
        perishable=line.category == "fresh" or line.kind == "virtual",
    )


def _reserved(fact: RefundReserved) -> Refund:
    return Refund(
        "reserved",
        fact.line_no,
        fact.currency,
        fact.quantity,
        fact.buyer_minor,
        fact.platform_minor,
        fact.promoter_minor,
        fact.fronted,
        fact.commission_minor,
        fact.fee_minor,
        fact.clawback,
    )


def funded_by(line: Line, funder: Funder) -> int:
    return sum(discount.amount_minor for discount in line.discounts if discount.funder == funder)


def _with_refund(payment: Payment, refund_id: str, refund: Refund) -> Payment:
    return replace(payment, refunds={**payment.refunds, refund_id: refund})


PAYMENT: Kind[Payment, PaymentFact] = Kind("payment", PaymentFact, lambda fact: fact.order_id, evolve, due)
