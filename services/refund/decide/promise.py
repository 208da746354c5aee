"""At payment the buyer gets one certificate; at signing its windows begin."""

from __future__ import annotations

import hashlib

from pydantic import TypeAdapter

from services.refund import rules
from services.refund.model import Purchase
from services.refund.rules.claim import Bought
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.contracts.refund import CaseTerms, CertificateIssued, CertifiedLine, Guarantee, LineReduced, WindowOpened
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy

_PROMISED = TypeAdapter(tuple[CaseTerms, tuple[CertifiedLine, ...], tuple[Guarantee, ...]])


def issue(event: OrderPaid, purchase: Purchase | None, policy: Policy | None) -> Outcome:
    """policy: the version in force when the order was placed; None, it is not known here yet: a person redrives. Source: R4.1."""
    if purchase is not None:
        return Reject("certificate.exists")
    if policy is None:
        raise LookupError(f"policy version {event.terms.policy_version} is not known here")
    guarantees = rules.promises(event.lines, Bought(event.occurred_at), policy.refund)
    lines = tuple(
        CertifiedLine(
            line_no=line.line_no,
            seller_id=line.seller_id,
            quantity=line.quantity,
            paid_minor=line.paid_minor,
            kind=line.kind,
            answers_id=line.fulfiller_id,
        )
        for line in event.lines
    )
    terms = _terms(policy)
    return (
        CertificateIssued(
            order_id=event.order_id,
            buyer_id=event.buyer_id,
            payment_id=event.payment_id,
            guarantees=guarantees,
            terms=terms,
            lines=lines,
            free_shipping=event.free_shipping,
            terms_sha256=hashlib.sha256(_PROMISED.dump_json((terms, lines, guarantees))).hexdigest(),
            occurred_at=event.occurred_at,
        ),
    )


def open_windows(event: ParcelDelivered, purchase: Purchase | None) -> Outcome:
    """No facts where the parcel completes no line: part of a line opens no window. The first signing of a line counts. Source: R1.3."""
    if purchase is None:
        return Wait("case.before_certificate")
    fresh = tuple(number for number in event.delivered if purchase.lines[number].signed_at is None)
    if not fresh:
        return ()
    return (WindowOpened(order_id=event.order_id, line_nos=fresh, signed_at=event.signed_at, occurred_at=event.occurred_at),)


def reduce(event: UnitsCancelled, purchase: Purchase | None) -> Outcome:
    """What was cancelled before it left can be claimed no more. Source: R1.4, R3.5."""
    if purchase is None:
        return Wait("case.before_certificate")
    if any(part.refund_id in purchase.cancelled for part in event.lines):
        return Reject("refund.known")
    return tuple(
        LineReduced(
            order_id=event.order_id,
            line_no=part.line_no,
            refund_id=part.refund_id,
            quantity=part.quantity,
            amount_minor=part.amount_minor,
            occurred_at=event.occurred_at,
        )
        for part in event.lines
    )


def _terms(policy: Policy) -> CaseTerms:
    return CaseTerms(
        policy_version=policy.version,
        zone=policy.zone,
        answer_hours=policy.refund.answer_hours,
        post_days=policy.refund.post_days,
        inspect_days=policy.refund.inspect_days,
        refused_days=policy.refund.refused_days,
        attempts_max=policy.refund.attempts_max,
    )
