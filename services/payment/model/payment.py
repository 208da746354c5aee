"""The money of one order: what is in escrow for each line, what is set aside for refunds, and when the rest leaves. Source: R3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.payment.model import chargeback, line, refund, statement
from services.payment.model.chargeback import Chargeback, ChargebackFact
from services.payment.model.compensation import Compensation, CompensationFact, compensated
from services.payment.model.cut import owes
from services.payment.model.line import EscrowLine, escrowed
from services.payment.model.refund import Refund
from services.payment.model.reimbursement import Outstanding, outstanding
from services.payment.model.shares import Shares
from services.payment.model.statement import Statement
from shared.contracts.chargeback import (
    ChargebackAnswerDue,
    ChargebackContested,
    ChargebackDebited,
    ChargebackEnded,
    ChargebackOverdue,
    ChargebackReceived,
    RefundHeld,
)
from shared.contracts.handling import HandlingNoted
from shared.contracts.owed import ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import (
    BreakExplained,
    BreakFound,
    ClawbackDays,
    CompensationAnswerDue,
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    CompensationOverdue,
    EscrowFunded,
    LineSettled,
    RefundAnswerDue,
    RefundContradicted,
    RefundDecided,
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
from shared.days import after_spans, day_after
from shared.messaging.message import Message
from shared.messaging.shape import Kind

PaymentFact = (
    EscrowFunded
    | UnwantedReceived
    | RefundHeld
    | RefundReserved
    | RefundRefused
    | RefundInstructed
    | RefundDone
    | RefundNotPaid
    | RefundOverdue
    | RefundContradicted
    | RefundDecided
    | CompensationFact
    | ChargebackFact
    | SettlementPlanned
    | SettlementHeld
    | SettlementFreed
    | LineSettled
    | StatementNoted
    | BreakFound
    | BreakExplained
    | ReimbursementOutstanding
    | SellerReimbursed
    | HandlingNoted
)


@dataclass(frozen=True, slots=True)
class Payment:
    """payment_id None: escrow is not funded; only unwanted money came so far. clawback, buyer_id None: funded before they were told.

    prefunded: the promoters' accounts were asked for their subsidies. settle_days_of: by seller, in place of settle_days (R5.7).
    outstanding: by refund or compensation.
    """

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
    chargebacks: dict[str, Chargeback] = field(default_factory=dict)
    buyer_id: str | None = None
    prefunded: bool = False
    reimbursements: tuple[str, ...] = ()
    outstanding: dict[str, Outstanding] = field(default_factory=dict)
    handlings: tuple[str, ...] = ()
    settle_days_of: dict[str, int] = field(default_factory=dict)

    @property
    def frozen(self) -> bool:
        """A chargeback of the order's lines is open: no refund of them is submitted. Source: R3.8."""
        return any(one.state == "open" for one in self.disputes)

    @property
    def disputes(self) -> list[Chargeback]:
        """Of the payment that is in escrow; others are of one that was unwanted."""
        return [one for one in self.chargebacks.values() if one.payment_id == self.payment_id]

    def refunds_of(self, line_no: int) -> list[Refund]:
        return [refund for refund in self.refunds.values() if refund.line_no == line_no]

    def returned_of(self, line_no: int) -> list[Refund]:
        """Refunds, and what lost chargebacks took: all that the ceiling and the settlement look at. Source: R3.5, R3.8."""
        taken = [part for one in self.chargebacks.values() for part in one.debited if part.line_no == line_no]
        return [*self.refunds_of(line_no), *taken]

    def left_of(self, line_no: int) -> tuple[int, int]:
        """Minor units and units that may still go back: neither did, nor are on their way. Source: R3.5, R3.8."""
        line, gone = self.lines[line_no], [one for one in self.returned_of(line_no) if one.counts]
        return line.paid_minor - sum(one.buyer_minor for one in gone), line.quantity - sum(one.quantity for one in gone)

    def drawn_of(self, line_no: int) -> list[Refund]:
        """Of these, what is of the line's own money: all but what the guarantee fund pays. Source: R4.6."""
        return [one for one in self.returned_of(line_no) if one.funder == "seller"]

    def settled_shares(self, line_no: int) -> Shares:
        """How what the buyer paid for a settled line, less what escrow refunded, lay on its parties. Source: R3.3, R3.6."""
        line = self.lines[line_no]
        refunded = sum(refund.buyer_minor for refund in self.drawn_of(line_no) if refund.state == "done" and not refund.fronted)
        return Shares(
            line.paid_minor - refunded - line.restored_minor - line.commission_minor - line.kept_minor,
            line.commission_minor,
            line.kept_minor,
        )

    def refunded_in_full(self, line_no: int) -> bool:
        """Nothing of the line is left for anyone: no settlement. Where nothing was paid, units count. Source: R1.4, R3.4.

        What was charged back, or came from the guarantee fund, does not count: such a line is settled with what is left, be it nothing.
        """
        line = self.lines[line_no]
        done = [refund for refund in self.refunds_of(line_no) if refund.state == "done" and refund.funder == "seller"]
        if line.paid_minor:
            return sum(refund.buyer_minor for refund in done) >= line.paid_minor
        return sum(refund.units for refund in done) >= line.quantity


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
                settle_days_of={one.seller_id: one.days for one in fact.settle_days_of},
                zone=fact.zone,
                lines={bought.line_no: escrowed(bought) for bought in fact.lines},
                clawback=fact.clawback,
                buyer_id=fact.buyer_id,
                prefunded=fact.prefunded,
            )
        case UnwantedReceived():
            return _with_refund(payment, fact.refund_id, Refund("reserved", None, fact.currency, buyer_minor=fact.amount_minor))
        case RefundHeld():
            return _with_refund(payment, fact.refund_id, refund.held(fact, payment.currency))
        case RefundReserved():
            return _with_refund(payment, fact.refund_id, refund.reserved(fact))
        case RefundRefused():
            return _with_refund(payment, fact.refund_id, Refund("refused"))
        case RefundDone():
            return _done(payment, fact)
        case RefundInstructed() | RefundOverdue() | RefundNotPaid() | RefundContradicted() | RefundDecided():
            return _with_refund(payment, fact.refund_id, refund.asked(payment.refunds[fact.refund_id], fact))
        case CompensationInstructed() | CompensationDone() | CompensationNotPaid() | CompensationContradicted() | CompensationOverdue():
            compensation = compensated(payment.compensations.get(fact.compensation_id), fact)
            return replace(payment, compensations={**payment.compensations, fact.compensation_id: compensation})
        case ChargebackReceived() | ChargebackContested() | ChargebackOverdue() | ChargebackEnded() | ChargebackDebited():
            return _charged_back(payment, fact)
        case SettlementPlanned() | SettlementHeld() | SettlementFreed() | LineSettled():
            return replace(payment, lines={**payment.lines, fact.line_no: line.evolve(payment.lines[fact.line_no], fact)})
        case HandlingNoted():
            return _handled(payment, fact)
        case ReimbursementOutstanding():
            return replace(payment, outstanding={**payment.outstanding, **outstanding(fact)})
        case SellerReimbursed():
            return replace(payment, reimbursements=(*payment.reimbursements, fact.reimbursement_id))
        case StatementNoted() | BreakFound() | BreakExplained():
            return payment
        case _:
            assert_never(fact)


def folded(payment: Payment, facts: Iterable[Message]) -> Payment:
    """After these; what is told to an account is nothing of the order."""
    for fact in facts:
        if isinstance(fact, PaymentFact):
            payment = evolve(payment, fact)
    return payment


def due(payment: Payment) -> Iterable[SettlementDue | RefundAnswerDue | CompensationAnswerDue | ChargebackAnswerDue | StatementDue]:
    """Confirmed lines that nothing holds are settled; what the provider does not answer or state is looked at.

    Source: R2.6, R3.5, R3.8, R3.9.
    """
    yield from statement.due(payment.id, payment.statement)
    for line_no in payment.lines:
        at = settlement(payment, line_no)
        if at is not None and not held(payment, line_no, at):
            yield SettlementDue(order_id=payment.id, line_no=line_no, occurred_at=at)
    for refund_id, asked in payment.refunds.items():
        if asked.state == "reserved" and asked.answer_by is not None:
            yield RefundAnswerDue(order_id=payment.id, refund_id=refund_id, occurred_at=asked.answer_by)
    for compensation_id, compensation in payment.compensations.items():
        if compensation.state == "instructed" and compensation.answer_by is not None:
            yield CompensationAnswerDue(order_id=payment.id, compensation_id=compensation_id, occurred_at=compensation.answer_by)
    for chargeback_id, dispute in payment.chargebacks.items():
        if dispute.state == "open" and dispute.answer_by is not None:
            yield ChargebackAnswerDue(order_id=payment.id, chargeback_id=chargeback_id, occurred_at=dispute.answer_by)


def settlement(payment: Payment, line_no: int) -> datetime | None:
    """When the line is settled, what holds it left aside; None: not confirmed, settled already, or refunded in full. Source: R2.6."""
    line = payment.lines[line_no]
    if line.confirmed_at is None or line.settled or payment.refunded_in_full(line_no):
        return None
    return after_spans(promised(payment, line, line.confirmed_at), line.spans)


def promised(payment: Payment, line: EscrowLine, confirmed_at: datetime) -> datetime:
    """The seller's days after its confirmation, 00:00. Source: R2.6, R5.7."""
    return day_after(confirmed_at, payment.settle_days_of.get(line.seller_id, payment.settle_days), payment.zone)


def held(payment: Payment, line_no: int, at: datetime) -> bool:
    """A case or a chargeback of the line that began before that moment is open, or a refund is under way: its outcome decides what is left.
    Or cancelled units of it were not paid back. Source: R2.6.
    """
    since = [*payment.lines[line_no].cases.values()]
    since += [one.opened_at for one in payment.disputes if one.state == "open" and one.holds(line_no)]
    under_way = any(one.state == "reserved" for one in payment.refunds_of(line_no))
    return any(moment < at for moment in since) or under_way or owes(payment, line_no)


def _charged_back(payment: Payment, fact: ChargebackFact) -> Payment:
    """Its end frees what it held."""
    known = chargeback.evolve(payment.chargebacks.get(fact.chargeback_id), fact)
    payment = replace(payment, chargebacks={**payment.chargebacks, fact.chargeback_id: known})
    if not isinstance(fact, ChargebackEnded) or known.payment_id != payment.payment_id:
        return payment
    lines = {line_no: one for line_no, one in payment.lines.items() if known.holds(line_no)}
    freed = {line_no: line.freed(one, known.opened_at, fact.occurred_at) for line_no, one in lines.items()}
    return replace(payment, lines={**payment.lines, **freed})


def _handled(payment: Payment, fact: HandlingNoted) -> Payment:
    payment = replace(payment, handlings=(*payment.handlings, fact.handling_id))
    if fact.of == "refund":
        refund_of = payment.refunds.get(fact.item_id)
        return _with_refund(payment, fact.item_id, replace(refund_of, decided=True, by_hand=True)) if refund_of else payment
    owed = payment.compensations.get(fact.item_id)
    return replace(payment, compensations={**payment.compensations, fact.item_id: replace(owed, by_hand=True)}) if owed else payment


def _done(payment: Payment, fact: RefundDone) -> Payment:
    done = replace(payment.refunds[fact.refund_id], state="done", by_hand=bool(fact.by_hand))
    if fact.line_no is not None and fact.restored_minor:
        restored = line.restored(payment.lines[fact.line_no], fact.restored_minor)
        payment = replace(payment, lines={**payment.lines, fact.line_no: restored})
    return _with_refund(payment, fact.refund_id, replace(done, buyer_minor=fact.amount_minor) if fact.by_hand else done)


def _with_refund(payment: Payment, refund_id: str, refund: Refund) -> Payment:
    return replace(payment, refunds={**payment.refunds, refund_id: refund})


PAYMENT: Kind[Payment, PaymentFact] = Kind("payment", PaymentFact, lambda fact: fact.order_id, evolve, due)
