"""Units that were cancelled and not paid back hold their line's settlement, as an open case does. Source: R2.6, R3.5, R3.8."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.payment import LineSettled
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import disputes
from tests.unit.payment.bank import ESCROW, balances, bank, codes, confirmed, hand_over, payment
from tests.unit.payment.test_handling import HAND, handled

DUE = b.at("06-12 00:00")
LATER = b.at("07-01 00:00")
TWO = b.line(quantity=2)
CANCELLED = b.units_cancelled((1, 1, 50_00))
FAILED = b.refund_failed("x1", when="06-05 12:00")


def unpaid(*more: Message) -> Memory:
    """One of two units of 50.00 was cancelled, the other confirmed; the provider refuses to pay the first one back."""
    memory = confirmed(TWO)
    memory.when(CANCELLED, FAILED, *more)
    return memory


def settlements(memory: Memory) -> list[tuple[object, int]]:
    return [(fact.occurred_at, fact.seller_minor) for fact in memory.facts if isinstance(fact, LineSettled)]


def test_what_the_provider_refused_to_pay_back_is_not_settled_r2_6_r3_5() -> None:
    memory = unpaid()
    assert (memory.advance(LATER), settlements(memory), memory.armed, balances(memory)[ESCROW]) == ((), [], {}, 100_00)


def test_once_a_person_paid_it_the_rest_is_settled_at_once_and_nobody_is_charged_r2_6_r3_5() -> None:
    memory = unpaid()
    memory.advance(LATER)
    facts = memory.when(handled("x1"))
    assert b.types(facts)[:4] == ["handling.noted", "refund.reserved", "refund.done", "line.settled"]
    hand_over(memory, facts)
    assert settlements(memory) == [(handled("x1").occurred_at, 37_50)]
    assert (balances(memory)[HAND], ESCROW in balances(memory), "platform:advance" in balances(memory)) == (50_00, False, False)


def test_a_person_who_paid_it_before_the_day_leaves_the_day_as_it_was_r2_6() -> None:
    memory = unpaid(handled("x1", when="06-08 10:00"))
    memory.advance(LATER)
    assert settlements(memory) == [(DUE, 37_50)]


def test_a_line_whose_units_all_were_cancelled_and_paid_by_hand_is_not_settled_r3_4() -> None:
    memory = bank(b.order_paid(), b.units_cancelled(), b.refund_failed("x1"), handled("x1"), b.order_completed())
    memory.advance(LATER)
    assert (settlements(memory), balances(memory)[HAND]) == ([], 100_00)


def test_other_lines_are_settled_r2_6() -> None:
    memory = confirmed(TWO, b.line(2))
    memory.when(CANCELLED, FAILED)
    memory.advance(LATER)
    assert [fact.line_no for fact in memory.facts if isinstance(fact, LineSettled)] == [2]


def test_what_a_bank_took_meanwhile_is_owed_no_more_r3_8() -> None:
    """Of 100.00 it takes all: the 50.00 cannot go back any more, and a person has nothing to settle."""
    memory = unpaid(disputes.opened(when="06-09 10:00"), disputes.closed("lost", when="06-20 10:00"))
    memory.advance(LATER)
    assert settlements(memory) == [(b.at("06-20 10:00"), 0)]
    memory.when(handled("x1"))
    assert codes(memory) == ["handling.nothing_left"]


def test_of_what_a_bank_left_a_person_pays_their_part_as_far_as_it_goes_r1_4_r3_8() -> None:
    """Of 100.00 it takes 60.00: of the 50.00 that are owed 40.00 are left, and nothing for a settlement."""
    memory = unpaid(disputes.opened(60_00, when="06-09 10:00"), disputes.closed("lost", when="06-20 10:00"))
    assert (memory.advance(LATER), settlements(memory)) == ((), [])
    memory.when(handled("x1"))
    assert (settlements(memory), balances(memory)[HAND], ESCROW in balances(memory)) == ([(handled("x1").occurred_at, 0)], 40_00, False)


def test_a_line_that_was_cancelled_as_a_whole_and_not_paid_is_paid_by_hand_but_for_what_a_bank_took_r3_2_r3_8() -> None:
    memory = bank(b.order_paid(), b.units_cancelled(), b.refund_failed("x1"), disputes.opened(1), disputes.closed("lost"))
    memory.when(handled("x1"))
    assert balances(memory) == {"psp:cash": -99_99, HAND: 99_99}


def test_a_bank_that_gives_up_leaves_it_to_a_person_r3_8() -> None:
    memory = unpaid(disputes.opened(60_00, when="06-09 10:00"), disputes.closed("won", when="06-20 10:00"))
    assert (memory.advance(LATER), settlements(memory)) == ((), [])
    memory.when(handled("x1"))
    assert settlements(memory) == [(handled("x1").occurred_at, 37_50)]


def test_what_waits_for_the_end_of_a_chargeback_of_another_line_is_not_settled_r3_8() -> None:
    """The bank disputes a fen, which lies on line 2; the refund of line 1 is held, and done before its line is settled."""
    memory = confirmed(TWO, b.line(2, 200_00))
    memory.when(disputes.opened(1, when="06-01 10:15"), CANCELLED)
    assert payment(memory).chargebacks["cb1"].frozen == {2: 1}
    memory.advance(DUE + timedelta(days=5))
    assert settlements(memory) == []
    memory.when(disputes.closed("won", when="06-20 10:00"), b.refund_paid("x1", when="06-20 11:00"))
    assert settlements(memory) == [(b.at("06-20 10:00"), 150_00), (b.at("06-20 11:00"), 37_50)]


@pytest.mark.parametrize("yes", [True, False])
def test_the_providers_word_at_the_very_moment_of_the_settlement_is_heard_first_r2_6_r1_2(yes: bool) -> None:
    """Told before its timer or after it: the refund was under way, so no timer stood."""
    memory = confirmed(TWO)
    memory.when(CANCELLED)
    memory.advance(LATER)
    assert (settlements(memory), memory.armed) == ([], {})
    moment = "06-12 00:00"
    memory.when(b.refund_paid("x1", when=moment) if yes else b.refund_failed("x1", when=moment))
    assert settlements(memory) == ([(DUE, 37_50)] if yes else [])


LIFE = (b.order_paid(TWO), b.order_completed(), CANCELLED, FAILED, handled("x1", when="06-08 10:00"))


@given(st.permutations(LIFE), st.integers(0, 5))
def test_in_whatever_order_it_is_told_it_is_paid_once_and_settled_once_r2_6_r3_5(told: list[Message], late_from: int) -> None:
    """late_from: from there on all is told after the day of the settlement. What is refused too early is told again."""
    memory = bank()
    for number, event in enumerate(told):
        if number == late_from:
            hand_over(memory, memory.advance(LATER))
        hand_over(memory, memory.when(event))
    for event in (FAILED, handled("x1", when="06-08 10:00", handling_id="h2")):
        hand_over(memory, memory.when(event))
    hand_over(memory, memory.advance(LATER))
    kinds = [kind for kind in b.types(memory.facts) if kind in ("refund.not_paid", "refund.done", "line.settled")]
    assert sorted(kinds) == ["line.settled", "refund.done", "refund.not_paid"]
    early = kinds[0] == "line.settled"
    assert kinds[1:] == ["refund.not_paid", "refund.done"] if early else kinds == ["refund.not_paid", "refund.done", "line.settled"]
    assert settlements(memory)[0][1] == (75_00 if early else 37_50)
    assert balances(memory)[HAND] == 50_00
    assert not {ESCROW, "platform:advance"} & balances(memory).keys()
