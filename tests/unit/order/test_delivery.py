"""Parcels: in any order, several a line, never more than was bought. Source: R2.1, R2.4, R2.5."""

from __future__ import annotations

import pytest

from shared.contracts.order import ParcelDelivered, ParcelSent, ReplacementNoted
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.order.shop import accepted, codes, completed, delivered, expired, order, paid, rejected, shipped, shop, state, waiting


def three_units() -> Memory:
    return shop(b.placed(b.cart(quantity=3)), b.succeeded(300_00))


def test_a_parcel_with_the_last_unit_ships_the_line_r2_1() -> None:
    memory = paid()
    fact: ParcelSent = b.only(memory.when(b.shipped()))
    assert [line.line_no for line in fact.shipped] == [1]
    assert (fact.shipped[0].seller_id, fact.shipped[0].promoter_id) == (b.SELLER, b.PROMOTER)
    assert (fact.on_time, state(memory)) == (True, "shipped")


@pytest.mark.parametrize(("when", "on_time"), [("06-03 10:09:59", True), ("06-03 10:10", False)])
def test_shipped_within_48_hours_of_payment_is_on_time_r2_4(when: str, on_time: bool) -> None:
    assert b.only(paid().when(b.shipped(when=when))).on_time is on_time


def test_a_line_in_two_parcels_ships_with_the_second_and_arrives_with_the_last_signature_r2_5() -> None:
    memory = three_units()
    assert b.only(memory.when(b.shipped("p1", {1: 1}))).shipped == ()
    assert state(memory) == "paid"
    assert [line.line_no for line in b.only(memory.when(b.shipped("p2", {1: 2}, when="06-02 15:00"))).shipped] == [1]
    assert state(memory) == "shipped"
    assert b.only(memory.when(b.signed("p2", "06-03 09:00"))).delivered == ()
    fact: ParcelDelivered = b.only(memory.when(b.signed("p1", "06-04 09:00")))
    assert (fact.delivered, fact.signed_at, state(memory)) == ((1,), b.at("06-04 09:00"), "delivered")


def test_parcels_told_out_of_order_end_in_the_same_times() -> None:
    """The line's clock starts with the parcel that left last, its window with the signature that came last."""
    memory = three_units()
    late, early = b.shipped("p2", {1: 2}, when="06-03 11:00"), b.shipped("p1", {1: 1}, when="06-02 10:00")
    assert [fact.on_time for fact in memory.when(late, early)] == [False, False]  # type: ignore[attr-defined]
    fact: ParcelDelivered = memory.when(b.signed("p2", "06-05 09:00"), b.signed("p1", "06-04 09:00"))[-1]  # type: ignore[assignment]
    assert (fact.occurred_at, fact.signed_at) == (b.at("06-04 09:00"), b.at("06-05 09:00"))
    line = order(memory).lines[1]
    assert (line.sent_at, line.signed_at) == (b.at("06-03 11:00"), b.at("06-05 09:00"))


def test_a_line_that_left_in_a_late_and_a_punctual_parcel_is_late_r2_4() -> None:
    memory = three_units()
    facts = memory.when(b.shipped("p1", {1: 1}, when="06-03 12:00"), b.shipped("p2", {1: 2}, when="06-02 12:00"))
    assert [(fact.on_time, len(fact.shipped)) for fact in facts] == [(False, 0), (False, 1)]  # type: ignore[attr-defined]


def test_a_punctual_parcel_is_punctual_whenever_the_rest_of_its_line_was_cancelled_r2_4_r5_1() -> None:
    """Told before or after it: only parcels can be late, and the score is the same."""
    told = [b.shipped("p1", {1: 2}, when="06-02 12:00"), b.cancel({1: 1}, when="06-04 12:00")]
    for order_told in (told, told[::-1]):
        facts = three_units().when(*order_told)
        assert [fact.on_time for fact in facts if isinstance(fact, ParcelSent)] == [True]


def test_one_parcel_with_two_lines_ships_both() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00))
    assert [line.line_no for line in b.only(memory.when(b.shipped(units={2: 1, 1: 1}))).shipped] == [1, 2]
    assert b.only(memory.when(b.signed())).delivered == (1, 2)


def test_units_of_one_line_may_stand_twice_in_a_parcel() -> None:
    twice = b.shipped(units={1: 1}).lines + b.shipped(units={1: 2}).lines
    fact: ParcelSent = b.only(three_units().when(b.shipped().model_copy(update={"lines": twice})))
    assert [(one.line_no, one.quantity) for one in fact.units] == [(1, 3)]


def test_the_order_is_where_its_last_line_is_r2_1() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00), b.shipped("p1", {1: 1}), b.signed("p1"))
    assert [line.state for line in order(memory).lines.values()] == ["delivered", "paid"]
    assert state(memory) == "paid"
    memory.when(b.shipped("p2", {2: 1}))
    assert state(memory) == "shipped"


def test_more_units_than_bought_are_refused() -> None:
    memory = three_units()
    memory.when(b.shipped("p1", {1: 4}), b.shipped("p2", {1: 2}), b.shipped("p3", {1: 2}), b.shipped("p4", {1: 1}), b.shipped("p5", {1: 1}))
    assert codes(memory) == ["parcel.exceeds_ordered"] * 3
    assert (order(memory).lines[1].sent, sorted(order(memory).parcels)) == (3, ["p2", "p4"])


def test_a_parcel_with_a_line_that_the_order_does_not_have_is_refused_as_a_whole() -> None:
    memory = paid()
    assert memory.when(b.shipped(units={1: 1, 2: 1})) == ()
    assert (codes(memory), state(memory)) == (["line.unknown"], "paid")


def test_a_parcel_is_shipped_once_and_signed_once() -> None:
    memory = delivered()
    assert memory.when(b.shipped(), b.signed(when="06-05 09:00")) == ()
    assert codes(memory) == ["parcel.known", "parcel.signed_before"]
    assert order(memory).lines[1].signed_at == b.at(b.SIGNED)


def test_signed_before_shipped_before_paid_before_placed_all_wait_and_end_alike_r2_1() -> None:
    memory = shop(b.signed(), b.shipped(), b.succeeded())
    assert waiting(memory) == ["order.before_placed", "order.before_placed", "payment.before_order"]
    facts = memory.when(b.placed())
    assert b.types(facts) == ["order.accepted", "order.paid", "order.shipped", "order.delivered"]
    assert (waiting(memory), order(memory)) == ([], order(delivered()))


def test_a_parcel_of_an_unpaid_order_waits_for_the_payment_and_is_refused_if_the_order_expires_r2_1() -> None:
    memory = accepted()
    memory.when(b.shipped(), b.signed())
    assert waiting(memory) == ["parcel.before_payment", "parcel.before_shipped"]
    assert b.types(memory.advance(b.at("06-01 11:00"))) == ["order.expired"]
    assert (waiting(memory), codes(memory)) == ([], ["order.closed", "order.closed"])


@pytest.mark.parametrize("before", [rejected, expired])
def test_nothing_ships_for_an_order_that_was_never_paid(before: object) -> None:
    assert callable(before)
    memory = before()
    assert memory.when(b.shipped(), b.signed()) == ()
    assert codes(memory) == ["order.closed", "order.closed"]


def test_a_signature_for_an_unknown_parcel_waits() -> None:
    memory = shipped()
    memory.when(b.signed("other"))
    assert waiting(memory) == ["parcel.before_shipped"]


def test_a_signature_after_time_confirmed_the_line_is_true_all_the_same_r2_5() -> None:
    memory = shipped()
    memory.advance(b.at("07-03 00:00"))
    assert state(memory) == "completed"
    assert b.only(memory.when(b.signed(when="07-04 09:00"))).delivered == (1,)
    assert state(memory) == "completed"


def test_a_second_parcel_of_a_completed_line_is_refused() -> None:
    memory = completed()
    memory.when(b.shipped("p2"))
    assert codes(memory) == ["parcel.exceeds_ordered"]


def test_of_a_replacement_the_card_of_its_order_is_told_and_of_no_other_parcel_r4_7_r4_10() -> None:
    memory = shop(b.placed(trust_card_id="card1"), b.succeeded(), b.shipped(), b.signed(), b.case_opened(when="06-06 10:00"))
    told = memory.when(b.case_replaced(), b.signed("p8", when="06-10 10:00"))
    first, again = (fact for fact in memory.facts if isinstance(fact, ParcelDelivered))
    assert (first.trust_card_id, again.trust_card_id, told[-1]) == (None, "card1", again)
    assert (first.replacement, again.replacement) == (False, True)
    assert "trust_card_id" not in first.to_json().decode()


def test_a_replacement_is_of_the_units_that_did_not_arrive_where_there_are_so_many_and_else_comes_on_top_r4_10() -> None:
    for arrived, asked, own in ((0, 2, 2), (0, 1, 1), (1, 1, 1), (1, 2, 0), (2, 1, 0)):
        memory = shop(b.placed(b.cart(quantity=2)), b.succeeded(200_00))
        memory.when(b.shipped("p1", {1: 1}), b.shipped("p2", {1: 1}), b.case_opened(quantity=asked))
        memory.when(*(b.signed(f"p{number}") if number <= arrived else b.parcel_lost(f"p{number}") for number in (1, 2)))
        noted = b.only(fact for fact in memory.when(b.case_replaced(quantity=asked)) if isinstance(fact, ReplacementNoted))
        assert noted.units_sent == own, (arrived, asked)


def test_of_units_that_a_case_refunds_those_come_first_that_can_have_come_back_and_the_rest_does_not_leave_r4_4_r2_1() -> None:
    """Four units, two of them sent. One came back; of the next two only one can have: the other is of those that never left."""
    memory = shop(b.placed(b.cart(1, 50_00, 4)), b.succeeded(200_00), b.shipped(units={1: 2}), b.signed())
    memory.when(b.case_opened("c1"), b.case_closed("c1", quantity=1, amount_minor=50_00))
    memory.when(b.case_opened("c2", when="06-10 10:00"), b.case_closed("c2", quantity=2, amount_minor=100_00, when="06-11 10:00"))
    assert memory.when(b.shipped("p2", {1: 2}, when="06-12 10:00")) == ()
    assert codes(memory) == ["parcel.exceeds_ordered"]
    assert b.types(memory.when(b.shipped("p2", {1: 1}, when="06-12 10:00"))) == ["order.shipped"]


def test_a_unit_that_was_refunded_after_it_had_left_puts_no_clock_of_its_line_off_r2_5() -> None:
    """The clock runs from the last parcel, not from the refund: that is the end of units that never left."""
    memory = shop(b.placed(b.cart(1, 50_00, 2)), b.succeeded(), b.shipped("p1"), b.shipped("p2"), b.signed("p1"), b.signed("p2"))
    refund = b.case_closed(quantity=1, amount_minor=50_00, when="06-07 10:00", kind="refund_only")
    memory.when(b.case_opened(), refund)
    (done,) = (fact for fact in memory.advance(b.at("06-30 00:00")) if fact.type == "order.completed")
    assert done.occurred_at == b.at("06-12 10:00")


def test_nor_where_another_had_been_cancelled_before_the_rest_left_r2_5() -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 3)), b.succeeded(150_00), b.cancel({1: 1}), b.shipped(units={1: 2}), b.signed())
    memory.when(b.case_opened(), b.case_closed(quantity=1, amount_minor=50_00, when="06-07 10:00", kind="refund_only"))
    (done,) = (fact for fact in memory.advance(b.at("06-30 00:00")) if fact.type == "order.completed")
    assert done.occurred_at == b.at("06-12 10:00")


def test_a_cancelled_unit_is_none_that_came_back_so_that_the_third_still_leaves_r4_4_r2_1() -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 3)), b.succeeded(150_00), b.cancel({1: 1}), b.shipped(), b.signed())
    memory.when(b.case_opened(), b.case_closed(quantity=1, amount_minor=50_00))
    assert b.types(memory.when(b.shipped("p2", when="06-12 10:00"))) == ["order.shipped"]


def test_a_replacement_of_a_lost_unit_begins_no_clock_without_the_other_that_is_still_on_its_way_r4_10_r2_5() -> None:
    memory = shop(b.placed(b.cart(1, 50_00, 2)), b.succeeded(), b.shipped("p1"), b.shipped("p2"), b.parcel_lost("p1"))
    memory.when(b.case_opened(), b.case_replaced(), b.signed("p8", when="06-10 10:00"), b.case_closed(when="06-11 10:00", kind="exchange"))
    assert memory.advance(b.at("07-08 00:00")) == ()
    assert b.types(memory.advance(b.at("07-20 00:00"))) == ["order.completed"]


def test_of_two_replacements_the_clock_runs_from_the_last_r4_10_r2_5() -> None:
    memory = shop(b.placed(), b.succeeded(), b.shipped(), b.signed(), b.case_opened("c1"), b.case_replaced("c1", "p8"))
    memory.when(b.signed("p8", when="06-10 10:00"), b.case_closed("c1", when="06-10 10:00", kind="exchange"))
    memory.when(b.case_opened("c2", when="06-17 10:00"), b.case_replaced("c2", "p9", when="06-18 10:00"))
    memory.when(b.signed("p9", when="06-19 10:00"), b.case_closed("c2", when="06-19 10:00", kind="exchange"))
    (done,) = (fact for fact in memory.advance(b.at("08-30 00:00")) if fact.type == "order.completed")
    assert done.occurred_at == b.at("06-28 10:00")
