"""What the refund service keeps: one purchase with its promises and cases, and the waybills that cases used."""

from services.refund.model.case import Appeal, Case
from services.refund.model.line import BoughtLine
from services.refund.model.purchase import PURCHASE, Purchase, PurchaseFact, evolve, refund_id_of
from services.refund.model.waybill import WAYBILL, Waybill, waybill_key

__all__ = [
    "PURCHASE",
    "WAYBILL",
    "Appeal",
    "BoughtLine",
    "Case",
    "Purchase",
    "PurchaseFact",
    "Waybill",
    "evolve",
    "refund_id_of",
    "waybill_key",
]
