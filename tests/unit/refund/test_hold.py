"""Instant refund, and the refund of what was not shipped: the order keeps the units back first, or nothing is paid. Source: R4.8."""

from __future__ import annotations

from typing import Any

import pytest

from services.refund.model import Case
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested, Unheld
from shared.contracts.order import OrderPaid, ParcelSent
from shared.contracts.refund import CaseClosed, RefundGranted
from shared.contracts.storefront import CaseKind, RefundRequested
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.refund import acts, life
from tests.unit.refund.test_buyers import scored

WHEN = "06-01 12:00"


def paid(*lines: Line) -> OrderPaid:
    return b.order_paid(*(lines or (b.line(),))).model_copy(update={"placed_at": b.at(b.PLACED)})


def shop(*lines: Line, score: int | None = None) -> Memory:
    news = () if score is None else (scored(score),)
    return life.shop(*news, paid(*lines))


def asked(case_id: str = b.CASE, line_no: int = 1, quantity: int = 1, when: str = WHEN) -> RefundRequested:
    return life.requested(case_id, line_no=line_no, quantity=quantity, kind="refund_only", ground="not_shipped", when=when)


def kept(case_id: str = b.CASE, line_no: int = 1, quantity: int = 1, when: str = WHEN, late: bool = False) -> ShipmentHoldGranted:
    units: dict[str, Any] = {"line_no": line_no, "quantity": quantity}
    return ShipmentHoldGranted(order_id=b.ORDER, case_id=case_id, **units, late=late, occurred_at=b.at(when))


def agreed_on(quantity: int = 1, amount_minor: int | None = None, kind: CaseKind = "refund_only") -> RefundRequested:
    wish = life.requested(kind=kind, ground="negotiated", quantity=quantity, when=WHEN)
    return wish.model_copy(update={"amount_minor": amount_minor})


def parcel(quantity: int = 1) -> ParcelSent:
    said: dict[str, Any] = {"order_id": b.ORDER, "buyer_id": b.BUYER, "parcel_id": "p1", "shipped": (), "on_time": True}
    return ParcelSent(**said, units=b.units_of({1: quantity}), occurred_at=b.at(WHEN))


def left(case_id: str = b.CASE, code: Unheld = "case.shipped", when: str = WHEN) -> ShipmentHoldRefused:
    return ShipmentHoldRefused(order_id=b.ORDER, case_id=case_id, line_no=1, quantity=1, code=code, occurred_at=b.at(when))


def case(memory: Memory, case_id: str = b.CASE) -> Case:
    return life.case_of(memory, case_id)


def grants(memory: Memory) -> list[tuple[str, int, str]]:
    return [(fact.case_id, fact.amount_minor, fact.by) for fact in memory.facts if isinstance(fact, RefundGranted)]


def test_the_case_asks_for_the_hold_with_its_opening_r4_8() -> None:
    opened, hold = shop().send(asked())
    assert hold == ShipmentHoldRequested(order_id=b.ORDER, case_id=b.CASE, line_no=1, quantity=1, occurred_at=b.at(WHEN))
    assert opened.occurred_at == hold.occurred_at


@pytest.mark.parametrize("wish", [agreed_on(amount_minor=10_00), agreed_on(kind="return_and_refund"), agreed_on(kind="resend")])
def test_money_alone_and_what_comes_back_ask_for_nothing_r4_8(wish: RefundRequested) -> None:
    memory = shop()
    memory.when(*([parcel()] if wish.kind == "return_and_refund" else []), wish)
    assert b.types(memory.facts)[-1] == "case.opened"


def test_what_is_agreed_on_without_a_return_before_it_left_needs_the_hold_too_r4_8() -> None:
    for first in ("seller", "hold"):
        memory = shop()
        _, hold = memory.send(agreed_on())
        assert hold == ShipmentHoldRequested(order_id=b.ORDER, case_id=b.CASE, line_no=1, quantity=1, occurred_at=b.at(WHEN))
        answers = [life.accepted(when="06-01 13:00"), kept()]
        memory.send(answers.pop(0 if first == "seller" else 1))
        assert grants(memory) == []
        memory.send(answers.pop())
        assert grants(memory) == [(b.CASE, 100_00, "seller")]


def test_what_is_agreed_on_and_left_meanwhile_pays_nothing_and_can_be_asked_for_again_r4_8() -> None:
    memory = shop()
    memory.when(agreed_on(), life.accepted(when="06-01 13:00"), left(), parcel())
    assert (grants(memory), case(memory).state) == ([], 70)
    again = life.requested("c2", kind="refund_only", ground="negotiated", quantity=1, when="06-02 12:00")
    memory.when(again, life.accepted("c2", when="06-02 13:00"))
    assert grants(memory) == [("c2", 100_00, "seller")]


def test_only_units_that_may_still_leave_are_asked_for_r4_8() -> None:
    """Of four one is cancelled, one is on its way: two can be kept; of those one is refunded, and then one is left."""

    memory = shop(b.line(quantity=4, paid_minor=400_00))
    memory.when(b.units_cancelled((1, 1, 100_00)), parcel(), asked("c0"), kept("c0"), life.done("c0", when="06-01 12:30"))
    memory.when(agreed_on(2), life.accepted(when="06-01 13:00"))
    assert held(memory) == [(1, None), (1, None)]
    memory.when(kept(), life.done(amount_minor=200_00, when="06-01 14:00"))
    assert grants(memory)[-1] == (b.CASE, 200_00, "seller")
    memory = shop()
    memory.when(parcel(), agreed_on())
    assert held(memory) == []


def held(memory: Memory) -> list[tuple[int, bool | None]]:
    return [(fact.quantity, fact.standing) for fact in memory.facts if isinstance(fact, ShipmentHoldRequested)]


def test_no_more_is_kept_back_than_the_case_is_of_r4_8_r4_2() -> None:
    """Of three that may leave, one is agreed on; of two that were lost, one is asked back: the others may leave."""
    memory = shop(b.line(quantity=3, paid_minor=300_00))
    memory.when(agreed_on(1))
    assert held(memory) == [(1, None)]
    memory = shop(b.line(quantity=3, paid_minor=300_00))
    memory.when(acts.sent(quantity=2, when="06-01 11:00"), acts.failed(quantity=2, when="06-05 10:00"))
    memory.when(life.requested(kind="refund_only", ground="not_received", quantity=1, when="06-06 12:00"))
    assert held(memory) == [(1, None)]


@pytest.mark.parametrize(("line", "asked_for"), [(b.line(kind="virtual"), [(1, True)]), (b.line(), [])])
def test_a_voucher_whose_money_is_granted_is_used_no_more_and_goods_that_came_do_not_leave_r4_8(line: Line, asked_for: list[Any]) -> None:
    memory = shop(line)
    memory.when(*([] if line.kind == "virtual" else [acts.sent(quantity=1, when="06-01 11:00"), life.delivered(when="06-01 11:30")]))
    memory.when(agreed_on(), life.accepted(when="06-01 13:00"))
    assert (len(grants(memory)), held(memory)) == (1, asked_for)


@pytest.mark.parametrize(("late", "fault"), [(False, "nobody"), (True, "seller")])
def test_what_was_not_shipped_is_the_sellers_fault_if_it_was_late_r2_4_r4_8(late: bool, fault: str) -> None:
    for wish, blamed in [(asked(), fault), (agreed_on(), "nobody")]:
        memory = shop()
        memory.when(wish, kept(late=late), life.accepted(when="06-01 13:00"))
        closed: CaseClosed = b.only(memory.send(life.done(when="06-01 14:00")))
        assert (closed.fault, closed.seller_at_fault) == (blamed, blamed == "seller")


def test_an_instant_refund_is_granted_as_soon_as_the_units_are_kept_r4_8() -> None:
    memory = shop()
    memory.send(asked())
    assert (case(memory).turn, case(memory).deadline, grants(memory)) == ("nobody", None, [])
    memory.send(kept())
    assert grants(memory) == [(b.CASE, 100_00, "promise")]
    assert case(memory).state == 50


@pytest.mark.parametrize(("minor", "at_once"), [(299_99, True), (300_00, False)])
def test_instant_is_below_300_r4_8(minor: int, at_once: bool) -> None:
    memory = shop(b.line(paid_minor=minor))
    memory.when(asked(), kept())
    assert bool(grants(memory)) is at_once


def test_the_amount_is_the_orders_sum_so_far_and_counts_what_still_waits_r4_8() -> None:
    memory = shop(b.line(1, 200_00), b.line(2, 99_99), b.line(3, 1))
    memory.when(asked("c1"), asked("c2", 2), asked("c3", 3))
    assert [case(memory, one).instant for one in ("c1", "c2", "c3")] == [True, True, False]
    memory.when(kept("c1"), kept("c2", 2), kept("c3", 3))
    assert [one for one, _, _ in grants(memory)] == ["c1", "c2"]


def test_what_the_seller_agreed_to_is_no_instant_refund_and_leaves_room_for_one_r4_8() -> None:
    """300.00 by the seller's word; 299.99 at once beside it."""
    memory = shop(b.line(1, 300_00), b.line(2, 299_99))
    memory.when(asked("c1"), kept("c1"), life.accepted("c1", when="06-01 13:00"), asked("c2", 2, when="06-01 14:00"), kept("c2", 2))
    assert grants(memory) == [("c1", 300_00, "seller"), ("c2", 299_99, "promise")]


@pytest.mark.parametrize(("score", "at_once"), [(600, True), (599, False), (None, True)])
def test_instant_needs_a_score_of_600_at_placement_r4_8_r5_3(score: int | None, at_once: bool) -> None:
    memory = shop(score=score)
    memory.when(asked(), kept())
    assert bool(grants(memory)) is at_once


def test_nothing_made_for_the_buyer_and_nothing_virtual_is_instant_r4_8() -> None:
    memory = shop(b.line(category="custom_made"), b.line(2, kind="virtual"))
    memory.when(asked("c1"), asked("c2", 2), kept("c1"), kept("c2", 2))
    assert grants(memory) == []


def test_what_is_not_instant_waits_for_the_seller_and_silence_is_consent_r4_8_r4_3() -> None:
    memory = shop(b.line(paid_minor=300_00))
    memory.when(asked(), kept())
    assert (case(memory).turn, case(memory).deadline) == ("seller", b.at("06-03 12:00"))
    memory.advance(b.at("06-03 12:00:05"))
    assert grants(memory) == [(b.CASE, 300_00, "silence")]


@pytest.mark.parametrize("first", ["seller", "hold"])
def test_money_needs_both_the_sellers_consent_and_the_hold_in_any_order_r4_8(first: str) -> None:
    memory = shop(b.line(paid_minor=300_00))
    memory.send(asked())
    answers = [life.accepted(when="06-01 13:00"), kept()]
    memory.send(answers.pop(0 if first == "seller" else 1))
    assert grants(memory) == []
    memory.send(answers.pop())
    assert grants(memory) == [(b.CASE, 300_00, "seller")]


def test_silence_before_the_orders_word_pays_nothing_until_it_comes_r4_8_r4_3() -> None:
    memory = shop(b.line(paid_minor=300_00))
    memory.send(asked())
    memory.advance(b.at("06-03 12:00:05"))
    assert (case(memory).state, case(memory).turn, case(memory).agreed, grants(memory)) == (10, "nobody", "silence", [])
    memory.send(kept())
    grant = next(fact for fact in memory.facts if isinstance(fact, RefundGranted))
    assert (grant.by, grant.occurred_at) == ("silence", b.at("06-03 12:00"))


@pytest.mark.parametrize("code", ["case.shipped", "case.units_cancelled", "line.refunded"])
def test_a_refused_hold_ends_the_case_with_its_reason_r4_8(code: Unheld) -> None:
    memory = shop()
    memory.send(asked())
    closed: CaseClosed = b.only(memory.send(left(code=code)))
    assert (closed.state, closed.code, closed.rule, closed.refunded_minor) == (70, code, "R4.8", 0)


def test_agreed_to_and_then_refused_by_the_order_pays_nothing_r4_8() -> None:
    memory = shop(b.line(paid_minor=300_00))
    memory.when(asked(), life.accepted(when="06-01 13:00"), left())
    assert (grants(memory), case(memory).state) == ([], 70)


def test_the_orders_word_after_the_case_ended_changes_nothing_r4_8() -> None:
    memory = shop()
    memory.when(asked(), life.withdrawn(when="06-01 12:30"))
    assert memory.when(kept(), left()) == ()
    assert memory.refused == []


def test_the_orders_word_of_other_units_than_are_asked_for_by_now_is_no_answer_r4_8() -> None:
    memory = shop(b.line(quantity=2))
    memory.send(asked(quantity=2))
    assert (memory.when(kept(quantity=1)), case(memory).hold) == ((), "asked")
    memory.send(kept(quantity=2))
    assert grants(memory) == [(b.CASE, 100_00, "promise")]


def test_the_orders_word_twice_is_known_and_before_the_case_it_waits_r4_8() -> None:
    memory = shop()
    memory.send(kept())
    assert [one.reason for one in memory.held(b.ORDER)] == ["case.before_request"]
    memory.send(asked())
    assert grants(memory) == [(b.CASE, 100_00, "promise")]
    memory.send(kept())
    assert memory.refused == [("shipment_hold.granted", "hold.known")]


def test_nobody_answers_an_instant_refund_but_the_order_r4_8() -> None:
    memory = shop()
    answers = (life.accepted(when="06-01 12:30"), life.declined(when="06-01 12:30"), acts.escalated(when="06-01 12:30"))
    memory.when(asked(), *answers)
    assert memory.refused == [(answer.type, "case.wrong_state") for answer in answers]
    memory.send(kept())
    assert grants(memory) == [(b.CASE, 100_00, "promise")]


def test_a_seller_who_refused_leaves_the_hold_to_the_case_r4_8_r4_11() -> None:
    memory = shop(b.line(paid_minor=300_00))
    memory.when(asked(), life.declined(when="06-01 13:00"), kept())
    assert (case(memory).state, case(memory).hold, grants(memory)) == (12, "granted", [])


def test_what_is_known_to_have_left_opens_no_case_r4_8() -> None:
    memory = shop()
    memory.when(parcel(), asked(when="06-01 13:00"))
    assert memory.refused == [("refund.requested", "not_shipped.sent")]


def test_money_alone_is_not_asked_for_what_was_not_shipped_r4_8() -> None:
    memory = shop()
    memory.send(asked().model_copy(update={"amount_minor": 1}))
    assert memory.refused == [("refund.requested", "refund.amount_not_fit")]
