"""Refunds: granted, reserved, instructed, then done or not paid; out of escrow, or fronted once the line is settled. Source: R3.4-R3.6."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.payment import ledger
from services.payment.decide.debits import cover
from services.payment.decide.failed import decided, rests
from services.payment.decide.fronting import charges
from services.payment.decide.parts import part, sources
from services.payment.decide.reconciliation import reconciled
from services.payment.decide.settlement import settle_now
from services.payment.decide.subsidies import given_back
from services.payment.model import Cut, Payment, Refund
from services.payment.model.cut import cut, in_the_way, restorable
from services.payment.model.payment import evolve, folded
from shared.contracts.chargeback import RefundHeld
from shared.contracts.payment import (
    AccountCharged,
    ByHand,
    RefundAnswerDue,
    RefundContradicted,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundOverdue,
    RefundRefused,
    RefundReserved,
)
from shared.contracts.psp import RefundFailed, RefundSucceeded
from shared.contracts.refund import RefundGranted
from shared.contracts.subsidy import SubsidyReturned
from shared.contracts.types import Bearer, Moves
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy

Reserving = tuple[RefundReserved | RefundInstructed | RefundRefused | RefundHeld | RefundDone | AccountCharged | SubsidyReturned, ...]


@reconciled
def grant(event: RefundGranted, payment: Payment | None, policy: Policy) -> Outcome:
    """Granted + done stay within what was paid for the line, decided under the order's one lock. What a bank took of it the buyer
    has: the rest is reserved, if there is any. Source: R1.4, R3.5, R3.6, R3.8.

    refund.refused with: line.unknown, refund.exceeds_paid, refund.quantity_exceeds.
    A refund of 0 (a line that others paid for) needs no provider: reserved and done at once.
    """
    if payment is None or payment.payment_id is None:
        return Wait("payment.before_escrow")
    if event.refund_id in payment.refunds:
        return Reject("refund.known")
    applied_at = event.applied_at or event.occurred_at
    what = (event.refund_id, event.line_no, event.quantity, event.amount_minor)
    reserved = reserve(payment, *what, event.occurred_at, policy, applied_at, event.funder)
    if isinstance(reserved[0], RefundRefused) and rests(payment, event.again_of):
        return reserved
    return (*decided(payment, event.again_of, "granted_again", event.occurred_at), *reserved)


def reserve(
    payment: Payment,
    refund_id: str,
    line_no: int,
    quantity: int,
    amount_minor: int,
    at: datetime,
    policy: Policy,
    applied_at: datetime,
    funder: Bearer = "seller",
    *,
    cancelled: bool = False,
) -> Reserving:
    """Set aside and told to the provider; or refused with a code. Nothing to pay: done at once. payment: with funded escrow. While a
    chargeback is open what is not refused is held: it counts for nothing, and its case goes on. applied_at: when the buyer asked for it.
    cancelled: units were, no case asks (`cut`). What a refund under way has part of is held, too. Source: R1.4, R3.5, R3.8, R4.6."""
    gone = cut(payment, line_no, amount_minor, quantity, cancelled=cancelled)
    waits = cancelled and in_the_way(payment, line_no, amount_minor, quantity)
    if not isinstance(gone, Cut) and not waits:
        return (RefundRefused(order_id=payment.id, refund_id=refund_id, code=gone, occurred_at=at),)
    if payment.frozen or waits or not isinstance(gone, Cut):
        return (
            RefundHeld(
                order_id=payment.id,
                refund_id=refund_id,
                line_no=line_no,
                quantity=quantity,
                amount_minor=amount_minor,
                applied_at=applied_at,
                funder=funder,
                cancelled=cancelled,
                occurred_at=at,
            ),
        )
    parts = part(payment, line_no, gone, applied_at, policy, funder)
    reserved = set_aside(payment.id, refund_id, parts, at, applied_at if cancelled else None, amount_minor)
    if gone.minor == 0:
        return reserved, *paid(evolve(payment, reserved), refund_id, at)
    return (
        reserved,
        RefundInstructed(
            order_id=payment.id,
            refund_id=refund_id,
            payment_id=payment.payment_id or "",
            currency=payment.currency,
            amount_minor=gone.minor,
            answer_by=at + timedelta(hours=policy.payment.provider_silent_hours),
            occurred_at=at,
        ),
    )


def unheld(payment: Payment, at: datetime, policy: Policy) -> Reserving:
    """Held refunds, once no chargeback is open, in the order in which they were asked for; of cancelled units before all that cases ask
    for, as nobody asks for them again, unless a refund that is not answered is in their way. Source: R3.5, R3.8.
    """
    facts: Reserving = ()
    held = [(not one.cancelled, one.applied_at or at, name) for name, one in payment.refunds.items() if one.state == "held"]
    for _, applied_at, refund_id in sorted(held) if not payment.frozen else ():
        refund = payment.refunds[refund_id]
        line_no, units, minor = refund.line_no or 0, refund.quantity, refund.buyer_minor
        if refund.cancelled and in_the_way(payment, line_no, minor, units):
            continue
        what = (refund_id, line_no, units, minor, at, policy, applied_at, refund.funder)
        reserved = reserve(payment, *what, cancelled=refund.cancelled)
        payment, facts = folded(payment, reserved), (*facts, *reserved)
    return facts


@reconciled
def refunded(event: RefundSucceeded, payment: Payment | None, policy: Policy) -> Outcome:
    """The reserved money leaves; a settlement that waited for this happens now. Said of what waits for a person, as it was not paid, it
    moves nothing, and who settles that is told of it, once. Source: R3.5, R2.6.
    """
    refund = _asked(payment, event.refund_id)
    if payment is None or refund is None:
        return Reject("refund.unknown")
    if refund.waits and not refund.contradicted:
        at = event.occurred_at
        return (RefundContradicted(order_id=payment.id, refund_id=event.refund_id, line_no=refund.line_no, occurred_at=at),)
    if refund.state != "reserved":
        return Reject("refund.ended" if refund.state == "done" and not refund.by_hand else "refund.contradicted")
    done = paid(payment, event.refund_id, event.occurred_at)
    return (*done, *_released(evolve(payment, done[0]), refund, event.occurred_at, policy))


@reconciled
def not_paid(event: RefundFailed, payment: Payment | None, policy: Policy) -> Outcome:
    """The reservation is lifted; the money is where it was, or covers what a bank took beyond what was left. Said of what was paid, it
    moves nothing, and who settles that is told of it, once. Source: R3.5, R3.8.
    """
    refund = _asked(payment, event.refund_id)
    if payment is None or refund is None:
        return Reject("refund.unknown")
    what: dict[str, Any] = {"order_id": payment.id, "refund_id": event.refund_id, "line_no": refund.line_no, "reason": event.reason}
    if refund.state == "done" and refund.buyer_minor and not refund.by_hand and not refund.contradicted:
        return (RefundContradicted(**what, bounced=True, occurred_at=event.occurred_at),)
    if refund.state != "reserved":
        return Reject("refund.ended" if refund.state == "failed" or refund.by_hand else "refund.contradicted")
    failed = RefundNotPaid(**what, occurred_at=event.occurred_at)
    after = evolve(payment, failed)
    covered = cover(after, event.occurred_at, policy)
    return (failed, *covered, *_released(folded(after, covered), refund, event.occurred_at, policy))


def unanswered(event: RefundAnswerDue, payment: Payment | None) -> Outcome:
    """Announced once; the money stays set aside, and a late answer counts. Source: R3.5."""
    if payment is None:
        raise ValueError(f"a deadline of order {event.order_id}, which has no payment")
    line_no = payment.refunds[event.refund_id].line_no
    return (RefundOverdue(order_id=payment.id, refund_id=event.refund_id, line_no=line_no, occurred_at=event.occurred_at),)


def _asked(payment: Payment | None, refund_id: str) -> Refund | None:
    """The refund that was instructed: refused and held ones were not."""
    refund = payment.refunds.get(refund_id) if payment is not None else None
    return refund if refund is not None and refund.state not in ("refused", "held") else None


def set_aside(
    order_id: str,
    refund_id: str,
    refund: Refund,
    at: datetime,
    cancelled_at: datetime | None,
    asked_minor: int,
    again_of: str | None = None,
) -> RefundReserved:
    """refund: how it lies on who bears it; of what was asked for, what is left. Source: R1.4, R3.8."""
    if refund.line_no is None:
        raise ValueError("a refund of a line without a line")
    return RefundReserved(
        order_id=order_id,
        refund_id=refund_id,
        line_no=refund.line_no,
        quantity=refund.quantity,
        currency=refund.currency,
        buyer_minor=refund.buyer_minor,
        platform_minor=refund.platform_minor,
        promoter_minor=refund.promoter_minor,
        fronted=refund.fronted,
        commission_minor=refund.commission_minor,
        fee_minor=refund.fee_minor,
        clawback=refund.clawback,
        funder=refund.funder,
        cancelled_at=cancelled_at,
        again_of=again_of,
        fund_minor=refund.fund_minor,
        fund_quantity=refund.fund_quantity,
        asked_minor=asked_minor if asked_minor > refund.buyer_minor else None,
        occurred_at=at,
    )


def paid(
    payment: Payment, refund_id: str, at: datetime, by_hand: ByHand = ""
) -> tuple[RefundDone, *tuple[AccountCharged | SubsidyReturned, ...]]:
    """With what the parties are asked for, if the platform paid it for them, and what a promoter gets back. The guarantee fund has back
    what it had paid of units that went back, once it and they are paid. by_hand: by a person. Source: R3.2, R3.6, R4.6.
    """
    refund = payment.refunds[refund_id]
    done = RefundDone(
        order_id=payment.id,
        refund_id=refund_id,
        line_no=refund.line_no,
        amount_minor=refund.buyer_minor,
        moves=None,
        by_hand=by_hand,
        bank_minor=refund.bank_minor,
        occurred_at=at,
    )
    restored = restorable(evolve(payment, done), refund.line_no) if refund.line_no is not None else 0
    moves = _moves(payment, refund, ledger.by_hand(by_hand), restored)
    told: list[AccountCharged | SubsidyReturned] = [*charges(payment, refund_id, refund, at), *given_back(payment, refund_id, refund, at)]
    return (done.model_copy(update={"moves": moves, "restored_minor": restored}), *told)


def _moves(payment: Payment, refund: Refund, to: str, restored: int) -> Moves | None:
    """The buyer's part to the provider, or to who pays in its place, each subsidy's part to its funder. Source: R3.4."""
    fund = [(ledger.escrow(payment.id), -restored), (ledger.GUARANTEE_FUND, restored)]
    return ledger.moves(refund.currency, [*sources(payment, refund), (to, refund.buyer_minor), *fund])


def _released(after: Payment, refund: Refund, at: datetime, policy: Policy) -> tuple[Message, ...]:
    """What waited for the answer: refunds of cancelled units, and the settlement. Source: R2.6, R3.5."""
    if refund.line_no is None:
        return ()
    facts = unheld(after, at, policy)
    return (*facts, *settle_now(folded(after, facts), refund.line_no, at))
