"""The end of a line: by the buyer, by time, not while a case is open. Source: R2.1, R2.5."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.order import OrderCompleted, ParcelDelivered
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.order.shop import accepted, closed, codes, completed, delivered, order, shipped, shop, state, waiting

LATE = b.at("08-01 00:00")


def two_lines() -> Memory:
    """Line 1 delivered, line 2 on its way."""
    return shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00), b.shipped("p1", {1: 1}), b.shipped("p2", {2: 1}), b.signed("p1"))


def signed_at(when: str) -> Memory:
    return shop(b.placed(), b.succeeded(), b.shipped(), b.signed(when=when))


def test_the_buyer_confirms_what_was_delivered_r2_5() -> None:
    memory = delivered()
    fact: OrderCompleted = b.only(memory.when(b.receipt()))
    assert (fact.how, fact.lines, fact.occurred_at) == ("confirmed", (b.parties(),), b.at("06-05 09:00"))
    assert (state(memory), memory.armed) == ("completed", {})


def test_a_confirmation_without_lines_means_those_delivered_so_far() -> None:
    memory = two_lines()
    assert [line.line_no for line in b.only(memory.when(b.receipt())).lines] == [1]
    assert (state(memory), [line.state for line in order(memory).lines.values()]) == ("shipped", ["completed", "shipped"])
    memory.when(b.receipt())
    assert codes(memory) == ["receipt.confirmed_before"]


@pytest.mark.parametrize(("when", "confirmed"), [("06-05 08:59:59", True), ("06-05 09:00", True), ("06-05 09:00:01", False)])
@pytest.mark.parametrize("told_first", [True, False])
def test_it_means_all_that_was_signed_for_by_then_whatever_is_told_first_r2_5_r1_2(when: str, confirmed: bool, told_first: bool) -> None:
    memory, signed = two_lines(), b.signed("p2", when)
    memory.when(*((signed, b.receipt()) if told_first else (b.receipt(), signed)))
    done = [(line.line_no, fact.how, fact.occurred_at) for fact in memory.facts if isinstance(fact, OrderCompleted) for line in fact.lines]
    named = (1, 2) if confirmed else (1,)
    assert (sorted(done), codes(memory)) == ([(line_no, "confirmed", b.at("06-05 09:00")) for line_no in named], [])
    assert [fact.signed_at for fact in memory.facts if isinstance(fact, ParcelDelivered)][-1] == b.at(when)
    assert order(memory).lines[2].state == ("completed" if confirmed else "delivered")


def test_a_case_holds_a_line_that_is_told_later_than_the_confirmation_of_all_r2_5() -> None:
    memory = two_lines()
    memory.when(b.receipt(), b.case_opened(line_no=2, when="06-04 10:00"))
    assert b.types(memory.when(b.signed("p2"))) == ["order.delivered"]


def test_a_confirmation_of_all_that_arrived_says_no_more_and_one_of_named_lines_neither() -> None:
    for memory, receipt in ((delivered(), b.receipt()), (two_lines(), b.receipt(1))):
        assert "all_signed" not in b.only(memory.when(receipt)).model_dump()


def test_a_confirmation_of_a_line_on_its_way_waits_for_its_delivery_r2_1() -> None:
    memory = two_lines()
    memory.when(b.receipt(1, 2))
    assert waiting(memory) == ["receipt.before_delivery"]
    assert b.types(memory.when(b.signed("p2"))) == ["order.delivered", "order.completed"]
    assert state(memory) == "completed"


def test_a_line_confirmed_before_is_passed_over() -> None:
    memory = two_lines()
    memory.when(b.receipt(1), b.signed("p2"))
    assert [line.line_no for line in b.only(memory.when(b.receipt(1, 2))).lines] == [2]


@pytest.mark.parametrize(
    ("memory", "event", "code"),
    [
        (delivered(), b.receipt(buyer_id="b2"), "buyer.differs"),
        (delivered(), b.receipt(2), "line.unknown"),
        (completed(), b.receipt(), "receipt.confirmed_before"),
        (completed(), b.receipt(1), "receipt.confirmed_before"),
        (closed(), b.receipt(1), "line.refunded"),
    ],
)
def test_a_confirmation_that_is_not_due_is_refused(memory: Memory, event: object, code: str) -> None:
    assert memory.when(event) == ()  # type: ignore[arg-type]
    assert codes(memory)[-1] == code


def test_signed_within_ten_days_of_shipping_is_confirmed_at_ten_r2_5() -> None:
    memory = signed_at("06-12 09:59:59")
    assert memory.advance(b.at("06-12 10:00:04")) == ()
    fact: OrderCompleted = b.only(memory.advance(b.at("06-12 10:00:05")))
    assert (fact.how, fact.occurred_at, state(memory), memory.armed) == ("auto", b.at("06-12 10:00"), "completed", {})


def test_signed_at_ten_days_sharp_is_looked_at_again_at_twenty_r2_5() -> None:
    assert b.only(signed_at("06-12 10:00").advance(LATE)).occurred_at == b.at("06-22 10:00")


def test_signed_within_twenty_days_is_confirmed_at_twenty_r2_5() -> None:
    assert b.only(signed_at("06-22 09:59:59").advance(LATE)).occurred_at == b.at("06-22 10:00")


@pytest.mark.parametrize("when", ["06-22 10:00", "07-01 10:00"])
def test_signed_later_is_confirmed_at_thirty_r2_5(when: str) -> None:
    assert b.only(signed_at(when).advance(LATE)).occurred_at == b.at("07-02 10:00")


def test_never_signed_is_confirmed_at_thirty_r2_5() -> None:
    memory = shipped()
    assert b.only(memory.advance(LATE)).occurred_at == b.at("07-02 10:00")
    assert state(memory) == "completed"


def test_a_line_that_has_not_left_is_never_confirmed_by_time() -> None:
    memory = shop(b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped(units={1: 1}), b.signed())
    assert b.types(memory.advance(LATE)) == ["shipping.late"]


def test_each_line_has_its_own_clock_r2_5() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00))
    memory.when(b.shipped("p1", {1: 1}), b.shipped("p2", {2: 1}, when="06-03 10:00"), b.signed("p1"), b.signed("p2"))
    facts = memory.advance(LATE)
    assert [(fact.lines[0].line_no, fact.occurred_at) for fact in facts] == [(1, b.at("06-12 10:00")), (2, b.at("06-13 10:00"))]  # type: ignore[attr-defined]


def test_an_open_case_blocks_confirmation_by_time_and_by_the_buyer_r2_5() -> None:
    memory = delivered()
    assert b.only(memory.when(b.case_opened())).type == "line.held"
    assert memory.armed == {}
    assert memory.when(b.receipt()) == ()
    assert codes(memory) == ["receipt.case_open"]
    assert (memory.advance(LATE), state(memory)) == ((), "delivered")


def test_a_confirmation_that_fell_due_meanwhile_happens_when_the_case_ends_r2_5() -> None:
    memory = delivered()
    memory.when(b.case_opened())
    held, done = memory.when(b.case_closed(when="06-20 08:00"))
    assert (held.type, done.type, done.occurred_at, state(memory)) == ("line.freed", "order.completed", b.at("06-20 08:00"), "completed")


@pytest.mark.parametrize(("ends", "facts"), [("06-12 09:59:59", ["line.freed"]), ("06-12 10:00", ["line.freed", "order.completed"])])
def test_a_case_that_ends_before_the_deadline_leaves_it_as_it_was_r2_5(ends: str, facts: list[str]) -> None:
    memory = delivered()
    memory.when(b.case_opened())
    assert b.types(memory.when(b.case_closed(when=ends))) == facts
    assert b.types(memory.advance(LATE)) == ([] if "order.completed" in facts else ["order.completed"])
    assert state(memory) == "completed"


def test_two_cases_one_after_the_other_hold_until_the_last_ends() -> None:
    memory = delivered()
    memory.when(b.case_opened("c1"), b.case_opened("c2"))
    assert b.types(memory.when(b.case_closed("c1", when="06-15 08:00"))) == ["line.freed"]
    assert b.types(memory.when(b.case_closed("c2", when="06-16 08:00"))) == ["line.freed", "order.completed"]


def test_a_case_opened_after_the_deadline_but_told_before_its_timer_does_not_hold_it_r1_2() -> None:
    memory = delivered()
    memory.when(b.case_opened(when="06-12 10:00"))
    assert b.only(memory.advance(LATE)).occurred_at == b.at("06-12 10:00")


def test_a_case_that_came_too_late_and_ended_before_the_timer_moves_nothing_r1_2() -> None:
    memory = delivered()
    assert b.types(memory.when(b.case_opened(when="06-12 10:00"), b.case_closed(when="06-13 10:00"))) == ["line.held", "line.freed"]
    assert b.only(memory.advance(LATE)).occurred_at == b.at("06-12 10:00")


def test_a_case_that_went_on_after_an_appeal_held_the_line_both_times_r2_5_r4_11() -> None:
    memory = delivered()
    memory.when(b.case_opened(), b.case_closed(when="06-08 10:00"), b.case_reopened(when="06-14 10:00"), b.case_closed(when="06-16 10:00"))
    assert b.only(memory.advance(LATE)).occurred_at == b.at("06-12 10:00")


def test_a_case_opened_a_second_before_the_deadline_holds_it() -> None:
    memory = delivered()
    memory.when(b.case_opened(when="06-12 09:59:59"))
    assert memory.advance(LATE) == ()


def test_a_signature_told_after_the_case_that_held_the_line_confirms_it_when_that_ended() -> None:
    memory = shipped()
    memory.when(b.case_opened(when="06-11 10:00"), b.case_closed(when="06-14 10:00"), b.signed(when="06-10 10:00"))
    assert b.only(memory.advance(LATE)).occurred_at == b.at("06-14 10:00")


def test_a_case_on_one_line_leaves_the_other_alone() -> None:
    memory = two_lines()
    memory.when(b.signed("p2"), b.case_opened(line_no=2))
    assert [line.line_no for line in b.only(memory.when(b.receipt())).lines] == [1]
    memory.when(b.receipt(1, 2))
    assert codes(memory) == ["receipt.case_open"]


def test_a_line_refunded_in_full_is_not_completed_and_the_order_is_closed() -> None:
    memory = closed()
    assert (state(memory), memory.armed, memory.advance(LATE)) == ("closed", {}, ())


def test_a_line_refunded_in_part_is_completed_for_the_rest() -> None:
    memory = shop(b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped(units={1: 2}), b.signed())
    memory.when(b.case_opened(), b.case_closed(quantity=1, amount_minor=100_00))
    assert b.types(memory.advance(LATE)) == ["order.completed"]


def test_a_refund_in_full_after_the_deadline_passed_completes_nothing() -> None:
    memory = delivered()
    memory.when(b.case_opened())
    assert b.types(memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-20 08:00"))) == ["line.freed"]
    assert state(memory) == "closed"


def test_a_line_that_cost_nothing_is_refunded_in_full_by_its_units_r1_4() -> None:
    memory = shop(b.placed(b.cart(quantity=2), coupons=[b.coupon(200_00)]), b.shipped(units={1: 2}), b.signed())
    memory.when(b.case_opened("c1"), b.case_closed("c1", quantity=1))
    assert state(memory) == "delivered"
    memory.when(b.case_opened("c2"), b.case_closed("c2", quantity=1))
    assert state(memory) == "closed"


def test_units_refunded_before_they_were_sent_are_waited_for_no_more() -> None:
    """Its clock starts when the last unit that is still wanted has left, or when the rest was given up."""
    memory = shop(b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped(units={1: 1}), b.signed())
    memory.when(b.case_opened(), b.case_closed(quantity=1, amount_minor=100_00, when="06-09 10:00", kind="refund_only"))
    assert (state(memory), order(memory).lines[1].sent_at) == ("delivered", b.at("06-09 10:00"))
    memory.when(b.shipped("p2"))
    assert b.types(memory.facts)[-1] == "parcel.intercepted"
    late, done = memory.advance(LATE)
    assert (late.type, done.type, done.occurred_at) == ("shipping.late", "order.completed", b.at("06-19 10:00"))


def test_a_case_is_opened_once_and_ends_once() -> None:
    memory = delivered()
    memory.when(b.case_opened(), b.case_opened(when="06-06 11:00"), b.case_closed(), b.case_closed(when="06-09 11:00"), b.case_opened())
    assert codes(memory) == ["case.known", "case.closed", "case.known"]


def test_the_end_of_a_case_before_its_beginning_waits_r2_1() -> None:
    memory = delivered()
    memory.when(b.case_closed())
    assert waiting(memory) == ["case.before_opened"]
    assert b.types(memory.when(b.case_opened())) == ["line.held", "line.freed"]


def test_a_case_of_a_line_that_the_order_does_not_have_is_refused() -> None:
    memory = delivered()
    memory.when(b.case_opened(line_no=2), b.case_closed(line_no=2))
    assert codes(memory) == ["line.unknown", "line.unknown"]


def test_the_order_is_settled_with_its_last_line_r2_1() -> None:
    memory = two_lines()
    memory.when(b.signed("p2"), b.receipt())
    assert b.only(memory.when(b.line_settled(2))).order_settled is False
    assert state(memory) == "completed"
    assert b.only(memory.when(b.line_settled(1))).order_settled is True
    assert state(memory) == "settled"


def test_a_line_refunded_in_full_does_not_keep_the_order_from_being_settled() -> None:
    memory = two_lines()
    memory.when(b.signed("p2"), b.case_opened(line_no=2), b.case_closed(line_no=2, quantity=1, amount_minor=100_00), b.receipt())
    assert b.only(memory.when(b.line_settled(1))).order_settled is True
    assert [line.state for line in order(memory).lines.values()] == ["settled", "closed"]


def test_a_signature_told_after_time_confirmed_its_line_confirms_it_no_second_time_r2_5() -> None:
    """The buyer had confirmed all that was signed for by then, which this was."""
    memory = two_lines()
    memory.when(b.receipt())
    assert [line.line_no for line in b.only(memory.advance(LATE)).lines] == [2]
    assert b.types(memory.when(b.signed("p2", "06-05 08:00"))) == ["order.delivered"]


def test_what_a_bank_paid_in_a_refunds_stead_went_back_as_well_r3_8() -> None:
    memory = delivered()
    memory.when(b.case_opened(), b.case_closed(quantity=1, amount_minor=60_00).model_copy(update={"bank_minor": 40_00}))
    assert (state(memory), order(memory).lines[1].refunded_minor) == ("closed", 100_00)


def test_settled_twice_or_unknown_is_refused_and_too_early_waits() -> None:
    memory = completed()
    memory.when(b.line_settled(), b.line_settled(when="06-13 00:00"), b.line_settled(2))
    assert codes(memory) == ["settlement.known", "line.unknown"]
    early = accepted()
    early.when(b.line_settled(2), b.line_settled())
    assert (codes(early), waiting(early)) == (["line.unknown"], ["settlement.before_completion"])


def test_the_windows_of_the_policy_at_placement_count_r9_1() -> None:
    policies = b.with_policy("order", confirm_signed_days=3)
    memory = shop(b.placed(), b.succeeded(), b.shipped(), b.signed(), policies=policies)
    memory.policies = b.POLICIES
    assert b.only(memory.advance(LATE)).occurred_at == b.at(b.SENT) + timedelta(days=3)
