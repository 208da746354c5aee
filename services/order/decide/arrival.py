"""A line that has arrived because the rest of it is waited for no more. Source: R2.5, R1.3."""

from __future__ import annotations

from datetime import datetime

from services.order.model import Order
from shared.contracts.order import ParcelDelivered


def arrived(before: Order, after: Order, at: datetime) -> tuple[ParcelDelivered, ...]:
    """Told again, by the parcel that was signed for last: with the units left out that were cancelled, refunded or lost, each parcel of
    the line has been. signed_at: when nothing was missing any more, from which its windows run. Not of a line of which all went back.
    """
    return tuple(
        ParcelDelivered(
            order_id=after.id,
            buyer_id=after.buyer_id,
            parcel_id=_last(after, line_no),
            delivered=(line_no,),
            signed_at=line.signed_at,
            occurred_at=at,
        )
        for line_no, line in sorted(after.lines.items())
        if line.signed_at is not None and before.lines[line_no].signed_at is None and not line.refunded_in_full
    )


def _last(order: Order, line_no: int) -> str:
    own = {parcel_id: parcel for parcel_id, parcel in order.parcels.items() if parcel.units.get(line_no) and not parcel.failed}
    return max((parcel.signed_at, parcel_id) for parcel_id, parcel in own.items() if parcel.signed_at is not None)[1]
