"""At payment the buyer gets one certificate."""

from __future__ import annotations

import hashlib

from pydantic import TypeAdapter

from services.refund import rules
from services.refund.model import Purchase
from services.refund.rules.claim import Bought
from shared.contracts.order import OrderPaid
from shared.contracts.refund import CaseTerms, CertificateIssued, CertifiedLine, Guarantee
from shared.messaging.shape import Outcome, Reject
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
