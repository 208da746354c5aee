"""What payment knows: the escrow of each order, the account of each party."""

from __future__ import annotations

from services.payment.model.account import ACCOUNT, Account
from services.payment.model.chargeback import Chargeback
from services.payment.model.compensation import Compensation
from services.payment.model.cut import Cut
from services.payment.model.line import EscrowLine
from services.payment.model.payment import PAYMENT, Payment
from services.payment.model.payout import Payout
from services.payment.model.purse import Clawback, Purse
from services.payment.model.refund import Refund
from services.payment.model.shares import Shares

__all__ = [
    "ACCOUNT",
    "PAYMENT",
    "Account",
    "Chargeback",
    "Clawback",
    "Compensation",
    "Cut",
    "EscrowLine",
    "Payment",
    "Payout",
    "Purse",
    "Refund",
    "Shares",
]
