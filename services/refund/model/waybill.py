"""A waybill that some case used: no other case of any order uses it again. Source: R4.4, R4.10."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.exchange import WaybillUsed
from shared.messaging.shape import Kind


@dataclass(frozen=True, slots=True)
class Waybill:
    order_id: str
    case_id: str


def waybill_key(carrier: str, waybill: str) -> str:
    """A waybill has no slash, so two carriers never share a key."""
    return f"{carrier}/{waybill}"


def evolve(waybill: Waybill | None, fact: WaybillUsed) -> Waybill:
    return waybill or Waybill(fact.order_id, fact.case_id)


WAYBILL = Kind("waybill", WaybillUsed, lambda fact: waybill_key(fact.carrier, fact.waybill), evolve)
