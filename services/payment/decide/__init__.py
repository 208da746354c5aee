"""What the payment service decides, by use case. Pure: (event, what it touches) to facts, Reject or Wait."""

from __future__ import annotations

from services.payment.decide.escrow import fund, give_back
from services.payment.decide.payouts import credit, paid_out, returned, sweep
from services.payment.decide.reconciliation import compare, look
from services.payment.decide.refunds import grant, not_paid, refunded
from services.payment.decide.settlement import free, hold, plan, settle

__all__ = [
    "compare",
    "credit",
    "free",
    "fund",
    "give_back",
    "grant",
    "hold",
    "look",
    "not_paid",
    "paid_out",
    "plan",
    "refunded",
    "returned",
    "settle",
    "sweep",
]
