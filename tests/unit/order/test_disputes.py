"""What the buyer's bank disputes need not be sent meanwhile. Paid 06-01 10:10, to be sent by 06-03 10:10. Source: R2.4, R3.8."""

from __future__ import annotations

import itertools

import pytest

from shared.contracts.chargeback import OrderUndisputed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.shop import accepted, codes, order, paid, shop, state, waiting
from tests.unit.order.test_promises import bought, late

DEADLINE = "06-03 10:10"


def disputed(memory: Memory, *events: Message) -> Memory:
    memory.when(*(events or (b.chargeback_received(),)))
    return memory


@pytest.mark.parametrize(("opened", "facts"), [("06-03 10:09:59", 0), (DEADLINE, 1), ("06-03 10:10:01", 1)])
def test_nothing_is_late_whose_deadline_falls_into_an_open_dispute_r2_4_r3_8(opened: str, facts: int) -> None:
    assert len(late(disputed(paid(), b.chargeback_received(when=opened)))) == facts


@pytest.mark.parametrize(("ended", "facts"), [("06-03 10:09:59", 1), (DEADLINE, 1), ("06-03 10:10:01", 0)])
def test_a_deadline_that_passed_meanwhile_is_passed_for_good_and_a_later_one_stands_r2_4_r3_8(ended: str, facts: int) -> None:
    for end in (b.chargeback_ended("won", when=ended), b.chargeback_ended("lost", when=ended, taken_minor=40_00, nothing_left=())):
        assert len(late(disputed(paid(), b.chargeback_received(), end))) == facts


def test_a_line_that_the_bank_took_whole_is_never_late_and_what_it_left_is_r2_4_r3_8() -> None:
    for when in ("06-03 10:09", DEADLINE):
        lost = b.chargeback_ended("lost", when=when, nothing_left=(1,))
        memory = disputed(bought(100_00, 70_00), b.chargeback_received(), lost)
        assert [(fact.line_nos, fact.base_minor) for fact in late(memory)] == [((2,), 70_00)]


def test_each_seller_of_the_order_is_spared_and_each_deadline_by_itself_r2_4_r3_8() -> None:
    lines = b.cart(1, 100_00, tags=("ship_24h",)), b.cart(2, 70_00), b.cart(3, 60_00, seller_id="s2")
    events = b.chargeback_received(when="06-02 11:00"), b.chargeback_ended(when="06-04 10:00")
    found = late(disputed(shop(b.placed(*lines), b.succeeded(230_00)), *events))
    assert [(fact.hours, fact.line_nos) for fact in found] == [(24, (1,))]


def test_two_disputes_hold_until_the_last_has_ended_r2_4_r3_8() -> None:
    events = b.chargeback_received(), b.chargeback_received("cb2", "06-02 10:00"), b.chargeback_ended(when="06-02 12:00")
    memory = disputed(paid(), *events)
    assert late(memory) == []
    assert len(late(disputed(paid(), *events, b.chargeback_ended("won", "cb2", "06-03 09:00")))) == 1


def test_in_whatever_order_it_is_told_before_the_deadline_r1_2() -> None:
    ends = set()
    events = (b.chargeback_received(), b.chargeback_received("cb2"), b.chargeback_ended(), b.chargeback_ended("won", "cb2"))
    for told in itertools.permutations(events):
        memory = disputed(paid(), *told)
        assert (codes(memory), waiting(memory), late(memory)) == ([], [], [])
        ends.add(tuple(sorted(order(memory).disputes.items(), key=str)))
    assert len(ends) == 1


def test_what_was_told_as_late_before_a_dispute_was_known_stays_so_r2_4() -> None:
    memory = paid()
    assert len(late(memory)) == 1
    assert b.types(memory.when(b.chargeback_received(), b.chargeback_ended())) == ["order.disputed", "order.undisputed"]
    assert (late(memory), order(memory).late[b.SELLER].amount_minor) == ([], 10_00)


def test_an_end_that_was_told_late_brings_back_the_deadline_that_it_came_before_r2_4() -> None:
    memory = disputed(paid())
    assert late(memory) == []
    memory.when(b.chargeback_ended(when="06-03 10:00"))
    assert [fact.occurred_at for fact in late(memory)] == [b.at(DEADLINE)]


def test_it_may_be_sent_confirmed_and_cancelled_all_the_same_r3_8_r2_5() -> None:
    memory = disputed(paid())
    assert b.types(memory.when(b.shipped(when="06-05 10:00"), b.signed(when="06-06 10:00"))) == ["order.shipped", "order.delivered"]
    free = shop(b.placed(), b.succeeded(), b.shipped(when="06-05 10:00"), b.signed(when="06-06 10:00"))
    assert [*memory.armed.values()] == [timer for timer in free.armed.values() if timer.type == "confirmation.due"]
    assert (b.types(memory.when(b.receipt(when="06-07 10:00"))), state(memory)) == (["order.completed"], "completed")
    assert b.types(disputed(paid()).when(b.cancel(when="06-02 10:00"))) == ["units.cancelled"]
    assert b.types(disputed(paid()).when(b.seller_cancels(when="06-02 10:00"))) == ["units.cancelled"]


def test_units_of_it_that_a_case_keeps_back_are_not_called_late_r2_4_r4_8() -> None:
    events = b.case_opened(when="06-05 09:00"), b.hold_requested(when="06-05 09:00")
    assert [memory.when(*events)[-1].model_dump()["late"] for memory in (disputed(paid()), paid())] == [False, True]


@pytest.mark.parametrize("of_order", [False, None])
def test_a_dispute_of_money_that_was_unwanted_or_told_by_an_older_release_is_no_matter_of_the_orders_r3_8(of_order: bool | None) -> None:
    for memory in (paid(), accepted()):
        ended = b.chargeback_ended("lost", when="06-02 10:00", nothing_left=(1,), of_order=of_order)
        memory.when(b.chargeback_received(of_order=of_order), ended)
        assert (codes(memory), waiting(memory), order(memory).disputes) == ([], [], {})


def test_twice_is_refused_and_too_early_waits_r2_1() -> None:
    memory = shop()
    assert memory.when(b.chargeback_ended(), b.chargeback_received()) == ()
    assert waiting(memory) == ["chargeback.before_payment"] * 2
    memory.when(b.placed())
    assert b.types(memory.when(b.succeeded())) == ["order.paid", "order.disputed", "order.undisputed"]
    assert (memory.when(b.chargeback_received(), b.chargeback_ended()), codes(memory)) == ((), ["chargeback.known", "chargeback.ended"])
    assert (memory.when(b.chargeback_ended("won", "cb2")), waiting(memory)) == ((), ["chargeback.before_opened"])


def test_what_nothing_is_left_of_is_told_r3_8() -> None:
    """None: an older release told of the end."""
    for left, taken in (((1,), (1,)), ((), ()), (None, ())):
        fact: OrderUndisputed = b.only(disputed(paid()).when(b.chargeback_ended("lost", nothing_left=left)))
        assert fact.taken == taken
