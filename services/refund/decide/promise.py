"""At payment the buyer gets one certificate; at signing its windows begin."""

from __future__ import annotations

from services.refund import rules
from services.refund.decide.buyer import no_card
from services.refund.decide.coupons import restored
from services.refund.model import Buyer, Card, Purchase, evolve
from services.refund.rules.claim import Bought
from shared.contracts import certificate
from shared.contracts.certificate import CertificateIssued, CertifiedLine
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.contracts.refund import CaseTerms, LineReduced, WindowOpened
from shared.contracts.types import Line
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy

UNKNOWN = "0" * 64  # stands for the hash while it is computed


def issue(event: OrderPaid, purchase: Purchase | None, card: Card | None, buyer: Buyer | None, policy: Policy | None) -> Outcome:
    """Every guarantee for every line, given or not, by what was so at placement. Virtual goods come with the payment: their windows
    run from it. card: the order's, if it is known here yet. policy: the version in force when the order was placed; None, it is not
    known here yet: a person redrives. Source: R4.1, R1.3.
    """
    if purchase is not None:
        return Reject("certificate.exists")
    if policy is None:
        raise LookupError(f"policy version {event.terms.policy_version} is not known here")
    issued = _certificate(event, card, buyer, policy)
    virtual = tuple(line.line_no for line in event.lines if line.kind == "virtual")
    if not virtual:
        return (issued,)
    return issued, WindowOpened(order_id=event.order_id, line_nos=virtual, signed_at=event.occurred_at, occurred_at=event.occurred_at)


def _certificate(event: OrderPaid, card: Card | None, buyer: Buyer | None, policy: Policy) -> CertificateIssued:
    """The buyer's score is that of placement, as it is known now, and stays so."""
    placed_at = event.placed_at or event.occurred_at
    score = buyer.score_at(placed_at) if buyer is not None else None
    against = no_card(event.trust_card_id, card, event.buyer_id, placed_at)
    bought = Bought(placed_at, against, score, event.currency, event.terms)
    issued = CertificateIssued(
        buyer_id=event.buyer_id,
        buyer_score=score,
        coupons=tuple(coupon for coupon in event.coupons if coupon.funder == "platform"),
        currency=event.currency,
        free_shipping=event.free_shipping,
        guarantees=rules.promises(event.lines, bought, policy.refund),
        hashed="value",
        lines=tuple(_line(line) for line in event.lines),
        order_id=event.order_id,
        payment_id=event.payment_id,
        placed_at=event.placed_at,
        terms=_terms(policy),
        terms_sha256=UNKNOWN,
        trust_card_id=event.trust_card_id,
        occurred_at=event.occurred_at,
    )
    return issued.model_copy(update={"terms_sha256": certificate.sha256_of(issued)})


def _line(line: Line) -> CertifiedLine:
    return CertifiedLine(
        line_no=line.line_no,
        seller_id=line.seller_id,
        quantity=line.quantity,
        paid_minor=line.paid_minor,
        kind=line.kind,
        answers_id=line.fulfiller_id,
        gift_of=line.gift_of,
        gift_minor=line.gross_minor - line.paid_minor if line.gift_of is not None else 0,
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
    """What was cancelled before it left can be claimed no more; a coupon for nothing else comes back. Source: R1.4, R3.5, R4.13."""
    if purchase is None:
        return Wait("case.before_certificate")
    if any(part.refund_id in purchase.cancelled for part in event.lines):
        return Reject("refund.known")
    facts = tuple(
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
    after = purchase
    for fact in facts:
        after = evolve(after, fact)
    return (*facts, *restored(after, event.occurred_at))


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
