"""What payment knows: the escrow of each order, the account of each party."""

from __future__ import annotations

from services.payment.model.account import ACCOUNT, Account, Payout, Purse
from services.payment.model.payment import PAYMENT, EscrowLine, Payment, Refund

__all__ = ["ACCOUNT", "PAYMENT", "Account", "EscrowLine", "Payment", "Payout", "Purse", "Refund"]
