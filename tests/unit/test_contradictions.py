"""Events that are well formed and cannot be true: each is refused, or waits, with its own code, and nothing changes anywhere.

A town with three orders: `o1` of buyer b1 (line 1: two units of s1, sent in p1, signed for, one asked back in c1; line 2:
virtual; line 3: of s2, to be sent by f1) `o2` of buyer b2 and seller s3, paid and cancelled; `o4` is unpaid. Source: R2.1, R3.5, R8.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from shared.contracts.governance import AllotmentSet
from shared.contracts.payment import RefundInstructed
from shared.contracts.psp import CompensationFailed, CompensationSucceeded, PayoutFailed, PayoutSucceeded
from shared.contracts.seller import DepositToppedUp, SellerRegistered, WithdrawalRequested
from shared.errors import CATALOGUE
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import allotted, reviewed, wanted
from tests.unit.payment import asks, disputes
from tests.unit.refund import life
from tests.unit.refund.firsts import before
from tests.unit.town import Town
from tests.unit.trust.rulebook import appeal, lesson, uphold, violation, void
from tests.unit.trust.test_votes import vote

NOW = "06-03 12:00"


class Silent(Town):
    """The provider answers what o2 and its party were told, and nothing else."""

    def provider(self, fact: Message) -> Iterable[Message]:
        return super().provider(fact) if fact.key in ("o2", "s3") else ()


def of(order_id: str, event: Message, **changes: Any) -> Message:
    return event.model_copy(update={"order_id": order_id, **changes})


def town() -> Silent:
    found = Silent(b.POLICIES)
    virtual = b.cart(2, 20_00, kind="virtual", promoter_id=None, commission_bp=0)
    third = b.cart(3, 30_00, seller_id="s2", fulfiller_id="f1")
    seller = SellerRegistered(seller_id=b.SELLER, deposit_required_minor=0, currency="CNY", occurred_at=b.at("05-01 10:00"))
    deposit = DepositToppedUp(seller_id=b.SELLER, deposit_id="d1", amount_minor=1_00, currency="CNY", occurred_at=b.at("05-02 10:00"))
    prefunded = asks.prefunded(1_00)
    told = [
        seller, deposit, prefunded, reviewed(), allotted(5), wanted("fair", "b7", 2), of("fair", b.succeeded(2_00, "pay3")),
        b.placed(b.cart(1, 50_00, 2), virtual, third), b.succeeded(150_00),
        of("o2", b.placed(b.cart(1, 40_00, seller_id="s3"), buyer_id="b2")), of("o2", b.succeeded(40_00, "pay2")),
        of("o2", b.cancel(None, "pay2", "b2")), b.shipped("p1", {1: 2}), b.collected("p1", "06-02 11:00"), b.signed("p1", "06-02 18:00"),
        life.requested("c1", quantity=1, when="06-02 19:00"),
        violation("old", when="05-01 10:00"), violation(), void("gone"), lesson(), violation("lost"), appeal("lost"), uphold("lost"),
        vote("b9", "k9", when=NOW), before("b9", when="06-02 10:00"),
    ]  # fmt: skip
    found.tell((f"e{number}", event) for number, event in enumerate(told))
    found.advance(b.at("06-03 11:00"))
    found.tell([("unpaid", of("o4", b.placed(when="06-03 11:50")))])
    return found


def seller_asks(kind: type[Message], **fields: Any) -> Message:
    return kind(**{"seller_id": b.SELLER, "currency": "CNY", "occurred_at": b.at(NOW), **fields})


def answer(kind: type[Message], **fields: Any) -> Message:
    reason = {"reason": "no"} if "reason" in kind.model_fields else {}
    return kind(**{"occurred_at": b.at(NOW), **reason, **fields})


ANOTHER = "of another order, buyer or seller"
UNKNOWN = "an answer to an instruction that was never given"
BEYOND = "units beyond those bought"
NO_LINE = "a line that is not in the order"
CURRENCY = "a wrong currency"
CAP = "an amount beyond the cap"
REFUND_OF_O2 = next(fact.refund_id for fact in town().services["payment"].facts if isinstance(fact, RefundInstructed) and fact.key == "o2")
UNWANTED = ["payment.unwanted", "unwanted.received", "refund.instructed"]
REFUSED = ["withdrawal.refused"]
# What is wrong, the event, the code; an `…` before it: it waits, for a cause that may still come.
CASES: list[tuple[str, Message, str]] = [
    (NO_LINE, b.cancel({9: 1}, b.PAYMENT_ID, when=NOW), "line.unknown"),
    (NO_LINE, b.seller_cancels({9: 1}, payment_id=b.PAYMENT_ID, when=NOW), "line.unknown"),
    (NO_LINE, b.extended(9, when=NOW), "line.unknown"),
    (NO_LINE, b.receipt(9, when=NOW), "line.unknown"),
    (NO_LINE, b.redeemed(line_no=9, when=NOW), "line.unknown"),
    (NO_LINE, b.shipped("p9", {9: 1}, when=NOW), "line.unknown"),
    (NO_LINE, life.requested("c9", line_no=9, when=NOW), "line.unknown"),
    (BEYOND, b.cancel({3: 2}, b.PAYMENT_ID, when=NOW), "cancel.exceeds_unsent"),
    (BEYOND, b.cancel({3: 1}, b.PAYMENT_ID, when=NOW).model_copy(update={"lines": b.units_of({3: 1}) * 2}), "cancel.exceeds_unsent"),
    (BEYOND, b.seller_cancels({3: 2}, "f1", b.PAYMENT_ID, NOW), "cancel.exceeds_unsent"),
    (BEYOND, b.redeemed(line_no=2, quantity=2, when=NOW), "redemption.exceeds_bought"),
    (BEYOND, b.shipped("p9", {1: 2}, when=NOW), "parcel.exceeds_ordered"),
    (BEYOND, b.shipped("p9", when=NOW).model_copy(update={"lines": b.units_of({1: 1}) * 2}), "parcel.exceeds_ordered"),
    (BEYOND, life.requested("c9", line_no=3, quantity=2, when=NOW), "refund.quantity_exceeds"),
    (ANOTHER, b.cancel({3: 1}, b.PAYMENT_ID, "b2", NOW), "buyer.differs"),
    (ANOTHER, b.cancel({3: 1}, "pay2", when=NOW), "… cancel.before_payment"),
    (ANOTHER, b.seller_cancels({1: 1}, "s3", b.PAYMENT_ID, NOW), "seller.differs"),
    (ANOTHER, b.seller_cancels({3: 1}, "s2", b.PAYMENT_ID, NOW), "seller.differs"),
    (ANOTHER, b.extended(1, buyer_id="b2", when=NOW), "buyer.differs"),
    (ANOTHER, b.receipt(1, buyer_id="b2", when=NOW), "buyer.differs"),
    (ANOTHER, b.shipped("p9", {3: 1}, when=NOW, shipper_id="s2"), "parcel.shipper_differs"),
    (ANOTHER, b.collected("p-o2", NOW), "… parcel.before_shipped"),
    (ANOTHER, b.parcel_refused("p-o2", NOW), "… parcel.before_shipped"),
    (ANOTHER, b.parcel_lost("p-o2", NOW), "… parcel.before_shipped"),
    (ANOTHER, b.ruling(parcel_id="p-o2", when=NOW), "… parcel.before_shipped"),
    (ANOTHER, life.requested("c9", buyer="b2", when=NOW), "buyer.differs"),
    (ANOTHER, life.withdrawn("c1", buyer="b2", when=NOW), "buyer.differs"),
    (ANOTHER, life.accepted("c1", seller="s3", when=NOW), "seller.differs"),
    (ANOTHER, of("o2", life.accepted("c1", when=NOW)), "… case.before_request"),
    (ANOTHER, b.succeeded(150_00, when=NOW), "payment.known"),
    (UNKNOWN, b.refund_paid("never", NOW), "refund.unknown"),
    (UNKNOWN, b.refund_failed("never", NOW), "refund.unknown"),
    (UNKNOWN, answer(CompensationSucceeded, order_id=b.ORDER, compensation_id="never"), "compensation.unknown"),
    (UNKNOWN, answer(CompensationFailed, order_id=b.ORDER, compensation_id="never"), "compensation.unknown"),
    (UNKNOWN, answer(CompensationSucceeded, order_id="nobody", compensation_id="never"), "compensation.unknown"),
    (UNKNOWN, answer(PayoutSucceeded, party=b.SELLER, payout_id="never"), "payout.unknown"),
    (UNKNOWN, answer(PayoutFailed, party="nobody", payout_id="never"), "payout.unknown"),
    (UNKNOWN, b.redeemed(line_no=1, when=NOW), "redemption.not_virtual"),
    (UNKNOWN, b.parcel_lost("p1", NOW), "parcel.signed_before"),
    (UNKNOWN, b.ruling(parcel_id="p1", when=NOW), "sham.collected_in_time"),
    (UNKNOWN, disputes.closed("lost", "never", NOW), "… chargeback.before_opened"),
    (ANOTHER, disputes.opened(1_00, "cb9", NOW, "pay2"), "… chargeback.before_payment"),
    (CURRENCY, disputes.opened(150_00, "cb9", NOW, currency="USD"), "chargeback.currency_differs"),
    (CAP, disputes.opened(150_01, "cb9", NOW), "chargeback.exceeds_paid"),
    (CURRENCY, seller_asks(DepositToppedUp, deposit_id="d9", amount_minor=1, currency="USD"), "deposit.currency_differs"),
    (CAP, AllotmentSet(campaign_id="c618", sku="sku1", units=1, occurred_at=b.at(NOW)), "campaign.below_taken"),
    ("said before", seller_asks(DepositToppedUp, deposit_id="d1", amount_minor=2_00), "deposit.known"),
    ("said before", asks.prefunded(2_00, when=NOW), "prefund.known"),
    (ANOTHER, b.refund_paid(REFUND_OF_O2, NOW), "refund.unknown"),
    (ANOTHER, b.refund_failed(REFUND_OF_O2, NOW), "refund.unknown"),
    (ANOTHER, b.stated(reference="po-1", kind="payout", when=NOW), "statement.of_party"),
    ("said before", seller_asks(SellerRegistered, deposit_required_minor=0), "seller.known"),
    ("said before", b.collected("p1", NOW), "parcel.collected_before"),
    ("said before", life.requested("c1", when=NOW), "case.known"),
    (UNKNOWN, violation("new", kind="bad_mood"), "violation.kind_unknown"),
    (CAP, violation("new", 15), "violation.points_differ"),
    ("said before", violation(points=5, level=4), "violation.known"),
    ("said before", void("gone"), "violation.void_known"),
    ("said before", lesson(points=50), "study.known"),
    ("said before", appeal("lost"), "violation.appeal_known"),
    ("said before", uphold("lost"), "violation.appeal_ended"),
    (UNKNOWN, appeal("gone"), "violation.appeal_ended"),
    (UNKNOWN, uphold("gone"), "violation.appeal_ended"),
    ("too late", appeal("old"), "violation.appeal_too_late"),
    (UNKNOWN, appeal("never"), "… violation.before_recorded"),
    (UNKNOWN, uphold(), "… violation.before_appealed"),
    ("said before", before("b9", None, "06-01 10:00"), "first_order.elsewhere_known"),
    ("said before", vote("b9", "k9", when=NOW), "vote.known"),
    ("said before", vote("b9", "k8", "other", NOW), "vote.day_used"),
    ("for oneself", vote("k7", "k7", when=NOW), "vote.for_oneself"),
    ("too soon", seller_asks(DepositToppedUp, seller_id="new", deposit_id="d1", amount_minor=1), "… deposit.before_registration"),
]


def told(town: Town, event: Message) -> tuple[list[str], list[Message]]:
    """What is said of it, and the facts that follow."""
    refused, waiting, before = town.refused(), town.waiting(), len(town.facts)
    kinds = {kind.type: kind for service in town.services.values() for kind in service._facts.values()}
    town.tell([("contradiction", event)])
    said = [code for _, code in town.refused()[:]]
    for _, code in refused:
        said.remove(code)
    held = town.waiting()
    for code in waiting:
        held.remove(code)
    facts = [kinds[kind].model_validate_json(value) for _, kind, value in town.facts[before:]]
    return said + [f"… {code}" for code in held], facts


@pytest.mark.parametrize(("what", "event", "code"), CASES, ids=lambda one: getattr(one, "type", one))
def test_it_is_answered_with_its_code_and_nothing_changes(what: str, event: Message, code: str) -> None:
    found = town()
    states, armed = found.states(), {name: dict(service.armed) for name, service in found.services.items()}
    rows = {name: {table: len(rows) for table, rows in service.rows.items()} for name, service in found.services.items()}
    assert told(found, event) == ([code], []), what
    assert found.states() == states
    assert {name: dict(service.armed) for name, service in found.services.items()} == armed
    assert {name: {table: len(rows) for table, rows in service.rows.items()} for name, service in found.services.items()} == rows
    assert CATALOGUE[code.removeprefix("… ")].retryable or not code.startswith("…")


def test_every_new_upstream_event_has_its_contradiction() -> None:
    """But a statement line, whose contradictions are announced as breaks, and what can contradict nothing."""
    expected = {
        "order.cancel_requested", "receipt.extended", "voucher.redeemed", "seller.cancelled", "parcel.collected", "parcel.refused",
        "parcel.lost", "ruling.made", "seller.registered", "deposit.topped_up", "compensation.succeeded", "compensation.failed",
        "payout.succeeded", "payout.failed", "allotment.set", "chargeback.opened", "chargeback.closed", "prefund.topped_up",
        "violation.recorded", "violation.voided", "violation.appealed", "violation.upheld", "study.credited", "vote.cast",
        "member.ordered_before",
    }  # fmt: skip
    assert expected <= {event.type for _, event, _ in CASES}


# What is not refused in silence but announced: the facts that follow, and what the first of them says.
ANNOUNCED: list[tuple[str, Message, list[str], dict[str, str]]] = [
    (CURRENCY, of("o4", b.succeeded(100_00, "pay4", NOW, "USD")), UNWANTED, {"reason": "payment.currency_differs"}),
    (CAP, of("o4", b.succeeded(100_01, "pay4", NOW)), UNWANTED, {"reason": "payment.amount_differs"}),
    (CAP, b.succeeded(150_00, "pay5", NOW), UNWANTED, {"reason": "payment.second"}),
    (CAP, seller_asks(WithdrawalRequested, withdrawal_id="w1", amount_minor=1), REFUSED, {"code": "withdrawal.exceeds_balance"}),
    (
        CAP,
        seller_asks(WithdrawalRequested, withdrawal_id="w1", amount_minor=900_00, of="deposit"),
        REFUSED,
        {"code": "withdrawal.exceeds_deposit"},
    ),
    (CURRENCY, seller_asks(WithdrawalRequested, withdrawal_id="w1", amount_minor=1, currency="USD"), REFUSED, {"currency": "USD"}),
    (CURRENCY, b.stated(amount_minor=150_00, currency="USD", when=NOW), ["statement.noted", "break.found"], {"currency": "USD"}),
    (CAP, b.stated(amount_minor=150_01, when=NOW), ["statement.noted", "break.found"], {"reference": b.PAYMENT_ID}),
    (UNKNOWN, b.stated(reference="never", kind="refund", when=NOW), ["statement.noted"], {"reference": "never"}),
    (ANOTHER, b.stated(reference="pay2", when=NOW), ["statement.noted"], {"reference": "pay2"}),
]


@pytest.mark.parametrize(("what", "event", "facts", "said"), ANNOUNCED, ids=lambda one: getattr(one, "type", None))
def test_it_is_announced_and_moves_nothing_but_what_came_in(what: str, event: Message, facts: list[str], said: dict[str, str]) -> None:
    found = town()
    held = money(found)
    codes, followed = told(found, event)
    assert (codes, [fact.type for fact in followed]) == ([], facts), what
    assert {name: getattr(followed[0], name) for name in said} == said
    unwanted = Counter({f"unwanted:{event.key}": 1, "psp:cash": -1}) if facts == UNWANTED else Counter[str]()
    amount = getattr(event, "amount_minor", 0)
    assert money(found) == held | {account: held.get(account, 0) + sign * amount for account, sign in unwanted.items()}


def test_a_grant_beyond_what_was_paid_is_refused_by_payment_and_moves_nothing_r3_5() -> None:
    found = town()
    held = money(found)
    for grant, code in (
        (b.granted("much", 100_01, 1), "refund.exceeds_paid"),
        (b.granted("many", 1, 3), "refund.quantity_exceeds"),
        (b.granted("line", 1, 1, 9), "line.unknown"),
    ):
        (fact,) = found.services["payment"].send(grant)
        assert (fact.type, getattr(fact, "code", "")) == ("refund.refused", code)
    assert money(found) == held


def money(town: Town) -> dict[str, int]:
    held = Counter[str]()
    for row in town.services["payment"].rows.get("posting", []):
        held[row[2]] += row[4]
    return dict(held)
