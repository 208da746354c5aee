"""What a lost chargeback takes: of what is left of its payment, line by line; the rest the buyer had already. Source: R3.8, R3.6."""

from __future__ import annotations

import uuid
from datetime import datetime

from services.payment import ledger
from services.payment.decide.fronting import charges
from services.payment.decide.parts import part, sources
from services.payment.decide.subsidies import given_back
from services.payment.model import Chargeback, Cut, Payment, Refund
from services.payment.model.payment import folded
from shared.contracts.chargeback import ChargebackDebited, ChargebackPart
from shared.contracts.payment import AccountCharged
from shared.contracts.subsidy import SubsidyReturned
from shared.money import largest_remainder
from shared.policy import Policy

BACK = uuid.UUID("8d1c5b52-52c1-5f0b-8a2e-4a8b1d2c7e31")  # namespace of the refund ids of unwanted payments
UNWANTED = 0  # stands for the one line that an unwanted payment has

Debited = tuple[ChargebackDebited | AccountCharged | SubsidyReturned, ...]


def debit(payment: Payment, chargeback_id: str, taken_minor: int, at: datetime, policy: Policy) -> Debited:
    """The provider took it; what nothing is left for is asked back from it. With what the parties of settled lines are charged."""
    return _debit(payment, chargeback_id, taken_minor, [(ledger.CONTESTED, -taken_minor), (ledger.CASH, taken_minor)], at, policy)


def cover(payment: Payment, at: datetime, policy: Policy) -> Debited:
    """A refund that had counted was not paid: what it leaves is no excess of what a bank took before. Nothing if there is no excess."""
    facts: Debited = ()
    for chargeback_id, one in sorted(payment.chargebacks.items(), key=lambda item: (item[1].opened_at, item[0])):
        if one.excess_minor and any(room(payment, one.payment_id).values()):
            covered = _debit(payment, chargeback_id, one.excess_minor, [], at, policy)
            payment, facts = folded(payment, covered), (*facts, *covered)
    return facts


def room(payment: Payment, payment_id: str) -> dict[int, int]:
    """By line what was paid and neither went back nor is on its way; of an unwanted payment what could not go back. Source: R3.8."""
    if payment_id == payment.payment_id:
        return {line_no: payment.left_of(line_no)[0] for line_no in payment.lines}
    refund = payment.refunds.get(unwanted_refund(payment.id, payment_id))
    return {UNWANTED: refund.buyer_minor - taken(payment, payment_id) if refund is not None and refund.state == "failed" else 0}


def taken(payment: Payment, payment_id: str) -> int:
    """Of an unwanted payment, by its bank."""
    return sum(gone.buyer_minor for one in payment.chargebacks.values() if one.payment_id == payment_id for gone in one.debited)


def unwanted_refund(order_id: str, payment_id: str) -> str:
    """The id of the one refund of an unwanted payment. Source: R2.2."""
    return str(uuid.uuid5(BACK, f"{order_id}|{payment_id}"))


def _debit(payment: Payment, chargeback_id: str, amount: int, entries: list[tuple[str, int]], at: datetime, policy: Policy) -> Debited:
    one = payment.chargebacks[chargeback_id]
    left = room(payment, one.payment_id)
    parts = [_part(payment, one, line_no, share, policy) for line_no, share in largest_remainder(amount, left, left).items() if share]
    found = sum(one.buyer_minor for one in parts)
    entries = [entry for one in parts for entry in sources(payment, one)] + [(ledger.CONTESTED, found)] + entries
    debited = ChargebackDebited(
        order_id=payment.id,
        chargeback_id=chargeback_id,
        currency=one.currency,
        amount_minor=found,
        excess_minor=amount - found,
        parts=tuple(_told(payment, one) for one in parts if one.line_no is not None),
        moves=ledger.certain(ledger.moves(one.currency, entries)),
        occurred_at=at,
    )
    told: list[AccountCharged | SubsidyReturned] = []
    for number, gone in enumerate(parts, len(one.debited)):
        cause_id = f"{chargeback_id}/{number}"
        told += [*charges(payment, cause_id, gone, at, "chargeback"), *given_back(payment, cause_id, gone, at)]
    return (debited, *told)


def _part(payment: Payment, one: Chargeback, line_no: int, amount: int, policy: Policy) -> Refund:
    """Judged by when the chargeback was opened, as a refund is by when it was applied for. Source: R3.6."""
    if line_no == UNWANTED:
        return Refund("done", None, one.currency, buyer_minor=amount)
    return part(payment, line_no, Cut(amount), one.opened_at, policy)


def _told(payment: Payment, gone: Refund) -> ChargebackPart:
    if gone.line_no is None:
        raise ValueError("a part of no line")
    line = payment.lines[gone.line_no]
    return ChargebackPart(
        line_no=gone.line_no,
        seller_id=line.seller_id,
        promoter_id=line.promoter_id,
        amount_minor=gone.buyer_minor,
        platform_minor=gone.platform_minor,
        promoter_minor=gone.promoter_minor,
        fronted=gone.fronted,
        commission_minor=gone.commission_minor,
        fee_minor=gone.fee_minor,
        clawback=gone.clawback,
    )
