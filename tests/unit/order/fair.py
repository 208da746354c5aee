"""What members, governance and trust say to the order service. Campaign `c618`, product `sku1`; times: Shanghai, 2026."""

from __future__ import annotations

from typing import Any

from services.order.model import ALLOTMENT, CLUSTER, Allotment, Cluster
from shared.contracts.governance import AllotmentSet, ProductReviewed
from shared.contracts.member import IdentityLinked, TokenKind
from shared.contracts.order import OrderAccepted
from shared.contracts.storefront import OrderPlaced, PlacedLine
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.shop import shop

CAMPAIGN = "c618"


def reviewed(sku: str = "sku1", approved: bool = True, when: str = "05-20 10:00", campaign_id: str = CAMPAIGN) -> ProductReviewed:
    return ProductReviewed(campaign_id=campaign_id, sku=sku, approved=approved, occurred_at=b.at(when))


def allotted(units: int = 10, limit: int | None = None, sku: str = "sku1", when: str = "05-21 10:00") -> AllotmentSet:
    return AllotmentSet(campaign_id=CAMPAIGN, sku=sku, units=units, limit_per_identity=limit, occurred_at=b.at(when))


def linked(buyer_id: str, token: str, kind: TokenKind = "phone", when: str = "05-01 10:00") -> IdentityLinked:
    return IdentityLinked(buyer_id=buyer_id, kind=kind, token=token, occurred_at=b.at(when))


def wanted(order_id: str = b.ORDER, buyer_id: str = b.BUYER, quantity: int = 1, *more: PlacedLine, **fields: Any) -> OrderPlaced:
    """An order of `sku1` in the campaign, and of what else is given."""
    line = b.cart(1, 1_00, quantity)
    return b.placed(line, *more, order_id=order_id, buyer_id=buyer_id, **{"campaign_id": CAMPAIGN, **fields})


def fair(*events: Message, units: int = 10, limit: int | None = None) -> Memory:
    """A campaign that sells so many units of `sku1`, and then these events."""
    return shop(reviewed(), allotted(units, limit), *events)


def allotment(memory: Memory, sku: str = "sku1") -> Allotment:
    found: Allotment = memory.entity(ALLOTMENT, f"{CAMPAIGN}/{sku}")
    return found


def counted(memory: Memory, cluster: str = b.BUYER) -> int:
    """Units of `sku1` that the identity holds."""
    found: Cluster | None = memory.entity(CLUSTER, cluster)
    return found.units.get(f"{CAMPAIGN}/sku1", 0) if found else 0


def accepted(memory: Memory) -> list[str]:
    return [fact.order_id for fact in memory.facts if isinstance(fact, OrderAccepted)]


def rejected(memory: Memory) -> list[tuple[str, str]]:
    """(order, code)"""
    return [(fact.order_id, fact.code) for fact in memory.facts if fact.type == "order.rejected"]  # type: ignore[attr-defined]
