"""What the refund service keeps: one purchase with its promises and cases, the waybills that cases used, and what is known
of buyers and their trust cards.
"""

from services.refund.model.buyer import BUYER, CARD, SCORES_MAX, Buyer, Card
from services.refund.model.case import Appeal, Case
from services.refund.model.line import BoughtLine
from services.refund.model.purchase import PURCHASE, Purchase, PurchaseFact, evolve, refund_id_of
from services.refund.model.waybill import WAYBILL, Waybill, waybill_key

__all__ = [
    "BUYER",
    "CARD",
    "PURCHASE",
    "SCORES_MAX",
    "WAYBILL",
    "Appeal",
    "BoughtLine",
    "Buyer",
    "Card",
    "Case",
    "Purchase",
    "PurchaseFact",
    "Waybill",
    "evolve",
    "refund_id_of",
    "waybill_key",
]
