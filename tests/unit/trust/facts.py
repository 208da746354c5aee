"""Cases, chargebacks and broken promises as their services tell them, valid by default."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.chargeback import ChargebackEnded, ChargebackLine
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.order import ShippingLate, ShippingSham
from shared.contracts.refund import CaseClosed
from tests.unit.trust.market import ago

SAID: dict[str, Any] = {"order_id": "o1", "case_id": "c1", "line_no": 1, "turn": "nobody", "deadline": None, "rule": "R4.2"}
PARTIES: dict[str, Any] = {"seller_id": "s1", "buyer_id": "b1"}
BROKEN: dict[str, Any] = {
    "order_id": "o1", "buyer_id": "b1", "seller_id": "s1", "compensation_id": "k1", "currency": "CNY", "line_nos": (1,),
    "base_minor": 100_00, "amount_minor": 10_00, "rule": "R2.4",
}  # fmt: skip


def closed(when: datetime | None = None, **fields: Any) -> CaseClosed:
    """A no-reason return of all units, agreed to in time."""
    at = when or ago(0)
    values = {
        **SAID, **PARTIES, "state": 60, "code": "case.refunded", "refunded_minor": 100_00, "refunded_quantity": 1,
        "kind": "return_and_refund", "ground": "no_reason", "outcome": "refunded", "fault": "nobody",
        "answer": "", "line_refunded": True, **fields,
    }  # fmt: skip
    return CaseClosed(occurred_at=at, **values)


def ruled(when: datetime | None = None, **fields: Any) -> CaseRuled:
    values = {
        **SAID, **PARTIES, "state": 20, "by": "ruling", "ruling_id": "r1", "upheld": True, "kind": "return_and_refund", "quantity": 1,
        "amount_minor": None, "fault": "seller", "finding": "none", "appraisal_minor": 0, "appeal_until": ago(-7), **fields,
    }  # fmt: skip
    return CaseRuled(occurred_at=when or ago(0), **values)


def appealed(when: datetime | None = None, **fields: Any) -> CaseAppealEnded:
    values = {
        **SAID, **PARTIES, "state": 60, "side": "seller", "won": True, "by": "ruling", "ruling_id": "r2", "fault": "nobody",
        "finding": "none", **fields,
    }  # fmt: skip
    return CaseAppealEnded(occurred_at=when or ago(0), **values)


def late(when: datetime | None = None, **fields: Any) -> ShippingLate:
    return ShippingLate(occurred_at=when or ago(0), **{**BROKEN, "hours": 48, **fields})


def sham(when: datetime | None = None, **fields: Any) -> ShippingSham:
    return ShippingSham(occurred_at=when or ago(0), **{**BROKEN, "parcel_id": "w1", "ruling_id": "r1", **fields})


def charged_back(when: datetime | None = None, **fields: Any) -> ChargebackEnded:
    line = ChargebackLine(line_no=1, seller_id="s1", promoter_id=None, amount_minor=100_00)
    values = {
        "order_id": "o1", "chargeback_id": "cb1", "payment_id": "p1", "buyer_id": "b1", "outcome": "won", "currency": "CNY",
        "disputed_minor": 100_00, "taken_minor": 0, "lines": (line,), **fields,
    }  # fmt: skip
    return ChargebackEnded(occurred_at=when or ago(0), **values)
