"""What the order service refuses, and what it has wait."""

from __future__ import annotations

from typing import Any

from shared.contracts.governance import AllotmentSet
from shared.contracts.storefront import CaseKind, Ground, RefundRequested
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import CAMPAIGN, allotted, linked, reviewed, wanted
from tests.unit.refund import life
from tests.unit.refusals.judged import Life, Row, Waiting

# Line 1: two units; 2: two vouchers; 3: made for the buyer; 4: freight; 5: of s2, sent by f1; 6: digital; 7: given with line 1.
BASKET = (
    b.cart(1, 160_00, 2),  # too dear for an instant refund: a seller answers
    b.cart(2, 10_00, 2, kind="virtual", promoter_id=None, commission_bp=0),
    b.cart(3, 30_00, category="custom_made"),
    b.cart(4, 5_00, kind="freight", promoter_id=None, commission_bp=0),
    b.cart(5, 10_00, seller_id="s2", fulfiller_id="f1"),
    b.cart(6, 40_00, category="digital"),
    b.cart(7, 1_00, gift_of=1),
)
TOTAL = 426_00
NOON, EVENING, NEXT = "06-01 12:00", "06-01 18:00", "06-04 10:00"


def of(order_id: str, event: Message, **changes: Any) -> Message:
    return event.model_copy(update={"order_id": order_id, **changes})


def ask(
    case_id: str,
    line_no: int = 1,
    quantity: int = 1,
    kind: CaseKind = "return_and_refund",
    ground: Ground = "no_reason",
    when: str = NEXT,
    **fields: Any,
) -> RefundRequested:
    asked = life.requested(case_id, line_no=line_no, quantity=quantity, kind=kind, ground=ground, when=when)
    return asked.model_copy(update=fields)


def unshipped(case_id: str = "c1", line_no: int = 1, quantity: int = 2, when: str = EVENING) -> RefundRequested:
    return ask(case_id, line_no, quantity, "refund_only", "not_shipped", when)


def resized(units: int, when: str = "06-02 10:00") -> AllotmentSet:
    return AllotmentSet(campaign_id=CAMPAIGN, sku="sku1", units=units, occurred_at=b.at(when))


def other(order_id: str = "o2", buyer_id: str = "b2", payment_id: str = "pay2", **fields: Any) -> tuple[Message, ...]:
    """An order of one line, paid."""
    return of(order_id, b.placed(b.cart(**fields)), buyer_id=buyer_id), of(order_id, b.succeeded(payment_id=payment_id))


ACCEPTED = Life((b.placed(*BASKET),))
PAID = ACCEPTED.then(b.succeeded(TOTAL))
SENT = PAID.then(b.shipped("p1", {1: 2}, NOON), b.collected("p1", EVENING), b.shipped("p5", {5: 1}, NOON, "f1"))
SIGNED = SENT.then(
    b.signed("p1", "06-03 12:00"), b.signed("p5", "06-03 12:00"), b.shipped("p6", {6: 1}, NOON), b.signed("p6", "06-03 12:00")
)
LIVES = {
    "none": Life(()),
    "accepted": ACCEPTED,
    "paid": PAID,
    "kept back": PAID.then(unshipped()),
    "sent": SENT,
    "signed": SIGNED,
    "asked": SIGNED.then(ask("c1")),
    "confirmed": SIGNED.then(b.receipt(1, when=NEXT)),
    "extended": SIGNED.then(b.extended(1, when=NEXT)),
    "paid back": SIGNED.then(ask("c1", quantity=2, kind="refund_only", ground="quality"), life.accepted("c1", when="06-05 10:00")),
    "one sent": Life((b.placed(), b.succeeded(), b.shipped("p1", when=NOON))),
    "closed order": Life((b.placed(), b.cancel(), *other())),
    "never longer": Life(SIGNED.steps, b.with_policy("order", extend_days=0)),
    "sham": SENT.then(b.ruling(parcel_id="p5", when=NEXT), b.shipped("p6", {6: 1}, NOON)),
    "campaign": Life((reviewed(), allotted(5), wanted("fair", "b7", 2))),
    "members": Life((linked("b1", "t1"),)),
}
ROWS = [
    Row("buyer.differs", "paid", b.cancel({1: 1}, buyer_id="b2"), b.cancel({1: 1})),
    Row("buyer.differs", "signed", b.receipt(1, buyer_id="b2"), b.receipt(1)),
    Row("campaign.below_taken", "campaign", resized(1), resized(2)),
    Row("campaign.below_taken", "campaign", resized(1), until=("06-03 10:00",)),  # the order that took them was not paid
    Row("campaign.outdated", "campaign", allotted(7), resized(7)),
    Row("campaign.outdated", "campaign", reviewed(approved=False), reviewed(approved=False, when="06-02 10:00")),
    Row("cancel.case_open", "kept back", b.cancel({1: 1}, when=NEXT), until=(life.withdrawn("c1", when="06-02 10:00"),)),
    Row("cancel.exceeds_unsent", "paid", b.cancel({1: 3}), b.cancel({1: 2})),
    Row("cancel.known", "units cancelled", b.cancel({1: 1}, when=NOON), b.cancel({1: 1}, when=NOON, cancel_id="cancel2")),
    Row("cancel.not_allowed", "paid", b.cancel({3: 1}), b.cancel({1: 1})),
    Row("cancel.not_allowed", "paid", b.seller_cancels({4: 1}), b.seller_cancels({3: 1})),
    Row("cancel.nothing_left", "one sent", b.cancel(when=NEXT), until=(b.parcel_lost("p1", "06-03 10:00"),)),
    Row("cancel.unpaid_in_part", "accepted", b.cancel({1: 1}), b.cancel()),
    Row("cancel.case_open", "kept back alone", b.cancel(when=NEXT), until=(life.withdrawn("c1", when="06-02 10:00"),)),
    Row("cancel.exceeds_unsent", "accepted", b.seller_cancels({1: 3}), b.seller_cancels({1: 2})),
    Row("cancel.not_allowed", "voucher", b.cancel(), unshipped(quantity=1)),
    Row("identity.known", "members", linked("b1", "t1"), linked("b1", "t2")),
    Row("line.refunded", "paid back", b.receipt(1, when="06-06 10:00"), b.receipt(5, when="06-06 10:00")),
    Row("line.refunded", "paid back", b.extended(1, when="06-06 10:00"), b.extended(5, when="06-06 10:00")),
    Row("line.unknown", "accepted", b.cancel({9: 1}), b.cancel()),
    Row("line.unknown", "accepted", b.seller_cancels({9: 1}), b.seller_cancels({1: 1})),
    Row("line.unknown", "paid", b.cancel({9: 1}), b.cancel({1: 1})),
    Row("line.unknown", "paid", b.shipped("p1", {9: 1}), b.shipped("p1", {1: 1})),
    Row("line.unknown", "paid", b.redeemed(line_no=9), b.redeemed(line_no=2)),
    Row("line.unknown", "signed", b.receipt(9), b.receipt(1)),
    Row("order.closed", "closed order", b.shipped(), of("o2", b.shipped())),
    Row("order.exists", "paid", b.placed(), of("o9", b.placed())),
    Row("order.exists", "campaign", wanted("fair", "b7", 1), wanted("fair2", "b7", 1)),
    Row("parcel.collected_before", "sent", b.collected("p1"), b.collected("p5")),
    Row("parcel.exceeds_ordered", "paid", b.shipped("p1", {1: 3}), b.shipped("p1", {1: 2})),
    Row("parcel.failed_before", "lost", b.signed("p1"), b.signed("p5")),
    Row("parcel.intercepted", "intercepted", b.signed("p1"), b.signed("p5")),
    Row("parcel.intercepted", "intercepted", b.ruling(parcel_id="p1"), b.ruling(parcel_id="p5")),
    Row("parcel.known", "sent", b.shipped("p1", {6: 1}), b.shipped("p6", {6: 1})),
    Row("parcel.not_goods", "paid", b.shipped("p1", {2: 1}), b.shipped("p1", {1: 1})),
    Row("parcel.shipper_differs", "paid", b.shipped("p5", {5: 1}, shipper_id="s2"), b.shipped("p5", {5: 1}, shipper_id="f1")),
    Row("parcel.signed_before", "signed", b.signed("p1"), b.signed("p9"), (b.shipped("p9", {3: 1}),)),
    Row("parcel.signed_before", "signed", b.parcel_lost("p1"), b.parcel_lost("p9"), (b.shipped("p9", {3: 1}),)),
    Row("payment.known", "paid", b.succeeded(TOTAL, when=NOON), b.succeeded(TOTAL, "pay2", NOON)),
    Row("payment.of_nothing", "accepted", b.succeeded(0), b.succeeded(TOTAL)),
    Row("receipt.case_open", "asked", b.receipt(1, when="06-06 10:00"), until=(life.withdrawn("c1", when="06-05 10:00"),)),
    Row("receipt.confirmed_before", "confirmed", b.receipt(1), b.receipt(5)),
    Row("receipt.confirmed_before", "confirmed", b.extended(1), b.extended(5)),
    Row("receipt.extended_before", "extended", b.extended(1), b.extended(5)),
    Row("receipt.no_extension", "never longer", b.extended(1), why="it was not promised"),
    Row("receipt.not_goods", "signed", b.receipt(2), b.receipt(1)),
    Row("receipt.not_goods", "signed", b.extended(2), b.extended(1)),
    Row("receipt.too_late", "signed", b.extended(1, when="06-11 12:00"), b.extended(1, when="06-11 11:59")),
    Row("redemption.exceeds_bought", "paid", b.redeemed(line_no=2, quantity=3), b.redeemed(line_no=2, quantity=2)),
    Row("redemption.kept_back", "voucher kept", b.redeemed(line_no=2), until=(life.withdrawn("c1", when="06-02 10:00"),)),
    Row("redemption.known", "redeemed", b.redeemed(line_no=2, when=NEXT), b.redeemed("use2", 2, when=NEXT)),
    Row("redemption.not_virtual", "paid", b.redeemed(line_no=1), b.redeemed(line_no=2)),
    Row("ruling.known", "sham", b.ruling(parcel_id="p6"), b.ruling("ruling2", "p6")),
    Row("ruling.known", "sham", b.ruling("ruling2", "p5"), b.ruling("ruling2", "p6")),
    Row("ruling.too_early", "sent", b.ruling(parcel_id="p5", when="06-02 11:59"), b.ruling(parcel_id="p5")),
    Row("seller.differs", "paid", b.seller_cancels({5: 1}, "s2"), b.seller_cancels({5: 1}, "f1")),
    Row("sham.collected_in_time", "sent", b.ruling(parcel_id="p1"), b.ruling(parcel_id="p5")),
]
LIVES |= {
    "units cancelled": PAID.then(b.cancel({1: 1})),
    "lost": SENT.then(b.parcel_lost("p1", "06-03 12:00")),
    "intercepted": PAID.then(unshipped(), b.shipped("p1", {1: 2}, "06-02 10:00"), b.shipped("p5", {5: 1}, "06-02 10:00", "f1")),
    "kept back alone": Life((b.placed(b.cart(1, 400_00)), b.succeeded(400_00), unshipped(quantity=1))),
    "voucher": Life((b.placed(b.cart(kind="virtual", promoter_id=None, commission_bp=0)), b.succeeded())),
    "voucher kept": PAID.then(unshipped(line_no=2)),
    "redeemed": PAID.then(b.redeemed(line_no=2)),
}
WAITS = [
    Waiting("cancel.before_payment", "accepted", b.cancel({1: 1}, b.PAYMENT_ID), (b.succeeded(TOTAL),)),
    Waiting("order.before_placed", "none", b.cancel(), (b.placed(),)),
    Waiting("order.before_placed", "none", b.receipt(1), (b.placed(), b.succeeded(), b.shipped(when=NOON), b.signed(when="06-03 12:00"))),
    Waiting("parcel.before_payment", "accepted", b.shipped("p1", {1: 2}), (b.succeeded(TOTAL),)),
    Waiting("parcel.before_shipped", "paid", b.signed("p1"), (b.shipped("p1", {1: 2}),)),
    Waiting("parcel.before_shipped", "paid", b.ruling(parcel_id="p1"), (b.shipped("p1", {1: 2}),)),
    Waiting("payment.before_order", "none", b.succeeded(), (b.placed(),)),
    Waiting("receipt.before_delivery", "sent", b.receipt(1), (b.signed("p1"),)),
    Waiting("receipt.before_delivery", "sent", b.receipt(), (b.signed("p1"),)),
    Waiting("receipt.before_shipping", "paid", b.extended(1), (b.shipped("p1", {1: 2}),)),
    Waiting("redemption.before_payment", "accepted", b.redeemed(line_no=2), (b.succeeded(TOTAL),)),
]
