"""What the refund service makes of units that were cancelled and of waived freight. Source: R1.4, R3.10."""

from __future__ import annotations

import pytest

from shared.contracts.certificate import CertificateIssued
from shared.contracts.hold import ShipmentHoldRequested
from shared.contracts.refund import CaseClosed, RefundGranted
from shared.contracts.ruling import Fault
from shared.contracts.storefront import Ground
from shared.contracts.types import FreeShipping, Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund.life import (
    accepted,
    case_of,
    confirmed,
    declined,
    delivered,
    done,
    line,
    money_refused,
    paid,
    posted,
    purchase_of,
    requested,
    shop,
)

Steps = tuple[Message | str, ...]


def returned(case_id: str, line_no: int, quantity: int = 1) -> tuple[Message, ...]:
    return requested(case_id, line_no=line_no, quantity=quantity), accepted(case_id), posted(case_id), confirmed(case_id, quantity)


def grants(memory: Memory) -> list[tuple[int, int]]:
    """amount and deducted freight."""
    return [(fact.amount_minor, fact.freight_minor) for fact in memory.facts if isinstance(fact, RefundGranted)]


def basket(*lines: Line, threshold: int = 99_00, freight: int = 10_00) -> Memory:
    free = (FreeShipping(seller_id=b.SELLER, threshold_minor=threshold, freight_minor=freight),)
    return shop(paid(*lines).model_copy(update={"free_shipping": free}), delivered(*(one.line_no for one in lines)))


def test_cancelled_units_can_be_claimed_no_more_r3_5() -> None:
    memory = shop(paid(), b.units_cancelled((1, 2, 66_66), when="06-11 10:00"), delivered())
    assert purchase_of(memory).lines[1].left == 1
    assert memory.when(requested(quantity=2)) == ()
    assert memory.refused[-1][1] == "refund.quantity_exceeds"
    memory.when(*returned("c2", 1))
    assert grants(memory) == [(33_34, 0)]


def test_a_case_that_something_is_left_for_goes_on_where_others_of_its_line_are_cancelled_r1_4_r2_5() -> None:
    case = requested(kind="refund_only", ground="not_received", quantity=2, when="06-12 10:00")
    memory = shop(paid(), a.sent("w1", quantity=2), case, b.units_cancelled((1, 1, 33_33), when="06-12 11:00"))
    assert (case_of(memory).state, purchase_of(memory).lines[1].left) == (10, 2)


def test_the_money_of_cancelled_units_concerns_no_case() -> None:
    memory = shop(paid())
    assert b.refund_paid("x1").refund_id == "x1"
    memory.when(b.units_cancelled((1, 1, 33_33), when="06-11 10:00"))
    refused = money_refused().model_copy(update={"refund_id": "x1"})
    assert (memory.when(refused), memory.held(b.ORDER), memory.refused) == ((), [], [])


def test_an_answer_about_cancelled_money_that_comes_first_waits_and_is_then_done_with_r2_1() -> None:
    memory = shop(paid())
    memory.when(money_refused().model_copy(update={"refund_id": "x1"}))
    assert [held.reason for held in memory.held(b.ORDER)] == ["refund.before_grant"]
    memory.when(b.units_cancelled((1, 1, 33_33), when="06-11 10:00"))
    assert (memory.held(b.ORDER), memory.refused) == ([], [])


def test_a_cancellation_before_its_certificate_waits_and_a_second_one_is_refused() -> None:
    memory = shop(b.units_cancelled((1, 1, 33_33), when="06-11 10:00"))
    assert b.public(memory.when(paid())) == ["certificate.issued", "line.reduced"]
    memory.when(b.units_cancelled((1, 1, 33_33), when="06-11 10:00"))
    assert memory.refused[-1][1] == "refund.known"


def test_a_return_that_breaks_the_threshold_pays_the_waived_freight_r3_10() -> None:
    """Threshold 99, freight 10, items 60 and 50: return of 60 gives 50."""
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00))
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(50_00, 10_00)]


def test_the_waived_freight_is_due_once_a_seller_r3_10() -> None:
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00))
    memory.when(*returned("c1", 1), *returned("c2", 2))
    assert grants(memory) == [(50_00, 10_00), (50_00, 0)]


def test_the_return_that_breaks_the_threshold_together_with_those_before_pays_it_r3_10() -> None:
    """Of 150, what is kept comes to 110, then to 60, then to nothing; units count one by one."""
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00), line(3, 1, 40_00))
    memory.when(*returned("c1", 3), *returned("c2", 2), *returned("c3", 1))
    assert grants(memory) == [(40_00, 0), (40_00, 10_00), (60_00, 0)]
    memory = basket(line(1, 3, 150_00))
    memory.when(*returned("c1", 1), done("c1", 50_00), *returned("c2", 1), done("c2", 40_00), *returned("c3", 1))
    assert grants(memory) == [(50_00, 0), (40_00, 10_00), (50_00, 0)]


def test_where_the_shop_counted_before_coupons_the_first_return_pays_the_waived_freight_and_no_other_r3_10() -> None:
    """90 were paid for what cost 99 and more: each return breaks the threshold, one pays."""
    memory = basket(line(1, 1, 60_00), line(2, 1, 30_00))
    memory.when(*returned("c1", 2), *returned("c2", 1))
    assert grants(memory) == [(20_00, 10_00), (60_00, 0)]


@pytest.mark.parametrize("other_minor", [50_00, 39_00])  # the whole comes to more than 99, or to just that
def test_a_threshold_that_a_fault_broke_before_is_not_broken_by_the_next_return_r3_10(other_minor: int) -> None:
    """The 60 goes back for quality, at no cost; what is left was below 99 before it goes back too."""
    memory = basket(line(1, 1, 60_00), line(2, 1, other_minor))
    memory.when(requested("c1", quantity=1, ground="quality"), *returned("c1", 1)[1:], *returned("c2", 2))
    assert grants(memory) == [(60_00, 0), (other_minor, 0)]


@pytest.mark.parametrize(("fault", "granted"), [("seller", (60_00, 0)), ("nobody", (50_00, 10_00))])
def test_a_return_for_which_a_ruling_blames_the_seller_pays_no_waived_freight_r3_10_r4_11(fault: Fault, granted: tuple[int, int]) -> None:
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00))
    memory.when(requested(line_no=1, quantity=1), declined(), a.disputed())
    memory.advance(b.at(a.HEARD))
    memory.when(a.ruled(fault=fault), posted(when="06-24 10:00"), confirmed(quantity=1, when="06-25 10:00"))
    assert grants(memory) == [granted]


def test_a_threshold_that_the_sellers_cancellation_broke_is_not_broken_by_the_return_r3_10() -> None:
    free = (FreeShipping(seller_id=b.SELLER, threshold_minor=99_00, freight_minor=10_00),)
    bought = paid(line(1, 1, 60_00), line(2, 1, 50_00)).model_copy(update={"free_shipping": free})
    memory = shop(bought, b.units_cancelled((1, 1, 60_00), when="06-11 10:00"), delivered(2), *returned("c2", 2))
    assert grants(memory) == [(50_00, 0)]


def test_a_threshold_that_coupons_went_below_is_broken_by_any_return_r3_10() -> None:
    """110 before a coupon, 90 paid: the shop waived the freight all the same."""
    memory = basket(line(1, 1, 49_00), line(2, 1, 41_00))
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(39_00, 10_00)]


def test_what_comes_back_because_no_other_goods_were_sent_is_no_return_r3_10_r4_10() -> None:
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00))
    memory.when(requested("c1", quantity=1, kind="exchange"), *returned("c1", 1)[1:])
    memory.advance(b.at("06-24 10:00:05"))
    assert grants(memory) == [(60_00, 0)]


def test_a_return_that_keeps_the_threshold_costs_nothing_r3_10() -> None:
    memory = basket(line(1, 1, 60_00), line(2, 1, 99_00))
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(60_00, 0)]


def test_the_deduction_never_takes_more_than_the_refund_r3_10() -> None:
    memory = basket(line(1, 1, 4_00), line(2, 1, 95_00))
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(0, 4_00)]


def test_another_sellers_goods_and_freight_do_not_count_toward_the_threshold_r3_10() -> None:
    freight = b.line(3, 200_00, 1, kind="freight", promoter_id=None)
    memory = basket(line(1, 1, 60_00), line(2, 1, 500_00, seller="s2"), freight, threshold=60_00)
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(50_00, 10_00)]


def test_each_seller_has_a_threshold_of_its_own_r3_10() -> None:
    free = tuple(
        FreeShipping(seller_id=who, threshold_minor=minor, freight_minor=10_00) for who, minor in (("s2", 500_00), (b.SELLER, 50_00))
    )
    bought = paid(line(1, 1, 60_00), line(2, 1, 50_00)).model_copy(update={"free_shipping": free})
    memory = shop(bought, delivered(1, 2))
    memory.when(*returned("c1", 1))
    assert grants(memory) == [(60_00, 0)]


def test_a_deduction_of_which_nothing_came_is_made_again_by_the_next_return_r3_10() -> None:
    memory = basket(line(1, 1, 60_00), line(2, 1, 50_00))
    memory.when(*returned("c1", 1), money_refused("c1"), *returned("c2", 2))
    assert grants(memory) == [(50_00, 10_00), (40_00, 10_00)]
    assert purchase_of(memory).deducted == {b.SELLER: "c2"}


@pytest.mark.parametrize("kind", ["freight", "virtual"])
def test_only_goods_can_be_returned_without_a_reason_r4_5(kind: str) -> None:
    memory = shop(paid(b.line(1, kind=kind)))
    certificate = next(fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    assert [promise.withheld for promise in certificate.guarantees if promise.guarantee == "no_reason"] == ["no_reason.excluded"]
    assert (memory.when(requested(quantity=1)), memory.refused[-1][1]) == ((), "no_reason.excluded")


@pytest.mark.parametrize(("ground", "state"), [("not_received", 70), ("negotiated", 10)])
def test_lost_units_that_are_cancelled_end_the_case_that_was_of_those_and_of_no_other_ground_r2_5(ground: Ground, state: int) -> None:
    case = requested(kind="refund_only", ground=ground, quantity=1, when="06-15 10:00")
    lost = a.sent("w1", quantity=1), a.sent("w2", quantity=2), a.failed("w1", quantity=1, when="06-14 11:00")
    memory = shop(paid(), *lost, case, b.units_cancelled((1, 1, 33_33), when="06-15 11:00"))
    assert (case_of(memory).state, purchase_of(memory).lost(1)) == (state, 0)


def test_a_case_of_lost_units_goes_on_while_as_many_are_lost_as_it_is_of_r2_5() -> None:
    lost = a.sent("w1", quantity=1), a.sent("w2", quantity=2), a.failed("w2", quantity=2, when="06-14 11:00")
    case = requested(kind="refund_only", ground="not_received", quantity=1, when="06-15 10:00")
    memory = shop(paid(), *lost, case, b.units_cancelled((1, 1, 33_33), when="06-15 11:00"))
    assert (case_of(memory).state, purchase_of(memory).lost(1)) == (10, 1)


@pytest.mark.parametrize("news", [a.sent("w1"), a.failed("w1"), b.units_cancelled((1, 1, 33_33), when="06-11 10:00")])
def test_news_of_units_that_overtook_the_payment_waits_for_it_r2_1(news: Message) -> None:
    memory = shop()
    assert memory.when(news) == ()
    assert [held.reason for held in memory.held(b.ORDER)] == ["case.before_certificate"]
    memory.when(paid())
    assert (memory.held(b.ORDER), memory.refused) == ([], [])


@pytest.mark.parametrize(("quantity", "ends"), [(3, True), (2, False)])
def test_units_agreed_to_be_sent_that_leave_as_any_parcel_end_the_case_if_some_had_not_left_r4_2_r4_10(quantity: int, ends: bool) -> None:
    """Of three units two had left: of a case of two nothing had stayed behind."""
    case = requested(kind="resend", ground="negotiated", quantity=quantity, when="06-15 10:00")
    memory = shop(paid(), a.sent("w1", quantity=2), case, a.sent("w2", quantity=1, when="06-15 11:00"))
    assert [fact.code for fact in memory.facts if isinstance(fact, CaseClosed)] == ["case.sent_again"] * ends
    assert case_of(memory).state == (60 if ends else 10)


def test_units_under_way_that_are_paid_for_are_kept_back_all_the_same_until_they_are_signed_for_r4_8() -> None:
    for arrived, asked in (((), [True]), ((delivered(),), [])):
        case = requested(kind="refund_only", ground="not_received" if not arrived else "negotiated", when="06-18 10:00")
        memory = shop(paid(), a.sent("w1"), *arrived, case, accepted())
        assert [fact.standing for fact in memory.facts if isinstance(fact, ShipmentHoldRequested)] == asked


def test_a_case_that_nothing_is_left_for_ends_and_one_whose_money_is_under_way_goes_on_r1_4_r3_5() -> None:
    case = requested(kind="refund_only", ground="not_received", quantity=1, when="06-15 10:00")
    for answers, state, codes in (((), 70, ["case.units_cancelled"]), ((accepted(when="06-15 10:30"),), 50, [])):
        memory = shop(
            paid(line(1, 1, 100_00)), a.sent("w1", quantity=1), case, *answers, b.units_cancelled((1, 1, 100_00), when="06-15 11:00")
        )
        closed = [fact.code for fact in memory.facts if isinstance(fact, CaseClosed)]
        assert (case_of(memory).state, closed) == (state, codes)


@pytest.mark.parametrize("told", [(), (declined(when="06-15 11:00"),), (declined(when="06-15 11:00"), a.disputed(when="06-15 12:00"))])
def test_what_is_lost_is_kept_back_for_an_open_case_whatever_was_said_of_it_r4_8_r4_11(told: tuple[Message, ...]) -> None:
    case = requested(kind="refund_only", ground="not_received", when="06-15 10:00")
    memory = shop(paid(), a.sent("w1"), case, *told, a.failed("w1", when="06-16 10:00"))
    assert [fact.quantity for fact in memory.facts if isinstance(fact, ShipmentHoldRequested)] == [3]


def test_a_replacement_that_is_lost_is_noted_before_it_is_paid_for_r4_10_r2_5() -> None:
    memory = shop(paid(), delivered(), requested(kind="exchange"), accepted(), posted(), confirmed(), a.replaced())
    lost = memory.send(a.failed(case_of(memory).parcel_id or "", replacement=True, when="07-01 10:00"))
    assert b.types(lost) == ["parcel.noted", "shipment_hold.requested", "case.approved"]
