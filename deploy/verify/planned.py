"""When a confirmed line will be settled, as its seller is told: the days that the order was paid with. Source: R2.6, R5.7.

Counted from the calendar on the wall, by itself: shares no code with the services.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.payment import EscrowFunded, SettlementPlanned


def checks(log: Log) -> Iterator[Check]:
    check = Check("settlements planned: at 00:00 of the seller's day after the confirmation, as the order was paid with")
    funded = {fact.order_id: fact for _, fact in log.of(EscrowFunded)}
    for entry, planned in log.of(SettlementPlanned):
        paid = funded.get(planned.order_id)
        if planned.settle_at is not None and (paid is not None or not any(log.starts.values())):
            right = _right(paid, planned) if paid is not None else None
            check.that(planned.settle_at == right, f"{entry}: line {planned.line_no} is told {planned.settle_at}, right is {right}")
    yield check


def _right(paid: EscrowFunded, planned: SettlementPlanned) -> datetime | None:
    """None: the order has no such line."""
    seller = next((line.seller_id for line in paid.lines if line.line_no == planned.line_no), None)
    if seller is None:
        return None
    days = next((one.days for one in paid.settle_days_of if one.seller_id == seller), paid.settle_days)
    zone = ZoneInfo(paid.zone)
    day = planned.occurred_at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
