"""What a seller owes for parcels that came late or never left. Source: R2.4, R4.12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.order import ShippingLate, ShippingSham
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.order.shop import codes, paid, shop, state, waiting

LATER = b.at("06-30 00:00")


def bought(*prices: int, **fields: Any) -> Memory:
    lines = [b.cart(number, price, **fields) for number, price in enumerate(prices, 1)]
    return shop(b.placed(*lines), b.succeeded(sum(prices)))


def late(memory: Memory) -> list[ShippingLate]:
    return [fact for fact in memory.advance(LATER) if isinstance(fact, ShippingLate)]


@pytest.mark.parametrize(("price", "owed"), [(100_00, 10_00), (10_00, 5_00), (50_00, 5_00), (50_10, 5_01), (9_000_00, 500_00)])
def test_unsent_after_48_hours_the_buyer_is_owed_a_tenth_between_5_and_500_r2_4(price: int, owed: int) -> None:
    memory = bought(price)
    (fact,) = late(memory)
    assert (fact.base_minor, fact.amount_minor, fact.seller_id, fact.line_nos) == (price, owed, b.SELLER, (1,))
    assert (fact.occurred_at, fact.hours, state(memory)) == (b.at("06-03 10:10"), 48, "paid")


@pytest.mark.parametrize(("when", "facts"), [("06-03 10:09:59", 0), ("06-03 10:10", 1)])
def test_the_deadline_is_to_the_second_by_when_it_left_not_by_when_it_was_told_r1_2(when: str, facts: int) -> None:
    memory = paid()
    memory.when(b.shipped(when=when))
    assert len(late(memory)) == facts


@pytest.mark.parametrize(
    ("minor", "when", "facts"), [(100_00, "06-03 10:09:59", 0), (99_99, "06-03 10:09:59", 1), (100_00, "06-03 10:10", 1)]
)
def test_nothing_is_owed_for_a_line_that_was_refunded_in_full_before_though_with_money_alone_r2_4(
    minor: int, when: str, facts: int
) -> None:
    memory = paid()
    memory.when(b.case_opened(when="06-01 12:00"), b.case_closed(amount_minor=minor, when=when))
    assert len(late(memory)) == facts


def test_it_is_owed_once_however_late_it_leaves_r4_12() -> None:
    memory = paid()
    assert len(late(memory)) == 1
    memory.when(b.shipped(when="06-20 10:00"), b.signed(when="06-21 10:00"))
    assert late(memory) == []


def test_with_the_tag_24_hours_count_and_both_deadlines_of_a_seller_share_the_bounds_r2_4() -> None:
    lines = b.cart(1, 3_000_00, tags=("ship_24h",)), b.cart(2, 4_000_00)
    first, second = late(shop(b.placed(*lines), b.succeeded(7_000_00)))
    assert (first.hours, first.occurred_at, first.amount_minor) == (24, b.at("06-02 10:10"), 300_00)
    assert (second.hours, second.base_minor, second.amount_minor) == (48, 4_000_00, 200_00)
    assert first.compensation_id != second.compensation_id


def test_each_seller_owes_for_its_own_lines() -> None:
    memory = shop(b.placed(b.cart(1, 100_00), b.cart(2, 200_00, seller_id="s2")), b.succeeded(300_00))
    assert [(fact.seller_id, fact.amount_minor) for fact in late(memory)] == [("s1", 10_00), ("s2", 20_00)]


def test_only_units_unsent_at_the_deadline_count_by_what_was_paid_for_them_r2_4_r1_4() -> None:
    memory = shop(b.placed(b.cart(1, quantity=3), coupons=[b.coupon(1_00)]), b.succeeded(299_00), b.shipped(units={1: 1}))
    (fact,) = late(memory)
    assert (fact.base_minor, fact.amount_minor) == (299_00 - 299_00 // 3, 19_93)


def test_units_cancelled_too_late_are_owed_for_though_others_of_their_line_were_cancelled_in_time_r2_4() -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 2)), b.succeeded())
    memory.when(b.cancel({1: 1}, when="06-03 10:00"), b.cancel({1: 1}, when="06-03 11:00", cancel_id="cancel2"))
    assert [fact.base_minor for fact in late(memory)] == [50_00]


def test_nothing_is_owed_for_units_cancelled_before_the_deadline_r2_4() -> None:
    memory = bought(100_00, 100_00)
    memory.when(b.cancel({1: 1}, when="06-03 10:00"))
    assert [fact.line_nos for fact in late(memory)] == [(2,)]


@pytest.mark.parametrize("when", ["06-03 10:10", "06-03 10:10:01"])
@pytest.mark.parametrize("units", [1, 2])
def test_units_cancelled_at_the_deadline_or_later_are_owed_for_all_the_same_r2_4(units: int, when: str) -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 2)), b.succeeded())
    memory.when(b.cancel({1: units}, when=when))
    assert [fact.base_minor for fact in late(memory)] == [100_00]


@pytest.mark.parametrize(
    ("begins", "ends", "owed"),
    [
        ("06-02 09:00", "06-03 10:00", 1),
        ("06-02 09:00", "06-03 10:10", 1),
        ("06-02 09:00", "06-03 10:20", 0),
        ("06-03 10:09:59", "06-03 10:20", 0),
        ("06-03 10:10", "06-03 10:20", 1),
    ],
)
def test_nothing_is_owed_for_a_line_that_was_under_a_case_at_the_deadline_r2_4(begins: str, ends: str, owed: int) -> None:
    memory = paid()
    memory.when(b.case_opened(when=begins), b.case_closed(when=ends))
    assert len(late(memory)) == owed


def test_nothing_is_owed_where_nothing_was_paid_and_for_virtual_goods() -> None:
    free = shop(b.placed(coupons=[b.coupon(100_00)]))
    assert [fact.amount_minor for fact in late(free)] == [0]
    assert late(bought(100_00, kind="virtual")) == []


def test_a_parcel_that_left_in_time_and_was_lost_kept_the_promise_r2_4() -> None:
    memory = paid()
    memory.when(b.shipped(), b.parcel_lost())
    assert late(memory) == []


def test_on_time_is_judged_by_each_lines_own_promise_r2_4() -> None:
    memory = shop(b.placed(b.cart(1, tags=("ship_24h",)), b.cart(2)), b.succeeded(200_00))
    assert b.only(memory.when(b.shipped("p2", {2: 1}, when="06-02 11:00"))).on_time
    assert not b.only(memory.when(b.shipped("p1", {1: 1}, when="06-02 11:00"))).on_time


def sent() -> Memory:
    memory = paid()
    memory.when(b.shipped())
    return memory


def test_sham_shipping_upheld_by_a_ruling_costs_three_tenths_once_r2_4() -> None:
    memory = sent()
    fact: ShippingSham = b.only(memory.when(b.ruling()))
    assert (fact.amount_minor, fact.base_minor, fact.line_nos, fact.parcel_id) == (30_00, 100_00, (1,), b.PARCEL)
    assert memory.when(b.ruling(), b.ruling("ruling2")) == ()
    assert codes(memory) == ["ruling.known", "ruling.known"]


def test_a_ruling_on_sham_shipping_says_why_upheld_or_not_and_is_silent_without_words_r2_4() -> None:
    for upheld in (True, False):
        worded = b.ruling(upheld=upheld).model_copy(update={"reason": "no trace, 无物流轨迹"})
        assert b.only(sent().when(worded)).reason == "no trace, 无物流轨迹"
        assert "reason" not in b.only(sent().when(b.ruling(upheld=upheld))).model_dump()


@pytest.mark.parametrize(("price", "owed"), [(1_00, 5_00), (10_000_00, 200_00)])
def test_sham_shipping_has_its_own_bounds_r2_4(price: int, owed: int) -> None:
    memory = bought(price)
    memory.when(b.shipped())
    assert b.only(memory.when(b.ruling())).amount_minor == owed


def test_sham_shipping_is_owed_in_place_of_lateness_so_only_the_difference_comes_on_top_r2_4() -> None:
    memory = paid()
    (before,) = late(memory)
    memory.when(b.shipped(when="06-10 10:00"))
    assert before.amount_minor + b.only(memory.when(b.ruling(when="06-20 10:00"))).amount_minor == 30_00


def test_lateness_that_cost_more_than_a_pretence_stands_and_nothing_comes_on_top_r2_4() -> None:
    """Each has its own bound, and that of sham shipping is the lower one: nobody gives anything back."""
    memory = bought(5_000_00)
    (before,) = late(memory)
    memory.when(b.shipped(when="06-10 10:00"))
    assert (before.amount_minor, b.only(memory.when(b.ruling(when="06-20 10:00"))).amount_minor) == (500_00, 0)


def test_a_pretence_costs_three_tenths_of_the_units_that_it_names_and_of_no_others_r2_4() -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 3)), b.succeeded(150_00), b.shipped(units={1: 1}))
    assert b.only(memory.when(b.ruling())).amount_minor == 15_00


def test_of_one_parcel_of_two_sellers_each_pays_for_its_own_goods_r2_4_r8_1() -> None:
    """Who fulfils for both packed them together."""
    lines = b.cart(1, 100_00, fulfiller_id="f1"), b.cart(2, 60_00, seller_id="s2", fulfiller_id="f1")
    memory = shop(b.placed(*lines), b.succeeded(160_00), b.shipped(units={1: 1, 2: 1}, shipper_id="f1"))
    facts = memory.when(b.ruling())
    assert [(fact.seller_id, fact.line_nos, fact.amount_minor) for fact in facts if isinstance(fact, ShippingSham)] == [
        (b.SELLER, (1,), 30_00),
        ("s2", (2,), 18_00),
    ]
    assert len({fact.compensation_id for fact in facts if isinstance(fact, ShippingSham)}) == 2


def test_two_pretences_of_one_seller_cost_three_tenths_of_both_within_one_bound_r2_4() -> None:
    for prices, owed in [((100_00, 100_00), [30_00, 30_00]), ((500_00, 500_00), [150_00, 50_00]), ((1_00, 1_00), [5_00, 0])]:
        memory = bought(*prices)
        memory.when(b.shipped("p1", {1: 1}), b.shipped("p2", {2: 1}))
        assert [b.only(memory.when(b.ruling(f"ruling-{name}", name))).amount_minor for name in ("p1", "p2")] == owed


def test_the_same_units_pretended_to_leave_again_cost_nothing_more_r2_4() -> None:
    memory = sent()
    memory.when(b.ruling(), b.parcel_lost(), b.shipped("again", when="06-05 10:00"))
    assert b.only(memory.when(b.ruling("ruling2", "again"))).amount_minor == 0


def test_terms_without_a_penalty_for_sham_shipping_owe_none_r9_1() -> None:
    """Placed under a policy that had none: what was not promised is not owed."""
    memory = sent()
    version, before = memory.entities[("order", b.ORDER)]
    memory.entities[("order", b.ORDER)] = version, replace(before, terms=before.terms.model_copy(update={"sham": None}))
    assert (memory.when(b.ruling()), codes(memory)) == ((), ["sham.not_promised"])


@pytest.mark.parametrize(("upheld", "facts", "refused"), [(True, [], ["sham.not_promised"]), (False, ["ruling.noted"], [])])
def test_of_a_replacement_on_top_a_ruling_on_sham_shipping_is_not_passed_over_r2_1(
    upheld: bool, facts: list[str], refused: list[str]
) -> None:
    """The units that were paid for left in another parcel."""
    memory = sent()
    memory.when(b.signed(), b.case_opened(), b.case_replaced())
    assert (b.types(memory.when(b.ruling(parcel_id="p8", upheld=upheld, when="06-12 09:00"))), codes(memory)) == (facts, refused)


def test_a_parcel_that_was_collected_in_time_is_no_sham_r2_4() -> None:
    for when, facts, refused in [("06-03 09:59:59", [], ["sham.collected_in_time"]), ("06-03 10:00", ["shipping.sham"], [])]:
        memory = sent()
        assert b.types(memory.when(b.collected(when=when))) == ["parcel.taken"]
        assert (b.types(memory.when(b.ruling())), codes(memory)) == (facts, refused)


def test_sham_shipping_is_upheld_no_sooner_than_the_carriers_hours_are_over_r2_4() -> None:
    """Until then a collection may come that is in time, or has happened and is not heard of: whichever is told first, it is no sham."""
    for when, facts, refused in [("06-03 09:59:59", [], ["ruling.too_early"]), ("06-03 10:00", ["shipping.sham"], [])]:
        memory = sent()
        assert (b.types(memory.when(b.ruling(when=when))), codes(memory)) == (facts, refused)
    told = b.collected(when="06-03 09:00"), b.ruling(when="06-03 09:59:59")
    ends = []
    for order in (told, told[::-1]):
        memory = sent()
        ends.append((b.types(memory.when(*order)), memory.entities[("order", b.ORDER)]))
    assert ends[0] == ends[1]
    assert b.types(memory.when(b.ruling(upheld=False, when="06-03 09:00"))) == ["ruling.noted"]


def test_a_ruling_that_does_not_uphold_is_noted_and_costs_nothing() -> None:
    memory = sent()
    assert b.types(memory.when(b.ruling(upheld=False))) == ["ruling.noted"]
    assert (memory.when(b.ruling(upheld=False)), codes(memory)) == ((), ["ruling.known"])


def test_a_ruling_and_a_collection_before_their_parcel_wait_for_it_r2_1() -> None:
    memory = paid()
    assert memory.when(b.collected(), b.ruling(upheld=False)) == ()
    assert waiting(memory) == ["parcel.before_shipped"] * 2
    assert b.types(memory.when(b.shipped())) == ["order.shipped", "parcel.taken", "ruling.noted"]


def test_a_parcel_is_collected_once() -> None:
    memory = sent()
    memory.when(b.collected(), b.collected())
    assert codes(memory) == ["parcel.collected_before"]


def test_a_parcel_of_another_party_than_the_one_that_fulfils_is_refused_r8_1() -> None:
    memory = shop(b.placed(b.cart(1, fulfiller_id="f1"), b.cart(2)), b.succeeded(200_00))
    assert memory.when(b.shipped(), b.shipped(shipper_id=b.SELLER), b.shipped(units={2: 1}, shipper_id="f1")) == ()
    assert codes(memory) == ["parcel.shipper_differs"] * 3
    assert b.types(memory.when(b.shipped(shipper_id="f1"), b.shipped("p2", {2: 1}, shipper_id=b.SELLER))) == ["order.shipped"] * 2


def test_the_seller_is_liable_for_who_fulfils_in_its_place_r8_1() -> None:
    (fact,) = late(bought(100_00, fulfiller_id="f1"))
    assert fact.seller_id == b.SELLER


def test_freight_and_virtual_lines_are_not_sent() -> None:
    lines = b.cart(1), b.cart(2, kind="virtual"), b.cart(3, kind="freight", promoter_id=None, commission_bp=0)
    memory = shop(b.placed(*lines), b.succeeded(300_00))
    assert memory.when(b.shipped(units={2: 1}), b.shipped(units={3: 1})) == ()
    assert codes(memory) == ["parcel.not_goods"] * 2
