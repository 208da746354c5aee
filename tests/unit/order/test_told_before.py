"""What an order was told before stays known beside what comes later: told again, nothing is paid, sent or cancelled twice. R2.1, R2.4."""

from __future__ import annotations

import pytest

from shared.contracts.order import ParcelFailed, ParcelSent, ShippingLate, ShippingSham, UnitsCancelled
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.shop import codes, delivered, order, paid, shop, state
from tests.unit.order.test_cancellation import freight
from tests.unit.order.test_gifts import given
from tests.unit.order.test_interception import asked, bought

LATER = b.at("06-30 00:00")


def test_of_two_sellers_that_were_late_each_owes_once_and_of_a_pretence_the_difference_r2_4() -> None:
    memory = shop(b.placed(b.cart(1, 100_00), b.cart(2, 200_00, seller_id="s2")), b.succeeded(300_00))
    memory.advance(b.at("06-10 00:00"))
    memory.when(b.shipped("p1", {1: 1}, when="06-10 10:00"), b.shipped("p2", {2: 1}, when="06-10 10:00", shipper_id="s2"))
    memory.advance(b.at("06-20 10:00"))
    memory.when(b.ruling("ruling1", "p1", when="06-20 10:00"), b.ruling("ruling2", "p2", when="06-20 10:00"))
    memory.advance(LATER)
    owed = [(fact.type, fact.seller_id, fact.amount_minor) for fact in memory.facts if isinstance(fact, ShippingLate | ShippingSham)]
    assert owed == [
        ("shipping.late", "s1", 10_00), ("shipping.late", "s2", 20_00), ("shipping.sham", "s1", 20_00), ("shipping.sham", "s2", 40_00),
    ]  # fmt: skip


def test_of_two_promises_of_one_seller_each_is_owed_once_r2_4() -> None:
    memory = shop(b.placed(b.cart(1, tags=("ship_24h",)), b.cart(2)), b.succeeded(200_00))
    memory.advance(b.at("06-10 00:00"))
    memory.when(b.shipped("p1", {1: 1}, when="06-10 10:00"))
    memory.advance(LATER)
    assert [fact.hours for fact in memory.facts if isinstance(fact, ShippingLate)] == [24, 48]
    assert order(memory).late[b.SELLER].hours == (24, 48)


@pytest.mark.parametrize("upheld", [True, False])
def test_a_ruling_is_known_also_after_another_one_r2_4(upheld: bool) -> None:
    memory = bought(3)
    memory.when(*(b.shipped(f"p{number}", {1: 1}) for number in (1, 2, 3)))
    memory.when(b.ruling("ruling1", "p1", upheld), b.ruling("ruling2", "p2", upheld), b.ruling("ruling1", "p3", upheld))
    assert (codes(memory), [one.sham for one in order(memory).parcels.values()]) == (["ruling.known"], [upheld, upheld, False])


def test_what_one_case_keeps_back_stays_here_though_another_keeps_back_more_r4_8() -> None:
    memory = bought(2)
    memory.when(*asked(1, "c1"), *asked(1, "c2", when="06-01 13:00"))
    assert b.types(memory.when(b.shipped(units={1: 1}))) == ["parcel.intercepted"]
    memory.when(b.hold_requested("c1", 1, 1, "06-02 12:00"))
    assert codes(memory) == ["hold.known"]


def test_a_hold_that_was_refused_is_known_also_after_another_cases_r4_8() -> None:
    memory = bought(2)
    memory.when(b.shipped(units={1: 2}), *asked(1, "c1", when="06-02 11:00"), *asked(1, "c2", when="06-02 12:00"))
    assert b.types(memory.facts)[-1] == "shipment_hold.refused"
    assert (memory.when(b.hold_requested("c1", 1, 1, "06-02 13:00")), codes(memory)) == ((), ["hold.known"])


def test_a_cancellation_is_known_also_after_another_one_r3_5() -> None:
    memory = bought(3)
    memory.when(b.cancel({1: 1}), b.cancel({1: 1}, cancel_id="cancel2"), b.cancel({1: 1}))
    assert codes(memory) == ["cancel.known"]
    assert sum(line.quantity for fact in memory.facts if isinstance(fact, UnitsCancelled) for line in fact.lines) == 2


def test_a_payment_that_went_back_is_known_also_after_the_right_one_r2_2() -> None:
    memory = shop(b.placed(), b.succeeded(1, "pay0"), b.succeeded())
    assert (memory.when(b.succeeded(1, "pay0")), codes(memory)) == ((), ["payment.known"])


@pytest.mark.parametrize("told", [b.parcel_lost(when="06-05 10:00"), b.parcel_refused(when="06-05 10:00")])
def test_what_was_signed_for_is_not_lost_or_refused_after_that_r2_5(told: Message) -> None:
    memory = delivered()
    assert (memory.when(told), codes(memory), state(memory)) == ((), ["parcel.signed_before"], "delivered")


@pytest.mark.parametrize(("told", "how"), [(b.parcel_lost(), "lost"), (b.parcel_refused(), "refused")])
def test_a_parcel_that_failed_says_how_and_that_it_was_no_replacement_r2_5(told: Message, how: str) -> None:
    memory = paid()
    memory.when(b.shipped())
    fact: ParcelFailed = b.only(memory.when(told))
    assert (fact.how, fact.replacement, [(one.line_no, one.quantity) for one in fact.units]) == (how, False, [(1, 1)])


def test_a_parcel_of_another_line_that_left_late_makes_none_late_r2_4() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00))
    late, punctual = memory.when(b.shipped("p2", {2: 1}, when="06-03 12:00"), b.shipped("p1", {1: 1}, when="06-02 12:00"))
    assert isinstance(late, ParcelSent)
    assert isinstance(punctual, ParcelSent)
    assert (late.on_time, punctual.on_time) == (False, True)


def test_of_two_promises_in_one_parcel_both_are_kept_or_it_is_late_r2_4() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2, tags=("ship_24h",))), b.succeeded(200_00))
    assert not b.only(memory.when(b.shipped(units={1: 1, 2: 1}, when="06-02 11:00"))).on_time


def test_a_gift_that_has_not_left_is_waited_for_as_long_as_its_line_is_the_buyers_r2_1_r4_5() -> None:
    memory = given()
    memory.when(b.shipped(units={1: 1}), b.signed())
    assert state(memory) == "paid"


def test_freight_that_is_not_owed_yet_keeps_no_order_back_r2_1_r3_10() -> None:
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00))
    seen = []
    for told in (b.shipped(), b.signed(), b.receipt()):
        memory.when(told)
        seen.append(state(memory))
    assert seen == ["shipped", "delivered", "completed"]


def test_freight_that_is_owed_counts_where_all_goods_went_back_r2_1_r3_10() -> None:
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00), b.shipped(), b.signed(), b.case_opened())
    memory.when(b.case_closed(quantity=1, amount_minor=100_00))
    assert ([line.state for line in order(memory).lines.values()], state(memory)) == (["closed", "completed"], "completed")
