"""Refund against shipment: of each unit exactly one wins, whichever the order hears of first, and both are announced. Source: R4.8."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.hold import ParcelIntercepted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.order import ParcelSent
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order import shop as s

EARLY = "06-01 12:00"


def bought(quantity: int = 2, **fields: Any) -> Memory:
    return s.shop(b.placed(b.cart(quantity=quantity, **fields)), b.succeeded(quantity * 100_00))


def asked(quantity: int = 2, case_id: str = b.CASE, line_no: int = 1, when: str = EARLY) -> tuple[Message, ...]:
    return b.case_opened(case_id, line_no, quantity, when), b.hold_requested(case_id, line_no, quantity, when)


def kept(quantity: int = 2, of: int = 2) -> Memory:
    memory = bought(of)
    memory.when(*asked(quantity))
    return memory


def test_units_that_have_not_left_are_kept_back_r4_8() -> None:
    memory = bought()
    _, granted = memory.when(*asked())
    assert granted == ShipmentHoldGranted(order_id=b.ORDER, case_id=b.CASE, line_no=1, quantity=2, occurred_at=b.at(EARLY))


@pytest.mark.parametrize(("when", "late"), [("06-03 10:09:59", False), ("06-03 10:10", True)])
def test_the_answer_says_whether_the_units_should_have_left_when_the_buyer_applied_r4_8_r2_4(when: str, late: bool) -> None:
    """Paid on 06-01 at 10:10, to be sent within 48 hours. One of two left in time: the other is late all the same."""
    for sent in (False, True):
        memory = bought()
        memory.when(*[b.shipped(units={1: 1})] if sent else [])
        memory.advance(b.at(when))
        _, granted = memory.when(*asked(1, when=when))
        assert isinstance(granted, ShipmentHoldGranted)
        assert granted.late is late


def test_units_are_late_by_the_deadline_for_which_the_seller_pays_r2_4_r4_8() -> None:
    """Those that came back had left in time; a tag promises 24 hours; virtual goods are not sent."""
    lost, quick, virtual = bought(), bought(tags=("ship_24h",)), bought(kind="virtual")
    lost.when(b.shipped(units={1: 2}), b.parcel_lost())
    for memory, when, late in [(lost, "06-05 11:00", False), (quick, "06-02 10:10", True), (virtual, "06-05 11:00", False)]:
        granted = memory.when(*asked(2, when=when))[-1]
        assert isinstance(granted, ShipmentHoldGranted)
        assert granted.late is late


def test_the_shipment_was_first_so_nothing_is_kept_r4_8() -> None:
    memory = bought()
    memory.when(b.shipped(units={1: 1}))
    _, refused = memory.when(*asked(2, when="06-02 11:00"))
    assert isinstance(refused, ShipmentHoldRefused)
    assert refused.code == "case.shipped"
    assert s.order(memory).lines[1].kept == 0
    assert b.types(memory.when(b.shipped("p2", {1: 1}))) == ["order.shipped"]


def test_one_of_two_left_and_the_other_can_still_be_kept_r4_8() -> None:
    memory = bought()
    memory.when(b.shipped(units={1: 1}))
    assert b.types(memory.when(*asked(1, when="06-02 11:00"))) == ["line.held", "shipment_hold.granted"]


def test_units_of_a_parcel_that_was_lost_are_here_again_r4_8() -> None:
    memory = bought()
    memory.when(b.shipped(units={1: 2}), b.parcel_lost())
    assert b.types(memory.when(*asked(2, when="06-05 11:00"))) == ["line.held", "shipment_hold.granted"]


def test_a_cancellation_was_first_so_its_refund_is_the_only_one_r4_8() -> None:
    memory = bought()
    memory.when(b.cancel())
    _, refused = memory.when(*asked())
    assert isinstance(refused, ShipmentHoldRefused)
    assert refused.code == "case.units_cancelled"


def test_a_line_refunded_in_full_keeps_nothing_r4_8() -> None:
    memory = bought(1)
    memory.when(b.case_opened("c0", when=EARLY), b.case_closed("c0", 1, 1, 100_00, when="06-01 13:00"))
    _, refused = memory.when(*asked(1, when="06-01 14:00"))
    assert isinstance(refused, ShipmentHoldRefused)
    assert refused.code == "line.refunded"


def test_the_request_twice_after_the_case_and_before_all_else_is_known_r4_8() -> None:
    memory = kept()
    memory.when(b.hold_requested(quantity=2, when=EARLY), b.case_closed(when="06-01 13:00"), b.hold_requested(quantity=2, when=EARLY))
    assert s.codes(memory) == ["hold.known", "case.closed"]
    late = s.shop(b.hold_requested(quantity=1, when=EARLY))
    assert s.waiting(late) == ["case.before_order"]
    late.when(b.placed(), b.succeeded())
    assert b.types(late.when(b.case_opened(when=EARLY))) == ["line.held", "shipment_hold.granted"]
    unpaid = s.expired()
    unpaid.when(b.hold_requested())
    unknown = bought()
    unknown.when(b.hold_requested(line_no=9))
    assert (s.codes(unpaid), s.codes(unknown)) == (["order.closed"], ["line.unknown"])


def test_a_case_of_which_more_is_lost_asks_for_more_and_has_all_of_it_or_what_it_had_r4_8_r2_5() -> None:
    """What it had it keeps until it ends: its money may be granted."""
    for left, word in ((2, "granted"), (1, "refused")):
        memory = bought(3)
        memory.when(b.shipped("w1", {1: 3 - left}), *asked(1, when="06-02 11:00"))
        memory.when(b.hold_requested(quantity=2, when="06-02 12:00"))
        assert (b.types(memory.facts)[-1], s.codes(memory)) == (f"shipment_hold.{word}", [])
        memory.when(b.hold_requested(quantity=2, when="06-02 13:00"), b.shipped("w2", {1: left}, "06-02 14:00"))
        assert s.codes(memory) == ["hold.known"]
        assert b.types(memory.facts)[-1] == "parcel.intercepted"
        memory.when(b.case_closed(quantity=0, amount_minor=0, when="06-02 15:00"), b.shipped("w3", {1: left}, "06-02 16:00"))
        assert b.types(memory.facts)[-1] == "order.shipped"


def test_a_refused_request_again_is_known_too_r4_8() -> None:
    memory = bought(1)
    memory.when(b.shipped(), *asked(1, when="06-02 11:00"), b.hold_requested())
    assert s.codes(memory) == ["hold.known"]


def test_a_parcel_with_units_kept_back_is_announced_for_interception_and_counts_as_not_sent_r4_8() -> None:
    memory = kept()
    (stop,) = memory.when(b.shipped(units={1: 2}))
    assert isinstance(stop, ParcelIntercepted)
    assert (stop.parcel_id, stop.carrier, stop.waybill, stop.units, stop.stopped) == (
        b.PARCEL, "sf", "w-parcel1", b.units_of({1: 2}), (1,)
    )  # fmt: skip
    assert s.state(memory) == "paid"
    assert s.order(memory).lines[1].sent == 0


def test_units_beside_those_kept_back_leave_as_ever_r4_8() -> None:
    memory = kept(1, of=3)
    assert b.types(memory.when(b.shipped(units={1: 2}))) == ["order.shipped"]
    assert b.types(memory.when(b.shipped("p2", {1: 1}))) == ["parcel.intercepted"]
    memory.when(b.shipped("p3", {1: 2}))
    assert s.codes(memory) == ["parcel.exceeds_ordered"]


def test_what_else_is_in_an_intercepted_parcel_can_be_sent_again_r4_8() -> None:
    memory = s.shop(b.placed(b.cart(), b.cart(2)), b.succeeded(200_00))
    memory.when(*asked(1))
    (stop,) = memory.when(b.shipped(units={1: 1, 2: 1}))
    assert isinstance(stop, ParcelIntercepted)
    assert stop.stopped == (1,)
    (sent,) = memory.when(b.shipped("p2", {2: 1}))
    assert isinstance(sent, ParcelSent)


@pytest.mark.parametrize("news", [b.signed(), b.parcel_refused(), b.parcel_lost(), b.ruling()])
def test_nothing_that_befalls_an_intercepted_parcel_moves_the_order_r4_8(news: Message) -> None:
    memory = kept()
    memory.when(b.shipped(units={1: 2}))
    before = s.order(memory)
    memory.when(news)
    assert (s.codes(memory), s.order(memory)) == (["parcel.intercepted"], before)


def test_an_intercepted_parcel_told_again_is_known_r4_8() -> None:
    memory = kept()
    memory.when(b.shipped(units={1: 2}), b.shipped(units={1: 2}))
    assert s.codes(memory) == ["parcel.known"]


def test_refunded_units_are_gone_and_a_parcel_that_takes_them_later_is_stopped_too_r4_8() -> None:
    memory = kept(1)
    memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-01 13:00"))
    (stop,) = memory.when(b.shipped(units={1: 2}))
    assert isinstance(stop, ParcelIntercepted)
    assert s.order(memory).lines[1].sent == 0
    (sent,) = memory.when(b.shipped("p2", {1: 1}))
    assert isinstance(sent, ParcelSent)
    assert [line.line_no for line in sent.shipped] == [1]


def test_the_lines_that_stop_a_parcel_are_told_in_their_order_r4_8() -> None:
    memory = s.shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00))
    memory.when(*asked(1), *asked(1, "c2", 2))
    (stopped,) = memory.when(b.shipped(units={2: 1, 1: 1}))
    assert isinstance(stopped, ParcelIntercepted)
    assert (stopped.stopped, [one.line_no for one in stopped.units]) == ((1, 2), [1, 2])


def test_goods_that_were_paid_back_by_money_alone_do_not_leave_r4_8() -> None:
    memory = bought(1)
    memory.when(b.case_opened(when=EARLY), b.case_closed(quantity=0, amount_minor=100_00, when="06-01 13:00"))
    assert b.types(memory.when(b.shipped())) == ["parcel.intercepted"]


def test_a_case_that_ends_without_money_lets_the_units_leave_and_the_parcel_stays_stopped_r4_8() -> None:
    memory = kept()
    memory.when(b.shipped(units={1: 2}), b.case_closed(when="06-03 13:00"), b.signed())
    assert s.codes(memory) == ["parcel.intercepted"]
    assert b.types(memory.when(b.shipped("p2", {1: 2}, when="06-03 14:00"))) == ["order.shipped"]


def test_units_kept_back_cannot_be_cancelled_nor_used_r4_8() -> None:
    memory = kept()
    memory.when(b.cancel({1: 1}, when="06-01 13:00"), b.seller_cancels({1: 1}, when="06-01 13:00"))
    assert s.codes(memory) == ["cancel.case_open"] * 2
    tickets = bought(3, kind="virtual")
    tickets.when(*asked(2), b.redeemed(), b.redeemed("use2"))
    assert s.codes(tickets) == ["redemption.kept_back"]


def test_used_units_are_not_kept_back_r4_8() -> None:
    tickets = bought(2, kind="virtual")
    tickets.when(b.redeemed(when=EARLY))
    assert b.types(tickets.when(*asked(2, when="06-01 13:00"))) == ["line.held", "shipment_hold.refused"]


def test_a_seller_is_not_late_with_units_that_a_case_has_r2_4_r4_8() -> None:
    memory = kept()
    memory.advance(b.at("06-04 12:00"))
    assert "shipping.late" not in b.types(memory.facts)


def test_an_intercepted_parcel_sends_nothing_in_time_r2_4_r4_8() -> None:
    """Freed before the deadline, the units are to be sent again by then."""
    memory = kept()
    memory.when(b.shipped(units={1: 2}, when="06-01 13:00"), b.case_closed(when="06-01 14:00"))
    memory.advance(b.at("06-04 12:00"))
    assert "shipping.late" in b.types(memory.facts)
