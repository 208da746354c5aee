"""How much a case refunds, and what becomes of the money. Source: R1.4, R3.5, R4.4."""

from __future__ import annotations

import uuid

import pytest

from shared.contracts.refund import CaseClosed, CaseDeclined, RefundGranted, RefundStuck
from shared.messaging.memory import Memory
from tests.unit.builders import ORDER, at
from tests.unit.refund.acts import cancelled, refund_id, ruled
from tests.unit.refund.life import (
    APPROVED,
    GRANTED,
    RETURNED,
    SIGNED,
    STUCK,
    accepted,
    case_of,
    confirmed,
    delivered,
    done,
    line,
    money_refused,
    not_paid,
    paid,
    posted,
    purchase_of,
    requested,
    shop,
)


def granted(memory: Memory) -> list[RefundGranted]:
    return [fact for fact in memory.facts if isinstance(fact, RefundGranted)]


@pytest.mark.parametrize(("accepted_units", "amount"), [(1, 33_33), (2, 66_66), (3, 100_00)])
def test_announced_three_and_what_was_accepted_is_refunded(accepted_units: int, amount: int) -> None:
    """R4.4, R1.4: of 100.00 for three units."""
    (fact,) = granted(shop(*RETURNED, confirmed(quantity=accepted_units)))
    assert (fact.quantity, fact.amount_minor, fact.by) == (accepted_units, amount, "seller")
    assert (fact.state, fact.turn, fact.deadline) == (50, "provider", None)


def test_the_units_of_a_line_are_sliced_cumulatively_over_its_cases() -> None:
    """R1.4: 33.33, 33.33, 33.34."""
    memory = shop(*SIGNED)
    for number in range(1, 4):
        name = f"c{number}"
        memory.when(requested(name, quantity=1), accepted(name), posted(name), confirmed(name, 1), done(name))
    assert [fact.amount_minor for fact in granted(memory)] == [33_33, 33_33, 33_34]
    assert purchase_of(memory).lines[1].left == 0


def test_a_seller_that_accepts_nothing_has_refused_and_the_buyer_may_dispute_it_r4_11() -> None:
    memory = shop(*RETURNED, confirmed(quantity=0))
    refusal = memory.facts[-1]
    assert isinstance(refusal, CaseDeclined)
    assert (refusal.state, refusal.code, refusal.deadline, granted(memory)) == (12, "case.none_accepted", at("06-29 10:00"), [])
    (end,) = memory.advance(at("06-29 10:00:05"))
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, end.outcome, end.refunded_minor) == (70, "case.refusal_over", "rejected", 0)


def test_more_units_than_announced_are_not_accepted() -> None:
    announced = (*SIGNED, requested(quantity=2), accepted(), posted())
    memory = shop(*announced, confirmed(quantity=3))
    assert (memory.refused, case_of(memory).state) == ([("return.confirmed", "refund.quantity_exceeds")], 40)


def test_a_refund_has_one_id_that_is_its_cases_own() -> None:
    (fact,) = granted(shop(*GRANTED))
    (again,) = granted(shop(*GRANTED))
    assert fact.refund_id == again.refund_id
    assert uuid.UUID(fact.refund_id).version == 5
    other = (requested("c2"), accepted("c2"), posted("c2"), confirmed("c2"))
    assert granted(shop(*SIGNED, *other))[0].refund_id != fact.refund_id


def test_when_the_provider_paid_the_case_is_done() -> None:
    memory = shop(*RETURNED, confirmed(quantity=2), done(amount_minor=66_66))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.turn, end.code) == (60, "nobody", "case.refunded")
    assert (end.refunded_quantity, end.refunded_minor) == (2, 66_66)


def test_when_payment_refuses_the_case_ends_with_its_code_and_the_units_are_free_again() -> None:
    """R3.5."""
    memory = shop(*GRANTED, money_refused())
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, end.refunded_quantity, end.refunded_minor) == (70, "refund.line_settled", 0, 0)
    bought = purchase_of(memory).lines[1]
    assert (bought.left, bought.granted_minor, bought.open_case) == (3, 0, None)


def test_when_the_provider_does_not_pay_a_person_has_the_turn_and_the_line_stays_taken() -> None:
    memory = shop(*STUCK, requested("c2", when="06-23 10:00"))
    stuck = memory.facts[-1]
    assert isinstance(stuck, RefundStuck)
    assert (stuck.state, stuck.turn, stuck.reason, stuck.deadline) == (50, "platform", "account closed", None)
    assert memory.refused == [("refund.requested", "case.line_open")]
    memory.send(done())
    assert case_of(memory).state == 60


def test_money_that_was_unwanted_concerns_no_case() -> None:
    """R2.2: a second payment went back, or could not; nothing happens here and nothing waits."""
    unwanted = done().model_copy(update={"line_no": None, "refund_id": "unwanted-p2"})
    failed = not_paid().model_copy(update={"line_no": None, "refund_id": "unwanted-p2"})
    for life in ((), GRANTED):
        memory = shop(*life)
        before = len(memory.facts)
        assert memory.when(unwanted, failed) == ()
        assert (len(memory.facts), memory.refused, memory.held(ORDER)) == (before, [], [])


def test_money_for_units_that_were_cancelled_concerns_no_case_whatever_became_of_it_r3_5() -> None:
    gone = cancelled()
    told = {"refund_id": gone.lines[0].refund_id}
    memory = shop(paid(), gone)
    assert memory.when(*(one.model_copy(update=told) for one in (done(), not_paid(), money_refused()))) == ()
    assert (memory.refused, memory.held(ORDER)) == ([], [])


def test_an_answer_of_payment_without_its_grant_waits() -> None:
    """R2.1."""
    memory = shop(*RETURNED, done())
    assert [held.reason for held in memory.held(ORDER)] == ["refund.before_grant"]
    memory.send(confirmed())
    assert case_of(memory).state == 60


def test_a_line_that_was_free_is_refunded_by_units_with_no_money() -> None:
    """R1.4: p = 0 slices by units."""
    memory = shop(paid(line(paid_minor=0)), delivered(), requested(), accepted(), posted(), confirmed(quantity=2))
    (fact,) = granted(memory)
    assert (fact.quantity, fact.amount_minor) == (2, 0)


def test_an_approved_case_has_no_money_before_the_goods_are_inspected() -> None:
    assert granted(shop(*APPROVED)) == []
    assert granted(shop(*RETURNED)) == []


def test_what_is_granted_again_names_what_failed_and_so_does_what_gives_it_up_r3_5() -> None:
    first = refund_id()
    memory = shop(*STUCK, ruled(upheld=True))
    (grant,) = (fact for fact in memory.facts if isinstance(fact, RefundGranted) and fact.attempt == 2)
    assert grant.again_of == first
    closed = shop(*STUCK, ruled(upheld=False)).facts[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.given_up, closed.code) == (first, "case.refund_given_up")
    failed = not_paid(when="06-24 10:00").model_copy(update={"refund_id": refund_id(attempt=2)})
    second = shop(*STUCK, ruled(upheld=True), failed, ruled(upheld=False, ruling_id="rl2", when="06-25 10:00")).facts[-1]
    assert isinstance(second, CaseClosed)
    assert second.given_up == refund_id(attempt=2)
