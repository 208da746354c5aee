"""Events about accounts and compensations, valid by default. Times: Shanghai, 2026."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.handling import PayoutHandled
from shared.contracts.order import ShippingLate
from shared.contracts.payment import AccountCharged
from shared.contracts.psp import CompensationFailed, CompensationSucceeded
from shared.contracts.seller import DepositToppedUp, PrefundToppedUp, SellerRegistered, WithdrawalRequested
from tests.unit import builders as b


def compensation_paid(compensation_id: str = "late1", when: str = "06-04 10:00") -> CompensationSucceeded:
    return CompensationSucceeded(order_id=b.ORDER, compensation_id=compensation_id, occurred_at=b.at(when))


def compensation_failed(compensation_id: str = "late1", when: str = "06-04 10:00") -> CompensationFailed:
    return CompensationFailed(order_id=b.ORDER, compensation_id=compensation_id, reason="account closed", occurred_at=b.at(when))


def registered(required_minor: int = 50_00, currency: str = "CNY", when: str = "05-01 10:00") -> SellerRegistered:
    return SellerRegistered(seller_id=b.SELLER, deposit_required_minor=required_minor, currency=currency, occurred_at=b.at(when))


def topped_up(amount_minor: int = 50_00, deposit_id: str = "d1", when: str = "05-02 10:00", currency: str = "CNY") -> DepositToppedUp:
    return DepositToppedUp(seller_id=b.SELLER, deposit_id=deposit_id, amount_minor=amount_minor, currency=currency, occurred_at=b.at(when))


def prefunded(
    amount_minor: int = 50_00, prefund_id: str = "p1", when: str = "05-02 10:00", party: str = b.PROMOTER, currency: str = "CNY"
) -> PrefundToppedUp:
    return PrefundToppedUp(promoter_id=party, prefund_id=prefund_id, amount_minor=amount_minor, currency=currency, occurred_at=b.at(when))


def withdrawal(
    amount_minor: int = 10_00, withdrawal_id: str = "w1", when: str | datetime = "06-12 10:00", **fields: Any
) -> WithdrawalRequested:
    at = b.at(when) if isinstance(when, str) else when
    values: dict[str, Any] = {"currency": "CNY", **fields}
    return WithdrawalRequested(seller_id=b.SELLER, withdrawal_id=withdrawal_id, amount_minor=amount_minor, occurred_at=at, **values)


def shipping_late(
    amount_minor: int = 10_00, compensation_id: str = "late1", when: str = "06-03 10:10", currency: str = "CNY"
) -> ShippingLate:
    return ShippingLate(
        order_id=b.ORDER,
        buyer_id=b.BUYER,
        seller_id=b.SELLER,
        compensation_id=compensation_id,
        currency=currency,
        line_nos=(1,),
        base_minor=100_00,
        amount_minor=amount_minor,
        rule="R2.4",
        hours=48,
        occurred_at=b.at(when),
    )


def charged(
    amount_minor: int = 38_00, reason: str = "refund", charge_id: str = "ch1", when: str = "06-15 10:00", **fields: Any
) -> AccountCharged:
    values: dict[str, Any] = {
        "party": b.SELLER,
        "currency": "CNY",
        "order_id": b.ORDER,
        "line_no": 1,
        "zone": b.ZONE,
        "reason": reason,
        **fields,
    }
    return AccountCharged(charge_id=charge_id, amount_minor=amount_minor, occurred_at=b.at(when), **values)


def payout_handled(payout_id: str, how: str = "paid", handling_id: str = "h1", when: str = "06-20 10:00", **more: Any) -> PayoutHandled:
    """A person found what became of a payout of which the provider said both."""
    fields: dict[str, Any] = {"how": how, "by": "ops-7", "reason": "asked the provider", "reference": "psp-17", **more}
    return PayoutHandled(party=b.SELLER, payout_id=payout_id, handling_id=handling_id, occurred_at=b.at(when), **fields)
