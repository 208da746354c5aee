"""The life of one case: who must act, until when, and what silence means. Source: R4.2-R4.4."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.refund import CaseApproved, CaseClosed, CaseDeclined, CaseReturned, RefundGranted
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import ORDER, at
from tests.unit.refund.life import (
    APPROVED,
    DECLINED,
    OPEN,
    RETURNED,
    SIGNED,
    accepted,
    case_of,
    confirmed,
    declined,
    delivered,
    in_zone,
    line,
    paid,
    posted,
    purchase_of,
    requested,
    shop,
    withdrawn,
)

SECOND = timedelta(seconds=1)
GRACE = timedelta(seconds=5)


def last(memory: Memory) -> Message:
    return memory.facts[-1]


def test_the_seller_accepts_and_the_buyer_has_ten_days_to_post() -> None:
    fact = last(shop(*APPROVED))
    assert isinstance(fact, CaseApproved)
    assert (fact.state, fact.turn, fact.deadline, fact.by, fact.rule) == (30, "buyer", at("06-28 10:00"), "seller", "R4.3")


def test_a_silent_seller_has_agreed_exactly_at_the_deadline() -> None:
    """R4.3."""
    memory = shop(*OPEN)
    deadline = at("06-19 10:00")
    assert memory.advance(deadline + GRACE - SECOND) == ()
    (fact,) = memory.advance(deadline + GRACE)
    assert isinstance(fact, CaseApproved)
    assert (fact.by, fact.occurred_at, fact.deadline) == ("silence", deadline, deadline + timedelta(days=10))


@pytest.mark.parametrize(
    ("in_time", "too_late"),
    [
        (accepted(when="06-19 09:59:59"), accepted(when="06-19 10:00:00")),
        (declined(when="06-19 09:59:59"), declined(when="06-19 10:00:00")),
    ],
)
def test_an_answer_counts_to_the_last_second_before_the_deadline_and_not_at_it(in_time: Message, too_late: Message) -> None:
    """R4.3: both edges, to the second."""
    answered = shop(*OPEN, in_time)
    assert (case_of(answered).state in (12, 30), answered.refused) == (True, [])
    late = shop(*OPEN, too_late)
    assert (case_of(late).state, [code for _, code in late.refused]) == (10, ["case.too_late"])
    (fact,) = late.advance(at("06-19 10:00:05"))
    assert isinstance(fact, CaseApproved)
    assert fact.by == "silence"


def test_an_answer_in_time_that_arrives_after_the_deadline_has_fired_is_refused() -> None:
    """R1.2: once it has fired the decision stands."""
    memory = shop(*OPEN)
    memory.advance(at("06-19 10:00:05"))
    memory.send(declined(when="06-19 09:59:59"))
    assert (case_of(memory).state, memory.refused) == (30, [("case.refused", "case.wrong_state")])


def test_an_answer_in_time_that_is_still_under_way_at_the_deadline_wins() -> None:
    """R1.2: the grace."""
    memory = shop(*OPEN)
    memory.advance(at("06-19 10:00:04"))
    memory.send(declined(when="06-19 09:59:59"))
    assert (memory.advance(at("06-19 12:00")), case_of(memory).state) == ((), 12)


def test_a_refused_case_stays_open_for_seven_days() -> None:
    """R4.2."""
    memory = shop(*DECLINED)
    fact = last(memory)
    assert isinstance(fact, CaseDeclined)
    assert (fact.state, fact.turn, fact.deadline, fact.reason) == (12, "buyer", at("06-25 10:00"), "worn")
    assert memory.advance(at("06-25 10:00:04")) == ()
    (end,) = memory.advance(at("06-25 10:00:05"))
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, end.occurred_at, end.refunded_minor) == (70, "case.refusal_over", at("06-25 10:00"), 0)


@pytest.mark.parametrize(("when", "state"), [("06-28 09:59:59", 40), ("06-28 10:00:00", 30)])
def test_the_waybill_comes_within_ten_days_or_the_case_ends(when: str, state: int) -> None:
    """R4.4."""
    memory = shop(*APPROVED, posted(when=when))
    assert case_of(memory).state == state
    if state == 30:
        assert memory.refused == [("return.posted", "case.too_late")]
        (end,) = memory.advance(at("06-28 10:00:05"))
        assert isinstance(end, CaseClosed)
        assert (end.code, end.occurred_at) == ("case.not_posted", at("06-28 10:00"))


def test_the_seller_has_seven_days_after_the_waybill_and_silence_refunds_all_that_was_announced() -> None:
    """R4.4."""
    memory = shop(*RETURNED)
    sent = last(memory)
    assert isinstance(sent, CaseReturned)
    assert (sent.state, sent.turn, sent.deadline, sent.waybill) == (40, "seller", at("06-27 10:00"), "SF1")
    (fact,) = memory.advance(at("06-27 10:00:05"))
    assert isinstance(fact, RefundGranted)
    assert (fact.quantity, fact.amount_minor, fact.by, fact.occurred_at) == (3, 100_00, "silence", at("06-27 10:00"))
    assert fact.applied_at == requested().occurred_at  # R3.6


@pytest.mark.parametrize(("when", "state"), [("06-27 09:59:59", 50), ("06-27 10:00:00", 40)])
def test_an_inspection_counts_until_the_deadline_and_not_at_it(when: str, state: int) -> None:
    memory = shop(*RETURNED, confirmed(when=when, quantity=1))
    assert case_of(memory).state == state
    if state == 40:
        assert memory.refused == [("return.confirmed", "case.too_late")]


def test_days_of_a_case_are_24_hours_each_where_clocks_change() -> None:
    """R1.3: every other "N d after X" is N x 24 h; New York leaves summer time on 2026-11-01."""
    zone = "America/New_York"
    signed = (paid(), delivered(when="10-28 09:00", zone=zone))
    life = (requested(when=at("10-28 10:00", zone)), accepted(when=at("10-28 12:00", zone)))
    memory = shop(*signed, *life, policies=in_zone(zone))
    assert case_of(memory).deadline == at("11-07 11:00", zone)


def test_a_return_posted_before_the_sellers_answer_was_known_waits_and_the_inspection_runs_from_the_answer() -> None:
    """R2.1."""
    memory = shop(*OPEN, posted(when="06-17 12:00"))
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_approval"]
    memory.send(accepted(when="06-18 10:00"))
    assert (case_of(memory).state, case_of(memory).deadline) == (40, at("06-25 10:00"))


def test_an_answer_that_overtook_the_request_waits_for_it() -> None:
    """R2.1."""
    memory = shop(*SIGNED, accepted())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_request"]
    memory.send(requested())
    assert case_of(memory).state == 30


def test_an_inspection_that_overtook_the_waybill_waits_for_it() -> None:
    memory = shop(*APPROVED, confirmed())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_return"]
    memory.send(posted())
    assert case_of(memory).state == 50


def test_the_buyer_withdraws_and_may_ask_again() -> None:
    for life in (OPEN, DECLINED, APPROVED, RETURNED):
        memory = shop(*life, withdrawn(when="06-20 12:00") if life is not OPEN else withdrawn())
        end = last(memory)
        assert isinstance(end, CaseClosed)
        assert (end.state, end.code, end.refunded_quantity) == (70, "case.withdrawn", 0)
        assert memory.armed == {}
        memory.send(requested("c2", when="06-21 10:00"))
        assert case_of(memory, "c2").state == 10


def test_a_withdrawal_at_the_deadline_comes_after_what_the_deadline_brings() -> None:
    """R1.2: silence has agreed at 10:00; the buyer withdraws from the approved case."""
    memory = shop(*OPEN, withdrawn(when="06-19 10:00:00"))
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_deadline"]
    memory.advance(at("06-19 10:00:05"))
    assert [fact.type for fact in memory.facts[-2:]] == ["case.approved", "case.closed"]


def test_a_withdrawal_that_overtakes_a_waiting_request_waits_behind_it() -> None:
    memory = shop(paid(), requested(), withdrawn())
    assert len(memory.held(ORDER)) == 2
    memory.send(delivered())
    assert (case_of(memory).state, memory.held(ORDER)) == (70, [])


def test_others_cannot_act_in_a_case() -> None:
    assert shop(*OPEN, accepted(seller="s2")).refused == [("case.accepted", "seller.differs")]
    assert shop(*OPEN, declined(seller="s2")).refused == [("case.refused", "seller.differs")]
    assert shop(*OPEN, withdrawn(buyer="b2")).refused == [("refund.withdrawn", "buyer.differs")]
    assert shop(*APPROVED, posted(buyer="b2")).refused == [("return.posted", "buyer.differs")]
    assert shop(*RETURNED, confirmed(seller="s2")).refused == [("return.confirmed", "seller.differs")]


def test_another_seller_of_the_same_order_cannot_answer() -> None:
    memory = shop(paid(line(1), line(2, seller="s2")), delivered(1, 2), requested(), accepted(seller="s2"))
    assert memory.refused == [("case.accepted", "seller.differs")]


def test_two_cases_of_two_lines_live_side_by_side() -> None:
    memory = shop(paid(line(1), line(2, seller="s2")), delivered(1, 2), requested(), requested("c2", line_no=2, when="06-18 10:00"))
    memory.send(accepted("c2", seller="s2", when="06-18 12:00"))
    memory.advance(at("06-19 10:00:05"))
    assert {case.id: (case.state, case.deadline) for case in purchase_of(memory).cases.values()} == {
        "c1": (30, at("06-29 10:00")),
        "c2": (30, at("06-28 12:00")),
    }
    assert len(memory.armed) == 2
