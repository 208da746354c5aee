"""The rest of a line's escrow goes to its parties, when it is due and nothing holds it. Source: R2.6, R3.3."""

from __future__ import annotations

from datetime import datetime

from services.payment import ledger
from services.payment.decide.failed import decided, rests
from services.payment.model import EscrowLine, Payment
from services.payment.model.payment import evolve, held, promised, settlement
from shared.contracts.dispute import CaseReopened
from shared.contracts.order import OrderCompleted
from shared.contracts.payment import (
    AccountCredited,
    LineSettled,
    SettlementDue,
    SettlementFreed,
    SettlementHeld,
    SettlementPlanned,
)
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import basis_points

Settled = tuple[LineSettled | AccountCredited, ...]


def plan(event: OrderCompleted, payment: Payment | None) -> Outcome:
    """Confirmed lines are settled on the promised day after, 00:00. Source: R2.6."""
    if payment is None or payment.payment_id is None:
        return Wait("settlement.before_escrow")
    if any(line.line_no not in payment.lines for line in event.lines):
        return Reject("line.unknown")
    if any(payment.lines[line.line_no].confirmed_at is not None for line in event.lines):
        return Reject("settlement.known")
    at = event.occurred_at
    return tuple(
        SettlementPlanned(
            order_id=payment.id, line_no=line.line_no, settle_at=promised(payment, payment.lines[line.line_no], at), occurred_at=at
        )
        for line in event.lines
    )


def settle(event: SettlementDue, payment: Payment | None) -> Outcome:
    """The timer stands only where nothing holds the line. Source: R2.6."""
    if payment is None:
        raise ValueError(f"a deadline of order {event.order_id}, which has no payment")
    return _settled(payment, event.line_no, event.occurred_at)


def hold(event: CaseOpened | CaseReopened, payment: Payment | None) -> Outcome:
    """An open case keeps the line's money where it is; one that goes on after an appeal does so again. Source: R2.6, R4.11."""
    found = _of_case(event, payment)
    if not isinstance(found, tuple):
        return found
    payment, line = found
    if event.case_id in line.cases or (event.case_id in line.ended and isinstance(event, CaseOpened)):
        return Reject("case.known")
    return (SettlementHeld(order_id=payment.id, line_no=event.line_no, case_id=event.case_id, occurred_at=event.occurred_at),)


def free(event: CaseClosed, payment: Payment | None) -> Outcome:
    """The case is over, and with it a refund that it gave up, unless something rests on that; a settlement that fell due meanwhile
    happens now, if it was the last one.

    Source: R2.6, R3.5, R4.6.
    """
    found = _of_case(event, payment)
    if not isinstance(found, tuple):
        return found
    payment, line = found
    if event.case_id not in line.cases:
        return Reject("case.closed") if event.case_id in line.ended else Wait("case.before_opened")
    freed = SettlementFreed(order_id=payment.id, line_no=event.line_no, case_id=event.case_id, occurred_at=event.occurred_at)
    given_up = () if rests(payment, event.given_up) else decided(payment, event.given_up, "given_up", event.occurred_at)
    return (*given_up, freed, *settle_freed(payment, evolve(payment, freed), event.line_no, event.occurred_at))


def settle_freed(before: Payment, after: Payment, line_no: int, at: datetime) -> Settled:
    """What was held before and is not any more; what nothing held before is settled by its deadline. Source: R2.6, R1.2."""
    due = settlement(before, line_no)
    return settle_now(after, line_no, at) if due is not None and held(before, line_no, due) else ()


def settle_now(payment: Payment, line_no: int, at: datetime) -> Settled:
    """The settlement, if it was due at `at` or before and nothing holds it; else nothing. Source: R2.6."""
    when = settlement(payment, line_no)
    if when is None or when > at or held(payment, line_no, when):
        return ()
    return _settled(payment, line_no, at)


def _settled(payment: Payment, line_no: int, at: datetime) -> Settled:
    """Commission and fee once, floored, of what was paid and neither refunded, charged back, nor the guarantee fund's again; the seller
    gets the rest of the escrow. Source: R3.3, R3.4, R3.8, R4.6.
    """
    line = payment.lines[line_no]
    done = [refund for refund in payment.drawn_of(line_no) if refund.state == "done"]
    paid = line.paid_minor - line.restored_minor - sum(refund.buyer_minor for refund in done)
    subsidies = line.platform_minor + line.promoter_minor - sum(refund.platform_minor + refund.promoter_minor for refund in done)
    commission, fee = basis_points(paid, line.commission_bp), basis_points(paid, line.fee_bp)
    seller = paid + subsidies - commission - fee
    entries = [(ledger.escrow(payment.id), -(paid + subsidies)), (ledger.balance(line.seller_id), seller), (ledger.COMMISSION, fee)]
    if line.promoter_id is not None:
        entries.append((ledger.balance(line.promoter_id), commission))
    settled = LineSettled(
        order_id=payment.id,
        line_no=line_no,
        seller_id=line.seller_id,
        promoter_id=line.promoter_id,
        seller_minor=seller,
        promoter_minor=commission,
        platform_minor=fee,
        moves=ledger.moves(payment.currency, entries),
        occurred_at=at,
    )
    return (settled, *_credits(payment, line, settled))


def _credits(payment: Payment, line: EscrowLine, settled: LineSettled) -> list[AccountCredited]:
    """One message a party; who sells what they promote gets both parts in one."""
    parts = {line.seller_id: settled.seller_minor}
    if line.promoter_id is not None:
        parts[line.promoter_id] = parts.get(line.promoter_id, 0) + settled.promoter_minor
    return [
        AccountCredited(
            party=party,
            currency=payment.currency,
            amount_minor=amount,
            order_id=payment.id,
            line_no=settled.line_no,
            zone=payment.zone,
            occurred_at=settled.occurred_at,
        )
        for party, amount in parts.items()
        if amount
    ]


def _of_case(event: CaseOpened | CaseReopened | CaseClosed, payment: Payment | None) -> tuple[Payment, EscrowLine] | Reject | Wait:
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    line = payment.lines.get(event.line_no)
    return (payment, line) if line is not None else Reject("line.unknown")
