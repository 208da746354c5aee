"""Units that will not be sent, by whom, in which state, and what becomes of their money and of freight. Source: R2.1, R3.10."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.order import OrderCancelled, OrderCompleted, UnitsCancelled
from shared.contracts.storefront import PlacedLine
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.order.shop import accepted, codes, delivered, order, paid, shop, state, waiting


def freight(line_no: int, price: int = 10_00, seller_id: str = b.SELLER) -> PlacedLine:
    return b.cart(line_no, price, kind="freight", promoter_id=None, commission_bp=0, seller_id=seller_id)


def test_an_unpaid_order_is_cancelled_as_a_whole_and_money_that_comes_later_goes_back_r2_1() -> None:
    memory = accepted()
    fact: OrderCancelled = b.only(memory.when(b.cancel()))
    assert (fact.type, fact.by, state(memory), memory.armed) == ("order.cancelled", "buyer", "cancelled", {})
    assert b.only(memory.when(b.succeeded(when="06-01 10:25"))).reason == "order.closed"


def test_naming_every_unit_of_an_unpaid_order_is_the_whole_and_naming_some_is_refused() -> None:
    some, every = shop(b.placed(b.cart(1, quantity=2))), shop(b.placed(b.cart(1, quantity=2), b.cart(2)))
    assert (some.when(b.cancel({1: 1})), codes(some)) == ((), ["cancel.unpaid_in_part"])
    assert b.types(every.when(b.cancel({1: 2, 2: 1}))) == ["order.cancelled"]


def test_a_seller_cancels_an_unpaid_order_r2_1() -> None:
    memory = accepted()
    assert b.only(memory.when(b.seller_cancels())).by == "seller"
    assert state(memory) == "cancelled"


def test_a_seller_who_gives_up_some_of_an_unpaid_order_ends_it_as_a_whole_r2_1() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2, seller_id="s2")))
    assert b.types(memory.when(b.seller_cancels({1: 1}))) == ["order.cancelled"]


def test_lines_that_an_unpaid_order_has_not_cannot_be_cancelled_r2_1() -> None:
    memory = accepted()
    assert (memory.when(b.cancel({9: 1})), codes(memory), state(memory)) == ((), ["line.unknown"], "accepted")


def test_a_cancellation_that_names_its_payment_waits_for_it_whichever_comes_first_r2_1() -> None:
    memory = accepted()
    assert (memory.when(b.cancel(payment_id=b.PAYMENT_ID)), waiting(memory)) == ((), ["cancel.before_payment"])
    assert b.types(memory.when(b.succeeded())) == ["order.paid", "units.cancelled"]
    assert state(memory) == "cancelled"


def test_units_of_a_paid_order_that_have_not_left_go_back_by_their_share_r1_4() -> None:
    memory = shop(b.placed(b.cart(1, quantity=3), coupons=[b.coupon(1_00)]), b.succeeded(299_00))
    memory.when(b.shipped(units={1: 1}))
    fact: UnitsCancelled = b.only(memory.when(b.cancel({1: 1}, when="06-02 11:00")))
    assert [(part.line_no, part.quantity, part.amount_minor) for part in fact.lines] == [(1, 1, 299_00 // 3)]
    assert (fact.order_cancelled, fact.reason, state(memory)) == (False, "too slow", "paid")
    assert b.only(memory.when(b.shipped("p2", {1: 1}, when="06-02 12:00"))).shipped[0].line_no == 1
    assert (memory.when(b.shipped("p3", {1: 1})), codes(memory)) == ((), ["parcel.exceeds_ordered"])


def test_without_lines_everything_that_has_not_left_is_cancelled() -> None:
    memory = shop(b.placed(b.cart(1, quantity=2), b.cart(2)), b.succeeded(300_00), b.shipped(units={1: 1}))
    fact = b.only(memory.when(b.cancel(when="06-02 11:00")))
    assert [(part.line_no, part.quantity) for part in fact.lines] == [(1, 1), (2, 1)]
    assert state(memory) == "shipped"
    assert (memory.when(b.cancel(when="06-02 11:30", cancel_id="again")), codes(memory)) == ((), ["cancel.nothing_left"])


def test_a_request_that_comes_again_under_another_event_cancels_nothing_more_r3_5() -> None:
    memory = shop(b.placed(b.cart(quantity=3)), b.succeeded(300_00))
    memory.when(b.cancel({1: 1}), b.cancel({1: 1}), b.seller_cancels({1: 1}), b.seller_cancels({1: 1}))
    assert codes(memory) == ["cancel.known", "cancel.known"]
    assert order(memory).lines[1].cancelled == 2


def test_who_may_not_cancel_what() -> None:
    lines = b.cart(1), b.cart(2, category="custom_made"), b.cart(3, kind="virtual"), b.cart(4, seller_id="s2"), b.cart(5, fulfiller_id="f1")
    for event, code in [
        (b.cancel({1: 2}), "cancel.exceeds_unsent"),
        (b.cancel({2: 1}), "cancel.not_allowed"),
        (b.cancel({3: 1}), "cancel.not_allowed"),
        (b.cancel({9: 1}), "line.unknown"),
        (b.cancel(buyer_id="b9"), "buyer.differs"),
        (b.seller_cancels({4: 1}), "seller.differs"),
        (b.seller_cancels({5: 1}), "seller.differs"),
        (b.seller_cancels(seller_id="s9"), "seller.differs"),
    ]:
        memory = shop(b.placed(*lines), b.succeeded(500_00))
        assert (memory.when(event), codes(memory)) == ((), [code])


def test_a_seller_gives_up_its_own_lines_custom_made_ones_too_and_a_fulfiller_those_it_sends_r8_1() -> None:
    lines = b.cart(1, category="custom_made"), b.cart(2, seller_id="s2"), b.cart(3, fulfiller_id="f1")
    memory = shop(b.placed(*lines), b.succeeded(300_00))
    assert [part.line_no for part in b.only(memory.when(b.seller_cancels())).lines] == [1]
    assert [part.line_no for part in b.only(memory.when(b.seller_cancels(seller_id="f1"))).lines] == [3]
    assert state(memory) == "paid"
    last = b.only(memory.when(b.seller_cancels(seller_id="s2")))
    assert (last.order_cancelled, last.by, state(memory)) == (True, "seller", "cancelled")


def test_a_line_with_an_open_case_is_the_cases_to_decide() -> None:
    memory = paid()
    memory.when(b.case_opened(when="06-01 11:00"))
    assert (memory.when(b.cancel({1: 1}, when="06-01 12:00")), codes(memory)) == ((), ["cancel.case_open"])


def test_what_was_sent_cannot_be_cancelled_by_anybody() -> None:
    memory = delivered()
    assert memory.when(b.cancel({1: 1}), b.seller_cancels({1: 1}), b.cancel(), b.seller_cancels()) == ()
    assert codes(memory) == ["cancel.exceeds_unsent"] * 2 + ["cancel.nothing_left"] * 2


def test_a_parcel_that_came_back_can_be_sent_again_or_cancelled_r2_5() -> None:
    for failing in (b.parcel_refused(), b.parcel_lost()):
        memory = shop(b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped(units={1: 2}))
        assert b.types(memory.when(failing)) == ["parcel.failed"]
        assert state(memory) == "paid"
        assert b.types(memory.when(b.shipped("p2", {1: 1}, when="06-05 10:00"))) == ["order.shipped"]
        assert b.only(memory.when(b.seller_cancels(when="06-05 11:00"))).lines[0].quantity == 1
        assert (memory.when(b.signed()), codes(memory)) == ((), ["parcel.failed_before"])
        assert state(memory) == "shipped"


def test_freight_goes_back_with_the_last_cancelled_line_when_nothing_was_sent_r3_10() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2), freight(3)), b.succeeded(210_00))
    assert [part.line_no for part in b.only(memory.when(b.cancel({1: 1}))).lines] == [1]
    last = b.only(memory.when(b.cancel({2: 1}, cancel_id="second")))
    assert [(part.line_no, part.amount_minor) for part in last.lines] == [(2, 100_00), (3, 10_00)]
    assert (last.order_cancelled, state(memory)) == (True, "cancelled")


def test_freight_stays_when_something_was_sent_and_is_owed_with_the_sellers_last_line_r3_10_r2_6() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2), freight(3)), b.succeeded(210_00), b.shipped(), b.signed())
    assert [part.line_no for part in b.only(memory.when(b.cancel({2: 1}))).lines] == [2]
    assert [line.line_no for line in b.only(memory.when(b.receipt())).lines] == [1, 3]
    assert state(memory) == "completed"


def test_freight_goes_back_with_a_line_refunded_in_full_before_it_was_sent_r3_10() -> None:
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00))
    memory.when(b.case_opened(when="06-01 11:00"))
    freed, back = memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-01 12:00"))
    assert (freed.type, back.type, [part.line_no for part in back.lines]) == ("line.freed", "units.cancelled", [2])  # type: ignore[attr-defined]
    assert state(memory) == "closed"


def test_a_seller_at_fault_pays_the_freight_back_whatever_was_sent_r3_10() -> None:
    for at_fault, then in [(True, "units.cancelled"), (False, "order.completed")]:
        memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00), b.shipped(), b.signed(), b.case_opened())
        facts = memory.when(b.case_closed(quantity=1, amount_minor=100_00, at_fault=at_fault))
        assert b.types(facts) == ["line.freed", then]
        assert [line.line_no for line in facts[1].lines] == [2]  # type: ignore[attr-defined]


def test_a_fault_for_which_nothing_was_refunded_brings_no_freight_back_r3_10() -> None:
    """The seller was at fault in a case that ended without money; then all is returned for no fault of its own."""
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00), b.shipped(), b.signed(), b.case_opened("c1"))
    memory.when(b.case_closed("c1", at_fault=True), b.case_opened("c2", when="06-10 10:00"))
    facts = memory.when(b.case_closed("c2", quantity=1, amount_minor=100_00, when="06-11 10:00"))
    assert b.types(facts) == ["line.freed", "order.completed"]


def test_freight_of_a_seller_at_fault_goes_back_after_it_was_confirmed_and_after_it_was_settled_r3_10() -> None:
    for settled in (False, True):
        memory = shop(
            b.placed(b.cart(1), b.cart(2), freight(3)), b.succeeded(210_00), b.shipped(units={1: 1, 2: 1}), b.signed(), b.receipt()
        )
        memory.when(*(b.line_settled(line_no) for line_no in (1, 2, 3) if settled))
        memory.when(b.case_opened(when="06-13 10:00"), b.case_opened("case2", 2, when="06-13 11:00"))
        first = memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-14 10:00", at_fault=True))
        assert b.types(first) == ["line.freed"]
        freed, back = memory.when(b.case_closed("case2", 2, 1, 100_00, "06-15 10:00", at_fault=True))
        assert (freed.type, back.type) == ("line.freed", "units.cancelled")
        assert [(part.line_no, part.amount_minor) for part in back.lines] == [(3, 10_00)]  # type: ignore[attr-defined]
        assert back.at_fault == ("c1", "case2")  # type: ignore[attr-defined]
        assert back.applied_at == b.at("06-13 11:00")  # type: ignore[attr-defined]
        assert order(memory).lines[3].refunded_in_full
        assert state(memory) == ("settled" if settled else "closed")


def test_freight_is_asked_back_since_the_buyer_applied_though_its_case_went_on_after_an_appeal_r3_6_r4_11() -> None:
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00), b.shipped(), b.signed(), b.receipt())
    memory.when(b.case_opened(when="06-06 10:00"), b.case_closed(when="06-10 10:00"), b.case_reopened(when="06-20 10:00"))
    back = memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-20 10:05", at_fault=True))[1]
    assert (back.type, back.applied_at) == ("units.cancelled", b.at("06-06 10:00"))  # type: ignore[attr-defined]


@given(
    faults=st.lists(st.booleans(), min_size=2, max_size=2),
    hours=st.lists(st.integers(0, 5), min_size=3, max_size=3),
    told=st.permutations(range(3)),
    confirmed=st.booleans(),
)
def test_freight_of_a_seller_at_fault_goes_back_whichever_case_or_cancellation_is_told_last_r3_10(
    faults: list[bool], hours: list[int], told: list[int], confirmed: bool
) -> None:
    """Two cases end and a line that has not left is cancelled, in any order: the freight's money, date and window are the same."""

    def freight_of(order_told: Iterable[int]) -> list[object]:
        bought = b.placed(b.cart(1), b.cart(2), b.cart(3), freight(4))
        memory = shop(bought, b.succeeded(310_00), b.shipped(units={1: 1, 2: 1}), b.signed())
        memory.when(*[b.receipt(1)] if confirmed else [])
        memory.when(b.case_opened("c1", 1, when="06-05 10:00"), b.case_opened("c2", 2, when="06-06 10:00"))
        news = [b.case_closed(f"c{no}", no, 1, 100_00, f"06-07 1{hours[no - 1]}:00", faults[no - 1]) for no in (1, 2)]
        news.append(b.cancel({3: 1}, when=f"06-07 1{hours[2]}:00"))  # type: ignore[arg-type]
        facts = memory.when(*(news[one] for one in order_told))
        back = [fact for fact in facts if isinstance(fact, UnitsCancelled) and fact.lines[-1].line_no == 4]
        owed = [fact for fact in facts if isinstance(fact, OrderCompleted) and fact.lines[-1].line_no == 4]
        assert len(back) == any(faults)
        return [(one.occurred_at, one.applied_at, one.lines) for one in back] or [(one.occurred_at, one.lines) for one in owed]

    assert freight_of(told) == freight_of(range(3))


@pytest.mark.parametrize("cancelled_first", [True, False])
def test_freight_goes_back_where_no_goods_were_sent_though_a_voucher_was_used_r3_10(cancelled_first: bool) -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2, kind="virtual"), freight(3)), b.succeeded(210_00))
    news = b.cancel({1: 1}), b.redeemed(line_no=2, when="06-01 11:00")
    facts = memory.when(*(news if cancelled_first else reversed(news)))
    back = [(part.line_no, part.amount_minor) for fact in facts if isinstance(fact, UnitsCancelled) for part in fact.lines]
    assert (sorted(back), waiting(memory)) == ([(1, 100_00), (3, 10_00)], [])


def test_freight_that_was_settled_stays_where_the_seller_is_not_at_fault_r3_10() -> None:
    memory = shop(b.placed(b.cart(1), freight(2)), b.succeeded(110_00), b.shipped(), b.signed(), b.receipt())
    memory.when(b.line_settled(1), b.line_settled(2), b.case_opened(when="06-13 10:00"))
    assert b.types(memory.when(b.case_closed(quantity=1, amount_minor=100_00, when="06-15 10:00"))) == ["line.freed"]


def test_freight_of_two_sellers_confirmed_at_once_dates_each_from_its_own_last_line_r3_10() -> None:
    """A line of the other seller was given up on 06-10, which was told before."""
    lines = b.cart(1), freight(2), b.cart(3, seller_id="s2"), b.cart(4, seller_id="s2"), freight(5, seller_id="s2")
    memory = shop(b.placed(*lines), b.succeeded(320_00), b.shipped(units={1: 1}), b.shipped("p2", {3: 1}), b.signed(), b.signed("p2"))
    memory.when(b.seller_cancels({4: 1}, seller_id="s2", when="06-10 10:00"))
    facts = [fact for fact in memory.when(b.receipt(when="06-08 10:00")) if isinstance(fact, OrderCompleted)]
    assert [(fact.occurred_at, [line.line_no for line in fact.lines]) for fact in facts] == [
        (b.at("06-08 10:00"), [1, 3, 2]),
        (b.at("06-10 10:00"), [5]),
    ]


def test_units_cancelled_last_take_what_a_case_left_of_the_line_r1_4() -> None:
    """Of two units for 100 a case paid 30 for the first: 70 are left, more than the second one's slice."""
    memory = shop(b.placed(b.cart(unit_price_minor=50_00, quantity=2)), b.succeeded(100_00), b.case_opened(when="06-01 11:00"))
    memory.when(b.case_closed(quantity=1, amount_minor=30_00, when="06-01 12:00"))
    assert [part.amount_minor for part in b.only(memory.when(b.cancel({1: 1}))).lines] == [70_00]


def test_a_unit_brings_back_no_more_than_money_alone_left_of_its_line_r1_4() -> None:
    memory = shop(b.placed(b.cart(1, 30_00, 3)), b.succeeded(90_00), b.case_opened(when="06-01 12:00"))
    memory.when(b.case_closed(amount_minor=80_00, when="06-01 13:00"))
    assert [part.amount_minor for part in b.only(memory.when(b.cancel({1: 1}, when="06-01 14:00"))).lines] == [10_00]


def test_each_seller_has_its_own_freight() -> None:
    lines = b.cart(1), freight(2), b.cart(3, seller_id="s2"), freight(4, seller_id="s2")
    memory = shop(b.placed(*lines), b.succeeded(220_00), b.shipped(), b.signed())
    assert [line.line_no for line in b.only(memory.when(b.receipt())).lines] == [1, 2]
    last = b.only(memory.when(b.seller_cancels(seller_id="s2")))
    assert [part.line_no for part in last.lines] == [3, 4]
    assert state(memory) == "completed"


@given(quantity=st.integers(1, 12), price=st.integers(0, 999), rest=st.integers(0, 30))
def test_cancelled_in_any_pieces_a_line_goes_back_to_the_last_fen_r1_4(quantity: int, price: int, rest: int) -> None:
    paid_minor = quantity * price - min(rest, quantity * price)
    placed = b.placed(b.cart(quantity=quantity, unit_price_minor=price), coupons=[b.coupon(quantity * price - paid_minor)])
    memory = shop(placed, *([b.succeeded(paid_minor)] if paid_minor else []))
    cancels = [b.cancel({1: 1}, cancel_id=f"cancel{number}") for number in range(quantity)]
    amounts = [b.only(memory.when(event)).lines[0].amount_minor for event in cancels]
    assert amounts == [unit_slice(paid_minor, quantity, gone, 1) for gone in range(quantity)]
    assert (sum(amounts), state(memory)) == (paid_minor, "cancelled")
    assert order(memory).lines[1].refunded_minor == paid_minor


def test_a_voucher_of_which_the_rest_is_given_up_is_used_up_whichever_comes_first_r2_5() -> None:
    """Its used units would never be settled otherwise: nothing else confirms a virtual line."""
    for first, second in [(b.redeemed(), b.seller_cancels({1: 2})), (b.seller_cancels({1: 2}), b.redeemed())]:
        memory = shop(b.placed(b.cart(1, quantity=3, kind="virtual")), b.succeeded(300_00))
        assert "order.completed" not in b.types(memory.when(first))
        done = memory.when(second)[-1]
        assert (done.type, done.how, [one.line_no for one in done.lines]) == ("order.completed", "redeemed", [1])  # type: ignore[attr-defined]
        assert state(memory) == "completed"
