"""What the payment service decides, by use case. Pure: (event, what it touches) to facts, Reject or Wait."""

from __future__ import annotations

from services.payment.decide.cancelled import cancelled
from services.payment.decide.chargebacks import conclude, dispute, undecided
from services.payment.decide.compensation import compensate, compensated, compensation_unanswered, uncompensated
from services.payment.decide.contradicted import handle_payout
from services.payment.decide.escrow import fund, give_back
from services.payment.decide.handling import handle
from services.payment.decide.income import charge, credit, try_again
from services.payment.decide.payouts import paid_out, payout_unanswered, returned, sweep
from services.payment.decide.put_in import compare_put_in, look_put_in
from services.payment.decide.reconciliation import compare, look
from services.payment.decide.refunds import grant, not_paid, refunded, unanswered
from services.payment.decide.reimbursement import reimburse
from services.payment.decide.sellers import register, top_up, withdraw
from services.payment.decide.settlement import free, hold, plan, settle
from services.payment.decide.stated import compare_payout, look_payout
from services.payment.decide.subsidies import draw, prefund, release, restore

__all__ = [
    "cancelled",
    "charge",
    "compare",
    "compare_payout",
    "compare_put_in",
    "compensate",
    "compensated",
    "compensation_unanswered",
    "conclude",
    "credit",
    "dispute",
    "draw",
    "free",
    "fund",
    "give_back",
    "grant",
    "handle",
    "handle_payout",
    "hold",
    "look",
    "look_payout",
    "look_put_in",
    "not_paid",
    "paid_out",
    "payout_unanswered",
    "plan",
    "prefund",
    "refunded",
    "register",
    "reimburse",
    "release",
    "restore",
    "returned",
    "settle",
    "sweep",
    "top_up",
    "try_again",
    "unanswered",
    "uncompensated",
    "undecided",
    "withdraw",
]
