"""At payment the buyer gets one certificate; at signing its windows begin."""

from __future__ import annotations

from services.refund import rules
from services.refund.decide.buyer import no_card
from services.refund.model import Buyer, Card, Purchase
from services.refund.rules.claim import Bought
from shared.contracts import certificate
from shared.contracts.certificate import CertificateIssued, CertifiedLine
from shared.contracts.order import OrderPaid
from shared.contracts.refund import CaseTerms, WindowOpened
from shared.contracts.types import Line
from shared.messaging.shape import Outcome, Reject
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
    at_start = policy.trust.score_at_start
    bought = Bought(placed_at, against, at_start if score is None else score, event.currency, event.terms)
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
        promoter_id=line.promoter_id,
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
        evidence_hours=policy.refund.evidence_hours,
        ruling_days=policy.refund.ruling_days,
        appeal_days=policy.refund.appeal_days,
        claim_evidence_days=policy.refund.claim_evidence_days,
        claim_answer_days=policy.refund.claim_answer_days,
        replace_hours=policy.refund.replace_hours,
        replaced_days=policy.refund.replaced_days,
    )
