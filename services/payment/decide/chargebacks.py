"""Chargebacks: the order's money is frozen at the opening; it moves, or is free again, at the end. Source: R3.8."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from services.payment.decide.debits import UNWANTED, Debited, debit, room, taken, unwanted_refund
from services.payment.decide.reconciliation import reconciled
from services.payment.decide.refunds import unheld
from services.payment.decide.settlement import settle_freed
from services.payment.model import Chargeback, Payment
from services.payment.model.payment import folded
from shared.contracts.chargeback import (
    ChargebackAnswerDue,
    ChargebackContested,
    ChargebackDebited,
    ChargebackEnded,
    ChargebackLine,
    ChargebackOverdue,
    ChargebackReceived,
)
from shared.contracts.psp import ChargebackClosed, ChargebackOpened
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait
from shared.money import largest_remainder
from shared.policy import Policy

CHARGEBACKS_MAX = 50  # of one order; more is no dispute


@reconciled
def dispute(event: ChargebackOpened, payment: Payment | None, policy: Policy) -> Outcome:
    """Frozen at once. What refunds have left less than is disputed for is contested: those that were submitted count. Source: R3.8.

    An unknown payment waits: nobody can tell it from one whose news has not come yet.
    """
    paid = _paid(payment, event.payment_id)
    if payment is None or paid is None:
        return Wait("chargeback.before_payment")
    refused = _refused(event, payment, *paid)
    if refused is not None:
        return refused
    left = _unclaimed(payment, event.payment_id)
    shares = largest_remainder(event.amount_minor, left, left)
    received = ChargebackReceived(
        order_id=payment.id,
        chargeback_id=event.chargeback_id,
        payment_id=event.payment_id,
        currency=event.currency,
        amount_minor=event.amount_minor,
        reason=event.reason,
        lines=_lines(payment, shares),
        answer_by=event.occurred_at + timedelta(days=policy.payment.chargeback_silent_days),
        of_order=event.payment_id == payment.payment_id,
        occurred_at=event.occurred_at,
    )
    excess = event.amount_minor - sum(shares.values())
    if not excess:
        return (received,)
    contested = ChargebackContested(
        order_id=payment.id,
        chargeback_id=event.chargeback_id,
        payment_id=event.payment_id,
        currency=event.currency,
        amount_minor=excess,
        paid_minor=paid[0],
        returned_minor=paid[0] - sum(left.values()),
        occurred_at=event.occurred_at,
    )
    return received, contested


@reconciled
def conclude(event: ChargebackClosed, payment: Payment | None, policy: Policy) -> Outcome:
    """Lost: debited. Either way refunds that were held are decided, and settlements that fell due happen, if it was the last one.

    Source: R3.8, R2.6.
    """
    one = payment.chargebacks.get(event.chargeback_id) if payment is not None else None
    if payment is None or one is None:
        return Wait("chargeback.before_opened")
    taken_minor = (event.amount_minor or one.amount_minor) if event.outcome == "lost" else 0
    if one.state != "open":
        return Reject("chargeback.ended" if (event.outcome, taken_minor) == (one.state, one.taken_minor) else "chargeback.contradicted")
    if event.amount_minor is not None and not event.amount_minor <= taken_minor <= one.amount_minor:
        return Reject("chargeback.amount_differs", f"{event.amount_minor} of {one.amount_minor}, {event.outcome}")
    at = event.occurred_at
    debits = debit(payment, event.chargeback_id, taken_minor, at, policy) if taken_minor else ()
    shares = {part.line_no: part.amount_minor for fact in debits if isinstance(fact, ChargebackDebited) for part in fact.parts}
    ended = ChargebackEnded(
        order_id=payment.id,
        chargeback_id=event.chargeback_id,
        payment_id=one.payment_id,
        buyer_id=payment.buyer_id,
        outcome=event.outcome,
        currency=one.currency,
        disputed_minor=one.amount_minor,
        taken_minor=taken_minor,
        lines=_lines(payment, shares if taken_minor else one.frozen),
        nothing_left=_emptied(payment, one, shares, debits),
        of_order=one.payment_id == payment.payment_id,
        occurred_at=at,
    )
    facts: tuple[Message, ...] = (ended, *debits)
    return (*facts, *_freed(payment, folded(payment, facts), event, policy))


def _emptied(payment: Payment, one: Chargeback, shares: Mapping[int, int], debits: Debited) -> tuple[int, ...] | None:
    """Lines of which it took the last; what cost nothing has nothing left once all the rest has. shares: what it took, by line."""
    if not debits or one.payment_id != payment.payment_id:
        return None
    left = room(folded(payment, debits), one.payment_id)
    whole = not any(left.values())
    return tuple(no for no in sorted(left) if not left[no] and (no in shares or (whole and not payment.lines[no].paid_minor)))


def undecided(event: ChargebackAnswerDue, payment: Payment | None) -> Outcome:
    """Announced once; what is frozen stays so, or somebody could be paid twice, and a late end counts. Source: R3.8."""
    return (ChargebackOverdue(order_id=event.order_id, chargeback_id=event.chargeback_id, occurred_at=event.occurred_at),)


def _freed(before: Payment, payment: Payment, event: ChargebackClosed, policy: Policy) -> list[Message]:
    """Held refunds, then what nothing holds any more. Source: R2.6, R1.1."""
    facts: list[Message] = [*unheld(payment, event.occurred_at, policy)]
    payment = folded(payment, facts)
    for line_no in sorted(payment.lines):
        facts += settle_freed(before, payment, line_no, event.occurred_at)
    return facts


def _refused(event: ChargebackOpened, payment: Payment, paid_minor: int, currency: str) -> Reject | None:
    known = payment.chargebacks.get(event.chargeback_id)
    if known is not None:
        same = (known.payment_id, known.amount_minor, known.currency) == (event.payment_id, event.amount_minor, event.currency)
        return Reject("chargeback.known" if same else "chargeback.contradicted")
    if event.currency != currency:
        return Reject("chargeback.currency_differs", f"{event.currency} instead of {currency}")
    if event.amount_minor > paid_minor:
        return Reject("chargeback.exceeds_paid", f"{event.amount_minor} of {paid_minor}")
    return Reject("chargeback.too_many") if len(payment.chargebacks) >= CHARGEBACKS_MAX else None


def _paid(payment: Payment | None, payment_id: str) -> tuple[int, str] | None:
    """Minor units and currency of a payment of the order, or of one that was unwanted; None: no such payment is known. A person
    gives back of that what its bank had not taken.
    """
    if payment is None:
        return None
    if payment_id == payment.payment_id:
        return sum(line.paid_minor for line in payment.lines.values()), payment.currency
    refund = payment.refunds.get(unwanted_refund(payment.id, payment_id))
    if refund is None:
        return None
    return refund.buyer_minor + (taken(payment, payment_id) if refund.by_hand and refund.state == "done" else 0), refund.currency


def _unclaimed(payment: Payment, payment_id: str) -> dict[int, int]:
    """What is left, less what other open chargebacks lie on; of an unwanted payment, which has no lines, what they do not contest."""
    left = room(payment, payment_id)
    for other in payment.chargebacks.values():
        if other.state == "open" and other.payment_id == payment_id:
            lies = other.frozen or {UNWANTED: other.amount_minor - other.contested_minor}
            left |= {line_no: max(0, left[line_no] - lies[line_no]) for line_no in left.keys() & lies.keys()}
    return left


def _lines(payment: Payment, shares: dict[int, int]) -> tuple[ChargebackLine, ...]:
    """Of unwanted money there are none."""
    return tuple(
        ChargebackLine(
            line_no=line_no,
            seller_id=payment.lines[line_no].seller_id,
            promoter_id=payment.lines[line_no].promoter_id,
            amount_minor=amount,
        )
        for line_no, amount in sorted(shares.items())
        if amount and line_no in payment.lines
    )
