"""What the buyer confirms, more time for it, and goods that are used instead of received. Source: R2.5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.contracts.order import ConfirmationDue, OrderCompleted
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.order.shop import codes, completed, delivered, paid, shipped, shop, state, waiting

LATER = b.at("08-30 00:00")


def test_the_buyer_confirms_the_lines_that_it_names_and_no_other_r2_5() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00), b.shipped(units={1: 1, 2: 1}), b.signed())
    assert [line.line_no for line in b.only(memory.when(b.receipt(2))).lines] == [2]


def test_a_confirmation_before_anything_was_signed_for_is_of_what_is_known_to_be_by_now_r2_5_r1_2() -> None:
    memory = shipped()
    memory.when(b.receipt(when="06-05 09:00"))
    assert waiting(memory) == ["receipt.before_delivery"]
    assert b.types(memory.when(b.signed(when="06-05 09:00:01"))) == ["order.delivered", "order.completed"]


def test_what_time_confirmed_without_a_signature_is_confirmed_before_r2_5() -> None:
    memory = shipped()
    memory.advance(LATER)
    assert (memory.when(b.receipt(when="08-30 10:00")), codes(memory)) == ((), ["receipt.confirmed_before"])


@pytest.mark.parametrize(("before", "confirmed"), [(delivered, "06-15 10:00"), (shipped, "07-05 10:00")], ids=["signed", "not signed"])
def test_the_buyer_extends_once_by_three_days_r2_5(before: object, confirmed: str) -> None:
    assert callable(before)
    memory: Memory = before()
    assert b.types(memory.when(b.extended())) == ["confirmation.extended"]
    assert (memory.when(b.extended()), codes(memory)) == ((), ["receipt.extended_before"])
    assert b.only(memory.advance(LATER)).occurred_at == b.at(confirmed)


def test_signing_later_counts_for_the_second_look_which_is_later_by_the_added_days_r2_5() -> None:
    memory = shipped()
    memory.when(b.extended(), b.signed(when="06-16 10:00"))
    assert [timer.stage for timer in memory.armed.values() if isinstance(timer, ConfirmationDue)] == [2]
    assert b.only(memory.advance(LATER)).occurred_at == b.at("06-25 10:00")


def test_signing_after_the_second_look_is_confirmed_at_the_last_one_which_is_later_by_the_added_days_r2_5() -> None:
    """Looked at on the 23rd day: signed just before, it is confirmed then; at that moment, on the 33rd."""
    for signed, confirmed in (("06-25 09:59:59", "06-25 10:00"), ("06-25 10:00", "07-05 10:00")):
        memory = shipped()
        memory.when(b.extended(), b.signed(when=signed))
        assert b.only(memory.advance(LATER)).occurred_at == b.at(confirmed)


def test_signing_within_the_added_days_still_counts_for_the_first_look_r2_5() -> None:
    memory = shipped()
    memory.when(b.extended(), b.signed(when="06-14 10:00"))
    assert b.only(memory.advance(LATER)).occurred_at == b.at("06-15 10:00")


def test_lines_are_extended_one_by_one_or_all_that_are_under_way_r2_5() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2), b.cart(3)), b.succeeded(300_00), b.shipped("p1", {1: 1}), b.shipped("p2", {2: 1}))
    assert b.only(memory.when(b.extended(1))).line_nos == (1,)
    assert b.only(memory.when(b.extended())).line_nos == (2,)
    assert (memory.when(b.extended(1, 2)), codes(memory)) == ((), ["receipt.extended_before"])


def test_of_named_lines_all_are_extended_or_none_and_without_names_those_that_may_be_r2_5() -> None:
    """Of three lines the first was extended before, the second was confirmed, the third has not left, until it does."""
    lines = b.placed(*(b.cart(number) for number in (1, 2, 3))), b.succeeded(300_00)
    memory = shop(*lines, b.shipped("p1", {1: 1, 2: 1}), b.signed("p1"))
    memory.when(b.extended(1), b.receipt(2), b.extended(1, 3))
    assert waiting(memory) == ["receipt.before_shipping"]
    assert (b.types(memory.when(b.shipped("p2", {3: 1}))), codes(memory)) == (["order.shipped"], ["receipt.extended_before"])
    assert (memory.when(b.extended(2, 3)), codes(memory)[-1]) == ((), "receipt.confirmed_before")
    assert b.only(memory.when(b.extended())).line_nos == (3,)


def test_more_time_is_asked_for_of_what_is_under_way_before_time_confirmed_it_r2_5() -> None:
    waits, late, done, other = paid(), delivered(), completed(), delivered()
    assert (waits.when(b.extended()), waiting(waits)) == ((), ["receipt.before_shipping"])
    assert b.types(waits.when(b.shipped())) == ["order.shipped", "confirmation.extended"]
    assert (late.when(b.extended(when="06-12 10:00")), codes(late)) == ((), ["receipt.too_late"])
    assert (done.when(b.extended()), codes(done)) == ((), ["receipt.confirmed_before"])
    assert (other.when(b.extended(buyer_id="b9"), b.extended(9)), codes(other)) == ((), ["buyer.differs", "line.unknown"])


def test_terms_without_an_extension_refuse_it_r9_1() -> None:
    memory = delivered()
    version, before = memory.entities[("order", b.ORDER)]
    memory.entities[("order", b.ORDER)] = version, replace(before, terms=before.terms.model_copy(update={"extend_days": 0}))
    assert (memory.when(b.extended()), codes(memory)) == ((), ["receipt.no_extension"])


def virtual(quantity: int = 1) -> Memory:
    return shop(b.placed(b.cart(kind="virtual", quantity=quantity)), b.succeeded(100_00 * quantity))


def test_virtual_goods_are_confirmed_by_redemption_unit_by_unit_r2_5() -> None:
    memory = virtual(3)
    assert b.types(memory.when(b.redeemed("u1"))) == ["line.redeemed"]
    assert state(memory) == "paid"
    used, done = memory.when(b.redeemed("u2", quantity=2))
    assert (used.type, done.type, done.how, state(memory)) == ("line.redeemed", "order.completed", "redeemed", "completed")  # type: ignore[attr-defined]


def test_virtual_goods_are_never_confirmed_by_time_or_by_the_buyer_r2_5() -> None:
    memory = virtual()
    assert memory.advance(LATER) == ()
    assert (memory.when(b.receipt(1), b.extended(1)), codes(memory)) == ((), ["receipt.not_goods"] * 2)


@pytest.mark.parametrize(("kind", "how"), [("virtual", "redeemed"), ("goods", "auto")])
def test_a_line_whose_units_all_went_back_for_less_than_was_paid_is_over_and_its_rest_is_settled_r2_5_r2_6(kind: str, how: str) -> None:
    """Nothing is left that could be used or sent; what the buyer did not get back is not kept in escrow for ever."""
    memory = shop(b.placed(b.cart(kind=kind, quantity=2)), b.succeeded(200_00), b.case_opened(quantity=2, when="06-02 10:00"))
    freed, over = memory.when(b.case_closed(quantity=2, amount_minor=150_00, when="06-03 10:00"))[:2]
    assert isinstance(over, OrderCompleted)
    assert (freed.type, over.how, [line.line_no for line in over.lines]) == ("line.freed", how, [1])


def test_no_more_is_redeemed_than_was_bought_and_each_use_counts_once() -> None:
    memory = virtual(2)
    assert memory.when(b.redeemed("u1", quantity=3)) == ()
    memory.when(b.redeemed("u1"), b.redeemed("u1"), b.redeemed("u2", quantity=2), b.redeemed("u3", line_no=9))
    assert codes(memory) == ["redemption.exceeds_bought", "redemption.known", "redemption.exceeds_bought", "line.unknown"]


def test_only_virtual_goods_are_redeemed_and_only_once_they_are_paid() -> None:
    goods, early = paid(), shop(b.placed(b.cart(kind="virtual")))
    assert (goods.when(b.redeemed()), codes(goods)) == ((), ["redemption.not_virtual"])
    assert (early.when(b.redeemed()), waiting(early)) == ((), ["redemption.before_payment"])
    assert b.types(early.when(b.succeeded())) == ["order.paid", "line.redeemed", "order.completed"]


def test_an_open_case_holds_a_redemption_from_confirming_until_it_ends_r2_5() -> None:
    memory = virtual()
    memory.when(b.case_opened(when="06-04 10:00"))
    assert b.types(memory.when(b.redeemed())) == ["line.redeemed"]
    freed, done = memory.when(b.case_closed(when="06-06 10:00"))
    assert (freed.type, done.type, done.how) == ("line.freed", "order.completed", "redeemed")  # type: ignore[attr-defined]


def test_what_the_guarantee_fund_paid_leaves_the_line_and_its_freight_as_they_were_r4_6_r3_10() -> None:
    freight = b.cart(2, 10_00, kind="freight", promoter_id=None)
    memory = shop(b.placed(b.cart(1), freight), b.succeeded(110_00), b.shipped(), b.signed(), b.case_opened())
    closed = b.case_closed(quantity=1, amount_minor=100_00, at_fault=True).model_copy(update={"funder": "platform"})
    freed = b.only(memory.when(closed))
    assert (freed.type, freed.refunded_quantity, freed.refunded_minor, freed.seller_at_fault) == ("line.freed", 0, 0, False)
    assert [line.line_no for line in b.only(memory.advance(LATER)).lines] == [1, 2]


def test_goods_in_place_of_a_voucher_are_none_of_its_units_which_are_still_used_r4_10_r2_5() -> None:
    memory = shop(b.placed(b.cart(kind="virtual")), b.succeeded(), b.case_opened())
    assert b.only(memory.when(b.case_replaced())).units_sent == 0
    memory.when(b.signed("p8", when="06-10 10:00"), b.case_closed(when="06-10 11:00", kind="exchange"))
    assert b.types(memory.when(b.redeemed(when="06-11 10:00"))) == ["line.redeemed", "order.completed"]
