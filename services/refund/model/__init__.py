"""What the refund service keeps: purchases with promises and cases, waybills that cases used, what is known of buyers and their
trust cards, who is one with whom, and the platform's guarantee fund.
"""

from services.refund.model.buyer import BUYER, CARD, SCORES_MAX, Buyer, Card
from services.refund.model.case import Appeal, Case
from services.refund.model.cluster import CLUSTER, MEMBER, Cluster, Elsewhere, Member, OwnOrder, joined
from services.refund.model.fund import FUND, Fund, Hour, fund_key, local_hour
from services.refund.model.line import BoughtLine
from services.refund.model.purchase import PURCHASE, Purchase, PurchaseFact, evolve, refund_id_of
from services.refund.model.waybill import WAYBILL, Waybill, waybill_key

__all__ = [
    "BUYER",
    "CARD",
    "CLUSTER",
    "FUND",
    "MEMBER",
    "PURCHASE",
    "SCORES_MAX",
    "WAYBILL",
    "Appeal",
    "BoughtLine",
    "Buyer",
    "Card",
    "Case",
    "Cluster",
    "Elsewhere",
    "Fund",
    "Hour",
    "Member",
    "OwnOrder",
    "Purchase",
    "PurchaseFact",
    "Waybill",
    "evolve",
    "fund_key",
    "joined",
    "local_hour",
    "refund_id_of",
    "waybill_key",
]
