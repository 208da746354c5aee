"""What the platform pays first and asks its parties for: refunds of settled lines, compensations. Source: R3.5, R3.6."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.payment import ledger
from services.payment.model import Payment, Refund, Shares
from services.payment.rules.shares import NOTHING, shares
from shared.contracts.payment import AccountCharged, ClawbackDays
from shared.days import window_end
from shared.policy import Policy

Reason = Literal["refund", "clawback", "compensation", "chargeback"]
CHARGE = uuid.UUID("5c0f3c9e-0f0e-5d52-9d5f-6a0b8f6f0a11")  # namespace of charge ids


def after_settlement(refund: Refund, applied_at: datetime, payment: Payment, policy: Policy) -> Refund:
    """With who had which part of it, and whether they return it: judged by when it was applied for. Source: R3.6."""
    if refund.line_no is None:
        raise ValueError("nobody had a part of what was unwanted")
    line = payment.lines[refund.line_no]
    before = Shares(*map(sum, zip(NOTHING, *_earlier(payment, refund.line_no), strict=True)))
    had = shares(payment.settled_shares(refund.line_no), before, refund.buyer_minor)
    days = payment.clawback or clawback_days(policy)
    window = days.short if line.perishable else days.usual
    clawback = line.confirmed_at is not None and applied_at < window_end(line.confirmed_at, window, payment.zone)
    return replace(refund, fronted=True, commission_minor=had.promoter, fee_minor=had.platform, clawback=clawback)


def clawback_days(policy: Policy) -> ClawbackDays:
    return ClawbackDays(usual=policy.payment.clawback_days, short=policy.payment.clawback_days_short)


def fronted(refund: Refund, total: int) -> list[tuple[str, int]]:
    """Where it comes from: the platform's own share out of its commission, the rest in advance. Source: R3.6."""
    own = refund.fee_minor if refund.clawback else 0
    return [(ledger.ADVANCE, own - total), (ledger.COMMISSION, -own)]


def charges(
    payment: Payment, cause_id: str, refund: Refund, at: datetime, reason: Literal["refund", "chargeback"] = "refund"
) -> list[AccountCharged]:
    """The promoter its part within the window, the seller all the rest; nobody is asked for nothing. Source: R3.6, R3.8."""
    if not refund.fronted or refund.line_no is None:
        return []
    line = payment.lines[refund.line_no]
    total = refund.buyer_minor + refund.platform_minor + refund.promoter_minor
    promoter = refund.commission_minor if refund.clawback else 0
    seller = total - promoter - (refund.fee_minor if refund.clawback else 0)
    asked: list[tuple[str | None, int, Reason]] = [
        (line.seller_id, seller, reason),
        (line.promoter_id, promoter, "clawback"),
    ]
    return [
        charge(payment, party, amount, why, cause_id, at, refund.line_no) for party, amount, why in asked if party is not None and amount
    ]


def charge(
    payment: Payment,
    party: str,
    amount: int,
    reason: Reason,
    cause_id: str,
    at: datetime,
    line_no: int | None = None,
) -> AccountCharged:
    """cause_id: of the refund, the compensation, or a chargeback's part."""
    return AccountCharged(
        party=party,
        charge_id=charge_id_of(payment.id, cause_id, reason),
        currency=payment.currency,
        amount_minor=amount,
        reason=reason,
        order_id=payment.id,
        line_no=line_no,
        zone=payment.zone,
        occurred_at=at,
    )


def charge_id_of(order_id: str, cause_id: str, reason: Reason) -> str:
    return str(uuid.uuid5(CHARGE, f"{order_id}|{cause_id}|{reason}"))


def _earlier(payment: Payment, line_no: int) -> list[Shares]:
    return [refund.shares for refund in payment.returned_of(line_no) if refund.fronted and refund.counts]
