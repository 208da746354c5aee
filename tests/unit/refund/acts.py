"""What else happens in a case: disputes, evidence, rulings, appeals, replacements, parcels. Times are Shanghai's of 2026."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from services.refund.model import refund_id_of
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.logistics import ReturnSigned
from shared.contracts.merchant import (
    ReplacementSent,
    ReturnDisputed,
    SellerDisputeAppealed,
    SellerDisputeRaised,
    SellerEvidenceSubmitted,
)
from shared.contracts.order import CancelledUnits, ParcelDelivered, ParcelFailed, ParcelSent, UnitsCancelled
from shared.contracts.ruling import Matter, RulingMade
from shared.contracts.storefront import DisputeAppealed, DisputeRaised, EvidenceSubmitted
from shared.contracts.types import LineParties, Units
from tests.unit.builders import BUYER, CASE, ORDER, SELLER, moment
from tests.unit.refund import life as l

When = str | datetime


def sent(parcel_id: str = "w1", *line_nos: int, quantity: int = 3, when: When = "06-14 10:00") -> ParcelSent:
    numbers = line_nos or (1,)
    units = tuple(Units(line_no=number, quantity=quantity) for number in numbers)
    shipped = tuple(LineParties(line_no=number, seller_id=SELLER) for number in numbers)
    return ParcelSent(
        order_id=ORDER, buyer_id=BUYER, parcel_id=parcel_id, units=units, shipped=shipped, on_time=True, occurred_at=moment(when)
    )


def failed(
    parcel_id: str = "w1",
    how: Literal["refused", "lost"] = "lost",
    *,
    quantity: int = 3,
    replacement: bool = False,
    when: When = "06-16 10:00",
) -> ParcelFailed:
    units = (Units(line_no=1, quantity=quantity),) if quantity else ()
    return ParcelFailed(order_id=ORDER, parcel_id=parcel_id, how=how, units=units, replacement=replacement, occurred_at=moment(when))


def cancelled(quantity: int = 3, amount_minor: int = 100_00, when: When = "06-17 12:00") -> UnitsCancelled:
    part = CancelledUnits(
        line_no=1, seller_id=SELLER, promoter_id=None, quantity=quantity, refund_id=f"cut{quantity}", amount_minor=amount_minor
    )
    return UnitsCancelled(
        order_id=ORDER, buyer_id=BUYER, by="seller", cancel_id="x1", lines=(part,), order_cancelled=False, occurred_at=moment(when)
    )


def kept(case_id: str = CASE, quantity: int = 3, *, when: When = "06-11 10:01") -> ShipmentHoldGranted:
    return ShipmentHoldGranted(order_id=ORDER, case_id=case_id, line_no=1, quantity=quantity, occurred_at=moment(when))


def left(case_id: str = CASE, quantity: int = 3, *, when: When = "06-11 10:01") -> ShipmentHoldRefused:
    return ShipmentHoldRefused(order_id=ORDER, case_id=case_id, line_no=1, quantity=quantity, code="case.shipped", occurred_at=moment(when))


def disputed(case_id: str = CASE, *, buyer: str = BUYER, when: When = "06-19 12:00") -> DisputeRaised:
    return DisputeRaised(order_id=ORDER, case_id=case_id, buyer_id=buyer, reason="never worn", occurred_at=moment(when))


def escalated(case_id: str = CASE, *, seller: str = SELLER, when: When = "06-18 11:00") -> SellerDisputeRaised:
    return SellerDisputeRaised(order_id=ORDER, case_id=case_id, seller_id=seller, reason="not ours", occurred_at=moment(when))


def contested(case_id: str = CASE, *, seller: str = SELLER, when: When = "06-22 11:00") -> ReturnDisputed:
    return ReturnDisputed(
        order_id=ORDER, case_id=case_id, seller_id=seller, reason="other goods", finding="swapped", occurred_at=moment(when)
    )


def shown(evidence_id: str = "ev1", case_id: str = CASE, *, buyer: str = BUYER, when: When = "06-20 12:00") -> EvidenceSubmitted:
    return EvidenceSubmitted(order_id=ORDER, case_id=case_id, buyer_id=buyer, evidence_id=evidence_id, occurred_at=moment(when))


def shown_by_seller(
    evidence_id: str = "ev1", case_id: str = CASE, *, seller: str = SELLER, when: When = "06-20 13:00"
) -> SellerEvidenceSubmitted:
    return SellerEvidenceSubmitted(order_id=ORDER, case_id=case_id, seller_id=seller, evidence_id=evidence_id, occurred_at=moment(when))


def ruled(
    upheld: bool = True, ruling_id: str = "rl1", case_id: str = CASE, *, matter: Matter = "case", when: When = "06-23 10:00", **more: Any
) -> RulingMade:
    return RulingMade(order_id=ORDER, ruling_id=ruling_id, matter=matter, case_id=case_id, upheld=upheld, occurred_at=moment(when), **more)


def appealed(case_id: str = CASE, *, buyer: str = BUYER, when: When = "06-24 10:00") -> DisputeAppealed:
    return DisputeAppealed(order_id=ORDER, case_id=case_id, buyer_id=buyer, reason="look again", occurred_at=moment(when))


def appealed_by_seller(case_id: str = CASE, *, seller: str = SELLER, when: When = "06-24 10:00") -> SellerDisputeAppealed:
    return SellerDisputeAppealed(order_id=ORDER, case_id=case_id, seller_id=seller, reason="look again", occurred_at=moment(when))


def appeal_ruled(
    upheld: bool = True, ruling_id: str = "rl2", case_id: str = CASE, *, when: When = "06-26 10:00", **more: Any
) -> RulingMade:
    return ruled(upheld, ruling_id, case_id, matter="appeal", when=when, **more)


def door_signed(waybill: str = "SF1", *, carrier: str = "sf", when: When = "06-21 10:00") -> ReturnSigned:
    return ReturnSigned(order_id=ORDER, carrier=carrier, waybill=waybill, occurred_at=moment(when))


def replaced(
    case_id: str = CASE, parcel_id: str = "r1", waybill: str = "SF9", *, seller: str = SELLER, when: When = "06-23 10:00"
) -> ReplacementSent:
    return ReplacementSent(
        order_id=ORDER, case_id=case_id, seller_id=seller, parcel_id=parcel_id, carrier="sf", waybill=waybill, occurred_at=moment(when)
    )


def arrived(parcel_id: str = "r1", when: When = "06-25 10:00") -> ParcelDelivered:
    return ParcelDelivered(
        order_id=ORDER,
        buyer_id=BUYER,
        parcel_id=parcel_id,
        delivered=(1,),
        signed_at=moment(when),
        replacement=True,
        occurred_at=moment(when),
    )


def refund_id(case_id: str = CASE, attempt: int = 1) -> str:
    return refund_id_of(ORDER, case_id, attempt)


EXCHANGE = l.requested(kind="exchange")
SENDING = (*l.SIGNED, EXCHANGE, l.accepted(), l.posted(), l.confirmed())
REPLACED = (*SENDING, replaced())
DISPUTED = (*l.DECLINED, disputed())
HEARD = "06-21 12:00:05"  # two days after the dispute, with the grace
