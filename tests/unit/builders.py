"""Events of one usual purchase, valid by default: what the apps send, what the services tell each other. Times: Shanghai, 2026."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from shared.contracts.chargeback import ChargebackEnded, ChargebackLine, ChargebackReceived
from shared.contracts.dispute import CaseReopened
from shared.contracts.exchange import CaseReplaced
from shared.contracts.hold import ShipmentHoldRequested
from shared.contracts.logistics import ParcelCollected, ParcelLost, ParcelRefused, ParcelShipped, ParcelSigned
from shared.contracts.merchant import SellerCancelled
from shared.contracts.order import (
    CancelledUnits,
    ConfirmationDue,
    OrderCompleted,
    OrderPaid,
    OrderTerms,
    PaymentUnwanted,
    PaymentWindowOver,
    Penalty,
    ShippingDue,
    UnitsCancelled,
)
from shared.contracts.payment import AccountCredited, LineSettled
from shared.contracts.psp import (
    PaymentSucceeded,
    PayoutFailed,
    PayoutLine,
    PayoutSucceeded,
    PutInLine,
    RefundFailed,
    RefundSucceeded,
    StatementLine,
)
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted
from shared.contracts.ruling import RulingMade
from shared.contracts.standing import SubjectSuspended
from shared.contracts.storefront import (
    CaseKind,
    OrderCancelRequested,
    OrderPlaced,
    PlacedLine,
    ReceiptConfirmed,
    ReceiptExtended,
    VoucherRedeemed,
)
from shared.contracts.types import Coupon, Discount, Funder, Line, LineParties, Movement, PutIn, Units
from shared.messaging.message import Message
from shared.policy import Policies

ORDER, BUYER, SELLER, PROMOTER, PAYMENT_ID, PARCEL, CASE = "o1", "b1", "s1", "k1", "pay1", "parcel1", "c1"
ZONE = "Asia/Shanghai"
POLICIES = Policies.load(Path(__file__).parents[2] / "deploy" / "policy.yaml")
POLICY = POLICIES.versions[0]

PLACED, PAID, SENT, SIGNED = "06-01 10:00", "06-01 10:10", "06-02 10:00", "06-04 12:00"
TERMS = OrderTerms(
    policy_version="1",
    zone=ZONE,
    pay_minutes=30,
    ship_hours=48,
    confirm_signed_days=10,
    confirm_check_days=20,
    confirm_latest_days=30,
    settle_days=7,
    ship_hours_24h=24,
    late=Penalty(bp=1_000, min_minor=5_00, max_minor=500_00),
    sham=Penalty(bp=3_000, min_minor=5_00, max_minor=200_00),
    collect_hours=24,
    extend_days=3,
)


def at(text: str, zone: str = ZONE) -> datetime:
    """`06-16 23:59:59` on the wall of that zone; seconds may be left out."""
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(f"2026-{text}", form).replace(tzinfo=ZoneInfo(zone))


def with_policy(section: str, **values: object) -> Policies:
    """The policy as it is deployed, but for these values of one section."""
    changed = getattr(POLICY, section).model_copy(update=values)
    return Policies([POLICY.model_copy(update={section: changed})])


# what the apps send


def cart(line_no: int = 1, unit_price_minor: int = 100_00, quantity: int = 1, **fields: Any) -> PlacedLine:
    values: dict[str, Any] = {"seller_id": SELLER, "promoter_id": PROMOTER, "commission_bp": 2_000, **fields}
    return PlacedLine(line_no=line_no, sku=f"sku{line_no}", unit_price_minor=unit_price_minor, quantity=quantity, **values)


def coupon(amount_minor: int, *line_nos: int, funder: Funder = "platform", coupon_id: str = "cp1") -> Coupon:
    return Coupon(coupon_id=coupon_id, funder=funder, amount_minor=amount_minor, line_nos=line_nos or (1,))


def placed(*lines: PlacedLine, due: int | None = None, coupons: Iterable[Coupon] = (), when: str = PLACED, **fields: Any) -> OrderPlaced:
    """due None: what the lines cost less the coupons."""
    bought, used = lines or (cart(),), tuple(coupons)
    gross = sum(line.unit_price_minor * line.quantity for line in bought)
    values: dict[str, Any] = {"order_id": ORDER, "buyer_id": BUYER, "currency": "CNY", "occurred_at": at(when), **fields}
    return OrderPlaced(
        lines=bought, coupons=used, due_minor=gross - sum(one.amount_minor for one in used) if due is None else due, **values
    )


def succeeded(amount_minor: int = 100_00, payment_id: str = PAYMENT_ID, when: str = PAID, currency: str = "CNY") -> PaymentSucceeded:
    return PaymentSucceeded(order_id=ORDER, payment_id=payment_id, amount_minor=amount_minor, currency=currency, occurred_at=at(when))


def shipped(parcel_id: str = PARCEL, units: dict[int, int] | None = None, when: str = SENT, shipper_id: str | None = None) -> ParcelShipped:
    lines = units_of(units or {1: 1})
    waybill = f"w-{parcel_id}"
    return ParcelShipped(
        order_id=ORDER, parcel_id=parcel_id, carrier="sf", waybill=waybill, lines=lines, shipper_id=shipper_id, occurred_at=at(when)
    )


def units_of(units: dict[int, int]) -> tuple[Units, ...]:
    return tuple(Units(line_no=line_no, quantity=quantity) for line_no, quantity in units.items())


def collected(parcel_id: str = PARCEL, when: str = "06-02 20:00") -> ParcelCollected:
    return ParcelCollected(order_id=ORDER, parcel_id=parcel_id, occurred_at=at(when))


def parcel_refused(parcel_id: str = PARCEL, when: str = SIGNED) -> ParcelRefused:
    return ParcelRefused(order_id=ORDER, parcel_id=parcel_id, occurred_at=at(when))


def parcel_lost(parcel_id: str = PARCEL, when: str = SIGNED) -> ParcelLost:
    return ParcelLost(order_id=ORDER, parcel_id=parcel_id, occurred_at=at(when))


def cancel(
    units: dict[int, int] | None = None,
    payment_id: str | None = None,
    buyer_id: str = BUYER,
    when: str = "06-01 10:20",
    cancel_id: str = "cancel1",
) -> OrderCancelRequested:
    """units None: all that has not left."""
    return OrderCancelRequested(
        order_id=ORDER,
        cancel_id=cancel_id,
        buyer_id=buyer_id,
        payment_id=payment_id,
        lines=units_of(units or {}),
        reason="too slow",
        occurred_at=at(when),
    )


def seller_cancels(
    units: dict[int, int] | None = None,
    seller_id: str = SELLER,
    payment_id: str | None = None,
    when: str = "06-01 10:20",
    cancel_id: str = "",
) -> SellerCancelled:
    return SellerCancelled(
        order_id=ORDER,
        cancel_id=cancel_id or f"cancel-{seller_id}",
        seller_id=seller_id,
        payment_id=payment_id,
        lines=units_of(units or {}),
        reason="sold out",
        occurred_at=at(when),
    )


def ruling(ruling_id: str = "ruling1", parcel_id: str = PARCEL, upheld: bool = True, when: str = "06-10 09:00") -> RulingMade:
    return RulingMade(order_id=ORDER, ruling_id=ruling_id, matter="sham_shipping", parcel_id=parcel_id, upheld=upheld, occurred_at=at(when))


def extended(*line_nos: int, buyer_id: str = BUYER, when: str = "06-05 08:00") -> ReceiptExtended:
    return ReceiptExtended(order_id=ORDER, buyer_id=buyer_id, line_nos=line_nos, occurred_at=at(when))


def redeemed(redemption_id: str = "use1", line_no: int = 1, quantity: int = 1, when: str = "06-05 08:00") -> VoucherRedeemed:
    return VoucherRedeemed(order_id=ORDER, redemption_id=redemption_id, line_no=line_no, quantity=quantity, occurred_at=at(when))


def signed(parcel_id: str = PARCEL, when: str = SIGNED) -> ParcelSigned:
    return ParcelSigned(order_id=ORDER, parcel_id=parcel_id, occurred_at=at(when))


def receipt(*line_nos: int, buyer_id: str = BUYER, when: str = "06-05 09:00") -> ReceiptConfirmed:
    return ReceiptConfirmed(order_id=ORDER, buyer_id=buyer_id, line_nos=line_nos, occurred_at=at(when))


def refund_paid(refund_id: str = "r1", when: str = "06-08 10:00") -> RefundSucceeded:
    return RefundSucceeded(order_id=ORDER, refund_id=refund_id, occurred_at=at(when))


def refund_failed(refund_id: str = "r1", when: str = "06-08 10:00") -> RefundFailed:
    return RefundFailed(order_id=ORDER, refund_id=refund_id, reason="account closed", occurred_at=at(when))


def payout_paid(payout_id: str, party: str = SELLER, when: str = "06-14 01:00") -> PayoutSucceeded:
    return PayoutSucceeded(party=party, payout_id=payout_id, occurred_at=at(when))


def payout_failed(payout_id: str, party: str = SELLER, when: str = "06-14 01:00") -> PayoutFailed:
    return PayoutFailed(party=party, payout_id=payout_id, reason="account closed", occurred_at=at(when))


def stated(
    line_id: str = "l1",
    reference: str = PAYMENT_ID,
    amount_minor: int = 100_00,
    kind: Movement | Literal["payout"] = "capture",
    currency: str = "CNY",
    when: str = "06-02 01:00",
    **fields: Any,
) -> StatementLine:
    """In the statement of 06-01, of the whole order by default."""
    values: dict[str, Any] = {"order_id": ORDER, "statement_id": "st1", "day": "2026-06-01", **fields}
    return StatementLine(
        line_id=line_id, reference=reference, amount_minor=amount_minor, kind=kind, currency=currency, occurred_at=at(when), **values
    )


def payout_stated(
    line_id: str, payout_id: str, amount_minor: int = 75_00, currency: str = "CNY", when: str = "06-15 01:00", **fields: Any
) -> PayoutLine:
    """In the statement of 06-14, to the seller."""
    values: dict[str, Any] = {"party": SELLER, "statement_id": "st14", "day": "2026-06-14", **fields}
    return PayoutLine(line_id=line_id, payout_id=payout_id, amount_minor=amount_minor, currency=currency, occurred_at=at(when), **values)


def put_in_stated(
    line_id: str = "l1", reference: str = "d1", amount_minor: int = 50_00, kind: PutIn = "deposit", when: str = "05-03 01:00", **fields: Any
) -> PutInLine:
    """In the statement of 05-02, of the seller's money."""
    values: dict[str, Any] = {"party": SELLER, "statement_id": "st02", "day": "2026-05-02", "currency": "CNY", **fields}
    return PutInLine(line_id=line_id, kind=kind, reference=reference, amount_minor=amount_minor, occurred_at=at(when), **values)


# what the services tell each other


def line(line_no: int = 1, paid_minor: int = 100_00, quantity: int = 1, subsidies: dict[Funder, int] | None = None, **fields: Any) -> Line:
    """A line as accepted; subsidies: what each funder takes over of it, on top of paid_minor."""
    shares = subsidies or {}
    values: dict[str, Any] = {"seller_id": SELLER, "promoter_id": PROMOTER, "commission_bp": 2_000, "fee_bp": 500, **fields}
    return Line(
        line_no=line_no,
        sku=f"sku{line_no}",
        quantity=quantity,
        gross_minor=paid_minor + sum(shares.values()),
        discounts=tuple(Discount(funder=funder, amount_minor=amount) for funder, amount in shares.items()),
        paid_minor=paid_minor,
        **values,
    )


def order_paid(*lines: Line, when: str = PAID, terms: OrderTerms = TERMS) -> OrderPaid:
    bought = lines or (line(),)
    return OrderPaid(
        order_id=ORDER,
        buyer_id=BUYER,
        payment_id=PAYMENT_ID,
        currency="CNY",
        amount_minor=sum(one.paid_minor for one in bought),
        lines=bought,
        terms=terms,
        occurred_at=at(when),
    )


def payment_unwanted(payment_id: str = "pay2", amount_minor: int = 100_00, currency: str = "CNY", when: str = PAID) -> PaymentUnwanted:
    return PaymentUnwanted(
        order_id=ORDER,
        payment_id=payment_id,
        currency=currency,
        amount_minor=amount_minor,
        reason="payment.second",
        occurred_at=at(when),
    )


def parties(line_no: int = 1) -> LineParties:
    return LineParties(line_no=line_no, seller_id=SELLER, promoter_id=PROMOTER)


def order_completed(
    *line_nos: int, when: str | datetime = "06-05 09:00", how: Literal["confirmed", "auto"] = "confirmed"
) -> OrderCompleted:
    lines = tuple(parties(line_no) for line_no in line_nos or (1,))
    return OrderCompleted(order_id=ORDER, buyer_id=BUYER, how=how, lines=lines, occurred_at=moment(when))


def case_opened(case_id: str = CASE, line_no: int = 1, quantity: int = 1, when: str | datetime = "06-06 10:00") -> CaseOpened:
    return CaseOpened(
        order_id=ORDER,
        case_id=case_id,
        line_no=line_no,
        state=10,
        turn="seller",
        deadline=None,
        rule="R4.3",
        buyer_id=BUYER,
        seller_id=SELLER,
        kind="return_and_refund",
        ground="no_reason",
        quantity=quantity,
        occurred_at=moment(when),
    )


def hold_requested(case_id: str = CASE, line_no: int = 1, quantity: int = 1, when: str | datetime = "06-06 10:00") -> ShipmentHoldRequested:
    """Told with the case's opening."""
    return ShipmentHoldRequested(order_id=ORDER, case_id=case_id, line_no=line_no, quantity=quantity, occurred_at=moment(when))


def case_replaced(case_id: str = CASE, parcel_id: str = "p8", quantity: int = 1, when: str | datetime = "06-08 10:00") -> CaseReplaced:
    return CaseReplaced(
        order_id=ORDER,
        case_id=case_id,
        line_no=1,
        state=45,
        turn="buyer",
        deadline=None,
        rule="R4.10",
        seller_id=SELLER,
        kind="exchange",
        quantity=quantity,
        parcel_id=parcel_id,
        carrier="sf",
        waybill=f"w-{parcel_id}",
        occurred_at=moment(when),
    )


def case_reopened(case_id: str = CASE, line_no: int = 1, when: str | datetime = "06-20 10:00") -> CaseReopened:
    return CaseReopened(
        order_id=ORDER,
        case_id=case_id,
        line_no=line_no,
        state=50,
        turn="provider",
        deadline=None,
        rule="R4.11",
        kind="return_and_refund",
        quantity=1,
        amount_minor=None,
        occurred_at=moment(when),
    )


def granted(
    refund_id: str = "r1",
    amount_minor: int = 40_00,
    quantity: int = 1,
    line_no: int = 1,
    when: str | datetime = "06-08 09:00",
    applied: str | datetime | None = None,
) -> RefundGranted:
    return RefundGranted(
        order_id=ORDER,
        case_id=CASE,
        line_no=line_no,
        state=50,
        turn="provider",
        deadline=None,
        rule="R3.5",
        refund_id=refund_id,
        quantity=quantity,
        amount_minor=amount_minor,
        by="seller",
        applied_at=moment(applied) if applied is not None else None,
        occurred_at=moment(when),
    )


def units_cancelled(
    *parts: tuple[int, int, int], refund_id: str = "x", seller_id: str = SELLER, when: str | datetime = "06-01 10:20"
) -> UnitsCancelled:
    """parts: line, units and amount of each; its refund is refund_id and the line's number."""
    lines = tuple(
        CancelledUnits(
            line_no=line_no,
            seller_id=seller_id,
            promoter_id=PROMOTER,
            quantity=quantity,
            refund_id=f"{refund_id}{line_no}",
            amount_minor=amount,
        )
        for line_no, quantity, amount in parts or ((1, 1, 100_00),)
    )
    said: dict[str, Any] = {"order_id": ORDER, "buyer_id": BUYER, "by": "buyer", "cancel_id": "cancel1", "order_cancelled": False}
    return UnitsCancelled(**said, lines=lines, occurred_at=moment(when))


def case_closed(
    case_id: str = CASE,
    line_no: int = 1,
    quantity: int = 0,
    amount_minor: int = 0,
    when: str | datetime = "06-09 10:00",
    at_fault: bool = False,
    kind: CaseKind = "return_and_refund",
) -> CaseClosed:
    return CaseClosed(
        order_id=ORDER,
        case_id=case_id,
        line_no=line_no,
        state=60 if quantity else 70,
        turn="nobody",
        deadline=None,
        rule="R4.2",
        code="case.refunded" if quantity else "case.withdrawn",
        refunded_minor=amount_minor,
        refunded_quantity=quantity,
        seller_at_fault=at_fault,
        kind=kind,
        occurred_at=moment(when),
    )


def line_settled(line_no: int = 1, when: str = "06-12 00:00") -> LineSettled:
    return LineSettled(
        order_id=ORDER,
        line_no=line_no,
        seller_id=SELLER,
        promoter_id=PROMOTER,
        seller_minor=75_00,
        promoter_minor=20_00,
        platform_minor=5_00,
        moves=None,
        occurred_at=at(when),
    )


def chargeback_received(chargeback_id: str = "cb1", when: str = "06-02 09:00", of_order: bool | None = True) -> ChargebackReceived:
    said: dict[str, Any] = {"chargeback_id": chargeback_id, "payment_id": PAYMENT_ID, "currency": "CNY", "reason": "10.4"}
    line = ChargebackLine(line_no=1, seller_id=SELLER, promoter_id=PROMOTER, amount_minor=100_00)
    return ChargebackReceived(order_id=ORDER, **said, amount_minor=100_00, lines=(line,), of_order=of_order, occurred_at=at(when))


def chargeback_ended(
    outcome: Literal["won", "lost"] = "won", chargeback_id: str = "cb1", when: str = "06-10 10:00", **fields: Any
) -> ChargebackEnded:
    said: dict[str, Any] = {"chargeback_id": chargeback_id, "payment_id": PAYMENT_ID, "buyer_id": BUYER, "currency": "CNY"}
    said |= {"of_order": True, "disputed_minor": 100_00, "taken_minor": 100_00 if outcome == "lost" else 0, "lines": (), **fields}
    return ChargebackEnded(order_id=ORDER, outcome=outcome, **said, occurred_at=at(when))


def credited(amount_minor: int = 75_00, party: str = SELLER, when: str = "06-12 00:00", **fields: Any) -> AccountCredited:
    values: dict[str, Any] = {"currency": "CNY", "order_id": ORDER, "line_no": 1, "zone": ZONE, **fields}
    return AccountCredited(party=party, amount_minor=amount_minor, occurred_at=at(when), **values)


def subject_suspended(
    subject_id: str = f"seller:{SELLER}",
    since: str = "06-01 09:00",
    until: str | None = "06-08 09:00",
    violation_id: str = "v1",
    when: str = "06-01 08:50",
) -> SubjectSuspended:
    """until None: for good."""
    return SubjectSuspended(
        subject_id=subject_id,
        level=1 if until else 5,
        effective_from=at(since),
        until=at(until) if until else None,
        violation_id=violation_id,
        occurred_at=at(when),
    )


# deadlines


def window_over(when: str = "06-01 10:30") -> PaymentWindowOver:
    return PaymentWindowOver(order_id=ORDER, occurred_at=at(when))


def shipping_due(seller_id: str = SELLER, hours: int = 48, when: str = "06-03 10:10") -> ShippingDue:
    return ShippingDue(order_id=ORDER, seller_id=seller_id, hours=hours, occurred_at=at(when))


def confirmation_due(line_no: int = 1, stage: Literal[1, 2, 3] = 1, when: str = "06-12 10:00") -> ConfirmationDue:
    return ConfirmationDue(order_id=ORDER, line_no=line_no, stage=stage, occurred_at=at(when))


def types(facts: Iterable[Message]) -> list[str]:
    return [fact.type for fact in facts]


def public(facts: Iterable[Message]) -> list[str]:
    """Types of those that outsiders see."""
    return [fact.type for fact in facts if not fact.topic.internal]


def only(facts: Iterable[Message]) -> Any:
    """The one fact there is."""
    (fact,) = facts
    return fact


def moment(when: str | datetime) -> datetime:
    return at(when) if isinstance(when, str) else when
