"""Buyers with second accounts, their orders and claims for the first of them, valid by default. Times: Shanghai, 2026."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from services.refund.handlers import SERVICE
from services.refund.model import CLUSTER, MEMBER, Cluster, refund_id_of
from shared.contracts.first_order import FundAsked
from shared.contracts.identity import MemberJoined
from shared.contracts.member import MemberOrderedBefore
from shared.contracts.order import OrderPaid, ParcelDelivered, UnitsCancelled
from shared.contracts.payment import RefundDone, RefundNotPaid
from shared.contracts.refund import RefundGranted
from shared.contracts.ruling import RulingMade
from shared.contracts.storefront import RefundRequested
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b

PAID, SIGNED, CLAIMED = "06-10 12:00", "06-16 10:00", "06-17 10:00"
NO_SELLER = b.line(no_reason_waived=True)  # the seller does not take it back: the platform pays from the start


class Desk(Memory):
    """Asks its own fund as the service does, unless told not to. Refusals by code."""

    def __init__(self, *events: Message, policies: Policies = b.POLICIES, asks: bool = True) -> None:
        super().__init__(SERVICE, policies)
        self.asks = asks
        self.when(*events)

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        found = super().send(event, id)
        if self.asks:
            for fact in found:
                if isinstance(fact, FundAsked):
                    found = (*found, *self.send(fact))
        return found

    @property
    def codes(self) -> list[str]:
        return [code for _, code in self.refused]

    @property
    def granted(self) -> list[RefundGranted]:
        return [fact for fact in self.facts if isinstance(fact, RefundGranted)]

    @property
    def used(self) -> list[str]:
        return [fact.order_id for fact in self.facts if fact.type == "first_order.used"]  # type: ignore[attr-defined]

    def cluster(self, name: str) -> Cluster:
        found: Cluster | None = self.entity(CLUSTER, name)
        return found or Cluster()

    def cluster_of(self, buyer_id: str) -> str:
        member = self.entity(MEMBER, buyer_id)
        return member.cluster if member is not None else buyer_id


def paid(
    order_id: str = b.ORDER, buyer_id: str = b.BUYER, *lines: Line, when: str | datetime = PAID, payment_id: str = "", **fields: Any
) -> OrderPaid:
    ids = {"order_id": order_id, "buyer_id": buyer_id, "payment_id": payment_id or f"pay-{order_id}", "occurred_at": b.moment(when)}
    return b.order_paid(*lines).model_copy(update={**ids, **fields})


def delivered(order_id: str = b.ORDER, buyer_id: str = b.BUYER, *line_nos: int, when: str | datetime = SIGNED) -> ParcelDelivered:
    at = b.moment(when)
    return ParcelDelivered(
        order_id=order_id, buyer_id=buyer_id, parcel_id=f"p-{order_id}", delivered=line_nos or (1,), signed_at=at, occurred_at=at
    )


def cancelled(
    order_id: str = b.ORDER,
    buyer_id: str = b.BUYER,
    by: Literal["buyer", "seller"] = "seller",
    *,
    whole: bool = True,
    when: str | datetime = "06-11 10:00",
) -> UnitsCancelled:
    ids = {"order_id": order_id, "buyer_id": buyer_id, "by": by, "order_cancelled": whole, "occurred_at": b.moment(when)}
    return b.units_cancelled(refund_id=f"back-{order_id}-").model_copy(update=ids)


def claimed(
    order_id: str = b.ORDER,
    buyer_id: str = b.BUYER,
    line_no: int = 1,
    *,
    case_id: str = "",
    quantity: int = 1,
    when: str | datetime = CLAIMED,
    **fields: Any,
) -> RefundRequested:
    return RefundRequested(
        order_id=order_id,
        case_id=case_id or f"c-{order_id}-{line_no}",
        buyer_id=buyer_id,
        line_no=line_no,
        kind="refund_only",
        ground="first_order",
        quantity=quantity,
        occurred_at=b.moment(when),
        **fields,
    )


def joins(buyer_id: str, cluster: str, when: str | datetime = "06-12 10:00") -> MemberJoined:
    return MemberJoined(buyer_id=buyer_id, cluster=cluster, occurred_at=b.moment(when))


def before(
    buyer_id: str = b.BUYER, paid_at: str | datetime | None = "01-10 12:00", when: str | datetime = "05-30 10:00"
) -> MemberOrderedBefore:
    """paid_at None: it had no order elsewhere."""
    first = b.moment(paid_at) if paid_at is not None else None
    return MemberOrderedBefore(buyer_id=buyer_id, first_paid_at=first, occurred_at=b.moment(when))


def ruled(case_id: str = "", *, upheld: bool = True, ruling_id: str = "rule1", when: str = "06-18 10:00", **fields: Any) -> RulingMade:
    return RulingMade(
        order_id=b.ORDER,
        case_id=case_id or f"c-{b.ORDER}-1",
        ruling_id=ruling_id,
        matter="case",
        upheld=upheld,
        occurred_at=b.moment(when),
        **fields,
    )


def money_came(case_id: str = "", *, attempt: int = 1, minor: int = 100_00, when: str = "06-18 12:00") -> RefundDone:
    refund_id = refund_id_of(b.ORDER, case_id or f"c-{b.ORDER}-1", attempt)
    return RefundDone(order_id=b.ORDER, refund_id=refund_id, line_no=1, amount_minor=minor, moves=None, occurred_at=b.moment(when))


def money_failed(case_id: str = "", *, when: str = "06-18 12:00") -> RefundNotPaid:
    refund_id = refund_id_of(b.ORDER, case_id or f"c-{b.ORDER}-1", 1)
    return RefundNotPaid(order_id=b.ORDER, refund_id=refund_id, line_no=1, reason="account closed", occurred_at=b.moment(when))


def life(order_id: str = b.ORDER, buyer_id: str = b.BUYER, *lines: Line, day: int = 10, signed: str = SIGNED) -> tuple[Message, ...]:
    """Paid on that day of June."""
    when = b.at(PAID) + timedelta(days=day - 10)
    numbers = [line.line_no for line in lines]
    return paid(order_id, buyer_id, *lines, when=when), delivered(order_id, buyer_id, *numbers, when=signed)
