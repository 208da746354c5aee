"""What the refund service keeps: one purchase with its promises and cases; what is known of buyers and their trust cards."""

from services.refund.model.buyer import BUYER, CARD, SCORES_MAX, Buyer, Card
from services.refund.model.purchase import PURCHASE, BoughtLine, Case, Purchase, evolve, refund_id_of

__all__ = ["BUYER", "CARD", "PURCHASE", "SCORES_MAX", "BoughtLine", "Buyer", "Card", "Case", "Purchase", "evolve", "refund_id_of"]
